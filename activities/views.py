"""Answers from the record for clients that can reach only Temporal: the input is a question, the result its answer."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from activities.ledger.authority.principals import Guard
from activities.ledger.authority.readers import LISTED, Reader, names_officer, setting
from activities.ledger.authority.used import Use, expect_first
from activities.ledger.database import Connection, Pool, acquired, mask_database_errors, transaction
from activities.ledger.vault import IndexKeyGoneError, Vault
from activities.looks import Look, Looks
from rules.identity.looks import Reach
from rules.stream_kind import Kinds
from schemas import reading as rd
from schemas.errors import Refusal, RefusalCode, RefusalError, problem, refused
from schemas.files import FileAddress, FileRef
from schemas.identity.statement import Proved
from views import applicant, officer, public
from views.access import access
from views.file_rights import file_shown, file_to_come
from views.log import Log, Memory, Published
from views.registers.papers import papers
from views.standby import waits_uncut
from views.timeline import timeline
from views.watching import Watch

ANSWER: Final = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=5),
    schedule_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=2)),
)
WAITING_QUEUE: Final = "motcua.waiting"
"""The queue of questions that wait for changes, since they must not occupy the slots of ordinary work."""

CHANGED: Final = "view.changes"
CHANGES: Final = ActivityConfig(
    task_queue=WAITING_QUEUE,
    start_to_close_timeout=timedelta(seconds=rd.LONGEST_WAIT + 5),
    schedule_to_close_timeout=timedelta(seconds=2 * rd.LONGEST_WAIT),
)

_SNAPSHOT: Final = "set transaction isolation level repeatable read"
_READ_ONLY: Final = f"{_SNAPSHOT}, read only"


class Addresses(Protocol):
    """Makes short-lived web addresses of files."""

    async def of(self, method: Literal["GET", "PUT"], file: FileRef, principal: str) -> FileAddress | None:
        """Returns the address at which `principal` reads or uploads a file; None if files are not served here."""


@dataclass(frozen=True, slots=True)
class Session:
    """A caller whom the door has admitted: the statement about them, and the readers to whom PostgreSQL shows rows.

    `connection`: the connection to read by; if None, one is taken from the pool.
    """

    proved: Proved
    readers: tuple[Reader, ...]
    connection: "Connection | None" = None


class Views:
    """Answers questions from the record, limited to the reader's rights; without a guard, every reader may see all."""

    def __init__(self, pool: Pool, vault: Vault, kinds: Kinds, guard: Guard | None, addresses: Addresses) -> None:
        self._pool = pool
        self._vault = vault
        self._kinds = kinds
        self._addresses = addresses
        self._memory = Memory()
        self._looks = None if guard is None else Looks(guard, vault, kinds, self._memory)
        self._watch = Watch(pool)
        self._published = Published()

    @activity.defn(name="view.answer")
    async def answer(self, asked: rd.QuestionRequest) -> rd.Answer:
        """Returns the answer from the record as it is now."""
        try:
            return rd.Answer(answer=_plain(await self.answer_model(asked)))
        except RefusalError as error:
            return rd.Answer(refusal=_plain(error.refusal))

    async def answer_model(self, asked: rd.QuestionRequest, session: Session | None = None) -> Any:
        """Returns the answer as a model. Raises `RefusalError`. Without a `session`, the question must be signed."""
        return await self._answer(asked, self._admitted(asked, session), session)

    @activity.defn(name=CHANGED)
    async def changes(self, asked: rd.QuestionRequest) -> rd.Answer:
        """Returns the same answer as `changed`; records the look under the run's id."""
        try:
            found = await self.changed(asked.model_copy(update={"look": UUID(activity.info().workflow_run_id)}))
        except RefusalError as error:
            return rd.Answer(refusal=_plain(error.refusal))
        return rd.Answer(answer=_plain(found))

    async def changed(self, asked: rd.QuestionRequest, session: Session | None = None) -> Any:
        """Returns the answer once the stream changes, or when the wait ends. Raises `RefusalError`.

        `session`: as in `answer_model`.
        """
        question, proved = asked.question, self._admitted(asked, session)
        if not isinstance(question, rd.AskChanges):
            raise TypeError(f"{question.ask} waits for nothing")
        if self._looks is not None and proved is not None:
            # from others than readers of the filing changes must stay hidden, too
            async with self._reading(asked, proved, session) as (connection, _):
                await self._looks.permitted(connection, asked, proved)
        with mask_database_errors():
            await self._watch.beyond(question.stream, question.after, question.wait)
        return await self._answer(asked, proved, session)

    async def sees(self, asked: rd.QuestionRequest, session: Session) -> bool:
        """Whether the asker of a question about one filing may see this filing. Records no look.

        Raises `RefusalError` if the asker may not ask at all.
        """
        if self._looks is None:
            return True
        async with self._reading(asked, session.proved, session) as (connection, _):
            try:
                await self._looks.permitted(connection, asked, session.proved)
            except RefusalError as error:
                if error.refusal.code is RefusalCode.NOT_FOUND:
                    return False
                raise
        return True

    def _admitted(self, asked: rd.QuestionRequest, session: Session | None) -> Proved | None:
        if session is not None:
            return session.proved
        return None if self._looks is None else self._looks.admitted(asked)

    async def _answer(self, asked: rd.QuestionRequest, proved: Proved | None, session: Session | None) -> Any:
        found = await self._answer_or_refusal(asked, proved, session)
        if isinstance(found, Refusal):
            raise RefusalError(found)
        return found

    async def _answer_or_refusal(
        self, asked: rd.QuestionRequest, proved: Proved | None, session: Session | None
    ) -> Any:
        """Returns the answer or the `Refusal`. The use of the statement is committed in both cases."""
        look = None
        async with self._reading(asked, proved, session) as (connection, listed):
            try:
                if self._looks is not None and proved is not None:
                    look = await self._looks.permitted(connection, asked, proved, listed=listed)
                found = await self._read(connection, asked.question, look)
            except RefusalError as error:
                return error.refusal if look is None else look.shown_refusal(error.refusal)
            if self._looks is not None and look is not None:
                await self._looks.record(connection, look, found)
        return found

    async def _read(self, connection: Connection, question: rd.Question, look: Look | None) -> Any:
        head = None if look is None else look.head
        log = Log(connection, self._vault.find, self._kinds, self._published, head, self._memory)
        within, principal = (None, "") if look is None else (look.within, look.proved.principal.id)
        return await _ANSWERS[type(question)](log, question, _By(self._vault, within, self._addresses, principal))

    @asynccontextmanager
    async def _reading(
        self, asked: rd.QuestionRequest, proved: Proved | None, session: Session | None
    ) -> AsyncIterator[tuple[Connection, bool | None]]:
        """Opens one snapshot of the record. Its end, before the answer is sent, commits the trace of the look.

        Yields the connection, and whether the directory lists the officer among the readers; None if no reader is an
        officer. Raises `RefusalError` if another look has used the statement before. With a `session` this is not
        checked, since its statement was made here and never sent.
        """
        by, readers = (None, ()) if session is None else (session.connection, session.readers)
        use = self._use(asked, proved) if session is None else None
        async with (
            acquired(self._pool) if by is None else nullcontext(by) as connection,
            waits_uncut(connection),
            transaction(connection, *self._first(use, readers)) as status,
        ):
            if use is not None:
                await expect_first(connection, use, status)
            yield connection, status == LISTED if names_officer(readers) else None

    def _use(self, asked: rd.QuestionRequest, proved: Proved | None) -> Use | None:
        return None if self._looks is None or proved is None else self._looks.use(asked, proved)

    def _first(self, use: Use | None, readers: Sequence[Reader]) -> list[str]:
        first = [_READ_ONLY if self._looks is None else _SNAPSHOT]
        first += [use.sql] if use is not None else []
        first += [setting(readers)] if readers else []
        return first


@dataclass(frozen=True, slots=True)
class _By:
    """The data besides the log that an answer needs: keys, and the filings that a list may show (None: all).

    `principal`: the program that asks; empty where the platform requires no identity.
    """

    vault: Vault
    within: tuple[Reach, ...] | None
    addresses: Addresses
    principal: str

    async def address(self, method: Literal["GET", "PUT"], file: FileRef) -> FileAddress:
        found = await self.addresses.of(method, file, self.principal)
        if found is None:
            raise refused(RefusalCode.NOT_ALLOWED, problem("", "files_not_served"))
        return found


def _plain(found: Any) -> Any:
    if isinstance(found, BaseModel):
        return found.model_dump(mode="json", exclude_none=True)
    return to_jsonable_python(found, exclude_none=True)


async def _filings_of_person(log: Log, asked: rd.AskPersonsFilings, by: _By) -> Any:
    try:
        person = await by.vault.person(log.connection, asked.id_number)
    except IndexKeyGoneError:
        person = b""  # without an index key no filing here was ever assigned to a person
    return await applicant.filings_of_person(log, person, asked.after, asked.limit, by.within)


async def _file(log: Log, asked: rd.AskFile, by: _By) -> FileAddress:
    return await by.address("GET", await file_shown(log, asked))


async def _upload(log: Log, asked: rd.AskUpload, by: _By) -> FileAddress:
    return await by.address("PUT", await file_to_come(log, asked))


Ask = Callable[[Log, Any, _By], Coroutine[Any, Any, Any]]

_ANSWERS: Final[Mapping[type[Any], Ask]] = {
    rd.AskFiling: lambda log, asked, _: applicant.filing(log, asked.stream),
    rd.AskClocks: lambda log, asked, _: applicant.clocks(log, asked.stream),
    rd.AskResult: lambda log, asked, _: applicant.result(log, asked.stream),
    rd.AskDelivery: lambda log, asked, _: applicant.delivery(log, asked.stream),
    rd.AskLinkedResult: lambda log, asked, _: applicant.linked_result(log, asked.stream, asked.link),
    rd.AskFile: _file,
    rd.AskUpload: _upload,
    rd.AskPayment: lambda log, asked, _: applicant.payment(log, asked.stream),
    rd.AskParcel: lambda log, asked, _: applicant.parcel(log, asked.stream),
    rd.AskReferral: lambda log, asked, _: applicant.referral(log, asked.stream),
    rd.AskComplaints: lambda log, asked, _: applicant.complaints(log, asked.stream),
    rd.AskPapers: lambda log, asked, _: papers(log, asked.stream),
    rd.AskReceipt: lambda log, asked, _: applicant.receipt(log, asked.stream, asked.command_id),
    rd.AskActions: lambda log, asked, _: officer.actions(log, asked.stream, asked.actor),
    rd.AskTimeline: lambda log, asked, _: timeline(log, asked.stream, asked.audience),
    rd.AskChanges: lambda log, asked, _: applicant.changes(log, asked.stream, asked.after),
    rd.AskFilings: lambda log, asked, by: applicant.filings_of_client(log, asked, by.within),
    rd.AskPersonsFilings: _filings_of_person,
    rd.AskTasks: lambda log, asked, by: officer.tasks(log, asked, by.within),
    rd.AskAccess: lambda log, asked, by: access(log, asked, by.vault.find),
    rd.AskCounts: lambda log, asked, _: public.counts(log, asked.agency),
    rd.AskAgency: lambda log, asked, _: public.agency(log, asked.agency),
    rd.AskAbsences: lambda log, asked, _: officer.absences(log, asked.agency),
}
