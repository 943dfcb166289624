"""A consignment as a workflow of its own: it is followed to its end, whatever becomes of its filing."""

from __future__ import annotations

from temporalio import workflow

from workflows.recording import Rules, Stream
from workflows.reporting import report

with workflow.unsafe.imports_passed_through():
    from activities.parcel import POST, Parcels, SendRequest
    from rules import parcel as rules
    from rules.projections import parcel_rows
    from schemas import parcel as pc
    from schemas.filing import ParcelFact
    from schemas.ids import parcel_workflow
    from schemas.parcel import ParcelStart, ParcelView


@workflow.defn
class Parcel:
    """One consignment: handed to the post, followed, and its end told to the filing."""

    @workflow.init
    def __init__(self, start: ParcelStart) -> None:
        state = pc.Parcel(filing_id=start.filing_id, n=start.n, agency=start.agency)
        self._key = parcel_workflow(start.filing_id, start.n)
        self._log = Stream(self._key, start.filing_id, start.agency, state, _RULES)

    @workflow.run
    async def run(self, start: ParcelStart) -> ParcelView:
        """Send it, follow it, report."""
        await self._log.record(pc.RequestConsignment(command_id="request", start=start))
        request = SendRequest(key=self._key, address=start.address, contents=start.contents)
        waybill = await workflow.execute_activity_method(Parcels.send, request, **POST)
        await self._log.record(pc.RecordSent(command_id="sent", waybill=waybill))
        outcome = await workflow.execute_activity_method(Parcels.end, self._key, **POST)
        await self._log.record(pc.RecordEnd(command_id="end", outcome=outcome))
        await report(start.filing_id, "parcel_settled", ParcelFact(n=start.n, outcome=outcome))
        return self.view()

    @workflow.query
    def view(self) -> ParcelView:
        """Where the parcel stands."""
        return rules.view(self._log.state)


_RULES: Rules[pc.Parcel] = Rules(decide=rules.decide, evolve=rules.evolve, rows=parcel_rows)
