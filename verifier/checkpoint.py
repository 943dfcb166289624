"""Checks, against the second place, that the record still has every checkpointed event at its position.

This shows a change even if all hashes of the record were computed again: the second place has the original events as
entries, signed and cosigned checkpoints prove these entries, and the witnesses prove that no checkpoint is missing.

Run as `python -m verifier.checkpoint FOLDER --policy FILE [--since FILE]`, with the database in libpq's `PG*` variables
and the second place, or a copy of it, in a folder; or call `verify`. Needs `cryptography`; when run, also asyncpg.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTPException
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias
from urllib.error import HTTPError
from urllib.request import urlopen

from verifier.events import event_of, leaf
from verifier.notes import MOST_BYTES, Checkpoint, Key, NotSignedError, Policy, Witness, checkpoint_in, read_note
from verifier.second_place import ENTRIES, HISTORY, STAMPS, WIDTH, Folder, Log, Place, PlaceError, Published, newest_log
from verifier.tree import EMPTY_ROOT, Tree, leaf_hash, nodes_between

AT_ONCE: Final = 50
"""Number of checkpoints read at the same time."""
LEEWAY: Final = timedelta(minutes=5)
"""Maximum difference between the clocks of the record and of a time-stamp authority."""
MOST: Final = 10_000
MOST_MOVED: Final = 100
"""The maximum number of listed findings about moved events: if an event is removed, all later events may have moved."""
PAGE: Final = 5_120
"""The number of events read at once: twenty bundles of entries."""
TIMEOUT_S: Final = 5.0

LAST: Final = "SELECT coalesce(max(position), 0) FROM position"
# A join would read the whole log for each page.
EVENTS: Final = """
SELECT p.position, p.stream, p.seq, (SELECT e.hash FROM event e WHERE e.stream = p.stream AND e.seq = p.seq)
FROM position p WHERE p.position > $1 AND p.position <= $2 ORDER BY p.position
"""
HASHES: Final = """
SELECT stream, seq, hash FROM event JOIN unnest($1::text[], $2::int[]) AS asked (stream, seq) USING (stream, seq)
"""
RECORDED: Final = """
SELECT position, recorded_at FROM position JOIN event USING (stream, seq) WHERE position = ANY($1::bigint[])
"""
ROWS: Final = "rows "
"""The beginning of a checkpoint's line about the chained rows: the number of their last batch and its hash follow."""
BATCHES: Final = "SELECT n::text || ' ' || encode(hash, 'hex') FROM row_batch WHERE n::text = ANY($1)"

Progress: TypeAlias = Callable[[Literal["checkpoints", "events"], int, int], None]
StampedAt: TypeAlias = Callable[[bytes, bytes], Awaitable[datetime | None]]
"""The check of a time-stamp: gets a text and a token; returns the proved time, or None if the token proves none."""


class Connection(Protocol):
    """A connection to the record, under any role that may read `event` and `position`; a connection of asyncpg fits."""

    async def fetch(self, query: str, /, *args: Any) -> list[Any]:
        """Returns the rows of a query."""

    async def fetchval(self, query: str, /, *args: Any) -> Any:
        """Returns the first value of the first row."""


class Rule(StrEnum):
    """The rules of the log. Each finding breaks one of them; `docs/ledger.md` has each rule in full."""

    EVENT_MISSING = "event_missing"
    EVENT_DIFFERS = "event_differs"
    POSITION_DIFFERS = "position_differs"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_MISSING = "checkpoint_missing"
    QUORUM = "quorum"
    ROWS = "rows"
    SECOND_PLACE = "second_place"
    STAMP = "stamp"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule. `position`, `stream` and `seq` locate the error; each is None if unknown."""

    rule: Rule
    message: str
    stream: str | None = None
    seq: int | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification; `verified` means that there are no findings.

    Attributes:
        origin: The name of the log.
        size: The number of events in the newest checkpoint; later events are not checked.
        since: The number of these events that were verified earlier and not checked again.
        checkpoints: The number of checkpoints compared with the events.
        stamped: The number of these checkpoints with a trusted time-stamp; None if time-stamps are not checked.
        cosigned: Names of the witnesses that have cosigned the newest checkpoint.
        unasked: Names of the witnesses that gave no usable answer.
        succeeds: The checkpoint's lines about the log that this log has replaced, with the reason; empty if none.
        newest: The newest checkpoint with its signatures, as bytes, if it is valid.
    """

    verified: bool
    origin: str
    size: int = 0
    since: int = 0
    checkpoints: int = 0
    stamped: int | None = None
    cosigned: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    succeeds: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    newest: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Trust:
    """The trusted parties.

    Attributes:
        log: The log's key, under the name of the first log.
        policy: The required cosignatures. Each witness with an address is queried for its last checkpoint.
        stamped_at: The function that checks time-stamps; without it they are not checked.
    """

    log: Key
    policy: Policy = field(default_factory=lambda: Policy("quorum none"))
    stamped_at: StampedAt | None = None


async def verify(
    connection: Connection,
    place: Place,
    trust: Trust,
    since: Checkpoint | None = None,
    progress: Progress = lambda *_: None,
) -> Report:
    """Compares the record with its checkpoints.

    `since` is a checkpoint of the same log that was verified earlier: the events up to it are not checked again, but
    the log must extend it. `progress(what, done, of)` is called with the numbers of checked checkpoints or events.
    Raises the errors of the record and of the second place.
    """
    look = _Look(connection, await newest_log(place, trust.log), trust, since, progress)
    try:
        await look.all()
    except PlaceError as error:
        look.add(Rule.SECOND_PLACE, str(error))
    return look.report()


class _Findings:
    """Collects findings; only counts those beyond `MOST`, or beyond `MOST_MOVED` for moved events."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._moved = 0
        self._dropped = 0

    def add(self, finding: Finding) -> None:
        self._moved += finding.rule is Rule.POSITION_DIFFERS
        if len(self._kept) < MOST and (finding.rule is not Rule.POSITION_DIFFERS or self._moved <= MOST_MOVED):
            self._kept.append(finding)
        else:
            self._dropped += 1

    def listed(self) -> tuple[Finding, ...]:
        more = [Finding(Rule.MORE, f"{self._dropped:,} more are not listed")] if self._dropped else []
        return (*self._kept, *more)


@dataclass
class _Look:
    """One verification of the record."""

    connection: Connection
    log: Log
    trust: Trust
    since: Checkpoint | None
    progress: Progress
    found: _Findings = field(default_factory=_Findings)
    newest: Published | None = None
    cosigned: tuple[str, ...] = ()
    unasked: dict[str, None] = field(default_factory=dict)
    expected: dict[int, list[tuple[bytes, str]]] = field(default_factory=dict)
    """Maps a size of the tree to the expected roots, each with the source that states the root."""
    batches: dict[str, str] = field(default_factory=dict)
    """Maps each stated batch of chained rows, as number and hash, to the source that states the batch."""
    checkpoints: int = 0
    stamped: int = 0

    def report(self) -> Report:
        findings, newest = self.found.listed(), self.newest
        return Report(
            verified=not findings,
            origin=self.log.key.name,
            size=newest.checkpoint.size if newest else 0,
            since=self.begin,
            checkpoints=self.checkpoints,
            stamped=None if self.trust.stamped_at is None else self.stamped,
            cosigned=self.cosigned,
            unasked=tuple(self.unasked),
            succeeds=_lines(newest.checkpoint) if newest else (),
            findings=findings,
            newest=newest.note.content if newest and not findings else None,
        )

    def add(self, rule: Rule, message: str) -> None:
        self.found.add(Finding(rule, message))

    @property
    def begin(self) -> int:
        return self.since.size if self.since else 0

    async def all(self) -> None:
        self.newest = await self.log.published()
        if self.newest is None:  # then there must be no event, and no witness may have seen a checkpoint
            await self._witnessed(Checkpoint(self.log.key.name, 0, EMPTY_ROOT))
            if await self.connection.fetchval(LAST) or self.since:
                self.add(Rule.CHECKPOINT_MISSING, "there is no checkpoint at the second place")
            return
        newest = self.newest.checkpoint
        self.cosigned = self._quorum(self.newest)
        await self._since_then(newest)
        await self._succeeded(newest)
        await self._history(newest)
        await self._witnessed(newest)
        await self._rows()
        await self._events(newest.size)

    def _quorum(self, published: Published) -> tuple[str, ...]:
        """Returns the names of a checkpoint's cosigners; adds a finding if they are too few."""
        policy, of = self.trust.policy, f"the checkpoint of {published.checkpoint.size:,} events"
        try:
            cosigned = published.note.signers(one.key for one in policy.witnesses.values())
        except NotSignedError as error:
            self.add(Rule.QUORUM, f"{of}: {error} has not signed this")
            return ()
        names = tuple(sorted(key.name for key in cosigned))
        if not policy.met(cosigned):
            self.add(Rule.QUORUM, f"{of} is cosigned by {', '.join(names) or 'nobody'} alone")
        return names

    async def _since_then(self, newest: Checkpoint) -> None:
        """Checks that the log extends the checkpoint `since`; if not, adds a finding, and all events are checked."""
        since = self.since
        if since is None:
            return
        if since.origin != self.log.key.name:
            message = f"the log that was verified before, {since.origin}, was succeeded by {self.log.key.name}"
        elif since.size <= newest.size and await self._adds(since, newest):
            return
        else:
            message = f"the log does not add to the {since.size:,} events that were verified before"
        self.add(Rule.CHECKPOINT, message)
        self.since = None

    async def _adds(self, since: Checkpoint, newest: Checkpoint) -> bool:
        """Whether the tiles extend the tree of the checkpoint `since` to the tree of the newest checkpoint."""
        if since.size in {0, newest.size}:
            return since.root == (newest.root if since.size else EMPTY_ROOT)
        tree = Tree()
        if since.size & (since.size - 1):
            await self._grow(tree, since.size, newest.size)
        else:
            tree.add(since.root, since.size.bit_length() - 1)
        before = tree.root()
        await self._grow(tree, newest.size, newest.size)
        return (before, tree.root()) == (since.root, newest.root)

    async def _grow(self, tree: Tree, end: int, size: int) -> None:
        """Extends `tree` to `end` leaves, with the tiles of the tree of this `size`."""
        nodes = list(nodes_between(tree.size, end))
        for (level, _), root in zip(nodes, await self.log.hashes(nodes, size), strict=True):
            tree.add(root, level)

    async def _succeeded(self, newest: Checkpoint) -> None:
        """Checks that this log names the last checkpoint of the replaced log, and that no witness saw a later tree."""
        if self.log.number == 1:
            return
        before = Log(self.log.place, self.log.number - 1, self.log.first)
        last = await before.published()
        if last is None or newest.extensions[:1] != (_succession(last.checkpoint),):
            message = f"{self.log.key.name} does not name the last checkpoint of {before.key.name}"
            self.add(Rule.CHECKPOINT_MISSING, message)
            return
        await self._witnessed(last.checkpoint, roots=False)

    async def _history(self, newest: Checkpoint) -> None:
        """Reads every published checkpoint, and notes its root as the expected root at its size."""
        sizes, stamps = await self._sizes(newest)
        later = [size for size in sizes if self.begin < size <= newest.size]
        for start in range(0, len(later), AT_ONCE):
            some = later[start : start + AT_ONCE]
            kept = await asyncio.gather(*(self._kept(size, newest) for size in some))
            await self._look_at_stamps([one for one in kept if one and one.checkpoint.size in stamps])
            self.progress("checkpoints", start + len(some), len(later))
        self._expect(newest, "the newest checkpoint")

    async def _sizes(self, newest: Checkpoint) -> tuple[list[int], set[int]]:
        """Returns the sizes of the stored checkpoints and of the time-stamps after the checkpoint `since`."""
        sizes = await self.log.sizes(HISTORY)
        if not sizes or sizes[-1] != newest.size:
            message = f"the newest checkpoint says {newest.size:,} events, the last one kept {(sizes or [0])[-1]:,}"
            self.add(Rule.CHECKPOINT_MISSING, message)
        stamps = {size for size in await self.log.sizes(STAMPS) if size > self.begin}
        for size in sorted(stamps.difference(sizes)):
            self.add(Rule.CHECKPOINT_MISSING, f"the checkpoint of {size:,} events was time-stamped, and is not kept")
        return sizes, stamps

    async def _kept(self, size: int, newest: Checkpoint) -> Published | None:
        """Returns a stored checkpoint whose signature is valid, and notes its root for comparison with the entries."""
        path = f"{HISTORY}/{size}"
        try:
            published = await self.log.published(path)
        except PlaceError as error:
            self.add(Rule.CHECKPOINT, str(error))
            return None
        if published is None or published.checkpoint.size != size:
            self.add(Rule.CHECKPOINT, f"{path} is not the checkpoint of that size")
            return None
        if size != newest.size:
            self._quorum(published)
        self._expect(published.checkpoint, "the checkpoint")
        self.checkpoints += 1
        return published

    async def _look_at_stamps(self, published: Sequence[Published]) -> None:
        """Checks that each time-stamp is of its checkpoint, by a trusted authority, and not earlier than the events."""
        if self.trust.stamped_at is None:
            return
        paths = [f"{STAMPS}/{one.checkpoint.size}" for one in published]
        tokens = await asyncio.gather(*map(self.log.read, paths))
        rows = await self.connection.fetch(RECORDED, [one.checkpoint.size for one in published])
        recorded: dict[int, datetime] = dict(rows)
        for one, path, token in zip(published, paths, tokens, strict=True):
            at = await self.trust.stamped_at(one.note.text.encode(), token or b"")
            last = recorded.get(one.checkpoint.size)
            if at is None:
                message = "does not say of this checkpoint when an authority that is trusted has seen it"
                self.add(Rule.STAMP, f"{path} {message}")
            elif last is not None and at + LEEWAY < last:
                self.add(Rule.STAMP, f"{path} is of {at.isoformat()}, before the last of its events was recorded")
            else:
                self.stamped += 1

    async def _witnessed(self, newest: Checkpoint, *, roots: bool = True) -> None:
        """Checks that no witness saw a later tree than this checkpoint's; with `roots`, also that the roots agree."""
        for witness in self.trust.policy.witnesses.values():
            seen = await self._seen_by(witness, newest.origin)
            if seen is None:
                continue
            name = witness.key.name
            if seen.size > newest.size:
                message = f"{name} has cosigned {seen.size:,} events of {seen.origin}, here are {newest.size:,}"
                self.add(Rule.CHECKPOINT_MISSING, message)
            elif roots:
                self._expect(seen, name)

    async def _seen_by(self, witness: Witness, origin: str) -> Checkpoint | None:
        """Returns the last checkpoint of a log that a witness cosigned; None if there is none, or no usable answer."""
        if witness.url is None:
            return None
        path = f"{sha256(origin.encode()).hexdigest()}/checkpoint"
        try:
            content = await asyncio.to_thread(_witness_answer, f"{witness.url.rstrip('/')}/{path}")
            if content is None:
                return None
            note = read_note(content)
            seen = checkpoint_in(note)
            cosigned = note.signers([witness.key]) and seen.origin == origin
        except (OSError, HTTPException, ValueError, NotSignedError):
            cosigned = False
        if cosigned:
            return seen
        self.unasked[witness.key.name] = None
        return None

    def _expect(self, checkpoint: Checkpoint, who: str) -> None:
        if checkpoint.size > self.begin:
            self.expected.setdefault(checkpoint.size, []).append((checkpoint.root, who))
            for line in checkpoint.extensions:
                if line.startswith(ROWS):
                    self.batches.setdefault(line.removeprefix(ROWS), f"{who} of {checkpoint.size:,} events")

    async def _rows(self) -> None:
        """Checks that the record has each batch of chained rows that a checkpoint states, with its hash."""
        numbers = [batch.partition(" ")[0] for batch in self.batches]
        there = {row[0] for row in await self.connection.fetch(BATCHES, numbers)} if numbers else set()
        for batch, who in self.batches.items():
            if batch not in there:
                self.add(Rule.ROWS, f"batch {batch.partition(' ')[0]} of the rows is not the one that {who} states")

    async def _events(self, size: int) -> None:
        """Compares the events of the record, page by page, with the entries at the second place."""
        there = Tree()
        await self._grow(there, self.begin, self.begin)
        if self.since and there.root() != self.since.root:
            raise PlaceError("the tiles do not give the root that was verified before")
        async for ours in self._leaves(size):
            first = there.size
            theirs = await self._entries(first, first + len(ours), size)
            if ours != theirs:
                await self._name(first, ours, theirs)
            for data in theirs:
                there.add(leaf_hash(data))
                for root, who in self.expected.get(there.size, ()):
                    if root != there.root():
                        message = f"the first {there.size:,} entries at the second place do not give the root that"
                        self.add(Rule.SECOND_PLACE, f"{message} {who} has")
            self.progress("events", there.size, size)
        if (last := await self.connection.fetchval(LAST)) < size:
            message = f"the record has {last:,} events in order, the newest checkpoint {size:,}"
            self.add(Rule.EVENT_MISSING, message)

    async def _leaves(self, size: int) -> AsyncIterator[list[bytes | None]]:
        """Yields the leaves of the record, page by page; None for a position that has no event."""
        for start in range(self.begin, size, PAGE):
            end = min(start + PAGE, size)
            page: list[bytes | None] = [None] * (end - start)
            for position, stream, seq, digest in await self.connection.fetch(EVENTS, start, end):
                if digest is not None:
                    page[position - start - 1] = leaf(stream, seq, digest)
            yield page

    async def _entries(self, first: int, end: int, size: int) -> list[bytes]:
        """Returns the leaves with the indexes `first` to `end` - 1 of the tree of this size, from the second place."""
        bundles = range(first // WIDTH, -(-end // WIDTH))
        found = await asyncio.gather(*(self.log.tile(ENTRIES, number, size) for number in bundles))
        start = first % WIDTH
        return list(chain.from_iterable(found))[start : start + end - first]

    async def _name(self, first: int, ours: Sequence[bytes | None], theirs: Sequence[bytes]) -> None:
        """Adds a finding for each entry that differs from the record, naming its event as missing, changed or moved."""
        gone: list[tuple[str, int, bytes, int]] = []
        for position, (mine, data) in enumerate(zip(ours, theirs, strict=True), first + 1):
            if mine == data:
                continue
            if event := event_of(data):
                gone.append((*event, position))
            else:
                self.found.add(Finding(Rule.SECOND_PLACE, "no entry of a log", position=position))
        rows = await self.connection.fetch(HASHES, [one[0] for one in gone], [one[1] for one in gone])
        there = {(stream, seq): digest for stream, seq, digest in rows}
        for stream, seq, digest, position in gone:
            rule, message = Rule.POSITION_DIFFERS, "another event, or none, stands at its position"
            if (now := there.get((stream, seq))) is None:
                rule, message = Rule.EVENT_MISSING, "it was checkpointed, and is not in the record"
            elif now != digest:
                rule, message = Rule.EVENT_DIFFERS, "the checkpointed event has another hash"
            self.found.add(Finding(rule, message, stream, seq, position))


def _lines(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Returns the further lines of a checkpoint, without the line about the chained rows."""
    return tuple(line for line in checkpoint.extensions if not line.startswith(ROWS))


def _succession(last: Checkpoint) -> str:
    """Returns the line of a checkpoint that names the last checkpoint of the log that this log replaced."""
    return f"succeeds {last.origin} {last.size} {last.root.hex()}"


def _witness_answer(url: str) -> bytes | None:
    """Returns the answer of a witness; None if the witness has no such log. Raises `OSError` and `HTTPException`."""
    try:
        with urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 -- an address of the auditor's own policy
            return bytes(answer.read(MOST_BYTES + 1))
    except HTTPError as error:
        error.close()
        if error.code == HTTPStatus.NOT_FOUND:
            return None
        raise


async def _run(folder: Path, policy: Policy, since: bytes | None) -> Report:
    import asyncpg  # noqa: PLC0415 -- callers of `verify` bring a connection

    connection = await asyncpg.connect()
    try:
        before = None if since is None else checkpoint_in(read_note(since))
        return await verify(connection, Folder(folder), Trust(policy.logs[0], policy), before)
    finally:
        await connection.close()


def main() -> int:
    """Prints one JSON line for each finding and one for the result. Returns the exit code: 0 only if verified."""
    parser = argparse.ArgumentParser(description="Holds a record against its checkpoints.")
    parser.add_argument("folder", type=Path, help="the second place, or a copy of it")
    parser.add_argument(
        "--policy", type=Path, required=True, help="the log's key and its witnesses: a C2SP tlog-policy"
    )
    parser.add_argument("--since", type=Path, help="a checkpoint that was verified before")
    options = parser.parse_args()
    policy = Policy(options.policy.read_text(encoding="utf-8"))
    if not policy.logs:
        parser.error("the policy names no log")
    report = asdict(asyncio.run(_run(options.folder, policy, options.since and options.since.read_bytes())))
    del report["newest"]
    for line in (*report.pop("findings"), report):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0 if report["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
