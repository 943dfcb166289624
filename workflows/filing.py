"""A filing (hồ sơ) as one durable workflow, from the submission to the result in the applicant's hands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import OpenRequest, Registry
    from activities.ledger.append import LEDGER
    from activities.papers import STORE, Papers
    from rules.filing import lifecycle, projections
    from schemas import ids
    from schemas.errors import NOT_READY, NOT_RECORDED, OTHER_CONTENT, Refusal, RefusalError
    from schemas.files import FileRef
    from schemas.filing import commands as cm
    from schemas.filing.state import ClockState, FilingEnd, FilingView, Parked, ResultView, Stage, Timer
    from schemas.filing.state import Filing as State
    from schemas.level import Channel
    from schemas.people import SYSTEM, Actor
    from schemas.stream.ledger import Receipt
    from schemas.stream.snapshots import FilingCarried
    from workflows import agency, children
    from workflows.facts import fee_command, parcel_command
    from workflows.stream.calendars import adopt_calendar
    from workflows.stream.commands import update
    from workflows.stream.recording import AT_ONCE, Rules, Stream, failure, one
    from workflows.stream.starting import (
        Again,
        Filed,
        content_named,
        filing_named,
        going_on,
        parse_start,
        submit_command,
        unknown,
    )
    from workflows.stream.waiting import ContinueAsNewDueError, settled, wait_for

_NOT_THERE: Final = timedelta(seconds=10)
_MOST_PARKED: Final = 1000
"""So many of the last parked signals are kept."""

_RULES: Final[Rules[State]] = Rules(lifecycle.decide, lifecycle.evolve, projections.filing_rows)


def _stream(state: State, *, receipts: tuple[Receipt, ...] = (), epoch: int | None = None) -> Stream[State]:
    name = ids.filing_workflow(state.filing_id)
    return Stream(name, state.filing_id, state.agency, state, _RULES, receipts=receipts, epoch=epoch)


class _FilingEndedError(Exception):
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
        self._checked = False
        self._collecting: set[int] = set()
        self._let_go: set[int] = set()
        self._start: Filed | Again[FilingCarried] | None = None
        try:
            self._start = parse_start(one(raw))
        except RefusalError as no:
            self._refusal = no.refusal
        if isinstance(self._start, Again) and self._start.carried is not None:
            self._go_on(self._start.carried, self._start.epoch)

    @workflow.run
    async def run(self, *raw: Any) -> FilingEnd:  # noqa: ARG002 -- parsed by __init__, which sees it first
        """The life of a filing, as the procedure tells it, from wherever the record says that it stands."""
        await self._register()
        try:
            await self._fee()
            await self._intake()
            await self._fee()
            await self._until(lambda: self._filing.decision is not None)
            await self._issue()
            await self._fee()
            await self._deliver()
        except ContinueAsNewDueError:
            await settled(self._stream)
            workflow.continue_as_new(going_on(self._stream, self._carried()))
        except _FilingEndedError:
            await settled(self._stream)
        return FilingEnd(closing=self._filing.closing, code=self._filing.code)

    # What is asked of it.

    @workflow.update
    async def submit(self, *check: Any) -> Receipt:
        """Wait for the submission's receipt, or for why it was refused."""
        await self._begun()
        try:
            return self._submitted(one(check))
        except RefusalError as no:
            raise failure(no.refusal) from None

    @submit.validator
    def _may_submit(self, *check: Any) -> None:
        if self._registered or self._refusal is not None:
            try:
                self._submitted(one(check))
            except RefusalError as no:
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
    reappoint = update(cm.Reappoint)
    waive_fee = update(cm.WaiveFee)
    pay_at_counter = update(cm.PayAtCounter)
    withdraw = update(cm.Withdraw)
    hand_over = update(cm.HandOver)
    adopt_calendar = adopt_calendar()

    def check_command(self, command: cm.Command) -> None:
        """Raise `RefusalError` if the command would be refused now. Before registration nothing can be said yet."""
        if self._registered or self._refusal is not None:
            self._stream.check(command)

    async def take_command(self, command: cm.Command) -> Receipt:
        """Record the command. Raises `RefusalError`."""
        await self._begun()
        return await self._stream.record(command)

    async def recorded(self) -> Stream[State]:
        """The stream, once the submission has been recorded. Raises `RefusalError`."""
        await self._begun()
        return self._stream

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
    def clocks(self) -> list[ClockState]:
        """Every run of every clock: its pauses, extensions, due instant and outcome, in the order of the starts."""
        return list(lifecycle.clock_history(self._asked))

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
        """Record the submission, or take over what was recorded; or refuse, and end as failed."""
        if self._registered:
            return
        try:
            if isinstance(self._start, Filed):
                await self._file(self._start)
            elif self._start is not None:
                await self._take_over(self._start)
        except RefusalError as no:
            self._refusal = no.refusal
        if self._refusal is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise failure(self._refusal)

    async def _file(self, filed: Filed) -> None:
        """Load the procedure, decide on the submission, record it."""
        submission = filed.submission
        filing_id = ids.filing_id(submission.client_id, submission.submission_id)
        wanted = OpenRequest(
            filing_id=filing_id,
            code=submission.procedure,
            version=submission.version,
            agency=submission.agency,
        )
        opened = await workflow.execute_local_activity_method(Registry.open, wanted, **LEDGER)
        if opened.procedure is None or opened.queue is None or opened.calendar is None:
            raise unknown(submission, procedure_known=opened.procedure is not None)
        self._queue = opened.queue
        fresh = State(
            filing_id=filing_id,
            agency=submission.agency,
            procedure=opened.procedure,
            calendar=opened.calendar,
        )
        self._log = _stream(fresh)
        await self._log.record(submit_command(submission, opened.procedure), filed.content)

    async def _take_over(self, again: Again[FilingCarried]) -> None:
        """Go on where the log says that the filing stands."""
        filing_id = filing_named()
        opened = await workflow.execute_local_activity_method(Registry.open, OpenRequest(filing_id=filing_id), **LEDGER)
        if not (opened.procedure and opened.queue and opened.agency and opened.calendar):
            raise RefusalError(NOT_RECORDED)
        self._queue = opened.queue
        fresh = State(
            filing_id=filing_id,
            agency=opened.agency,
            procedure=opened.procedure,
            calendar=opened.calendar,
        )
        self._log = _stream(fresh, epoch=again.epoch)
        await self._log.catch_up()

    def _go_on(self, carried: FilingCarried, epoch: int | None) -> None:
        """Go on where the run before left off."""
        self._log = _stream(carried.state, receipts=carried.receipts, epoch=epoch)
        self._queue = carried.queue
        self._parked = list(carried.parked)
        self._checked = carried.checked

    def _carried(self) -> FilingCarried:
        """What the next run needs. What waits for the bank, the post or the agency is asked for again there."""
        return FilingCarried(
            state=self._filing,
            receipts=tuple(self._stream.receipts.values()),
            queue=self._queue,
            parked=tuple(self._parked),
            checked=self._checked,
        )

    async def _fee(self) -> None:
        """Wait until what is due now has been paid, or is no longer due."""
        await self._until(lambda: not self._filing.fee_pending)

    async def _intake(self) -> None:
        """Wait until somebody takes the filing in: an officer, or the standing order if the back office agrees."""

        def accepted() -> bool:
            return self._filing.accepted_at is not None

        if self._to_check:
            checking = agency.check(self._stream, self._queue)
            await self._until(lambda: accepted() or checking.done())
            self._checked = checking.done()
            if self._checked and checking.result().complete:
                await self._try(cm.Accept(command_id="accept:automatic", actor=SYSTEM, via=cm.SYSTEM_VIA))
        await self._until(accepted)

    @property
    def _to_check(self) -> bool:
        """Whether the back office is still to say if the filing is complete as it was handed in."""
        filing = self._filing
        instant = filing.procedure.standing_officer is not None and filing.channel is Channel.ONLINE
        first = not self._checked and not filing.supplements
        return instant and first and lifecycle.stage(filing) is Stage.INTAKE

    async def _issue(self) -> None:
        """Have the agency make the result, until its file is really there."""
        while self._filing.result is None and (decision := self._filing.decision) is not None:
            await self._until(lambda: lifecycle.stage(self._filing) is Stage.ISSUE)
            making = agency.issue(self._stream, decision, self._queue)
            await self._until(making.done)
            result = making.result().result
            if await self._is_stored(result):
                await self._try(cm.Issue(command_id=f"issue:{self._filing.seq}", result=result))
            else:
                workflow.logger.warning("result.not_in_store", extra={"filing_id": str(self._filing.filing_id)})
                await self._stream.catch_up()
                later = asyncio.create_task(
                    workflow.sleep(_NOT_THERE, summary="the result's file is not in the object store")
                )
                await self._until(later.done)

    async def _is_stored(self, result: FileRef) -> bool:
        confirming = workflow.start_activity_method(Papers.confirm, result, **STORE)
        await self._until(confirming.done)
        return confirming.result()

    async def _deliver(self) -> None:
        """Send the result if it goes by post, then wait for it to arrive or to be fetched."""
        address = self._filing.address
        if lifecycle.stage(self._filing) is Stage.DELIVERY and address is not None:
            await children.start_parcel(self._filing, address)
        await self._until(lambda: False)

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait for `done` while payments are seen to and the clocks run. Raises `_FilingEndedError` once it has ended.

        No timer is started while something is being recorded: what is recorded may cancel it in the same task or in
        the next, and only Temporal knows which (ADR 0007).
        """
        while True:
            await self._see_to_payments()
            await workflow.wait_condition(lambda: self._stream.idle)
            if self._filing.closed:
                raise _FilingEndedError
            if done():
                return
            timer = lifecycle.next_timer(self._filing)
            if not await self._rest(done, timer) and timer is not None:
                await self._timer_fired(timer)

    async def _see_to_payments(self) -> None:
        """Have every fee that is due online collected, and let go of the payments that collect what is not.

        A run does so once for each fee: the next one, which does not know what this one did, does it again, and both
        the payment and the bank see a repeat.
        """
        while self._payments_wait:
            for fee in self._filing.fees_to_collect:
                if fee.n not in self._collecting:
                    self._collecting.add(fee.n)
                    await children.start_payment(self._filing, fee)
            for n in self._filing.payments_to_cancel:
                if n not in self._let_go:
                    self._let_go.add(n)
                    await children.cancel_payment(self._filing, n)

    @property
    def _payments_wait(self) -> bool:
        collect = {fee.n for fee in self._filing.fees_to_collect}
        return not (self._collecting >= collect and self._let_go.issuperset(self._filing.payments_to_cancel))

    async def _rest(self, done: Callable[[], bool], timer: Timer | None) -> bool:
        """Wait for a change; False if the timer rang first.

        No branch here asks the clock: a query that reaches a new worker after a timer fired and before the task that
        tells of it runs this code with the clock of the task before, and what was decided then is kept.
        """

        def changed() -> bool:
            known = self._filing.closed or done() or self._payments_wait
            return known or lifecycle.next_timer(self._filing) != timer

        left = None if timer is None else max(timer.due - workflow.now(), AT_ONCE)
        try:
            await wait_for(
                self._stream, changed, within=left, summary=f"{timer.clock} {timer.moment}" if timer else None
            )
        except TimeoutError:
            return False
        return True

    async def _timer_fired(self, timer: Timer) -> None:
        """A timer only wakes: what it means is decided, by instants, like everything else.

        A clock may come to the same instant twice: a calendar put it off, and the next one has put it back.
        """
        command_id = f"ring:{timer.clock}:{timer.moment}:{timer.due:%Y%m%dT%H%M%S}:{self._filing.seq}"
        command = cm.TimerFired(command_id=command_id, clock=timer.clock, moment=timer.moment)
        await self._try(command, not_before=timer.due)

    async def _try(self, command: cm.Command, *, not_before: datetime | None = None) -> None:
        """Record a command of the system's own; a refusal says that somebody else was first."""
        try:
            await self._stream.record(command, not_before=not_before)
        except RefusalError as no:
            workflow.logger.info("system.refused", extra={"kind": command.kind, "code": no.refusal.code})

    async def _take_fact(self, signal: str, raw: Any, read: Callable[[Any], cm.Command]) -> None:
        """Record a reported fact. What can't be read or used is parked, never raised."""
        await self._begun()
        try:
            await self._stream.record(read(raw))
        except RefusalError as no:
            self._park(signal, no.refusal.problems[0].rule)
        except ValueError:
            await self._stream.catch_up()
            self._park(signal, "unreadable")

    def _park(self, signal: str, why: str) -> None:
        self._parked = [*self._parked, Parked(signal=signal, problem=why, at=workflow.now())][-_MOST_PARKED:]
        workflow.logger.warning("signal.parked", extra={"signal": signal, "problem": why})

    async def _begun(self) -> None:
        """Wait until the submission has been recorded or refused."""
        await workflow.wait_condition(lambda: self._registered or self._refusal is not None)

    def _submitted(self, check: Any) -> Receipt:
        content = content_named(check)
        if self._refusal is not None and isinstance(self._start, Filed) and content not in {None, self._start.content}:
            # What was refused is not what this caller sends: it can, once this run has ended.
            raise RefusalError(NOT_READY)
        receipt = self._stream.receipts["submit"]
        if content not in {None, receipt.digest}:
            raise RefusalError(OTHER_CONTENT)
        return receipt

    @property
    def _registered(self) -> bool:
        return self._log is not None and "submit" in self._log.receipts

    @property
    def _stream(self) -> Stream[State]:
        """The stream of a filing that was registered. Raises `RefusalError` for one that was not."""
        if self._log is None or self._refusal is not None:
            raise RefusalError(self._refusal or NOT_READY)
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
