"""What stops, extends and ends the time of a filing."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules import clocks
from rules.clocks import rings_at
from rules.commands.permission import (
    at_stage,
    role_is,
    system_at,
    undecided,
)
from rules.commands.rule import Events, Rule, no
from rules.fold import current_step, missing_opinions, stage, status
from schemas import commands as cm
from schemas import events as ev
from schemas.errors import Problem, problem
from schemas.events import Clock, Outcome
from schemas.filing import Filing, Stage, Status
from schemas.level import Channel
from schemas.people import Actor, Role
from schemas.procedure import ProcedureRules, Silence

_BEING_HANDLED: Final = frozenset({Status.PROCESSING, Status.FINANCIAL_OBLIGATION, Status.STOPPED})
_STOPPABLE: Final = (Stage.REVIEW, Stage.OBLIGATION, Stage.FEE, Stage.SUSPENDED)


def _may_stop(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = role_is(actor, Role.LEADER) or at_stage(filing, *_STOPPABLE) or undecided(filing)
    if wrong is None and status(filing) not in _BEING_HANDLED:
        return problem("", "not_handled_yet", "hồ sơ chưa được xử lý", "nobody has begun to handle the filing")
    return wrong


def _stop(filing: Filing, command: cm.Stop, _: datetime) -> Events:
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
        raise no(why)
    return (ev.Suspended(**said),)


def _may_resume(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return role_is(actor, Role.LEADER) or at_stage(filing, Stage.SUSPENDED)


def _may_extend(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = role_is(actor, Role.LEADER) or at_stage(filing, Stage.REVIEW)
    rule = filing.procedure.extension
    if wrong is None and (rule is None or filing.extensions >= rule.times):
        return problem(
            "",
            "no_more_extensions",
            "thủ tục không cho gia hạn (thêm) lần nào nữa",
            "the procedure allows no (further) extension",
        )
    if wrong is None and rule and clocks.elapsed_due(now, rule.notice) > filing.clocks[Clock.PROCESSING].due:
        return problem(
            "",
            "too_late_to_extend",
            f"phải gia hạn trước khi hết hạn ít nhất {rule.notice}",
            f"an extension is made at least {rule.notice} before the limit ends",
        )
    return wrong


def _extend(filing: Filing, command: cm.Extend, _: datetime) -> Events:
    rule = filing.procedure.extension
    if rule is None:
        return ()
    return (ev.Extended(officer=command.actor.subject, by=rule.by, reason=command.reason),)


def _expire(filing: Filing, command: cm.Expire, now: datetime) -> Events:
    state = filing.clocks.get(command.clock)
    if state is None or state.paused or state.overdue or now < rings_at(filing, command.clock, state):
        why = problem("clock", "not_due", "đồng hồ chưa đến hạn", "this clock is not due")
        raise no(why)
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


RULES: Final[dict[str, Rule]] = {
    "stop": Rule(_may_stop, _stop),
    "resume": Rule(_may_resume, lambda _, command, __: (ev.Resumed(officer=command.actor.subject),)),
    "extend": Rule(_may_extend, _extend),
    "expire": Rule(system_at(*(set(Stage) - {Stage.DRAFT, Stage.CLOSED})), _expire),
}
