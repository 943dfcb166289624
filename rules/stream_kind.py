"""The descriptor of a kind of stream: its rules, its fold, its read models; and the kinds that a process works on.

A new kind needs a package under `rules/` with a descriptor (`kind.py`), an entry in `rules.streams.KINDS`, its events
in the published contract, and a workflow of a few lines (`workflows.stream.shell`), longer only for automatic work.
Append, rebuild, restart, verify, bundle, reprojection, doctor and views use the descriptor (CONTRIBUTING.md).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Generic, Protocol, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import Field, TypeAdapter
from pydantic_core import to_json

from rules.evidence import Evidence, Finding, OfficeAnswer
from rules.rule import Rules
from schemas.base import Model, Text
from schemas.errors import Problem, RefusalError
from schemas.filing.commands import Command
from schemas.filing.events import Digests
from schemas.filing.state import Action
from schemas.ids import StreamId
from schemas.people import Actor
from schemas.privacy import ERASED, Erased, blanks
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.stream.ledger import Recorded
from schemas.stream.rows import Rows, Standing
from schemas.stream.snapshots import NoMemory, Reads


class State(Protocol):
    """The state of a stream. `seq`: the number of the last folded event. No command is possible after `erased_at`."""

    @property
    def seq(self) -> int: ...

    @property
    def agency(self) -> str: ...

    @property
    def erased_at(self) -> datetime | None: ...


S = TypeVar("S", bound=State)
M = TypeVar("M", bound=Model)

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Converts the data of an event, with its `kind`, from one version to the next."""


@dataclass(frozen=True)
class Pins:
    """The procedure and the calendar that a stream's first event names."""

    procedure: str
    version: str
    sha256: str
    calendar: str


@dataclass(frozen=True)
class Origin:
    """The origin of a stream: its name, its agency, and the versions that its first event pins, if any.

    `digests` are the digests of the rules and the calendar as loaded; the fold compares them with the pinned digests.
    """

    stream: StreamId
    agency: str
    procedure: ProcedureRules | None = None
    calendar: Calendar | None = None
    digests: Digests | None = None


@dataclass(frozen=True)
class Numbering:
    """Numbers without gaps: a counter for each agency and period, and the written form of its numbers."""

    period: str
    """format of the period for `strftime`, in Vietnamese time"""
    mark: str
    """letters before the seven digits"""

    def write(self, agency: str, period: str, n: int) -> str:
        """The number `n` of a period, in its written form."""
        return f"{agency}-{period}-{self.mark}{n:07d}"


@dataclass(frozen=True)
class Table:
    """A read model that only one kind of stream has: a row for each stream, and the primary key."""

    name: str
    key: str = "stream"


@dataclass(frozen=True)
class Telling(Generic[M]):
    """One kind of message to the filing: its signal, the model of its content (a fact), and the command that follows.

    The same command can be made from the event in the log. `recorded` has, by kind of event, a function that makes the
    fact from the stream's number and the event's body, or returns None if the event is not such a message.
    """

    signal: str
    fact: type[M]
    follows: Callable[[M], Command]
    recorded: Mapping[str, Callable[[int, dict[str, Any]], dict[str, Any] | None]]

    def command(self, raw: Any) -> Command:
        """The command for the fact in `raw`. Raises `ValueError`, also for a text with NUL, which jsonb can't hold."""
        if rb"\u0000" in to_json(raw):
            raise ValueError("there is a NUL in it")
        return self.follows(self.fact.model_validate(raw))


@dataclass(frozen=True)
class Wait:
    """One wait of a stream, or an open matter outside the stream.

    Attributes:
        since: The start of the wait; None if the start does not matter.
        until: The latest end of the wait; None if it has no latest end.
        of: The agency, officer or provider that has to act.
        place: The signing place; None if the wait is not for a signature.
        why: The reason, in words or as the name of the rule that prevents an end of the wait.
        dong: The sum of money, in đồng, that depends on the wait.
    """

    since: datetime | None = None
    until: datetime | None = None
    of: str | None = None
    place: str | None = None
    why: Text | str | None = None
    dong: int = 0


@dataclass(frozen=True)
class Waits:
    """One kind of wait of a kind of stream.

    Attributes:
        of: Returns the waits of a stream in this state.
        after: The events that can cause such a wait: a stream with none of these events has no such wait.
        says: The key of the sentence with the number of waits; the remedy is under `.fix`. The key's second part is the
            name of the doctor's check.
        usual: The time for which a wait needs no attention.
        closed: Whether a stream can have such a wait after the end of its workflow.
    """

    of: Callable[[Any], Iterable[Wait]]
    after: frozenset[type[Model]]
    says: str = "doctor.waits.some"
    usual: timedelta = timedelta()
    closed: bool = False

    @property
    def check(self) -> str:
        """The name of the doctor's check that counts these waits."""
        return self.says.split(".")[1]

    def long(self, state: Any, now: datetime) -> list[Wait]:
        """The waits of a stream in this state that have lasted longer than usual, or that have no start."""
        return [one for one in self.of(state) if one.since is None or one.since + self.usual <= now]


@dataclass(frozen=True)
class StreamKind(Generic[S]):
    """The properties of one kind of stream.

    Attributes:
        name: The prefix of the names of its streams.
        workflow: The type of its streams' workflows; empty if they have none and other code appends their events.
        state: The model of a stream's state, with a `snapshot_version`.
        events: The union of the models of its events, which differ in `kind`; without `erased`, which all kinds have.
        first: The kind of a stream's first event.
        or_first: Other possible kinds of a stream's first event.
        initial: Returns the state of a stream before all events.
        rules: The rule of each command.
        evolve: Returns the state of a stream after one more event.
        standing: Returns the standing of a stream, such as whether its workflow has work left.
        rows: Returns a stream's rows in the other read models: in the table of this kind, and its tasks.
        results: Returns the columns that a stream writes in the register of results, by number.
        receipts: Returns the columns that a stream writes in the register of receipts for money.
        start: The model of the workflow's start input; None if a submission starts the workflow.
        opening: Returns the first command, made from the start input.
        commands: The public commands; the workflow has an Update of the same name for each.
        evidence_of: Returns the entries that the log must have before an event is written; None if it needs none.
        found_by: Returns the findings about outside acts that the record must have before an event is written.
        answered_by: Returns the answer of a back office that an event by this actor needs; None if it needs none.
        pins: Returns the versions that a stream's first event pins; None if it pins none.
        numberings: The numbers without gaps in its events, by kind of counter.
        table: The read model that no other kind has; None if there is none.
        upcasters: For each kind of event, the converters to the next version, the first of them from version 1.
        memory: The values that its workflow keeps outside the log and passes on when it continues as new.
        shown: The events whose content applicants see. Of other events, applicants see the kind and the time alone.
        for_applicants: By model of event, the fields that are sealed for the applicant alone.
        for_officers: The sealed fields that applicants do not see.
        tells: The kinds of messages that its streams send to their filing.
        waits: The kinds of waits of its streams, which `motcua doctor` counts.
        title: The plural name of such streams, for people.
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
    found_by: Callable[[StreamId, Any], tuple[Finding, ...]] = lambda _, __: ()
    answered_by: Callable[[StreamId, Any, Actor], OfficeAnswer | None] = lambda _, __, ___: None
    pins: Callable[[Any], Pins | None] = lambda _: None
    numberings: Mapping[str, Numbering] = field(default_factory=dict)
    table: Table | None = None
    upcasters: Mapping[str, tuple[Upcaster, ...]] = field(default_factory=dict)
    memory: type[Model] = NoMemory
    shown: frozenset[type[Model]] = frozenset()
    for_applicants: Mapping[type[Model], frozenset[str]] = field(default_factory=dict)
    for_officers: frozenset[str] = frozenset()
    tells: tuple[Telling[Any], ...] = ()
    waits: tuple[Waits, ...] = ()
    title: Text | None = None

    @property
    def event_models(self) -> tuple[type[Model], ...]:
        """The models of all events of this kind of stream, `erased` included."""
        union = get_args(self.events)[0] if get_origin(self.events) is Annotated else self.events
        return (*(get_args(union) or (union,)), Erased)

    @cached_property
    def _event(self) -> TypeAdapter[Any]:
        told_apart: Any = Annotated[Union[self.event_models], Field(discriminator="kind")]  # noqa: UP007 -- as they are
        return TypeAdapter(told_apart)

    def event(self, data: Any, version: int | None = None) -> Any:
        """An event of this kind of stream from plain data; an older `version` is converted. Raises `ValueError`."""
        if version is not None:
            name, newest = data["kind"], self.event_version(data["kind"])
            if version > newest:
                raise ValueError(f"{name} has version {version}; this build reads up to {newest}")
            for lift in self.upcasters.get(name, ())[version - 1 :]:
                data = lift(data)
        return self._event.validate_python(data)

    def blanks(self, name: str) -> dict[str, Any]:
        """The placeholders that required fields of this kind of event have after an erasure."""
        found = (model for model in self.event_models if model.model_fields["kind"].default == name)
        return next(map(blanks, found), {})

    def event_version(self, name: str) -> int:
        """The version in which events of this kind are written; older versions can still be read."""
        return len(self.upcasters.get(name, ())) + 1

    @cached_property
    def reads(self) -> Reads:
        """The versions of snapshots and events of this kind that this build can read."""
        names = sorted(str(model.model_fields["kind"].default) for model in self.event_models)
        state: Any = self.state
        snapshot = state.model_fields["snapshot_version"].default
        return Reads(snapshot=snapshot, events={name: self.event_version(name) for name in names})

    def guard(self, state: S, name: str, actor: Actor, now: datetime) -> Problem | None:
        """Why `actor` can't give this command now; None if `actor` can."""
        return self.rules.guard(state, name, actor, now) if state.erased_at is None else ERASED.problems[0]

    def decide(self, state: S, command: Command, now: datetime) -> tuple[Any, ...]:
        """The events that a command causes. Raises `RefusalError`."""
        if state.erased_at is not None:
            raise RefusalError(ERASED)
        return self.rules.decide(state, command, now)

    def evidence(self, stream: StreamId, event: Any, *, called_back: bool = False) -> Evidence | None:
        """The entries that the record must have before this event is written; None if the event needs none.

        An event reported by a provider's callback needs no finding.
        """
        if isinstance(event, Erased):
            return None
        logged = self.evidence_of(stream, event)
        found = () if called_back else tuple(one.about(str(stream)) for one in self.found_by(stream, event))
        return tuple((*way, *found) for way in logged or ((),)) if found else logged

    def office_answer(self, stream: StreamId, event: Any, by: Actor) -> OfficeAnswer | None:
        """The answer of an agency's back office from which this event by this actor follows; None if it needs none."""
        return None if isinstance(event, Erased) else self.answered_by(stream, event, by)

    def after(self, state: S, command: Command, events: Iterable[Any], at: datetime) -> S:
        """The state of the stream if the log accepts these events of the command without change."""
        for seq, event in enumerate(events, state.seq + 1):
            recorded = Recorded(seq=seq, at=at, command_id=command.command_id, actor=command.actor, event=event)
            state = self.evolve(state, recorded)
        return state

    def changed_rows(self, before: S, after: S) -> Rows:
        """The rows that an append must write to the read models when the state changes from `before` to `after`."""
        rows = self.all_rows(after)
        if before.seq == 0:
            return rows
        same = before.agency == after.agency and self.standing(before) == rows.standing
        kept: dict[str, Any] = {"standing": None} if same else {}
        kept |= {"results": ()} if rows.results and self.results(before) == rows.results else {}
        kept |= {"receipts": ()} if rows.receipts and self.receipts(before) == rows.receipts else {}
        return rows.model_copy(update=kept) if kept else rows

    def all_rows(self, state: S) -> Rows:
        """The rows of the read models for a stream in this state."""
        said_ = {"standing": self.standing(state), "results": self.results(state), "receipts": self.receipts(state)}
        return self.rows(state).model_copy(update=said_)

    def actions(self, state: S, actor: Actor, now: datetime) -> list[Action]:
        """Every command, and whether `actor` can give it now, with the reason if not."""
        names = (str(command.model_fields["kind"].default) for command in self.commands)
        checked = ((name, self.guard(state, name, actor, now)) for name in names)
        return [Action(name=name, allowed=why is None, problem=why) for name, why in checked]


class Kinds(dict[str, StreamKind[Any]]):
    """All kinds by name, in the order in which their workflows are restarted."""

    def __init__(self, kinds: tuple[StreamKind[Any], ...]) -> None:
        super().__init__((kind.name, kind) for kind in kinds)

    def of(self, stream: str) -> StreamKind[Any]:
        """The kind of a stream. Raises `KeyError` for a stream of unknown kind."""
        return self[stream.partition(":")[0]]

    @property
    def workflows(self) -> tuple[str, ...]:
        """The types of the workflows of all these kinds."""
        return tuple(kind.workflow for kind in self.values() if kind.workflow)

    @property
    def tells(self) -> tuple[Telling[Any], ...]:
        """All messages that a filing receives from its other streams."""
        return tuple(telling for kind in self.values() for telling in kind.tells)

    def following_command(self, n: int, event: str, body: dict[str, Any]) -> Command | None:
        """The command to a filing that follows from an event of its `n`-th stream of a kind; None if there is none."""
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
        """The read models that belong to only one kind, by the name of the kind."""
        return {kind.name: kind.table for kind in self.values() if kind.table is not None}


def numbered(origin: Origin) -> dict[str, Any]:
    """The fields that identify a stream in its initial state: filing, number within the filing, agency."""
    return {"filing_id": origin.stream.filing, "n": origin.stream.n, "agency": origin.agency}
