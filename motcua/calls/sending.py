"""Sends filings, complaints and commands to the platform, each retried safely until there is a receipt."""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

from temporalio.client import (
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.common import WorkflowIDReusePolicy as Reuse
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from motcua import contract as c
from motcua import errors

from .file_calls import FileCalls
from .questions import SUBMIT, stream_of
from .retry import MayBeGone, SignAnewError, TryAgainError, is_not_found, or_sign_anew, patiently, server_of

_Starts: TypeAlias = tuple[str, dict[str, Any]]
"""The type and the input of a workflow to start."""

_DROPPED: Final = frozenset({"AcceptedUpdateCompletedWorkflow", "UnprocessedUpdate"})


def command_id() -> str:
    """Returns a new id for a command. Keep it with the command: a repeat with the same id is the same command."""
    return str(uuid4())


class Sending(FileCalls):
    """Sends all questions and messages, signed by the connection's speaker (`Line`) for the actor of each message."""

    async def submit(self, submission: c.Submission) -> c.Receipt:
        """Hands in a filing. The same submission again, at any time, returns the first receipt.

        Returns:
            The receipt; `code` is the dossier code (mã hồ sơ).

        Raises:
            BadSubmission: The submission has problems; the error lists all. Correct them and use the same ids.
            SameIdOtherContent: Another submission has this `client_id` and `submission_id`.

        Example:
            >>> first = await client.submit(submission)
            >>> (await client.submit(submission)) == first
            True
        """
        _must_be(submission, c.Submission, c.RefusalCode.BAD_SUBMISSION)
        content = submission.model_dump(mode="json", exclude_none=True)
        try:
            digest = c.content_digest(content)
        except c.RefusalError as no:
            raise errors.refused(no.refusal) from None
        filing_id = c.filing_id(submission.client_id, submission.submission_id)
        stream = c.filing_workflow(filing_id)
        update_id, anew = command_id(), False

        async def attempt(limit: timedelta) -> c.Receipt:
            nonlocal update_id, anew
            if self._line.known.is_open(stream, SUBMIT):
                with contextlib.suppress(errors.RefusedError, errors.FilingNotAvailable):
                    return await self._ask(c.AskReceipt(stream=stream), limit, submission.actor)
            signed = await self._line.voice.submission(submission)
            try:
                operation = WithStartWorkflowOperation[Any, Any](
                    "Filing",
                    {"submission": content} | signed,
                    id=stream,
                    task_queue=c.TASK_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=Reuse.ALLOW_DUPLICATE if anew else Reuse.ALLOW_DUPLICATE_FAILED_ONLY,
                    static_summary=f"{submission.procedure} · {submission.agency}",
                    static_details=f"The record has its code and where it stands: `motcua filing {filing_id}`.",
                )
                return await self._file(operation, {"content": digest} | signed, update_id, limit)
            except WorkflowAlreadyStartedError:
                try:
                    return await self._ask(c.AskReceipt(stream=stream), limit, submission.actor)
                except errors.FilingNotAvailable as error:  # a run has ended whose filing was never recorded
                    anew = True
                    raise TryAgainError from error
            except (SignAnewError, errors.TooMany):
                update_id = command_id()
                raise

        receipt = await self._once(stream, SUBMIT, attempt)
        return _same_content(receipt, digest, c.OTHER_SUBMISSION)

    async def complain(self, complaint: c.ComplaintStart) -> c.Receipt:
        """Complain (khiếu nại) about an event of a filing. The same complaint again returns the first receipt.

        Args:
            complaint: Its `n` is 1 for the first complaint about this filing; `complaints` lists the earlier ones.

        Raises:
            NotAllowed: The error lists every reason: too late, no such act, not the complainant's filing …
            SameIdOtherContent: The `n`-th complaint about this filing has other content.
        """
        _must_be(complaint, c.ComplaintStart, c.RefusalCode.BAD_START)
        stream = c.complaint_workflow(complaint.filing_id, complaint.n)
        recorded = c.AskReceipt(stream=stream, command_id=c.COMPLAINT_OPENING)
        begun = False

        async def attempt(limit: timedelta) -> c.Receipt:
            nonlocal begun
            if not begun:
                signed = await self._line.voice.complaint(complaint)
                with contextlib.suppress(WorkflowAlreadyStartedError):
                    await self._line.client.start_workflow(
                        "Complaint",
                        signed,
                        id=stream,
                        task_queue=c.TASK_QUEUE,
                        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                        id_reuse_policy=Reuse.ALLOW_DUPLICATE_FAILED_ONLY,
                        rpc_timeout=limit,
                    )
                begun = True  # a start in each attempt would hide the end of a run that is refused slowly
            try:
                return await self._ask(recorded, limit, complaint.actor)
            except errors.NotReady as error:
                raise TryAgainError from error
            except errors.TooMany:
                begun = False
                raise
            except errors.NotAuthorised as no:
                begun = False
                raise or_sign_anew(no) from None

        receipt = await self._once(stream, c.COMPLAINT_OPENING, attempt)
        return _same_content(receipt, c.content_of_start(complaint), c.OTHER_CONTENT)

    async def act(self, target: UUID | str, command: c.Command) -> c.Receipt:
        """Gives a command. The same command (same `command_id`) again returns the first receipt.

        Args:
            target: The filing's id, or the name of another stream, such as `payment:<uuid>:1`.
            command: A command that the stream takes; `actions` lists all of these.

        Raises:
            BadCommand: The command is too long, or does not fit its model.
            NotAllowed: The rules do not allow the command now; `refusal.allowed` lists the allowed actions.
            NotAuthorised: The actor does not have its role in the agency, according to the directory.
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
        _must_fit(command)
        stream = stream_of(target)
        seen = max(command.seen_seq or 0, self._line.known.seen_seq(stream))
        command = command.model_copy(update={"seen_seq": seen or None})
        handle = self._line.client.get_workflow_handle(stream)
        update_id = command_id()
        recorded = c.AskReceipt(stream=stream, command_id=command.command_id)

        async def attempt(limit: timedelta) -> c.Receipt:
            nonlocal update_id
            if self._line.known.is_open(stream, command.command_id):
                with contextlib.suppress(errors.RefusedError, errors.FilingNotAvailable):
                    return await self._ask(recorded, limit, command.actor)
            signed = await self._line.voice.command(stream, command)
            try:
                if (starts := _starts(stream, command)) is not None:
                    return await self._on_demand(starts, stream, signed, update_id, limit)
                receipt: c.Receipt = await handle.execute_update(
                    command.kind, signed, id=update_id, result_type=c.Receipt, rpc_timeout=limit
                )
            except WorkflowUpdateFailedError as error:
                if not _was_dropped(error):
                    update_id = command_id()
                    raise or_sign_anew(errors.error_from(error.cause)) from None
            except RPCError as error:
                if not is_not_found(error):
                    raise
            else:
                return receipt
            return await self._recorded_before_the_end(recorded, limit, command.actor)

        receipt = await self._once(stream, command.command_id, attempt)
        return _same_content(receipt, c.content_of(command), c.OTHER_CONTENT)

    async def _file(
        self, operation: WithStartWorkflowOperation[Any, Any], check: dict[str, str], update_id: str, limit: timedelta
    ) -> c.Receipt:
        """Sends a submission once (update-with-start). Raises `WorkflowAlreadyStartedError` if the filing has ended."""
        try:
            return await self._with_start(operation, SUBMIT, check, update_id, limit)
        except WorkflowUpdateFailedError as error:
            if _was_dropped(error):
                raise TryAgainError from error
            why = or_sign_anew(errors.error_from(error.cause))
            # A run with other content under this id is being refused; ours can be filed once that run has ended.
            raise (TryAgainError if isinstance(why, errors.NotReady) else why) from None
        except RPCError as error:
            if is_not_found(error):  # the run ended at this very moment; the next attempt gets the outcome
                raise TryAgainError from error
            raise

    async def _on_demand(
        self, starts: _Starts, stream: str, command: c.Command, update_id: str, limit: timedelta
    ) -> c.Receipt:
        """Gives the command to the stream's workflow. If that is not running, first starts it as `starts` says."""
        operation = WithStartWorkflowOperation[Any, Any](
            *starts,
            id=stream,
            task_queue=c.TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        return await self._with_start(operation, command.kind, command, update_id, limit)

    async def _with_start(
        self, operation: WithStartWorkflowOperation[Any, Any], update: str, content: Any, own_id: str, limit: timedelta
    ) -> c.Receipt:
        """Returns the receipt of an Update. If the workflow is not running, `operation` starts it before the Update."""
        try:
            receipt: c.Receipt = await self._line.client.execute_update_with_start_workflow(
                update, content, start_workflow_operation=operation, id=own_id, result_type=c.Receipt, rpc_timeout=limit
            )
        except (RPCError, RPCTimeoutOrCancelledError, WorkflowAlreadyStartedError):
            # The operation keeps the error too: asyncio logs it unless it is retrieved.
            with contextlib.suppress(Exception):
                await operation.workflow_handle()
            raise
        return receipt

    async def _once(self, stream: str, own_id: str, attempt: Callable[[timedelta], Awaitable[c.Receipt]]) -> c.Receipt:
        """Returns the command's receipt if this client has it already; else the result of `attempt`, with retries."""
        known = self._line.known

        async def one_try(limit: timedelta) -> c.Receipt:
            try:
                return await attempt(limit)
            except (RPCError, RPCTimeoutOrCancelledError):
                known.keep(stream, own_id, None)
                raise

        receipt = known.receipt(stream, own_id)
        if receipt is None:
            with known.asking(stream, own_id):
                server = server_of(self._line.client)
                receipt = await patiently(one_try, self._line.patience, server=server, crowd=self._line.crowd)
            known.keep(stream, own_id, receipt)
        return receipt

    async def _recorded_before_the_end(self, recorded: c.AskReceipt, limit: timedelta, actor: c.Actor) -> c.Receipt:
        """Returns the recorded receipt of a command to a closed stream. Raises `FilingClosed` if there is none."""
        try:
            return await self._ask(recorded, limit, actor)
        except errors.NotReady:
            await self._raise_if_ended(recorded.stream, limit, actor)
            raise TryAgainError from None
        except errors.NotAuthorised:
            raise
        except errors.RefusedError as error:
            raise errors.FilingNotAvailable(f"{recorded.stream} was refused when it was submitted") from error

    async def _raise_if_ended(self, stream: str, limit: timedelta, actor: c.Actor) -> None:
        """Raises `FilingClosed`, unless the next run is about to start or the stream waits for a restart."""
        if stream.startswith("filing:"):
            view = await self._ask(c.AskFiling(stream=stream), limit, actor)
            if view.closed:
                how = view.closing if view.erased_at is None else f"{view.closing}, and erased since"
                raise errors.FilingClosed(f"{stream} has ended ({how})")
            return
        with MayBeGone():  # if Temporal has lost it, reconciliation with the record starts it again
            description = await self._line.client.get_workflow_handle(stream).describe(rpc_timeout=limit)
            if description.status is WorkflowExecutionStatus.COMPLETED:
                raise errors.FilingClosed(f"{stream} has ended")


def _starts(stream: str, command: c.Command) -> _Starts | None:
    """Returns the type and the input of the workflow that the command may start again; None if it can't start one."""
    asked = c.StreamId.parse(stream)
    if (workflow := c.on_demand(asked.kind)) is not None:
        return workflow, {"filing_id": str(asked.filing), "n": asked.n}
    return ("Filing", {"restart": {}}) if isinstance(command, c.RevokeRefusal) else None


def _same_content(receipt: c.Receipt, digest: str, other: c.Refusal) -> c.Receipt:
    if receipt.digest != digest:
        raise errors.refused(other)
    return receipt


def _must_be(given: object, model: type[c.Model], code: c.RefusalCode) -> None:
    """Raises the typed error unless `given` is an instance of `model`; a dict of the fields is refused, too."""
    if not isinstance(given, model):
        why = c.problem("", "model_type", says="not_a_message", name=model.__name__, given=type(given).__name__)
        raise errors.refused_for(code, why)


def _must_fit(command: c.Command) -> None:
    """Raises the typed error for a command that is longer than the platform takes."""
    try:
        c.bounded(command.model_dump(mode="json", exclude_none=True))
    except c.RefusalError as no:
        raise errors.refused(no.refusal) from None


def _was_dropped(error: WorkflowUpdateFailedError) -> bool:
    """Returns True if the server dropped the Update, because the filing ended during it or its worker was lost."""
    cause = error.cause
    return isinstance(cause, ApplicationError) and cause.type in _DROPPED
