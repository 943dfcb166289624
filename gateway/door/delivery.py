"""Delivers kept messages once Temporal answers: those of one stream in the order of their moments.

Rows are locked during delivery, so that several doors share the work. A message that is delivered twice, since its door
died before it stored the outcome, is recorded once, like any repeated message.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import structlog
from temporalio.client import Client

from activities.ledger.database import ACQUIRE_SECONDS, Connection, Pool
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from gateway.app import PASSING
from gateway.door.received import Outcome, Waiting, sealed_outcome, waiting
from gateway.door.tokens import Caller
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

AT_ONCE: Final = 20
"""The maximum number of messages delivered at the same time."""
LONGEST_PAUSE: Final = 10
"""The maximum seconds between two attempts to deliver a message: the pause doubles after each failure."""
PATIENCE: Final = 5.0
"""The maximum seconds of one attempt."""
_DOUBLINGS: Final = 4
_IDLE: Final = 1.0
"""Seconds between two searches for waiting messages, if the previous search found none that was due."""
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
        """Delivers messages until cancelled; retries while the record is unreachable."""
        while True:
            self._kept.clear()
            try:
                some = await self.some()
            except PASSING as error:
                _log.warning("received.no_record", reason=type(error).__name__)
                some = False
            if not some:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._kept.wait(), _IDLE)

    async def some(self) -> bool:
        """Delivers the messages that are due, at most `AT_ONCE`. Returns False if none was due."""
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
            due = await connection.fetch(_DUE, AT_ONCE)
            messages = [await waiting(connection, self._vault, row) for row in due]
            outcomes = await asyncio.gather(*map(self._outcome, messages))
            failpoint("received.delivered")
            for row, message, outcome in zip(due, messages, outcomes, strict=True):
                await self._note(connection, row, message, outcome)
        return bool(due)

    async def _note(
        self, connection: Connection, row: Mapping[str, Any], message: Waiting | None, outcome: Outcome | None
    ) -> None:
        """Stores the outcome of an attempt: None, to be repeated. A message that nobody can open waits no longer."""
        if message is not None and outcome is None:
            await connection.execute(_LATER, row["id"], min(2 ** min(row["tries"], _DOUBLINGS), LONGEST_PAUSE))
            return
        key = None if outcome is None else await self._vault.find(connection, row["id"])
        sealed = None if key is None or outcome is None else sealed_outcome(key, row["id"], outcome)
        await connection.execute(_DONE, row["id"], sealed)

    async def _outcome(self, message: Waiting | None) -> Outcome | None:
        """Returns the receipt or the refusal of a message; None if there is none yet."""
        if message is None:
            return None
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
        match message.message:
            case Submission() as submission:
                return await sending.submit(submission)
            case ComplaintStart() as complaint:
                return await sending.complain(complaint)
            case command:
                return await sending.act(message.stream, command)


def _refusal(error: Exception) -> Refusal | None:
    """Returns the refusal for which the message is not recorded; None if another attempt may end otherwise."""
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
select id, stream, received_at, sealed, tries from received as one
where done_at is null and next_try <= clock_timestamp() and not exists (
    select from received as earlier
    where earlier.stream = one.stream and earlier.done_at is null
        and (earlier.received_at, earlier.id) < (one.received_at, one.id)
)
order by next_try, received_at limit $1 for update of one skip locked
"""
_LATER: Final = """
update received set tries = tries + 1, next_try = clock_timestamp() + make_interval(secs => $2) where id = $1
"""
_DONE: Final = "update received set outcome = $2, done_at = clock_timestamp() where id = $1"
