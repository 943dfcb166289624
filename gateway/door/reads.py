"""Answers to questions, from the record, in the door's own process: no workflow is started for them (ADR 0036)."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

from activities.ledger.authority.budgets import Work
from activities.ledger.authority.principals import Guard
from activities.ledger.authority.readers import readers_of
from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import Vault
from activities.views import Session, Views
from gateway.door.identity.speaking import Interpreter
from gateway.door.identity.tokens import Caller
from schemas import reading as rd
from schemas.identity.statement import Proved
from schemas.ids import filing_workflow

_NEVER: Final = filing_workflow(UUID(int=0))
"""The stream of a filing that never exists."""


@dataclass(frozen=True)
class Reads:
    """Reads the record in callers' names. Each answer is recorded as a look at the filing, as in the workflow `View`.

    PostgreSQL shows the door only the filings that the caller may read, according to token and directory alone.
    """

    views: Views
    guard: Guard
    interpreter: Interpreter
    pool: Pool
    vault: Vault

    async def answer(self, caller: Caller, question: rd.Question, by: "Connection | None" = None) -> object:
        """Returns the answer. Raises `RefusalError`; `ApplicationError` if the record can't be read.

        `by`: the connection to read by; if None, one is taken from the pool. The answer to a question that waits for
        changes is read by another connection, so that none is occupied meanwhile.
        """
        proved = self._charged(caller, question, Work.QUESTION)
        asked = rd.QuestionRequest(question=question, content=proved.statement.content, look=uuid4())
        waits = isinstance(question, rd.AskChanges) and question.wait
        async with acquired(self.pool) if by is None else nullcontext(by) as connection:
            session = await self._session(connection, caller, question, proved)
            if not waits:
                return await self.views.answer_model(asked, session)
        return await self.views.changed(asked, replace(session, connection=None))

    def charge(self, caller: Caller, stream: str, work: Work) -> None:
        """Charges the caller's program for a message to this stream. Raises `RefusalError` if its budget is spent."""
        self._charged(caller, rd.AskReceipt(stream=stream), work)

    async def sees(self, caller: Caller, stream: str, work: Work) -> bool:
        """Whether the caller may see the filing of this stream; False also if there is no such filing.

        The caller's program is charged for `work`, the message that is to follow. Raises `RefusalError` if its budget
        is spent, or if the caller may see no filing at all.
        """
        question = rd.AskReceipt(stream=stream)
        proved = self._charged(caller, question, work)
        asked = rd.QuestionRequest(question=question, content=proved.statement.content, look=uuid4())
        async with acquired(self.pool) as connection:
            return await self.views.sees(asked, await self._session(connection, caller, question, proved))

    async def admit(self, caller: Caller, *, writes: bool) -> None:
        """Charges the caller's program for an act that is about no filing.

        Raises `RefusalError` if the program may not speak for the caller, or if its budget is spent.
        """
        await self.sees(caller, _NEVER, Work.SUBMISSION if writes else Work.QUESTION)

    async def _session(self, connection: Connection, caller: Caller, question: rd.Question, proved: Proved) -> Session:
        link = getattr(question, "link", None)
        readers = await readers_of(connection, self.vault, proved.principal, caller.actor, link)
        return Session(proved, readers, connection)

    def _charged(self, caller: Caller, question: rd.Question, work: Work) -> Proved:
        """Returns the door's statement about the caller, whose program is charged. Raises `RefusalError`."""
        proved = self.guard.proved_here(*self.interpreter.statement(caller, question))
        self.guard.spend(proved, work)
        return proved
