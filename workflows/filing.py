"""A filing (hồ sơ) as one durable workflow, from the submission to the result in the applicant's hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from workflows.commands import update
from workflows.parcel import Parcel
from workflows.payment import Payment
from workflows.recording import OTHER_CONTENT, Rules, Stream, failure

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.intake import Registry, Wanted
    from activities.ledger import LEDGER
    from activities.papers import STORE, Papers
    from rules import lifecycle, projections
    from schemas import backoffice as bo
    from schemas import commands as cm
    from schemas import ids
    from schemas.errors import Refusal, RefusalCode, Refused, problem, refused, shape_refusal
    from schemas.events import Clock, FeeSettlement, ParcelOutcome
    from schemas.filing import (
        FeeFact,
        FeeState,
        FilingEnd,
        FilingStart,
        FilingView,
        ParcelFact,
        Parked,
        ResultView,
        Stage,
        SubmitCheck,
    )
    from schemas.filing import (
        Filing as State,
    )
    from schemas.ledger import Receipt
    from schemas.level import Channel
    from schemas.parcel import ParcelStart
    from schemas.payment import PaymentStart
    from schemas.people import SYSTEM, Actor
    from schemas.submission import MAX_SUBMISSION_BYTES, Submission

_BACK_OFFICE_TIME: Final = timedelta(minutes=2)
_BACK_OFFICE_RETRY: Final = RetryPolicy(maximum_interval=timedelta(seconds=30))
_NOT_THERE: Final = timedelta(seconds=10)
_RULES: Final[Rules[State]] = Rules(decide=lifecycle.decide, evolve=lifecycle.evolve, rows=projections.filing_rows)


class _Closed(Exception):  # noqa: N818 -- ends the flow, is no error
    """The filing has ended."""


@workflow.defn
class Filing:
    """One filing. Input: `{"submission": {…}}`; workflow id `filing:<uuid>`; see docs/integrators.md."""

    @workflow.init
    def __init__(self, raw: Any = None) -> None:
        self._log: Stream[State] | None = None
        self._queue = ""
        self._refusal: Refusal | None = None
        self._parked: list[Parked] = []
        try:
            self._start, self._submission = _parse_start(raw)
        except Refused as no:
            self._refusal = no.refusal

    @workflow.run
    async def run(self, raw: Any = None) -> FilingEnd:  # noqa: ARG002 -- parsed by __init__, which sees it first
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
    async def submit(self, check: Any = None) -> Receipt:
        """Wait for the submission's receipt, or for why it was refused."""
        await workflow.wait_condition(lambda: self._registered or self._refusal is not None)
        if self._refusal is not None:
            raise failure(self._refusal)
        return self._submitted(check)

    @submit.validator
    def _may_submit(self, check: Any = None) -> None:
        if self._refusal is not None:
            raise failure(self._refusal)
        if self._registered:
            self._submitted(check)

    accept = update(cm.Accept)
    refuse_intake = update(cm.RefuseIntake)
    request_supplement = update(cm.RequestSupplement)
    supplement = update(cm.Supplement)
    claim = update(cm.Claim)
    release = update(cm.Release)
    forward = update(cm.Forward)
    propose = update(cm.Propose)
    decide = update(cm.Decide)
    pay_at_counter = update(cm.PayAtCounter)
    withdraw = update(cm.Withdraw)
    hand_over = update(cm.HandOver)

    def check_command(self, command: cm.Command) -> None:
        """Raise `Refused` if the command would be refused now. Before registration nothing can be said yet."""
        if self._refusal is not None:
            raise Refused(self._refusal)
        if self._log is not None and self._registered:
            self._log.check(command)

    async def take_command(self, command: cm.Command) -> Receipt:
        """Record the command. Raises `Refused`."""
        await workflow.wait_condition(lambda: self._registered or self._refusal is not None)
        if self._refusal is not None:
            raise Refused(self._refusal)
        return await self._stream.record(command)

    @workflow.signal
    async def fee_settled(self, fact: Any = None) -> None:
        """A payment tells how it ended."""
        await self._take_fact("fee_settled", fact, _fee_command)

    @workflow.signal
    async def parcel_settled(self, fact: Any = None) -> None:
        """A parcel tells how it ended."""
        await self._take_fact("parcel_settled", fact, _parcel_command)

    @workflow.query
    def view(self) -> FilingView:
        """What is shown of the filing."""
        if not self._registered:
            raise _not_ready(self._refusal)
        return projections.view(self._filing, workflow.now(), len(self._parked))

    @workflow.query
    def receipt(self, command_id: Any = "submit") -> Receipt:
        """The receipt of a command, of the submission by default."""
        if self._log is None or command_id not in self._log.receipts:
            raise _not_ready(self._refusal)
        return self._log.receipts[str(command_id)]

    @workflow.query
    def actions(self, actor: Any) -> list[dict[str, Any]]:
        """Every command, and whether this actor can give it now, with the reason where not."""
        if not self._registered:
            raise _not_ready(self._refusal)
        found = lifecycle.available_actions(self._filing, Actor.model_validate(actor), workflow.now())
        return [action.model_dump(mode="json", exclude_none=True) for action in found]

    @workflow.query
    def result(self) -> ResultView:
        """The decision and the file of the result."""
        filing = self._filing if self._registered else None
        if filing is None or filing.decision is None or filing.result is None:
            raise _not_ready(self._refusal)
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
            submit = cm.Submit(
                actor=self._submission.actor,
                via=self._submission.via,
                submission=self._submission,
                procedure=self._log.state.procedure,
                agency=self._submission.agency,
            )
            await self._log.record(submit, ids.digest(self._start.submission))
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
            raise _unknown(submission, procedure_known=opened.procedure is not None)
        self._queue = opened.queue
        snapshot = self._start.snapshot
        state = snapshot or State(filing_id=filing_id, agency=submission.agency, procedure=opened.procedure)
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
        def accepted() -> bool:
            return self._filing.accepted_at is not None

        instant = self._filing.procedure.standing_order is not None and self._filing.channel is Channel.ONLINE
        if instant and self._stage is Stage.INTAKE:
            request = bo.CheckRequest(request_id="check:1", dossier=self._dossier())
            checking = self._ask(bo.CHECK, request, bo.CheckAnswer)
            await self._until(lambda: accepted() or checking.done())
            if checking.done() and checking.result().complete:
                await self._try(cm.Accept(command_id="accept:automatic", actor=SYSTEM, via=cm.SYSTEM_VIA))
        await self._until(accepted)

    async def _fee(self) -> None:
        """Wait until what is due now has been paid, online through a payment of its own."""
        fee = self._filing.fee
        if fee is None or fee.state is not FeeState.DUE:
            return
        online = fee.channel is Channel.ONLINE
        if online:
            await self._start_payment(fee.n, fee.amount)
        await self._until(lambda: not self._filing.fee_pending)
        if online and self._filing.fees[-1].channel is not Channel.ONLINE:
            await self._cancel_payment(fee.n)

    async def _start_payment(self, n: int, amount: int) -> None:
        start = PaymentStart(
            filing_id=self._filing.filing_id,
            n=n,
            agency=self._filing.agency,
            amount=amount,
            description=str(self._filing.code),
            due=self._filing.clocks[Clock.PAYMENT].due,
            payer_account=self._filing.payer_account,
        )
        await _start_child(Payment.run, start, ids.payment_workflow(self._filing.filing_id, n))

    async def _let_payment_go(self) -> None:
        """A filing that ended while a fee was due owes it no longer."""
        fee = self._filing.fee
        if fee is not None and fee.state is FeeState.DUE and fee.channel is Channel.ONLINE:
            await self._cancel_payment(fee.n)

    async def _cancel_payment(self, n: int) -> None:
        payment = workflow.get_external_workflow_handle(ids.payment_workflow(self._filing.filing_id, n))
        try:
            await payment.signal(Payment.cancel, "the filing no longer owes this fee")
        except ApplicationError as error:
            workflow.logger.info("payment.gone", extra={"reason": error.type})

    async def _issue(self) -> None:
        """Have the agency make the result, until its file is really there."""
        while self._filing.result is None:
            decision = self._filing.decision
            if decision is None:
                return
            request = bo.IssueRequest(
                request_id=f"issue:{self._stream.seq}",
                dossier=self._dossier(),
                outcome=decision.outcome,
                officer=decision.officer,
                reason=decision.reason,
            )
            making = self._ask(bo.ISSUE, request, bo.IssueAnswer)
            await self._until(making.done)
            result = making.result().result
            if await workflow.execute_activity_method(Papers.confirm, result, **STORE):
                await self._try(cm.Issue(command_id=f"issue:{self._stream.seq}", result=result))
            else:
                workflow.logger.warning("result.not_in_store", extra={"filing_id": str(self._filing.filing_id)})
                await workflow.sleep(_NOT_THERE, summary="the result's file is not in the object store")

    async def _deliver(self) -> None:
        address = self._filing.address
        if self._stage is Stage.DELIVERY and address is not None:
            n = self._filing.parcels
            start = ParcelStart(
                filing_id=self._filing.filing_id,
                n=n,
                agency=self._filing.agency,
                address=address,
                contents=str(self._filing.code),
            )
            await _start_child(Parcel.run, start, ids.parcel_workflow(self._filing.filing_id, n))
        await self._until(lambda: False)

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait for `done` while the clocks run. Raises `_Closed` when the filing ends meanwhile."""
        while not (self._filing.closed or done()):
            timer = lifecycle.next_timer(self._filing)
            left = None if timer is None else timer.due - workflow.now()
            if timer is not None and left is not None and left <= timedelta(0):
                await self._ring(timer.clock, f"{timer.due:%Y%m%dT%H%M%S.%f}")
                continue

            def changed(known: Any = timer) -> bool:
                return self._filing.closed or done() or lifecycle.next_timer(self._filing) != known

            try:
                await workflow.wait_condition(changed, timeout=left, timeout_summary=timer.clock if timer else None)
            except TimeoutError:
                continue
        if self._filing.closed:
            raise _Closed

    async def _ring(self, clock: Clock, due: str) -> None:
        await self._try(cm.Expire(command_id=f"expire:{clock}:{due}", clock=clock))

    async def _try(self, command: cm.Command) -> None:
        """Record a command of the system's own; a refusal says that somebody else was first."""
        try:
            await self._stream.record(command)
        except Refused as no:
            workflow.logger.info("system.refused", extra={"kind": command.kind, "code": no.refusal.code})

    async def _take_fact(self, signal: str, raw: Any, read: Callable[[Any], cm.Command]) -> None:
        """Record a reported fact. What can't be read or used is parked, never raised."""
        try:
            await workflow.wait_condition(lambda: self._registered or self._refusal is not None)
            await self._stream.record(read(raw))
        except (Refused, ValidationError, ValueError) as error:
            why = error.refusal.problems[0].rule if isinstance(error, Refused) else "unreadable"
            self._parked.append(Parked(signal=signal, problem=why, at=workflow.now()))
            workflow.logger.warning("signal.parked", extra={"signal": signal, "problem": why})

    def _ask(self, name: str, request: Any, answer: type[Any]) -> workflow.ActivityHandle[Any]:
        return workflow.start_activity(
            name,
            request,
            task_queue=self._queue,
            result_type=answer,
            start_to_close_timeout=_BACK_OFFICE_TIME,
            retry_policy=_BACK_OFFICE_RETRY,
        )

    def _dossier(self) -> bo.Dossier:
        filing = self._filing
        if filing.applicant is None:
            msg = "a filing without an applicant was registered"
            raise RuntimeError(msg)
        return bo.Dossier(
            filing_id=filing.filing_id,
            code=str(filing.code),
            agency=filing.agency,
            procedure=filing.procedure.code,
            version=filing.procedure.version,
            level=filing.level,
            applicant=filing.applicant,
            form=filing.form,
            papers=filing.papers,
        )

    def _submitted(self, check: Any) -> Receipt:
        receipt = self._stream.receipts["submit"]
        content = _content(check)
        if content is not None and content != receipt.digest:
            raise failure(Refusal(code=RefusalCode.SAME_ID_OTHER_CONTENT, problems=(OTHER_CONTENT,)))
        return receipt

    @property
    def _registered(self) -> bool:
        return self._log is not None and "submit" in self._log.receipts

    @property
    def _stream(self) -> Stream[State]:
        if self._log is None:
            raise Refused(_NOT_READY)
        return self._log

    @property
    def _filing(self) -> State:
        return self._stream.state

    @property
    def _stage(self) -> Stage:
        return lifecycle.stage(self._filing)


async def _start_child(run: Any, start: Any, workflow_id: str) -> None:
    """Start a payment or a parcel; one that runs already is the one that was wanted."""
    try:
        await workflow.start_child_workflow(
            run, start, id=workflow_id, parent_close_policy=workflow.ParentClosePolicy.ABANDON
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("child.found", extra={"child": workflow_id})


def _parse_start(raw: Any) -> tuple[FilingStart, Submission]:
    try:
        start = FilingStart.model_validate(raw)
        submission = Submission.model_validate(start.submission)
        size = len(ids.canonical(start.submission))
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_START, error) from None
    except ValueError:
        raise refused(RefusalCode.BAD_START, _NOT_JSON) from None
    expected = ids.filing_workflow(ids.filing_id(submission.client_id, submission.submission_id))
    if size > MAX_SUBMISSION_BYTES:
        raise refused(RefusalCode.BAD_START, _TOO_LONG)
    if workflow.info().workflow_id != expected:
        raise refused(
            RefusalCode.BAD_START,
            problem(
                "workflow_id",
                "id_does_not_match",
                f"mã quy trình phải là {expected}",
                f"the workflow id of this submission is {expected}",
            ),
        )
    return start, submission


def _content(check: Any) -> str | None:
    try:
        return SubmitCheck.model_validate(check or {}).content
    except ValidationError as error:
        raise failure(shape_refusal(RefusalCode.BAD_COMMAND, error).refusal) from None


def _fee_command(raw: Any) -> cm.Command:
    fact = FeeFact.model_validate(raw)
    settlement = FeeSettlement(fact.settlement)
    return cm.SettleFee(command_id=f"fee:{fact.n}:{settlement}", n=fact.n, settlement=settlement, amount=fact.amount)


def _parcel_command(raw: Any) -> cm.Command:
    fact = ParcelFact.model_validate(raw)
    outcome = ParcelOutcome(fact.outcome)
    return cm.SettleParcel(command_id=f"parcel:{fact.n}:{outcome}", n=fact.n, outcome=outcome)


def _unknown(submission: Submission, *, procedure_known: bool) -> Refused:
    if procedure_known:
        where, vi, en = "agency", "cơ quan", "agency"
    else:
        where = "version" if submission.version else "procedure"
        vi, en = "thủ tục hoặc phiên bản", "published procedure or version"
    return refused(
        RefusalCode.BAD_SUBMISSION,
        problem(where, f"unknown_{where}", f"không có {vi} này; kiểm tra lại mã", f"there is no such {en}; check it"),
    )


def _not_ready(refusal: Refusal | None) -> ApplicationError:
    return failure(refusal or _NOT_READY)


_NOT_READY: Final = Refusal(
    code=RefusalCode.NOT_READY, problems=(problem("", "not_ready", "chưa có", "there is none yet"),)
)
_NOT_JSON: Final = problem(
    "submission",
    "not_canonical_json",
    "nội dung không viết được theo RFC 8785; số nguyên phải nhỏ hơn 2^53",
    "the content can't be written as RFC 8785 JSON; integers must be below 2^53",
)
_TOO_LONG: Final = problem(
    "submission",
    "too_long",
    f"hồ sơ dài quá {MAX_SUBMISSION_BYTES} byte; gửi tệp bằng tham chiếu",
    f"the submission is longer than {MAX_SUBMISSION_BYTES} bytes; send files by reference",
)
