"""Requests of filings and referrals to an agency's back office, on its own queue, for as long as it takes.

If the procedure has a template, the result is requested of the platform instead, which reads its content in the log.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

with workflow.unsafe.imports_passed_through():
    from activities.results.printing import PRINT
    from rules.filing.dossier import dossier, issue_request
    from rules.require import require
    from rules.result.order import make_request
    from schemas import backoffice as bo
    from schemas.base import Model
    from schemas.filing import commands as cm
    from schemas.filing.events import MachineWork
    from schemas.filing.state import Filing
    from schemas.referral.state import Referral
    from schemas.result.state import Result
    from schemas.stream.edge import strictly

from workflows.stream.asking import bound, instruction, is_not_ordered, note_no_answer, read_again, readable, start
from workflows.stream.recording import Stream

_TIME: Final = timedelta(minutes=2)
_BEAT: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_LATER: Final = timedelta(seconds=30)

TOLD_AFTER: Final = 10
"""Failed attempts in a row, some two and a half minutes, after which the team lead is notified."""

_FOR_EVER: Final = 0

_SELDOM: Final = timedelta(days=1)
_OFFICERS_MAY: Final = timedelta(minutes=10)
"""Maximum pause between two attempts at work that officers can do as well."""
_TYPE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")

A = TypeVar("A", bound=Model)


def check(log: Stream[Filing], queue: str) -> asyncio.Task[bo.CheckAnswer]:
    """Requests the back office's check of whether the dossier, as first handed in, is complete."""
    request = bo.CheckRequest(request_id="check:1", dossier=dossier(log.state))
    asking = _Asking(log, MachineWork.CHECK)
    return asyncio.create_task(asking.answer(bo.CHECK, lambda: request, queue, bo.CheckAnswer))


def issue(log: Stream[Filing], queue: str) -> asyncio.Task[bo.IssueAnswer | None]:
    """Requests the result of the decision that the filing waits for."""
    asking = _Asking(log, MachineWork.ISSUE)
    return _issued(asking, require(issue_request(log.state)), queue, by_template=log.state.procedure.by_template)


def make(log: Stream[Result], queue: str) -> asyncio.Task[bo.IssueAnswer | None]:
    """Requests the file of a result under its number; officers sign the file later."""
    asking = _Asking(log, MachineWork.ISSUE, answer_says_all=False)
    return _issued(asking, require(make_request(log.state)), queue, by_template=require(log.state.order).by_template)


def _issued(
    asking: _Asking, request: bo.IssueRequest, queue: str, *, by_template: bool
) -> asyncio.Task[bo.IssueAnswer | None]:
    """Requests the result's file: of the platform if the procedure has a template, else of the agency on `queue`."""
    if by_template:
        return asyncio.create_task(asking.printed())
    return asyncio.create_task(asking.answer(bo.ISSUE, lambda: request, queue, bo.IssueAnswer))


def decide(log: Stream[Referral], queue: str) -> asyncio.Task[bo.AnswerAnswer]:
    """Requests the decision of a part; officers may decide it meanwhile."""
    referral = log.state
    request = bo.AnswerRequest(
        request_id=f"answer:{referral.n}",
        dossier=require(referral.dossier),
        part=require(referral.part),
        lead=require(referral.lead),
    )
    return asyncio.create_task(_decided(log, request, queue))


async def _decided(log: Stream[Referral], request: bo.AnswerRequest, queue: str) -> bo.AnswerAnswer:
    silent, later = 0, _LATER
    while True:
        try:
            raw = await start(bo.ANSWER, request, _options(queue, silent, RetryPolicy(maximum_interval=_OFFICERS_MAY)))
            return strictly(bo.AnswerAnswer, readable(raw, Any))
        except (ActivityError, ValueError) as error:
            note_no_answer(bo.ANSWER, type(error).__name__)
            silent += _timed_out(error)
        await log.catch_up()
        await workflow.sleep(later, summary=bo.NO_USABLE_ANSWER)
        later = min(later * 2, _SELDOM)


class _Asking:
    """Repeats one request to the back office until there is an answer.

    Once the team lead has been notified, the server alone retries, so a longer wait costs no further workflow tasks.
    With `answer_says_all=False` an answer may be unusable, and the caller reports that the work goes on.
    """

    def __init__(
        self, log: Stream[Filing] | Stream[Result], work: MachineWork, *, answer_says_all: bool = True
    ) -> None:
        self._log = log
        self._work = work
        self._says_all = answer_says_all
        self._tries = 0
        self._silent = 0
        self._told = log.state.machine_failing is work

    async def printed(self) -> bo.IssueAnswer | None:
        """Returns the platform's print; None, after reading the log again, if the log does not order the print."""
        try:
            return await self.answer(PRINT, lambda: instruction(self._log), None, bo.IssueAnswer)
        except ActivityError:
            await read_again(self._log)
            return None

    async def answer(self, name: str, request: Callable[[], Model], queue: str | None, model: type[A]) -> A:
        """Requests work on the `queue` of a back office, or on our own if that is None, until there is an answer.

        After an error without retry, or an unusable answer, the request is repeated: the agency has to correct it.
        Raises `ActivityError` only if the log does not order the platform's own print.
        """
        while True:
            try:
                attempts = _FOR_EVER if self._told else TOLD_AFTER
                retries = RetryPolicy(maximum_interval=_LONGEST_PAUSE, maximum_attempts=attempts)
                raw = await start(name, request(), _options(queue, self._silent, retries))
                answer = strictly(model, readable(raw, Any))
            except (ActivityError, ValueError) as error:
                if name == PRINT and isinstance(error, ActivityError) and is_not_ordered(error):
                    raise
                await self._failed(name, error)
            else:
                if self._says_all and self._log.state.machine_failing is self._work:
                    await self._log.attempt(cm.ReportAnswered(command_id=self._id(), work=self._work))
                return answer

    async def _failed(self, name: str, error: ActivityError | ValueError) -> None:
        note_no_answer(name, type(error).__name__)
        self._silent += _timed_out(error)
        exhausted = isinstance(error, ActivityError) and error.retry_state is RetryState.MAXIMUM_ATTEMPTS_REACHED
        self._tries += TOLD_AFTER if exhausted else 1
        if self._tries < TOLD_AFTER or self._told:
            await self._log.catch_up()
        else:
            self._told = True
            report = cm.ReportFailing(
                command_id=self._id(), work=self._work, tries=self._tries, error=_type_of(error.__cause__)
            )
            await self._log.attempt(report)
        await workflow.sleep(_LATER, summary=bo.NO_USABLE_ANSWER)

    def _id(self) -> str:
        return f"machine:{self._work}:{self._log.state.seq}"


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


def _type_of(error: BaseException | None) -> str | None:
    """Returns the error type that a hook raised, if it has the form of one."""
    return type_in(error.type) if isinstance(error, ApplicationError) else None


def type_in(name: str | None) -> str | None:
    """Returns the name if it has the form of an error's type: nothing else of an answer is recorded."""
    return name if name is not None and _TYPE.fullmatch(name) else None
