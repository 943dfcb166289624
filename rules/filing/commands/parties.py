"""Commands about the people of the applicant's side: death or dissolution of the applicant, and a successor."""

from datetime import datetime
from typing import Final

from rules.rule import Rule, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Events
from schemas.filing.state import Filing
from schemas.people import Actor, Role


def _may_record_cessation(filing: Filing, _: Actor, __: datetime) -> Problem | None:
    return problem("", "ceased_already") if filing.ceased else None


def _record_cessation(filing: Filing, command: cm.RecordCessation, _: datetime) -> Events:
    """The event, and the recall of a parcel that is on its way to the applicant."""
    limit, officer = filing.procedure.succession, command.actor.subject
    ceased = ev.ApplicantCeased(officer=officer, limit=limit, evidence=command.evidence)
    to_recall = Clock.DELIVERY in filing.clocks and filing.recalled is None
    return (ceased, ev.ParcelRecalled(n=filing.parcels)) if to_recall else (ceased,)


def _may_succeed(filing: Filing, _: Actor, __: datetime) -> Problem | None:
    return None if filing.ceased else problem("", "applicant_not_ceased")


def _succeed(filing: Filing, command: cm.Succeed, _: datetime) -> Events:
    successor, before = command.applicant, filing.applicant
    if before is not None and before.id_number == successor.id_number:
        raise refuse(problem("applicant.id_number", "successor_is_the_applicant"))
    if command.actor.subject in {successor.subject, successor.stands_for_it}:
        raise refuse(problem("actor.subject", "own_filing"))
    return (ev.Succeeded(officer=command.actor.subject, applicant=successor, evidence=command.evidence),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "record_cessation": Rule((Role.RECEPTION,), _may_record_cessation, _record_cessation),
    "succeed": Rule((Role.RECEPTION,), _may_succeed, _succeed),
}
