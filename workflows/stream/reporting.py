"""How a payment or a parcel tells its filing, which may have ended long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.intake import Registry
    from activities.ledger.append import LEDGER
    from schemas.base import Model
    from schemas.ids import filing_workflow

from workflows.stream.recording import Stream
from workflows.stream.waiting import pause

_NOT_FOUND: Final = "ExternalWorkflowExecutionNotFound"
_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=1)


async def report(stream: Stream[Any], signal: str, fact: Model) -> bool:
    """Signal a fact to the filing. False if the record says that the filing has ended.

    A filing that is open in the record but has no workflow is one that will be started again: it is told then.
    Raises as `wait_for` does, meanwhile.
    """
    filing = filing_workflow(stream.id.filing)
    handle = workflow.get_external_workflow_handle(filing)
    again = _FIRST_PAUSE
    while True:
        try:
            await handle.signal(signal, fact)
        except ApplicationError as error:
            if error.type != _NOT_FOUND:
                raise
        else:
            return True
        if await workflow.execute_local_activity_method(Registry.closed, filing, **LEDGER):
            return False
        await stream.catch_up()
        await pause(stream, again, "the filing has no workflow yet")
        again = min(again * 2, _LONGEST_PAUSE)
