"""The workflow of a parcel: sends the parcel, follows it, reports its end to the filing, and waits for late reports."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.parcel import POST, Handed, News, Parcels
    from rules.parcel.kind import view
    from rules.streams import PARCEL
    from schemas.errors import RefusalError
    from schemas.filing.events import ParcelOutcome
    from schemas.filing.state import ParcelFact
    from schemas.parcel import commands as cm
    from schemas.parcel.state import Parcel, ParcelState, ParcelView
    from workflows.stream.asking import instruction, question
    from workflows.stream.recording import Stream, single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Life, takes_commands


class ParcelLife(Life[Parcel]):
    """The life of a consignment, independent of the filing's life."""

    async def proceed(self) -> None:
        """Sends the parcel, follows it, reports its end to the filing, then watches for late reports of the post."""
        await self._send()
        while True:
            await self._tell()
            if self._recall_waits:
                await self._recall()
            elif self._parcel.recalled:
                await self.ask(question(Parcels.cancel, instruction(self.stream), self._cancelled, POST))
            elif self._parcel.under_way or self._parcel.watched_until is not None:
                await self._watch()
            else:
                return

    async def caught_up(self) -> None:
        """Assumes a recall, since the previous run may have lost the filing's signal. The filing's log decides."""
        self.remember(recall=True)

    async def cancel(self, stream: Stream[Parcel]) -> None:
        """Remembers that the filing recalls the parcel."""
        self.remember(recall=True)
        await stream.catch_up()

    @property
    def _parcel(self) -> Parcel:
        return self.stream.state

    async def _send(self) -> None:
        """Hands the parcel to the post. If the post refuses the parcel, records that it came back."""
        while self._parcel.state is ParcelState.REQUESTED:
            await self.ask(question(Parcels.send, instruction(self.stream), self._handed, POST))

    async def _handed(self, handed: Handed) -> None:
        if handed.waybill is not None:
            await self.stream.attempt(cm.RecordSent(command_id="parcel:sent", waybill=handed.waybill))
            return
        workflow.logger.warning("parcel.not_taken", extra={"filing_id": str(self._parcel.filing_id)})
        await self.stream.attempt(
            cm.RecordEnd(command_id="parcel:end", outcome=ParcelOutcome.RETURNED, said=handed.refused)
        )

    async def _tell(self) -> None:
        """Reports the parcel's outcome to the filing; reports again if the post's late reports change the outcome."""
        parcel = self._parcel
        if parcel.under_way or self.memory.told == parcel.state:
            return
        outcome = ParcelOutcome(parcel.state.value)
        paid = parcel.collected is not None and parcel.collected >= parcel.cod
        fact = ParcelFact(n=parcel.n, outcome=outcome, fee=parcel.fee if paid else None)
        await report(self.stream, "parcel_settled", fact)
        self.remember(told=outcome)

    async def _watch(self) -> None:
        """Waits for reports of the post and records them, until the watch ends or the filing recalls the parcel."""
        order, until = instruction(self.stream), self._parcel.watched_until
        looking = question(Parcels.news, order, self._record, POST, watched_until=until)
        await self.ask(looking, news=lambda: self._recall_waits)

    async def _record(self, news: News) -> None:
        seq = self._parcel.seq
        if news.watched_until is not None:
            await self.stream.attempt(cm.EndParcelWatch(command_id=f"parcel:watched:{seq}", until=news.watched_until))
            return
        await self.stream.attempt(
            cm.RecordSteps(command_id=f"parcel:steps:{seq}", steps=news.steps, again_by=news.again_by)
        )

    @property
    def _recall_waits(self) -> bool:
        parcel = self._parcel
        return bool(self.memory.recall and parcel.under_way and not parcel.recalled and not parcel.left)

    async def _recall(self) -> None:
        """Records that the parcel is recalled, if the filing's log shows the recall."""
        self.remember(recall=False)
        try:
            await self.stream.record(cm.RecallConsignment(command_id=f"parcel:recall:{self._parcel.seq}"))
        except RefusalError as error:
            workflow.logger.info("parcel.not_recalled", extra={"code": error.refusal.code})

    async def _cancelled(self, cancelled: bool) -> None:  # noqa: FBT001 -- the answer of an activity
        """Records the post's answer to a recall: only the post knows whether the parcel has left."""
        if cancelled:
            await self.stream.attempt(cm.RecordEnd(command_id="parcel:end", outcome=ParcelOutcome.CANCELLED))
        else:
            await self.stream.attempt(cm.RecordLeft(command_id="parcel:left"))


@workflow.defn(name="Parcel")
@takes_commands(PARCEL)
class ParcelWorkflow:
    """One consignment, from its hand-over to the post until its end is reported to the filing."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = ParcelLife(PARCEL, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> ParcelView:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the outcome."""
        await self.life.live()
        return view(self.life.stream.state)

    @workflow.signal
    async def cancel(self, *_: Any) -> None:
        """Handles the filing's signal that the parcel is recalled. The post decides whether it has left already."""
        await self.life.hear("cancel", self.life.cancel)
