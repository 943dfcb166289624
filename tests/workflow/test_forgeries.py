"""Payments and parcels that nobody asked for, and partners that will not play: nothing moves that the record denies."""

from __future__ import annotations

from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from schemas.filing.state import FeeState, Status
from schemas.ids import TASK_QUEUE, fee_key, payment_workflow, reference_of
from schemas.payment.state import PaymentState
from tests.acting import NEVER_PAYS, PAYS_TWICE, Play, eventually, extract, refusal, stock
from tests.conftest import World

MARKER = EventType.EVENT_TYPE_MARKER_RECORDED
SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


async def markers_since_signalled(handle: WorkflowHandle[Any, Any]) -> int:
    """So much was asked of the record since; a signal stands in the history once the task under way has ended."""
    kinds = [event.event_type async for event in handle.fetch_history_events()]
    return kinds[kinds.index(SIGNALED) :].count(MARKER) if SIGNALED in kinds else 0


async def test_a_payment_that_no_filing_asked_for_ends_before_the_bank_hears_of_it(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    client = await stock(running)
    start = {
        "filing_id": str(play.filing),
        "n": 1,
        "agency": play.submission.agency,
        "amount": 1,
        "description": "squatting",
        "limit": "5 working days",
        "since": "2029-12-25T00:00:00Z",
        "calendar": "vn@2026-12",
        "due": "2030-01-01T00:00:00Z",
    }
    squatter = await client.start_workflow("Payment", start, id=payment_workflow(play.filing, 1), task_queue="motcua")
    assert (await refusal(squatter.result())).problems[0].rule == "not_recorded"
    assert await play.order() == {}

    await play.accept()
    order = await eventually(play.order, bool)
    assert order["amount"] == 16000
    assert (await running.client.payment(play.filing)).amount == 16000


async def test_a_payment_that_is_owed_is_not_cancelled_by_a_stranger(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    await eventually(play.order, bool)
    client = await stock(running)

    await client.get_workflow_handle(payment_workflow(play.filing, 1)).signal("cancel", "because")
    await play.pay_by_hand()

    view = await play.until(lambda view: view.fee is not None and view.fee.state is FeeState.PAID)
    assert view.status is Status.PROCESSING
    assert (await running.client.payment(play.filing)).state is PaymentState.PAID
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]


async def test_money_that_only_a_stranger_tells_of_never_came(running: World) -> None:
    """What tells it as the gateway does, by a reference that anybody can work out, is looked for in its inbox."""
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    await play.accept()
    await eventually(play.order, bool)
    client = await stock(running)
    handle = client.get_workflow_handle(payment_workflow(play.filing, 1))
    notice = {"reference": reference_of(fee_key(play.filing, 1)), "transaction": "T1", "amount": 16000}

    async def asked() -> int:
        return await markers_since_signalled(handle)

    for outcome in ("paid", "reversed"):
        await handle.signal("noticed", notice | {"outcome": outcome})
    await eventually(asked, lambda n: n >= 2)
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered"]
    await play.pay_by_hand()
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_captured" in kinds)


async def test_what_a_stranger_says_of_money_that_went_back_is_not_believed(running: World) -> None:
    """Neither that it went back, nor that something is to be looked at, moves a đồng."""
    play = await Play.begin(running, extract(payer_account=PAYS_TWICE))
    await play.accept()
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
    client = await stock(running)
    captures = [capture["capture_id"] for capture in (await play.order())["captures"]]
    payment = client.get_workflow_handle(payment_workflow(play.filing, 1))
    for capture_id in ("none", *captures):
        await payment.signal("refunded", {"capture_id": capture_id, "case": 1, "amount": 16000})
    await payment.signal("refunded", None)
    for n in (1001, 1002):
        start = {"filing_id": str(play.filing), "n": n}
        await client.start_workflow(
            "Refund",
            start,
            id=f"refund:{play.filing}:{n}",
            task_queue=TASK_QUEUE,
            start_signal="look",
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
    await play.approve_refund(1002)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    assert len((await play.order())["refunds"]) == 1
    assert await play.kinds("refund", 1001) == ["refund_begun"]
    view = await running.client.payment(play.filing)
    assert (view.captured, view.refunded) == (32000, 16000)
