"""Answers to questions, from the record, in the door's own process: no workflow is started for them (ADR 0036)."""

from dataclasses import dataclass
from uuid import uuid4

from activities.ledger.authority.budgets import Work
from activities.ledger.authority.principals import Keyring
from activities.ledger.authority.readers import Reader, readers_of
from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import Vault
from activities.views import Views
from gateway.door.identity.speaking import Interpreter
from gateway.door.identity.tokens import Caller
from motcua.payloads.converter import as_sent
from schemas import reading as rd
from schemas.identity.statement import message_digest


@dataclass(frozen=True)
class Reads:
    """Reads the record in callers' names. Each answer is recorded as a look, like answers of the workflow `View`.

    PostgreSQL shows the door only the filings of which the caller is a reader, by token and directory alone.
    """

    views: Views
    interpreter: Interpreter
    pool: Pool
    vault: Vault
    keyring: Keyring

    async def answer(self, caller: Caller, question: rd.Question) -> object:
        """Returns the answer. Raises `RefusalError`; `ApplicationError` if the record can't be read."""
        asked = await self._asked(caller, question)
        waits = isinstance(question, rd.AskChanges) and question.wait
        async with acquired(self.pool) as connection:
            readers = await self._readers(connection, caller, question)
            if not waits:
                return await self.views.found(asked, *readers, connection=connection)
        return await self.views.changed(asked, *readers)

    async def charge(self, caller: Caller, stream: str, work: Work) -> None:
        """Charges the caller's program for a message to this stream. Raises `RefusalError` if its budget is spent."""
        self.views.charge(await self._asked(caller, rd.AskReceipt(stream=stream)), work)

    async def sees(self, caller: Caller, stream: str, work: Work) -> bool:
        """Whether the caller may see the filing of this stream. False as well if there is none.

        The caller's program is charged for `work`, the message that is to follow. Raises `RefusalError` if its budget
        is spent, or if the caller may see no filing at all.
        """
        question = rd.AskReceipt(stream=stream)
        asked = await self._asked(caller, question)
        async with acquired(self.pool) as connection:
            readers = await self._readers(connection, caller, question)
            return await self.views.sees(asked, *readers, work=work, connection=connection)

    async def _readers(self, connection: Connection, caller: Caller, question: rd.Question) -> tuple[Reader, ...]:
        """Returns the caller's readers. Without any, PostgreSQL shows no row of a filing."""
        program = self.keyring.ring.principal(caller.client)
        if program is None:
            return ()
        return await readers_of(connection, self.vault, program, caller.actor, getattr(question, "link", None))

    async def _asked(self, caller: Caller, question: rd.Question) -> rd.Asked:
        signed = await self.interpreter.voice(caller).question(question)
        return rd.Asked(question=signed, content=message_digest(as_sent(question)), look=uuid4())
