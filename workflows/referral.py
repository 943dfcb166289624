"""The workflow of a referral: requests another agency's decision on a part of a procedure, and reports it."""

import asyncio
from dataclasses import replace
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import OpenRequest, OpenResult, Registry
    from rules.referral.fold import next_moment
    from rules.referral.kind import view
    from rules.stream_kind import StreamKind
    from rules.streams import REFERRAL
    from schemas.filing.state import OverduePartFact, PartFact
    from schemas.referral.commands import CancelReferral, LookAtDeadline
    from schemas.referral.state import Referral, ReferralState, ReferralView
    from workflows import agency
    from workflows.stream.basis import read
    from workflows.stream.recording import MIN_TIMER, Stream, single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Life, Opening, takes_commands
    from workflows.stream.starting import stream_named
    from workflows.stream.waiting import in_time

Asking = asyncio.Task[None]


class ReferralLife(Life[Referral]):
    """The life of a referral. The deciding agency's officers or its back office answer; the first answer counts."""

    def __init__(self, kind: StreamKind[Referral], raw: Any) -> None:
        super().__init__(kind, raw)
        self._told_overdue = False

    async def opening(self) -> Opening:
        """Returns the stream's first command: the lead agency's request. The stream belongs to the deciding agency."""
        asked = OpenRequest(stream=str(stream_named(self.kind)), agency=self.start.agency)
        reading = await read(Registry.open, asked)
        self.taken_over(reading.answer)
        return replace(await super().opening(), basis=reading.basis)

    def taken_over(self, found: OpenResult) -> None:
        """Remembers the queue of the agency's back office."""
        self.remember(queue=found.queue or "")

    async def caught_up(self) -> None:
        """Cancels the referral if the filing has ended, since the previous run may have lost the filing's signal."""
        await self.cancel(self.stream)

    async def proceed(self) -> None:
        """Waits for the answer and reports it to the filing. If the answer becomes overdue, reports that first."""
        asks = self._undecided and not self.memory.asked and self.memory.queue
        asking = agency.decide(self.stream, self.memory.queue) if asks else None
        try:
            while self._undecided:
                await self._tell_overdue()
                await self._await_answer(asking)
        finally:
            if asking is not None:
                asking.cancel()
        await self._tell_answer()

    async def _await_answer(self, asking: Asking | None) -> None:
        """Waits for the answer, the due date or the reminder date. If a date comes first, records that it has come.

        No timer is started while something is being recorded (ADR 0007), and no branch depends on the time (ADR 0005).
        """
        await workflow.wait_condition(lambda: self.stream.idle)
        rings = next_moment(self.stream.state)

        def answered() -> bool:
            return asking is not None and asking.done() and not self.memory.asked

        def changed() -> bool:
            return answered() or next_moment(self.stream.state) != rings or not self._undecided

        left = None if rings is None else max(rings - workflow.now(), MIN_TIMER)
        if not await in_time(self.stream, changed, left, "the part is due"):
            look = LookAtDeadline(command_id=f"ring:{rings:%Y%m%dT%H%M%S}:{self.stream.state.seq}")
            await self.stream.attempt(look, not_before=rings)
        elif asking is not None and answered():
            self.remember(asked=True)  # if the answer has no decision, officers decide
            await asking

    async def _tell_overdue(self) -> None:
        state = self.stream.state
        if not state.overdue or self._told_overdue:
            return
        self._told_overdue = True
        if not await report(self.stream, "part_overdue", OverduePartFact(n=state.n)):
            await self.cancel(self.stream)

    async def _tell_answer(self) -> None:
        state = self.stream.state
        if state.state is ReferralState.ANSWERED and (said := state.decision) is not None:
            fact = PartFact(n=state.n, outcome=said.outcome, officer=said.officer, result=said.result)
            await report(self.stream, "part_settled", fact)

    async def cancel(self, stream: Stream[Referral]) -> None:
        """Cancels the referral, if the log shows that the filing has ended."""
        await stream.attempt(CancelReferral(command_id="part:cancel"))

    @property
    def _undecided(self) -> bool:
        return self.stream.state.state is ReferralState.OPEN


@workflow.defn(name="Referral")
@takes_commands(REFERRAL)
class ReferralWorkflow:
    """One referral: a part of a procedure, which another agency decides. The answer is reported to the filing."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = ReferralLife(REFERRAL, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> ReferralView:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the decision."""
        await self.life.live()
        return view(self.life.stream.state)

    @workflow.signal
    async def cancel(self, *_: Any) -> None:
        """Handles the filing's signal that the filing has ended."""
        await self.life.hear("cancel", self.life.cancel)
