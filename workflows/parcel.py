"""A consignment as a workflow of its own: it is followed to its end, whatever becomes of its filing."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.parcel import POST, Parcels, SendRequest
    from rules import parcel as rules
    from rules.known import known
    from rules.streams import PARCEL
    from schemas import parcel as pc
    from schemas.filing.events import ParcelOutcome
    from schemas.filing.state import ParcelFact
    from schemas.parcel import ParcelState, ParcelView
    from workflows.stream.reporting import report
    from workflows.stream.shell import Life, of_kind
    from workflows.stream.waiting import outcome


class ParcelLife(Life[pc.Parcel]):
    """The life of a consignment, whatever becomes of its filing."""

    async def proceed(self) -> None:
        """Send it, follow it, report."""
        await self._send()
        await self._follow()
        parcel = self.stream.state
        await report(self.stream, "parcel_settled", ParcelFact(n=parcel.n, outcome=ParcelOutcome(parcel.state.value)))

    async def _send(self) -> None:
        """Hand it to the post. What the post will not take counts as come back."""
        parcel = self.stream.state
        if parcel.state is not ParcelState.REQUESTED:
            return
        request = SendRequest(key=self._key, address=known(parcel.address), contents=parcel.contents)
        try:
            waybill = await outcome(self.stream, workflow.start_activity_method(Parcels.send, request, **POST))
        except ActivityError:
            workflow.logger.warning("parcel.not_taken", extra={"filing_id": str(parcel.filing_id)})
            await self.stream.record(pc.RecordEnd(command_id="end", outcome=ParcelOutcome.RETURNED))
        else:
            await self.stream.record(pc.RecordSent(command_id="sent", waybill=waybill))

    async def _follow(self) -> None:
        if self.stream.state.state is ParcelState.SENT:
            ended = await outcome(self.stream, workflow.start_activity_method(Parcels.end, self._key, **POST))
            await self.stream.record(pc.RecordEnd(command_id="end", outcome=ended))

    @property
    def _key(self) -> str:
        """By which the post knows it."""
        return str(self.stream.id)


@workflow.defn(name="Parcel")
@of_kind(PARCEL, ParcelLife)
class ParcelWorkflow:
    """One consignment: handed to the post, followed, and its end told to the filing."""

    life: ParcelLife

    @workflow.run
    async def run(self, *raw: Any) -> ParcelView:  # noqa: ARG002 -- parsed before, as the life begins
        """Live, and say how it ended."""
        await self.life.live()
        return rules.view(self.life.stream.state)
