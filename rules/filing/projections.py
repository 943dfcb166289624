"""The read models as folds: the row and the tasks of a filing, the rows of payments and parcels."""

from __future__ import annotations

from datetime import datetime

from rules.filing.lifecycle import stage, status, tasks, timers
from schemas.filing.events import Clock
from schemas.filing.state import STATUS_NAMES, Filing, FilingView, Task
from schemas.parcel import Parcel
from schemas.payment import Payment
from schemas.stream.rows import FilingRow, ParcelRow, PaymentRow, Rows, TaskRow


def filing_rows(filing: Filing) -> Rows:
    """The row and the tasks of a filing."""
    at = _known(filing.changed_at)
    processing = filing.clocks.get(Clock.PROCESSING)
    row = FilingRow(
        filing_id=filing.filing_id,
        agency=filing.agency,
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
        submitted_at=_known(filing.submitted_at),
        accepted_at=filing.accepted_at,
        due_at=processing.due if processing else None,
        closed_at=filing.closed_at,
        outcome=filing.closing,
        overdue=filing.overdue,
        possible_duplicates=filing.possible_duplicates,
    )
    return Rows(filing=row, tasks=tuple(_task_row(task, at) for task in tasks(filing, at)))


def _task_row(task: Task, at: datetime) -> TaskRow:
    return TaskRow(
        name=task.name,
        role=task.role,
        officer=task.officer,
        actions=task.actions,
        due_at=task.due,
        overdue=task.overdue,
        created_at=at,
    )


def payment_rows(payment: Payment) -> Rows:
    """The row of a payment."""
    return Rows(
        payment=PaymentRow(
            n=payment.n,
            number=payment.number,
            amount=payment.amount,
            state=payment.state,
            captured=sum(c.amount for c in payment.captures),
            refunded=sum(c.amount for c in payment.captures if c.capture_id in payment.refunded),
            calendar=str(payment.calendar),
            due_at=_known(payment.due),
            settled_at=payment.settled_at,
            watch_seconds=payment.watch_seconds,
            seq=payment.seq,
            requested_at=_known(payment.requested_at),
        )
    )


def parcel_rows(parcel: Parcel) -> Rows:
    """The row of a parcel."""
    return Rows(
        parcel=ParcelRow(
            n=parcel.n,
            number=parcel.number,
            waybill=parcel.waybill,
            state=parcel.state,
            calendar=str(parcel.calendar),
            due_at=_known(parcel.due),
            seq=parcel.seq,
            requested_at=_known(parcel.requested_at),
        )
    )


def view(filing: Filing, now: datetime, parked: int) -> FilingView:
    """What is shown of a filing."""
    at = status(filing)
    return FilingView(
        filing_id=filing.filing_id,
        code=filing.code or "",
        seq=filing.seq,
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        calendar=filing.calendar.name,
        level=filing.level,
        channel=filing.channel,
        result_channel=filing.result_channel,
        status=at,
        status_name=STATUS_NAMES[at],
        stage=stage(filing),
        submitted_at=_known(filing.submitted_at),
        accepted_at=filing.accepted_at,
        closed=filing.closed,
        closing=filing.closing,
        possible_duplicates=filing.possible_duplicates,
        supplement=filing.supplement,
        questions=filing.questions,
        inspections=filing.inspections,
        opinions=filing.opinions,
        obligation=filing.obligation,
        fee=filing.fee,
        waiver=filing.waiver,
        proposal=filing.proposal,
        decision=filing.decision,
        result=filing.result,
        tasks=tuple(tasks(filing, now)),
        timers=tuple(timers(filing)),
        overdue=filing.overdue,
        parked=parked,
    )


def _known(moment: datetime | None) -> datetime:
    if moment is None:
        msg = "nothing has been recorded yet"
        raise ValueError(msg)
    return moment
