"""The integrator's client: file, act, ask and follow, safely repeated until the platform has answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import cache, partial
from typing import Any, Final, Self, TypeVar
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from . import contract as c
from .acting import ActingClient
from .acting import command_id as command_id
from .connection import connect, speaking_ours
from .errors import (
    FilingClosed,
    FilingNotAvailable,
    MotcuaError,
    NotFound,
    NotReady,
    RefusedError,
    Unavailable,
    error_from,
    refused,
    refused_for,
)
from .known import Known
from .machine_work import MachineWork, machine_work
from .patience import DEFAULT_PATIENCE, LONGEST_ATTEMPT, TryAgainError, is_not_found, patiently

T = TypeVar("T")

_PAUSE: Final = 0.2
REST: Final = 0.1
"""Seconds in which the engine's threads come to rest."""
_FILING: Final = "Filing"
_COMPLAINT: Final = "Complaint"
_ON_DEMAND: Final = {"result": "Result", "refund": "Refund"}
"""The kinds of streams whose workflow runs only while there is something to do."""
_VIEW: Final = "View"
_SUBMIT: Final = "submit"
_DROPPED: Final = frozenset({"AcceptedUpdateCompletedWorkflow", "UnprocessedUpdate"})


class FilingClient:
    """Files and follows filings (hồ sơ).

    Every call is safe to repeat, and repeats itself while the platform can't be reached, for up to `patience` seconds.

    Raises, from every method:
        RefusedError: The platform said no; see its subclasses.
        FilingNotAvailable: There never was such a filing.
        Unavailable: The patience is over.

    Example:
        >>> receipt = await client.submit(submission)
        >>> receipt.command_id
        'submit'
    """

    def __init__(self, client: Client, *, patience: float = DEFAULT_PATIENCE) -> None:
        self._client = speaking_ours(client)
        self._patience = patience
        self._known = Known()

    @classmethod
    async def connect(
        cls, address: str | None = None, *, namespace: str | None = None, patience: float = DEFAULT_PATIENCE
    ) -> Self:
        """A client as `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_TLS_*` … say; it connects at the first call.

        Args:
            address: `host:port`, instead of what the environment says; `localhost:7233` where nothing says anything.
            namespace: Instead of what the environment says.
            patience: Seconds that a call keeps trying.
        """
        return cls(await connect(address, namespace=namespace), patience=patience)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let the engine's threads come to rest: a process that ends while they work may abort (sdk-python#300)."""
        await asyncio.sleep(REST)

    async def submit(self, submission: c.Submission) -> c.Receipt:
        """Hand in a filing. The same submission again, at any time, returns the first receipt.

        Returns:
            The receipt; `code` is the dossier code (mã hồ sơ).

        Raises:
            BadSubmission: With every problem found. Correct it and submit again under the same ids.
            SameIdOtherContent: This `client_id` and `submission_id` stand for another submission.

        Example:
            >>> first = await client.submit(submission)
            >>> (await client.submit(submission)) == first
            True
        """
        _must_be(submission, c.Submission, c.RefusalCode.BAD_SUBMISSION)
        content = submission.model_dump(mode="json", exclude_none=True)
        digest = _digest_of(content)
        filing = c.filing_id(submission.client_id, submission.submission_id)
        stream = c.filing_workflow(filing)
        update_id = command_id()

        async def attempt(limit: timedelta) -> c.Receipt:
            if self._known.is_open(stream, _SUBMIT):
                with contextlib.suppress(RefusedError, FilingNotAvailable):
                    return await self._ask(c.AskReceipt(stream=stream), c.Receipt, limit)
            try:
                return await self._file(filing, content, digest, update_id, limit)
            except WorkflowAlreadyStartedError:
                return await self._ask(c.AskReceipt(stream=stream), c.Receipt, limit)

        receipt = await self._once(stream, _SUBMIT, attempt)
        return _same_content(receipt, digest, c.OTHER_SUBMISSION)

    async def complain(self, complaint: c.ComplaintStart) -> c.Receipt:
        """Complain (khiếu nại) about an event of a filing. The same complaint again returns the first receipt.

        Args:
            complaint: The `n`-th about this filing; `complaints` tells how many there are.

        Raises:
            NotAllowed: With every reason: it is too late, there is nothing to complain about, it is not theirs …
            SameIdOtherContent: The `n`-th complaint is another one.
        """
        _must_be(complaint, c.ComplaintStart, c.RefusalCode.BAD_START)
        content = complaint.model_dump(mode="json", exclude_none=True)
        stream = c.complaint_workflow(complaint.filing_id, complaint.n)

        async def attempt(limit: timedelta) -> c.Receipt:
            with contextlib.suppress(WorkflowAlreadyStartedError):
                await self._client.start_workflow(
                    _COMPLAINT,
                    content,
                    id=stream,
                    task_queue=c.TASK_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                    rpc_timeout=limit,
                )
            try:
                return await self._ask(c.AskReceipt(stream=stream, command_id=c.COMPLAINT_OPENING), c.Receipt, limit)
            except NotReady as error:
                raise TryAgainError from error

        receipt = await self._once(stream, c.COMPLAINT_OPENING, attempt)
        return _same_content(receipt, c.content_of_start(complaint), c.OTHER_CONTENT)

    def as_(self, actor: c.Actor, via: c.Via) -> ActingClient:
        """The same client for one who acts: `actor` and `via` are said once, and stand in whatever is sent.

        Example:
            >>> from motcua import Withdraw
            >>> receipt = await client.submit(submission)
            >>> citizen = client.as_(submission.actor, submission.via)
            >>> (await citizen.act(filing_id, Withdraw, command_id="withdraw-1", reason="filed twice")).command_id
            'withdraw-1'
        """
        return ActingClient(self, actor, via)

    async def act(self, target: UUID | str, command: c.Command) -> c.Receipt:
        """Give a command. The same command (same `command_id`) again returns the first receipt.

        Args:
            target: The filing's id, or the name of another stream, such as `payment:<uuid>:1`.
            command: One that the stream takes; `actions` lists them.

        Raises:
            NotAllowed: The rules do not allow it now; `refusal.allowed` names what they do.
            NotAuthorised: The agency's directory does not give the actor this role.
            SameIdOtherContent: The `command_id` was used for something else.
            FilingClosed: The filing has ended.

        Example:
            >>> from motcua import Withdraw
            >>> receipt = await client.submit(submission)
            >>> command = Withdraw(
            ...     command_id="withdraw-1", actor=submission.actor, via=submission.via, reason="filed twice"
            ... )
            >>> (await client.act(filing_id, command)).command_id
            'withdraw-1'
            >>> (await client.view(filing_id)).status_name.en
            'Withdrawn'
        """
        _must_be(command, c.Command, c.RefusalCode.BAD_COMMAND)
        stream = _stream(target)
        handle = self._client.get_workflow_handle(stream)
        update_id = command_id()
        recorded = partial(c.AskReceipt, stream=stream, command_id=command.command_id)

        async def attempt(limit: timedelta) -> c.Receipt:
            if self._known.is_open(stream, command.command_id):
                with contextlib.suppress(RefusedError, FilingNotAvailable):
                    return await self._ask(recorded(), c.Receipt, limit)
            try:
                receipt: c.Receipt = await (
                    self._on_demand(stream, command, update_id, limit)
                    if stream.partition(":")[0] in _ON_DEMAND
                    else handle.execute_update(
                        command.kind, command, id=update_id, result_type=c.Receipt, rpc_timeout=limit
                    )
                )
            except WorkflowUpdateFailedError as error:
                if not _was_dropped(error):
                    raise error_from(error.cause) from None
            except RPCError as error:
                if not is_not_found(error):
                    raise
            else:
                return receipt
            return await self._recorded_before_the_end(recorded(), limit)

        receipt = await self._once(stream, command.command_id, attempt)
        return _same_content(receipt, c.content_of(command), c.OTHER_CONTENT)

    async def view(self, filing_id: UUID | str) -> c.FilingView:
        """What is shown of the filing to those who may see it whole."""
        return await self._asked(c.AskFiling(stream=_filing(filing_id)), c.FilingView)

    async def receipt(self, target: UUID | str, command_id: str = _SUBMIT) -> c.Receipt:
        """The receipt of a command, of the submission by default. `NotReady` if there is none."""
        return await self._asked(c.AskReceipt(stream=_stream(target), command_id=command_id), c.Receipt)

    async def actions(self, target: UUID | str, actor: c.Actor) -> list[c.Action]:
        """Every command, and whether `actor` can give it now, with the reason where not."""
        return await self._asked(c.AskActions(stream=_stream(target), actor=actor), list[c.Action])

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

    async def changes(self, filing_id: UUID | str, after: int = 0, *, wait: float = c.LONGEST_WAIT) -> c.Changes:
        """How the filing stood after each event beyond `after`; without any yet, after up to `wait` seconds none."""
        within = max(min(wait, self._patience - LONGEST_ATTEMPT), 0)
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
                return await machine_work(self._client, stream, limit)
            except RPCError as error:
                if is_not_found(error):
                    return []
                raise

        return await patiently(attempt, self._patience)

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

    async def _file(
        self, filing: UUID, content: dict[str, Any], digest: str, update_id: str, limit: timedelta
    ) -> c.Receipt:
        """One try of update-with-start. Raises `WorkflowAlreadyStartedError` for a filing that has ended."""
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            _FILING,
            {"submission": content},
            id=c.filing_workflow(filing),
            task_queue=c.TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            static_summary=f"{content['procedure']} · {content['agency']}",
            static_details=f"The record has its code and where it stands: `motcua filing {filing}`.",
        )
        try:
            receipt: c.Receipt = await self._client.execute_update_with_start_workflow(
                _SUBMIT,
                {"content": digest},
                start_workflow_operation=operation,
                id=update_id,
                result_type=c.Receipt,
                rpc_timeout=limit,
            )
        except WorkflowUpdateFailedError as error:
            if _was_dropped(error):
                raise TryAgainError from error
            why = error_from(error.cause)
            # Other content under this id is just being refused: ours can be filed once that run has ended.
            raise (TryAgainError if isinstance(why, NotReady) else why) from None
        except RPCError as error:
            await _forget(operation)
            if is_not_found(error):  # it ended at this very moment; the next try learns how
                raise TryAgainError from error
            raise
        except (WorkflowAlreadyStartedError, RPCTimeoutOrCancelledError):
            await _forget(operation)
            raise
        return receipt

    async def _on_demand(self, stream: str, command: c.Command, update_id: str, limit: timedelta) -> c.Receipt:
        """Give a command to a stream whose workflow runs only while there is something to do."""
        asked = c.StreamId.parse(stream)
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            _ON_DEMAND[asked.kind],
            {"filing_id": str(asked.filing), "n": asked.n},
            id=stream,
            task_queue=c.TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        try:
            receipt: c.Receipt = await self._client.execute_update_with_start_workflow(
                command.kind,
                command,
                start_workflow_operation=operation,
                id=update_id,
                result_type=c.Receipt,
                rpc_timeout=limit,
            )
        except BaseException:
            await _forget(operation)
            raise
        return receipt

    async def _once(self, stream: str, own_id: str, attempt: Callable[[timedelta], Awaitable[c.Receipt]]) -> c.Receipt:
        """The receipt as this client knows it, or as `attempt` gets it: a repeat leaves no trace in a history."""
        receipt = self._known.receipt(stream, own_id)
        if receipt is None:
            with self._known.asking(stream, own_id):
                receipt = await patiently(attempt, self._patience)
            self._known.keep(stream, own_id, receipt)
        return receipt

    async def _recorded_before_the_end(self, recorded: c.AskReceipt, limit: timedelta) -> c.Receipt:
        """The receipt of a command whose stream was found closed. Raises `FilingClosed` if it was not recorded."""
        try:
            return await self._ask(recorded, c.Receipt, limit)
        except NotReady:
            await self._raise_if_ended(recorded.stream, limit)
            raise TryAgainError from None
        except RefusedError as error:
            raise FilingNotAvailable(f"{recorded.stream} was refused when it was submitted") from error

    async def _raise_if_ended(self, stream: str, limit: timedelta) -> None:
        """Raise `FilingClosed`, except while a run makes way for the next or waits to be started again."""
        if stream.startswith("filing:"):
            view = await self._ask(c.AskFiling(stream=stream), c.FilingView, limit)
            if view.closed:
                raise FilingClosed(f"{stream} has ended ({view.closing})")
            return
        try:
            description = await self._client.get_workflow_handle(stream).describe(rpc_timeout=limit)
        except RPCError as error:
            if is_not_found(error):  # the engine has lost it; the record has not, which starts it again
                return
            raise
        if description.status is WorkflowExecutionStatus.COMPLETED:
            raise FilingClosed(f"{stream} has ended")

    async def _asked(self, question: c.Question, answer: type[T], *, longest: float = LONGEST_ATTEMPT) -> T:
        return await patiently(lambda limit: self._ask(question, answer, limit), self._patience, longest)

    async def _ask(self, question: c.Question, answer: type[T], limit: timedelta) -> T:
        """The record's answer, by a workflow of its own: no running one is touched."""
        try:
            found = await self._client.execute_workflow(
                _VIEW,
                question,
                id=f"view:{uuid4()}",
                task_queue=c.TASK_QUEUE,
                execution_timeout=limit,
                rpc_timeout=limit,
            )
        except WorkflowFailureError as error:
            if not isinstance(error.cause, ApplicationError):  # its time was up, or its worker's
                raise TryAgainError from error
            why = error_from(error.cause)
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
        handle = self._client.get_workflow_handle(stream)
        try:
            description = await handle.describe(rpc_timeout=limit)
            if description.status is WorkflowExecutionStatus.RUNNING:
                return refused_for(c.RefusalCode.NOT_READY, "", "not_ready", vi="chưa có", en="there is none yet")
            if description.status is WorkflowExecutionStatus.FAILED:
                await handle.result(rpc_timeout=limit)
        except WorkflowFailureError as error:
            return error_from(error.cause)
        except RPCError as error:
            if not is_not_found(error):
                raise
        return FilingNotAvailable(f"the record holds nothing of {stream}")


_adapter: Final[Callable[[Any], TypeAdapter[Any]]] = cache(TypeAdapter)


def _digest_of(content: dict[str, Any]) -> str:
    """The digest of a submission, as the platform will count it. Raises `BadSubmission` for what it would refuse."""
    try:
        return c.content_digest(content)
    except c.RefusalError as no:
        raise refused(no.refusal) from None


def _same_content(receipt: c.Receipt, digest: str, other: c.Refusal) -> c.Receipt:
    if receipt.digest != digest:
        raise refused(other)
    return receipt


def _must_be(given: object, model: type[c.Model], code: c.RefusalCode) -> None:
    """Raise the typed error for what is no message at all, such as a dict."""
    if not isinstance(given, model):
        name = model.__name__
        raise refused_for(
            code,
            "",
            "model_type",
            vi=f"phải là motcua.{name}, không phải {type(given).__name__}; dựng bằng tên trường",
            en=f"must be a motcua.{name}, not a {type(given).__name__}: make one by its fields, {name}(…)",
        )


def _was_dropped(error: WorkflowUpdateFailedError) -> bool:
    """Whether it was the server that gave the call up: the filing ended under it, or a worker was lost with it."""
    cause = error.cause
    return isinstance(cause, ApplicationError) and cause.type in _DROPPED


def _stream(target: UUID | str) -> str:
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


async def _forget(operation: WithStartWorkflowOperation[Any, Any]) -> None:
    """Take the operation's own copy of the error, or asyncio complains that nobody did."""
    with contextlib.suppress(Exception):
        await operation.workflow_handle()
