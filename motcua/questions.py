"""What can be asked of the platform: one filing, a list, what comes next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from . import contract as c
from .errors import FilingNotAvailable, MotcuaError, NotFound, NotReady, Unavailable, error_from, refused_for
from .machine_work import MachineWork, machine_work
from .patience import LONGEST_ATTEMPT, TryAgainError, is_not_found, or_sign_anew, patiently
from .voice import Line

T = TypeVar("T")

_PAUSE: Final = 0.2
_VIEW: Final = "View"
SUBMIT: Final = "submit"


class Questions:
    """What can be asked, by whoever speaks on the line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def view(self, filing_id: UUID | str) -> c.FilingView:
        """What is shown of the filing to those who may see it whole."""
        return await self._asked(c.AskFiling(stream=_filing(filing_id)), c.FilingView)

    async def receipt(self, target: UUID | str, command_id: str = SUBMIT) -> c.Receipt:
        """The receipt of a command, of the submission by default. `NotReady` if there is none."""
        return await self._asked(c.AskReceipt(stream=stream_of(target), command_id=command_id), c.Receipt)

    async def clocks(self, filing_id: UUID | str) -> list[c.ClockState]:
        """Every run of every clock, in the order of the starts: its pauses with their reasons, due instant, outcome."""
        return await self._asked(c.AskClocks(stream=_filing(filing_id)), list[c.ClockState])

    async def result(self, filing_id: UUID | str) -> c.ResultView:
        """The decision and the reference of its file. `NotReady` before there is one."""
        return await self._asked(c.AskResult(stream=_filing(filing_id)), c.ResultView)

    async def delivery(self, filing_id: UUID | str) -> c.DeliveryView:
        """How the applicant comes by the result: the pick-up code, the link. Show it to nobody else."""
        return await self._asked(c.AskDelivery(stream=_filing(filing_id)), c.DeliveryView)

    async def linked_result(self, filing_id: UUID | str, link: str) -> c.ResultView:
        """The result for whoever has the link to it. `NotAllowed` once the link has expired, or for another one."""
        return await self._asked(c.AskLinkedResult(stream=_filing(filing_id), link=link), c.ResultView)

    async def parked(self, filing_id: UUID | str) -> list[c.Parked]:
        """Reports from the filing's other streams that could not be used, for the operator."""
        return await self._asked(c.AskParked(stream=_filing(filing_id)), list[c.Parked])

    async def payment(self, filing_id: UUID | str, n: int = 1) -> c.PaymentView:
        """The `n`-th online request for money: where to pay, and what became of the money."""
        return await self._asked(c.AskPayment(stream=c.payment_workflow(_uuid(filing_id), n)), c.PaymentView)

    async def parcel(self, filing_id: UUID | str, n: int = 1) -> c.ParcelView:
        """The `n`-th consignment of the result through the post."""
        return await self._asked(c.AskParcel(stream=c.parcel_workflow(_uuid(filing_id), n)), c.ParcelView)

    async def referral(self, filing_id: UUID | str, n: int = 1) -> c.ReferralView:
        """The `n`-th part of the procedure that another agency decides: by when, and how it was decided."""
        return await self._asked(c.AskReferral(stream=c.referral_workflow(_uuid(filing_id), n)), c.ReferralView)

    async def complaints(self, filing_id: UUID | str) -> list[c.ComplaintView]:
        """The complaints about the filing, and their answers."""
        return await self._asked(c.AskComplaints(stream=_filing(filing_id)), list[c.ComplaintView])

    async def papers(self, filing_id: UUID | str) -> list[c.OfficialPaper]:
        """The official papers of the filing that have been made so far; `Store.get` reads their files."""
        return await self._asked(c.AskPapers(stream=_filing(filing_id)), list[c.OfficialPaper])

    async def timeline(
        self, filing_id: UUID | str, audience: c.Audience = c.Audience.APPLICANT
    ) -> list[c.TimelineEntry]:
        """What happened to the filing and its other streams, as far as this audience may see it."""
        return await self._asked(c.AskTimeline(stream=_filing(filing_id), audience=audience), list[c.TimelineEntry])

    async def access(
        self, filing_id: UUID | str, *, after: str | None = None, limit: int = 100
    ) -> c.Page[c.AccessEntry]:
        """Who has looked at the filing, the last first, page by page."""
        question = c.AskAccess(stream=_filing(filing_id), after=after, limit=limit)
        return await self._asked(question, c.Page[c.AccessEntry])

    async def changes(self, filing_id: UUID | str, after: int = 0, *, wait: float = c.LONGEST_WAIT) -> c.Changes:
        """How the filing stood after each event beyond `after`; without any yet, after up to `wait` seconds none."""
        within = max(min(wait, self._line.patience - LONGEST_ATTEMPT), 0)
        question = c.AskChanges(stream=_filing(filing_id), after=after, wait=within)
        return await self._asked(question, c.Changes, longest=within + LONGEST_ATTEMPT)

    async def filings(
        self, client_id: str, *, open_only: bool = False, after: str | None = None, limit: int = 100
    ) -> c.Page[c.FilingSummary]:
        """The filings of one client, page by page."""
        question = c.AskFilings(client_id=client_id, open_only=open_only, after=after, limit=limit)
        return await self._asked(question, c.Page[c.FilingSummary])

    async def filings_of(
        self, id_number: str, *, after: str | None = None, limit: int = 100
    ) -> c.Page[c.FilingSummary]:
        """The filings in the name of one person, page by page."""
        question = c.AskPersonsFilings(id_number=id_number, after=after, limit=limit)
        return await self._asked(question, c.Page[c.FilingSummary])

    async def tasks(self, question: c.AskTasks | None = None) -> c.Page[c.TaskSummary]:
        """What waits for whom, what is due first first, page by page."""
        return await self._asked(question or c.AskTasks(), c.Page[c.TaskSummary])

    async def counts(self, agency: str | None = None) -> list[c.Count]:
        """How many open filings there are, by agency and status."""
        return await self._asked(c.AskCounts(agency=agency), list[c.Count])

    async def agency(self, code: str) -> c.AgencySummary:
        """What the directory says of an agency. `NotFound` for one that it does not have."""
        return await self._asked(c.AskAgency(agency=code), c.AgencySummary)

    async def absences(self, agency: str) -> list[c.AbsenceSummary]:
        """Which officers of an agency are or will be absent, and who acts for them."""
        return await self._asked(c.AskAbsences(agency=agency), list[c.AbsenceSummary])

    async def machine_work(self, filing_id: UUID | str) -> list[MachineWork]:
        """What the filing waits for from its agency's back office: how often it was tried, why in vain, when again.

        Temporal is asked, not the record: a filing that does not run waits for nothing.
        """
        stream = _filing(filing_id)

        async def attempt(limit: timedelta) -> list[MachineWork]:
            try:
                return await machine_work(self._line.client, stream, limit)
            except RPCError as error:
                if is_not_found(error):
                    return []
                raise

        return await patiently(attempt, self._line.patience)

    async def follow(self, filing_id: UUID | str) -> AsyncIterator[c.FilingView]:
        """The filing as it stood after every event, from the first to the last; none is missed.

        Each look waits for what comes next. Once the filing has been seen, an outage of any length only makes it wait.

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
            changes = await self._look(filing_id, seen)
            if changes is None:
                await asyncio.sleep(_PAUSE)
                continue
            for view in changes.views:
                yield view
                if view.closed:
                    return
            if not changes.views:
                await asyncio.sleep(_PAUSE)
            seen = changes.seq

    async def _look(self, filing_id: UUID | str, seen: int) -> c.Changes | None:
        """What came after `seen`, or None while it is being registered or, once seen, while nobody answers."""
        try:
            return await self.changes(filing_id, seen)
        except NotReady:
            return None
        except Unavailable:
            if seen:
                return None
            raise

    async def _asked(self, question: c.Question, answer: type[T], *, longest: float = LONGEST_ATTEMPT) -> T:
        return await patiently(lambda limit: self._ask(question, answer, limit), self._line.patience, longest)

    async def _ask(self, question: c.Question, answer: type[T], limit: timedelta, asker: c.Actor | None = None) -> T:
        """The record's answer, by a workflow of its own: no running one is touched. `asker` is who wants to know."""
        voice = self._line.voice if asker is None else self._line.voice.of(asker)
        asked = await voice.question(question)
        try:
            found = await self._line.client.execute_workflow(
                _VIEW,
                asked,
                id=f"view:{uuid4()}",
                task_queue=c.TASK_QUEUE,
                execution_timeout=limit,
                rpc_timeout=limit,
            )
        except WorkflowFailureError as error:
            if not isinstance(error.cause, ApplicationError):  # its time was up, or its worker's
                raise TryAgainError from error
            why = or_sign_anew(error_from(error.cause))
            stream: str | None = getattr(question, "stream", None)
            if isinstance(why, NotFound) and stream is not None:
                raise await self._why_not_found(stream, limit) from None
            raise why from None
        except RPCError as error:
            if is_not_found(error):  # the engine has lost the question; the record has not lost the answer
                raise TryAgainError from error
            raise
        answered: T = _adapter(answer).validate_python(found)
        return answered

    async def _why_not_found(self, stream: str, limit: timedelta) -> MotcuaError:
        """What the record does not hold may be about to be registered, or was refused: its workflow knows."""
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


_adapter: Final[Callable[[Any], TypeAdapter[Any]]] = cache(TypeAdapter)


def stream_of(target: UUID | str) -> str:
    """The stream of a filing by its id, or the one that is named."""
    return target if isinstance(target, str) and ":" in target else _filing(target)


def _filing(filing_id: UUID | str) -> str:
    return c.filing_workflow(_uuid(filing_id))


def _uuid(filing_id: UUID | str) -> UUID:
    if isinstance(filing_id, UUID):
        return filing_id
    try:
        return UUID(filing_id)
    except ValueError:
        raise FilingNotAvailable("this is not the id of a filing: a filing id is a UUID") from None
