"""The life of a filing: what a command makes happen, what is possible now, and what will ring.

`decide` and `evolve` are all there is to a filing; the workflow, the activities and every page use these and never
re-implement a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from rules import admission, fees
from rules.fold import evolve, stage, status
from rules.guards import available_actions, check, current_step
from schemas import commands as cm
from schemas import events as ev
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.events import Clock, FeeSettlement, Outcome, ParcelOutcome
from schemas.filing import Filing, Stage, Task, Timer
from schemas.ledger import Recorded
from schemas.level import Channel
from schemas.people import SYSTEM, Actor, Role
from schemas.procedure import FeeDue

__all__ = [
    "available_actions",
    "current_step",
    "decide",
    "evolve",
    "next_timer",
    "stage",
    "status",
    "tasks",
    "timers",
]

Events = tuple[ev.Event, ...]


def decide(filing: Filing, command: cm.Command, now: datetime) -> Events:
    """What `command` makes happen, with everything that follows from it by itself. Raises `Refused`."""
    why = check(filing, command.kind, command.actor, now)
    if why is not None:
        raise _not_allowed(filing, command.actor, now, why)
    events: Events = _DECIDE[command.kind](filing, command, now)
    after = _fold(filing, events, command, now)
    while (follows := _consequence(after)) is not None:
        events = (*events, follows)
        after = _fold(after, (follows,), command, now)
    return events


def timers(filing: Filing) -> list[Timer]:
    """The clocks that will ring, the first one first. A clock that has rung its `overdue` rings no more."""
    running = ((clock, state) for clock, state in filing.clocks.items() if not (state.paused or state.overdue))
    return sorted((Timer(clock=clock, due=state.due) for clock, state in running), key=lambda t: (t.due, t.clock))


def next_timer(filing: Filing) -> Timer | None:
    """The first of `timers`."""
    return next(iter(timers(filing)), None)


def tasks(filing: Filing, now: datetime) -> list[Task]:
    """In whose queues the filing stands, and what each can do there. An open filing stands in at least one."""
    if filing.seq == 0 or filing.closed:
        return []
    found = [_task(filing, role, now) for role in _queues(filing)]
    return [task for task in found if task.actions]


def _queues(filing: Filing) -> list[Role]:
    late = [Role.TEAM_LEAD] if filing.overdue else []
    step = current_step(filing)
    by_stage: dict[Stage, list[Role]] = {
        Stage.INTAKE: [Role.RECEPTION],
        Stage.SUPPLEMENT: [Role.APPLICANT, Role.RECEPTION],
        Stage.FEE: [Role.CASHIER],
        Stage.REVIEW: [] if step is None else [step.role],
        Stage.ISSUE: [Role.SYSTEM],
        Stage.DELIVERY: [Role.SYSTEM],
        Stage.PICKUP: [Role.HANDOVER],
    }
    return by_stage[stage(filing)] + late


def _task(filing: Filing, role: Role, now: datetime) -> Task:
    actor = _someone(filing, role)
    step = current_step(filing)
    clock = filing.clocks.get(_STAGE_CLOCK[stage(filing)])
    claimable = stage(filing) in {Stage.INTAKE, Stage.REVIEW} and role is not Role.TEAM_LEAD
    return Task(
        name=step.code if step else stage(filing),
        role=role,
        actions=_possible(filing, actor, now),
        officer=filing.officer if claimable else None,
        due=clock.due if clock else None,
        overdue=bool(clock and clock.overdue),
    )


_STAGE_CLOCK: Final = {
    Stage.INTAKE: Clock.INTAKE,
    Stage.SUPPLEMENT: Clock.SUPPLEMENT,
    Stage.FEE: Clock.PAYMENT,
    Stage.REVIEW: Clock.STEP,
    Stage.ISSUE: Clock.ISSUE,
    Stage.DELIVERY: Clock.DELIVERY,
    Stage.PICKUP: Clock.PICKUP,
}

_MACHINE_ACTIONS: Final = {Stage.ISSUE: ("issue",), Stage.DELIVERY: ("settle_parcel",)}


def _someone(filing: Filing, role: Role) -> Actor:
    """Somebody in this role: who has claimed the task, or anyone."""
    if role is Role.SYSTEM:
        return SYSTEM
    if role is Role.APPLICANT and filing.applicant is not None:
        return Actor(subject=filing.applicant.subject, role=role)
    return Actor(subject=filing.officer or "-", role=role, agency=filing.agency)


def _possible(filing: Filing, actor: Actor, now: datetime) -> tuple[str, ...]:
    if actor.role is Role.SYSTEM:
        return _MACHINE_ACTIONS.get(stage(filing), ())
    if actor.role is Role.TEAM_LEAD:
        return () if check(filing, "release", actor, now) else ("release",)
    return tuple(action.name for action in available_actions(filing, actor, now) if action.allowed)


def _not_allowed(filing: Filing, actor: Actor, now: datetime, *problems: Problem) -> Exception:
    return refused(RefusalCode.NOT_ALLOWED, *problems, allowed=_possible(filing, actor, now) if filing.seq else ())


def _fold(filing: Filing, events: Events, command: cm.Command, now: datetime) -> Filing:
    for event in events:
        recorded = Recorded(seq=filing.seq + 1, at=now, command_id=command.command_id, actor=command.actor, event=event)
        filing = evolve(filing, recorded)
    return filing


def _consequence(filing: Filing) -> ev.Event | None:
    """The one thing that follows by itself from where the filing now stands."""
    if filing.closed or filing.supplement or filing.accepted_at is None or filing.fee_pending:
        return None
    if filing.decision is None:
        due = _fee(filing, FeeDue.ACCEPTANCE) if filing.step is None else None
        return due or _next_step(filing)
    if filing.result is None:
        return None
    due = _fee(filing, FeeDue.RESULT) if filing.decision.outcome is Outcome.APPROVED else None
    return due or _delivery(filing)


def _fee(filing: Filing, moment: FeeDue) -> ev.FeeRequested | None:
    rule = filing.procedure.fee
    if rule is None or rule.due is not moment or filing.fees:
        return None
    lines = fees.lines(rule, filing.form)
    if not lines:
        return None
    channel = filing.fee_channel or admission.fee_channel(rule, filing.level)
    return ev.FeeRequested(n=1, amount=fees.total(lines), lines=lines, channel=channel)


def _next_step(filing: Filing) -> ev.Event | None:
    if filing.automatic:
        return ev.Decided(
            outcome=Outcome.APPROVED,
            officer=filing.procedure.standing_officer or "",
            standing_order=filing.procedure.standing_order,
        )
    if Clock.STEP in filing.clocks:
        return None
    upcoming = 0 if filing.step is None else filing.step + 1
    return ev.StepStarted(step=filing.procedure.review[upcoming].code)


def _delivery(filing: Filing) -> ev.Event | None:
    if filing.pickup or Clock.DELIVERY in filing.clocks:
        return None
    if filing.result_channel is Channel.ONLINE:
        return ev.HandedOver(channel=Channel.ONLINE)
    if filing.result_channel is Channel.POST and not filing.parcels:
        return ev.ParcelRequested(n=1)
    return ev.PickupOffered()


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
        raise _not_allowed(filing, command.actor, now, *wrong)
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
    channel = command.via.channel if command.actor.role is not Role.RECEPTION else Channel.COUNTER
    wrong = [
        *_unanswered(filing, command),
        *admission.paper_problems(filing.procedure, command.papers, channel),
        *admission.form_problems(filing.procedure, command.form),
    ]
    if wrong:
        raise _not_allowed(filing, command.actor, now, *wrong)
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


def _reasoned(filing: Filing, command: cm.Propose | cm.Decide, now: datetime) -> None:
    if command.outcome is Outcome.REFUSED and command.reason is None:
        why = problem("reason", "reason_required", "từ chối phải nêu lý do", "a refusal needs its reason")
        raise _not_allowed(filing, command.actor, now, why)


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
        raise _not_allowed(filing, command.actor, now, why)
    return (ev.FeePaid(n=fee.n, amount=fee.amount, channel=Channel.COUNTER),)


def _expire(filing: Filing, command: cm.Expire, now: datetime) -> Events:
    state = filing.clocks.get(command.clock)
    if state is None or state.paused or state.overdue or now < state.due:
        why = problem("clock", "not_due", "đồng hồ chưa đến hạn", "this clock is not due")
        raise _not_allowed(filing, command.actor, now, why)
    if command.clock is Clock.SUPPLEMENT:
        return (ev.SupplementExpired(n=filing.supplements),)
    fee = filing.fee
    if command.clock is Clock.PAYMENT and fee is not None and fee.channel is not Channel.ONLINE:
        return (ev.FeeExpired(n=fee.n),)
    return (ev.Overdue(clock=command.clock, due=state.due),)


def _issue(filing: Filing, command: cm.Issue, now: datetime) -> Events:
    if command.result is None:
        why = problem(
            "result",
            "result_file_required",
            "chưa có tệp kết quả do cơ quan lập",
            "the result's file, made by the back office, is missing",
        )
        raise _not_allowed(filing, command.actor, now, why)
    return (ev.ResultIssued(result=command.result),)


def _settle_fee(filing: Filing, command: cm.SettleFee, now: datetime) -> Events:
    fee = filing.fee
    paid = command.settlement is FeeSettlement.PAID
    online = fee is not None and fee.n == command.n and fee.channel is Channel.ONLINE
    if fee is None or not online or (paid and command.amount != fee.amount):
        why = problem("n", "no_such_fee", "không có khoản phí này", "no such fee is due online")
        raise _not_allowed(filing, command.actor, now, why)
    if paid:
        return (ev.FeePaid(n=fee.n, amount=fee.amount, channel=Channel.ONLINE),)
    return (ev.FeeExpired(n=fee.n),)


def _settle_parcel(filing: Filing, command: cm.SettleParcel, now: datetime) -> Events:
    if command.n != filing.parcels:
        why = problem("n", "no_such_parcel", "không có bưu gửi này", "no such parcel is under way")
        raise _not_allowed(filing, command.actor, now, why)
    if command.outcome is ParcelOutcome.DELIVERED:
        return (ev.HandedOver(channel=Channel.POST),)
    return (ev.ParcelFailed(n=command.n, outcome=command.outcome),)


_DECIDE: Final[dict[str, Callable[[Filing, Any, datetime], Events]]] = {
    "submit": _submit,
    "accept": lambda _, command, __: (ev.Accepted(automatic=command.actor.role is Role.SYSTEM),),
    "refuse_intake": lambda _, command, __: (ev.IntakeRefused(reason=command.reason),),
    "request_supplement": _request_supplement,
    "supplement": _supplement,
    "claim": lambda _, command, __: (ev.Claimed(officer=command.actor.subject),),
    "release": lambda *_: (ev.Released(),),
    "forward": lambda filing, command, _: (ev.Forwarded(step=_step_code(filing), note=command.note),),
    "propose": _propose,
    "decide": _judge,
    "pay_at_counter": _pay_at_counter,
    "withdraw": lambda _, command, __: (ev.Withdrawn(reason=command.reason),),
    "hand_over": lambda _, command, __: (ev.HandedOver(channel=Channel.COUNTER, recipient=command.recipient),),
    "expire": _expire,
    "issue": _issue,
    "settle_fee": _settle_fee,
    "settle_parcel": _settle_parcel,
}
