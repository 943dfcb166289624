"""What an act outside is to do stands in the log, never in what asks for it.

Whoever reaches Temporal can ask a worker for an activity, with any input. So what reaches a bank, the post, a signer or
a witness is given the place in the log that orders it, and nothing to do it with: amount, address, file and signer are
read there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.ledger.vault import Vault
from rules.stream_kind import Kinds, StreamKind
from schemas.base import Model
from schemas.errors import RefusalError
from schemas.ids import StreamId
from views.log import Log, Told

NOT_ORDERED: Final = "not_ordered"


class Instruction(Model):
    """The place in the log that orders an act: a stream, the seq that its run knows, and optionally a `case`."""

    stream: str
    seq: int
    case: int | None = None


class NotOrderedError(ApplicationError):
    """The log orders no such act, or no longer: final, and nothing was done."""

    def __init__(self, given: Instruction) -> None:
        super().__init__(
            f"the log does not order this: {given.stream[:100]} at {given.seq}",
            type=NOT_ORDERED,
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        )


@dataclass(frozen=True)
class Read:
    """A stream in the log: its `state` now, by which alone anything is done, and as its run has `seen` it."""

    id: StreamId
    log: Told
    state: Any
    seen: Any


class Instructions:
    """Reads in the log what acts are ordered to do."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds

    async def read(self, given: Instruction, kind: StreamKind[Any]) -> Read:
        """The stream of an instruction to one of this kind.

        Raises `NotOrderedError` for a stream of another kind, one that the log does not hold, and one of which the log
        holds less than the run knows. Raises `UnfoldableError`, to be tried again.
        """
        try:
            id_ = StreamId.parse(given.stream)
        except ValueError:
            raise NotOrderedError(given) from None
        if id_.kind != kind.name:
            raise NotOrderedError(given)
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                try:
                    log = await Log(connection, self._vault.find, self._kinds).read(given.stream)
                except RefusalError:
                    raise NotOrderedError(given) from None
        if not 0 < given.seq <= len(log.events):
            raise NotOrderedError(given)
        states = list(log.states())
        return Read(id_, log, states[-1], states[given.seq - 1])
