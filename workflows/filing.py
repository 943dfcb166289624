"""A filing (hồ sơ) as one durable workflow, from the submission to the result in the applicant's hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import Registry, Wanted
    from activities.ledger import LEDGER
    from activities.papers import STORE, Papers
    from rules import lifecycle, projections
    from schemas import commands as cm
    from schemas import ids
    from schemas.errors import NOT_READY, OTHER_CONTENT, Refusal, Refused
    from schemas.filing import FeeState, FilingEnd, FilingView, Parked, ResultView, Stage, Timer
    from schemas.filing import Filing as State
    from schemas.ledger import Receipt
    from schemas.level import Channel
    from schemas.people import SYSTEM, Actor
    from workflows import agency, children
    from workflows.commands import update
    from workflows.facts import fee_command, parcel_command
    from workflows.recording import AT_ONCE, Rules, Stream, failure, one
    from workflows.starting import content_named, parse_start, submit_command, unknown

_NOT_THERE: Final = timedelta(seconds=10)
_RULES: Final[Rules[State]] = Rules(lifecycle.decide, lifecycle.evolve, projections.filing_rows)


class _Closed(Exception):  # noqa: N818 -- ends the flow, is no error
    """The filing has ended."""


@workflow.defn
class Filing:
    """One filing. Input: `{"submission": {…}}`; workflow id `filing:<uuid>`; see docs/integrators.md."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self._log: Stream[State] | None = None
        self._queue = ""
        self._refusal: Refusal | None = None
        self._parked: list[Parked] = []
        self._content: str | None = None
        self._asked_online: int | None = None
        try:
            self._start, self._submission, self._content = parse_start(one(raw))
        except Refused as no:
            self._refusal = no.refusal

    @workflow.run
    async def run(self, *raw: Any) -> FilingEnd:  # noqa: ARG002 -- parsed by __init__, which sees it first
        """The life of a filing, as the procedure tells it."""
        await self._register()
        try:
            await self._intake()
            await self._fee()
            await self._until(lambda: self._filing.decision is not None)
            await self._issue()
            await self._fee()
            await self._deliver()
        except _Closed:
            await self._let_payment_go()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return FilingEnd(closing=self._filing.closing, code=self._filing.code)

    # What is asked of it.

    @workflow.update
    async def submit(self, *check: Any) -> Receipt:
        """Wait for the submission's receipt, or for why it was refused."""
        await self._begun()
        try:
            return self._submitted(one(check))
        except Refused as no:
            raise failure(no.refusal) from None

    @submit.validator
    def _may_submit(self, *check: Any) -> None:
        if self._registered or self._refusal is not None:
            try:
                self._submitted(one(check))
            except Refused as no:
                raise failure(no.refusal) from None

    accept = update(cm.Accept)
    refuse_intake = update(cm.RefuseIntake)
    request_supplement = update(cm.RequestSupplement)
    supplement = update(cm.Supplement)
    claim = update(cm.Claim)
    release = update(cm.Release)
    reassign = update(cm.Reassign)
    recall = update(cm.Recall)
    ask = update(cm.Ask)
    answer = update(cm.Answer)
    inspect = update(cm.Inspect)
    record_opinion = update(cm.RecordOpinion)
    refer_obligation = update(cm.ReferObligation)
    demand_obligation = update(cm.DemandObligation)
    fulfil_obligation = update(cm.FulfilObligation)
    forward = update(cm.Forward)
    propose = update(cm.Propose)
    decide = update(cm.Decide)
    stop = update(cm.Stop)
    resume = update(cm.Resume)
    extend = update(cm.Extend)
    waive_fee = update(cm.WaiveFee)
    pay_at_counter = update(cm.PayAtCounter)
    withdraw = update(cm.Withdraw)
    hand_over = update(cm.HandOver)

    def check_command(self, command: cm.Command) -> None:
        """Raise `Refused` if the command would be refused now. Before registration nothing can be said yet."""
        if self._registered or self._refusal is not None:
            self._stream.check(command)

    async def take_command(self, command: cm.Command) -> Receipt:
        """Record the command. Raises `Refused`."""
        await self._begun()
        return await self._stream.record(command)

    @workflow.signal
    async def fee_settled(self, *fact: Any) -> None:
        """A payment tells how it ended."""
        await self._take_fact("fee_settled", one(fact), fee_command)

    @workflow.signal
    async def parcel_settled(self, *fact: Any) -> None:
        """A parcel tells how it ended."""
        await self._take_fact("parcel_settled", one(fact), parcel_command)

    @workflow.query
    def view(self) -> FilingView:
        """What is shown of the filing."""
        return projections.view(self._asked, workflow.now(), len(self._parked))

    @workflow.query
    def receipt(self, command_id: Any = "submit") -> Receipt:
        """The receipt of a command, of the submission by default."""
        if self._log is None or command_id not in self._log.receipts:
            raise failure(self._refusal or NOT_READY)
        return self._log.receipts[str(command_id)]

    @workflow.query
    def actions(self, actor: Any) -> list[dict[str, Any]]:
        """Every command, and whether this actor can give it now, with the reason where not."""
        found = lifecycle.available_actions(self._asked, Actor.model_validate(actor), workflow.now())
        return [action.model_dump(mode="json", exclude_none=True) for action in found]

    @workflow.query
    def result(self) -> ResultView:
        """The decision and the file of the result."""
        filing = self._asked
        if filing.decision is None or filing.result is None:
            raise failure(NOT_READY)
        return ResultView(
            filing_id=filing.filing_id,
            code=str(filing.code),
            outcome=filing.decision.outcome,
            result=filing.result,
        )

    @workflow.query
    def parked(self) -> list[Parked]:
        """Signals that could not be used."""
        return self._parked

    # How it proceeds.

    async def _register(self) -> None:
        """Load the procedure, decide on the submission, record it; or refuse, and end as failed."""
        if self._refusal is not None:
            raise failure(self._refusal)
        try:
            self._log = await self._open()
            submit = submit_command(self._submission, self._log.state.procedure)
            await self._log.record(submit, self._content)
        except Refused as no:
            self._refusal = no.refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise failure(no.refusal) from None

    async def _open(self) -> Stream[State]:
        submission = self._submission
        filing_id = ids.filing_id(submission.client_id, submission.submission_id)
        wanted = Wanted(
            filing_id=filing_id,
            code=submission.procedure,
            version=submission.version,
            agency=submission.agency,
        )
        opened = await workflow.execute_local_activity_method(Registry.open, wanted, **LEDGER)
        if opened.procedure is None or opened.queue is None:
            raise unknown(submission, procedure_known=opened.procedure is not None)
        self._queue = opened.queue
        fresh = State(filing_id=filing_id, agency=submission.agency, procedure=opened.procedure)
        state = self._start.snapshot or fresh
        return Stream(
            ids.filing_workflow(filing_id),
            filing_id,
            submission.agency,
            state,
            _RULES,
            receipts=self._start.receipts,
            seq=state.seq,
            epoch=self._start.epoch,
        )

    async def _intake(self) -> None:
        """Wait until somebody takes the filing in: an officer, or the standing order if the back office agrees."""

        def accepted() -> bool:
            return self._filing.accepted_at is not None

        instant = self._filing.procedure.standing_officer is not None and self._filing.channel is Channel.ONLINE
        if instant and lifecycle.stage(self._filing) is Stage.INTAKE:
            checking = agency.check(self._filing, self._queue)
            await self._until(lambda: accepted() or checking.done())
            if checking.done() and checking.result().complete:
                await self._try(cm.Accept(command_id="accept:automatic", actor=SYSTEM, via=cm.SYSTEM_VIA))
        await self._until(accepted)

    async def _fee(self) -> None:
        """Wait until what is due now has been paid, online through a payment of its own."""
        fee = self._filing.fee
        if fee is None or not self._filing.fee_pending:
            return
        if fee.channel is Channel.ONLINE:
            await children.start_payment(self._filing, fee)
            self._asked_online = fee.n
        await self._until(lambda: not self._filing.fee_pending)
        await self._let_payment_go()

    async def _let_payment_go(self) -> None:
        """Cancel the payment that was started, if the fee was paid otherwise or the filing ended while it was due."""
        n, self._asked_online = self._asked_online, None
        fee = self._filing.fee
        if n is None or fee is None:
            return
        if fee.state is FeeState.DUE or (fee.state is FeeState.PAID and fee.channel is not Channel.ONLINE):
            await children.cancel_payment(self._filing, n)

    async def _issue(self) -> None:
        """Have the agency make the result, until its file is really there."""
        while self._filing.result is None and (decision := self._filing.decision) is not None:
            making = agency.issue(self._filing, decision, self._queue)
            await self._until(making.done)
            result = making.result().result
            if await workflow.execute_activity_method(Papers.confirm, result, **STORE):
                await self._try(cm.Issue(command_id=f"issue:{self._filing.seq}", result=result))
            else:
                workflow.logger.warning("result.not_in_store", extra={"filing_id": str(self._filing.filing_id)})
                await workflow.sleep(_NOT_THERE, summary="the result's file is not in the object store")

    async def _deliver(self) -> None:
        """Send the result if it goes by post, then wait for it to arrive or to be fetched."""
        address = self._filing.address
        if lifecycle.stage(self._filing) is Stage.DELIVERY and address is not None:
            await children.start_parcel(self._filing, address)
        await self._until(lambda: False)

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait for `done` while the clocks run. Raises `_Closed` when the filing ends meanwhile."""
        while not (self._filing.closed or done()):
            timer = lifecycle.next_timer(self._filing)
            if not await self._rest(done, timer) and timer is not None:
                await self._ring(timer)
        if self._filing.closed:
            raise _Closed

    async def _rest(self, done: Callable[[], bool], timer: Timer | None) -> bool:
        """Wait for a change; False if the timer rang first.

        No branch here asks the clock: a query that reaches a new worker after a timer fired and before the task that
        tells of it runs this code with the clock of the task before, and what was decided then is kept.
        """

        def changed() -> bool:
            return self._filing.closed or done() or lifecycle.next_timer(self._filing) != timer

        left = None if timer is None else max(timer.due - workflow.now(), AT_ONCE)
        try:
            await workflow.wait_condition(changed, timeout=left, timeout_summary=timer.clock if timer else None)
        except TimeoutError:
            return False
        return True

    async def _ring(self, timer: Timer) -> None:
        """A timer only wakes: what it means is decided, by instants, like everything else."""
        due = f"{timer.due:%Y%m%dT%H%M%S.%f}"
        command = cm.Expire(command_id=f"expire:{timer.clock}:{due}", clock=timer.clock)
        await self._try(command, not_before=timer.due)

    async def _try(self, command: cm.Command, *, not_before: datetime | None = None) -> None:
        """Record a command of the system's own; a refusal says that somebody else was first."""
        try:
            await self._stream.record(command, not_before=not_before)
        except Refused as no:
            workflow.logger.info("system.refused", extra={"kind": command.kind, "code": no.refusal.code})

    async def _take_fact(self, signal: str, raw: Any, read: Callable[[Any], cm.Command]) -> None:
        """Record a reported fact. What can't be read or used is parked, never raised."""
        await self._begun()
        try:
            await self._stream.record(read(raw))
        except (Refused, ValueError) as error:
            why = error.refusal.problems[0].rule if isinstance(error, Refused) else "unreadable"
            self._parked.append(Parked(signal=signal, problem=why, at=workflow.now()))
            workflow.logger.warning("signal.parked", extra={"signal": signal, "problem": why})

    async def _begun(self) -> None:
        """Wait until the submission has been recorded or refused."""
        await workflow.wait_condition(lambda: self._registered or self._refusal is not None)

    def _submitted(self, check: Any) -> Receipt:
        content = content_named(check)
        if self._refusal is not None and self._content is not None and content not in {None, self._content}:
            # What was refused is not what this caller sends: it can, once this run has ended.
            raise Refused(NOT_READY)
        receipt = self._stream.receipts["submit"]
        if content not in {None, receipt.digest}:
            raise Refused(OTHER_CONTENT)
        return receipt

    @property
    def _registered(self) -> bool:
        return self._log is not None and "submit" in self._log.receipts

    @property
    def _stream(self) -> Stream[State]:
        """The stream of a filing that was registered. Raises `Refused` for one that was not."""
        if self._log is None or self._refusal is not None:
            raise Refused(self._refusal or NOT_READY)
        return self._log

    @property
    def _filing(self) -> State:
        return self._stream.state

    @property
    def _asked(self) -> State:
        """The state, for a query."""
        if not self._registered:
            raise failure(self._refusal or NOT_READY)
        return self._filing
