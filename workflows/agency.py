"""What a filing asks of its agency's back office, on the agency's own queue, for as long as it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from schemas import backoffice as bo
    from schemas.filing import Decision, Filing

_TIME: Final = timedelta(minutes=2)
_RETRY: Final = RetryPolicy(maximum_interval=timedelta(seconds=30))


def check(filing: Filing, queue: str) -> workflow.ActivityHandle[bo.CheckAnswer]:
    """Ask whether the dossier is complete."""
    request = bo.CheckRequest(request_id=f"check:{filing.seq}", dossier=_dossier(filing))
    return workflow.start_activity(
        bo.CHECK,
        request,
        task_queue=queue,
        result_type=bo.CheckAnswer,
        start_to_close_timeout=_TIME,
        retry_policy=_RETRY,
    )


def issue(filing: Filing, decision: Decision, queue: str) -> workflow.ActivityHandle[bo.IssueAnswer]:
    """Ask for the result of a decision."""
    request = bo.IssueRequest(
        request_id=f"issue:{filing.seq}",
        dossier=_dossier(filing),
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
    )
    return workflow.start_activity(
        bo.ISSUE,
        request,
        task_queue=queue,
        result_type=bo.IssueAnswer,
        start_to_close_timeout=_TIME,
        retry_policy=_RETRY,
    )


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
