"""Reports of a payment, a parcel or a referral to its filing, even if the filing has ended long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import Registry
    from activities.ledger.append import LEDGER
    from activities.workflows import TEMPORAL, TellRequest, Workflows
    from schemas.base import Model
    from schemas.ids import filing_workflow

from workflows.stream.recording import Stream
from workflows.stream.waiting import pause

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=1)


async def report(stream: Stream[Any], signal: str, fact: Model) -> bool:
    """Signals a fact to the filing. False if the filing has ended according to the record.

    If the filing is open in the record but has no workflow, this waits until it is restarted, and signals it then.
    Raises the errors of `wait_for` meanwhile.
    """
    filing = filing_workflow(stream.id.filing)
    request = TellRequest(id=filing, signal=signal, said=fact.model_dump(mode="json", exclude_none=True))
    again = _FIRST_PAUSE
    while not await workflow.execute_local_activity_method(Workflows.tell, request, **TEMPORAL):
        if await workflow.execute_local_activity_method(Registry.closed, filing, **LEDGER):
            return False
        await stream.catch_up()
        await pause(stream, again, "the filing has no workflow yet")
        again = min(again * 2, _LONGEST_PAUSE)
    return True
