"""Payments and parcels as children that outlive their filing. Starting one that runs already is success."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from schemas import ids
    from schemas.filing.events import Clock
    from schemas.filing.state import Fee, Filing
    from schemas.parcel import ParcelStart
    from schemas.payment import PaymentStart
    from schemas.people import Address
    from workflows.parcel import ParcelWorkflow
    from workflows.payment import PaymentWorkflow


async def start_payment(filing: Filing, fee: Fee) -> None:
    """Ask for the money of a fee."""
    clock = filing.clocks[Clock.PAYMENT]
    start = PaymentStart(
        filing_id=filing.filing_id,
        n=fee.n,
        agency=filing.agency,
        amount=fee.amount,
        description=str(filing.code),
        limit=clock.limit,
        since=clock.started,
        calendar=filing.calendar.name,
        due=clock.due,
        payer_account=filing.payer_account,
    )
    await _start(filing, PaymentWorkflow.run, start, ids.payment_workflow(filing.filing_id, fee.n))


async def cancel_payment(filing: Filing, n: int) -> None:
    """Tell a payment that its fee is owed no longer; one that has ended needs no telling."""
    payment = workflow.get_external_workflow_handle(ids.payment_workflow(filing.filing_id, n))
    try:
        await payment.signal(PaymentWorkflow.cancel, "the filing no longer owes this fee")
    except ApplicationError as error:
        workflow.logger.info("payment.gone", extra={"reason": error.type})


async def start_parcel(filing: Filing, address: Address) -> None:
    """Send the result."""
    clock = filing.clocks[Clock.DELIVERY]
    start = ParcelStart(
        filing_id=filing.filing_id,
        n=filing.parcels,
        agency=filing.agency,
        address=address,
        contents=str(filing.code),
        limit=clock.limit,
        since=clock.started,
        calendar=filing.calendar.name,
        due=clock.due,
    )
    await _start(filing, ParcelWorkflow.run, start, ids.parcel_workflow(filing.filing_id, filing.parcels))


async def _start(filing: Filing, run: Any, start: Any, workflow_id: str) -> None:
    """Start it, so that it reads in Temporal's own pages as what it is for."""
    try:
        await workflow.start_child_workflow(
            run,
            start,
            id=workflow_id,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"{filing.procedure.code} · {filing.agency} · {filing.code}",
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("child.found", extra={"child": workflow_id})
