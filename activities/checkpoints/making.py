"""Makes a checkpoint: stores the new tiles, proves that they extend the old tree, collects signatures, then publishes.

A run that is killed may leave tiles, which the next run reuses, but never half a checkpoint.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

from obstore.exceptions import BaseError
from pyhanko.sign.timestamps import TimeStamper
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.checkpoints.log import (
    STAMPS,
    CheckpointError,
    Fault,
    Log,
    Place,
    Published,
    add_same,
    log_at,
    newest_log,
)
from activities.ledger.database import Pool, acquired
from activities.ledger.sequencer import chain_rows, last_position, position_appends
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.witness import ContradictedError, Witness
from activities.signature.proof import stamp
from activities.support.seldom import Seldom
from rules.proof.checkpoint import ROWS, Checkpoint
from rules.proof.note import Note, Signature, Signer
from rules.proof.policy import Policy
from rules.proof.tiles import WIDTH, Tile
from rules.proof.tree import EMPTY_ROOT, Leaf, ProofError, verify_consistency
from schemas.stream.checkpoint import MAKE, Made
from views.log import Connection
from views.order import events_after

_LOCK: Final = 8_318_041_120_182_700_001
"""Key of PostgreSQL's advisory lock: only one checkpoint is made at a time."""

_log = logging.getLogger("motcua.checkpoints")

AGAIN: Final = timedelta(seconds=20)
"""Minimum time between two checkpoints made by one worker: each costs requests to witnesses and a time-stamp."""

PAGE: Final = 5_120
"""The number of leaves read at once: twenty bundles of entries."""


@dataclass(frozen=True)
class Setup:
    """The parts needed to make checkpoints.

    The `signer` is the log's key; its name is also the origin of the first log at `place`. Nothing is published without
    the cosignatures that `policy` requires. `alive` is called after every page of events.
    """

    place: Place
    signer: Signer
    policy: Policy = field(default_factory=Policy)
    witnesses: Sequence[Witness] = ()
    stamper: TimeStamper | None = None
    alive: Callable[[], None] = field(default=lambda: None)


async def make(connection: Connection, setup: Setup) -> Published | None:
    """Makes a checkpoint if there are new events; returns the newest one, if any. Raises `CheckpointError`."""
    log = await newest_log(setup.place, setup.signer.verifier.name)
    return await _Making(connection, setup, log).make()


async def begin_anew(connection: Connection, setup: Setup, reason: str) -> Published | None:
    """Makes the first checkpoint of a new log, which names the last checkpoint of the previous log.

    Needed after a restore from a backup that lacks checkpointed events. Witnesses must get the new log's key first.
    Raises the errors of `make`, except `FEWER_EVENTS`, since fewer events are expected here.
    """
    name = setup.signer.verifier.name
    before = await newest_log(setup.place, name)
    last = await before.newest(setup.signer.named(before.origin).verifier)
    if last is None:
        raise CheckpointError(Fault.MISSING, "there is no log yet that another could succeed")
    old = last.checkpoint
    lines = (f"succeeds {old.origin} {old.size} {old.root.hex()}", f"reason {reason}")
    log = log_at(setup.place, name, before.number + 1)
    return await _Making(connection, setup, log, lines).make()


@dataclass(frozen=True)
class _Making:
    connection: Connection
    setup: Setup
    log: Log
    extensions: tuple[str, ...] = ()

    @property
    def signer(self) -> Signer:
        return self.setup.signer.named(self.log.origin)

    async def make(self) -> Published | None:
        """Makes the checkpoint under a database lock. Raises `CheckpointError`, also if the lock is taken."""
        if not await self.connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            raise CheckpointError(Fault.BUSY, "another checkpoint is being made just now")
        try:
            return await self._made()
        finally:
            await self.connection.execute("select pg_advisory_unlock($1)", _LOCK)

    async def _made(self) -> Published | None:
        before = await self.log.newest(self.signer.verifier)
        seen = before.checkpoint if before else Checkpoint(self.log.origin, 0, EMPTY_ROOT, self.extensions)
        size = await self._extended(seen)
        if before is None or size > seen.size:
            if not size:
                return None
            lines = (*(line for line in seen.extensions if not line.startswith(ROWS)), *await self._rows())
            checkpoint = Checkpoint(seen.origin, size, await self.log.root(size), lines)
            try:
                proof = await self.log.consistency(seen.size, size)
                verify_consistency(seen.size, seen.root, size, checkpoint.root, proof)
            except ProofError:
                message = "the tiles at the second place do not add to the last checkpoint"
                raise CheckpointError(Fault.DAMAGED, message) from None
            note = Note(checkpoint.text).signed(self.signer.sign(checkpoint.text))
            before = await self.log.publish(Published(checkpoint, await self._cosigned(note, seen.size)))
        await self._stamp(before)
        return before

    async def _rows(self) -> list[str]:
        """Chains the rows of tables beside the log. Returns the line about the last batch; empty if there is none."""
        while await chain_rows(self.connection):
            pass
        last = await self.connection.fetchrow("select n, hash from row_batch where n > 0 order by n desc limit 1")
        return [] if last is None else [f"{ROWS}{last['n']} {last['hash'].hex()}"]

    async def _extended(self, seen: Checkpoint) -> int:
        """Stores the tiles of the new events at the second place; returns the number of all events."""
        while await position_appends(self.connection):
            pass
        last = await last_position(self.connection)
        if last < seen.size:
            raise CheckpointError(
                Fault.FEWER_EVENTS, f"the record has {last:,} events in order, the last checkpoint {seen.size:,}"
            )
        if seen.size:  # then the last checkpointed events must be those of the record
            number = (seen.size - 1) // WIDTH
            there = await self.log.entries(number, seen.size)
            async for page in _leaves(self.connection, number * WIDTH, seen.size):
                if [leaf.data for leaf in page] != there:
                    message = "the last checkpointed events are not those of the record"
                    raise CheckpointError(Fault.OTHER_EVENTS, message)
        tree = await self.log.tree(seen.size)
        async for page in _leaves(self.connection, seen.size, last):
            await self._keep([tile for leaf in page for tile in tree.add(leaf.data)])
            self.setup.alive()
        await self._keep(list(tree.edge()))
        return tree.size

    async def _keep(self, tiles: Sequence[tuple[Tile, bytes]]) -> None:
        await asyncio.gather(*(add_same(self.log.place, tile.path, content) for tile, content in tiles))

    async def _cosigned(self, note: Note, seen: int) -> Note:
        """Returns the note with the witnesses' cosignatures. Raises `CheckpointError` if the policy is not met."""
        size = Checkpoint.read(note.text).size
        found = await asyncio.gather(
            *(self._cosignature(witness, note, seen, size) for witness in self.setup.witnesses)
        )
        signed = {witness.key: one for witness, one in zip(self.setup.witnesses, found, strict=True) if one is not None}
        if not self.setup.policy.met(signed):
            names = ", ".join(key.name for key in signed) or "nobody"
            raise CheckpointError(Fault.NO_QUORUM, f"cosigned by {names} alone: nothing is published")
        return note.signed(*signed.values())

    async def _cosignature(self, witness: Witness, note: Note, seen: int, size: int) -> Signature | None:
        try:
            return await witness.cosign(note, seen, lambda old: self.log.consistency(old, size))
        except ContradictedError as error:
            raise CheckpointError(Fault.CONTRADICTED, str(error)) from None
        except (UnreachableError, RejectedError) as error:
            _log.warning("checkpoint.not_cosigned", extra={"witness": witness.key.name, "reason": str(error)})
            return None

    async def _stamp(self, published: Published) -> None:
        """Gets a time-stamp for the published checkpoint, once. Raises `CheckpointError` if no token is obtained."""
        path = f"{STAMPS}/{published.checkpoint.size}"
        if self.setup.stamper is None or await self.log.place.read(path) is not None:
            return
        digest = sha256(published.note.text.encode()).digest()
        if (token := await stamp(self.setup.stamper, digest)) is None:
            raise CheckpointError(Fault.NOT_STAMPED, "the checkpoint is published, but nobody has time-stamped it")
        await self.log.place.add(path, token[0])


class Checkpoints:
    """The activity that makes checkpoints according to the setup."""

    def __init__(self, pool: Pool, setup: Setup | None) -> None:
        """`setup` is None if no checkpoints are made here."""
        self._pool = pool
        self._setup = setup
        self._seldom = Seldom(AGAIN)

    @activity.defn(name=MAKE)
    async def make(self) -> Made:
        """Makes a checkpoint of all events, at most one every `AGAIN`. The type of an error names the `Fault`."""
        if self._setup is None:
            raise ApplicationError("MOTCUA_CHECKPOINTS is not set", type="not_set_up", non_retryable=True)
        setup = replace(self._setup, alive=activity.heartbeat)
        try:
            with self._seldom.turn():
                async with acquired(self._pool) as connection:
                    made = await make(connection, setup)
        except CheckpointError as error:
            raise ApplicationError(str(error), type=error.fault) from None
        except BaseError as error:
            raise ApplicationError(f"the second place: {type(error).__name__}", type="second_place") from None
        if made is None:
            return Made(origin=setup.signer.verifier.name, size=0)
        cosigned = sum(one.id in {key.key.id for key in setup.witnesses} for one in made.note.signatures)
        found = made.checkpoint
        return Made(origin=found.origin, size=found.size, root=found.root.hex(), cosigned=cosigned)


async def _leaves(connection: Connection, after: int, last: int) -> AsyncIterator[list[Leaf]]:
    """Yields pages of leaves from position `after` + 1 to `last`. Raises `CheckpointError` at a gap."""
    for start in range(after, last, PAGE):
        end = min(start + PAGE, last)
        found = await events_after(connection, start, end - start)
        page = [Leaf(one.stream, one.seq, one.hash) for one in found if one.position <= end and one.hash is not None]
        if len(page) != end - start:
            raise CheckpointError(Fault.NO_ORDER, "a position of the record has no event; see: motcua ledger verify")
        yield page
