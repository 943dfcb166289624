"""The questions to the platform: about one filing, about lists of filings or tasks, and about changes of a filing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from functools import cache, partial
from typing import Any, Final, Protocol, TypeVar, cast
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from motcua import contract as c
from motcua.errors import FilingNotAvailable, MotcuaError, NotFound, NotReady, Unavailable, error_from, refused_for
from motcua.machine_work import MachineWork, machine_work

from .arguments import Call
from .event_loop import Blocking, C_co, waits
from .line import Line
from .retry import LONGEST_ATTEMPT, MayBeGone, TryAgainError, is_not_found, or_sign_anew, patiently, server_of

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_PAUSE: Final = 0.2
SUBMIT: Final = "submit"


class _Asks(Protocol[T_co]):
    """A question. The question's class states the type of the answer."""

    @property
    def answer(self) -> type[T_co]: ...


class Questions:
    """The calls that read from the platform. Each question is signed by the connection's principal (see `Line`)."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def view(self, filing_id: UUID | str) -> c.FilingView:
        """Returns the whole filing, as shown to a reader who may see all of it."""
        return await self._answer(c.AskFiling(stream=filing_stream(filing_id)))

    async def receipt(self, target: UUID | str, command_id: str = SUBMIT) -> c.Receipt:
        """Returns the receipt of a command, by default of the submission. Raises `NotReady` if there is none."""
        return await self._answer(c.AskReceipt(stream=stream_of(target), command_id=command_id))

    async def clocks(self, filing_id: UUID | str) -> list[c.ClockState]:
        """Returns every run of every clock, ordered by start, with pauses and their reasons, due time and outcome."""
        return await self._answer(c.AskClocks(stream=filing_stream(filing_id)))

    async def result(self, filing_id: UUID | str) -> c.ResultView:
        """Returns the decision and the reference to the result's file. Raises `NotReady` before the decision."""
        return await self._answer(c.AskResult(stream=filing_stream(filing_id)))

    async def delivery(self, filing_id: UUID | str) -> c.DeliveryView:
        """Returns the pick-up code or link with which the applicant gets the result. Show both to nobody else."""
        return await self._answer(c.AskDelivery(stream=filing_stream(filing_id)))

    async def linked_result(self, filing_id: UUID | str, link: str) -> c.ResultView:
        """Returns the result to a reader who has its link. Raises `NotAllowed` if the link is wrong or has expired."""
        return await self._answer(c.AskLinkedResult(stream=filing_stream(filing_id), link=link))

    async def payment(self, filing_id: UUID | str, n: int = 1) -> c.PaymentView:
        """Returns the `n`-th online payment: the address to pay at, and the state of the money."""
        return await self._answer(c.AskPayment(stream=c.payment_workflow(_uuid(filing_id), Call(n=n).n)))

    async def parcel(self, filing_id: UUID | str, n: int = 1) -> c.ParcelView:
        """Returns the `n`-th consignment of the result by post."""
        return await self._answer(c.AskParcel(stream=c.parcel_workflow(_uuid(filing_id), Call(n=n).n)))

    async def referral(self, filing_id: UUID | str, n: int = 1) -> c.ReferralView:
        """Returns the `n`-th part of the procedure that another agency decides: its due moment and its decision."""
        return await self._answer(c.AskReferral(stream=c.referral_workflow(_uuid(filing_id), Call(n=n).n)))

    async def complaints(self, filing_id: UUID | str) -> list[c.ComplaintView]:
        """Returns the complaints about the filing, and their answers."""
        return await self._answer(c.AskComplaints(stream=filing_stream(filing_id)))

    async def papers(self, filing_id: UUID | str) -> list[c.OfficialPaper]:
        """Returns the filing's official papers made so far; `Store.get` reads their files."""
        return await self._answer(c.AskPapers(stream=filing_stream(filing_id)))

    async def timeline(
        self, filing_id: UUID | str, audience: c.Audience = c.Audience.APPLICANT
    ) -> list[c.TimelineEntry]:
        """Returns the history of the filing and of its related streams, as far as this audience may see them."""
        return await self._answer(c.AskTimeline(stream=filing_stream(filing_id), audience=audience))

    async def access(
        self, filing_id: UUID | str, *, after: str | None = None, limit: int = 100
    ) -> c.Page[c.AccessEntry]:
        """Returns a page of the readers who have looked at the filing, the latest first."""
        return await self._answer(c.AskAccess(stream=filing_stream(filing_id), after=after, limit=limit))

    async def changes(self, filing_id: UUID | str, after: int = 0, *, wait: float = c.LONGEST_WAIT) -> c.Changes:
        """Returns the filing's state after each event past number `after`; waits up to `wait` seconds for the first."""
        within = max(min(Call(wait=wait).wait, self._line.patience - LONGEST_ATTEMPT), 0)
        question = c.AskChanges(stream=filing_stream(filing_id), after=after, wait=within)
        return await self._answer(question, longest=within + LONGEST_ATTEMPT)

    async def filings(
        self, client_id: str, *, open_only: bool = False, after: str | None = None, limit: int = 100
    ) -> c.Page[c.FilingSummary]:
        """Returns a page of the filings submitted under one `client_id`."""
        return await self._answer(c.AskFilings(client_id=client_id, open_only=open_only, after=after, limit=limit))

    async def filings_of(
        self, id_number: str, *, after: str | None = None, limit: int = 100
    ) -> c.Page[c.FilingSummary]:
        """Returns a page of the filings in the name of one person."""
        return await self._answer(c.AskPersonsFilings(id_number=id_number, after=after, limit=limit))

    async def tasks(self, question: c.AskTasks | None = None) -> c.Page[c.TaskSummary]:
        """Returns a page of the tasks and their holders, the earliest due first."""
        return await self._answer(Call(question=question).question or c.AskTasks())

    async def counts(self, agency: str | None = None) -> list[c.Count]:
        """Returns the number of open filings by agency and status; of all agencies if `agency` is None."""
        return await self._answer(c.AskCounts(agency=agency))

    async def agency(self, code: str) -> c.AgencySummary:
        """Returns an agency's entry in the directory. Raises `NotFound` if the directory has none."""
        return await self._answer(c.AskAgency(agency=code))

    async def absences(self, agency: str) -> list[c.AbsenceSummary]:
        """Returns the present and future absences of an agency's officers, with their substitutes."""
        return await self._answer(c.AskAbsences(agency=agency))

    async def machine_work(self, filing_id: UUID | str) -> list[MachineWork]:
        """Returns the filing's open requests to its back office, each with its attempts, last error and next attempt.

        The answer comes from Temporal, not from the record: it is empty for a filing that does not run.
        """
        stream = filing_stream(filing_id)

        async def attempt(limit: timedelta) -> list[MachineWork]:
            with MayBeGone():
                return await machine_work(self._line.client, stream, limit)
            return []

        return await patiently(attempt, self._line.patience, server=server_of(self._line.client))

    async def follow(self, filing_id: UUID | str) -> AsyncIterator[c.FilingView]:
        """Yields the filing's state after every event, from the first to the last.

        Each request waits for the next event. After the first answer, an outage only delays the next state.

        Raises:
            FilingNotAvailable: There never was such a filing.
            BadSubmission: The submission was refused.

        Example:
            >>> receipt = await client.submit(submission)
            >>> async for view in client.follow(filing_id):
            ...     print(view.code == receipt.code, view.closed)
            ...     break
            True False
        """
        seen = 0
        while True:
            try:
                changes = await self.changes(filing_id, seen)
            except (NotReady, Unavailable) as error:  # not registered yet, or an outage
                if isinstance(error, Unavailable) and not seen:
                    raise
                await asyncio.sleep(_PAUSE)
                continue
            for view in changes.views:
                yield view
                if view.closed:
                    return
            if not changes.views:
                await asyncio.sleep(_PAUSE)
            seen = changes.seq

    async def _answer(self, question: _Asks[T], *, longest: float = LONGEST_ATTEMPT) -> T:
        line = self._line
        server = server_of(line.client)
        ask = partial(self._ask, question)
        return await patiently(ask, line.patience, longest, server=server, crowd=line.crowd)

    async def _ask(self, question: _Asks[T], limit: timedelta, asker: c.Actor | None = None) -> T:
        """Returns a question's answer. A workflow of its own reads the record, so no filing is disturbed."""
        voice = self._line.voice if asker is None else self._line.voice.of(asker)
        asked = await voice.question(cast("c.Question", question))
        try:
            found = await self._line.client.execute_workflow(
                "View",
                asked,
                id=f"view:{uuid4()}",
                task_queue=c.OFFICERS_QUEUE if voice.speaks_for_officer else c.TASK_QUEUE,
                execution_timeout=limit,
                rpc_timeout=limit,
            )
        except WorkflowFailureError as error:
            if not isinstance(error.cause, ApplicationError):  # the question, or its worker's task, timed out
                raise TryAgainError from error
            why = or_sign_anew(error_from(error.cause))
            stream = getattr(question, "stream", None)
            if isinstance(why, NotFound) and why.refusal.problems[0].field == "stream" and stream is not None:
                raise await self._why_not_found(stream, limit) from None
            raise why from None
        except RPCError as error:
            if is_not_found(error):  # Temporal has lost the question; the record still has the answer
                raise TryAgainError from error
            raise
        answered: T = _adapter(question.answer).validate_python(found)
        return answered

    async def _why_not_found(self, stream: str, limit: timedelta) -> MotcuaError:
        """Returns the error for a stream that the record lacks: it is not recorded yet, was refused, or never sent."""
        handle = self._line.client.get_workflow_handle(stream)
        try:
            description = await handle.describe(rpc_timeout=limit)
            if description.status is WorkflowExecutionStatus.RUNNING:
                return refused_for(c.RefusalCode.NOT_READY, c.problem("", "not_ready"))
            if description.status is WorkflowExecutionStatus.FAILED:
                await handle.result(rpc_timeout=limit)
        except WorkflowFailureError as error:
            return error_from(error.cause)
        except RPCError as error:
            if not is_not_found(error):
                raise
        return FilingNotAvailable(f"the record holds nothing of {stream}")


class BlockingQuestions(Blocking[C_co]):
    """`Questions` in blocking form."""

    view = waits(Questions.view)
    receipt = waits(Questions.receipt)
    clocks = waits(Questions.clocks)
    result = waits(Questions.result)
    delivery = waits(Questions.delivery)
    linked_result = waits(Questions.linked_result)
    payment = waits(Questions.payment)
    parcel = waits(Questions.parcel)
    referral = waits(Questions.referral)
    complaints = waits(Questions.complaints)
    papers = waits(Questions.papers)
    timeline = waits(Questions.timeline)
    access = waits(Questions.access)
    changes = waits(Questions.changes)
    filings = waits(Questions.filings)
    filings_of = waits(Questions.filings_of)
    tasks = waits(Questions.tasks)
    counts = waits(Questions.counts)
    agency = waits(Questions.agency)
    absences = waits(Questions.absences)
    machine_work = waits(Questions.machine_work)

    def follow(self: Blocking[Questions], filing_id: UUID | str) -> Iterator[c.FilingView]:
        """Yields the filing's state after every event, from the first to the last, as `FilingClient.follow` does."""
        views = self._client.follow(filing_id)
        while (view := self._loop.wait(_next(views))) is not None:
            yield view


async def _next(views: AsyncIterator[c.FilingView]) -> c.FilingView | None:
    return await anext(views, None)


_adapter: Final[Callable[[Any], TypeAdapter[Any]]] = cache(TypeAdapter)


def stream_of(target: UUID | str) -> str:
    """Returns the stream of a filing by its id; the name of another stream is returned as it is.

    Raises `FilingNotAvailable` if it is neither.
    """
    if not isinstance(target, str) or ":" not in target:
        return filing_stream(target)
    try:
        return str(c.StreamId.parse(target))
    except ValueError:
        raise FilingNotAvailable("this is not the name of a stream: filing:<uuid>, payment:<uuid>:<n>, …") from None


def filing_stream(filing_id: UUID | str) -> str:
    """Returns the stream of a filing. Raises `FilingNotAvailable` for a text that is no id."""
    return c.filing_workflow(_uuid(filing_id))


def _uuid(filing_id: UUID | str) -> UUID:
    try:
        return UUID(str(filing_id))
    except ValueError:
        raise FilingNotAvailable("this is not the id of a filing: a filing id is a UUID") from None
