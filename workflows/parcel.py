"""A consignment as a workflow of its own: it is followed to its end, whatever becomes of its filing."""

from __future__ import annotations

from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.parcel import POST, Parcels, SendRequest
    from rules import parcel as rules
    from rules.projections import parcel_rows
    from schemas import parcel as pc
    from schemas.errors import NOT_READY
    from schemas.events import ParcelOutcome
    from schemas.filing import ParcelFact
    from schemas.ids import parcel_workflow
    from schemas.parcel import ParcelStart, ParcelView
    from workflows.recording import Rules, Stream, begin, failure, one, started
    from workflows.reporting import report

_RULES: Final[Rules[pc.Parcel]] = Rules(rules.decide, rules.evolve, parcel_rows)


@workflow.defn
class Parcel:
    """One consignment: handed to the post, followed, and its end told to the filing."""

    @workflow.init
    def __init__(self, *_: Any) -> None:
        self._log: Stream[pc.Parcel] | None = None

    @workflow.run
    async def run(self, *raw: Any) -> ParcelView:
        """Send it, follow it, report."""
        start = started(ParcelStart, one(raw))
        key = parcel_workflow(start.filing_id, start.n)
        state = pc.Parcel(filing_id=start.filing_id, n=start.n, agency=start.agency)
        log = self._log = Stream(key, start.filing_id, start.agency, state, _RULES)
        await begin(log, pc.RequestConsignment(command_id="request", start=start))
        outcome = await self._send(log, start, key)
        await log.record(pc.RecordEnd(command_id="end", outcome=outcome))
        await report(start.filing_id, "parcel_settled", ParcelFact(n=start.n, outcome=outcome))
        return self.view()

    @workflow.query
    def view(self) -> ParcelView:
        """Where the parcel stands."""
        if self._log is None:
            raise failure(NOT_READY)
        return rules.view(self._log.state)

    async def _send(self, log: Stream[pc.Parcel], start: ParcelStart, key: str) -> ParcelOutcome:
        """How it ended. What the post will not take counts as come back."""
        request = SendRequest(key=key, address=start.address, contents=start.contents)
        try:
            waybill = await workflow.execute_activity_method(Parcels.send, request, **POST)
        except ActivityError:
            workflow.logger.warning("parcel.not_taken", extra={"filing_id": str(start.filing_id)})
            return ParcelOutcome.RETURNED
        await log.record(pc.RecordSent(command_id="sent", waybill=waybill))
        return await workflow.execute_activity_method(Parcels.end, key, **POST)
