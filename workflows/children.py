"""Starts and notifies the payments, parcels, referrals and results of a filing, which may run longer than the filing.

To start a stream that already runs is no error, and changes nothing.
"""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.ledger.append import LEDGER
    from activities.money.refunds import PaymentOf, Refunds
    from activities.workflows import TEMPORAL, StartRequest, WakeRequest, Workflows
    from rules.filing.projections import dossier
    from rules.payment.kind import not_owed
    from rules.require import require
    from rules.streams import PARCEL, PAYMENT, REFERRAL, REFUND, RESULT
    from rules.time import working_time
    from schemas import ids
    from schemas.base import Model
    from schemas.filing.events import Clock
    from schemas.filing.state import Fee, Filing, FilingPart, TaxDemand
    from schemas.parcel.state import ParcelStart
    from schemas.payment.state import PaymentStart
    from schemas.referral.state import ReferralStart
    from schemas.refund.state import LOOK, RefundStart
    from schemas.result.state import ResultStart
    from workflows.stream.reporting import tell


async def start_payment(filing: Filing, owed: Fee | TaxDemand) -> None:
    """Starts the payment of a fee, or of an obligation to the tax office that demands it."""
    agency, until = (owed.agency, Clock.OBLIGATION) if isinstance(owed, TaxDemand) else (filing.agency, Clock.PAYMENT)
    clock = filing.clocks[until]
    start = PaymentStart(
        filing_id=filing.filing_id,
        n=owed.n,
        agency=agency,
        amount=owed.amount,
        description=str(filing.code),
        limit=clock.limit,
        since=clock.started,
        calendar=filing.calendar.name,
        due=clock.due,
        payer_account=filing.payer_account,
        payer_address=filing.payer_address,
    )
    await _start(filing, PAYMENT.workflow, start, ids.payment_workflow(filing.filing_id, owed.n))


async def cancel_payment(filing: Filing, n: int) -> None:
    """Tells a payment, by a signal, that its fee is no longer owed. Does nothing if the payment does not run."""
    await tell(ids.payment_workflow(filing.filing_id, n), "cancel", not_owed(n))


async def start_parcel(filing: Filing) -> None:
    """Starts the parcel that brings the result to the applicant."""
    clock = filing.clocks[Clock.DELIVERY]
    fee = require(filing.fee).amount if filing.fee_at_the_post else None
    start = ParcelStart(
        filing_id=filing.filing_id,
        n=filing.parcels,
        agency=filing.agency,
        address=require(filing.address),
        contents=str(filing.code),
        cod=filing.collected_on_delivery + (fee or 0),
        fee=fee,
        limit=clock.limit,
        since=clock.started,
        calendar=filing.calendar.name,
        due=clock.due,
    )
    await _start(filing, PARCEL.workflow, start, ids.parcel_workflow(filing.filing_id, filing.parcels))


async def cancel_parcel(filing: Filing, n: int) -> None:
    """Tells a parcel, by a signal, that the filing recalls it. Does nothing if the parcel does not run."""
    await tell(ids.parcel_workflow(filing.filing_id, n), "cancel", "the filing would have it back")


async def start_referral(filing: Filing, part: FilingPart) -> None:
    """Starts the referral of a part of the procedure to the agency that decides the part."""
    since, due, reminder = require(part.referred_at), require(part.due), filing.procedure.limits.reminder
    start = ReferralStart(
        filing_id=filing.filing_id,
        n=part.n,
        agency=part.agency,
        part=part.code,
        lead=filing.agency,
        dossier=dossier(filing),
        filed_by=require(filing.filed_by),
        reminder=reminder,
        remind_at=working_time.remind_at(since, part.limit, due, reminder, filing.calendar),
        limit=part.limit,
        since=since,
        calendar=filing.calendar.name,
        due=due,
    )
    await _start(filing, REFERRAL.workflow, start, ids.referral_workflow(filing.filing_id, part.n))


async def start_result(filing: Filing) -> None:
    """Starts the stream in which the filing's result is made and signed."""
    n = len(filing.results) + 1
    start = ResultStart(filing_id=filing.filing_id, n=n)
    await _start(filing, RESULT.workflow, start, ids.result_workflow(filing.filing_id, n))


async def return_fee(filing: Filing, n: int) -> None:
    """Starts the refunds of the money that paid the `n`-th fee. Each refund itself computes its amount."""
    asked = PaymentOf(filing_id=filing.filing_id, n=n)
    for number in await workflow.execute_local_activity_method(Refunds.of_fee, asked, **LEDGER):
        await begin_refund(filing.filing_id, number)


async def call_refunds_off(filing: Filing) -> None:
    """Lets each refund that follows from the filing's end compute its amount again, since the filing was reopened."""
    numbers = await workflow.execute_local_activity_method(Refunds.ruled, filing.filing_id, **LEDGER)
    for number in numbers:
        await begin_refund(filing.filing_id, number)


async def begin_refund(filing_id: UUID, n: int) -> None:
    """Tells a refund to read its capture in the logs again. Starts the refund first if it does not run."""
    request = WakeRequest(
        workflow=REFUND.workflow,
        id=ids.refund_workflow(filing_id, n),
        said=RefundStart(filing_id=filing_id, n=n).model_dump(mode="json"),
        signal=LOOK,
    )
    await workflow.execute_local_activity_method(Workflows.wake, request, **TEMPORAL)


async def cancel_referral(filing: Filing, part: FilingPart) -> None:
    """Tells a referral, by a signal, that its answer is no longer needed. Does nothing if the referral does not run."""
    await tell(ids.referral_workflow(filing.filing_id, part.n), "cancel", "the filing has ended")


async def _start(filing: Filing, kind: str, start: Model, workflow_id: str) -> None:
    """Starts a workflow, with a summary of its purpose for Temporal's own pages."""
    request = StartRequest(
        workflow=kind,
        id=workflow_id,
        said=start.model_dump(mode="json", exclude_none=True),
        summary=f"{filing.procedure.code} · {filing.agency} · {filing.code}",
    )
    await workflow.execute_local_activity_method(Workflows.start, request, **TEMPORAL)
