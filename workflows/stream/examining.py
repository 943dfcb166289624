"""Examines the files that a message names, before the message is recorded."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.reception import PATIENTLY, QUICKLY, ExamineRequest, NamedFile, Reception
    from rules.filing.evidence import examined
    from schemas.base import Model
    from schemas.errors import Refusal, RefusalCode, problem
    from schemas.files import ScanState, files_named
    from schemas.filing.commands import Supplement
    from schemas.filing.submission import Examined, Submission
    from schemas.ids import filing_workflow
    from schemas.stream.ledger import Found

from workflows.stream.asking import answer_of
from workflows.stream.basis import NOTHING, Basis, pause_after

_SCANNED_LATER: Final = (Submission, Supplement)
"""The messages that are recorded even before the virus scan of their files; the filing then has the files scanned."""


@dataclass(frozen=True)
class Examination:
    """The result of examining a message's files; empty if there are none. `refusal`: None if the files are accepted."""

    answer: Examined = field(default_factory=Examined)
    refusal: Refusal | None = None
    basis: Basis = NOTHING


async def examine(
    filing_id: UUID, naming: Model, version: str | None = None, at: datetime | None = None
) -> Examination:
    """Examines the files that a message names, and retries until there is an answer.

    If the message is a submission, its signature is checked too, as of the moment `at` (None: now). `version`: the
    version of its procedure.
    """
    files = tuple(NamedFile(place=place, file=file) for place, file in files_named(naming))
    if not files:
        return Examination()
    submission = naming if isinstance(naming, Submission) else None
    request = ExamineRequest(
        filing_id=filing_id, files=files, submission=submission, version=version, at=at or workflow.now()
    )
    answer = await _looked_at(request)
    finding = examined(((named.place, named.file) for named in files), submission, version, answer)
    proof = Found(stream=filing_workflow(filing_id), kind=finding.kind, id=finding.id)
    if answer.scan is ScanState.PENDING and not isinstance(naming, _SCANNED_LATER):
        answer = Examined(problems=(problem(files[0].place, "scanner_silent"),))
    why_not = Refusal(code=RefusalCode.NOT_ALLOWED, problems=answer.problems) if answer.problems else None
    return Examination(answer, why_not, Basis(findings=(proof,)))


async def _looked_at(request: ExamineRequest) -> Examined:
    tries = 0
    while True:
        try:
            return await workflow.execute_local_activity_method(Reception.examine, request, **QUICKLY)
        except FailureError:
            workflow.logger.info("reception.not_quickly", extra={"filing_id": str(request.filing_id)})
        answer = await answer_of(Reception.examine, request, PATIENTLY, silent=tries)
        if answer is not None:
            return answer
        tries += 1
        await workflow.sleep(pause_after(tries), summary="the files are still examined")
