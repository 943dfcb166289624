"""Examines files before an event that names them is recorded."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.reception import PATIENTLY, QUICKLY, SCANNING, ExamineRequest, NamedFile, Reception
    from schemas.base import Model
    from schemas.errors import Refusal, RefusalCode, problem
    from schemas.files import ScanState, files_named
    from schemas.filing.commands import Supplement
    from schemas.filing.examined import Examined
    from schemas.filing.state import Filing
    from schemas.filing.submission import Submission

from workflows.stream.ordering import instruction
from workflows.stream.recording import Stream


def refusal_of(examined: Examined) -> Refusal | None:
    """Returns why an event that names the files may not be recorded; None if it may."""
    if not examined.problems:
        return None
    return Refusal(code=RefusalCode.NOT_ALLOWED, problems=examined.problems)


def scan(filing: Stream[Filing]) -> workflow.ActivityHandle[list[str]]:
    """Starts the scan of files without a result, retried until the scanner answers: returns the papers with viruses."""
    return workflow.start_activity_method(Reception.scan, instruction(filing), **SCANNING)


async def examine(filing_id: UUID, naming: Model, version: str | None = None) -> Examined:
    """Examines the files that a message names.

    For a submission, under this `version` of its procedure, its signature is checked too.
    """
    files = tuple(NamedFile(place=place, file=file) for place, file in files_named(naming))
    if not files:
        return Examined()
    submission = naming if isinstance(naming, Submission) else None
    request = ExamineRequest(
        filing_id=filing_id, files=files, submission=submission, version=version, at=workflow.now()
    )
    examined = await _looked_at(request)
    if examined.scan is ScanState.PENDING and not isinstance(naming, _SCANNED_LATER):
        return Examined(problems=(problem(files[0].place, "scanner_silent"),))
    return examined


_SCANNED_LATER: Final = (Submission, Supplement)
"""Messages recorded before the scan has a result, because the filing keeps requesting it for these files."""


async def _looked_at(request: ExamineRequest) -> Examined:
    try:
        return await workflow.execute_local_activity_method(Reception.examine, request, **QUICKLY)
    except FailureError:
        workflow.logger.info("reception.not_quickly", extra={"filing_id": str(request.filing_id)})
    return await workflow.execute_activity_method(Reception.examine, request, **PATIENTLY)
