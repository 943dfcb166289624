"""The commands about other authorities: consultations and financial obligations."""

from datetime import datetime
from typing import Final

from rules.filing.commands.review import may_finish, step_code
from rules.filing.fold import current_step, missing_opinions, task_role
from rules.filing.permission import at_stage
from rules.officers import claimed_by, role_is
from rules.rule import ANYBODY, Effect, Rule, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Events
from schemas.filing.state import Filing, Stage
from schemas.ids import OBLIGATIONS
from schemas.people import Actor, Role
from schemas.publishing.procedure import Act, Silence


def _may_record_opinion(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = may_finish(Act.CONSULT)(filing, actor, now)
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
    return (ev.OpinionRecorded(step=step_code(filing), officer=command.actor.subject, **said),)


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
    return (ev.ObligationDemanded(step=step_code(filing), officer=command.actor.subject, n=n, **said),)


def _obligation(event: type[ev.ObligationReferred | ev.ObligationFulfilled]) -> Effect[Filing]:
    def handler(filing: Filing, command: cm.ReferObligation | cm.FulfilObligation, _: datetime) -> Events:
        return (event(step=step_code(filing), officer=command.actor.subject, reference=command.reference),)

    return handler


RULES: Final[dict[str, Rule[Filing]]] = {
    "record_opinion": Rule(ANYBODY, _may_record_opinion, _record_opinion),
    "refer_obligation": Rule(ANYBODY, may_finish(Act.OBLIGATION), _obligation(ev.ObligationReferred)),
    "demand_obligation": Rule(ANYBODY, _may_demand_obligation, _demand_obligation),
    "fulfil_obligation": Rule(
        ANYBODY,
        lambda filing, actor, _: _obligation_open(filing, actor, Role.CASHIER),
        _obligation(ev.ObligationFulfilled),
    ),
}
