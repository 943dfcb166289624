"""Money goes back by two humans, through however many programs one of them speaks."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from schemas.ids import TASK_QUEUE, filing_workflow, refund_workflow
from schemas.people import Actor, Role
from tests.acting import AGENCY, eventually, extract, of, officer, refusal
from tests.conftest import World
from tests.locked import DESK, OFFICE, PORTAL, Program, locked
from tests.workflow.test_locked import by, recorded

ONE: Final = "h56.30-one"
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
