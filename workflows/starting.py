"""Reading what a filing is started with. It comes from anyone: what does not fit is refused, never raised."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from schemas import ids
    from schemas.commands import Submit
    from schemas.errors import RefusalCode, Refused, problem, refused, shape_refusal
    from schemas.filing import FilingStart, SubmitCheck
    from schemas.procedure import ProcedureRules
    from schemas.submission import Submission, content_digest


def parse_start(raw: Any) -> tuple[FilingStart, Submission, str]:
    """The start, its submission and that one's digest. Raises `Refused`."""
    try:
        start = FilingStart.model_validate(raw)
        content = content_digest(start.submission)
        submission = Submission.model_validate(start.submission)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_START, error) from None
    expected = ids.filing_workflow(ids.filing_id(submission.client_id, submission.submission_id))
    if workflow.info().workflow_id != expected:
        raise refused(
            RefusalCode.BAD_START,
            problem(
                "workflow_id",
                "id_does_not_match",
                f"mã quy trình phải là {expected}",
                f"the workflow id of this submission is {expected}",
            ),
        )
    if not _continued_by_itself():
        # Only a run that continues another brings a state that the log has borne out; anybody else's may be made up.
        start = start.model_copy(update={"snapshot": None, "receipts": ()})
    return start, submission, content


def _continued_by_itself() -> bool:
    """Whether this run goes on where another left off. A retry or a schedule follows one too, with the first input."""
    info = workflow.info()
    return info.continued_run_id is not None and info.attempt == 1 and info.cron_schedule is None


def content_named(check: Any) -> str | None:
    """The digest that a caller of `submit` names, if it names one. Raises `Refused`."""
    try:
        return SubmitCheck.model_validate(check or {}).content
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None


def submit_command(submission: Submission, procedure: ProcedureRules) -> Submit:
    """The submission as the filing's first command."""
    return Submit(
        actor=submission.actor,
        via=submission.via,
        submission=submission,
        procedure=procedure,
        agency=submission.agency,
    )


def unknown(submission: Submission, *, procedure_known: bool) -> Refused:
    """The refusal of a submission that names a procedure, version or agency that there is not."""
    if procedure_known:
        where, vi, en = "agency", "cơ quan", "agency"
    else:
        where = "version" if submission.version else "procedure"
        vi, en = "thủ tục hoặc phiên bản", "published procedure or version"
    return refused(
        RefusalCode.BAD_SUBMISSION,
        problem(where, f"unknown_{where}", f"không có {vi} này; kiểm tra lại mã", f"there is no such {en}; check it"),
    )
