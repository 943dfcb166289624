"""The read models of a filing: its row, its tasks, its view, and the dossier for other agencies."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rules.filing.clocks import stretched
from rules.filing.lifecycle import stage, status, tasks, timers
from rules.require import require
from rules.stream_kind import Wait
from schemas import backoffice as bo
from schemas.filing.delivery import DeliveryView
from schemas.filing.events import Clock, MachineWork
from schemas.filing.state import STATUS_NAMES, Filing, FilingView, IssuedResult, Stage, Task
from schemas.level import Channel
from schemas.stream.rows import FilingRow, IssuedRow, Rows, Standing, TaskRow
from schemas.translate import said


def dossier(filing: Filing) -> bo.Dossier:
    """The dossier in its present state."""
    return bo.Dossier(
        filing_id=filing.filing_id,
        code=str(filing.code),
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        level=filing.level,
        applicant=require(filing.applicant),
        form=filing.form,
        papers=filing.papers,
        authorisation=filing.authorisation,
        by_law=filing.by_law,
    )


def issue_request(filing: Filing) -> bo.IssueRequest | None:
    """The request to the back office to make the result; None if none is needed now, or if officers sign the result.

    A further copy has its own request id, so that the answer for an earlier copy does not count.
    """
    decision = filing.decision
    if decision is None or filing.signs or stage(filing) is not Stage.ISSUE:
        return None
    copy = f":{filing.copy_number + 1}" if filing.lost_copy else ""
    return bo.IssueRequest(
        request_id=f"issue:{decision.seq}{copy}",
        dossier=dossier(filing),
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
    )


def without_file(filing: Filing) -> Iterator[Wait]:
    """The wait for a usable file of the result; none unless the back office or the signing was reported as failing."""
    if filing.machine_failing is MachineWork.ISSUE and stage(filing) is Stage.ISSUE:
        yield Wait(why=filing.machine_error)


def standing(filing: Filing) -> Standing:
    """The standing of a filing."""
    return Standing(calendar=filing.calendar.name, open=not filing.closed)


def rows(filing: Filing) -> Rows:
    """The rows of a filing in the read models: its own row, and one for each task."""
    processing = filing.clocks.get(Clock.PROCESSING)
    row = FilingRow(
        code=filing.code,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        procedure_sha256=filing.procedure.sha256,
        calendar=filing.calendar.name,
        level=filing.level,
        channel=filing.channel,
        result_channel=filing.result_channel,
        status=status(filing),
        stage=stage(filing),
        seq=filing.seq,
        submitted_at=require(filing.submitted_at),
        accepted_at=filing.accepted_at,
        due_at=processing.due if processing else None,
        closed_at=filing.closed_at,
        outcome=filing.closing,
        overdue=filing.overdue,
        possible_duplicates=filing.possible_duplicates,
        recused=filing.recused,
        had_by=filing.had_by,
        client_id=filing.client_id,
        submission_id=filing.submission_id,
        erased_at=filing.erased_at,
    )
    found = tuple(map(_task_row, tasks(filing, require(filing.changed_at))))
    return Rows(row=row.model_dump(mode="json"), tasks=found)


def results(filing: Filing) -> tuple[dict[str, Any], ...]:
    """The filing's rows in the register of results. The other columns of a signed result are written by its stream.

    No column has two writers, so streams can be folded in any order.
    """
    numbered = (result for result in filing.results if result.number or result is filing.results[-1])
    return tuple(map(_result_row, numbered))


def _result_row(result: IssuedResult) -> dict[str, Any]:
    earlier = {} if result.agency is None else {"agency": result.agency}
    if result.signed:
        return result.model_dump(mode="json", include={"number", "n", "overtaken_at"}) | earlier
    return IssuedRow.model_validate(result.model_dump()).model_dump(mode="json") | earlier


def _task_row(task: Task) -> TaskRow:
    return TaskRow(
        name=task.name,
        agency=task.agency,
        role=task.role,
        officer=task.officer,
        acting_for=task.acting_for,
        actions=task.actions,
        due_at=task.due,
        overdue=task.overdue,
    )


def view(filing: Filing, now: datetime, changed: datetime) -> FilingView:
    """The `FilingView` of a filing. `changed`: the time of its last event."""
    at, appeal = status(filing), filing.clocks.get(Clock.APPEAL)
    asked, answering = filing.supplement, filing.clocks.get(Clock.SUPPLEMENT)
    return FilingView(
        filing_id=filing.filing_id,
        code=filing.code or "",
        seq=filing.seq,
        changed_at=changed,
        agency=filing.agency,
        passed_from=filing.passed_from,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        calendar=filing.calendar.name,
        level=filing.level,
        channel=filing.channel,
        desk=filing.desk,
        result_desk=filing.result_desk,
        at_desk=filing.at_desk,
        under_way=filing.under_way,
        result_channel=filing.result_channel,
        authorisation=filing.authorisation,
        by_law=filing.by_law,
        status=at,
        status_name=said("erased_status") if filing.erased_at else STATUS_NAMES[at],
        stage=stage(filing),
        submitted_at=require(filing.submitted_at),
        received_at=filing.received_at,
        missing=filing.missing,
        scan=filing.scan,
        infected=filing.infected,
        signature_check=filing.signature_check,
        signature_accepted=filing.signature_accepted,
        accepted_at=filing.accepted_at,
        closed=filing.closed,
        closing=filing.closing,
        possible_duplicates=filing.possible_duplicates,
        supplement=asked and asked.model_copy(update={"until": answering.due if answering else None}),
        questions=filing.questions,
        inspections=filing.inspections,
        opinions=filing.opinions,
        parts=filing.parts,
        obligation=filing.obligation,
        draft=filing.draft,
        fee=filing.fee,
        waiver=filing.waiver,
        proposal=filing.proposal,
        decision=filing.decision,
        result=filing.result,
        copy_number=filing.copy_number,
        lost_copy=filing.lost_copy,
        revoked_copies=filing.revoked_copies,
        unclaimed=filing.unclaimed,
        complain_until=appeal.due if appeal else None,
        tasks=tuple(tasks(filing, now)),
        stretched=tuple(stretched(filing)),
        timers=tuple(timers(filing)),
        overdue=filing.overdue,
        erased_at=filing.erased_at,
        as_of=now,
    )


def delivery(filing: Filing) -> DeliveryView:
    """The details of the delivery of the result, which only the applicant may see."""
    at_counter = filing.result_channel is Channel.COUNTER or filing.pickup
    waits = filing.clocks.get(Clock.PICKUP if filing.pickup else Clock.READING)
    return DeliveryView(
        filing_id=filing.filing_id,
        channel=filing.result_channel,
        desk=filing.returning if at_counter else None,
        pickup_code=filing.pickup_code if filing.pickup and not filing.closed else None,
        link=filing.link if filing.offered and not filing.closed else None,
        until=waits.due if waits and not filing.closed else None,
    )
