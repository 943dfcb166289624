"""A consignment as a workflow of its own: it is followed to its end, whatever becomes of its filing."""

from __future__ import annotations

from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.parcel import POST, Parcels, SendRequest
    from rules import parcel as rules
    from rules.filing.projections import parcel_rows
    from schemas import ids
    from schemas import parcel as pc
    from schemas.errors import NOT_READY, NOT_RECORDED, Refusal, RefusalError
    from schemas.filing.events import ParcelOutcome
    from schemas.filing.state import ParcelFact
    from schemas.parcel import ParcelStart, ParcelState, ParcelView
    from schemas.stream.snapshots import ParcelCarried
    from workflows.stream.calendars import adopt_calendar
    from workflows.stream.recording import Rules, Stream, begin, failure, one
    from workflows.stream.reporting import report
    from workflows.stream.starting import Again, adopted, again, going_on, started
    from workflows.stream.waiting import ContinueAsNewDueError, outcome, settled

_RULES: Final[Rules[pc.Parcel]] = Rules(rules.decide, rules.evolve, parcel_rows)


@workflow.defn
class Parcel:
    """One consignment: handed to the post, followed, and its end told to the filing."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self._log: Stream[pc.Parcel] | None = None
        self._again: Again[ParcelCarried] | None = None
        self._refusal: Refusal | None = None
        try:
            self._again = again(one(raw), ParcelCarried)
        except RefusalError as no:
            self._refusal = no.refusal
        if self._again is not None and self._again.carried is not None:
            self._go_on(self._again.carried, self._again.epoch)

    @workflow.run
    async def run(self, *raw: Any) -> ParcelView:
        """Send it, follow it, report."""
        log = self._log = self._log or await self._begun(one(raw))
        try:
            await self._send(log)
            await self._follow(log)
            fact = ParcelFact(n=log.state.n, outcome=ParcelOutcome(log.state.state))
            await report(log, log.state.filing_id, "parcel_settled", fact)
        except ContinueAsNewDueError:
            await settled(log)
            carried = ParcelCarried(state=log.state, receipts=tuple(log.receipts.values()))
            workflow.continue_as_new(going_on(log, carried))
        await settled(log)
        return self.view()

    adopt_calendar = adopt_calendar()

    async def recorded(self) -> Stream[pc.Parcel]:
        """The stream, once it has begun."""
        await workflow.wait_condition(lambda: self._log is not None and self._log.state.seq > 0)
        if self._log is None:
            raise failure(NOT_READY)
        return self._log

    @workflow.query
    def view(self) -> ParcelView:
        """Where the parcel stands."""
        if self._log is None:
            raise failure(NOT_READY)
        return rules.view(self._log.state)

    async def _begun(self, raw: Any) -> Stream[pc.Parcel]:
        """Record what is to be sent, or take over what was recorded."""
        if self._refusal is not None:
            raise failure(self._refusal)
        if self._again is not None:
            return await adopted(_RULES, self._again.epoch, ids.parcel_workflow, pc.Parcel)
        start = started(ParcelStart, raw, ids.parcel_workflow)
        name = ids.parcel_workflow(start.filing_id, start.n)
        state = pc.Parcel(filing_id=start.filing_id, n=start.n, agency=start.agency)
        log = self._log = Stream(name, start.filing_id, start.agency, state, _RULES)
        await begin(log, pc.RequestConsignment(command_id="request", start=start))
        return log

    def _go_on(self, carried: ParcelCarried, epoch: int | None) -> None:
        """Go on where the run before left off."""
        state = carried.state
        name = ids.parcel_workflow(state.filing_id, state.n)
        self._log = Stream(name, state.filing_id, state.agency, state, _RULES, receipts=carried.receipts, epoch=epoch)

    async def _send(self, log: Stream[pc.Parcel]) -> None:
        """Hand it to the post. What the post will not take counts as come back."""
        parcel = log.state
        if parcel.state is not ParcelState.REQUESTED:
            return
        if parcel.address is None:
            raise failure(NOT_RECORDED)
        request = SendRequest(key=_key(parcel), address=parcel.address, contents=parcel.contents)
        try:
            waybill = await outcome(log, workflow.start_activity_method(Parcels.send, request, **POST))
        except ActivityError:
            workflow.logger.warning("parcel.not_taken", extra={"filing_id": str(parcel.filing_id)})
            await log.record(pc.RecordEnd(command_id="end", outcome=ParcelOutcome.RETURNED))
        else:
            await log.record(pc.RecordSent(command_id="sent", waybill=waybill))

    async def _follow(self, log: Stream[pc.Parcel]) -> None:
        if log.state.state is ParcelState.SENT:
            ended = await outcome(log, workflow.start_activity_method(Parcels.end, _key(log.state), **POST))
            await log.record(pc.RecordEnd(command_id="end", outcome=ended))


def _key(parcel: pc.Parcel) -> str:
    """By which the post knows it."""
    return ids.parcel_workflow(parcel.filing_id, parcel.n)
