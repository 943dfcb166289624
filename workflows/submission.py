"""Parses a submission, the start input of a filing. Anybody may send one: a malformed submission is refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.intake import OpenRequest, OpenResult
    from rules.filing.conditions import communes_in, day_of_receipt
    from rules.streams import FILING
    from schemas.errors import Refusal, RefusalCode, problem, shape_refusal
    from schemas.filing.commands import Submit
    from schemas.filing.state import FilingStart, SubmitCheck
    from schemas.filing.submission import Examined, Submission, content_digest
    from schemas.identity.statement import SUBMIT, Message, Spoken
    from schemas.ids import StreamId, filing_id
    from schemas.publishing.procedure_rules import ProcedureRules
    from schemas.stream.edge import strictly
    from schemas.text import composed

from workflows.stream.starting import expect_id


@dataclass(frozen=True)
class Filed:
    """A submission. `content`: the digest of its raw content; `statement`: the filer's signed statement.

    `refusal` is None if the submission is well formed.
    """

    submission: Submission
    content: str
    refusal: Refusal | None = None
    statement: str | None = None

    @property
    def stream(self) -> StreamId:
        """The stream of the submitted filing."""
        return StreamId(FILING.name, filing_id(self.submission.client_id, self.submission.submission_id))

    def request(self, now: datetime) -> OpenRequest:
        """Returns the request for the data that the filing needs before it begins."""
        submission = self.submission
        message = Message(
            act=SUBMIT,
            actor=submission.actor,
            stream=str(self.stream),
            content=self.content,
            procedure=submission.procedure,
            client_id=submission.client_id,
        )
        return OpenRequest(
            stream=str(self.stream),
            code=submission.procedure,
            version=submission.version,
            agency=submission.agency,
            day=day_of_receipt(submission, now),
            desks=tuple(desk for desk in (submission.desk, submission.result_desk) if desk is not None),
            communes=communes_in(submission.form),
            spoken=Spoken(statement=self.statement, message=message),
        )

    def command(self, procedure: ProcedureRules, found: OpenResult, examined: Examined) -> Submit:
        """Returns the filing's first command under this procedure, with facts about the directory and the files."""
        submission = composed(self.submission)
        return Submit(
            actor=submission.actor,
            via=submission.via,
            statement=self.statement,
            submission=submission,
            procedure=procedure,
            agency=submission.agency,
            accountable=found.accountable,
            elsewhere=found.elsewhere,
            no_desks=found.no_desks,
            partners=found.partners,
            not_in_force=found.not_in_force,
            only_in=found.only_in,
            closed_for=found.closed_for,
            signs=found.signs,
            examined=examined,
        )

    def unknown(self, *, procedure_known: bool) -> Refusal:
        """Returns the refusal of a submission that names an unknown procedure, version or agency."""
        procedure = "version" if self.submission.version else "procedure"
        where = "agency" if procedure_known else procedure
        return Refusal(code=RefusalCode.BAD_SUBMISSION, problems=(problem(where, f"unknown_{where}"),))


def parse_submission(raw: Any) -> Filed:
    """Parses the submission in a start input. Raises `RefusalError`, also if the workflow's id is another filing's."""
    try:
        start = FilingStart.model_validate(raw)
        content = content_digest(start.submission)
        submission = Submission.model_validate(start.submission)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_START, error) from None
    filed = Filed(submission, content, _refusal(raw, start), start.statement)
    expect_id(filed.stream)
    return filed


def _refusal(raw: Any, start: FilingStart) -> Refusal | None:
    """Returns a malformed submission's refusal, else None. The refusal is ignored if the log has the submission."""
    try:
        FilingStart.model_validate(raw, extra="forbid")
        strictly(Submission, start.submission)
    except ValidationError as error:
        return shape_refusal(RefusalCode.BAD_START, error).refusal
    return None


def content_named(check: Any) -> str | None:
    """Returns the content digest that the caller of `submit` named; None if none was named. Raises `RefusalError`."""
    try:
        return SubmitCheck.model_validate(check or {}, extra="forbid").content
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None
