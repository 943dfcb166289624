"""Commands and submissions of callers, sent to Temporal by the kit's own calls."""

from dataclasses import dataclass
from typing import Final

from temporalio.client import Client

from gateway.door.identity.speaking import Interpreter
from gateway.door.identity.tokens import Caller
from gateway.door.kept.delivery import sent
from gateway.door.kept.received import Message
from gateway.door.reads import Reads
from motcua.calls.line import Line
from motcua.calls.sending import Sending
from schemas.complaint.state import ComplaintStart
from schemas.errors import NOT_FOUND, RefusalError
from schemas.filing.submission import Submission
from schemas.ids import filing_workflow
from schemas.stream.ledger import Receipt

PATIENCE: Final = 10.0
"""The seconds for which a message is sent again before the caller is told to do so."""


@dataclass(frozen=True)
class Writes:
    """Sends messages in the name of callers. Nothing is remembered from one request to the next.

    All methods raise the kit's errors, and `RefusalError` with `NOT_FOUND` for a filing that the caller may not see: a
    command says no more about a filing than a question does.
    """

    client: Client
    reads: Reads
    interpreter: Interpreter

    async def send(self, caller: Caller, stream: str, message: Message) -> Receipt:
        """Sends a message that begins this stream, or is given to it. The same again returns the first receipt."""
        if not isinstance(message, Submission):
            about = filing_workflow(message.filing_id) if isinstance(message, ComplaintStart) else stream
            await self._expect_visible(caller, about)
        return await sent(Sending(Line(self.client, PATIENCE, self.interpreter.voice(caller))), stream, message)

    async def _expect_visible(self, caller: Caller, stream: str) -> None:
        if not await self.reads.sees(caller, stream):
            raise RefusalError(NOT_FOUND)
