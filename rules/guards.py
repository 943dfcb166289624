"""Who may do what, now: one guard for each command. Everything that offers or refuses an action asks these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from rules import working_time
from rules.fold import stage, status
from schemas.commands import PUBLIC_COMMANDS
from schemas.errors import Problem, problem
from schemas.events import Clock
from schemas.filing import Action, Filing, Stage, Status
from schemas.level import CAPABILITIES, Channel
from schemas.people import OFFICERS, Actor, Role
from schemas.procedure import Act, Silence, StepPart

Guard = Callable[[Filing, Actor, datetime], Problem | None]


def check(filing: Filing, kind: str, actor: Actor, now: datetime) -> Problem | None:
    """Why `actor` can't do this now, or None."""
    if filing.closed:
        return problem("", "filing_closed", "hồ sơ đã kết thúc", "the filing has ended")
    if kind == "submit":
        return _stage(filing, Stage.DRAFT)
    return _stranger(filing, actor) or GUARDS[kind](filing, actor, now)


def available_actions(filing: Filing, actor: Actor, now: datetime) -> list[Action]:
    """Every command, and whether `actor` can give it now, with the reason where not."""
    found = ((command.model_fields["kind"].default, command) for command in PUBLIC_COMMANDS)
    checked = ((kind, check(filing, kind, actor, now)) for kind, _ in found)
    return [Action(name=kind, allowed=why is None, problem=why) for kind, why in checked]


def current_step(filing: Filing) -> StepPart | None:
    """The review step that runs, if one does; it does too while an obligation is awaited."""
    if stage(filing) not in _AT_A_STEP or filing.step is None:
        return None
    return filing.procedure.review[filing.step]


_AT_A_STEP: Final = frozenset({Stage.REVIEW, Stage.OBLIGATION})


def missing_opinions(filing: Filing, step: StepPart) -> tuple[str, ...]:
    """The bodies consulted in this step that have not answered."""
    given = {opinion.party for opinion in filing.opinions if opinion.step == step.code}
    asked = () if step.consult is None else step.consult.parties
    return tuple(party.code for party in asked if party.code not in given)


def _stranger(filing: Filing, actor: Actor) -> Problem | None:
    if actor.role in OFFICERS:
        if actor.agency != filing.agency:
            return problem(
                "actor.agency",
                "other_agency",
                "hồ sơ thuộc cơ quan khác",
                "the filing belongs to another agency",
            )
        if filing.applicant is not None and actor.subject == filing.applicant.subject:
            return problem(
                "actor.subject",
                "own_filing",
                "cán bộ không giải quyết hồ sơ của chính mình",
                "an officer does not handle their own filing",
            )
    if actor.role is Role.APPLICANT and (filing.applicant is None or actor.subject != filing.applicant.subject):
        return problem("actor.subject", "not_the_applicant", "không phải chủ hồ sơ", "the actor is not the applicant")
    filed_by = filing.filed_by
    filer = None if filed_by is None else (filed_by.role, filed_by.subject)
    if actor.role is Role.REPRESENTATIVE and (actor.role, actor.subject) != filer:
        return problem(
            "actor.subject",
            "not_the_representative",
            "không phải người đại diện đã nộp hồ sơ",
            "the actor is not the representative who filed",
        )
    return None


def _role(actor: Actor, *roles: Role) -> Problem | None:
    if actor.role in roles:
        return None
    names = ", ".join(roles)
    return problem("actor.role", "role_not_allowed", f"việc này của: {names}", f"this is done by: {names}")


def _stage(filing: Filing, *stages: Stage) -> Problem | None:
    now = stage(filing)
    if now in stages:
        return None
    wanted = ", ".join(stages)
    return problem(
        "",
        "wrong_stage",
        f"hồ sơ đang ở bước {now}; việc này làm ở bước {wanted}",
        f"the filing is at {now}; this is done at {wanted}",
    )


def task_role(filing: Filing) -> Role:
    """Whose task the filing is now, where somebody claims it."""
    step = current_step(filing)
    return Role.RECEPTION if step is None else step.role


def _unclaimed(filing: Filing, actor: Actor) -> Problem | None:
    if filing.officer is None or filing.officer == actor.subject:
        return None
    return problem("", "claimed_by_other", "việc đã có cán bộ khác nhận", "another officer has claimed this task")


def _claimed_by(filing: Filing, actor: Actor) -> Problem | None:
    if filing.officer == actor.subject:
        return None
    if filing.officer is None:
        return problem("", "not_claimed", "hãy nhận việc trước (claim)", "claim the task first")
    return _unclaimed(filing, actor)


def _same_person(filing: Filing, actor: Actor) -> Problem | None:
    step = current_step(filing)
    deciding = step is not None and step.act is Act.DECIDE
    if deciding and filing.proposal is not None and filing.proposal.officer == actor.subject:
        return problem(
            "actor.subject",
            "four_eyes",
            "người đề xuất không được là người quyết định",
            "the proposer can't be the one who decides",
        )
    return None


def _accept(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    if actor.role is Role.SYSTEM:
        return _stage(filing, Stage.INTAKE) or _standing_order(filing) or _unclaimed(filing, actor)
    return _role(actor, Role.RECEPTION) or _stage(filing, Stage.INTAKE) or _unclaimed(filing, actor)


def _standing_order(filing: Filing) -> Problem | None:
    if filing.procedure.standing_officer is not None:
        return None
    return problem(
        "",
        "no_standing_order",
        "thủ tục không có quyết định cho phép tự động chấp thuận",
        "the procedure has no standing order, so a person takes the filing in",
    )


def _refuse_intake(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return _role(actor, Role.RECEPTION) or _stage(filing, Stage.INTAKE) or _unclaimed(filing, actor)


def _ask(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _stage(filing, Stage.INTAKE, Stage.REVIEW) or _role(actor, task_role(filing))
    if wrong is not None:
        return wrong
    return _unclaimed(filing, actor) if stage(filing) is Stage.INTAKE else _claimed_by(filing, actor)


def _request_supplement(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = _ask(filing, actor, now)
    if wrong is None and filing.supplements >= filing.procedure.supplement_rounds:
        return problem(
            "",
            "supplement_rounds_used",
            "đã yêu cầu bổ sung đủ số lần cho phép",
            "the supplement requests that the procedure allows are used up",
        )
    if wrong is None and not (filing.procedure.papers or filing.procedure.form):
        return problem("", "nothing_to_supplement", "thủ tục không có giấy tờ", "the procedure has no papers or form")
    return wrong


def _supplement(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = _stage(filing, Stage.SUPPLEMENT) or _role(actor, *_spokesmen(filing))
    if wrong is None and now >= filing.clocks[Clock.SUPPLEMENT].due:
        return problem("", "too_late", "đã hết hạn bổ sung", "the time to supplement is over")
    return wrong


def _answer(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _role(actor, *_spokesmen(filing))
    if wrong is None and all(question.answer is not None for question in filing.questions):
        return problem("", "no_open_question", "không có câu hỏi nào chờ trả lời", "no question waits for an answer")
    return wrong


def _spokesmen(filing: Filing) -> tuple[Role, ...]:
    """Who may speak for the applicant's side: themselves where the level works online, and the desk for them."""
    online = Channel.ONLINE in CAPABILITIES[filing.level].supplement
    return (Role.APPLICANT, Role.RECEPTION, Role.REPRESENTATIVE) if online else (Role.RECEPTION,)


def _claim(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _stage(filing, Stage.INTAKE, Stage.REVIEW) or _role(actor, task_role(filing))
    if wrong is None and filing.officer == actor.subject:
        return problem("", "claimed_already", "việc đã được nhận", "the actor has claimed this task already")
    return wrong or _unclaimed(filing, actor) or _same_person(filing, actor)


def _release(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _stage(filing, Stage.INTAKE, Stage.REVIEW) or _role(actor, task_role(filing), Role.TEAM_LEAD)
    if wrong is None and filing.officer is None:
        return problem("", "not_claimed", "chưa có ai nhận việc", "nobody has claimed the task")
    return wrong or (None if actor.role is Role.TEAM_LEAD else _claimed_by(filing, actor))


def _reassign(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return _role(actor, Role.TEAM_LEAD) or _stage(filing, Stage.INTAKE, Stage.REVIEW, Stage.OBLIGATION)


def _recall(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    move = filing.last_move
    if move is None:
        return problem("", "nothing_to_recall", "không còn việc nào thu hồi được", "there is nothing to take back")
    if move.officer != actor.subject:
        return problem(
            "actor.subject",
            "not_your_move",
            "chỉ người vừa chuyển bước mới thu hồi được",
            "only the officer who made the last move can take it back",
        )
    return _role(actor, _mover(filing, move.step) if move.step else Role.LEADER)


def _mover(filing: Filing, step: str) -> Role:
    return next(part.role for part in filing.procedure.review if part.code == step)


def _finish_step(act: Act) -> Guard:
    def guard(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
        wrong = _stage(filing, Stage.REVIEW)
        step = current_step(filing)
        if wrong is None and step is not None and not _ends_with(filing, step, act):
            return problem(
                "",
                "wrong_act",
                f"bước {step.code} kết thúc bằng {step.act}",
                f"the step {step.code} ends with {step.act}",
            )
        return wrong or _role(actor, task_role(filing)) or _same_person(filing, actor) or _claimed_by(filing, actor)

    return guard


def _ends_with(filing: Filing, step: StepPart, act: Act) -> bool:
    """Whether the step ends by this act. A consultation whose answers are late is sent on without them."""
    late = act is Act.FORWARD and step.act is Act.CONSULT and filing.clocks[Clock.STEP].overdue
    return step.act is act or late


def _record_opinion(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = _finish_step(Act.CONSULT)(filing, actor, now)
    step = current_step(filing)
    if wrong or step is None or step.consult is None:
        return wrong
    if step.consult.silence is Silence.CONSENT and now >= filing.clocks[Clock.STEP].due:
        return problem("", "too_late", "đã hết hạn cho ý kiến", "the time to give an opinion is over")
    return None


def _obligation_open(filing: Filing, actor: Actor, *roles: Role) -> Problem | None:
    wrong = _stage(filing, Stage.OBLIGATION) or _role(actor, task_role(filing), *roles)
    return wrong or (_claimed_by(filing, actor) if actor.role is task_role(filing) else None)


def _demand_obligation(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _obligation_open(filing, actor)
    if wrong is None and filing.obligation is not None and filing.obligation.amount is not None:
        return problem("", "demanded_already", "đã thông báo nghĩa vụ tài chính", "it was demanded already")
    return wrong


def _fulfil_obligation(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return _obligation_open(filing, actor, Role.CASHIER)


_BEING_HANDLED: Final = frozenset({Status.PROCESSING, Status.FINANCIAL_OBLIGATION, Status.STOPPED})
_STOPPABLE: Final = (Stage.REVIEW, Stage.OBLIGATION, Stage.FEE, Stage.SUSPENDED)


def _stop(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _role(actor, Role.LEADER) or _stage(filing, *_STOPPABLE) or _undecided(filing)
    if wrong is None and status(filing) not in _BEING_HANDLED:
        return problem("", "not_handled_yet", "hồ sơ chưa được xử lý", "nobody has begun to handle the filing")
    return wrong


def _resume(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return _role(actor, Role.LEADER) or _stage(filing, Stage.SUSPENDED)


def _extend(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = _role(actor, Role.LEADER) or _stage(filing, Stage.REVIEW)
    rule = filing.procedure.extension
    if wrong is None and (rule is None or filing.extensions >= rule.times):
        return problem(
            "",
            "no_more_extensions",
            "thủ tục không cho gia hạn (thêm) lần nào nữa",
            "the procedure allows no (further) extension",
        )
    if wrong is None and rule and working_time.due(now, rule.notice) > filing.clocks[Clock.PROCESSING].due:
        return problem(
            "",
            "too_late_to_extend",
            f"phải gia hạn trước khi hết hạn ít nhất {rule.notice}",
            f"an extension is made at least {rule.notice} before the limit ends",
        )
    return wrong


def _waive_fee(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    rule = filing.procedure.fee
    waivers = () if rule is None else rule.waivers
    if not waivers:
        return problem("", "no_waivers", "thủ tục không quy định miễn, giảm", "the procedure has no waivers")
    wrong = _role(actor, *sorted({waiver.approver for waiver in waivers})) or _stage(filing, Stage.FEE)
    if wrong is None and filing.waiver is not None:
        return problem("", "waived_already", "đã miễn, giảm một lần", "the fee was waived once already")
    return wrong


def _undecided(filing: Filing) -> Problem | None:
    if filing.decision is None:
        return None
    return problem("", "decided_already", "hồ sơ đã có quyết định", "the filing has been decided")


def _pay_at_counter(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return _role(actor, Role.CASHIER) or _stage(filing, Stage.FEE)


def _withdraw(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _role(actor, Role.APPLICANT, Role.REPRESENTATIVE, Role.RECEPTION) or _undecided(filing)
    if wrong is None and filing.suspended:
        return problem(
            "",
            "suspended",
            "hồ sơ đang tạm dừng; rút được khi cơ quan tiếp tục giải quyết",
            "the filing is suspended; it can be withdrawn once the agency goes on with it",
        )
    return wrong


def _hand_over(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return _role(actor, Role.HANDOVER) or _stage(filing, Stage.PICKUP)


def _system_at(*stages: Stage) -> Guard:
    def guard(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
        return _role(actor, Role.SYSTEM) or _stage(filing, *stages)

    return guard


GUARDS: Final[dict[str, Guard]] = {
    "accept": _accept,
    "refuse_intake": _refuse_intake,
    "request_supplement": _request_supplement,
    "supplement": _supplement,
    "claim": _claim,
    "release": _release,
    "reassign": _reassign,
    "recall": _recall,
    "ask": _ask,
    "answer": _answer,
    "inspect": _finish_step(Act.INSPECT),
    "record_opinion": _record_opinion,
    "refer_obligation": _finish_step(Act.OBLIGATION),
    "demand_obligation": _demand_obligation,
    "fulfil_obligation": _fulfil_obligation,
    "forward": _finish_step(Act.FORWARD),
    "propose": _finish_step(Act.PROPOSE),
    "decide": _finish_step(Act.DECIDE),
    "stop": _stop,
    "resume": _resume,
    "extend": _extend,
    "waive_fee": _waive_fee,
    "pay_at_counter": _pay_at_counter,
    "withdraw": _withdraw,
    "hand_over": _hand_over,
    "expire": _system_at(*(set(Stage) - {Stage.DRAFT, Stage.CLOSED})),
    "issue": _system_at(Stage.ISSUE),
    "settle_fee": _system_at(Stage.FEE),
    "settle_parcel": _system_at(Stage.DELIVERY),
}
