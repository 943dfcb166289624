"""The draft of the result, which the applicant confirms or corrects before the decision."""

from datetime import datetime
from typing import Final

from rules.filing.commands.review import may_finish, step_code
from rules.filing.permission import applicant_side_roles, at_stage
from rules.filing.submission import admission
from rules.officers import role_is
from rules.rule import ANYBODY, Rule, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Events
from schemas.filing.state import Filing, Stage
from schemas.people import Actor
from schemas.publishing.procedure import Act


def _show(filing: Filing, command: cm.ShowDraft, _: datetime) -> Events:
    n, officer = filing.drafts + 1, command.actor.subject
    return (ev.DraftShown(step=step_code(filing), n=n, officer=officer, draft=command.draft),)


def _may_answer(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = at_stage(filing, Stage.CONFIRMATION) or role_is(actor, *applicant_side_roles(filing))
    if wrong is None and now >= filing.clocks[Clock.CONFIRMATION].due:
        return problem("", "silence_has_confirmed")
    return wrong


def _correct(filing: Filing, command: cm.CorrectDraft, _: datetime) -> Events:
    if wrong := list(admission.form_problems(filing.procedure, command.form)):
        raise refuse(*wrong)
    corrected = ev.DraftCorrected(n=filing.drafts, note=command.note, form=command.form)
    return (corrected, ev.StepStarted(step=str(filing.step)))


RULES: Final[dict[str, Rule[Filing]]] = {
    "show_draft": Rule(ANYBODY, may_finish(Act.DRAFT), _show),
    "confirm_draft": Rule(ANYBODY, _may_answer, lambda filing, *_: (ev.DraftConfirmed(n=filing.drafts),)),
    "correct_draft": Rule(ANYBODY, _may_answer, _correct),
}
