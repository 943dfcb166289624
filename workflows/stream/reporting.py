"""Sends signals to other streams, and a stream's reports to its filing, even if the filing has ended long ago."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import Registry
    from activities.ledger.append import LEDGER
    from activities.workflows import TEMPORAL, TellRequest, Workflows
    from schemas.base import Model
    from schemas.ids import filing_workflow

from workflows.stream.basis import pause_after
from workflows.stream.recording import Stream
from workflows.stream.waiting import pause


async def tell(workflow_id: str, signal: str, said: Any) -> bool:
    """Signals a workflow. Returns False if the workflow does not run."""
    request = TellRequest(id=workflow_id, signal=signal, said=said)
    return await workflow.execute_local_activity_method(Workflows.tell, request, **TEMPORAL)


async def report(stream: Stream[Any], signal: str, fact: Model) -> bool:
    """Signals a fact to the filing. Returns False if the filing has ended according to the record.

    If the filing is open in the record but has no workflow, waits until the workflow is restarted, and then signals the
    workflow. Raises the errors of `wait_for`.
    """
    filing, said = filing_workflow(stream.id.filing), fact.model_dump(mode="json", exclude_none=True)
    tries = 0
    while not await tell(filing, signal, said):
        if await workflow.execute_local_activity_method(Registry.closed, filing, **LEDGER):
            return False
        await stream.catch_up()
        tries += 1
        await pause(stream, pause_after(tries), "the filing has no workflow yet")
    return True
