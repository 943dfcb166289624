"""Commands about the people of the applicant's side: the representative; the applicant's death, and a successor."""

from datetime import datetime
from typing import Final

from rules.filing.fold import parcel_recalled
from rules.filing.permission import applicant_side_roles
from rules.filing.submission.representation import mandate_problems
from rules.officers import role_is
from rules.require import require
from rules.rule import ANYBODY, Rule, refuse
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Events
from schemas.filing.state import Filing
from schemas.people import Actor, Role


def _may_revoke_mandate(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    if filing.by_law is not None:
        return problem("", "represented_by_law")
    if filing.authorisation is None:
        return problem("", "nobody_authorised")
    return role_is(actor, *applicant_side_roles(filing))


def _revoke_mandate(_: Filing, command: cm.RevokeMandate, __: datetime) -> Events:
    if command.actor.role is Role.RECEPTION and command.request is None:
        raise refuse(problem("request", "signed_request_required", says="signed_revocation_required"))
    return (ev.MandateRevoked(request=command.request),)


def _may_name_representative(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    roles = (role for role in applicant_side_roles(filing) if role is not Role.REPRESENTATIVE)
    return role_is(actor, *roles)


def _name_representative(filing: Filing, command: cm.NameRepresentative, now: datetime) -> Events:
    applicant, given, by = require(filing.applicant), command.authorisation, command.representative
    wrong = [*mandate_problems(given, applicant.id_number, filing.procedure, local_day(now))]
    if by in {applicant.subject, command.actor.subject}:
        wrong.append(problem("representative", "represents_themselves"))
    if wrong:
        raise refuse(*wrong)
    return (ev.RepresentativeNamed(representative=by, authorisation=given),)


def _may_record_cessation(filing: Filing, _: Actor, __: datetime) -> Problem | None:
    return problem("", "ceased_already") if filing.ceased else None


def _record_cessation(filing: Filing, command: cm.RecordCessation, _: datetime) -> Events:
    limit, officer = filing.procedure.succession, command.actor.subject
    ceased = ev.ApplicantCeased(officer=officer, limit=limit, evidence=command.evidence)
    return (ceased, *parcel_recalled(filing))


def _has_ceased(filing: Filing, _: Actor, __: datetime) -> Problem | None:
    return None if filing.ceased else problem("", "applicant_not_ceased")


def _may_succeed(filing: Filing, actor: Actor, at: datetime) -> Problem | None:
    own = None if filing.procedure.succession is not None else problem("", "right_ends_with_applicant")
    return _has_ceased(filing, actor, at) or own


def _succeed(filing: Filing, command: cm.Succeed, _: datetime) -> Events:
    successor, before = command.applicant, filing.applicant
    if before is not None and before.id_number == successor.id_number:
        raise refuse(problem("applicant.id_number", "successor_is_the_applicant"))
    if command.actor.subject in {successor.subject, successor.stands_for_it}:
        raise refuse(problem("actor.subject", "own_filing"))
    return (ev.Succeeded(officer=command.actor.subject, applicant=successor, evidence=command.evidence),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "revoke_mandate": Rule(ANYBODY, _may_revoke_mandate, _revoke_mandate),
    "name_representative": Rule(ANYBODY, _may_name_representative, _name_representative),
    "record_cessation": Rule((Role.RECEPTION,), _may_record_cessation, _record_cessation),
    "revoke_cessation": Rule(
        (Role.RECEPTION, Role.LEADER),
        _has_ceased,
        lambda _, command, __: (ev.CessationRevoked(officer=command.actor.subject, reason=command.reason),),
    ),
    "succeed": Rule((Role.RECEPTION,), _may_succeed, _succeed),
}
