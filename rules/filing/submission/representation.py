"""Representation: whether a person may act for the applicant, at submission and at every later command."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from rules.filing.submission.files import type_problems
from rules.time.working_time import local_day
from schemas.base import Code
from schemas.errors import Problem, problem
from schemas.files import DOCUMENTS
from schemas.filing import events as ev
from schemas.filing.state import Filing
from schemas.filing.submission import Authorisation, LegalRepresentative, Submission
from schemas.level import Channel
from schemas.people import Actor, Role
from schemas.publishing.procedure_rules import ProcedureRules


def representation_problems(submission: Submission, rules: ProcedureRules, received: date) -> Iterator[Problem]:
    """The problems of a submission's authorisation, or of its representation by law.

    On paper an authorisation may lack names, since the desk has seen the people.
    """
    given, represented = submission.authorisation, submission.actor.role is Role.REPRESENTATIVE
    if submission.by_law is not None:
        yield from _by_law_problems(submission, submission.by_law, rules)
        return
    if given is None:
        if represented:
            yield problem("authorisation", "authorisation_required")
        return
    if rules.mandate_on_paper and submission.channel is Channel.ONLINE:
        yield problem("channel", "mandate_on_paper")
    yield from mandate_problems(given, submission.applicant.id_number, rules, received, whole=represented)


def mandate_problems(
    given: Authorisation, principal: str | None, rules: ProcedureRules, day: date, *, whole: bool = True
) -> Iterator[Problem]:
    """The problems of an authorisation that is handed in on a day; `whole`: whether it must name both parties."""
    yield from type_problems("authorisation", given, DOCUMENTS)
    if whole:
        missing = [name for name in ("principal", "id_number") if getattr(given, name) is None]
        yield from (problem(f"authorisation.{name}", "authorisation_incomplete") for name in missing)
    if rules.certified_mandate and given.certification is None:
        yield problem("authorisation.certification", "certification_required")
    yield from authorisation_problems(given, principal, rules.code, day)


def _by_law_problems(submission: Submission, by_law: LegalRepresentative, rules: ProcedureRules) -> Iterator[Problem]:
    grounds = [ground.code for ground in rules.representation]
    if by_law.ground not in grounds:
        yield problem("by_law.ground", "unknown_ground", known=", ".join(grounds) or "-")
    if submission.actor.role is Role.APPLICANT or by_law.id_number == submission.applicant.id_number:
        yield problem("by_law", "represents_nobody_else")
    if submission.authorisation is not None:
        yield problem("authorisation", "authorisation_beside_law")


def proof_of(rules: ProcedureRules, by_law: LegalRepresentative | None) -> Code | None:
    """The code of the paper that proves the ground of a representation by law; None if no paper is needed."""
    grounds = (ground for ground in rules.representation if by_law is not None and ground.code == by_law.ground)
    return next((ground.paper for ground in grounds), None)


def authorisation_problems(given: Authorisation, principal: str | None, procedure: str, day: date) -> Iterator[Problem]:
    """The problems of acting under an authorisation on a day; `principal` is the represented person's id number."""
    if given.principal not in {None, principal}:
        yield problem("authorisation.principal", "authorisation_for_someone_else")
    if given.valid_from is not None and day < given.valid_from:
        yield problem("authorisation.valid_from", "authorisation_not_yet_valid")
    if given.valid_until is not None and given.valid_until < day:
        yield problem("authorisation.valid_until", "authorisation_expired")
    if given.scope and procedure not in given.scope:
        yield problem("authorisation.scope", "authorisation_out_of_scope")


def not_represented(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    """Why the actor can't act as representative: somebody else filed, or the authorisation ended; None if they can."""
    if actor.role is not Role.REPRESENTATIVE:
        return None
    if actor.subject != filing.represented_by:
        filer = filing.filed_by
        was = filer is not None and (filer.role, filer.subject) == (actor.role, actor.subject)
        return problem("actor", "mandate_over") if was else problem("actor.subject", "not_the_representative")
    return over(actor, represented_until(filing), now)


class Side(NamedTuple):
    """The applicant's side: the applicant, the representative, and the last day (in Vietnam) of the authorisation."""

    applicant: str
    representative: str | None = None
    represented_until: date | None = None


OF_PERSONS: Final = (
    *("mandate_revoked", "representative_named", "applicant_ceased", "cessation_revoked", "succeeded"),
)
"""The kinds of events after which somebody else is on the applicant's side."""


def side_after(events: Iterable[Any]) -> Side:
    """The applicant's side after these events: the submission, and later events that may change the side."""
    side = before = Side("")
    for event in events:
        match event:
            case ev.Submitted(applicant=applicant, filed_by=filer, authorisation=given):
                by = filer.subject if filer.role is Role.REPRESENTATIVE else None
                side = Side(applicant.subject, by, given.valid_until if given else None)
            case ev.RepresentativeNamed(representative=by, authorisation=given):
                side = Side(side.applicant, by, given.valid_until if given else None)
            case ev.ApplicantCeased() | ev.MandateRevoked():
                side, before = Side(side.applicant), side
            case ev.CessationRevoked():
                side = before
            case ev.Succeeded(applicant=applicant):
                side = Side(applicant.subject)
    return side


def represented_until(filing: Filing) -> date | None:
    """The last day in Vietnam on which a representative may act; None if there is no end."""
    return filing.authorisation.valid_until if filing.authorisation else None


def over(actor: Actor, last_day: date | None, now: datetime) -> Problem | None:
    """Why a representative can't act after the `last_day` (in Vietnam) of the authorisation; None if they can."""
    if actor.role is not Role.REPRESENTATIVE or last_day is None or local_day(now) <= last_day:
        return None
    return problem("actor", "authorisation_expired", says="authorisation_over")
