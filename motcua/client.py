"""The integrator's client: file, act, ask and follow, safely repeated until the platform has answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final, Self, TypeVar
from uuid import UUID, uuid4

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from . import contract as c
from .connection import connect, speaking_ours
from .errors import (
    FilingClosed,
    FilingNotAvailable,
    MotcuaError,
    NotReady,
    RefusedError,
    Unavailable,
    error_from,
    refused,
    refused_for,
)
from .patience import DEFAULT_PATIENCE, TryAgainError, is_not_found, patiently

T = TypeVar("T")

_FIRST_LOOK: Final = 0.2
_LONGEST_LOOK: Final = 5.0
_REST: Final = 0.1
_FILING: Final = "Filing"
_SUBMIT: Final = "submit"
_DROPPED: Final = frozenset({"AcceptedUpdateCompletedWorkflow", "UnprocessedUpdate"})


def command_id() -> str:
    """A fresh id for a command. Keep it with the command: a repeat with the same id is the same command."""
    return str(uuid4())


class FilingClient:
    """Files and follows filings (hồ sơ).

    Every call is safe to repeat, and repeats itself while the platform can't be reached, for up to `patience` seconds.

    Raises, from every method:
        RefusedError: The platform said no; see its subclasses.
        FilingNotAvailable: There is no such filing, or it ended so long ago that only the record has it.
        Unavailable: The patience is over.

    Example:
        >>> receipt = await client.submit(submission)
        >>> receipt.command_id
        'submit'
    """

    def __init__(self, client: Client, *, patience: float = DEFAULT_PATIENCE) -> None:
        self._client = speaking_ours(client)
        self._patience = patience

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
        await asyncio.sleep(_REST)

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
        content = submission.model_dump(mode="json", exclude_none=True)
        digest = _digest_of(content)
        filing = c.filing_id(submission.client_id, submission.submission_id)
        update_id = command_id()

        async def attempt(limit: timedelta) -> c.Receipt:
            try:
                return await self._file(filing, content, digest, update_id, limit)
            except WorkflowAlreadyStartedError:
                receipt = await self._ask(filing, "receipt", _SUBMIT, c.Receipt, limit)
            return _same_content(receipt, digest)

        return await patiently(attempt, self._patience)

    async def act(self, filing_id: UUID | str, command: c.Command) -> c.Receipt:
        """Give a command. The same command (same `command_id`) again returns the first receipt.

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
        filing = _uuid(filing_id)
        handle = self._client.get_workflow_handle(c.filing_workflow(filing))
        update_id = command_id()

        async def attempt(limit: timedelta) -> c.Receipt:
            try:
                receipt: c.Receipt = await handle.execute_update(
                    command.kind, command, id=update_id, result_type=c.Receipt, rpc_timeout=limit
                )
            except WorkflowUpdateFailedError as error:
                if not _was_dropped(error):
                    raise error_from(error.cause) from None
            except RPCError as error:
                if not is_not_found(error):
                    raise
            else:
                return receipt
            return await self._recorded_before_the_end(filing, command, limit)

        return await patiently(attempt, self._patience)

    async def view(self, filing_id: UUID | str) -> c.FilingView:
        """What is shown of the filing to those who may see it whole."""
        return await self._asked(_uuid(filing_id), "view", None, c.FilingView)

    async def receipt(self, filing_id: UUID | str, command_id: str = _SUBMIT) -> c.Receipt:
        """The receipt of a command, of the submission by default. `NotReady` if there is none."""
        return await self._asked(_uuid(filing_id), "receipt", command_id, c.Receipt)

    async def actions(self, filing_id: UUID | str, actor: c.Actor) -> list[c.Action]:
        """Every command, and whether `actor` can give it now, with the reason where not."""
        return await self._asked(_uuid(filing_id), "actions", actor, list[c.Action])

    async def clocks(self, filing_id: UUID | str) -> list[c.ClockState]:
        """Every run of every clock, in the order of the starts: its pauses with their reasons, due instant, outcome."""
        return await self._asked(_uuid(filing_id), "clocks", None, list[c.ClockState])

    async def result(self, filing_id: UUID | str) -> c.ResultView:
        """The decision and the reference of its file. `NotReady` before there is one."""
        return await self._asked(_uuid(filing_id), "result", None, c.ResultView)

    async def parked(self, filing_id: UUID | str) -> list[c.Parked]:
        """Reports from payments and parcels that could not be used, for the operator."""
        return await self._asked(_uuid(filing_id), "parked", None, list[c.Parked])

    async def payment(self, filing_id: UUID | str, n: int = 1) -> c.PaymentView:
        """The `n`-th online request for money: where to pay, and what became of the money."""
        return await self._asked(c.payment_workflow(_uuid(filing_id), n), "view", None, c.PaymentView)

    async def parcel(self, filing_id: UUID | str, n: int = 1) -> c.ParcelView:
        """The `n`-th consignment of the result through the post."""
        return await self._asked(c.parcel_workflow(_uuid(filing_id), n), "view", None, c.ParcelView)

    async def follow(self, filing_id: UUID | str) -> AsyncIterator[c.FilingView]:
        """The filing now, and again whenever it has changed, until it has ended.

        It asks every 0.2 s, less and less often up to every 5 s while nothing changes. Once the filing has been seen,
        an outage of any length only makes it wait.

        Raises:
            FilingNotAvailable: There is no such filing, or the engine has forgotten it.
            BadSubmission: The submission was refused.

        Example:
            >>> receipt = await client.submit(submission)
            >>> async for view in client.follow(filing_id):
            ...     print(view.code == receipt.code, view.closed)
            ...     break
            True False
        """
        seen: int | None = None
        pause = _FIRST_LOOK
        while True:
            view = await self._look(_uuid(filing_id), survive=seen is not None)
            if view is not None and view.seq != seen:
                yield view
                seen, pause = view.seq, _FIRST_LOOK
                if view.closed:
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_LOOK)

    async def _look(self, filing: UUID, *, survive: bool) -> c.FilingView | None:
        """The filing, or None while it is being registered or, once seen, while nobody answers."""
        try:
            return await self.view(filing)
        except NotReady:
            return None
        except Unavailable:
            if survive:
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

    async def _recorded_before_the_end(self, filing: UUID, command: c.Command, limit: timedelta) -> c.Receipt:
        """The receipt of a command whose filing was found closed. Raises `FilingClosed` if it was not recorded."""
        try:
            receipt = await self._ask(filing, "receipt", command.command_id, c.Receipt, limit)
        except NotReady:
            await self._raise_if_ended(filing, limit)
            raise TryAgainError from None
        except RefusedError as error:
            raise FilingNotAvailable(f"filing {filing} was refused when it was submitted") from error
        return _same_content(receipt, c.content_of(command))

    async def _raise_if_ended(self, filing: UUID, limit: timedelta) -> None:
        """Raise `FilingClosed`, except while a run makes way for the next or waits to be started again."""
        with contextlib.suppress(NotReady):
            view = await self._ask(filing, "view", None, c.FilingView, limit)
            if view.closed:
                raise FilingClosed(f"filing {filing} has ended ({view.closing})")

    async def _asked(self, target: UUID | str, query: str, argument: Any, answer: type[T]) -> T:
        return await patiently(lambda limit: self._ask(target, query, argument, answer, limit), self._patience)

    async def _ask(self, target: UUID | str, query: str, argument: Any, answer: type[T], limit: timedelta) -> T:
        workflow_id = c.filing_workflow(target) if isinstance(target, UUID) else target
        handle = self._client.get_workflow_handle(workflow_id)
        arguments = [] if argument is None else [argument]
        try:
            found: T = await handle.query(query, args=arguments, result_type=answer, rpc_timeout=limit)
        except WorkflowQueryFailedError as error:
            raise await self._why_no_answer(workflow_id, error.message, limit) from None
        except RPCError as error:
            if is_not_found(error):
                raise FilingNotAvailable(f"there is no {workflow_id}, or the engine has forgotten it") from None
            raise
        return found

    async def _why_no_answer(self, workflow_id: str, message: str, limit: timedelta) -> MotcuaError:
        """A failed query says only a text; how a failed run ended says why in full."""
        handle = self._client.get_workflow_handle(workflow_id)
        description = await handle.describe(rpc_timeout=limit)
        if description.status is WorkflowExecutionStatus.FAILED:
            try:
                await handle.result(rpc_timeout=limit)
            except WorkflowFailureError as error:
                return error_from(error.cause)
        if "expected but not found" in message:
            return MotcuaError(f"{workflow_id} does not know this question; is the platform older than this kit?")
        if f"[{c.RefusalCode.NOT_READY}]" in message:
            return refused_for(c.RefusalCode.NOT_READY, "", "not_ready", vi="chưa có", en="there is none yet")
        return MotcuaError(f"{workflow_id} can't answer: {message}")


def _digest_of(content: dict[str, Any]) -> str:
    """The digest of a submission, as the platform will count it. Raises `BadSubmission` for what it would refuse."""
    try:
        return c.content_digest(content)
    except c.RefusalError as no:
        raise refused(no.refusal) from None


def _same_content(receipt: c.Receipt, digest: str) -> c.Receipt:
    if receipt.digest != digest:
        raise refused(c.OTHER_CONTENT)
    return receipt


def _was_dropped(error: WorkflowUpdateFailedError) -> bool:
    """Whether it was the server that gave the call up: the filing ended under it, or a worker was lost with it."""
    cause = error.cause
    return isinstance(cause, ApplicationError) and cause.type in _DROPPED


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
