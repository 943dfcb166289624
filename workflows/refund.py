"""The workflow of one capture's refunds: waits until two officers agree, then until the provider has paid back."""

from functools import partial
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.money.giving_back import GIVE_BACK, GivingBack, Returned
    from activities.money.refunds import PaymentOf, Refunds
    from activities.workflows import TEMPORAL, WakeRequest, Workflows
    from rules.refund import fold
    from rules.refund.claims import without_provider
    from rules.refund.kind import accepted, asked_again, given_back, view
    from rules.require import require
    from rules.stream_kind import Origin, StreamKind
    from rules.streams import PAYMENT, REFUND
    from schemas import ids
    from schemas.base import Model
    from schemas.errors import NOT_FOUND, Refusal, RefusalCode
    from schemas.filing.commands import Command
    from schemas.filing.state import ChargeBackFact
    from schemas.payment.state import CaptureAccepted, GivenBack
    from schemas.refund import commands as cm
    from schemas.refund import state as st
    from schemas.stream.restart import Restart, RestartStart
    from schemas.text import composed
    from workflows.children import begin_refund
    from workflows.stream.asking import instruction, question
    from workflows.stream.basis import read, until_founded
    from workflows.stream.recording import Stream, refuse, single_argument
    from workflows.stream.reporting import report
    from workflows.stream.shell import Considered, Life, Opening, takes_commands
    from workflows.stream.starting import stream_named
    from workflows.stream.waiting import drain_handlers, wait_for


class RefundLife(Life[st.Refund]):
    """The life of a refund stream. It lasts as long as any amount of the capture may have to be refunded."""

    def __init__(self, kind: StreamKind[st.Refund], raw: Any) -> None:
        super().__init__(kind, raw)
        self._unheard = True
        self._over = fold.count_over(self._refund) if self.has_begun else 0

    async def opening(self) -> Opening:
        """Returns the capture as the stream's first command."""
        stream = stream_named(self.kind)
        reading = await read(Refunds.look, st.RefundStart(filing_id=stream.filing, n=stream.n))
        found = reading.answer
        if found is None:
            await refuse(stream, NOT_FOUND, reading)
        command = cm.BeginRefund(command_id=st.OPENING, capture=found.capture, apart=found.apart)
        return Opening(Origin(stream, found.agency), command, basis=reading.basis)

    async def look(self, stream: Stream[st.Refund]) -> None:
        """Remembers to read the logs again, since they may have news about the capture."""
        self._unheard = True
        await stream.catch_up()

    async def caught_up(self) -> None:
        """Remembers to read the logs again, and the number of cases that have ended so far."""
        self._unheard, self._over = True, fold.count_over(self._refund)

    async def heard_again(self) -> None:
        """Remembers to read the logs again."""
        self._unheard = True

    async def considered(self, command: Command) -> Considered:
        """Returns the command, together with a refusal if it requests a fee again that the filing no longer permits.

        A command that accepts a short payment is returned with the sum of the payment's other captures.
        """
        if isinstance(command, cm.AcceptShortPayment | cm.ApproveShortPayment):
            return await self._with_others(command)
        if not isinstance(command, cm.AnswerChargeBack) or command.outcome is not st.ChargeBackOutcome.ASKED_AGAIN:
            return await super().considered(command)
        asked = PaymentOf(filing_id=self._refund.filing_id, n=require(self._refund.capture).payment)
        reading = await read(Refunds.not_asked_again, asked)
        why = reading.answer
        refusal = None if why is None else Refusal(code=RefusalCode.NOT_ALLOWED, problems=(why,))
        return Considered(composed(command), refusal, reading.basis)

    async def _with_others(self, command: cm.AcceptShortPayment | cm.ApproveShortPayment) -> Considered:
        stream = self.stream.id
        reading = await read(Refunds.look, st.RefundStart(filing_id=stream.filing, n=stream.n))
        beside = 0 if reading.answer is None else reading.answer.claim.beside
        model = cm.AcceptWithOthers if isinstance(command, cm.AcceptShortPayment) else cm.ApproveWithOthers
        return Considered(composed(model(**dict(command), beside=beside)), None, reading.basis)

    async def proceed(self) -> None:
        """Opens each refund that the logs show as due, requests approved refunds, and notifies the payment."""
        while True:
            await self._open_claimed()
            await self._give_back()
            await self._tell()
            await drain_handlers(self.stream)  # this run may have been started for the command that is being handled
            if self._has_work:
                continue
            if not fold.is_open(self._refund):
                return
            await wait_for(self.stream, lambda: self._has_work or not fold.is_open(self._refund))

    @property
    def _has_work(self) -> bool:
        return self._has_news or bool(fold.to_give(self._refund))

    @property
    def _has_news(self) -> bool:
        """Whether the logs have to be read again, or the payment or the filing has to be notified."""
        to_tell = bool(self._untold) or self._to_accept is not None or bool(self._to_ask_again)
        return self._must_look or to_tell

    @property
    def _must_look(self) -> bool:
        """Whether to read the logs again: after a signal, or if a refund case ended and its money may be due again."""
        return self._unheard or fold.count_over(self._refund) != self._over

    async def _open_claimed(self) -> None:
        if self._must_look:
            await until_founded(self._look)

    async def _look(self) -> None:
        stream, over = self.stream.id, fold.count_over(self._refund)
        self._unheard = False
        reading = await read(Refunds.look, st.RefundStart(filing_id=stream.filing, n=stream.n))
        if reading.answer is None:
            await self.stream.catch_up(reading.basis)
            self._over = over
            return
        opening = cm.OpenClaimed(command_id=f"refund:claim:{self._refund.seq}", claim=reading.answer.claim)
        await self.stream.attempt(opening, basis=reading.basis)
        ended, self._over = over != self._over, over
        for n in reading.answer.together if ended else ():  # a request may have lessened the refunds of the others
            if n != self._refund.n:
                await begin_refund(self._refund.filing_id, n)

    async def _give_back(self) -> None:
        """Requests each approved refund from the provider. Meanwhile reads the logs' news and notifies the payment.

        Before a refund's first request the logs are read again: the refund is called off if the money is gone, or the
        filing was reopened. Each request is recorded before it is made.
        """
        while to_give := fold.to_give(self._refund):
            entry = to_give[0]
            if not entry.requests:
                await until_founded(self._look)
                if without_provider(self._refund.n):
                    await self._leave_to_hand(entry.case, st.WITHOUT_PROVIDER)
                else:
                    await self._record_asked(entry)
                continue
            order, returned = instruction(self.stream, entry.case), partial(self._returned, entry)
            await self.ask(question(GivingBack.refund, order, returned, GIVE_BACK), news=lambda: self._has_news)
            await self._open_claimed()
            await self._tell()

    async def _returned(self, entry: st.RefundEntry, returned: Returned) -> None:
        if returned.again:
            await self._record_asked(entry)
        elif returned.refused is not None:
            await self._leave_to_hand(entry.case, returned.refused)
        else:
            given = cm.RecordGiven(
                command_id=f"refund:given:{entry.case}", case=entry.case, transaction=returned.transaction
            )
            await self.stream.attempt(given)

    async def _record_asked(self, entry: st.RefundEntry) -> None:
        n = entry.requests + 1
        asked = cm.RecordAsked(command_id=f"refund:asked:{entry.case}:{n}", case=entry.case, n=n)
        await self.stream.attempt(asked)

    async def _leave_to_hand(self, case: int, rule: str) -> None:
        await self.stream.attempt(cm.LeaveToHand(command_id=f"refund:left:{case}", case=case, rule=rule))

    @property
    def _untold(self) -> tuple[GivenBack, ...]:
        return tuple(one for one in given_back(self._refund) if one.case not in self.memory.told)

    async def _tell(self) -> None:
        """Notifies the payment of refunds and accepted amounts, and the filing of fees requested again. Idempotent.

        If the payment's workflow has ended, it is restarted from its log.
        """
        for given in self._untold:
            await self._signal(st.HEARD, given)
            self.remember(told=(*self.memory.told, given.case))
        if (accepted := self._to_accept) is not None:
            await self._signal(st.ACCEPTED, accepted)
            self.remember(accepted=True)
        for fact in self._to_ask_again:
            await report(self.stream, "fee_charged_back", fact)
            self.remember(again=fact.again)

    async def _signal(self, name: str, told: Model) -> None:
        payment = require(self._refund.capture).payment
        request = WakeRequest(
            workflow=PAYMENT.workflow,
            id=ids.payment_workflow(self._refund.filing_id, payment),
            said=RestartStart(restart=Restart()).model_dump(mode="json", exclude_none=True),
            signal=name,
            told=told.model_dump(mode="json"),
        )
        await workflow.execute_local_activity_method(Workflows.wake, request, **TEMPORAL)

    @property
    def _to_accept(self) -> CaptureAccepted | None:
        return None if self.memory.accepted else accepted(self._refund)

    @property
    def _to_ask_again(self) -> tuple[ChargeBackFact, ...]:
        return asked_again(self._refund)[self.memory.again :]

    @property
    def _refund(self) -> st.Refund:
        return self.stream.state


@workflow.defn(name="Refund")
@takes_commands(REFUND)
class RefundWorkflow:
    """The refunds of one capture of a payment."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = RefundLife(REFUND, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> st.RefundView:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the refunds."""
        await self.life.live()
        return view(self.life.stream.state)

    @workflow.signal
    async def look(self, *_: Any) -> None:
        """Handles the signal that the logs may hold news about the capture."""
        await self.life.hear("look", self.life.look)
