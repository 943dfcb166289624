"""Reads the log: decrypts the rows of `event`, and folds them into states by the rules of their kind of stream.

The caller passes the keys that decrypt; this module stores none.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, reduce
from hashlib import sha256
from itertools import accumulate, islice
from typing import Any, Final, NamedTuple, Protocol, TypeAlias
from uuid import UUID

import asyncpg
from pydantic_core import from_json

from rules.stream_kind import Kinds, Origin, Pins, StreamKind
from schemas.errors import NOT_FOUND, RefusalError
from schemas.filing.events import Digests
from schemas.ids import StreamId
from schemas.people import Actor
from schemas.privacy import ERASED_KIND
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.stream.ledger import Recorded

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"
DATABASE_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The errors of asyncpg. `InternalClientError` occurs if a server is killed in the middle of an operation."""

SELECT: Final = """
select seq, kind, version, body, sealed, command_id, actor, occurred_at
from event where stream = $1 and seq >= $2 order by seq
"""
_OF_MANY: Final = """
select stream, seq, kind, version, body, sealed, command_id, actor, occurred_at
from event where stream = any($1) order by stream, seq
"""
CALENDAR: Final = """
select body from calendar
where name = $1 and (agency in ('', $2) or starts_with($2, agency || '.')) order by length(agency) desc limit 1
"""
"""SQL: the calendar of this name for an agency: its own, else that of the closest higher agency, else the country's."""

_PROCEDURE: Final = "select rules from procedure where code = $1 and version = $2 and sha256 = $3"
_WHOLE: Final = """
select stream.filing_id, stream.agency, head_seq, now() as now,
    seq, kind, version, body, sealed, command_id, actor, occurred_at
from stream left join event using (stream) where stream = $1 and head_seq > 0 order by seq
"""
"""SQL: the events of a stream, each row with the stream's head, so that one query is enough."""


class SealBrokenError(Exception):
    """Encrypted data can't be decrypted: it was changed, or encrypted with another key."""


class Key(Protocol):
    """The key of one filing."""

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypts data that was encrypted with this key for the same `context`. Raises `SealBrokenError`."""


Keys: TypeAlias = Callable[[Connection, UUID], Awaitable[Key | None]]
"""Finds the key of a filing; returns None if the filing has no key, or its key was erased."""


async def no_keys(_: Connection, __: UUID) -> Key | None:
    """Returns no key, for reads without decryption."""
    return None


class UnfoldableError(Exception):
    """A stream can't be folded. The error's text names the stream and the seq of a faulty event, and no person."""


def opened(kind: StreamKind[Any], stream: str, row: Mapping[str, Any], key: Key | None) -> Recorded:
    """Returns the event in a row; without a key, personal values are blank. Raises `SealBrokenError`, `ValueError`."""
    private: dict[str, Any] = {}
    if key is None:
        private["event"] = kind.blanks(row["kind"])
    elif row["sealed"]:
        private = from_json(key.unseal(row["sealed"], f"{stream}\n{row['seq']}"))
    fields = {"kind": row["kind"]} | from_json(row["body"]) | private.get("event", {})
    actor = _actor(row["actor"])
    if "actor" in private:
        actor = Actor.model_validate(actor.model_dump() | {"subject": private["actor"]})
    return Recorded(
        seq=row["seq"],
        at=row["occurred_at"],
        command_id=row["command_id"],
        actor=actor,
        event=kind.event(fields, row["version"]),
    )


@lru_cache(1024)
def _actor(public: bytes) -> Actor:
    """Returns the actor in an event's public part. The answer is cached, since many events have the same actor."""
    return Actor.model_validate_json(public)


@dataclass(frozen=True)
class LoggedStream:
    """A stream from the log, as of an instant: its initial state, and its events."""

    stream: str
    kind: StreamKind[Any]
    as_of: datetime
    before: Any
    events: list[Recorded]
    _folded: list[Any] = field(default_factory=list, compare=False)  # once it was asked for; shared by all copies

    def states(self) -> Iterator[Any]:
        """Yields the state after each event. Raises `UnfoldableError`."""
        with _folding(self.stream):
            yield from islice(accumulate(self.events, self.kind.evolve, initial=self.before), 1, None)

    @property
    def state(self) -> Any:
        """The state after all events of the stream. Raises `UnfoldableError`."""
        if not self._folded:
            with _folding(self.stream):
                self._folded.append(reduce(self.kind.evolve, self.events, self.before))
        return self._folded[0]


@dataclass(frozen=True)
class Published:
    """A cache of published rules and calendars with their digests. Published files never change."""

    procedures: dict[tuple[str, ...], tuple[ProcedureRules, str]] = field(default_factory=dict)
    calendars: dict[tuple[str, str], tuple[Calendar, str]] = field(default_factory=dict)


def digest(published: bytes) -> str:
    """Returns the SHA-256 of rules, or of a calendar, as published."""
    return sha256(published).hexdigest()


class Head(NamedTuple):
    """The last `seq` of a stream, as of `now`. `hash`: the hash of the stream up to this event."""

    stream: str
    filing_id: UUID
    agency: str
    seq: int
    now: datetime
    hash: bytes = b""


class Memory:
    """Caches streams as last read, each for one head: a further event, such as an erasure, changes the head.

    It holds streams only, no answers and no readers: access is checked before a stream is looked up. The bounds are
    numbers of streams and of recorded bytes, and one recorded byte takes some ten here; the least recently used streams
    go first.
    """

    def __init__(self, most: int = 1_000, most_bytes: int = 8_000_000) -> None:
        self._most = most
        self._left = most_bytes
        self._known: OrderedDict[str, tuple[Head, LoggedStream, int]] = OrderedDict()

    def find(self, head: Head) -> LoggedStream | None:
        """Returns the remembered stream, dated as of now; None if it was not read at this head."""
        known, told, _ = self._known.get(head.stream, (None, None, 0))
        if told is None or known is None or known._replace(now=head.now) != head:
            return None
        self._known.move_to_end(head.stream)
        return replace(told, as_of=head.now)

    def keep(self, head: Head, told: LoggedStream, size: int) -> None:
        """Remembers a stream; `size`: its recorded bytes."""
        self._forget(head.stream)
        self._known[head.stream] = head, told, size
        self._left -= size
        while self._left < 0 or len(self._known) > self._most:
            self._forget(next(iter(self._known)))

    def _forget(self, stream: str) -> None:
        _, _, size = self._known.pop(stream, (None, None, 0))
        self._left += size


class Log:
    """Reads and folds the streams of one log. `head`: the head of a stream, if the caller has read it already."""

    def __init__(
        self,
        connection: Connection,
        keys: Keys,
        kinds: Kinds,
        published: Published | None = None,
        head: Head | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.connection = connection
        self._head = head
        self._memory = memory or Memory(most=0)
        self._keys = keys
        self._kinds = kinds
        self._published = published or Published()

    def kind(self, stream: str) -> StreamKind[Any]:
        """Returns the kind of a stream. Raises `UnfoldableError`."""
        try:
            return self._kinds.of(stream)
        except KeyError:
            raise UnfoldableError(f"{stream}: no kind of stream that this version knows") from None

    async def read(self, stream: str) -> LoggedStream:
        """Returns a stream with its events. Raises `RefusalError` (`not_found`) if the stream is not in the log."""
        if self._head is not None and self._head.stream == stream:
            if (known := self._memory.find(self._head)) is not None:
                return known
            head, rows = self._head, await self.connection.fetch(SELECT, stream, 1)
        else:
            rows = await self.connection.fetch(_WHOLE, stream)
            if not rows:
                raise RefusalError(NOT_FOUND)
            head = Head(stream, *list(rows[0].values())[:4])
            rows = [row for row in rows if row["seq"] is not None]
        events = await self._events(stream, head.filing_id, head.seq, rows)
        before = await self.initial(stream, head.agency, events[0].event)
        told = LoggedStream(stream, self.kind(stream), head.now, before, events)
        if head.hash:
            self._memory.keep(head, told, sum(len(row["body"]) + len(row["sealed"] or b"") for row in rows))
        return told

    async def events(self, stream: str, filing: UUID, head: int) -> list[Recorded]:
        """Returns every event of a stream, decrypted. Raises `UnfoldableError`, also if there are fewer than `head`."""
        return await self._events(stream, filing, head, await self.connection.fetch(SELECT, stream, 1))

    async def events_of(self, streams: Sequence[asyncpg.Record]) -> list[list[Recorded]]:
        """Returns all events of each of these streams (rows of `stream`), by one query. Raises `UnfoldableError`."""
        rows: defaultdict[str, list[Any]] = defaultdict(list)
        for row in await self.connection.fetch(_OF_MANY, [stream["stream"] for stream in streams]):
            rows[row["stream"]].append(row)
        return [
            await self._events(stream["stream"], stream["filing_id"], stream["head_seq"], rows[stream["stream"]])
            for stream in streams
        ]

    async def _events(self, stream: str, filing: UUID, head: int, rows: Sequence[Any]) -> list[Recorded]:
        if [row["seq"] for row in rows] != list(range(1, len(rows) + 1)) or len(rows) < head:
            raise UnfoldableError(f"{stream}: events are missing; see: motcua ledger verify")
        erased = bool(rows) and rows[-1]["kind"] == ERASED_KIND
        try:
            key = None if erased else await self._keys(self.connection, filing)
        except SealBrokenError:
            raise UnfoldableError("a filing's key can't be unwrapped: it was changed, or wrapped otherwise") from None
        if key is None and not erased:
            raise UnfoldableError(f"{stream}: the key of its filing is not there")
        kind = self.kind(stream)
        return [_opened(kind, stream, row, key) for row in rows]

    async def initial(self, stream: str, agency: str, first: Any) -> Any:
        """Returns the initial state of a stream whose first event is `first`. Raises `UnfoldableError`."""
        kind = self.kind(stream)
        if first.kind not in {kind.first, *kind.or_first}:
            raise UnfoldableError(f"{stream} seq 1: no stream begins with {first.kind}")
        origin = Origin(StreamId.parse(stream), agency)
        if (pins := kind.pins(first)) is not None:
            procedure, rules = await self._procedure(stream, pins)
            calendar, days = await self._calendar(stream, agency, pins)
            origin = Origin(origin.stream, agency, procedure, calendar, Digests(rules=rules, calendar=days))
        with _folding(stream):
            return kind.initial(origin)

    async def fold(self, stream: str, agency: str, events: list[Recorded]) -> Any:
        """Folds the complete list of a stream's events. Raises `UnfoldableError`."""
        before = await self.initial(stream, agency, events[0].event)
        with _folding(stream):
            return reduce(self.kind(stream).evolve, events, before)

    async def _procedure(self, stream: str, pins: Pins) -> tuple[ProcedureRules, str]:
        """Returns published rules, without the name of the officer of a standing order, and the digest of the rules."""
        pinned = (pins.procedure, pins.version, pins.sha256)
        if pinned not in self._published.procedures:
            rules = await self.connection.fetchval(_PROCEDURE, *pinned)
            if rules is None:
                what = f"{pins.procedure}@{pins.version} with sha256 {pins.sha256}"
                raise UnfoldableError(f"{stream} seq 1: {what} is not published here")
            self._published.procedures[pinned] = ProcedureRules.model_validate_json(rules), digest(rules)
        return self._published.procedures[pinned]

    async def _calendar(self, stream: str, agency: str, pins: Pins) -> tuple[Calendar, str]:
        wanted = (pins.calendar, agency)
        if wanted not in self._published.calendars:
            body = await self.connection.fetchval(CALENDAR, *wanted)
            if body is None:
                raise UnfoldableError(f"{stream} seq 1: the calendar {pins.calendar} is not published here")
            self._published.calendars[wanted] = Calendar.model_validate_json(body), digest(body)
        return self._published.calendars[wanted]


@contextmanager
def _folding(stream: str) -> Iterator[None]:
    try:
        yield
    except (LookupError, TypeError, ValueError) as error:
        raise UnfoldableError(f"{stream}: its events do not fold: {type(error).__name__}") from None


def _opened(kind: StreamKind[Any], stream: str, row: Mapping[str, Any], key: Key | None) -> Recorded:
    try:
        return opened(kind, stream, row, key)
    except SealBrokenError:
        why = "its sealed part can't be opened: it was changed, or sealed by another key; see: motcua ledger verify"
    except ValueError:
        why = "no event that this version can read"
    raise UnfoldableError(f"{stream} seq {row['seq']}: {why}")
