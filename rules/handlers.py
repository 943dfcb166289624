"""What each command makes happen, once its guard has let it pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from rules import admission
from rules.fold import stage
from rules.guards import current_step, missing_opinions
from rules.queues import possible, rings_at
from schemas import commands as cm
from schemas import events as ev
from schemas.errors import Problem, RefusalCode, Refused, problem, refused
from schemas.events import Clock, FeeSettlement, Outcome, ParcelOutcome
from schemas.filing import Filing, Stage
from schemas.level import Channel
from schemas.people import Actor, Role
from schemas.procedure import Act, ProcedureRules, Silence

Events = tuple[ev.Event, ...]
Handler = Callable[[Filing, Any, datetime], Events]


def not_allowed(filing: Filing, actor: Actor, now: datetime, *problems: Problem) -> Refused:
    """The refusal of a command that is not allowed: why, and what the actor can do instead."""
    return refused(RefusalCode.NOT_ALLOWED, *problems, allowed=possible(filing, actor, now) if filing.seq else ())


def _submit(filing: Filing, command: cm.Submit, _: datetime) -> Events:
    submission, rules = command.submission, command.procedure
    admitted = admission.admit(submission, rules)
    submitted = ev.Submitted(
        agency=filing.agency,
        procedure=rules.code,
        version=rules.version,
        procedure_sha256=rules.sha256,
        level=admitted.level,
        channel=submission.channel,
        fee_channel=admitted.fee_channel,
        result_channel=submission.result_channel,
        paper_digests={paper.code: paper.file and paper.file.sha256 for paper in submission.papers},
        applicant=submission.applicant,
        filed_by=submission.actor,
        form=submission.form,
        papers=submission.papers,
        authorisation=submission.authorisation,
        signature=submission.signature,
        address=submission.address,
        payer_account=submission.payer_account,
    )
    return (submitted,) if submission.channel is Channel.ONLINE else (submitted, ev.Accepted())


def _request_supplement(filing: Filing, command: cm.RequestSupplement, now: datetime) -> Events:
    known = {
        cm.TargetKind.PAPER: {paper.code for paper in filing.procedure.papers},
        cm.TargetKind.FIELD: {field.code for field in filing.procedure.form},
    }
    wrong = [
        problem(
            f"items[{index}].code",
            f"unknown_{item.target}",
            f"thủ tục không có mục này; các mục: {', '.join(sorted(known[item.target]))}",
            f"the procedure has no such {item.target}; it has: {', '.join(sorted(known[item.target]))}",
        )
        for index, item in enumerate(command.items)
        if item.code not in known[item.target]
    ]
    if wrong:
        raise not_allowed(filing, command.actor, now, *wrong)
    return (
        ev.SupplementRequested(
            n=filing.supplements + 1,
            needs=tuple(ev.SupplementNeed(target=item.target, code=item.code) for item in command.items),
            notes=tuple(item.note for item in command.items),
            officer=command.actor.subject,
            legal_basis=command.legal_basis,
        ),
    )


def _supplement(filing: Filing, command: cm.Supplement, now: datetime) -> Events:
    channel = Channel.COUNTER if command.actor.role is Role.RECEPTION else Channel.ONLINE
    wrong = [
        *_unanswered(filing, command),
        *admission.paper_problems(filing.procedure, command.papers, channel),
        *admission.form_problems(filing.procedure, command.form),
    ]
    if wrong:
        raise not_allowed(filing, command.actor, now, *wrong)
    return (
        ev.Supplemented(
            n=filing.supplements,
            channel=channel,
            paper_digests={paper.code: paper.file and paper.file.sha256 for paper in command.papers},
            form=command.form,
            papers=command.papers,
        ),
    )


def _unanswered(filing: Filing, command: cm.Supplement) -> list[Problem]:
    given = {
        cm.TargetKind.PAPER: {paper.code for paper in command.papers},
        cm.TargetKind.FIELD: set(command.form),
    }
    asked = filing.supplement.items if filing.supplement else ()
    where = {cm.TargetKind.PAPER: "papers", cm.TargetKind.FIELD: "form"}
    missing = [
        problem(
            f"{where[item.target]}.{item.code}",
            "supplement_item_missing",
            "mục này được yêu cầu bổ sung; hãy gửi kèm",
            "this was asked for; send it along",
        )
        for item in asked
        if item.code not in given[item.target]
    ]
    wanted = {(item.target, item.code) for item in asked}
    extra = [
        problem(
            f"{where[target]}.{code}",
            "supplement_item_not_asked",
            "mục này không được yêu cầu bổ sung; hãy bỏ ra",
            "this was not asked for; leave it out",
        )
        for target, codes in given.items()
        for code in sorted(codes)
        if (target, code) not in wanted
    ]
    return missing + extra


def _reassign(filing: Filing, command: cm.Reassign, now: datetime) -> Events:
    step = current_step(filing)
    proposed = step is not None and step.act is Act.DECIDE and filing.proposal is not None
    wrong = {
        "claimed_already": filing.officer == command.officer,
        "four_eyes": proposed and filing.proposal is not None and filing.proposal.officer == command.officer,
        "own_filing": filing.applicant is not None and filing.applicant.subject == command.officer,
    }
    if rule := next((rule for rule, holds in wrong.items() if holds), None):
        why = problem(
            "officer",
            rule,
            "không giao được việc này cho người đó; chọn cán bộ khác",
            "this task can't be given to that officer; choose another",
        )
        raise not_allowed(filing, command.actor, now, why)
    return (ev.Reassigned(officer=command.officer, role=step.role if step else Role.RECEPTION),)


def _recall(filing: Filing, command: cm.Recall, _: datetime) -> Events:
    move = filing.last_move
    if move is None or move.step is None:
        return (ev.Resumed(officer=command.actor.subject),)
    return (ev.Recalled(step=move.step, officer=command.actor.subject),)


def _ask(filing: Filing, command: cm.Ask, _: datetime) -> Events:
    n = len(filing.questions) + 1
    return (ev.Asked(n=n, officer=command.actor.subject, question=command.question),)


def _answer(filing: Filing, command: cm.Answer, now: datetime) -> Events:
    waiting = [question.n for question in filing.questions if question.answer is None]
    if command.n not in waiting:
        numbers = ", ".join(map(str, waiting))
        why = problem(
            "n",
            "no_such_question",
            f"câu hỏi đang chờ trả lời: {numbers}",
            f"the questions that wait for an answer: {numbers}",
        )
        raise not_allowed(filing, command.actor, now, why)
    return (ev.Answered(n=command.n, answer=command.answer),)


def _inspect(filing: Filing, command: cm.Inspect, now: datetime) -> Events:
    if command.held_at > now:
        why = problem("held_at", "in_the_future", "thời điểm kiểm tra ở tương lai", "the inspection lies in the future")
        raise not_allowed(filing, command.actor, now, why)
    said = command.model_dump(include={"held_at", "place", "participants", "findings"})
    return (ev.Inspected(step=_step_code(filing), officer=command.actor.subject, **said),)


def _record_opinion(filing: Filing, command: cm.RecordOpinion, now: datetime) -> Events:
    step = current_step(filing)
    missing = () if step is None else missing_opinions(filing, step)
    if command.party not in missing:
        names = ", ".join(missing)
        why = problem(
            "party",
            "not_awaited",
            f"cơ quan còn chờ ý kiến: {names}",
            f"the bodies whose opinion is awaited: {names}",
        )
        raise not_allowed(filing, command.actor, now, why)
    return (
        ev.OpinionRecorded(
            step=_step_code(filing),
            party=command.party,
            consent=command.consent,
            officer=command.actor.subject,
            note=command.note,
        ),
    )


def _demand_obligation(filing: Filing, command: cm.DemandObligation, _: datetime) -> Events:
    return (
        ev.ObligationDemanded(
            step=_step_code(filing),
            officer=command.actor.subject,
            reference=command.reference,
            amount=command.amount,
        ),
    )


def _obligation(event: type[ev.ObligationReferred | ev.ObligationFulfilled]) -> Handler:
    def handler(filing: Filing, command: cm.ReferObligation | cm.FulfilObligation, _: datetime) -> Events:
        return (event(step=_step_code(filing), officer=command.actor.subject, reference=command.reference),)

    return handler


def _stop(filing: Filing, command: cm.Stop, now: datetime) -> Events:
    said = {"officer": command.actor.subject, "reason": command.reason, "legal_basis": command.legal_basis}
    if command.mode is cm.StopMode.END:
        return (ev.Stopped(**said),)
    if stage(filing) is not Stage.REVIEW:
        why = problem(
            "mode",
            "suspend_only_in_review",
            "chỉ tạm dừng được khi đang thẩm định",
            "a filing is suspended only while it is under review",
        )
        raise not_allowed(filing, command.actor, now, why)
    return (ev.Suspended(**said),)


def _extend(filing: Filing, command: cm.Extend, _: datetime) -> Events:
    rule = filing.procedure.extension
    if rule is None:
        return ()
    return (ev.Extended(officer=command.actor.subject, by=rule.by, reason=command.reason),)


def _waive_fee(filing: Filing, command: cm.WaiveFee, now: datetime) -> Events:
    fee, rule = filing.fee, filing.procedure.fee
    waivers = {waiver.code: waiver for waiver in rule.waivers} if rule else {}
    granted = {code: waiver for code, waiver in waivers.items() if waiver.approver is command.actor.role}
    if fee is None or command.waiver not in granted:
        names = ", ".join(sorted(granted))
        why = problem(
            "waiver",
            "unknown_waiver",
            f"chọn một trong các trường hợp miễn, giảm mà vai trò này được duyệt: {names}",
            f"choose one of the waivers that this role approves: {names}",
        )
        raise not_allowed(filing, command.actor, now, why)
    return (
        ev.FeeWaived(
            n=fee.n,
            waiver=command.waiver,
            percent=granted[command.waiver].percent,
            officer=command.actor.subject,
            reason=command.reason,
        ),
    )


def _reasoned(filing: Filing, command: cm.Propose | cm.Decide, now: datetime) -> None:
    if command.outcome is Outcome.REFUSED and command.reason is None:
        why = problem("reason", "reason_required", "từ chối phải nêu lý do", "a refusal needs its reason")
        raise not_allowed(filing, command.actor, now, why)


def _propose(filing: Filing, command: cm.Propose, now: datetime) -> Events:
    _reasoned(filing, command, now)
    return (
        ev.Proposed(
            step=_step_code(filing), outcome=command.outcome, officer=command.actor.subject, reason=command.reason
        ),
    )


def _judge(filing: Filing, command: cm.Decide, now: datetime) -> Events:
    _reasoned(filing, command, now)
    return (ev.Decided(outcome=command.outcome, officer=command.actor.subject, reason=command.reason),)


def _step_code(filing: Filing) -> str:
    step = current_step(filing)
    return step.code if step else ""


def _pay_at_counter(filing: Filing, command: cm.PayAtCounter, now: datetime) -> Events:
    fee = filing.fee
    if fee is None or command.amount != fee.amount:
        amount = fee.amount if fee else 0
        why = problem(
            "amount",
            "amount_differs",
            f"số tiền phải nộp là {amount} đồng",
            f"the fee is {amount} đồng",
        )
        raise not_allowed(filing, command.actor, now, why)
    return (ev.FeePaid(n=fee.n, amount=fee.amount, channel=Channel.COUNTER),)


def _expire(filing: Filing, command: cm.Expire, now: datetime) -> Events:
    state = filing.clocks.get(command.clock)
    if state is None or state.paused or state.overdue or now < rings_at(filing, command.clock, state):
        why = problem("clock", "not_due", "đồng hồ chưa đến hạn", "this clock is not due")
        raise not_allowed(filing, command.actor, now, why)
    if command.clock is Clock.SUPPLEMENT:
        return (ev.SupplementExpired(n=filing.supplements),)
    fee = filing.fee
    if command.clock is Clock.PAYMENT and fee is not None and fee.channel is not Channel.ONLINE:
        return (ev.FeeExpired(n=fee.n),)
    step = current_step(filing)
    if command.clock is Clock.STEP and step and step.consult and step.consult.silence is Silence.CONSENT:
        return (ev.ConsultationClosed(step=step.code, silent=missing_opinions(filing, step)),)
    late = ev.Overdue(clock=command.clock, due=state.due)
    if command.clock is Clock.PROCESSING and filing.decision is None and filing.procedure.silent_officer:
        return (late, _approved_by_silence(filing.procedure, filing.procedure.silent_officer))
    return (late,)


def _approved_by_silence(rules: ProcedureRules, officer: str) -> ev.Decided:
    return ev.Decided(outcome=Outcome.APPROVED, officer=officer, silence=rules.silent_basis)


def _issue(filing: Filing, command: cm.Issue, now: datetime) -> Events:
    if command.result is None:
        why = problem(
            "result",
            "result_file_required",
            "chưa có tệp kết quả do cơ quan lập",
            "the result's file, made by the back office, is missing",
        )
        raise not_allowed(filing, command.actor, now, why)
    return (ev.ResultIssued(result=command.result),)


def _settle_fee(filing: Filing, command: cm.SettleFee, now: datetime) -> Events:
    fee = filing.fee
    paid = command.settlement is FeeSettlement.PAID
    online = fee is not None and fee.n == command.n and fee.channel is Channel.ONLINE
    if fee is None or not online or (paid and command.amount != fee.amount):
        why = problem("n", "no_such_fee", "không có khoản phí này", "no such fee is due online")
        raise not_allowed(filing, command.actor, now, why)
    if paid:
        return (ev.FeePaid(n=fee.n, amount=fee.amount, channel=Channel.ONLINE),)
    return (ev.FeeExpired(n=fee.n),)


def _settle_parcel(filing: Filing, command: cm.SettleParcel, now: datetime) -> Events:
    if command.n != filing.parcels:
        why = problem("n", "no_such_parcel", "không có bưu gửi này", "no such parcel is under way")
        raise not_allowed(filing, command.actor, now, why)
    if command.outcome is ParcelOutcome.DELIVERED:
        return (ev.HandedOver(channel=Channel.POST),)
    return (ev.ParcelFailed(n=command.n, outcome=command.outcome),)


HANDLERS: Final[dict[str, Handler]] = {
    "submit": _submit,
    "accept": lambda _, command, __: (ev.Accepted(automatic=command.actor.role is Role.SYSTEM),),
    "refuse_intake": lambda _, command, __: (ev.IntakeRefused(reason=command.reason),),
    "request_supplement": _request_supplement,
    "supplement": _supplement,
    "claim": lambda _, command, __: (ev.Claimed(officer=command.actor.subject),),
    "release": lambda *_: (ev.Released(),),
    "reassign": _reassign,
    "recall": _recall,
    "ask": _ask,
    "answer": _answer,
    "inspect": _inspect,
    "record_opinion": _record_opinion,
    "refer_obligation": _obligation(ev.ObligationReferred),
    "demand_obligation": _demand_obligation,
    "fulfil_obligation": _obligation(ev.ObligationFulfilled),
    "forward": lambda filing, command, _: (ev.Forwarded(step=_step_code(filing), note=command.note),),
    "propose": _propose,
    "decide": _judge,
    "stop": _stop,
    "resume": lambda _, command, __: (ev.Resumed(officer=command.actor.subject),),
    "extend": _extend,
    "waive_fee": _waive_fee,
    "pay_at_counter": _pay_at_counter,
    "withdraw": lambda _, command, __: (ev.Withdrawn(reason=command.reason),),
    "hand_over": lambda _, command, __: (ev.HandedOver(channel=Channel.COUNTER, recipient=command.recipient),),
    "expire": _expire,
    "issue": _issue,
    "settle_fee": _settle_fee,
    "settle_parcel": _settle_parcel,
}
