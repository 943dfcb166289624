"""What a filing asks of its agency's back office, on the agency's own queue, for as long as it takes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from schemas import backoffice as bo
    from schemas.base import Model
    from schemas.edge import strictly
    from schemas.filing.state import Decision, Filing

from workflows.stream.recording import Stream

_TIME: Final = timedelta(minutes=2)
_BEAT: Final = timedelta(seconds=10)
_RETRY: Final = RetryPolicy(maximum_interval=timedelta(seconds=30))
_LATER: Final = timedelta(seconds=30)

A = TypeVar("A", bound=Model)


def check(log: Stream[Filing], queue: str) -> asyncio.Task[bo.CheckAnswer]:
    """Ask whether the dossier is complete, as it was handed in by the first event."""
    request = bo.CheckRequest(request_id="check:1", dossier=_dossier(log.state))
    return asyncio.create_task(_answer(log, bo.CHECK, request, queue, bo.CheckAnswer))


def issue(log: Stream[Filing], decision: Decision, queue: str) -> asyncio.Task[bo.IssueAnswer]:
    """Ask for the result of a decision."""
    request = bo.IssueRequest(
        request_id=f"issue:{decision.seq}",
        dossier=_dossier(log.state),
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
    )
    return asyncio.create_task(_answer(log, bo.ISSUE, request, queue, bo.IssueAnswer))


async def _answer(log: Stream[Filing], name: str, request: Model, queue: str, model: type[A]) -> A:
    """The answer. What calls itself final, or does not fit, is for the agency to mend: it is asked again."""
    while True:
        try:
            given = await workflow.execute_activity(
                name,
                request,
                task_queue=queue,
                start_to_close_timeout=_TIME,
                heartbeat_timeout=_BEAT,
                retry_policy=_RETRY,
            )
            return strictly(model, given)
        except (ActivityError, ValueError) as error:
            workflow.logger.warning("backoffice.no_answer", extra={"kind": name, "reason": type(error).__name__})
        await log.catch_up()
        await workflow.sleep(_LATER, summary=bo.NO_USABLE_ANSWER)


def _dossier(filing: Filing) -> bo.Dossier:
    if filing.applicant is None:
        msg = "a filing without an applicant was registered"
        raise RuntimeError(msg)
    return bo.Dossier(
        filing_id=filing.filing_id,
        code=str(filing.code),
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        level=filing.level,
        applicant=filing.applicant,
        form=filing.form,
        papers=filing.papers,
    )
