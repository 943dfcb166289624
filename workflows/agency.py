"""What filings and referrals ask of an agency's back office, on its own queue, for as long as it takes.

A result whose procedure has a template is asked of the platform instead, in the same words.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

with workflow.unsafe.imports_passed_through():
    from activities.results.printing import PRINT, PrintRequest
    from rules.filing.dossier import dossier
    from rules.known import known
    from schemas import backoffice as bo
    from schemas.base import Model
    from schemas.edge import strictly
    from schemas.filing import commands as cm
    from schemas.filing.events import MachineWork
    from schemas.filing.state import Decision, Filing
    from schemas.referral import Referral
    from schemas.result import Result

from workflows.stream.recording import Stream

_TIME: Final = timedelta(minutes=2)
_BEAT: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_LATER: Final = timedelta(seconds=30)

TOLD_AFTER: Final = 10
"""So many tries in a row that came to nothing, some two and a half minutes, are told to the team lead."""

_FOR_EVER: Final = 0

_OFFICERS_MAY: Final = timedelta(minutes=10)
"""How long at most between two tries of what officers can do as well."""
_UNKNOWN_THERE: Final = "NotFoundError"
"""What a worker says of an activity that it does not have."""

_TYPE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")

A = TypeVar("A", bound=Model)


def check(log: Stream[Filing], queue: str) -> asyncio.Task[bo.CheckAnswer]:
    """Ask whether the dossier is complete, as it was handed in by the first event."""
    request = bo.CheckRequest(request_id="check:1", dossier=dossier(log.state))
    return asyncio.create_task(_Asking(log, MachineWork.CHECK).answer(bo.CHECK, request, queue, bo.CheckAnswer))


def issue(log: Stream[Filing], decision: Decision, queue: str) -> asyncio.Task[bo.IssueAnswer]:
    """Ask for the result of a decision."""
    request = bo.IssueRequest(
        request_id=f"issue:{decision.seq}{_copy(log.state)}",
        dossier=dossier(log.state),
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
    )
    asking = _Asking(log, MachineWork.ISSUE)
    return _issued(asking, request, queue, by_template=log.state.procedure.by_template)


def make(log: Stream[Result], queue: str) -> asyncio.Task[bo.IssueAnswer]:
    """Ask for the file of a result that its officers will sign, under the number that it has."""
    order, entry = known(log.state.order), log.state.last
    request = bo.IssueRequest(
        request_id=f"result:{log.state.n}:{len(log.state.entries)}",
        dossier=order.dossier,
        outcome=order.outcome,
        officer=order.officer,
        reason=order.reason,
        number=entry.registered,
        corrects=entry.corrects,
    )
    asking = _Asking(log, MachineWork.ISSUE, answer_says_all=False)
    return _issued(asking, request, queue, by_template=order.by_template)


def _issued(
    asking: _Asking, request: bo.IssueRequest, queue: str, *, by_template: bool
) -> asyncio.Task[bo.IssueAnswer]:
    """By the agency on its queue, or by the platform on our own, if the procedure has a template."""
    if by_template:
        printing = PrintRequest(request=request, at=workflow.now())
        return asyncio.create_task(asking.answer(PRINT, printing, None, bo.IssueAnswer))
    return asyncio.create_task(asking.answer(bo.ISSUE, request, queue, bo.IssueAnswer))


def _copy(filing: Filing) -> str:
    """Which copy is asked for, where it is not the first: nobody may take it for what was answered already."""
    return f":{filing.copy_number + 1}" if filing.lost_copy else ""


def decide(referral: Referral, queue: str) -> workflow.ActivityHandle[Any]:
    """Ask for the decision of a part; its officers may decide meanwhile. A kit of before knows no such question."""
    request = bo.AnswerRequest(
        request_id=f"answer:{referral.n}",
        dossier=known(referral.dossier),
        part=known(referral.part),
        lead=known(referral.lead),
    )
    return workflow.start_activity(
        bo.ANSWER,
        request,
        task_queue=queue,
        start_to_close_timeout=_TIME,
        heartbeat_timeout=_BEAT,
        retry_policy=RetryPolicy(maximum_interval=_OFFICERS_MAY, non_retryable_error_types=[_UNKNOWN_THERE]),
    )


class _Asking:
    """Asks the back office for one thing, until it answers.

    A filing whose team lead has been told waits as cheaply as ever: from then on the server alone tries again. Where an
    answer does not say all, since what was made may be of no use, whoever asked tells that it goes on.
    """

    def __init__(
        self, log: Stream[Filing] | Stream[Result], work: MachineWork, *, answer_says_all: bool = True
    ) -> None:
        self._log = log
        self._work = work
        self._says_all = answer_says_all
        self._tries = 0
        self._told = log.state.machine_failing is work

    async def answer(self, name: str, request: Model, queue: str | None, model: type[A]) -> A:
        """The answer, from our own queue if none is named.

        What calls itself final, or does not fit, is for the agency to mend: it is asked again.
        """
        while True:
            try:
                given = await workflow.execute_activity(
                    name,
                    request,
                    task_queue=queue,
                    start_to_close_timeout=_TIME,
                    heartbeat_timeout=_BEAT,
                    retry_policy=RetryPolicy(
                        maximum_interval=_LONGEST_PAUSE, maximum_attempts=_FOR_EVER if self._told else TOLD_AFTER
                    ),
                )
                answer = strictly(model, given)
            except (ActivityError, ValueError) as error:
                await self._failed(name, error)
            else:
                if self._says_all and self._log.state.machine_failing is self._work:
                    await self._log.attempt(cm.ReportAnswered(command_id=self._id(), work=self._work))
                return answer

    async def _failed(self, name: str, error: ActivityError | ValueError) -> None:
        workflow.logger.warning("backoffice.no_answer", extra={"kind": name, "reason": type(error).__name__})
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


def _type_of(error: BaseException | None) -> str | None:
    """The type of what a hook raised, if it looks like one."""
    name = error.type if isinstance(error, ApplicationError) else None
    return name if name is not None and _TYPE.fullmatch(name) else None
