"""A consignment as a workflow of its own: followed to its end and beyond, independent of its filing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.parcel import POST, News, Parcels
    from rules.parcel.view import view
    from rules.streams import PARCEL
    from schemas.errors import RefusalError
    from schemas.filing.events import ParcelOutcome
    from schemas.filing.state import ParcelFact
    from schemas.parcel.commands import RecallConsignment, RecordEnd, RecordLeft, RecordSent, RecordSteps
    from schemas.parcel.state import Parcel, ParcelState, ParcelView
    from workflows.stream.ordering import instruction, ordered
    from workflows.stream.recording import single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Life, takes_commands
    from workflows.stream.waiting import give_up, pause, wait_for

_NOTHING_COMES_OF_IT: Final = timedelta(minutes=1)


class ParcelLife(Life[Parcel]):
    """The life of a consignment, independent of its filing's."""

    async def proceed(self) -> None:
        """Sends it, follows it, reports, then watches for late news of the post."""
        await self._send()
        while True:
            await self._tell()
            if self._recall_waits:
                await self._recall()
            elif self._parcel.recalled:
                await self._take_back()
            elif self._parcel.under_way or self._parcel.watched_until is not None:
                if await self._over():
                    return
            else:
                return

    async def caught_up(self) -> None:
        """Assumes a recall by the filing, whose signal the previous run may have lost; the record decides."""
        self._remember(recall=True)

    def cancel(self) -> None:
        """Notes that the filing recalls the parcel."""
        self._remember(recall=True)

    def _remember(self, **what: Any) -> None:
        self.memory = self.memory.model_copy(update=what)

    @property
    def _parcel(self) -> Parcel:
        return self.stream.state

    async def _send(self) -> None:
        """Hands it to the post. A refusal by the post is recorded as a return."""
        while self._parcel.state is ParcelState.REQUESTED:
            sending = workflow.start_activity_method(Parcels.send, instruction(self.stream), **POST)
            try:
                waybill = await ordered(self.stream, sending)
            except ActivityError as error:
                workflow.logger.warning("parcel.not_taken", extra={"filing_id": str(self._parcel.filing_id)})
                end = RecordEnd(command_id="parcel:end", outcome=ParcelOutcome.RETURNED, said=_code(error))
                await self.stream.record(end)
            else:
                if waybill is not None:
                    await self.stream.record(RecordSent(command_id="parcel:sent", waybill=waybill))

    async def _tell(self) -> None:
        """Reports its end to the filing, once for each end."""
        parcel = self._parcel
        if parcel.under_way or self.memory.told == parcel.state:
            return
        outcome = ParcelOutcome(parcel.state.value)
        paid = parcel.collected is not None and parcel.collected >= parcel.cod
        fact = ParcelFact(n=parcel.n, outcome=outcome, fee=parcel.fee if paid else None)
        await report(self.stream, "parcel_settled", fact)
        self._remember(told=outcome)

    async def _over(self) -> bool:
        """Waits for news of the post or a recall by the filing; True if the watch ended without either."""
        looking = workflow.start_activity_method(Parcels.news, instruction(self.stream), **POST)
        try:
            await wait_for(self.stream, lambda: looking.done() or self._recall_waits)
        finally:
            if not looking.done():
                give_up(looking)
        if not looking.done():
            return False
        news = await ordered(self.stream, looking)
        return news is not None and not await self._record(news)

    async def _record(self, news: News) -> bool:
        """Records the post's news; False if there is none.

        After news that can't be recorded it pauses before asking again.
        """
        if not news.steps:
            return False
        seq = self._parcel.seq
        command_id = f"parcel:steps:{seq}"
        await self.stream.attempt(RecordSteps(command_id=command_id, steps=news.steps, again_by=news.again_by))
        if self._parcel.seq == seq:
            await pause(self.stream, _NOTHING_COMES_OF_IT, "the post says what can't be recorded")
        return True

    @property
    def _recall_waits(self) -> bool:
        parcel = self._parcel
        return bool(self.memory.recall and parcel.under_way and not parcel.recalled and not parcel.left)

    async def _recall(self) -> None:
        """Requests its recall, if the filing's record supports that."""
        self._remember(recall=False)
        try:
            await self.stream.record(RecallConsignment(command_id=f"parcel:recall:{self._parcel.seq}"))
        except RefusalError as error:
            workflow.logger.info("parcel.not_recalled", extra={"code": error.refusal.code})

    async def _take_back(self) -> None:
        """Cancels at the post, which alone knows whether it has left: its answer decides."""
        asking = workflow.start_activity_method(Parcels.cancel, instruction(self.stream), **POST)
        back = await ordered(self.stream, asking)
        if back is None:
            return
        if back:
            await self.stream.record(RecordEnd(command_id="parcel:end", outcome=ParcelOutcome.CANCELLED))
        else:
            await self.stream.record(RecordLeft(command_id="parcel:left"))


def _code(error: ActivityError) -> str | None:
    """Returns the post's own code for its refusal."""
    cause = error.cause
    return str(cause.details[0]) if isinstance(cause, ApplicationError) and cause.details else None


@workflow.defn(name="Parcel")
@takes_commands(PARCEL)
class ParcelWorkflow:
    """One consignment: handed to the post, followed, and its end reported to the filing."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = ParcelLife(PARCEL, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> ParcelView:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the outcome."""
        await self.life.live()
        return view(self.life.stream.state)

    @workflow.signal
    def cancel(self, *_: Any) -> None:
        """Handles the filing's recall of the parcel before it leaves."""
        self.life.cancel()
