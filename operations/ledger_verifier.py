"""An independent witness of the event log: recomputes what `docs/ledger.md` promises, from rows alone.

Imports the standard library and asyncpg, nothing of this project: it shares no code with what writes the log. One
repeatable-read snapshot sees one moment, so appends may go on; events stream through server-side cursors, so memory
stays flat (one bit per issued number, and at most `MAX_PROBLEMS` problems). A long log is cut into ranges of whole
streams, which as many processes as there are processors look at side by side, all in that snapshot.

Run as `python operations/ledger_verifier.py`, with the database in libpq's `PG*` environment variables, or call
`verify`. What it cannot find: a whole stream rewritten together with its head, its receipts and its counters. Only
checkpoints published outside the database can show that, and there are none yet.
"""

import asyncio
import hashlib
import json
import multiprocessing
import os
import re
import signal
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeAlias

import asyncpg

BATCH: Final = 1000
MOST_PROCESSES: Final = 8
RANGE: Final = 50_000
"""Events that one process looks at before it takes the next range. A log of no more is looked at in this process."""
MAX_PROBLEMS: Final = 10_000
LAST_NUMBER: Final = 9_999_999
NO_HASH: Final = bytes(32)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PG_EPOCH_US: Final = 946_684_800_000_000
# As docs/ledger.md has it: the mark before the seven digits of each counter's numbers, and the digits of its period.
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
"""Kinds of streams whose first event carries a number of the counter of this name."""

PATTERNS: Final = {
    kind: re.compile(rf"(?P<agency>.+)-(?P<period>[0-9]{{{digits}}})-{mark}(?P<n>[0-9]{{7}})")
    for kind, (mark, digits) in NUMBERS.items()
}

EVENTS: Final = """
SELECT e.stream, e.seq, uuid_send(e.event_id) AS event_id, uuid_send(e.filing_id) AS filing_id, e.agency, e.kind,
       e.version, e.body, e.sealed, e.key_id, e.command_id, e.actor, e.via,
       timestamptz_send(e.occurred_at) AS occurred_at, timestamptz_send(e.recorded_at) AS recorded_at,
       e.prev_hash, e.hash, s.filing_id = e.filing_id AS head_of_filing, s.head_seq, s.head_hash,
       r.seq AS receipt_seq, r.filing_id = e.filing_id AS receipt_of_filing, r.digest AS receipt_digest,
       r.body AS receipt_body
FROM event e LEFT JOIN stream s ON s.stream = e.stream AND {s}
LEFT JOIN receipt r ON r.stream = e.stream AND r.command_id = e.command_id AND {r}
WHERE {e} ORDER BY e.stream, e.seq
"""
# Ids and instants come as PostgreSQL sends them: making objects of them costs more than all else.
# The last stream of each range, but for the last range, which is open, as the first is: no event is in none.
RANGES: Final = """
SELECT coalesce(array_agg(last ORDER BY last), '{}') FROM (
    SELECT max(stream) AS last FROM (
        SELECT stream, sum(greatest(head_seq, 1)) OVER (ORDER BY stream) / $1 AS part FROM stream) s GROUP BY part
) parts
"""
EVENTS_IN_ALL: Final = "SELECT coalesce(sum(head_seq), 0) FROM stream"
# A row with head 0 claims no event; it is left behind when a first append was refused.
EMPTY_STREAMS: Final = r"""
SELECT s.stream, s.head_seq FROM stream s
WHERE NOT EXISTS (SELECT FROM event e WHERE e.stream = s.stream)
  AND (s.head_seq, s.head_hash) IS DISTINCT FROM (0, decode(repeat('00', 32), 'hex'))
ORDER BY s.stream
"""
STRAY_RECEIPTS: Final = """
SELECT r.stream, r.seq FROM receipt r
WHERE NOT EXISTS (SELECT FROM event e WHERE e.stream = r.stream AND e.command_id = r.command_id)
ORDER BY r.stream, r.seq
"""
COUNTERS: Final = "SELECT agency, kind, period, last FROM counter ORDER BY agency, kind, period"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Progress = Callable[[int, int, int], None]


class Rule(StrEnum):
    """What a problem breaks; `docs/ledger.md` says each in full."""

    SEQ = "seq"
    HASH = "hash"
    LINK = "link"
    BODY = "body"
    HEAD_MISSING = "head_missing"
    HEAD_DIFFERS = "head_differs"
    STREAM_EMPTY = "stream_empty"
    RECEIPT = "receipt"
    NUMBER_ABSENT = "number_absent"
    NUMBER_MALFORMED = "number_malformed"
    NUMBER_DUPLICATE = "number_duplicate"
    NUMBER_BEYOND = "number_beyond"
    NUMBER_MISSING = "number_missing"
    COUNTER = "counter"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule. `stream` and `seq` say where, `number` names an issued number; None where it does not apply."""

    stream: str | None
    seq: int | None
    number: str | None
    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at and what was found; `verified` means no problem."""

    verified: bool
    streams: int
    events: int
    problems: list[Problem]


async def verify(dsn: str | None, progress: Progress | None = None) -> Report:
    """Check the whole log in one snapshot. `progress(streams, events, of)` is called as events have been looked at.

    `of` is how many there are by the heads of the streams. Any role that may select from `event`, `stream`, `counter`
    and `receipt` will do. A role that row security would show only a part is refused by PostgreSQL
    (`asyncpg.InsufficientPrivilegeError`): a part would wrongly look whole. Raises what asyncpg raises when the
    database cannot be read. `dsn` None means the `PG*` environment variables.
    """
    async with _snapshot(dsn) as connection:
        return await _verify(connection, dsn, progress or _silent)


@asynccontextmanager
async def _snapshot(dsn: str | None, name: str | None = None) -> AsyncIterator[Connection]:
    """A connection that sees one moment: now, or that of the snapshot which another one has exported."""
    connection: Connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if name is not None:
                await connection.execute(f"SET TRANSACTION SNAPSHOT '{name}'")
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
    async for batch in _batches(connection, "empty_streams", EMPTY_STREAMS):
        for row in batch:
            problems.add(Rule.STREAM_EMPTY, f"no event left of {row['head_seq']}", row["stream"])
    async for batch in _batches(connection, "stray_receipts", STRAY_RECEIPTS):
        for row in batch:
            problems.add(Rule.RECEIPT, "the receipt of a command that no event is of", row["stream"], row["seq"])
    async for batch in _batches(connection, "counters", COUNTERS):
        for row in batch:
            numbers.compare(row)
    numbers.close()
    found = problems.listed()
    return Report(verified=not found, streams=whole.streams, events=whole.events, problems=found)


@dataclass(slots=True)
class _Part:
    """What was looked at and found in a part of the log; it passes between processes."""

    streams: int
    events: int
    problems: "_Problems"
    numbers: "_Numbers"


async def _part(connection: Connection, after: str | None, last: str | None, tell: Callable[[int, int], None]) -> _Part:
    """The events of the streams after one, as far as another. `tell(streams, events)` is called after every batch."""
    problems = _Problems()
    chains, numbers = _Chains(problems), _Numbers(problems)
    async for batch in _batches(connection, "events", await _events(connection, after, last)):
        for event in batch:
            body = _json_object(event["body"])
            chains.add(event, body)
            numbers.add(event, body)
        tell(chains.streams, chains.events)
    chains.close()
    return _Part(chains.streams, chains.events, problems, numbers)


async def _events(connection: Connection, after: str | None, last: str | None) -> str:
    """The statement that gives them. A cursor takes no parameters, so PostgreSQL quotes them itself."""
    given = [(sign, bound) for sign, bound in ((">", after), ("<=", last)) if bound is not None]
    # Said of all three tables, so that none is read whole for a part of the log.
    of = {
        name: " AND ".join(f"{name}.stream {sign} %{place}$L" for place, (sign, _) in enumerate(given, 1)) or "true"
        for name in ("e", "s", "r")
    }
    bounds = [bound for _, bound in given]
    return str(await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", EVENTS.format(**of), bounds))


async def _side_by_side(connection: Connection, dsn: str | None, tell: Callable[[int, int], None]) -> _Part | None:
    """All events, range by range, each looked at by one of some processes, in the snapshot of this connection.

    None if a number stands in two ranges: which event is the second one is told only by one look at all in their order.
    """
    lasts: list[str | None] = [*await connection.fetchval(RANGES, RANGE)][:-1]
    snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
    whole = _Part(0, 0, problems := _Problems(), _Numbers(problems))
    pool = ProcessPoolExecutor(min(os.cpu_count() or 1, MOST_PROCESSES), multiprocessing.get_context("spawn"), _depend)
    try:
        ranges = zip([None, *lasts], [*lasts, None], strict=True)
        for look in [pool.submit(_look, dsn, snapshot, *bounds) for bounds in ranges]:
            part = await asyncio.wrap_future(look)
            whole.streams, whole.events = whole.streams + part.streams, whole.events + part.events
            problems.join(part.problems)
            if not whole.numbers.join(part.numbers):
                return None
            tell(whole.streams, whole.events)
    finally:
        pool.shutdown(cancel_futures=True)
    return whole


def _look(dsn: str | None, snapshot: str, after: str | None, last: str | None) -> _Part:
    """One range, in a process of its own."""

    async def look() -> _Part:
        async with _snapshot(dsn, snapshot) as connection:
            return await _part(connection, after, last, lambda *_: None)

    return asyncio.run(look())


def _depend() -> None:
    """Leave interrupts to the process that was started first, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_first, daemon=True).start()


def _end_with_the_first() -> None:
    if (first := multiprocessing.parent_process()) is not None:
        first.join()
        os._exit(1)


async def _batches(connection: Connection, name: str, query: str) -> AsyncIterator[list[asyncpg.Record]]:
    """The query's rows through a server-side cursor, which the planner knows to start fast instead of sorting all."""
    await connection.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {query}")
    while batch := await connection.fetch(f"FETCH {BATCH} FROM {name}"):
        yield batch
    await connection.execute(f"CLOSE {name}")


def event_hash(event: asyncpg.Record | Mapping[str, Any]) -> bytes:
    """The 32 bytes that `event.hash` must hold, from its other columns, ids and instants as PostgreSQL sends them."""
    sealed, key_id = event["sealed"], event["key_id"]
    return _sha256(
        b"".join(
            (
                b"\x01",
                _often(event["stream"]),
                _of_eight(8, event["seq"] % _MODULUS),
                _UUID,
                event["event_id"],
                _UUID,
                event["filing_id"],
                _often(event["agency"]),
                _often(event["kind"]),
                _of_eight(8, event["version"] % _MODULUS),
                _DIGEST,
                _sha256(event["body"]).digest(),
                _NULL if sealed is None else _DIGEST + _sha256(sealed).digest(),
                _NULL if key_id is None else _often(key_id),
                _text(event["command_id"]),
                _bytes(event["actor"]),
                _often(event["via"]),
                _twice_eight(8, _moment(event["occurred_at"]) % _MODULUS, 8, _moment(event["recorded_at"]) % _MODULUS),
                _bytes(event["prev_hash"]),
            )
        )
    ).digest()


_sha256: Final = hashlib.sha256
_length: Final = struct.Struct(">I").pack
_of_eight: Final = struct.Struct(">IQ").pack
_twice_eight: Final = struct.Struct(">IQIQ").pack
_NULL: Final = b"\xff\xff\xff\xff"
_UUID: Final = _length(16)
_DIGEST: Final = _length(32)
_MODULUS: Final = 2**64  # two's complement; an infinite timestamp, which lies outside, hashes to something and differs


def _bytes(content: bytes) -> bytes:
    return _length(len(content)) + content


def _text(value: str) -> bytes:
    content = value.encode()
    return _length(len(content)) + content


_often: Final = lru_cache(1024)(_text)
"""The same, of what many events in a row say."""


class _Problems:
    """Collects problems, and counts instead of keeping once there are `MAX_PROBLEMS`."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._dropped = 0

    def add(
        self, rule: Rule, message: str, stream: str | None = None, seq: int | None = None, number: str | None = None
    ) -> None:
        self._keep(Problem(stream, seq, number, rule, message))

    def join(self, later: "_Problems") -> None:
        for problem in later._kept:  # noqa: SLF001 -- its own kind
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
    """Follows each stream from seq 1 to its head. Events come in (stream, seq) order."""

    def __init__(self, problems: _Problems) -> None:
        self._problems = problems
        self._last: asyncpg.Record | None = None
        self._code: object = None
        self.streams = 0
        self.events = 0

    def add(self, event: asyncpg.Record, body: dict[str, object] | None) -> None:
        if self._last is None or event["stream"] != self._last["stream"]:
            self.close()
            self.streams += 1
            self._code = (body or {}).get("code")
        elif event["command_id"] != self._last["command_id"]:
            self._check_receipt(self._last)
        self.events += 1
        self._check_seq(event)
        self._check_hashes(event)
        self._last = event

    def close(self) -> None:
        """The stream at hand has no more events: compare its head."""
        event, self._last = self._last, None
        if event is None:
            return
        self._check_receipt(event)
        stream, seq = event["stream"], event["seq"]
        if event["head_seq"] is None:
            self._problems.add(Rule.HEAD_MISSING, "the stream has events but no head row", stream, seq)
            return
        if (event["head_seq"], event["head_hash"]) != (seq, event["hash"]):
            message = f"the head row says seq {event['head_seq']}, the last event is seq {seq}"
            if event["head_seq"] == seq:
                message = "the head row has another hash than the last event"
            self._problems.add(Rule.HEAD_DIFFERS, message, stream, seq)
        if not event["head_of_filing"]:
            self._problems.add(Rule.HEAD_DIFFERS, "the head row names another filing", stream, seq)

    def _check_seq(self, event: asyncpg.Record) -> None:
        expected = self._last["seq"] + 1 if self._last else 1
        if event["seq"] != expected:
            message = f"expected seq {expected}, found seq {event['seq']}"
            self._problems.add(Rule.SEQ, message, event["stream"], expected)

    def _check_hashes(self, event: asyncpg.Record) -> None:
        stream, seq = event["stream"], event["seq"]
        if event_hash(event) != event["hash"]:
            self._problems.add(Rule.HASH, "the stored columns do not give the stored hash", stream, seq)
        if event["prev_hash"] != (self._last["hash"] if self._last else NO_HASH):
            self._problems.add(Rule.LINK, "prev_hash is not the hash of the event before", stream, seq)

    def _check_receipt(self, event: asyncpg.Record) -> None:
        """`event` is the last one of its command."""
        stream, seq = event["stream"], event["seq"]
        if event["receipt_seq"] is None:
            self._problems.add(Rule.RECEIPT, "the command has no receipt", stream, seq)
        elif event["receipt_seq"] != seq:
            message = f"the command's receipt stands at seq {event['receipt_seq']}"
            self._problems.add(Rule.RECEIPT, message, stream, seq)
        elif not event["receipt_of_filing"] or not _says(event, self._code):
            message = "the receipt's columns, its body and its event say different things"
            self._problems.add(Rule.RECEIPT, message, stream, seq)


@dataclass(slots=True)
class _Series:
    """The numbers seen of one counter: bit n of `seen` is number n."""

    seen: bytearray = field(default_factory=bytearray)
    highest: int = 0

    def add(self, n: int) -> bool:
        """Whether `n` is new."""
        index, bit = n >> 3, 1 << (n & 7)
        if index >= len(self.seen):
            self.seen.extend(bytes(index + 1 - len(self.seen)))
        new = not self.seen[index] & bit
        self.seen[index] |= bit
        self.highest = max(self.highest, n)
        return new

    def join(self, other: "_Series") -> bool:
        """Whether all of the other's are new."""
        size = max(len(self.seen), len(other.seen))
        mine, theirs = (int.from_bytes(seen, "little") for seen in (self.seen, other.seen))
        self.seen = bytearray((mine | theirs).to_bytes(size, "little"))
        self.highest = max(self.highest, other.highest)
        return not mine & theirs

    def has(self, n: int) -> bool:
        return n >> 3 < len(self.seen) and bool(self.seen[n >> 3] & 1 << (n & 7))


class _Numbers:
    """Collects the numbers that events carry and compares them with the counters."""

    def __init__(self, problems: _Problems) -> None:
        self._problems = problems
        self._series: dict[tuple[str, str, str], _Series] = {}

    def add(self, event: asyncpg.Record, body: dict[str, object] | None) -> None:
        stream, seq = event["stream"], event["seq"]
        if body is None:
            self._problems.add(Rule.BODY, "the body is not a JSON object", stream, seq)
            return
        for kind, number in _carried(event, body):
            if number is None:
                self._problems.add(Rule.NUMBER_ABSENT, f"the event carries no {kind} number", stream, seq)
            else:
                self._note(stream, seq, kind, number)

    def join(self, later: "_Numbers") -> bool:
        """Whether none of these numbers was seen before."""
        return all(self._series.setdefault(key, _Series()).join(series) for key, series in later._series.items())  # noqa: SLF001

    def compare(self, counter: asyncpg.Record) -> None:
        """Numbers 1..last of this counter are there and none beyond."""
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
        """All counters are compared: what is left was issued by none."""
        for key, series in self._series.items():
            self._beyond(key, series, 0)

    def _note(self, stream: str, seq: int, kind: str, number: object) -> None:
        number = str(number)
        match = PATTERNS[kind].fullmatch(number)
        if match is None or int(match["n"]) == 0:
            self._problems.add(Rule.NUMBER_MALFORMED, f"not a {kind} number", stream, seq, number[:100])
            return
        key = (match["agency"], kind, match["period"])
        if not self._series.setdefault(key, _Series()).add(int(match["n"])):
            self._problems.add(Rule.NUMBER_DUPLICATE, f"a second event carries this {kind} number", stream, seq, number)

    def _beyond(self, key: tuple[str, str, str], series: _Series, last: int) -> None:
        for n in range(last + 1, series.highest + 1):
            if series.has(n):
                message = f"an event carries it, but the counter stands at {last}"
                self._problems.add(Rule.NUMBER_BEYOND, message, number=_name(key, n))


def _says(event: asyncpg.Record, code: object) -> bool:
    """Whether the receipt's body says what its columns, its event and the stream's first event say."""
    body = _json_object(event["receipt_body"]) or {}
    said = (*(body.get(name) for name in ("command_id", "digest", "seq", "code")), _instant(body.get("at")))
    return said == (event["command_id"], event["receipt_digest"], event["seq"], code, _moment(event["occurred_at"]))


def _moment(sent: bytes) -> int:
    """Microseconds since 1970 of what PostgreSQL sends, infinities included."""
    return int.from_bytes(sent, "big", signed=True) + PG_EPOCH_US


def _instant(text: object) -> int | None:
    """Microseconds since 1970 of an instant in RFC 3339, or None."""
    try:
        moment = datetime.fromisoformat(str(text))
        return (moment - EPOCH) // timedelta(microseconds=1)
    except (ValueError, TypeError):
        return None


def _carried(event: asyncpg.Record, body: dict[str, object]) -> Iterator[tuple[str, object]]:
    """(kind, number) of what the event carries or should; number None when it is not there."""
    if event["kind"] == "submitted":
        yield "dossier", body.get("code")
    for kind in FIRST_CARRIES:
        if event["seq"] == 1 and event["stream"].startswith(f"{kind}:"):
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


_json: Final = json.JSONDecoder().raw_decode


def _json_object(content: bytes | None) -> dict[str, object] | None:
    """The object that this is in JSON, with nothing around it; None if it is none."""
    try:
        text = (content or b"").decode()
        value, end = _json(text)
    except (ValueError, RecursionError):
        return None
    return value if end == len(text) and isinstance(value, dict) else None


def _silent(_streams: int, _events: int, _of: int) -> None:
    pass


def main() -> int:
    """Print one JSON line per problem and one for the result; exit code 0 only when verified."""
    report = asyncio.run(verify(None))
    for p in report.problems:
        line = {"stream": p.stream, "seq": p.seq, "number": p.number, "rule": p.rule, "message": p.message}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    result = {"verified": report.verified, "streams": report.streams, "events": report.events}
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if report.verified else 1


if __name__ == "__main__":
    sys.exit(main())
