"""Delivers kept messages once Temporal answers: those of one stream in the order of their receipt.

Rows are locked during delivery, so that several doors share the work. A message that is delivered twice, since its door
died before it stored the outcome, is recorded once, like any repeated message.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from gateway.door.identity.tokens import Caller
from gateway.door.kept.received import Message, Outcome, Waiting, sealed_outcome, waiting
from gateway.driving import drive
from motcua.calls.line import Line
from motcua.calls.sending import Sending
from motcua.errors import (
    FilingClosed,
    FilingNotAvailable,
    InternalError,
    LedgerConflict,
    NotReady,
    RefusedError,
    TooMany,
)
from motcua.signing import Voice
from schemas.complaint.state import ComplaintStart
from schemas.errors import NOT_FOUND, Refusal, RefusalCode, problem
from schemas.filing.submission import Submission
from schemas.stream.ledger import Receipt
from views.log import SealBrokenError

AT_ONCE: Final = 20
"""The maximum number of messages delivered at the same time."""
LONGEST_PAUSE: Final = 10
"""The maximum seconds between two attempts to deliver a message: the pause doubles after each failure."""
PATIENCE: Final = 5.0
"""The maximum seconds of one attempt."""
_CLOSED: Final = Refusal(code=RefusalCode.NOT_ALLOWED, problems=(problem("", "filing_closed"),))

_log = structlog.stdlib.get_logger("motcua.door")


class Delivery:
    """Delivers kept messages in the names of their senders. `kept`: set after a message is stored.

    `voice`: returns the voice that signs a caller's messages.
    """

    def __init__(
        self, pool: Pool, vault: Vault, client: Client, voice: Callable[[Caller], Voice], kept: asyncio.Event
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._client = client
        self._voice = voice
        self._kept = kept

    async def forever(self) -> None:
        """Delivers messages until cancelled; retries while the record, or the manager of its keys, is unreachable."""
        await drive(self._some_if_there, self._kept)

    async def _some_if_there(self) -> bool:
        try:
            return await self.some()
        except ApplicationError as error:
            _log.warning("received.no_record", reason=error.type)
            return False

    async def some(self) -> bool:
        """Delivers the messages that are due, at most `AT_ONCE`. Returns False if none was due."""
        async with acquired(self._pool) as connection, connection.transaction():
            due = await connection.fetch(_DUE, AT_ONCE)
            opened = [await self._opened(connection, row) for row in due]
            messages = [one for one in opened if one is not None]
            outcomes = await asyncio.gather(*map(self._outcome, messages))
            failpoint("received.delivered")
            for message, outcome in zip(messages, outcomes, strict=True):
                sealed = None if outcome is None else sealed_outcome(message, outcome)
                await (_put_off(connection, message.id) if sealed is None else _end(connection, message.id, sealed))
        return bool(due)

    async def _opened(self, connection: Connection, row: Mapping[str, Any]) -> Waiting | None:
        """Returns the message of a row; None if it can't be decrypted. Gives up a message whose key was erased."""
        try:
            message = await waiting(connection, self._vault, row)
        except SealBrokenError:
            _log.error("received.not_opened", stream=row["stream"])
            await _put_off(connection, row["id"])
            return None
        if message is None:
            await _end(connection, row["id"], None)
        return message

    async def _outcome(self, message: Waiting) -> Outcome | None:
        """Returns the receipt or the refusal of a message; None if there is none yet."""
        try:
            return Outcome(received_at=message.received_at, receipt=await self._sent(message))
        except Exception as error:  # noqa: BLE001 -- any error is logged and delays only its own stream
            if (refusal := _refusal(error)) is not None:
                return Outcome(received_at=message.received_at, refusal=refusal)
            _log.warning("received.not_delivered", stream=message.stream, reason=type(error).__name__)
            return None

    async def _sent(self, message: Waiting) -> Receipt:
        voice = self._voice(message.caller)
        how = replace(voice.authenticated, received_at=message.received_at)
        sending = Sending(Line(self._client, PATIENCE, replace(voice, authenticated=how)))
        return await sent(sending, message.stream, message.message)


async def sent(sending: Sending, stream: str, message: Message) -> Receipt:
    """Sends a message by the kit's call for it, and returns the receipt. Raises the kit's errors."""
    match message:
        case Submission():
            return await sending.submit(message)
        case ComplaintStart():
            return await sending.complain(message)
        case _:
            return await sending.act(stream, message)


async def _put_off(connection: Connection, row_id: UUID) -> None:
    await connection.execute(_LATER, row_id, LONGEST_PAUSE)


async def _end(connection: Connection, row_id: UUID, outcome: bytes | None) -> None:
    await connection.execute(_DONE, row_id, outcome)


def _refusal(error: Exception) -> Refusal | None:
    """Returns the refusal for which the message is not recorded; None if a further attempt may succeed."""
    match error:
        case InternalError() | LedgerConflict() | NotReady() | TooMany():
            return None
        case RefusedError(refusal=refusal):
            return refusal
        case FilingClosed():
            return _CLOSED
        case FilingNotAvailable():
            return NOT_FOUND
        case _:
            return None


_DUE: Final = """
select id, stream, received_at, sealed from received as one
where done_at is null and next_try <= clock_timestamp() and not exists (
    select from received as earlier
    where earlier.stream = one.stream and earlier.done_at is null
        and (earlier.received_at, earlier.id) < (one.received_at, one.id)
)
order by next_try, received_at limit $1 for update of one skip locked
"""
_LATER: Final = """
update received set tries = tries + 1,
    next_try = clock_timestamp() + make_interval(secs => least(2 ^ least(tries, 16), $2::float8))
where id = $1
"""
_DONE: Final = "update received set outcome = $2, done_at = clock_timestamp() where id = $1"
