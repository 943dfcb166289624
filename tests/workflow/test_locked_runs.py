"""A run goes on from what the run before handed over only if that one was the platform's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.ledger.vault import Vault
from motcua import testing
from rules.streams import FILING, KINDS
from schemas.filing.state import Closing
from schemas.ids import TASK_QUEUE, filing_workflow
from schemas.people import Role
from schemas.stream.snapshots import Snapshot
from tests.acting import VERSION, eventually, of, officer, stock
from tests.conftest import World
from tests.locked import OFFICE, PORTAL, Program, locked
from views.log import Log
from workflows.stream.starting import load_state

ELSEWHERE: Final = "somebody-elses"


@workflow.defn(name="Filing", sandboxed=False)
class Impostor:
    """Whoever reaches Temporal may run it, and hand on to the platform what never was."""

    @workflow.run
    async def run(self, given: Any) -> None:
        workflow.continue_as_new(given, task_queue=TASK_QUEUE)


async def closed_long_ago(world: World, stream: str) -> dict[str, Any]:
    """What a run would hand on of this filing if it had been closed."""
    async with world.connection() as connection:
        told = await Log(connection, Vault(world.settings.master).find, KINDS).read(stream)
    state = told.state.model_copy(update={"closed_at": datetime.now(UTC), "closing": Closing.DELIVERED})
    snapshot = Snapshot(state=state.model_dump(mode="json"), receipts=())
    assert load_state(FILING, snapshot).closing is not None
    return {"restart": {}, "snapshot": snapshot.model_dump(mode="json"), "proof": "0" * 64}


async def test_what_a_run_of_somebody_elses_hands_on_is_not_believed(world: World) -> None:
    filed = testing.submission(version=VERSION)
    stream = filing_workflow(of(filed))
    async with locked(world) as closed:
        portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
        await portal.submit(filed)
        made_up = await closed_long_ago(closed, stream)
        client = await stock(closed)
        handle = client.get_workflow_handle(stream)
        await handle.terminate()
        runner = UnsandboxedWorkflowRunner()
        async with Worker(client, task_queue=ELSEWHERE, workflows=[Impostor], workflow_runner=runner):
            first = await client.start_workflow("Filing", made_up, id=stream, task_queue=ELSEWHERE)

            async def run() -> str | None:
                return (await handle.describe()).run_id

            await eventually(run, lambda found: found != first.first_execution_run_id)
            said = {"command_id": "c-1", "actor": officer(Role.RECEPTION).model_dump(mode="json", exclude_none=True)}
            receipt = await office.act(stream, "accept", said | {"via": {"principal": "whoever"}})
        async with closed.connection() as connection:
            kind = await connection.fetchval("select kind from event where stream = $1 and seq = 2", stream)
        assert (receipt["command_id"], kind) == ("c-1", "accepted")
