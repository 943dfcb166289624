"""Commands and submissions of callers, sent to Temporal by the kit's own calls."""

from dataclasses import dataclass
from typing import Final

from temporalio.client import Client

from activities.ledger.authority.budgets import Work
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
from schemas.ids import StreamId, filing_workflow
from schemas.stream.ledger import Receipt
from schemas.stream.part import on_demand

PATIENCE: Final = 10.0
"""Seconds for which the door itself retries a message; after that the caller has to retry."""


@dataclass(frozen=True)
class Writes:
    """Sends messages in the name of callers. Nothing is remembered from one request to the next.

    All methods raise the kit's errors, and `RefusalError` with `NOT_FOUND` for a filing that the caller may not see: a
    command reveals no more about a filing than a question.
    """

    client: Client
    reads: Reads
    interpreter: Interpreter

    async def send(self, caller: Caller, stream: str, message: Message) -> Receipt:
        """Sends a message to this stream, or one that begins it. The same message again returns the first receipt.

        The program's budget is charged before Temporal gets the message, so that a flood ends here.
        """
        await self._expect_welcome(caller, stream, message)
        return await sent(Sending(Line(self.client, PATIENCE, self.interpreter.voice(caller))), stream, message)

    async def _expect_welcome(self, caller: Caller, stream: str, message: Message) -> None:
        """Charges the program, and raises `RefusalError` if the caller may not see the filing."""
        if isinstance(message, Submission):
            self.reads.charge(caller, stream, Work.SUBMISSION)
            return
        begins, named = isinstance(message, ComplaintStart), StreamId.parse(stream)
        about = filing_workflow(named.filing) if begins or on_demand(named.kind) else stream
        if not await self.reads.sees(caller, about, Work.SUBMISSION if begins else Work.COMMAND):
            raise RefusalError(NOT_FOUND)
