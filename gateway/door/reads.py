"""Answers to questions, from the record, in the door's own process: no workflow is started for them (ADR 0036)."""

from uuid import uuid4

from activities.views import Views
from gateway.door.speaking import Interpreter
from gateway.door.tokens import Caller
from motcua.payloads.converter import as_sent
from schemas import reading as rd
from schemas.errors import Refusal, RefusalError
from schemas.identity.statement import message_digest


class Reads:
    """Asks the record in the name of callers. Each answer is recorded as a look, as one by the workflow `View` is."""

    def __init__(self, views: Views, interpreter: Interpreter) -> None:
        self._views = views
        self._interpreter = interpreter

    async def answer(self, caller: Caller, question: rd.Question) -> object:
        """Returns the answer as plain data. Raises `RefusalError`; `ApplicationError` if the record can't be read."""
        asked = await self._asked(caller, question)
        waits = isinstance(question, rd.AskChanges) and question.wait
        given = await (self._views.changed(asked) if waits else self._views.answer(asked))
        if given.refusal is not None:
            raise RefusalError(Refusal.model_validate(given.refusal))
        return given.answer

    async def sees(self, caller: Caller, stream: str) -> bool:
        """Whether the caller may see the filing of this stream. False as well if there is none.

        Raises `RefusalError` if the caller may see no filing at all.
        """
        return await self._views.sees(await self._asked(caller, rd.AskReceipt(stream=stream)))

    async def _asked(self, caller: Caller, question: rd.Question) -> rd.Asked:
        signed = await self._interpreter.voice(caller).question(question)
        return rd.Asked(question=signed, content=message_digest(as_sent(question)), look=uuid4())
