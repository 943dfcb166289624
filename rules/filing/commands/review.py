"""The commands on the steps of the review (claim, finish, return), the result's draft, and other authorities."""

from datetime import datetime
from typing import Any, Final

from rules.filing.fold import current_step, missing_opinions, task_role
from rules.filing.permission import applicant_side_roles, at, at_stage, proposed_by, proposers, same_person
from rules.filing.submission import admission
from rules.filing.submission.files import not_scanned
from rules.officers import claimable, claimed_by, releasable, role_is, ungivable
from rules.require import require
from rules.rule import ANYBODY, Effect, Rule, When, always, refuse, unexplained
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Events, Outcome
from schemas.filing.state import Filing, Stage
from schemas.ids import OBLIGATIONS
from schemas.names import ACT_NAMES
from schemas.people import OFFICERS, Actor, Role
from schemas.publishing.procedure import Act, Silence
from schemas.publishing.procedure_rules import StepPart


def _may_claim(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = at_stage(filing, Stage.INTAKE, Stage.REVIEW) or role_is(actor, task_role(filing))
    return wrong or claimable(filing, actor) or same_person(filing, actor)


def _may_release(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = at_stage(filing, Stage.INTAKE, Stage.REVIEW) or role_is(actor, task_role(filing), Role.TEAM_LEAD)
    return wrong or releasable(filing, actor)


def _reassign(filing: Filing, command: cm.Reassign, _: datetime) -> Events:
    wrong = ungivable(filing, command.officer, command.acting_for)
    if wrong is None and proposed_by(filing, command.officer):
        wrong = problem("officer", "four_eyes")
    if wrong is not None:
        raise refuse(wrong)
    return (ev.Reassigned(officer=command.officer, role=task_role(filing), acting_for=command.acting_for),)


def _recuse(filing: Filing, command: cm.Recuse, _: datetime) -> Events:
    actor = command.actor
    recused = ev.Recused(officer=actor.subject, agency=require(actor.agency), reason=command.reason)
    return (recused, ev.Released()) if filing.officer == actor.subject else (recused,)


def _may_recall(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    move = filing.last_move
    if move is None:
        return problem("", "nothing_to_recall")
    if move.officer != actor.subject:
        return problem("actor.subject", "not_your_move")
    roles = {step.code: step.role for step in filing.procedure.review}
    return role_is(actor, roles[move.step] if move.step else Role.LEADER)


def _recall(filing: Filing, command: cm.Recall, _: datetime) -> Events:
    move = filing.last_move
    if move is None or move.step is None:
        return (ev.Resumed(officer=command.actor.subject),)
    return (ev.Recalled(step=move.step, officer=command.actor.subject),)


def _may_finish(act: Act) -> When[Filing]:
    def guard(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
        wrong = at_stage(filing, Stage.REVIEW)
        step = current_step(filing)
        if wrong is None and step is not None and not _ends_with(filing, step, act):
            return problem("", "wrong_act", act=ACT_NAMES[step.act])
        return wrong or role_is(actor, task_role(filing)) or same_person(filing, actor) or claimed_by(filing, actor)

    return guard


def _ends_with(filing: Filing, step: StepPart, act: Act) -> bool:
    """Whether this act ends the step.

    The step's own act ends the step. So does `forward`, if answers are overdue or the step may be passed over.
    """
    return step.act is act or (act is Act.FORWARD and (_without_answers(filing, step) or _passable(filing, step)))


def _without_answers(filing: Filing, step: StepPart) -> bool:
    """Whether the step is an overdue consultation, which may end without the late answers."""
    clock = filing.clocks.get(Clock.STEP)  # stopped between the end of a step and the start of the next
    return step.act is Act.CONSULT and clock is not None and clock.overdue


def _passable(filing: Filing, step: StepPart) -> bool:
    """Whether the officer may pass over the step.

    The procedure must let the step be done only if needed, and no consulted body may have answered yet.
    """
    return step.if_needed and all(opinion.step != step.code for opinion in filing.opinions)


def _forward(filing: Filing, command: cm.Forward, _: datetime) -> Events:
    step = current_step(filing)
    over = step is not None and step.act is not Act.FORWARD and not _without_answers(filing, step)
    if over and command.note is None:
        raise refuse(problem("note", "reason_to_pass_over"))
    return (ev.Forwarded(step=_step_code(filing), note=command.note, passed_over=over),)


def _step_code(filing: Filing) -> str:
    step = current_step(filing)
    return step.code if step else ""


def _inspect(filing: Filing, command: cm.Inspect, now: datetime) -> Events:
    if command.held_at > now:
        raise refuse(problem("held_at", "in_the_future", says="inspection_in_the_future"))
    said = command.model_dump(include={"held_at", "place", "participants", "findings"})
    return (ev.Inspected(step=_step_code(filing), officer=command.actor.subject, **said),)


def _propose(filing: Filing, command: cm.Propose, _: datetime) -> Events:
    return (ev.Proposed(step=_step_code(filing), **_judgement(filing, command)),)


def _judge(filing: Filing, command: cm.Decide, _: datetime) -> Events:
    if command.outcome is Outcome.APPROVED and (wrong := not_scanned(filing)) is not None:
        raise refuse(wrong)
    return (ev.Decided(**_judgement(filing, command)),)


def _judgement(filing: Filing, command: cm.Propose | cm.Decide) -> dict[str, Any]:
    """The fields of a proposal or a decision. Raises `RefusalError` for a refusal without reason or legal basis."""
    if wrong := unexplained(command.outcome, reason=command.reason, legal_basis=command.legal_basis):
        raise refuse(*wrong)
    said: dict[str, Any] = command.model_dump(include={"outcome", "reason", "legal_basis"})
    if isinstance(command, cm.Decide):
        said["proposed_by"] = proposers(filing)
    return said | {"officer": command.actor.subject, "acting_for": filing.acting_for}


def _show_draft(filing: Filing, command: cm.ShowDraft, _: datetime) -> Events:
    n, officer = filing.drafts + 1, command.actor.subject
    return (ev.DraftShown(step=_step_code(filing), n=n, officer=officer, draft=command.draft),)


def _may_answer_draft(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    if wrong := at_stage(filing, Stage.CONFIRMATION) or role_is(actor, *applicant_side_roles(filing)):
        return wrong
    return problem("", "silence_has_confirmed") if now >= filing.clocks[Clock.CONFIRMATION].due else None


def _correct_draft(filing: Filing, command: cm.CorrectDraft, _: datetime) -> Events:
    if wrong := list(admission.form_problems(filing.procedure, command.form)):
        raise refuse(*wrong)
    corrected = ev.DraftCorrected(n=filing.drafts, note=command.note, form=command.form)
    return (corrected, ev.StepStarted(step=str(filing.step)))


def _may_record_opinion(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = _may_finish(Act.CONSULT)(filing, actor, now)
    step = current_step(filing)
    if wrong or step is None or step.consult is None:
        return wrong
    clock = filing.clocks.get(Clock.STEP)
    if step.consult.silence is Silence.CONSENT and (clock is None or now >= clock.due):
        return problem("", "too_late", says="too_late_for_an_opinion")
    return None


def _record_opinion(filing: Filing, command: cm.RecordOpinion, _: datetime) -> Events:
    step = current_step(filing)
    missing = () if step is None else missing_opinions(filing, step)
    if command.party not in missing:
        raise refuse(problem("party", "not_awaited", names=", ".join(missing)))
    said = command.model_dump(include={"party", "consent", "note"})
    return (ev.OpinionRecorded(step=_step_code(filing), officer=command.actor.subject, **said),)


def _obligation_open(filing: Filing, actor: Actor, *roles: Role) -> Problem | None:
    wrong = at_stage(filing, Stage.OBLIGATION) or role_is(actor, task_role(filing), *roles)
    return wrong or (claimed_by(filing, actor) if actor.role is task_role(filing) else None)


def _may_demand_obligation(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    demanded = filing.obligation is not None and filing.obligation.amount is not None
    return _obligation_open(filing, actor) or (problem("", "demanded_already") if demanded else None)


def _demand_obligation(filing: Filing, command: cm.DemandObligation, _: datetime) -> Events:
    payable = isinstance(command, cm.PayableDemand) and command.payable
    n = OBLIGATIONS + len(filing.demands) + 1 if payable else None
    said = command.model_dump(include={"reference", "amount", "agency"})
    return (ev.ObligationDemanded(step=_step_code(filing), officer=command.actor.subject, n=n, **said),)


def _obligation(event: type[ev.ObligationReferred | ev.ObligationFulfilled]) -> Effect[Filing]:
    def handler(filing: Filing, command: cm.ReferObligation | cm.FulfilObligation, _: datetime) -> Events:
        return (event(step=_step_code(filing), officer=command.actor.subject, reference=command.reference),)

    return handler


RULES: Final[dict[str, Rule[Filing]]] = {
    "claim": Rule(ANYBODY, _may_claim, lambda _, command, __: (ev.Claimed(officer=command.actor.subject),)),
    "release": Rule(ANYBODY, _may_release, lambda *_: (ev.Released(),)),
    "recuse": Rule(tuple(role for role in Role if role in OFFICERS), always, _recuse),
    "reassign": Rule((Role.TEAM_LEAD,), at(Stage.INTAKE, Stage.REVIEW, Stage.OBLIGATION), _reassign),
    "recall": Rule(ANYBODY, _may_recall, _recall),
    "forward": Rule(ANYBODY, _may_finish(Act.FORWARD), _forward),
    "inspect": Rule(ANYBODY, _may_finish(Act.INSPECT), _inspect),
    "propose": Rule(ANYBODY, _may_finish(Act.PROPOSE), _propose),
    "decide": Rule(ANYBODY, _may_finish(Act.DECIDE), _judge),
    "show_draft": Rule(ANYBODY, _may_finish(Act.DRAFT), _show_draft),
    "confirm_draft": Rule(ANYBODY, _may_answer_draft, lambda filing, *_: (ev.DraftConfirmed(n=filing.drafts),)),
    "correct_draft": Rule(ANYBODY, _may_answer_draft, _correct_draft),
    "record_opinion": Rule(ANYBODY, _may_record_opinion, _record_opinion),
    "refer_obligation": Rule(ANYBODY, _may_finish(Act.OBLIGATION), _obligation(ev.ObligationReferred)),
    "demand_obligation": Rule(ANYBODY, _may_demand_obligation, _demand_obligation),
    "fulfil_obligation": Rule(
        ANYBODY,
        lambda filing, actor, _: _obligation_open(filing, actor, Role.CASHIER),
        _obligation(ev.ObligationFulfilled),
    ),
}
