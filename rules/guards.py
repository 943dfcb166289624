"""Who may do what, now: one guard for each command. Everything that offers or refuses an action asks these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from rules.fold import stage
from schemas.commands import PUBLIC_COMMANDS
from schemas.errors import Problem, problem
from schemas.events import Clock
from schemas.filing import Action, Filing, Stage
from schemas.level import CAPABILITIES, Channel
from schemas.people import OFFICERS, Actor, Role
from schemas.procedure import Act, StepPart

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
    """The review step that runs, if one does."""
    if stage(filing) is not Stage.REVIEW or filing.step is None:
        return None
    return filing.procedure.review[filing.step]


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


def _task_role(filing: Filing) -> Role:
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


def _request_supplement(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _stage(filing, Stage.INTAKE, Stage.REVIEW) or _role(actor, _task_role(filing))
    if wrong is None:
        at_intake = stage(filing) is Stage.INTAKE
        wrong = _unclaimed(filing, actor) if at_intake else _claimed_by(filing, actor)
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
    allowed = CAPABILITIES[filing.level].supplement
    senders = {Role.RECEPTION, *({Role.APPLICANT, Role.REPRESENTATIVE} if Channel.ONLINE in allowed else ())}
    wrong = _stage(filing, Stage.SUPPLEMENT) or _role(actor, *sorted(senders))
    if wrong is None and now >= filing.clocks[Clock.SUPPLEMENT].due:
        return problem("", "too_late", "đã hết hạn bổ sung", "the time to supplement is over")
    return wrong


def _claim(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _stage(filing, Stage.INTAKE, Stage.REVIEW) or _role(actor, _task_role(filing))
    if wrong is None and filing.officer == actor.subject:
        return problem("", "claimed_already", "việc đã được nhận", "the actor has claimed this task already")
    return wrong or _unclaimed(filing, actor) or _same_person(filing, actor)


def _release(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _stage(filing, Stage.INTAKE, Stage.REVIEW) or _role(actor, _task_role(filing), Role.TEAM_LEAD)
    if wrong is None and filing.officer is None:
        return problem("", "not_claimed", "chưa có ai nhận việc", "nobody has claimed the task")
    return wrong or (None if actor.role is Role.TEAM_LEAD else _claimed_by(filing, actor))


def _finish_step(act: Act) -> Guard:
    def guard(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
        wrong = _stage(filing, Stage.REVIEW)
        step = current_step(filing)
        if wrong is None and step is not None and step.act is not act:
            return problem(
                "",
                "wrong_act",
                f"bước {step.code} kết thúc bằng {step.act}",
                f"the step {step.code} ends with {step.act}",
            )
        return wrong or _role(actor, _task_role(filing)) or _same_person(filing, actor) or _claimed_by(filing, actor)

    return guard


def _pay_at_counter(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return _role(actor, Role.CASHIER) or _stage(filing, Stage.FEE)


def _withdraw(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = _role(actor, Role.APPLICANT, Role.REPRESENTATIVE, Role.RECEPTION)
    if wrong is None and filing.decision is not None:
        return problem("", "decided_already", "hồ sơ đã có quyết định", "the filing has been decided")
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
    "forward": _finish_step(Act.FORWARD),
    "propose": _finish_step(Act.PROPOSE),
    "decide": _finish_step(Act.DECIDE),
    "pay_at_counter": _pay_at_counter,
    "withdraw": _withdraw,
    "hand_over": _hand_over,
    "expire": _system_at(*(set(Stage) - {Stage.DRAFT, Stage.CLOSED})),
    "issue": _system_at(Stage.ISSUE),
    "settle_fee": _system_at(Stage.FEE),
    "settle_parcel": _system_at(Stage.DELIVERY),
}
