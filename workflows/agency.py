"""Requests work from an agency's back office, on the agency's own task queue, until there is an answer.

If the procedure has a template, the platform makes the result instead, with content that it reads in the log.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, RetryState

with workflow.unsafe.imports_passed_through():
    from activities.intake import OpenRequest, Registry
    from activities.papers import FIT, NOT_IN_STORE, QUICKLY, STORE, Papers
    from activities.results.printing import PRINT
    from rules.filing.projections import dossier, issue_request
    from rules.require import require
    from rules.result.kind import make_request
    from schemas import backoffice as bo
    from schemas.base import Model
    from schemas.filing import commands as cm
    from schemas.filing.events import MachineWork
    from schemas.filing.state import Filing
    from schemas.ids import digest
    from schemas.people import SYSTEM
    from schemas.referral.commands import AnswerByMachine
    from schemas.referral.state import Referral
    from schemas.result.state import Result
    from schemas.stream.edge import strictly
    from schemas.stream.ledger import AgencyAnswer

from workflows.stream.asking import answer_of, bound, instruction, is_not_ordered, note_no_answer, readable, start
from workflows.stream.basis import Basis, UnfoundedError, read
from workflows.stream.recording import NOTHING_TO_DO, Stream
from workflows.stream.waiting import pause, wait_for

_TIME: Final = timedelta(minutes=2)
_BEAT: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_LATER: Final = timedelta(seconds=30)
_ASKED_AGAIN: Final = timedelta(seconds=10)

TOLD_AFTER: Final = 10
"""The number of failed attempts in a row, in about two and a half minutes, after which the team lead is notified."""

_SELDOM: Final = timedelta(days=1)
_OFFICERS_MAY: Final = timedelta(minutes=10)
"""The maximum pause between two requests for work that officers can do instead of the back office."""
_TYPE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")

A = TypeVar("A", bound=Model)


Take = Callable[["_Asking[A]", "Reply[A]"], Awaitable[None]]


@dataclass(frozen=True)
class Reply(Generic[A]):
    """An answer to a request. `signed_answer`: a back office's signed answer, for the log; None for a print."""

    answer: A
    signed_answer: AgencyAnswer | None

    @property
    def basis(self) -> Basis:
        """The basis for a command that depends on this answer."""
        return Basis(answered=self.signed_answer)


def check(log: Stream[Filing], queue: str) -> asyncio.Task[Reply[bo.CheckAnswer]]:
    """Requests the check of a dossier as first handed in. Accepts the filing if the answer is *complete*."""
    request = bo.CheckRequest(request_id=bo.CHECK_REQUEST, dossier=dossier(log.state))

    async def take(asking: _Asking[bo.CheckAnswer], reply: Reply[bo.CheckAnswer]) -> None:
        await asking.works(reply)
        if log.state.accepted_at is None:
            accept = cm.Accept(command_id="accept:automatic", actor=SYSTEM, via=cm.SYSTEM_VIA)
            incomplete = None if reply.answer.complete else NOTHING_TO_DO
            await log.attempt(accept, refusal=incomplete, basis=reply.basis)

    asking = _Asking(log, MachineWork.CHECK, take)
    return asyncio.create_task(asking.answer(bo.CHECK, request, queue, bo.CheckAnswer))


def issue(log: Stream[Filing], queue: str) -> asyncio.Task[Reply[bo.IssueAnswer] | None]:
    """Requests the filing's result after the decision. Records the result if its file is stored and validly signed."""

    async def take(asking: _Asking[bo.IssueAnswer], reply: Reply[bo.IssueAnswer]) -> None:
        if log.state.result is not None:
            return
        if (fault := await unfit(log, reply.answer)) is not None:
            await asking.unusable(fault)
            return
        await asking.works(reply)
        said = {"command_id": f"issue:{log.state.seq}"} | dict(reply.answer)
        await log.attempt(cm.Issue.model_validate(said), basis=reply.basis)

    asking = _Asking(log, MachineWork.ISSUE, take)
    return _issued(asking, require(issue_request(log.state)), queue, by_template=log.state.procedure.by_template)


def make(log: Stream[Result], queue: str) -> asyncio.Task[Reply[bo.IssueAnswer] | None]:
    """Requests the file of a result that has its number already. Officers sign the file later."""
    asking = _Asking[bo.IssueAnswer](log, MachineWork.ISSUE)
    return _issued(asking, require(make_request(log.state)), queue, by_template=require(log.state.order).by_template)


def _issued(
    asking: _Asking[bo.IssueAnswer], request: bo.IssueRequest, queue: str, *, by_template: bool
) -> asyncio.Task[Reply[bo.IssueAnswer] | None]:
    """Requests the result's file: from the platform if there is a template, else from the back office on `queue`."""
    if by_template:
        return asyncio.create_task(asking.printed())
    return asyncio.create_task(asking.answer(bo.ISSUE, request, queue, bo.IssueAnswer))


async def unfit(stream: Stream[Any], answer: bo.IssueAnswer) -> str | None:
    """Returns the rule that prevents the stream from using the file of an answer; None if there is no such rule.

    The append, not this check, decides whether the file is recorded. Raises the errors of `wait_for`.
    """
    fault: str | None = None
    with suppress(FailureError):
        fault = await workflow.execute_local_activity_method(Papers.confirm, answer, **QUICKLY)
    if fault is None:
        asked = answer_of(Papers.confirm, answer, STORE)
        await wait_for(stream, asked.done)
        fault = await asked or NOT_IN_STORE
    return None if fault == FIT else fault


def decide(log: Stream[Referral], queue: str) -> asyncio.Task[None]:
    """Requests the decision on a referral, and records it. Officers may decide the referral meanwhile."""
    referral = log.state
    request = bo.AnswerRequest(
        request_id=bo.answer_request(referral.n),
        dossier=require(referral.dossier),
        part=require(referral.part),
        lead=require(referral.lead),
    )
    return asyncio.create_task(_decided(log, request, queue))


async def _decided(log: Stream[Referral], request: bo.AnswerRequest, queue: str) -> None:
    silent, later = 0, _LATER
    while True:
        try:
            raw = await start(bo.ANSWER, request, _options(queue, silent, RetryPolicy(maximum_interval=_OFFICERS_MAY)))
            reply = _reply(bo.ANSWER, request, raw, bo.AnswerAnswer)
            decided = AnswerByMachine(command_id="part:machine", decision=reply.answer.decision)
            await log.attempt(decided, basis=reply.basis)
        except (ActivityError, ValueError, UnfoundedError) as error:
            note_no_answer(bo.ANSWER, type(error).__name__)
            silent += _timed_out(error)
            queue = await _queue_after(error, log, queue) or queue
        else:
            return
        await log.catch_up()
        await workflow.sleep(later, summary=bo.NO_USABLE_ANSWER)
        later = min(later * 2, _SELDOM)


async def report_unissuable(log: Stream[Any], fault: str) -> None:
    """Records once that no result can be issued, because of the rule `fault`."""
    work = MachineWork.ISSUE
    if log.state.machine_failing is not work:
        command_id = f"machine:{work}:{log.state.seq}"
        await log.attempt(cm.ReportFailing(command_id=command_id, work=work, tries=1, error=type_in(fault)))


class _Asking(Generic[A]):
    """Repeats one request to the back office until an answer comes that the log accepts.

    Once the team lead has been notified, Temporal alone retries, so a longer wait costs no further workflow tasks. The
    function `take` records the answer, and calls `works` to record that the back office no longer fails. Without
    `take`, the caller records the answer. This object is passed to `take`, since a stored reference would make a cycle.
    """

    def __init__(self, log: Stream[Filing] | Stream[Result], work: MachineWork, take: Take[A] | None = None) -> None:
        self._log = log
        self._work = work
        self._take = take
        self._tries = 0
        self._silent = 0
        self._reported_failing = log.state.machine_failing is work

    async def printed(self: _Asking[bo.IssueAnswer]) -> Reply[bo.IssueAnswer] | None:
        """Returns the platform's own answer. If the log orders no print, reads the log again and returns None."""
        try:
            return await self.answer(PRINT, instruction(self._log), None, bo.IssueAnswer)
        except ActivityError:
            seq = self._log.state.seq
            await self._log.catch_up()
            if self._log.state.seq == seq:
                await pause(self._log, _ASKED_AGAIN, "the log does not order it")
            return None

    async def answer(self, name: str, request: Model, queue: str | None, model: type[A]) -> Reply[A]:
        """Requests work on `queue` (a back office's, or None: the platform's own) until there is an answer.

        After an error or an unusable answer, the request is repeated, since the agency has to correct its system.
        Raises `ActivityError` only when the platform itself prints the result, and the log does not order the print.
        """
        while True:
            try:
                attempts = 0 if self._reported_failing else TOLD_AFTER  # 0: without end
                retries = RetryPolicy(maximum_interval=_LONGEST_PAUSE, maximum_attempts=attempts)
                raw = await start(name, request, _options(queue, self._silent, retries))
                reply = _reply(name, request, raw, model)
                if self._take is not None:
                    await self._take(self, reply)
            except (ActivityError, ValueError, UnfoundedError) as error:
                if name == PRINT and isinstance(error, ActivityError) and is_not_ordered(error):
                    raise
                await self._failed(name, error)
                queue = await _queue_after(error, self._log, queue)
            else:
                return reply

    async def works(self, reply: Reply[A]) -> None:
        """Records that the back office answers again, if it was reported as failing."""
        if self._log.state.machine_failing is self._work:
            works = cm.ReportAnswered(command_id=self._id(), work=self._work)
            await self._log.attempt(works, basis=reply.basis)

    async def unusable(self, fault: str) -> None:
        """Reports once that the rule `fault` makes the answer unusable; does nothing if the file is not stored yet."""
        if fault != NOT_IN_STORE:
            await report_unissuable(self._log, fault)

    async def _failed(self, name: str, error: Exception) -> None:
        note_no_answer(name, type(error).__name__)
        self._silent += _timed_out(error)
        exhausted = isinstance(error, ActivityError) and error.retry_state is RetryState.MAXIMUM_ATTEMPTS_REACHED
        self._tries += TOLD_AFTER if exhausted else 1
        if self._tries < TOLD_AFTER or self._reported_failing:
            await self._log.catch_up()
        else:
            self._reported_failing = True
            raised = type_in(error.__cause__.type) if isinstance(error.__cause__, ApplicationError) else None
            report = cm.ReportFailing(command_id=self._id(), work=self._work, tries=self._tries, error=raised)
            await self._log.attempt(report)
        await workflow.sleep(_LATER, summary=bo.NO_USABLE_ANSWER)

    def _id(self) -> str:
        return f"machine:{self._work}:{self._log.state.seq}"


def _reply(name: str, request: Model, raw: RawValue | None, model: type[A]) -> Reply[A]:
    """Returns an activity's answer. Raises `ValueError` if the answer does not have the form of `model`."""
    given = readable(raw, Any)
    answer = strictly(model, given)
    if name == PRINT:
        return Reply(answer, None)
    sent = request.model_dump(mode="json", exclude_none=True)
    said = AgencyAnswer(act=name, request_id=sent["request_id"], request=digest(sent), answer=given)
    return Reply(answer.model_copy(update={"statement": None}), said)


async def _queue_after(error: Exception, log: Stream[Any], queue: str | None) -> str | None:
    """Returns the next request's queue: the directory's current queue if the log refused the answer; else `queue`.

    For a filing that was passed on, returns the directory's queue after any error: the earlier agency may lack one now.
    """
    passed_on = getattr(log.state, "passed_from", None) is not None
    if queue is None or not (passed_on or isinstance(error, UnfoundedError)):
        return queue
    return (await read(Registry.open, OpenRequest(stream=str(log.id)))).answer.queue or queue


def _options(queue: str | None, silent: int, retries: RetryPolicy) -> workflow.ActivityConfig:
    return workflow.ActivityConfig(
        task_queue=queue,
        schedule_to_close_timeout=bound(silent),
        start_to_close_timeout=_TIME,
        heartbeat_timeout=_BEAT,
        retry_policy=retries,
    )


def _timed_out(error: Exception) -> bool:
    return isinstance(error, ActivityError) and error.retry_state is RetryState.TIMEOUT


def type_in(name: str | None) -> str | None:
    """Returns the name if it has the form of an error's type; else None, so that no other text is recorded."""
    return name if name is not None and _TYPE.fullmatch(name) else None
