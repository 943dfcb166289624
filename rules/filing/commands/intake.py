"""Submission and acceptance, and the transfer of papers from another desk to the deciding agency."""

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from typing import Final

from rules.filing.permission import at, at_stage
from rules.filing.submission import admission
from rules.filing.submission.files import not_examined, undetermined
from rules.officers import role_is, unclaimed
from rules.require import require
from rules.rule import ANYBODY, Rule, refuse
from rules.time import working_time
from rules.time.in_force import validity_in_words
from rules.time.working_time import local_day
from schemas.base import AgencyCode, Text
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Events
from schemas.filing.state import Closing, Filing, Stage
from schemas.filing.submission import Submission
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.names import AGENCY_KIND_NAMES, listed
from schemas.people import Actor, Role
from schemas.publishing.calendar import Calendar
from schemas.publishing.fact import AgencyName
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.publishing.time_limits import RunsFrom
from schemas.text import FormValue
from schemas.translate import joined, said


def _submit(filing: Filing, command: cm.Submit, now: datetime) -> Events:
    submission, rules = command.submission, command.procedure
    around = _around(command, filing.calendar, now)
    admitted = admission.admit(submission, rules, now, (*around, *command.examined.problems))
    submitted = ev.Submitted(
        agency=filing.agency,
        desk=_another(submission.desk, filing),
        result_desk=_another(submission.result_desk, filing, submission.desk),
        procedure=rules.code,
        version=rules.version,
        procedure_sha256=rules.sha256,
        calendar=filing.calendar.name,
        level=admitted.level,
        channel=submission.channel,
        fee_channel=admitted.fee_channel,
        result_channel=submission.result_channel,
        accountable=command.accountable,
        digests=filing.digests,
        partners=command.partners,
        missing=admitted.missing,
        received_at=submission.received_at,
        assisted=submission.assisted is not None,
        read_back=submission.assisted,
        incident=submission.incident,
        scan=command.examined.scan,
        signature_check=command.examined.signature,
        signs=command.signs or None,
        client_id=submission.client_id,
        submission_id=submission.submission_id,
        paper_digests={paper.code: paper.file and paper.file.sha256 for paper in submission.papers},
        applicant=submission.applicant,
        filed_by=submission.actor,
        form=submission.form,
        papers=submission.papers,
        authorisation=submission.authorisation,
        by_law=submission.by_law,
        signature=submission.signature,
        address=submission.address,
        payer_account=submission.payer_account,
        payer_address=submission.payer_address,
    )
    if submission.channel is Channel.ONLINE or admitted.missing:
        return (submitted,)
    return (submitted, ev.Accepted(since=submission.received_at))


def _around(command: cm.Submit, calendar: Calendar, now: datetime) -> Iterator[Problem]:
    """The problems outside the dossier: with the agencies, the desks, the version in force, or the receipt on paper."""
    submission = command.submission
    yield from agency_problems("agency", submission.agency, command, command.procedure, submission.form)
    found = {partner.part for partner in command.partners}
    for _, part in command.procedure.referred:
        if part.code not in found:  # the directory has no agency near enough
            yield problem("agency", "no_partner", part=part.code, names=listed(AGENCY_KIND_NAMES, part.kinds))
    yield from desk_problems(submission, command.no_desks)
    if command.not_in_force is not None:
        field = "version" if submission.version else "procedure"
        yield problem(field, "version_not_in_force", validity=validity_in_words(command.not_in_force))
    if submission.received_at is not None:
        yield from _moment(submission, submission.received_at, calendar, now)
    if submission.assisted is not None and submission.channel is not Channel.COUNTER:
        yield problem("assisted", "assisted_at_the_counter")


def agency_problems(
    field: str, agency: AgencyCode, found: cm.Submit | cm.Destination, rules: ProcedureRules, form: Container[str]
) -> Iterator[Problem]:
    """The problems, in `field`, if this agency may not decide a filing; `found` has the facts from the directory."""
    if found.closed_for is not None:
        yield problem(field, "agency_closed", agency=agency, successor=found.closed_for)
    if found.elsewhere is not None:
        yield _not_competent(field, rules, found.elsewhere, by_place=any(code in form for code in rules.place))
    if (only := found.only_in) is not None:
        yield problem(field, "only_in_province", province=only.province, name=only.name)


def moved(filing: Filing, form: Mapping[str, FormValue]) -> str | None:
    """The field of `form` that would change the place that determines the agency; None if the place stays the same."""
    return next((code for code in filing.procedure.place if code in form and form[code] != filing.form.get(code)), None)


def elsewhere(filing: Filing, field: str, found: cm.Destination) -> Problem | None:
    """Refuses a new value of `field` if only other agencies decide for it; None if the filing's agency still does."""
    if found.elsewhere is None:
        return None
    return _not_competent(f"form.{field}", filing.procedure, found.elsewhere, by_place=True)


def _not_competent(field: str, rules: ProcedureRules, deciding: tuple[AgencyName, ...], *, by_place: bool) -> Problem:
    """The problem of an agency that is not competent, `by_place` or by its kind; it names the `deciding` agencies."""
    names = listed(AGENCY_KIND_NAMES, rules.decided_by)
    if not deciding:
        return problem(field, "not_competent", says="nobody_competent", names=names)
    agencies = joined(_named(one) for one in deciding)
    says = "not_competent_there" if by_place else "not_competent"
    return problem(field, "not_competent", says=says, names=names, agencies=agencies)


def _named(one: AgencyName) -> Text:
    if one.phone is None:
        return said("agency_and_its_name", agency=one.agency, name=one.name)
    return said("agency_and_its_phone", agency=one.agency, name=one.name, phone=one.phone)


def desk_problems(submission: Submission, no_desks: tuple[AgencyCode, ...]) -> Iterator[Problem]:
    """The problems of a submission's desks. `no_desks`: agencies that may not receive for the deciding agency."""
    if submission.desk is not None and submission.channel is Channel.ONLINE:
        yield problem("desk", "desk_takes_paper")
    named = {"desk": submission.desk, "result_desk": submission.result_desk}
    for field, agency in named.items():
        if agency in no_desks:
            yield problem(field, "may_not_receive", agency=agency, served=submission.agency)


def _moment(submission: Submission, received: datetime, calendar: Calendar, now: datetime) -> Iterator[Problem]:
    if submission.channel is not Channel.POST:
        yield problem("received_at", "received_now")
    elif received > now:
        yield problem("received_at", "in_the_future", says="receipt_in_the_future")
    elif submission.actor.role is Role.RECEPTION and received < _last_working_day(calendar, now):
        yield problem("received_at", "received_too_early")


def _last_working_day(calendar: Calendar, now: datetime) -> datetime:
    """The beginning of the last working day before today."""
    a_moment = Limit(amount=1, unit=Unit.WORKING_HOURS)
    return working_time.midnight(working_time.before(working_time.midnight(now), a_moment, calendar))


def _another(desk: AgencyCode | None, filing: Filing, usual: AgencyCode | None = None) -> AgencyCode | None:
    """The `desk`; None if it is the `usual` desk (by default, the deciding agency's desk)."""
    return None if desk == (usual or filing.agency) else desk


def _may_accept(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    """Refuses the acceptance of a filing, for example while items of its dossier are missing."""
    if actor.role is Role.SYSTEM:
        no_order = problem("", "no_standing_order") if filing.procedure.standing_officer is None else None
        return at_stage(filing, Stage.INTAKE) or no_order or unclaimed(filing, actor) or not_examined(filing)
    if wrong := role_is(actor, Role.RECEPTION) or _at_intake(filing, actor, now):
        return wrong
    if filing.missing:
        return problem("", "dossier_incomplete", codes=", ".join(need.code for need in filing.missing))
    return not_examined(filing)


def _accept(filing: Filing, command: cm.Accept, _: datetime) -> Events:
    from_receipt = filing.procedure.limits.processing_from is RunsFrom.RECEIPT
    since = _complete_since(filing) if from_receipt else None
    return (ev.Accepted(automatic=command.actor.role is Role.SYSTEM, since=since),)


def _complete_since(filing: Filing) -> datetime:
    """The time at which the complete dossier was received.

    If the intake waited for a supplement or for the up-front fee, the time is that of the last supplement or of the
    fee.
    """
    intake = filing.clocks[Clock.INTAKE]
    return (intake.pauses[-1].until if intake.pauses else None) or intake.started


def _may_revoke_acceptance(filing: Filing, _: Actor, now: datetime) -> Problem | None:
    """Refuses to take back an acceptance if the review has begun, or if the day of the acceptance is over."""
    wrong = at_stage(filing, Stage.FEE, Stage.REVIEW)
    if wrong is not None or filing.accepted_at is None:
        return wrong or problem("", "not_accepted")
    if _review_has_begun(filing):
        return problem("", "review_has_begun")
    by_post = filing.accepted_at == filing.received_at  # accepted as it was recorded, as of the day of its receipt
    day = local_day(require(filing.submitted_at) if by_post else filing.accepted_at)
    return None if local_day(now) == day else problem("", "not_on_the_same_day")


def _review_has_begun(filing: Filing) -> bool:
    steps = {None, *(step.code for step in filing.procedure.review[:1])}
    moved = filing.step not in steps or filing.officer is not None or filing.last_move is not None
    return moved or bool(filing.supplements_in_review or filing.parts_under_way or filing.decision)


def _may_revoke_refusal(filing: Filing, _: Actor, now: datetime) -> Problem | None:
    """Refuses to take back a refusal of intake, unless this refusal has ended the filing, and is of the same day."""
    if filing.closing is not Closing.INTAKE_REFUSED:
        return problem("", "not_refused")
    return None if local_day(now) == local_day(require(filing.closed_at)) else problem("", "not_on_the_same_day")


def _at_intake(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return at_stage(filing, Stage.INTAKE) or unclaimed(filing, actor)


def _may_judge_signature(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    certain = None if undetermined(filing) else problem("", "signature_not_in_doubt")
    return _at_intake(filing, actor, now) or certain


def _judge_signature(filing: Filing, command: cm.JudgeSignature, _: datetime) -> Events:
    if command.accepted == filing.signature_accepted:
        raise refuse(problem("accepted", "judged_so_already"))
    said = command.model_dump(include={"accepted", "reason"})
    return (ev.SignatureJudged(officer=command.actor.subject, **said),)


def _refuse_intake(_: Filing, command: cm.RefuseIntake, __: datetime) -> Events:
    return (ev.IntakeRefused(reason=command.reason, legal_basis=command.legal_basis),)


def _may_transfer(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    nothing = filing.accepted_at is None or not filing.at_desk
    return _works_at(actor, filing.receiving) or (problem("", "nothing_to_transfer") if nothing else None)


def _transfer(filing: Filing, command: cm.TransferDossier, _: datetime) -> Events:
    if unknown := [code for code in command.originals if code not in filing.at_desk]:
        raise refuse(problem("originals", "not_at_desk", codes=", ".join(unknown), here=", ".join(filing.at_desk)))
    officer = command.actor.subject
    return (ev.DossierTransferred(officer=officer, papers=filing.at_desk, originals=command.originals),)


def _may_receive(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    nothing = None if filing.under_way else problem("", "nothing_under_way")
    return _works_at(actor, filing.agency) or nothing


def _receive(filing: Filing, command: cm.ReceiveDossier, _: datetime) -> Events:
    officer = command.actor.subject
    return (ev.DossierReceived(officer=officer, papers=filing.under_way, note=command.note),)


def _works_at(actor: Actor, agency: str) -> Problem | None:
    return None if actor.agency == agency else problem("actor.agency", "other_desk", agency=agency)


RULES: Final[dict[str, Rule[Filing]]] = {
    "submit": Rule(ANYBODY, at(Stage.DRAFT), _submit),
    "accept": Rule(ANYBODY, _may_accept, _accept),
    "revoke_acceptance": Rule(
        (Role.RECEPTION, Role.LEADER),
        _may_revoke_acceptance,
        lambda _, command, __: (ev.AcceptanceRevoked(officer=command.actor.subject, reason=command.reason),),
    ),
    "refuse_intake": Rule((Role.RECEPTION,), _at_intake, _refuse_intake),
    "revoke_refusal": Rule(
        (Role.RECEPTION, Role.LEADER),
        _may_revoke_refusal,
        lambda _, command, __: (ev.RefusalRevoked(officer=command.actor.subject, reason=command.reason),),
    ),
    "judge_signature": Rule((Role.RECEPTION,), _may_judge_signature, _judge_signature),
    "transfer_dossier": Rule((Role.RECEPTION,), _may_transfer, _transfer),
    "receive_dossier": Rule((Role.RECEPTION,), _may_receive, _receive),
}
