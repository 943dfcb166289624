"""The descriptor of a kind of stream: its rules, its fold, its read models; and the kinds that a process works on.

A new kind is its package under `rules/` with a descriptor (`kind.py`), its place in `rules.streams.KINDS`, its events
in the published contract, and a workflow of a few lines (`workflows.stream.shell`), which is longer only where
something happens by itself. Append, rebuild, restart, verify, bundle, reprojection, doctor and views take it from there
(CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Generic, Protocol, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import Field, TypeAdapter

from rules.evidence import Evidence
from rules.rule import Rules
from rules.telling import Telling
from rules.waiting import Waits
from schemas.base import Model, Text
from schemas.erasure import ERASED, Erased, blanks
from schemas.errors import Problem, RefusalError
from schemas.filing.commands import Command
from schemas.filing.events import Digests
from schemas.filing.state import Action
from schemas.ids import StreamId
from schemas.papers.state import PaperKind
from schemas.people import Actor
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.stream.ledger import Recorded
from schemas.stream.rows import Rows, Standing
from schemas.stream.snapshots import NoMemory
from schemas.stream.versions import Reads


class State(Protocol):
    """The fold of a stream. `seq` is that of the last event folded in."""

    @property
    def seq(self) -> int:
        """Of the last event."""

    @property
    def agency(self) -> str:
        """Whose stream it is."""

    @property
    def erased_at(self) -> datetime | None:
        """The instant of its erasure, after which nothing can be done with it."""


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


@dataclass(frozen=True)
class StreamKind(Generic[S]):
    """All that tells one kind of stream from the others.

    Attributes:
        name: With it the names of its streams begin.
        workflow: The type of its workflow; empty if none lives for it, and somebody else appends.
        state: The model of its fold, with a `snapshot_version`.
        events: The union of the models of its own events, told apart by `kind`; each stream may end with `erased`.
        first: The kind of the first of them.
        or_first: Other kinds of which the first may be.
        initial: The state before all events.
        rules: The rule of each command.
        evolve: The state after one event.
        standing: Where it stands: whether its workflow has something to do.
        rows: What the other read models show: the row of its own table, its tasks.
        results: What it says in the register of results, each as columns of its own by number.
        receipts: The same of the register of receipts for money.
        start: What its workflow is started with, where something else starts it than a submission.
        opening: The first command, made of that.
        commands: What may be asked of it; each is an Update of its workflow under its kind.
        evidence_of: The entries that the log must hold before an event is written; None where it needs none.
        pins: What its first event pins.
        numberings: The numbers that its events carry, by kind of counter.
        table: Its own read model.
        upcasters: By kind of event what lifts its data to the next version, the first of them from version 1.
        memory: What its workflow must know beside its log from run to run.
        papers_of: The official papers that an event causes.
        shown: The events that say something to the applicant, or are theirs. Of all others an applicant sees that and
            when they happened.
        for_applicants: Fields of an event that are sealed for the applicant alone.
        for_officers: Sealed fields that applicants do not see.
        tells: The facts that its filing hears from it.
        waits: What its streams wait for, as the doctor counts it.
        title: What people call many of them.
    """

    name: str
    workflow: str
    state: type[S]
    events: Any
    first: str
    initial: Callable[[Origin], S]
    rules: Rules[S]
    evolve: Callable[[S, Recorded], S]
    standing: Callable[[S], Standing]
    rows: Callable[[S], Rows] = lambda _: Rows()
    or_first: tuple[str, ...] = ()
    results: Callable[[S], tuple[dict[str, Any], ...]] = lambda _: ()
    receipts: Callable[[S], tuple[dict[str, Any], ...]] = lambda _: ()
    start: type[Model] | None = None
    opening: Callable[[Any], Command] | None = None
    commands: tuple[type[Command], ...] = ()
    evidence_of: Callable[[StreamId, Any], Evidence | None] = lambda _, __: None
    pins: Callable[[Any], Pins | None] = lambda _: None
    numberings: Mapping[str, Numbering] = field(default_factory=dict)
    table: Table | None = None
    upcasters: Mapping[str, tuple[Upcaster, ...]] = field(default_factory=dict)
    memory: type[Model] = NoMemory
    papers_of: Callable[[Any], tuple[PaperKind, ...]] = lambda _: ()
    shown: frozenset[type[Model]] = frozenset()
    for_applicants: Mapping[type[Model], frozenset[str]] = field(default_factory=dict)
    for_officers: frozenset[str] = frozenset()
    tells: tuple[Telling, ...] = ()
    waits: tuple[Waits, ...] = ()
    title: Text | None = None

    @property
    def event_models(self) -> tuple[type[Model], ...]:
        """The models of its events."""
        union = get_args(self.events)[0] if get_origin(self.events) is Annotated else self.events
        return (*(get_args(union) or (union,)), Erased)

    @cached_property
    def _event(self) -> TypeAdapter[Any]:
        told_apart: Any = Annotated[Union[self.event_models], Field(discriminator="kind")]  # noqa: UP007 -- as they are
        return TypeAdapter(told_apart)

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

    def guard(self, state: S, name: str, actor: Actor, now: datetime) -> Problem | None:
        """The reason why `actor` can't give this command now, or None."""
        return self.rules.guard(state, name, actor, now) if state.erased_at is None else ERASED.problems[0]

    def decide(self, state: S, command: Command, now: datetime) -> tuple[Any, ...]:
        """The events that a command causes. Raises `RefusalError`."""
        if state.erased_at is not None:
            raise RefusalError(ERASED)
        return self.rules.decide(state, command, now)

    def evidence(self, stream: StreamId, event: Any) -> Evidence | None:
        """The entries that the log must hold before this event is written; None where it needs none."""
        return None if isinstance(event, Erased) else self.evidence_of(stream, event)

    def papers(self, event: Any) -> tuple[PaperKind, ...]:
        """The official papers that this event causes."""
        return () if isinstance(event, Erased) else self.papers_of(event)

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
    def tells(self) -> tuple[Telling, ...]:
        """All that a filing hears from its other streams."""
        return tuple(telling for kind in self.values() for telling in kind.tells)

    def told(self, n: int, event: str, body: dict[str, Any]) -> Command | None:
        """The filing's command by what its n-th stream of some kind has recorded; None where that tells nothing."""
        for telling in self.tells:
            fact = telling.recorded[event](n, body) if event in telling.recorded else None
            if fact is not None:
                return telling.command(fact)
        return None

    @property
    def numberings(self) -> dict[str, Numbering]:
        """All numbers without gaps, by kind of counter."""
        return {name: how for kind in self.values() for name, how in kind.numberings.items()}

    @property
    def tables(self) -> dict[str, Table]:
        """The read models of their own, by kind."""
        return {kind.name: kind.table for kind in self.values() if kind.table is not None}


def numbered(origin: Origin) -> dict[str, Any]:
    """The fields with which the state of every stream that has a number in its filing begins."""
    return {"filing_id": origin.stream.filing, "n": origin.stream.n, "agency": origin.agency}
