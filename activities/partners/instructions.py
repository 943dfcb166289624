"""Orders for acts on the outside world: an activity reads its order in the log, never in its input.

Anybody with access to Temporal can request an activity, with any input. So the activities for bank, post, signer and
witness receive only a pointer to the order in the log; amount, address, file and signer are read there.
"""

from dataclasses import dataclass
from typing import Any, Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.ledger.database import Pool, acquired
from activities.ledger.findings import Findings
from activities.ledger.vault import FilingKey, Vault
from rules.stream_kind import Kinds, StreamKind
from schemas.base import Model
from schemas.errors import RefusalError
from schemas.ids import StreamId
from views.log import Log, LoggedStream

NOT_ORDERED: Final = "not_ordered"


class Instruction(Model):
    """Points to the order of an act: a stream in the log, the last seq that its run knows, and optionally a `case`."""

    stream: str
    seq: int
    case: int | None = None


class NotOrderedError(ApplicationError):
    """The log does not order this act, or orders it no longer. Nothing was done, and a retry will not help."""

    def __init__(self, given: Instruction) -> None:
        super().__init__(
            f"the log does not order this: {given.stream[:100]} at {given.seq}",
            type=NOT_ORDERED,
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        )


@dataclass(frozen=True)
class Read:
    """A stream in the log. Acts depend on its current `state`; `seen` is the state that the stream's run knows.

    `key` is the filing's key; None if the key is erased.
    """

    id: StreamId
    log: LoggedStream
    state: Any
    seen: Any
    key: FilingKey | None = None


class Instructions:
    """Reads from the log which acts are ordered. Activities store the outcomes of the acts in `findings`."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds
        self.findings = Findings(pool)

    async def read(self, given: Instruction, kind: StreamKind[Any]) -> Read:
        """Returns the stream that an instruction names. Raises `UnfoldableError`, which is retried.

        Raises `NotOrderedError` if the stream is of another kind, does not exist, or ends before the instruction's seq.
        """
        try:
            id_ = StreamId.parse(given.stream)
        except ValueError:
            raise NotOrderedError(given) from None
        if id_.kind != kind.name:
            raise NotOrderedError(given)
        async with acquired(self._pool) as connection:
            try:
                log = await Log(connection, self._vault.find, self._kinds).read(given.stream)
            except RefusalError:
                raise NotOrderedError(given) from None
            key = await self._vault.find(connection, id_.filing)
        if not 0 < given.seq <= len(log.events):
            raise NotOrderedError(given)
        states = list(log.states())
        return Read(id_, log, states[-1], states[given.seq - 1], key)
