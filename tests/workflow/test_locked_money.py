"""Money goes back by two humans, through however many programs one of them speaks, and as the log orders it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from schemas.ids import TASK_QUEUE, filing_workflow, refund_workflow
from schemas.people import Actor, Role
from schemas.refund.commands import ApproveRefund, RequestRefund
from tests.acting import AGENCY, eventually, extract, of, officer, refusal, stock
from tests.conftest import World
from tests.locked import DESK, OFFICE, PORTAL, Program, locked, signing
from tests.rogue import ordered, rogues
from tests.workflow.forged import by, recorded
from tests.workflow.money import at_work, heard_of, paid_for
from tests.workflow.vnpay import HALF, ends, given, goes_wrong
from tests.workflow.vnpay import WHY as REASON

ONE: Final = "h56.30-one"
MADE: Final = "2026-11-28T00:00:00Z"
DEMAND: Final = {"key": "fee:1", "amount": 1, "description": "fee", "made": MADE, "expires": MADE}
GIVE: Final = {
    "asking": {"provider": "sandbox", "demand": DEMAND},
    "agency": "H56.30",
    "capture_id": "1",
    "of": 1,
    "amount": 1,
    "case": 1,
}
"""A request as builds of before took it."""
WHY: Final[dict[str, Any]] = {"amount": 1, "reason": "nộp nhầm", "legal_basis": "TT 45/2006"}


async def test_one_human_does_not_approve_their_own_refund_by_another_program(world: World) -> None:
    async with world.connection(world.owner_dsn) as connection:
        for role in (Role.CASHIER, Role.LEADER):
            add = "insert into officer (agency, subject, role, name) values ($1, $2, $3, 'Phạm Minh Đức')"
            await connection.execute(add, AGENCY, ONE, role)
    cashier, leader = (Actor(subject=ONE, role=role, agency=AGENCY) for role in (Role.CASHIER, Role.LEADER))
    async with locked(world) as closed:
        portal, desk, office = [await Program.of(closed, seed) for seed in (PORTAL, DESK, OFFICE)]
        filed = extract()
        await portal.submit(filed)
        filing, refund = filing_workflow(of(filed)), refund_workflow(of(filed), 1001)
        await office.act(filing, "accept", by(officer(Role.RECEPTION), "c-1"))

        async def kinds() -> list[str]:
            async with closed.connection() as connection:
                rows = await connection.fetch("select kind from event where stream = $1", filing)
            return [row["kind"] for row in rows]

        await eventually(kinds, lambda kinds: "fee_paid" in kinds)

        async def gives(program: Program, kind: str, said: dict[str, Any]) -> Any:
            begun: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
                "Refund",
                {"filing_id": str(of(filed)), "n": 1001},
                id=refund,
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
            signed = program.signed(refund, kind, said)
            return await program.client.execute_update_with_start_workflow(
                kind, signed, start_workflow_operation=begun, id=uuid4().hex
            )

        await gives(desk, "request_refund", by(cashier, "c-2", **WHY))
        before = await recorded(closed, refund)
        why = (await refusal(gives(office, "approve_refund", by(leader, "c-3", case=1)))).problems
        assert [one.rule for one in why] == ["needs_another"]
        assert await recorded(closed, refund) == before
        await gives(office, "approve_refund", by(officer(Role.LEADER), "c-4", case=1))


async def answered(client: Client, *given: Any, tries: int = 1) -> list[str | None]:
    """How the platform's worker refuses a rogue run that wants money given back; None for what it answers."""
    orders = [("payment.refund", one) for one in given]
    async with rogues(client):
        return [one.refused for one in await ordered(client, orders, tries=tries, at_once=True)]


async def test_a_run_that_others_pin_to_a_deployment_of_their_own_has_nothing_given_back(
    world: World, tmp_path: Path
) -> None:
    """Neither with what it likes, nor by an order of the log too early, too late, or many times at once."""
    async with heard_of(await signing(world), tmp_path, "vnpay") as till, at_work(till):
        play, reference, page = await paid_for(till)
        rogue, stream = await stock(world), refund_workflow(play.filing, 1001)
        order = {"stream": stream, "seq": 2, "case": 1}
        await play.refund(RequestRefund, play.officer(Role.CASHIER), amount=HALF, **REASON)
        others = ({**order, "seq": 99}, {**order, "stream": filing_workflow(play.filing)}, {**order, "case": None})
        assert set(await answered(rogue, order, *others, {**GIVE, **order}, {**GIVE, "stream": "x", "seq": 1})) == {
            "not_ordered"
        }
        assert await answered(rogue, GIVE) not in ([None], ["not_ordered"])
        assert await given(till, reference) == []

        hold = page.path.removesuffix("/pay") + "/hold"
        till.bank.client.put(hold, json={"queries": True, "callbacks": False}).raise_for_status()
        for fault in ("next_day", "hang_then_apply"):
            goes_wrong(till, fault, 100)
        await play.refund(ApproveRefund, play.officer(Role.LEADER), case=1)
        await eventually(lambda: play.kinds("refund", 1001), lambda kinds: kinds[-1] == "refund_asked")
        racing = asyncio.create_task(answered(rogue, *([order] * 8), tries=0))
        till.bank.client.put(hold, json={"queries": False, "callbacks": False}).raise_for_status()
        assert await ends(play) == "refund_given"
        assert set(await racing) <= {None, "not_ordered"}
        assert set(await answered(rogue, order)) == {"not_ordered"}
        assert await given(till, reference) == [HALF]
