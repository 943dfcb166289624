"""Commands and submissions of callers, sent to Temporal by the kit's own calls."""

from dataclasses import dataclass

from temporalio.client import Client

from gateway.door.reads import Reads
from gateway.door.speaking import Interpreter
from gateway.door.tokens import Caller
from motcua.calls.line import Line
from motcua.calls.sending import Sending
from schemas.complaint.state import ComplaintStart
from schemas.errors import NOT_FOUND, RefusalError
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.ids import filing_workflow
from schemas.stream.ledger import Receipt

PATIENCE = 10.0
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

    async def submit(self, caller: Caller, submission: Submission) -> Receipt:
        """Files. The same submission again returns the first receipt."""
        return await self._sending(caller).submit(submission)

    async def complain(self, caller: Caller, complaint: ComplaintStart) -> Receipt:
        """Begins a complaint. The same complaint again returns the first receipt."""
        await self._expect_visible(caller, filing_workflow(complaint.filing_id))
        return await self._sending(caller).complain(complaint)

    async def act(self, caller: Caller, stream: str, command: Command) -> Receipt:
        """Gives a command. The same command again returns the first receipt."""
        await self._expect_visible(caller, stream)
        return await self._sending(caller).act(stream, command)

    async def _expect_visible(self, caller: Caller, stream: str) -> None:
        if not await self.reads.sees(caller, stream):
            raise RefusalError(NOT_FOUND)

    def _sending(self, caller: Caller) -> Sending:
        return Sending(Line(self.client, PATIENCE, self.interpreter.voice(caller)))
