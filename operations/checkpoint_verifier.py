"""Whether the record still holds every event that was checkpointed, at its place: against what lies elsewhere.

All hashes of the record may have been made anew: the entries at the second place say what stood there, the signed and
cosigned checkpoints that these are the entries, and the witnesses that no checkpoint is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import Final, Literal

from activities.checkpoints.events import last_position, leaves
from activities.checkpoints.log import STAMPS, Log, Published, log_at, newest_log
from activities.checkpoints.making import REASON, SUCCEEDS, succession
from activities.checkpoints.place import CheckpointError, Fault, Place
from activities.partners.http import UnreachableError
from activities.partners.witness import Witness
from activities.signature.proof import stamped_at
from activities.signature.trust import Trust as Authorities
from rules.proof.checkpoint import Checkpoint
from rules.proof.leaf import Leaf, LeafError, read
from rules.proof.note import NoteError, Verifier, signers
from rules.proof.policy import Policy
from rules.proof.tiles import WIDTH, TileError
from rules.proof.tree import EMPTY_ROOT, Frontier, ProofError, leaf_hash, verify_consistency
from views.log import Connection

AT_ONCE: Final = 50
"""So many checkpoints are read at the same time."""
LEEWAY: Final = timedelta(minutes=5)
"""By so much may the clocks of the record and of an authority differ."""
MOST: Final = 10_000
MOST_MOVED: Final = 100
"""Of places that changed: one event that is taken out, with all numbers after it made anew, moves every later one."""

Progress = Callable[[Literal["checkpoints", "events"], int, int], None]


class Rule(StrEnum):
    """What does not hold; `docs/ledger.md` says each in full."""

    EVENT_MISSING = "event_missing"
    EVENT_DIFFERS = "event_differs"
    POSITION_DIFFERS = "position_differs"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_MISSING = "checkpoint_missing"
    QUORUM = "quorum"
    SECOND_PLACE = "second_place"
    STAMP = "stamp"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `position`, `stream` and `seq` say where; None where it does not apply."""

    rule: Rule
    message: str
    stream: str | None = None
    seq: int | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at and found; `verified` means that nothing was.

    Attributes:
        origin: The log.
        size: How many events the newest checkpoint is of; what came later is not looked at.
        since: How many of them were taken as verified before.
        checkpoints: How many checkpoints were held against the events.
        stamped: How many of them an authority that is trusted has time-stamped; None where nobody is trusted.
        cosigned: Names of the witnesses that have cosigned the newest one.
        unasked: Names of the witnesses that could not be asked.
        succeeds: Where the log took the place of another: what it says of that, and why.
        newest: The newest checkpoint with its signatures, as bytes, if it holds.
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
    """Who is believed.

    Attributes:
        log: The log's key, under the name of the first log.
        policy: Whose cosignatures are needed.
        witnesses: Who is asked what they have seen.
        authorities: Who may time-stamp; without them nobody looks at the stamps.
    """

    log: Verifier
    policy: Policy = field(default_factory=Policy)
    witnesses: Sequence[Witness] = ()
    authorities: Authorities | None = None


async def verify(
    connection: Connection,
    place: Place,
    trust: Trust,
    since: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hold the record against its checkpoints.

    Args:
        connection: To the record, as any role that may read `event` and `position`.
        place: The second place.
        trust: Who is believed.
        since: A checkpoint that was verified before, of the same log: events up to there are not looked at again, but
            the log must add to it.
        progress: Told of what, and how many of how many were looked at.

    Raises what the record and the second place raise.
    """
    log = await newest_log(place, trust.log.name)
    before = log_at(place, trust.log.name, log.number - 1) if log.number > 1 else None
    look = _Look(connection, log, before, trust, since, progress or _silent)
    try:
        await look.all()
    except (CheckpointError, TileError) as error:
        look.found.add(Finding(Rule.SECOND_PLACE, str(error)))
    return look.report()


class _Findings:
    """Findings, as many as are listed."""

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


class _Look:
    """One look at the record."""

    def __init__(
        self,
        connection: Connection,
        log: Log,
        before: Log | None,
        trust: Trust,
        since: Checkpoint | None,
        progress: Progress,
    ) -> None:
        self.found = _Findings()
        self._connection = connection
        self._log = log
        self._before = before
        self._trust = trust
        self._key = self._key_of(log)
        self._since = since
        self._progress = progress
        self._newest: Published | None = None
        self._cosigned: tuple[str, ...] = ()
        self._unasked: dict[str, None] = {}
        self._expected: dict[int, list[tuple[bytes, str]]] = {}
        """For some sizes of the tree: what its root must be, and who says so."""
        self._checkpoints = 0
        self._stamped = 0

    def report(self) -> Report:
        findings = self.found.listed()
        newest = self._newest
        return Report(
            verified=not findings,
            origin=self._log.origin,
            size=newest.checkpoint.size if newest else 0,
            since=self._begin,
            checkpoints=self._checkpoints,
            stamped=None if self._trust.authorities is None else self._stamped,
            cosigned=self._cosigned,
            unasked=tuple(self._unasked),
            succeeds=newest.checkpoint.extensions if newest else (),
            findings=findings,
            newest=bytes(newest.note) if newest and not findings else None,
        )

    def _key_of(self, log: Log) -> Verifier:
        return Verifier(log.origin, self._trust.log.kind, self._trust.log.public)

    @property
    def _begin(self) -> int:
        return self._since.size if self._since else 0

    async def all(self) -> None:
        self._newest = await self._log.newest(self._key)
        if self._newest is None:
            await self._none()
            return
        newest = self._newest.checkpoint
        self._cosigned = self._quorum(self._newest)
        await self._since_then(newest)
        await self._succeeded(newest)
        await self._history(newest)
        await self._witnessed(newest)
        await self._events(newest)

    async def _none(self) -> None:
        """No checkpoint is right only where there is no event, and no witness has seen one."""
        nothing = Checkpoint(self._log.origin, 0, EMPTY_ROOT)
        await self._witnessed(nothing)
        if await last_position(self._connection) or self._since:
            self.found.add(Finding(Rule.CHECKPOINT_MISSING, "there is no checkpoint at the second place"))

    def _quorum(self, published: Published) -> tuple[str, ...]:
        """Who has cosigned a checkpoint; too few is a finding."""
        policy, size = self._trust.policy, published.checkpoint.size
        try:
            cosigned = {one.by for one in signers(published.note, [one.key for one in policy.witnesses.values()])}
        except NoteError as error:
            self.found.add(Finding(Rule.QUORUM, f"the checkpoint of {size:,} events: {error}"))
            return ()
        if not policy.met(cosigned):
            names = ", ".join(sorted(key.name for key in cosigned)) or "nobody"
            self.found.add(Finding(Rule.QUORUM, f"the checkpoint of {size:,} events is cosigned by {names} alone"))
        return tuple(sorted(key.name for key in cosigned))

    async def _history(self, newest: Checkpoint) -> None:
        """Every checkpoint that was published says what the tree was at its size."""
        sizes = await self._log.sizes()
        if not sizes or sizes[-1] != newest.size:
            message = f"the newest checkpoint says {newest.size:,} events, the last one kept {(sizes or [0])[-1]:,}"
            self.found.add(Finding(Rule.CHECKPOINT_MISSING, message))
        stamps = {size for size in await self._log.sizes(STAMPS) if size > self._begin}
        for size in sorted(stamps.difference(sizes)):
            message = f"the checkpoint of {size:,} events was time-stamped, and is not kept"
            self.found.add(Finding(Rule.CHECKPOINT_MISSING, message))
        later = [size for size in sizes if self._begin < size <= newest.size]
        for start in range(0, len(later), AT_ONCE):
            some = later[start : start + AT_ONCE]
            kept = await asyncio.gather(*(self._kept(size, newest) for size in some))
            await self._look_at_stamps([one for one in kept if one and one.checkpoint.size in stamps])
            self._progress("checkpoints", start + len(some), len(later))
        self._expect(newest, "the newest checkpoint")

    async def _kept(self, size: int, newest: Checkpoint) -> Published | None:
        """A checkpoint of before: the log's key has signed it, and its root is held against the entries."""
        try:
            published = await self._log.at(size, self._key)
        except CheckpointError as error:
            self.found.add(Finding(Rule.CHECKPOINT, str(error)))
            return None
        if published is None or published.checkpoint.size != size:
            self.found.add(Finding(Rule.CHECKPOINT, f"checkpoints/{size} is not the checkpoint of that size"))
            return None
        if size != newest.size:
            self._quorum(published)
        self._expect(published.checkpoint, "the checkpoint")
        self._checkpoints += 1
        return published

    async def _look_at_stamps(self, published: Sequence[Published]) -> None:
        """Each is of its checkpoint, by an authority that is trusted, and not from before the events."""
        authorities = self._trust.authorities
        if authorities is None:
            return
        paths = [f"{STAMPS}/{one.checkpoint.size}" for one in published]
        tokens = await asyncio.gather(*map(self._log.place.read, paths))
        rows = await self._connection.fetch(_RECORDED, [one.checkpoint.size for one in published])
        recorded: dict[int, datetime] = dict(rows)
        for one, token in zip(published, tokens, strict=True):
            size = one.checkpoint.size
            at = await stamped_at(one.note.text.encode(), token or b"", authorities)
            if at is None:
                message = f"stamps/{size} does not say of this checkpoint when an authority that is trusted has seen it"
                self.found.add(Finding(Rule.STAMP, message))
            elif size in recorded and at + LEEWAY < recorded[size]:
                message = f"stamps/{size} is of {at.isoformat()}, before the last of its events was recorded"
                self.found.add(Finding(Rule.STAMP, message))
            else:
                self._stamped += 1

    async def _witnessed(self, newest: Checkpoint) -> None:
        """No witness has seen a later tree than the newest checkpoint, or another one."""
        for witness in self._trust.witnesses:
            seen = await self._seen_by(witness, self._log.origin)
            if seen is None:
                continue
            if seen.size > newest.size:
                self.found.add(_seen_more(witness, seen, newest))
            else:
                self._expect(seen, witness.key.name)

    async def _seen_by(self, witness: Witness, origin: str) -> Checkpoint | None:
        """What a witness has cosigned of a log last; None where it knows of none, or gives no answer."""
        try:
            seen = await witness.newest(origin)
        except UnreachableError:
            self._unasked[witness.key.name] = None
            return None
        return seen and seen[0]

    async def _since_then(self, newest: Checkpoint) -> None:
        """The log adds to what was verified before; else all of it is looked at again."""
        since = self._since
        if since is None:
            return
        if since.origin != self._log.origin:
            message = f"the log that was verified before, {since.origin}, was succeeded by {self._log.origin}"
            self.found.add(Finding(Rule.CHECKPOINT, message))
            self._since = None
            return
        try:
            proof = await self._log.consistency(since.size, newest.size)
            verify_consistency(since.size, since.root, newest.size, newest.root, proof)
        except ProofError:
            message = f"the log does not add to the {since.size:,} events that were verified before"
            self.found.add(Finding(Rule.CHECKPOINT, message))
            self._since = None

    async def _succeeded(self, newest: Checkpoint) -> None:
        """A log that took the place of another names its last checkpoint, and the witnesses have seen no later one."""
        if self._before is None:
            return
        last = await self._before.newest(self._key_of(self._before))
        if last is None or newest.extensions[:1] != (succession(last.checkpoint),):
            message = f"{self._log.origin} does not name the last checkpoint of {self._before.origin}"
            self.found.add(Finding(Rule.CHECKPOINT_MISSING, message))
            return
        for witness in self._trust.witnesses:
            if (seen := await self._seen_by(witness, self._before.origin)) and seen.size > last.checkpoint.size:
                self.found.add(_seen_more(witness, seen, last.checkpoint))

    def _expect(self, checkpoint: Checkpoint, who: str) -> None:
        if checkpoint.size > self._begin:
            self._expected.setdefault(checkpoint.size, []).append((checkpoint.root, who))

    async def _events(self, newest: Checkpoint) -> None:
        """The events of the record, page by page, beside those at the second place."""
        there = await self._frontier()
        async for ours in leaves(self._connection, self._begin, newest.size):
            first = there.size
            theirs = await self._entries(first, first + len(ours), newest.size)
            if [leaf and leaf.data for leaf in ours] != theirs:
                await self._name(first, ours, theirs)
            for data in theirs:
                there.append(leaf_hash(data))
                if there.size in self._expected:
                    self._hold(there.size, there.root())
            self._progress("events", there.size, newest.size)
        if (last := await last_position(self._connection)) < newest.size:
            message = f"the record has {last:,} events in order, the newest checkpoint {newest.size:,}"
            self.found.add(Finding(Rule.EVENT_MISSING, message))

    async def _entries(self, first: int, end: int, size: int) -> list[bytes]:
        """The leaves from one to another, without it, of the tree of that size."""
        bundles = range(first // WIDTH, -(-end // WIDTH))
        found = await asyncio.gather(*(self._log.entries(number, size) for number in bundles))
        start = first % WIDTH
        return list(chain.from_iterable(found))[start : start + end - first]

    async def _frontier(self) -> Frontier:
        """The tree that was verified before, by the tiles."""
        frontier = Frontier(self._begin, await self._log.frontier(self._begin))
        if self._since and frontier.root() != self._since.root:
            raise CheckpointError(Fault.DAMAGED, "the tiles do not give the root that was verified before")
        return frontier

    def _hold(self, size: int, root: bytes) -> None:
        for expected, who in self._expected[size]:
            if expected != root:
                message = f"the first {size:,} entries at the second place do not give the root that {who} has"
                self.found.add(Finding(Rule.SECOND_PLACE, message))

    async def _name(self, first: int, ours: Sequence[Leaf | None], theirs: Sequence[bytes]) -> None:
        """Say what became of each event that is not where it was."""
        gone: list[tuple[int, Leaf]] = []
        for position, (leaf, data) in enumerate(zip(ours, theirs, strict=True), first + 1):
            if leaf is not None and leaf.data == data:
                continue
            try:
                gone.append((position, read(data)))
            except LeafError:
                self.found.add(Finding(Rule.SECOND_PLACE, "no entry of a log", position=position))
        there = await self._hashes(leaf for _, leaf in gone)
        for position, leaf in gone:
            self.found.add(_told(position, leaf, there.get((leaf.stream, leaf.seq))))

    async def _hashes(self, wanted: Iterable[Leaf]) -> dict[tuple[str, int], bytes]:
        """The hashes that the record has for these events now."""
        named = list(wanted)
        rows = await self._connection.fetch(_HASHES, [one.stream for one in named], [one.seq for one in named])
        return {(stream, seq): digest for stream, seq, digest in rows}


_RECORDED: Final = """
select position, recorded_at from position join event using (stream, seq) where position = any($1::bigint[])
"""
_HASHES: Final = """
select stream, seq, hash from event join unnest($1::text[], $2::int[]) as asked (stream, seq) using (stream, seq)
"""


def _told(position: int, leaf: Leaf, digest: bytes | None) -> Finding:
    where = (leaf.stream, leaf.seq, position)
    if digest is None:
        return Finding(Rule.EVENT_MISSING, "it was checkpointed, and is not in the record", *where)
    if digest != leaf.hash:
        return Finding(Rule.EVENT_DIFFERS, "the checkpointed event has another hash", *where)
    return Finding(Rule.POSITION_DIFFERS, "another event, or none, stands at its position", *where)


def _seen_more(witness: Witness, seen: Checkpoint, newest: Checkpoint) -> Finding:
    message = f"{witness.key.name} has cosigned {seen.size:,} events of {seen.origin}, here are {newest.size:,}"
    return Finding(Rule.CHECKPOINT_MISSING, message)


def said_of(extensions: Sequence[str]) -> str | None:
    """What a log says of the one that it succeeds, in one line."""
    if not extensions or not extensions[0].startswith(f"{SUCCEEDS} "):
        return None
    return "; ".join(line.removeprefix(f"{REASON} ") for line in extensions)


def _silent(_what: str, _done: int, _of: int) -> None:
    pass
