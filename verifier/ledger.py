"""An independent verifier of the event log: checks the promises of `docs/ledger.md`, from rows alone.

It shares no code with the log's writer. It reads one repeatable-read snapshot, the state of one moment, so appends may
continue. Events are read through server-side cursors, so memory stays small (one bit for each issued number, and at
most `MAX_PROBLEMS` problems). A long log is cut into ranges of whole streams. Several processes, at most one for each
processor, check the ranges in parallel, all in the same snapshot.

Run as `python -m verifier.ledger`, with the database in libpq's `PG*` environment variables, or call `verify`; needs
asyncpg. It can't detect a whole stream that was rewritten together with its head, its receipts and its counters. Only
checkpoints outside of the database can show that (`docs/ledger.md`).
"""

import asyncio
import json
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hashlib import sha256
from types import ModuleType
from typing import Final, TypeAlias

import asyncpg

from verifier import events as writing
from verifier import guards, rows
from verifier.events import BOUND, PASSED_ON, Json, Row, instant, json_object

BATCH: Final = 1000
MOST_PROCESSES: Final = 8
RANGE: Final = 50_000
"""The number of events in one range, which one process checks. A shorter log is checked in this process."""
MAX_PROBLEMS: Final = 10_000
LAST_NUMBER: Final = 9_999_999
NO_HASH: Final = bytes(32)
PG_EPOCH_US: Final = 946_684_800_000_000
# As in docs/ledger.md: the mark before the seven digits of each counter's numbers, and the digits of its period.
NUMBERS: Final = {
    "dossier": ("", 8),
    "payment": ("P", 8),
    "parcel": ("G", 8),
    "receipt": ("R", 4),
    "result": ("K", 4),
    "receipt_phi": ("BP", 4),
    "receipt_le_phi": ("BL", 4),
}
RESULTS: Final = ("result_issued", "result_entered")
FIRST_CARRIES: Final = ("payment", "parcel")
"""Kinds of streams whose first event has a number from a counter. The counter has the name of the kind."""

PATTERNS: Final = {
    kind: re.compile(rf"(?P<agency>.+)-(?P<period>[0-9]{{{digits}}})-{mark}(?P<n>[0-9]{{7}})")
    for kind, (mark, digits) in NUMBERS.items()
}

EVENTS: Final = """
SELECT e.stream, e.seq, uuid_send(e.event_id) AS event_id, uuid_send(e.filing_id) AS filing_id, e.agency, e.kind,
       e.version, e.body, e.sealed, e.key_id, e.command_id, e.actor, e.via,
       timestamptz_send(e.occurred_at) AS occurred_at, timestamptz_send(e.recorded_at) AS recorded_at,
       e.prev_hash, e.hash, e.bound, s.filing_id IS NOT DISTINCT FROM e.filing_id AS head_of_filing, s.head_seq,
       s.head_hash, s.epoch AS head_epoch, s.agency IS NOT DISTINCT FROM e.agency AS head_of_agency,
       s.erased_at IS NOT NULL AS head_erased,
       r.seq AS receipt_seq, r.filing_id IS NOT DISTINCT FROM e.filing_id AS receipt_of_filing,
       r.digest AS receipt_digest, r.body AS receipt_body, p.position
FROM event e LEFT JOIN stream s ON s.stream = e.stream AND {s}
LEFT JOIN receipt r ON r.stream = e.stream AND r.command_id = e.command_id AND {r}
LEFT JOIN position p ON p.stream = e.stream AND p.seq = e.seq AND {p}
WHERE {e} ORDER BY e.stream, e.seq
"""
# Ids and times stay in PostgreSQL's binary form: making objects of them costs more than everything else.
UNPOSITIONED: Final = """
SELECT stream, min(first_seq) AS first_seq, max(last_seq) AS last_seq FROM unpositioned u WHERE {u} GROUP BY stream
"""
# The last stream of each range. The first range has no lower bound, the last range no upper one: no event is left out.
RANGES: Final = """
SELECT coalesce(array_agg(last ORDER BY last), '{}') FROM (
    SELECT max(stream) AS last FROM (
        SELECT stream, sum(greatest(head_seq, 1)) OVER (ORDER BY stream) / $1 AS part FROM stream) s GROUP BY part
) parts
"""
SHOWS_A_PART: Final = """
SELECT EXISTS (
    SELECT FROM pg_class AS t WHERE relnamespace = 'public'::regnamespace AND relname <> 'filing_key'
        AND row_security_active(t.oid) AND (
            SELECT bool_and(polpermissive) AND bool_or(pg_get_expr(polqual, t.oid) = 'true') FROM pg_policy
            WHERE polrelid = t.oid AND polcmd IN ('*', 'r') AND EXISTS (
                SELECT FROM unnest(polroles) AS one WHERE one = 0 OR pg_has_role(one, 'usage')
            )
        ) IS NOT TRUE
)
"""
"""SQL: true if row security hides rows of a table from the role. The keys of filings are not verified."""
EVENTS_IN_ALL: Final = "SELECT coalesce(sum(head_seq), 0) FROM stream"
# A row with head 0 has no event; a refused first append leaves it behind.
EMPTY_STREAMS: Final = r"""
SELECT s.stream, s.head_seq FROM stream s
WHERE NOT EXISTS (SELECT FROM event e WHERE e.stream = s.stream)
  AND (s.head_seq, s.head_hash) IS DISTINCT FROM (0, decode(repeat('00', 32), 'hex'))
ORDER BY s.stream
"""
RECEIPTS_IN_ALL: Final = "SELECT count(*) FROM receipt"
STRAY_RECEIPTS: Final = """
SELECT r.stream, r.seq FROM receipt r
WHERE NOT EXISTS (SELECT FROM event e WHERE e.stream = r.stream AND e.command_id = r.command_id)
ORDER BY r.stream, r.seq
"""
# In each stream, appends without a position must follow each other.
BROKEN_RUNS: Final = """
SELECT stream, first_seq AS seq FROM (
    SELECT stream, first_seq, last_seq, lag(last_seq) OVER (PARTITION BY stream ORDER BY first_seq) AS before
    FROM unpositioned) u
WHERE first_seq <> before + 1 OR last_seq < first_seq ORDER BY stream, seq
"""
HOLES: Final = """
SELECT position, before FROM (
    SELECT position, lag(position, 1, 0::bigint) OVER (ORDER BY position) AS before FROM position) p
WHERE position <> before + 1 ORDER BY position
"""
STRAY_POSITIONS: Final = """
SELECT p.stream, p.seq FROM position p
WHERE NOT EXISTS (SELECT FROM event e WHERE e.stream = p.stream AND e.seq = p.seq) ORDER BY p.stream, p.seq
"""
LAST_POSITION: Final = """
SELECT (SELECT last FROM sequencer) AS said, (SELECT coalesce(max(position), 0) FROM position) AS found
"""
# Streams whose first event binds nothing, although the first event of their filing's own stream does.
UNBOUND: Final = """
SELECT e.stream, e.seq FROM event e JOIN event f ON f.stream = 'filing:' || e.filing_id AND f.seq = 1
WHERE e.seq = 1 AND e.bound IS NULL AND f.bound IS NOT NULL AND NOT starts_with(e.stream, 'restarts:') ORDER BY e.stream
"""
RESTARTS: Final = """
SELECT e.stream, e.seq, e.body FROM stream s JOIN event e ON e.stream = s.stream
WHERE starts_with(s.stream, 'restarts:') ORDER BY e.stream, e.seq
"""
EPOCHS: Final = "SELECT stream, epoch FROM stream WHERE stream = ANY($1)"
COUNTERS: Final = "SELECT agency, kind, period, last FROM counter ORDER BY agency, kind, period"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Progress = Callable[[int, int, int], None]


class Rule(StrEnum):
    """The rules of the log. Each problem breaks one of them; `docs/ledger.md` has each rule in full."""

    SEQ = "seq"
    HASH = "hash"
    LINK = "link"
    BODY = "body"
    HEAD_MISSING = "head_missing"
    HEAD_DIFFERS = "head_differs"
    STREAM_EMPTY = "stream_empty"
    RECEIPT = "receipt"
    POSITION = "position"
    BOUND = "bound"
    EPOCH = "epoch"
    NUMBER_ABSENT = "number_absent"
    NUMBER_MALFORMED = "number_malformed"
    NUMBER_DUPLICATE = "number_duplicate"
    NUMBER_BEYOND = "number_beyond"
    NUMBER_MISSING = "number_missing"
    COUNTER = "counter"
    ROW = "row"
    GUARD = "guard"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule.

    `stream` and `seq` locate the error; `number` is the issued number that it is about. Each is None if there is none.
    """

    stream: str | None
    seq: int | None
    number: str | None
    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification; `verified` means no problem."""

    verified: bool
    streams: int
    events: int
    problems: list[Problem]


async def verify(dsn: str | None, progress: Progress = lambda *_: None) -> Report:
    """Checks the whole log in one snapshot. `progress(streams, events, of)` is called as events are checked.

    `of` is the number of all events, from the heads of the streams. The role must be allowed to select from the tables
    of docs/ledger.md. If row security shows the role only a part, PostgreSQL refuses the query
    (`asyncpg.InsufficientPrivilegeError`), since a part would wrongly look complete. Raises asyncpg's errors if the
    database can't be read. `dsn` None means the `PG*` environment variables.
    """
    async with _snapshot(dsn) as connection:
        return await _verify(connection, dsn, progress)


@asynccontextmanager
async def _snapshot(dsn: str | None, name: str | None = None) -> AsyncIterator[Connection]:
    """Opens a connection that sees one moment: now, or the moment of the exported snapshot `name`."""
    connection: Connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if name is not None:
                await connection.execute(f"SET TRANSACTION SNAPSHOT '{name}'")
            if await connection.fetchval(SHOWS_A_PART):  # PostgreSQL then refuses
                await connection.execute("SET LOCAL row_security = off")
            yield connection
    finally:
        await connection.close()


async def _verify(connection: Connection, dsn: str | None, progress: Progress) -> Report:
    of = int(await connection.fetchval(EVENTS_IN_ALL))

    def tell(streams: int, events: int) -> None:
        progress(streams, events, max(of, events))

    whole = await _side_by_side(connection, dsn, tell) if of > RANGE else None
    if whole is None:
        whole = await _part(connection, None, None, tell)
    problems, numbers = whole.problems, whole.numbers
    async for row in _rows(connection, "empty_streams", EMPTY_STREAMS):
        problems.add(Rule.STREAM_EMPTY, f"no event left of {row['head_seq']}", row["stream"])
    if whole.receipts != await connection.fetchval(RECEIPTS_IN_ALL):
        stray = "the receipt of a command that no event is of"
        await problems.add_all(connection, STRAY_RECEIPTS, Rule.RECEIPT, stray)
    unbound = "the stream begins without binding anything, and its filing binds"
    await problems.add_all(connection, UNBOUND, Rule.BOUND, unbound)
    await _check_order(connection, problems, whole.positioned)
    await _check_epochs(connection, problems, whole.epochs)
    async for row in _rows(connection, "counters", COUNTERS):
        numbers.compare(row)
    numbers.close()
    for message in await rows.broken(connection):
        problems.add(Rule.ROW, message)
    for message in await guards.broken(connection):
        problems.add(Rule.GUARD, message)
    found = problems.listed()
    return Report(verified=not found, streams=whole.streams, events=whole.events, problems=found)


async def _check_order(connection: Connection, problems: "_Problems", positioned: int) -> None:
    """Checks that the positions run from 1 to the last one without gaps, and that as many events have a position."""
    broken = False
    does_not_follow = "what has no position does not follow on the append before"
    await problems.add_all(connection, BROKEN_RUNS, Rule.POSITION, does_not_follow)
    async for row in _rows(connection, "holes", HOLES):
        broken = True
        first, last = row["before"] + 1, row["position"] - 1
        gone = f"no event has the positions {first} to {last}"
        problems.add(Rule.POSITION, gone if first <= last else f"two events have the position {last + 1}")
    [end] = await connection.fetch(LAST_POSITION)
    if end["said"] != end["found"]:
        problems.add(Rule.POSITION, f"the sequencer says {end['said']}, the last position is {end['found']}")
    if broken or end["found"] != positioned:
        await problems.add_all(connection, STRAY_POSITIONS, Rule.POSITION, "a position of no event")


async def _check_epochs(connection: Connection, problems: "_Problems", epochs: dict[str, "_Epochs"]) -> None:
    """Checks that a restart has recorded each raised epoch.

    `epochs`: the epochs of each stream whose epoch was raised, or whose row and last binding event disagree.
    """
    begun = await _begun(connection, problems)
    stood = {stream: _Epochs((), epoch, None) for stream, epoch in await connection.fetch(EPOCHS, list(begun))}
    for stream, found in sorted((stood | epochs).items()):
        traced = begun.get(stream, set())
        for seq, epoch in found.raised:
            if epoch not in traced:
                problems.add(Rule.EPOCH, f"appended under epoch {epoch}, which no restart has begun", stream, seq)
        comes_to = max({found.last or 0, *traced})
        if found.head is not None and found.head != comes_to:
            message = f"the stream row says epoch {found.head}, what is recorded comes to {comes_to}"
            problems.add(Rule.EPOCH, message, stream)


async def _begun(connection: Connection, problems: "_Problems") -> dict[str, set[int]]:
    """Returns the epochs that restarts have recorded, by stream."""
    begun: dict[str, set[int]] = {}
    async for row in _rows(connection, "restarts", RESTARTS):
        said = json_object(row["body"]) or {}
        stream, epoch = said.get("stream"), said.get("epoch")
        if isinstance(stream, str) and isinstance(epoch, int):
            begun.setdefault(stream, set()).add(epoch)
        else:
            problems.add(Rule.EPOCH, "a restart that names no stream and epoch", row["stream"], row["seq"])
    return begun


@dataclass(frozen=True, slots=True)
class _Epochs:
    """A stream's epochs. `raised`: each raise as (seq, epoch); `head`: the epoch in its row; `last`: in an event."""

    raised: tuple[tuple[int, int], ...]
    head: int | None
    last: int | None


@dataclass(slots=True)
class _Part:
    """The result for a part of the log, which one process passes to another.

    `receipts` is the number of receipts that are at the last event of their command.
    """

    streams: int
    events: int
    receipts: int
    positioned: int
    epochs: dict[str, _Epochs]
    problems: "_Problems"
    numbers: "_Numbers"


async def _part(connection: Connection, after: str | None, last: str | None, tell: Callable[[int, int], None]) -> _Part:
    """Checks the streams after `after` up to `last`; None means no bound. Calls `tell(streams, events)` per batch."""
    problems = _Problems()
    unpositioned = await connection.fetch(await _of_range(connection, UNPOSITIONED, after, last))
    waiting = {row["stream"]: (row["first_seq"], row["last_seq"]) for row in unpositioned}
    chains, numbers = _Chains(problems, waiting), _Numbers(problems)
    async for batch in _batches(connection, "events", await _of_range(connection, EVENTS, after, last)):
        for event in batch:
            body = json_object(event["body"])
            chains.add(event, body)
            numbers.add(event, body)
        tell(chains.streams, chains.events)
    chains.end()
    seen = (chains.streams, chains.events, chains.receipts, chains.positioned)
    return _Part(*seen, chains.epochs, problems, numbers)


async def _of_range(connection: Connection, query: str, after: str | None, last: str | None) -> str:
    """Returns the query for streams after `after` up to `last`, quoted by the database: cursors take no parameters."""
    given = [(sign, bound) for sign, bound in ((">", after), ("<=", last)) if bound is not None]
    # A condition for every table, so that none is read whole for a part of the log.
    of = {
        name: " AND ".join(f"{name}.stream {sign} %{place}$L" for place, (sign, _) in enumerate(given, 1)) or "true"
        for name in ("e", "s", "r", "p", "u")
    }
    bounds = [bound for _, bound in given]
    return str(await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", query.format(**of), bounds))


async def _side_by_side(connection: Connection, dsn: str | None, tell: Callable[[int, int], None]) -> _Part | None:
    """Checks all events, range by range, in several processes, in the snapshot of this connection.

    Returns None if two ranges have the same issued number: a check of all events in order then shows the later event.
    """
    lasts: list[str | None] = [*await connection.fetchval(RANGES, RANGE)][:-1]
    snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
    whole = _Part(0, 0, 0, 0, {}, problems := _Problems(), _Numbers(problems))
    pool = ProcessPoolExecutor(min(os.cpu_count() or 1, MOST_PROCESSES), multiprocessing.get_context("spawn"), _depend)
    try:
        ranges = zip([None, *lasts], [*lasts, None], strict=True)
        with _without_main():
            looks = [pool.submit(_look, dsn, snapshot, *bounds) for bounds in ranges]
        for look in looks:
            part = await asyncio.wrap_future(look)
            whole.streams, whole.events = whole.streams + part.streams, whole.events + part.events
            whole.receipts, whole.positioned = whole.receipts + part.receipts, whole.positioned + part.positioned
            whole.epochs |= part.epochs
            problems.join(part.problems)
            if not whole.numbers.join(part.numbers):
                return None
            tell(whole.streams, whole.events)
    finally:
        pool.shutdown(cancel_futures=True)
    return whole


def _look(dsn: str | None, snapshot: str, after: str | None, last: str | None) -> _Part:
    """Checks one range, in a process of its own."""

    async def look() -> _Part:
        async with _snapshot(dsn, snapshot) as connection:
            return await _part(connection, after, last, lambda *_: None)

    return asyncio.run(look())


def _depend() -> None:
    """Prepares a child process: it ignores interrupts, and ends when the parent process ends."""

    def end_with_the_first() -> None:
        if (first := multiprocessing.parent_process()) is not None:
            first.join()
            os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_the_first, daemon=True).start()


async def _batches(connection: Connection, name: str, query: str) -> AsyncIterator[list[asyncpg.Record]]:
    """Yields the query's rows in batches, through a server-side cursor, for which the planner prefers a fast start."""
    await connection.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {query}")
    while batch := await connection.fetch(f"FETCH {BATCH} FROM {name}"):
        yield batch
    await connection.execute(f"CLOSE {name}")


async def _rows(connection: Connection, name: str, query: str) -> AsyncIterator[asyncpg.Record]:
    async for batch in _batches(connection, name, query):
        for row in batch:
            yield row


def event_hash(event: Row) -> bytes:
    """Returns the right `event.hash` (32 bytes), computed from the other columns, with ids and times in binary form."""
    sealed = event["sealed"]
    sealed_sha256 = None if sealed is None else sha256(sealed).digest()
    return writing.event_hash(event, sealed_sha256, _moment(event["occurred_at"]), _moment(event["recorded_at"]))


class _Problems:
    """Collects problems; only counts those beyond `MAX_PROBLEMS`."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._dropped = 0

    def add(
        self, rule: Rule, message: str, stream: str | None = None, seq: int | None = None, number: str | None = None
    ) -> None:
        self._keep(Problem(stream, seq, number, rule, message))

    async def add_all(self, connection: Connection, query: str, rule: Rule, message: str) -> None:
        """Adds a problem for each row of a query, at its stream and seq."""
        async for row in _rows(connection, "places", query):
            self.add(rule, message, row["stream"], row["seq"])

    def join(self, later: "_Problems") -> None:
        for problem in later._kept:  # noqa: SLF001 -- the same class
            self._keep(problem)
        self._dropped += later._dropped  # noqa: SLF001

    def _keep(self, problem: Problem) -> None:
        if len(self._kept) < MAX_PROBLEMS:
            self._kept.append(problem)
        else:
            self._dropped += 1

    def listed(self) -> list[Problem]:
        if self._dropped:
            return [*self._kept, Problem(None, None, None, Rule.MORE, f"{self._dropped} more problems not listed")]
        return self._kept


class _Chains:
    """Checks each stream from seq 1 to its head. Events must be added in the order of (stream, seq).

    `waiting`: for each stream with events that have no position yet, the first and the last seq of these events.
    """

    def __init__(self, problems: _Problems, waiting: dict[str, tuple[int, int]]) -> None:
        self._problems = problems
        self._waiting = waiting
        self._run = _NOTHING_WAITS
        self._last: Row | None = None
        self._head_of_agency = True
        self._code: object = None
        self.streams = 0
        self.events = 0
        self.receipts = 0
        self.positioned = 0
        self.epochs: dict[str, _Epochs] = {}
        self._bound: re.Match[bytes] | None = None
        self._epoch: int | None = None
        self._raised: list[tuple[int, int]] = []

    def add(self, event: Row, body: Json | None) -> None:
        if self._last is None or event["stream"] != self._last["stream"]:
            self.close()
            self.streams += 1
            self._code = (body or {}).get("code")
            self._head_of_agency = event["head_of_agency"]  # the head row names the agency with which a stream began
            self._run = self._waiting.pop(event["stream"], _NOTHING_WAITS)
        elif event["command_id"] != self._last["command_id"]:
            self._check_receipt(self._last)
        elif self._bound is not None and self._bound["receipt"]:
            message = "binds a receipt, and is not its command's last"
            self._problems.add(Rule.BOUND, message, event["stream"], self._last["seq"])
        self.events += 1
        self._check_link(event)
        self._check_agency(event, body)
        self._check_position(event)
        self._check_bound(event)
        self._last = event

    def end(self) -> None:
        """Ends the check. Adds a problem for each event without a position that was expected and not seen."""
        self.close()
        for stream, (first, _) in self._waiting.items():
            self._problems.add(Rule.POSITION, "waits for a position, and is not there", stream, first)

    def close(self) -> None:
        """Ends the check of the current stream: compares its last event with the stream's head."""
        event, self._last = self._last, None
        if event is None:
            return
        self._check_receipt(event)
        stream, seq = event["stream"], event["seq"]
        self._note_epochs(event)
        if self._run[1] > seq:
            self._problems.add(Rule.POSITION, "waits for a position, and is not there", stream, self._run[1])
        if event["head_seq"] is None:
            self._problems.add(Rule.HEAD_MISSING, "the stream has events but no head row", stream, seq)
            return
        if (event["head_seq"], event["head_hash"]) != (seq, event["hash"]):
            message = f"the head row says seq {event['head_seq']}, the last event is seq {seq}"
            if event["head_seq"] == seq:
                message = "the head row has another hash than the last event"
            self._problems.add(Rule.HEAD_DIFFERS, message, stream, seq)
        for what, agrees in (("filing", event["head_of_filing"]), ("agency", self._head_of_agency)):
            if not agrees:
                self._problems.add(Rule.HEAD_DIFFERS, f"the head row names another {what}", stream, seq)
        if event["head_erased"] is not (event["kind"] == "erased") and not stream.startswith("restarts:"):
            message = "the head row and the last event do not agree whether it is erased"
            self._problems.add(Rule.HEAD_DIFFERS, message, stream, seq)

    def _check_link(self, event: Row) -> None:
        """Checks the hash of the event, and that the event continues the event before it."""
        stream, seq = event["stream"], event["seq"]
        expected, previous = (self._last["seq"] + 1, self._last["hash"]) if self._last else (1, NO_HASH)
        if seq != expected:
            self._problems.add(Rule.SEQ, f"expected seq {expected}, found seq {seq}", stream, expected)
        if event_hash(event) != event["hash"]:
            self._problems.add(Rule.HASH, "the stored columns do not give the stored hash", stream, seq)
        if event["prev_hash"] != previous:
            self._problems.add(Rule.LINK, "prev_hash is not the hash of the event before", stream, seq)

    def _check_agency(self, event: Row, body: Json | None) -> None:
        """Checks that the stream keeps its agency, unless the event passes the filing on to another agency.

        The receipts and papers of a filing that was passed on name the agency that issues each.
        """
        if self._last is None or self._last["agency"] == event["agency"] or event["stream"].startswith("papers:"):
            return
        if event["kind"] != PASSED_ON or (body or {}).get("to") != event["agency"]:
            self._problems.add(Rule.LINK, "names another agency than the event before", event["stream"], event["seq"])

    def _check_position(self, event: Row) -> None:
        position, seq = event["position"], event["seq"]
        waits = self._run[0] <= seq <= self._run[1]
        self.positioned += position is not None
        if waits is (position is None):
            if waits or self._last is None or (self._last["position"] or position) < position:
                return
            message = "its position is not behind that of the event before"
        else:
            message = "has a position, and waits for one" if waits else "has no position, and waits for none"
        self._problems.add(Rule.POSITION, message, event["stream"], seq)

    def _check_bound(self, event: Row) -> None:
        stream, seq, bound = event["stream"], event["seq"], event["bound"]
        self._bound = None if bound is None else BOUND.fullmatch(bound)
        if self._bound is None:
            if bound is not None:
                self._problems.add(Rule.BOUND, "what it binds is not as the format says", stream, seq)
            elif self._epoch is not None:
                self._problems.add(Rule.BOUND, "binds nothing, behind an event that does", stream, seq)
            return
        if (seq == 1) is not bool(self._bound["key"]):
            self._problems.add(Rule.BOUND, "the first event binds the key, and no other", stream, seq)
        epoch = int(self._bound["epoch"])
        before = self._epoch or (1 if seq == 1 else epoch)
        if epoch < before:
            self._problems.add(Rule.EPOCH, f"appended under epoch {epoch}, after epoch {before}", stream, seq)
        elif epoch > before:
            self._raised.append((seq, epoch))
        self._epoch = epoch

    def _note_epochs(self, event: Row) -> None:
        """Notes the stream's epochs if an epoch was raised, or if the row has another. `event`: the stream's last."""
        if self._raised or self._epoch not in {None, event["head_epoch"]}:
            self.epochs[event["stream"]] = _Epochs(tuple(self._raised), event["head_epoch"], self._epoch)
        self._bound, self._epoch, self._raised = None, None, []

    def _check_receipt(self, event: Row) -> None:
        """Checks a command's receipt. `event` is the command's last event."""
        stream, seq = event["stream"], event["seq"]
        if self._bound is not None and not self._bound["receipt"]:
            self._problems.add(Rule.BOUND, "the last event of its command binds no receipt", stream, seq)
        if event["receipt_seq"] is None:
            self._problems.add(Rule.RECEIPT, "the command has no receipt", stream, seq)
        elif event["receipt_seq"] != seq:
            message = f"the command's receipt stands at seq {event['receipt_seq']}"
            self._problems.add(Rule.RECEIPT, message, stream, seq)
        else:
            self.receipts += 1
            if not event["receipt_of_filing"] or not _says(event, self._code):
                message = "the receipt's columns, its body and its event say different things"
                self._problems.add(Rule.RECEIPT, message, stream, seq)


_NOTHING_WAITS: Final = (1, 0)


@dataclass(slots=True)
class _Series:
    """The numbers of one counter that events have: bit n of `seen` is set if number n was seen."""

    seen: bytearray = field(default_factory=bytearray)
    highest: int = 0

    def add(self, n: int) -> bool:
        """Adds the number `n`. Returns False if it was seen before."""
        index, bit = n >> 3, 1 << (n & 7)
        if index >= len(self.seen):
            self.seen.extend(bytes(index + 1 - len(self.seen)))
        new = not self.seen[index] & bit
        self.seen[index] |= bit
        self.highest = max(self.highest, n)
        return new

    def join(self, other: "_Series") -> bool:
        """Adds the numbers of `other`. Returns False if any of these numbers was seen before."""
        size = max(len(self.seen), len(other.seen))
        mine, theirs = (int.from_bytes(seen, "little") for seen in (self.seen, other.seen))
        self.seen = bytearray((mine | theirs).to_bytes(size, "little"))
        self.highest = max(self.highest, other.highest)
        return not mine & theirs

    def has(self, n: int) -> bool:
        return n >> 3 < len(self.seen) and bool(self.seen[n >> 3] & 1 << (n & 7))


class _Numbers:
    """Collects the numbers in events and compares them with the counters."""

    def __init__(self, problems: _Problems) -> None:
        self._problems = problems
        self._series: dict[tuple[str, str, str], _Series] = {}

    def add(self, event: Row, body: Json | None) -> None:
        stream, seq = event["stream"], event["seq"]
        if body is None:
            self._problems.add(Rule.BODY, "the body is not a JSON object", stream, seq)
            return
        for kind, number in _carried(event, body):
            if number is None:
                self._problems.add(Rule.NUMBER_ABSENT, f"the event carries no {kind} number", stream, seq)
                continue
            text = str(number).encode(errors="replace").decode()  # half a character can't be printed
            match = PATTERNS[kind].fullmatch(text)
            if match is None or int(match["n"]) == 0:
                self._problems.add(Rule.NUMBER_MALFORMED, f"not a {kind} number", stream, seq, text[:100])
                continue
            series = self._series.setdefault((match["agency"], kind, match["period"]), _Series())
            if not series.add(int(match["n"])):
                message = f"a second event carries this {kind} number"
                self._problems.add(Rule.NUMBER_DUPLICATE, message, stream, seq, text)

    def join(self, later: "_Numbers") -> bool:
        """Adds the numbers of a later part of the log. Returns False if any of these numbers was seen before."""
        return all(self._series.setdefault(key, _Series()).join(series) for key, series in later._series.items())  # noqa: SLF001

    def compare(self, counter: Row) -> None:
        """Checks that events have each number from 1 to the counter's last number, and no higher number."""
        key = (counter["agency"], counter["kind"], counter["period"])
        last = counter["last"]
        series = self._series.pop(key, _Series())
        if counter["kind"] not in NUMBERS or not 0 <= last <= LAST_NUMBER:
            self._problems.add(Rule.COUNTER, f"no counter can be {key} at {last}", number=_name(key, last))
            return
        for n in range(1, last + 1):
            if not series.has(n):
                self._problems.add(Rule.NUMBER_MISSING, "issued, but no event carries it", number=_name(key, n))
        self._beyond(key, series, last)

    def close(self) -> None:
        """Ends the check after all counters were compared: a number that belongs to no counter is a problem."""
        for key, series in self._series.items():
            self._beyond(key, series, 0)

    def _beyond(self, key: tuple[str, str, str], series: _Series, last: int) -> None:
        for n in range(last + 1, series.highest + 1):
            if series.has(n):
                message = f"an event carries it, but the counter stands at {last}"
                self._problems.add(Rule.NUMBER_BEYOND, message, number=_name(key, n))


def _says(event: Row, code: object) -> bool:
    """Whether the body of a receipt agrees with the receipt's columns, with its event, and with the dossier `code`."""
    body = json_object(event["receipt_body"]) or {}
    return (
        body.get("command_id") == event["command_id"]
        and body.get("digest") == event["receipt_digest"]
        and body.get("seq") == event["seq"]
        and body.get("code") == code
        and instant(body.get("at")) == _moment(event["occurred_at"])
    )


def _moment(sent: bytes) -> int:
    """Returns the microseconds since 1970 of a time in PostgreSQL's binary form; infinities are valid too."""
    return int.from_bytes(sent, "big", signed=True) + PG_EPOCH_US


def _carried(event: Row, body: Json) -> Iterator[tuple[str, object]]:
    """Yields (kind, number) for each issued number that the event has or must have; the number is None if missing."""
    if event["kind"] == "submitted":
        yield "dossier", body.get("code")
    if event["seq"] == 1 and (kind := event["stream"].partition(":")[0]) in FIRST_CARRIES:
        yield kind, body.get("number")
    if body.get("receipt_no") is not None:
        yield "receipt", body["receipt_no"]
    if event["kind"] in RESULTS and body.get("number") is not None:
        yield "result", body["number"]
    if event["kind"] == "receipt_issued" and body.get("given") is None:
        yield ("receipt_phi" if body.get("of") == "phi" else "receipt_le_phi"), body.get("number")


def _name(key: tuple[str, str, str], n: int) -> str:
    agency, kind, period = key
    mark = NUMBERS[kind][0] if kind in NUMBERS else kind
    return f"{agency}-{period}-{mark}{n:07d}"


@contextmanager
def _without_main() -> Iterator[None]:
    """Prevents child processes from loading this process's main module: they need only this package."""
    main = sys.modules["__main__"]
    if __name__ != "__main__":
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def main() -> int:
    """Prints one JSON line for each problem and one for the result. Returns the exit code: 0 only if verified."""
    report = asdict(asyncio.run(verify(None)))
    for line in (*report.pop("problems"), report):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0 if report["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
