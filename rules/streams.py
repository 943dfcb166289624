"""The kinds of streams, each as one descriptor. Whoever works on streams is given the kinds, and knows none by name.

A new kind is its rules, its descriptor in `KINDS`, its events in the published contract, and a workflow of a few lines
(`workflows.stream.shell`), which is longer only where something happens by itself. Append, rebuild, restart, verify,
bundle, reprojection, doctor and views take it from there (CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final, Generic, Protocol, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import Field, TypeAdapter

from rules.complaint import commands as complaint_commands
from rules.complaint import evidence as complaint_evidence
from rules.complaint import fold as complaint_fold
from rules.complaint import guards as complaint_guards
from rules.complaint import status as complaint_status
from rules.erasure import causing, deciding, evolving, guarding, proving
from rules.evidence import Evidence
from rules.filing import evidence as filing_evidence
from rules.filing import lifecycle, projections
from rules.filing.guards import check as check_filing
from rules.known import known
from rules.papers import causes
from rules.papers import stream as papers
from rules.parcel import commands as parcel_commands
from rules.parcel import evidence as parcel_evidence
from rules.parcel import fold as parcel_fold
from rules.parcel import status as parcel_status
from rules.payment import commands as payment_commands
from rules.payment import evidence as payment_evidence
from rules.payment import fold as payment_fold
from rules.payment import status as payment_status
from rules.receipts import deeds as receipts
from rules.referral import commands as referral_commands
from rules.referral import evidence as referral_evidence
from rules.referral import fold as referral_fold
from rules.referral import status as referral_status
from rules.refund import commands as refund_commands
from rules.refund import evidence as refund_evidence
from rules.refund import fold as refund_fold
from rules.refund import guards as refund_guards
from rules.refund import status as refund_status
from rules.result import commands as result_commands
from rules.result import evidence as result_evidence
from rules.result import fold as result_fold
from rules.result import guards as result_guards
from rules.result import status as result_status
from schemas.base import Model, Text
from schemas.complaint import COMPLAINT_COMMANDS, Complaint, ComplaintEvent, ComplaintStart
from schemas.erasure import Erased, blanks
from schemas.errors import Problem, problem
from schemas.filing import events as ev
from schemas.filing.commands import PUBLIC_COMMANDS, Command
from schemas.filing.events import Digests
from schemas.filing.state import Action, Filing
from schemas.ids import StreamId
from schemas.papers import OfficialPapers, PaperKind, PapersEvent
from schemas.parcel import PARCEL_COMMANDS, Parcel, ParcelEvent, ParcelStart, RequestConsignment
from schemas.payment import PAYMENT_COMMANDS, Payment, PaymentEvent, PaymentStart, RequestPayment
from schemas.people import OFFICERS, Actor, Role
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.referral import REFERRAL_COMMANDS, Referral, ReferralEvent, ReferralStart, RequestDecision
from schemas.refund import REFUND_COMMANDS, Refund, RefundEvent, RefundStart
from schemas.result import RESULT_COMMANDS, Result, ResultEvent, ResultStart
from schemas.saying import said
from schemas.stream.ledger import Recorded
from schemas.stream.rows import Rows, Standing
from schemas.stream.snapshots import (
    FilingMemory,
    NoMemory,
    ParcelMemory,
    PaymentMemory,
    ReferralMemory,
    RefundMemory,
    ResultMemory,
)
from schemas.stream.versions import Reads


class State(Protocol):
    """The fold of a stream. `seq` is that of the last event folded in."""

    @property
    def seq(self) -> int:
        """Of the last event."""

    @property
    def agency(self) -> str:
        """Whose stream it is."""


S = TypeVar("S", bound=State)

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""The data of an event of one version, with its `kind`, as that of the next."""


@dataclass(frozen=True)
class Pins:
    """The procedure and the calendar that a stream's first event names."""

    procedure: str
    version: str
    sha256: str
    calendar: str


@dataclass(frozen=True)
class Origin:
    """What a stream begins with: its name, its agency, and what its first event pins, where it does.

    `digests` are of the rules and the calendar as they were loaded; the fold compares them with what was pinned.
    """

    stream: StreamId
    agency: str
    procedure: ProcedureRules | None = None
    calendar: Calendar | None = None
    digests: Digests | None = None


@dataclass(frozen=True)
class Numbering:
    """Numbers without gaps: a counter for each agency and period, and how its numbers are written.

    Attributes:
        period: For `strftime`, in Vietnamese time.
        mark: Stands before the seven digits.
    """

    period: str
    mark: str

    def write(self, agency: str, period: str, n: int) -> str:
        """The n-th number of a period."""
        return f"{agency}-{period}-{self.mark}{n:07d}"


@dataclass(frozen=True)
class Table:
    """A read model of a kind's own, with one row a stream, and its primary key."""

    name: str
    key: str = "stream"


def _nobody(_: Any, __: str, ___: Actor, ____: datetime) -> Problem:
    return problem("actor.role", "role_not_allowed", says="done_by_the_system")


@dataclass(frozen=True)
class StreamKind(Generic[S]):
    """All that tells one kind of stream from the others.

    Attributes:
        name: With it the names of its streams begin.
        workflow: The type of its workflow; empty if none lives for it, and somebody else appends.
        state: The model of its fold, with a `snapshot_version`.
        events: The union of the models of its events, told apart by `kind`.
        first: The kind of the first of them.
        or_first: Other kinds of which the first may be.
        initial: The state before all events.
        decide: The events that a command causes. Raises `RefusalError`.
        evolve: The state after one event.
        standing: Where it stands: whether its workflow has something to do.
        rows: What the other read models show: the row of its own table, its tasks.
        results: What it says in the register of results, each as columns of its own by number.
        receipts: The same of the register of receipts for money.
        start: What its workflow is started with, where something else starts it than a submission.
        opening: The first command, made of that.
        commands: What may be asked of it; each is an Update of its workflow under its kind.
        guard: Why an actor can't give a command of this kind now, or None.
        writers: The roles in which somebody may write to it.
        evidence: What the log must hold before an event is written; None where nothing is needed.
        pins: What its first event pins.
        numberings: The numbers that its events carry, by kind of counter.
        table: Its own read model.
        upcasters: By kind of event what lifts its data to the next version, the first of them from version 1.
        memory: What its workflow must know beside its log from run to run.
        papers: The official papers that an event causes.
        title: What people call many of them.
    """

    name: str
    workflow: str
    state: type[S]
    events: Any
    first: str
    initial: Callable[[Origin], S]
    decide: Callable[[S, Any, datetime], tuple[Any, ...]]
    evolve: Callable[[S, Recorded], S]
    standing: Callable[[S], Standing]
    rows: Callable[[S], Rows] = lambda _: Rows()
    or_first: tuple[str, ...] = ()
    results: Callable[[S], tuple[dict[str, Any], ...]] = lambda _: ()
    receipts: Callable[[S], tuple[dict[str, Any], ...]] = lambda _: ()
    start: type[Model] | None = None
    opening: Callable[[Any], Command] | None = None
    commands: tuple[type[Command], ...] = ()
    guard: Callable[[S, str, Actor, datetime], Problem | None] = _nobody
    writers: frozenset[Role] = frozenset({Role.SYSTEM})
    evidence: Callable[[StreamId, Any], Evidence | None] = lambda _, __: None
    pins: Callable[[Any], Pins | None] = lambda _: None
    numberings: Mapping[str, Numbering] = field(default_factory=dict)
    table: Table | None = None
    upcasters: Mapping[str, tuple[Upcaster, ...]] = field(default_factory=dict)
    memory: type[Model] = NoMemory
    papers: Callable[[Any], tuple[PaperKind, ...]] = lambda _: ()
    title: Text | None = None

    @property
    def event_models(self) -> tuple[type[Model], ...]:
        """The models of its events."""
        union = get_args(self.events)[0] if get_origin(self.events) is Annotated else self.events
        return get_args(union) or (union,)

    @cached_property
    def _event(self) -> TypeAdapter[Any]:
        told_apart: Any = Annotated[self.events, Field(discriminator="kind")]
        return TypeAdapter(told_apart if len(self.event_models) > 1 else self.events)

    def event(self, data: Any, version: int | None = None) -> Any:
        """Plain data as an event of this kind of stream; of an older `version` it is lifted. Raises `ValueError`."""
        if version is not None:
            name, newest = data["kind"], self.event_version(data["kind"])
            if version > newest:
                msg = f"{name} has version {version}; this build reads up to {newest}"
                raise ValueError(msg)
            for lift in self.upcasters.get(name, ())[version - 1 :]:
                data = lift(data)
        return self._event.validate_python(data)

    def blanks(self, name: str) -> dict[str, Any]:
        """What stands in an event of this kind, once it was erased, in the place of what it can't be without."""
        found = (model for model in self.event_models if model.model_fields["kind"].default == name)
        return next(map(blanks, found), {})

    def event_version(self, name: str) -> int:
        """The version in which events of this kind are written, and up to which they are read."""
        return len(self.upcasters.get(name, ())) + 1

    @cached_property
    def reads(self) -> Reads:
        """What this build can take over of such streams."""
        names = sorted(str(model.model_fields["kind"].default) for model in self.event_models)
        state: Any = self.state
        snapshot = state.model_fields["snapshot_version"].default
        return Reads(snapshot=snapshot, events={name: self.event_version(name) for name in names})

    def after(self, state: S, command: Command, events: Iterable[Any], at: datetime) -> S:
        """The state if the log takes these events, which the command caused, as they are."""
        for seq, event in enumerate(events, state.seq + 1):
            recorded = Recorded(seq=seq, at=at, command_id=command.command_id, actor=command.actor, event=event)
            state = self.evolve(state, recorded)
        return state

    def changed_rows(self, before: S, after: S) -> Rows:
        """What an append writes to the read models that leads from one state to the other."""
        rows = self.all_rows(after)
        if before.seq == 0:
            return rows
        kept: dict[str, Any] = {"standing": None} if self.standing(before) == rows.standing else {}
        kept |= {"results": ()} if rows.results and self.results(before) == rows.results else {}
        kept |= {"receipts": ()} if rows.receipts and self.receipts(before) == rows.receipts else {}
        return rows.model_copy(update=kept) if kept else rows

    def all_rows(self, state: S) -> Rows:
        """What the read models hold of a stream in this state."""
        said_ = {"standing": self.standing(state), "results": self.results(state), "receipts": self.receipts(state)}
        return self.rows(state).model_copy(update=said_)

    def actions(self, state: S, actor: Actor, now: datetime) -> list[Action]:
        """Every command, and whether `actor` can give it now, with the reason where not."""
        names = (str(command.model_fields["kind"].default) for command in self.commands)
        checked = ((name, self.guard(state, name, actor, now)) for name in names)
        return [Action(name=name, allowed=why is None, problem=why) for name, why in checked]


class Kinds(Mapping[str, StreamKind[Any]]):
    """The kinds that there are, by name, in the order in which their workflows are started again."""

    def __init__(self, kinds: tuple[StreamKind[Any], ...]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}

    def __getitem__(self, name: str) -> StreamKind[Any]:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def of(self, stream: str) -> StreamKind[Any]:
        """The kind of a stream. Raises `KeyError` for one that is of none."""
        return self[stream.partition(":")[0]]

    @property
    def workflows(self) -> tuple[str, ...]:
        """The types of their workflows."""
        return tuple(kind.workflow for kind in self.values() if kind.workflow)

    @property
    def numberings(self) -> dict[str, Numbering]:
        """All numbers without gaps, by kind of counter."""
        return {name: how for kind in self.values() for name, how in kind.numberings.items()}

    @property
    def tables(self) -> dict[str, Table]:
        """The read models of their own, by kind."""
        return {kind.name: kind.table for kind in self.values() if kind.table is not None}


def _filing(origin: Origin) -> Filing:
    return Filing(
        filing_id=origin.stream.filing,
        agency=origin.agency,
        procedure=known(origin.procedure),
        calendar=known(origin.calendar),
        digests=origin.digests,
    )


def _filing_pins(first: Any) -> Pins | None:
    if not isinstance(first, ev.Submitted):
        return None
    return Pins(first.procedure, first.version, first.procedure_sha256, first.calendar)


def _numbered(origin: Origin) -> dict[str, Any]:
    return {"filing_id": origin.stream.filing, "n": origin.stream.n, "agency": origin.agency}


def _as_it_was(data: dict[str, Any]) -> dict[str, Any]:
    return data


_UNKNOWN_BEFORE: Final = {
    "submitted": 5,  # no `missing`, `desk`, end of a mandate, `scan`, `signs`: would take in, ask, go on, not wait
    "fee_requested": 1,  # one that knows neither the post nor `adds_to` would wait for it, or give back another
    "supplemented": 1,  # one that knows no `scan` would not wait for it
    "accepted": 1,  # one that knows no `since` would let the time run from too late
    "supplement_requested": 1,  # one that knows no `late` would give an officer's task to the leader who asked
    "reassigned": 1,  # one that knows no `acting_for` would let decide in whose place it was proposed
    "obligation_demanded": 1,  # one that knows no `n` would ask for no money, and let none of it go back
    "obligation_fulfilled": 1,  # one that knows no `n` could not read it
    "suspended": 1,  # one that knows no `limit` would let a suspension last as long as the procedure does
    "parcel_failed": 1,  # one that knows no copies would offer what is lost for pick-up
    "apology_drafted": 1,  # one wants another appointment in every apology
}
"""What has had so many more versions, because a build of before would take it for something else."""

FILING: Final = StreamKind(
    name="filing",
    workflow="Filing",
    state=Filing,
    events=ev.Event,
    first="submitted",
    initial=_filing,
    decide=lifecycle.decide,
    evolve=lifecycle.evolve,
    standing=projections.standing,
    rows=projections.rows,
    results=projections.results,
    commands=PUBLIC_COMMANDS,
    guard=check_filing,
    writers=frozenset(Role),
    evidence=filing_evidence.evidence,
    pins=_filing_pins,
    numberings={"dossier": Numbering("%Y%m%d", ""), "receipt": Numbering("%Y", "R"), "result": Numbering("%Y", "K")},
    table=Table("filing", "filing_id"),
    upcasters={name: (_as_it_was,) * times for name, times in _UNKNOWN_BEFORE.items()},
    memory=FilingMemory,
    papers=causes.papers_of_filing,
    title=said("many.filings"),
)
PAYMENT: Final = StreamKind(
    name="payment",
    workflow="Payment",
    state=Payment,
    events=PaymentEvent,
    first="payment_requested",
    initial=lambda origin: Payment(**_numbered(origin)),
    decide=payment_commands.decide,
    evolve=payment_fold.evolve,
    standing=payment_status.standing,
    rows=payment_status.rows,
    start=PaymentStart,
    opening=lambda start: RequestPayment(command_id="request", start=start),
    commands=PAYMENT_COMMANDS,
    guard=payment_commands.guard,
    writers=payment_commands.WRITERS,
    evidence=payment_evidence.evidence,
    numberings={"payment": Numbering("%Y%m%d", "P")},
    table=Table("payment"),
    upcasters={
        "payment_ordered": (_as_it_was,),  # one that knows no `code` could not read what has no address
        "payment_captured": (_as_it_was,),  # one that knows no `asked` would keep what is too much
        "payment_charge_back_ahead": (_as_it_was,),  # one that knows no `by_number` would take it for other money's
    },
    memory=PaymentMemory,
    papers=causes.papers_of_payment,
    title=said("many.payments"),
)
PARCEL: Final = StreamKind(
    name="parcel",
    workflow="Parcel",
    state=Parcel,
    events=ParcelEvent,
    first="consignment_requested",
    initial=lambda origin: Parcel(**_numbered(origin)),
    decide=parcel_commands.decide,
    evolve=parcel_fold.evolve,
    standing=parcel_status.standing,
    rows=parcel_status.rows,
    start=ParcelStart,
    opening=lambda start: RequestConsignment(command_id="request", start=start),
    commands=PARCEL_COMMANDS,
    guard=parcel_commands.guard,
    writers=frozenset({Role.SYSTEM, Role.HANDOVER}),
    evidence=parcel_evidence.evidence,
    numberings={"parcel": Numbering("%Y%m%d", "G")},
    table=Table("parcel"),
    upcasters={
        "consignment_requested": (_as_it_was,) * 2,  # one that knows no `cod`, or no `fee` in it, would collect nothing
        "consignment_ended": (_as_it_was,),  # one that knows no `damaged` could not read it
    },
    memory=ParcelMemory,
    papers=causes.papers_of_parcel,
    title=said("many.parcels"),
)
REFERRAL: Final = StreamKind(
    name="referral",
    workflow="Referral",
    state=Referral,
    events=ReferralEvent,
    first="referral_requested",
    initial=lambda origin: Referral(**_numbered(origin)),
    decide=referral_commands.decide,
    evolve=referral_fold.evolve,
    standing=referral_status.standing,
    rows=referral_status.rows,
    start=ReferralStart,
    opening=lambda start: RequestDecision(command_id="request", start=start),
    commands=REFERRAL_COMMANDS,
    guard=referral_commands.guard,
    writers=frozenset({Role.SYSTEM, Role.SPECIALIST, Role.TEAM_LEAD}),
    evidence=referral_evidence.evidence,
    memory=ReferralMemory,
    title=said("many.referrals"),
)
COMPLAINT: Final = StreamKind(
    name="complaint",
    workflow="Complaint",
    state=Complaint,
    events=ComplaintEvent,
    first="complained",
    initial=lambda origin: Complaint(**_numbered(origin)),
    decide=complaint_commands.decide,
    evolve=complaint_fold.evolve,
    standing=complaint_status.standing,
    rows=complaint_status.rows,
    start=ComplaintStart,
    commands=COMPLAINT_COMMANDS,
    guard=complaint_guards.guard,
    writers=frozenset({Role.SYSTEM, Role.APPLICANT, Role.REPRESENTATIVE, Role.RECEPTION, Role.LEADER, Role.TEAM_LEAD}),
    evidence=complaint_evidence.evidence,
    upcasters={"complained": (_as_it_was,)},  # one that knows no `represented_until` would hear a representative on
    papers=causes.papers_of_complaint,
    title=said("many.complaints"),
)

PAPERS: Final = StreamKind(
    name="papers",
    workflow="",
    state=OfficialPapers,
    events=PapersEvent,
    first="paper_made",
    or_first=("receipt_issued",),
    initial=lambda origin: OfficialPapers(filing_id=origin.stream.filing, agency=origin.agency),
    decide=papers.decide,
    evolve=papers.evolve,
    standing=papers.standing,
    receipts=receipts.rows,
    writers=frozenset({Role.SYSTEM, *receipts.VOIDERS}),
    evidence=papers.evidence,
    numberings={"receipt_phi": Numbering("%Y", "BP"), "receipt_le_phi": Numbering("%Y", "BL")},
    upcasters={
        "paper_made": (_as_it_was,) * 2,  # one that knows no label, or no receipts, could not read it
        "receipt_voided": (_as_it_was,),  # one that wants an officer could not read what is void by itself
    },
    papers=causes.papers_of_receipts,
    title=said("many.papers"),
)

RESULT: Final = StreamKind(
    name="result",
    workflow="Result",
    state=Result,
    events=ResultEvent,
    first="result_entered",
    initial=lambda origin: Result(**_numbered(origin)),
    decide=result_commands.decide,
    evolve=result_fold.evolve,
    standing=result_status.standing,
    rows=result_status.rows,
    results=result_status.results,
    start=ResultStart,
    commands=RESULT_COMMANDS,
    guard=result_guards.guard,
    writers=frozenset(OFFICERS | {Role.SYSTEM}),
    evidence=result_evidence.evidence,
    upcasters={"result_entered": (_as_it_was,)},  # one that knows no `by_template` would have the agency make it
    memory=ResultMemory,
    title=said("many.results"),
)

REFUND: Final = StreamKind(
    name="refund",
    workflow="Refund",
    state=Refund,
    events=RefundEvent,
    first="refund_begun",
    initial=lambda origin: Refund(**_numbered(origin)),
    decide=refund_commands.decide,
    evolve=refund_fold.evolve,
    standing=refund_status.standing,
    rows=refund_status.rows,
    start=RefundStart,
    commands=REFUND_COMMANDS,
    guard=refund_guards.guard,
    writers=refund_guards.WRITERS,
    evidence=refund_evidence.evidence,
    upcasters={
        "refund_begun": (_as_it_was,),  # one that knows no `attempt` would ask for it back under another key
        "charge_back_answered": (_as_it_was,),  # one that knows no `asked_again` could not read it
    },
    memory=RefundMemory,
    papers=causes.papers_of_refund,
    title=said("many.refunds"),
)

_ALL: Final[tuple[StreamKind[Any], ...]] = (FILING, PAYMENT, PARCEL, REFERRAL, COMPLAINT, PAPERS, RESULT, REFUND)


def _erasable(kind: StreamKind[Any]) -> StreamKind[Any]:
    """The kind, whose streams may end with `erased`."""
    return replace(
        kind,
        events=Union[(*kind.event_models, Erased)],
        evolve=evolving(kind.evolve),
        decide=deciding(kind.decide),
        guard=guarding(kind.guard),
        evidence=proving(kind.evidence),
        papers=causing(kind.papers),
    )


KINDS: Final = Kinds(tuple(map(_erasable, _ALL)))
"""All kinds there are: what a process is given unless it is told otherwise. A workflow meets no erased stream."""
