"""A filing (hồ sơ) as one durable workflow, from the submission to the result in the applicant's hands."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import DestinationRequest, OpenRequest, OpenResult, Registry
    from activities.ledger.append import LEDGER
    from activities.money.merchants import CollectorRequest, Merchants
    from activities.reception import SCANNING, Reception
    from activities.support.refusal import failure
    from rules.filing import lifecycle
    from rules.filing.commands.delivery import WRONG_CODE
    from rules.filing.commands.intake import elsewhere, moved
    from rules.filing.conditions import communes_in
    from rules.refund.claims import fees_returned, fees_to_return
    from rules.require import require as known
    from rules.stream_kind import Origin, StreamKind, Telling
    from rules.streams import FILING, KINDS
    from schemas.backoffice import NOT_ISSUABLE
    from schemas.errors import NOT_READY, OTHER_SUBMISSION, Refusal, RefusalCode, RefusalError
    from schemas.files import Paper, ScanState
    from schemas.filing import commands as cm
    from schemas.filing.events import MachineWork
    from schemas.filing.state import FeeState, Filing, FilingEnd, Stage, Timer
    from schemas.filing.submission import Examined
    from schemas.ids import digest
    from schemas.level import Channel
    from schemas.stream.edge import bounded
    from schemas.stream.ledger import Receipt
    from schemas.text import FormValue, composed
    from workflows import agency, children
    from workflows.alarm import Alarm, ring_id
    from workflows.stream.asking import instruction, question
    from workflows.stream.basis import Reading, read, until_founded
    from workflows.stream.examining import examine
    from workflows.stream.recording import moment_of, refuse, single_argument
    from workflows.stream.shell import Considered, Life, Opening, takes_commands
    from workflows.stream.waiting import ContinueAsNewDueError, drain_handlers
    from workflows.submission import Filed, content_named, parse_submission

_NOT_THERE: Final = timedelta(seconds=1)
_SELDOM: Final = timedelta(minutes=5)
"""The longest pause between two requests after a file that can't be issued; `_NOT_THERE` is the first pause."""


W = TypeVar("W", bound=type)


class _FilingEndedError(Exception):
    """The filing has ended."""


class FilingLife(Life[Filing]):
    """The life of a filing, from the submission to the end."""

    def __init__(self, kind: StreamKind[Filing], raw: Any) -> None:
        super().__init__(kind, raw)
        self._collecting: set[int] = set()
        self._cancelled: set[int] = set()
        self._returned: dict[int, int] = {}
        self._referred: set[int] = set()
        self._recalled: set[int] = set()
        self._sent: set[int] = set()
        self._had_back: set[int] = set()
        self._stood_still = False
        self._scanning: asyncio.Task[None] | None = None
        self._alarm = Alarm()
        self._upcoming: tuple[int, Timer | None] = (0, None)

    async def proceed(self) -> None:
        """Runs the filing through the steps of the procedure; again if a command takes back the end of the filing."""
        while True:
            with suppress(_FilingEndedError):
                await self._steps()
            for n in fees_to_return(self._filing):
                await children.return_fee(self._filing, n)
            await drain_handlers(self.stream)  # this run may have been started for a command after the end
            if self._filing.closed:
                return

    async def _steps(self) -> None:
        await self._fee()
        await self._intake()
        await self._fee()
        await self._until(lambda: self._filing.decision is not None)
        await self._issue()
        await self._fee()
        await self._deliver()

    @property
    def end(self) -> FilingEnd:
        """The outcome of the filing."""
        return FilingEnd(closing=self._filing.closing, code=self._filing.code)

    # The start.

    def parse_start(self, raw: Any) -> Filed:
        """Parses the submission. Raises `RefusalError`."""
        return parse_submission(raw)

    async def opening(self) -> Opening:
        """Returns the submission as the stream's first command, under the procedure and the calendar in force."""
        filed: Filed = self.start
        asked = filed.request(moment_of(filed.statement))
        reading = await read(Registry.open, asked)
        found = reading.answer
        if found.procedure is None or found.queue is None:
            refusal = found.refusal or filed.unknown(procedure_known=found.procedure is not None)
            await refuse(filed.stream, refusal, reading)
        self.taken_over(found)
        origin = Origin(filed.stream, filed.submission.agency, found.procedure, found.calendar, found.digests)
        # Also for a submission that is refused anyway: today's rules decide that, and no replay may depend on them.
        at = found.received_at or workflow.now()
        examined = await examine(filed.stream.filing, filed.submission, found.procedure.version, at)
        command = filed.command(found.procedure, found, examined.answer)
        basis = examined.basis + reading.basis
        return Opening(origin, command, filed.content, filed.refusal, basis, found.received_at)

    def as_examined(self, command: cm.Command, examined: Examined) -> cm.Command:
        """Adds the scanner's result to a supplement."""
        if not isinstance(command, cm.Supplement):
            return command
        return cm.ExaminedSupplement.model_validate(command.model_dump() | {"scan": examined.scan})

    def check_command(self, command: cm.Command) -> None:
        """Raises `RefusalError` if the command would be refused now. Lets a wrong pick-up code pass, to be counted."""
        try:
            super().check_command(command)
        except RefusalError as error:
            if not any(problem.rule == WRONG_CODE for problem in error.refusal.problems):
                raise

    async def take_command(self, command: cm.Command) -> Receipt:
        """Records the command. A wrong pick-up code is counted before the command is refused.

        If the command takes back a refusal of intake, the refunds that the refusal caused are called off.
        """
        if isinstance(command, cm.HandOver) and command.code is not None:
            counting = f"code:{digest(command.command_id)[:32]}"
            stream = await self.recorded()
            said = {"actor": command.actor, "via": command.via, "code": command.code, "statement": command.statement}
            await stream.attempt(cm.CountWrongCode(command_id=counting, **said))
        receipt = await super().take_command(command)
        if isinstance(command, cm.RevokeRefusal):
            await self._call_refunds_off()
        return receipt

    async def considered(self, command: cm.Command) -> Considered:
        """Returns the command with the facts that it needs.

        For a tax office's demand, adds whether it can be paid online; for a filing that is passed on, the directory's
        facts about the new agency; for a form that names another place, a refusal if other agencies decide there.
        """
        if isinstance(command, cm.PassOn):
            return await self._passing_on(command)
        if isinstance(command, cm.Supplement | cm.CorrectDraft):
            return await self._at_its_place(command)
        if not isinstance(command, cm.DemandObligation) or command.agency is None:
            return await super().considered(command)
        collector = await read(Merchants.collector, CollectorRequest(agency=command.agency))
        demand = cm.PayableDemand(**dict(composed(command)), payable=collector.answer.payable)
        return Considered(demand, collector.answer.refusal, collector.basis)

    async def _passing_on(self, command: cm.PassOn) -> Considered:
        filing = (await self.recorded()).state
        found = await self._destination(filing, command.to, filing.form)
        given = cm.PassOnTo(**dict(composed(command)), destination=found.answer)
        return Considered(given, basis=found.basis)

    async def _at_its_place(self, command: cm.Supplement | cm.CorrectDraft) -> Considered:
        one, filing = await super().considered(command), (await self.recorded()).state
        if one.refusal is not None or (field := moved(filing, command.form)) is None:
            return one
        found = await self._destination(filing, filing.agency, filing.form | command.form)
        wrong = elsewhere(filing, field, found.answer)
        refusal = None if wrong is None else Refusal(code=RefusalCode.NOT_ALLOWED, problems=(wrong,))
        return Considered(one.command, refusal, one.basis + found.basis)

    async def _destination(self, filing: Filing, to: str, form: Mapping[str, FormValue]) -> Reading[cm.Destination]:
        """Returns the directory's facts about an agency that is to have a filing with this form."""
        return await read(
            Registry.destination,
            DestinationRequest(
                to=to,
                agency=filing.agency,
                code=filing.procedure.code,
                version=filing.procedure.version,
                desks=tuple(desk for desk in (filing.desk, filing.result_desk) if desk is not None),
                communes=communes_in(form),
                silence=filing.procedure.silent_officer is not None,
            ),
        )

    def taken_over(self, found: OpenResult) -> None:
        """Remembers the queue of the agency's back office, and the program that submitted the filing.

        Raises `LookupError` if the agency's queue or the procedure's rules are no longer published.
        """
        if found.procedure is None or found.queue is None:
            raise LookupError(
                "the filing's agency, or the procedure under which it was handed in, is not published any more"
            )
        self.remember(queue=found.queue, filed_by=found.filed_by)

    async def caught_up(self) -> None:
        """Reads the reports of the filing's other streams again, since the previous run may have lost their signals.

        If the filing is reopened, also calls off the refunds that its end caused.
        """
        await self.heard_again()
        await self._call_refunds_off()

    async def _call_refunds_off(self) -> None:
        paid = any(fee.state is FeeState.PAID for fee in self._filing.fees)
        if paid and self._filing.reopened and not self._filing.closed:
            await children.call_refunds_off(self._filing)

    async def heard_again(self) -> None:
        """Reads the reports of the filing's other streams, and records those that are not recorded."""
        told = await workflow.execute_local_activity_method(Registry.news, self._filing.filing_id, **LEDGER)
        for news in told:
            command = KINDS.following_command(news.n, news.kind, news.body)
            if command is not None and not self.stream.receipts.may_hold(command.command_id):
                await self.stream.attempt(command)

    def spoken_of(self) -> tuple[str | None, str | None]:
        """Returns the filing's procedure and the program that submitted it; both None before the filing has begun."""
        return (self._filing.procedure.code, self.memory.filed_by) if self.has_begun else (None, None)

    # Signals and updates.

    async def settled(self) -> None:
        """Waits until the submission has been recorded or refused."""
        await workflow.wait_condition(lambda: self.has_begun or self.refusal is not None)

    def submitted(self, check: Any) -> Receipt:
        """Returns the submission's receipt. Raises `RefusalError`, also if `check` names another content digest."""
        content = content_named(check)
        if self.refusal is not None and isinstance(self.start, Filed) and content not in {None, self.start.content}:
            # The refused submission is not this caller's: they can send theirs once this run has ended.
            raise RefusalError(NOT_READY)
        receipt = self.stream.receipts["submit"]
        if content not in {None, receipt.digest}:
            raise RefusalError(OTHER_SUBMISSION)
        return receipt

    # The steps.

    async def _fee(self) -> None:
        """Waits as long as a fee that is due now is unpaid."""
        await self._until(lambda: not self._filing.fee_pending)

    async def _intake(self) -> None:
        """Waits for acceptance: by an officer, or by the standing order if the back office finds nothing missing."""

        def accepted() -> bool:
            return self._filing.accepted_at is not None

        await self._until(lambda: accepted() or self._filing.scan is not ScanState.PENDING)
        if self._to_check:
            checking = agency.check(self.stream, self.memory.queue)
            await self._until(lambda: accepted() or checking.done())
            checked = checking.done()
            self.remember(checked=checked)
            if checked:
                checking.result()
        await self._until(accepted)

    @property
    def _to_check(self) -> bool:
        """Whether the back office has yet to check if the filing, as submitted, is complete."""
        filing = self._filing
        instant = filing.procedure.standing_officer is not None and filing.channel is Channel.ONLINE
        first = not self.memory.checked and not filing.supplements and not filing.reopened
        return instant and first and lifecycle.stage(filing) is Stage.INTAKE

    async def _issue(self) -> None:
        """Requests the result until its file can be issued; starts the result's stream if officers sign the result."""
        later = _NOT_THERE
        while self._filing.result is None and self._filing.decision is not None:
            await self._until(lambda: lifecycle.stage(self._filing) is Stage.ISSUE)
            if await self._officers_sign():
                await children.start_result(self._filing)
                await self._until(lambda: self._filing.result is not None)
                return
            if self._filing.signs:
                await agency.report_unissuable(self.stream, "nobody_signs")
                not_issued = True
            else:
                making = agency.issue(self.stream, self.memory.queue)
                await self._until(making.done)
                not_issued = making.result() is not None
            if not_issued and self._filing.result is None:
                workflow.logger.warning("result.not_issuable", extra={"filing_id": str(self._filing.filing_id)})
                await self.stream.catch_up()
                pause = asyncio.create_task(workflow.sleep(later, summary=NOT_ISSUABLE))
                await self._until(pause.done)
                later = min(later * 2, _SELDOM)

    async def _officers_sign(self) -> bool:
        """Returns whether officers sign the result, by the directory as it is now.

        Returns False without reading the directory if it named no signers at the submission and issuing has not failed.
        """
        if not self._filing.signs and self._filing.machine_failing is not MachineWork.ISSUE:
            return False
        return (await read(Registry.open, OpenRequest(stream=str(self.stream.id)))).answer.signs

    async def _deliver(self) -> None:
        """Sends the result if it goes by post, and a new copy after a loss. Waits until it arrives or is collected."""
        while True:
            await self._issue()
            if self._to_send:
                self._sent.add(self._filing.parcels)
                await children.start_parcel(self._filing)
            await self._until(lambda: self._filing.result is None or self._to_send)

    @property
    def _to_send(self) -> bool:
        """Whether there is a parcel that this run has not started."""
        under_way = lifecycle.stage(self._filing) is Stage.DELIVERY and self._filing.address is not None
        return under_way and self._filing.parcels not in self._sent

    async def _until(self, done: Callable[[], bool]) -> None:
        """Waits until `done` is true. Meanwhile starts and notifies other streams, and records each timer that fires.

        Raises `_FilingEndedError` if the filing ends.

        No timer is started while an event is being recorded: the event may cancel the timer in the same task or in the
        next one, and only Temporal knows which (ADR 0007).
        """
        while True:
            await self._see_to_stay()
            await self._see_to_office()
            await self._see_to_payments()
            await self._see_to_referrals()
            while self._parcel_waits:
                n = known(self._filing.recalled)
                self._had_back.add(n)
                await children.cancel_parcel(self._filing, n)
            if self._scan_waits:  # the scan runs until the scanner answers
                self._scanning = asyncio.create_task(self._scan())
            await workflow.wait_condition(lambda: self.stream.idle)
            if self.stream.anew:
                raise ContinueAsNewDueError
            if self._others_wait:
                continue
            if self._filing.closed:
                raise _FilingEndedError
            if done():
                return
            timer = self._next_timer
            if not await self._wait_for_change(done, timer) and timer is not None:
                ring = ring_id(timer, self._filing.seq)
                fired = cm.TimerFired(command_id=ring, clock=timer.clock, moment=timer.moment)
                await until_founded(partial(self.stream.attempt, fired, not_before=timer.due))

    async def _see_to_stay(self) -> None:
        """Reads the reports that the filing could not take while a complaint stopped the disputed act."""
        stood, self._stood_still = self._stood_still, bool(self._filing.stays)
        if stood and not self._stood_still:
            await self.heard_again()

    async def _see_to_office(self) -> None:
        """Remembers the queue of the back office of the agency to which the filing was passed on."""
        while self._passed_on:
            office = self._filing.agency
            self.taken_over(await until_founded(self._opened))
            self.remember(office=office)

    async def _opened(self) -> OpenResult:
        """Returns the present data about the stream. Raises `UnfoundedError` unless the log confirms them."""
        reading = await read(Registry.open, OpenRequest(stream=str(self.stream.id)))
        await self.stream.catch_up(reading.basis)
        return reading.answer

    @property
    def _passed_on(self) -> bool:
        """Whether the filing was passed on after this run had read the queue of the present back office."""
        return self._filing.passed_from is not None and self.memory.office != self._filing.agency

    async def _see_to_payments(self) -> None:
        """Starts the payment of each fee that is due online, and of each obligation that can be paid online.

        Also cancels payments of fees no longer owed, and starts refunds of overpaid amounts. Each run takes
        each of these steps once. Repeats by a later run do no harm, since the payment and the bank recognise them.
        """
        while self._payments_wait:
            for fee in self._filing.fees_to_collect:
                if fee.n not in self._collecting:
                    self._collecting.add(fee.n)
                    await children.start_payment(self._filing, fee)
            for demand in self._filing.demands_to_collect:
                if demand.n not in self._collecting:
                    self._collecting.add(demand.n)
                    await children.start_payment(self._filing, demand)
            for n in self._filing.payments_to_cancel:
                if n not in self._cancelled:
                    self._cancelled.add(n)
                    await children.cancel_payment(self._filing, n)
            for n, amount in fees_returned(self._filing).items():
                if self._returned.get(n) != amount:
                    self._returned[n] = amount
                    await children.return_fee(self._filing, n)

    @property
    def _payments_wait(self) -> bool:
        collect = {fee.n for fee in self._filing.fees_to_collect}
        collect |= {demand.n for demand in self._filing.demands_to_collect}
        cancelled = self._cancelled.issuperset(self._filing.payments_to_cancel)
        return not (self._collecting >= collect and cancelled and self._returned == fees_returned(self._filing))

    async def _see_to_referrals(self) -> None:
        """Starts referrals, and cancels the ones that an ended filing no longer needs: each once in a run."""
        while self._referrals_wait:
            for part in self._filing.parts_under_way:
                if part.n not in self._referred and not self._filing.closed:
                    self._referred.add(part.n)
                    await children.start_referral(self._filing, part)
            for part in self._filing.parts_to_cancel:
                if part.n not in self._recalled:
                    self._recalled.add(part.n)
                    await children.cancel_referral(self._filing, part)

    @property
    def _referrals_wait(self) -> bool:
        seen_to = self._recalled if self._filing.closed else self._referred
        return not seen_to.issuperset(part.n for part in self._filing.parts_under_way)

    @property
    def _parcel_waits(self) -> bool:
        """Whether the filing recalls a parcel that this run has started, and the parcel has to be cancelled."""
        n = self._filing.recalled
        return n in self._sent and n not in self._had_back

    @property
    def _scan_waits(self) -> bool:
        """Whether a virus scan of unscanned files has to be started."""
        idle = self._scanning is None or self._scanning.done()
        waits = bool(self._filing.to_scan) and not self._filing.closed
        return idle and waits and not self.stream.makes_way  # the next run asks

    async def _scan(self) -> None:
        with suppress(ContinueAsNewDueError):
            scanned = partial(self._scanned, self._filing.to_scan)
            await self.ask(question(Reception.scan, instruction(self.stream), scanned, SCANNING))

    async def _scanned(self, papers: tuple[Paper, ...], infected: list[str]) -> None:
        scanned = tuple(paper.file.sha256 for paper in papers if paper.file is not None)
        command_id = f"scan:{self._filing.seq}"
        await self.stream.attempt(cm.RecordScan(command_id=command_id, scanned=scanned, infected=tuple(infected)))

    @property
    def _others_wait(self) -> bool:
        """Whether another stream has to be started or cancelled, a scan started, or another office's queue read."""
        others = self._payments_wait or self._referrals_wait or self._parcel_waits or self._scan_waits
        return others or self._passed_on

    async def _wait_for_change(self, done: Callable[[], bool], timer: Timer | None) -> bool:
        """Waits until `done` is true or the filing changes otherwise. Returns False if the timer fired first."""

        def changed() -> bool:
            known = self._filing.closed or done() or self._others_wait
            return known or self._next_timer != timer

        return await self._alarm.changed_first(self.stream, timer, changed)

    @property
    def _next_timer(self) -> Timer | None:
        """The next event of the filing's clocks; None if there is none. It is computed once for each state."""
        if self._upcoming[0] != self._filing.seq:
            self._upcoming = (self._filing.seq, lifecycle.next_timer(self._filing))
        return self._upcoming[1]

    @property
    def _filing(self) -> Filing:
        return self.stream.state


def hears_of_streams(cls: W) -> W:
    """Class decorator: adds a signal handler for each kind of fact that other streams report to the filing."""

    def signal(telling: Telling[Any]) -> Any:
        async def take(self: Any, *fact: Any) -> None:
            """Handles a fact that another stream reports."""
            await self.life.hear_fact(telling.signal, partial(telling.command, single_argument(fact)))

        return workflow.signal(name=telling.signal)(take)

    for telling in KINDS.tells:
        setattr(cls, f"hear_{telling.signal}", signal(telling))
    return cls


@workflow.defn(name="Filing")
@takes_commands(FILING)
@hears_of_streams
class FilingWorkflow:
    """One filing. Input: `{"submission": {…}}`; workflow id `filing:<uuid>`; see docs/integrators.md."""

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self.life = FilingLife(FILING, single_argument(raw))

    @workflow.run
    async def run(self, *raw: Any) -> FilingEnd:  # noqa: ARG002 -- parsed before, as the life begins
        """Runs to the end; returns the outcome."""
        await self.life.live()
        return self.life.end

    @workflow.update
    async def submit(self, *check: Any) -> Receipt:
        """Waits for the submission's receipt, and returns it. Fails with the refusal of a refused submission.

        A receipt from an earlier task may be a stranger's invention, so the log is queried again. A receipt that
        arrives during the wait is the log's own answer to this worker.
        """
        earlier = self.life.has_begun
        await self.life.settled()
        if earlier and self.life.refusal is None:
            await self.life.stream.catch_up()
        return self._submitted(check)

    @submit.validator
    def _may_submit(self, *check: Any) -> None:
        try:
            bounded(single_argument(check))
        except RefusalError as error:
            raise failure(error.refusal) from None
        if self.life.has_begun or self.life.refusal is not None:
            self._submitted(check)

    def _submitted(self, check: tuple[Any, ...]) -> Receipt:
        try:
            return self.life.submitted(single_argument(check))
        except RefusalError as error:
            raise failure(error.refusal) from None
