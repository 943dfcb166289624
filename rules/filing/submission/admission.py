"""The admission of a submission: its checks under the procedure, its level, and the offer of a lower level."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, assert_never

from rules.filing.conditions import WRITTEN, day_of_receipt, hold
from rules.filing.fees.assessment import assess
from rules.filing.submission.files import quota_problems, type_problems
from rules.filing.submission.representation import proof_of, representation_problems
from schemas.base import Text
from schemas.errors import Offer, Problem, RefusalCode, problem, refused
from schemas.files import Paper, files_named
from schemas.filing.commands import TargetKind
from schemas.filing.events import SupplementNeed
from schemas.filing.state import Filing
from schemas.filing.submission import Submission
from schemas.level import CAPABILITIES, Channel, Level, as_filed
from schemas.names import CHANNEL_NAMES, listed
from schemas.people import Address, Role
from schemas.publishing.fee import FeeDue
from schemas.publishing.procedure import FieldKind
from schemas.publishing.procedure_rules import FeePart, FieldPart, ProcedureRules
from schemas.text import FormValue


@dataclass(frozen=True)
class Admission:
    """The outcome of an admission: the level, the channel of the fee, and the missing items of a paper filing."""

    level: Level
    fee_channel: Channel | None
    missing: tuple[SupplementNeed, ...] = ()


def admit(
    submission: Submission, procedure: ProcedureRules, now: datetime, others: Iterable[Problem] = ()
) -> Admission:
    """The admission of a submission. Raises `RefusalError` with every problem, including `others` of the caller."""
    received = day_of_receipt(submission, now)
    unsigned = _unsigned(submission, procedure, received)
    level = submission.level or _level_offered(submission, procedure, unsigned=unsigned)
    papers = [*_missing_papers(submission, procedure, received)]
    fields = [*_missing_fields(submission, procedure, received)]
    complete = submission.channel is Channel.ONLINE
    form = [
        *form_problems(procedure, submission.form),
        *(problem(f"form.{code}", "field_required") for code in fields if complete),
        *_fields_that_do_not_apply(submission, procedure, received),
    ]
    fee = None if form else procedure.fee
    costs = bool(assess(fee, submission, received, now).lines)
    problems = [
        *_level(submission, procedure, level, unsigned=unsigned),
        *_people(submission),
        *_incident(submission, procedure),
        *representation_problems(submission, procedure, received),
        *others,
        *paper_problems(procedure, submission.papers, submission.channel),
        *quota_problems(files_named(submission)),
        *(problem(f"papers.{code}", "paper_required") for code in papers if complete),
        *form,
        *delivery_problems(
            submission.result_channel, submission.address, result_channels(procedure, level, submission.channel)
        ),
        *(_fee(submission, fee, level) if fee is not None and costs else []),
    ]
    if problems:
        offer = level_offer(submission, procedure, level) if unsigned else None
        raise refused(RefusalCode.BAD_SUBMISSION, *dict.fromkeys(problems), offer=offer)
    missing = [SupplementNeed(target=TargetKind.PAPER, code=code) for code in papers]
    missing += [SupplementNeed(target=TargetKind.FIELD, code=code) for code in fields]
    return Admission(level, _fee_channel(submission, procedure.fee, level, costs=costs), tuple(missing))


def _unsigned(submission: Submission, procedure: ProcedureRules, received: date) -> bool:
    """Whether the submission lacks a required signature."""
    instead = bool(procedure.unsigned_when) and hold(procedure.unsigned_when, submission, received)
    asked = procedure.signature and submission.channel is Channel.ONLINE and not instead
    return asked and submission.signature is None


def _level_offered(submission: Submission, procedure: ProcedureRules, *, unsigned: bool) -> Level:
    """The level of a submission that names none: the procedure's, or partly online if it is unsigned or on paper.

    A submission on paper is partly online only if that level offers its channels for the result and the fee.
    """
    if procedure.level is not Level.FULLY_ONLINE:
        return procedure.level
    can = CAPABILITIES[Level.ONLINE_FILING]
    asked = {submission.fee_channel} - {None} or set(procedure.fee.channels if procedure.fee else can.fee)
    on_paper = submission.channel is not Channel.ONLINE and submission.result_channel in can.result and asked & can.fee
    return Level.ONLINE_FILING if unsigned or on_paper else procedure.level


def _level(submission: Submission, procedure: ProcedureRules, level: Level, *, unsigned: bool) -> Iterator[Problem]:
    page = f"{procedure.code}@{procedure.version}"
    if level > procedure.level:
        yield problem("level", "level_above_procedure", level=int(procedure.level))
    elif submission.channel not in CAPABILITIES[level].filing:
        yield problem("channel", "channel_not_allowed_at_level", level=int(level), page=page)
    if not procedure.review:
        yield problem("procedure", "information_only", page=page)
    if unsigned and CAPABILITIES[level].signature:
        yield problem("signature", "signature_required")


def _people(submission: Submission) -> Iterator[Problem]:
    actor = submission.actor
    if submission.channel is Channel.ONLINE:
        if actor.role not in {Role.APPLICANT, Role.REPRESENTATIVE}:
            yield problem("actor.role", "applicant_files_online")
        elif actor.role is Role.APPLICANT and actor.subject != submission.applicant.subject:
            yield problem("actor.subject", "applicant_is_someone_else")
    elif actor.subject in {submission.applicant.subject, submission.applicant.stands_for_it}:
        yield problem("actor.subject", "own_filing", says="own_filing_taken_in")
    else:  # the desk records a paper filing; also a leader if the submission has a time of receipt
        recorders = {Role.RECEPTION, Role.LEADER} if submission.received_at else {Role.RECEPTION}
        if actor.role not in recorders or actor.agency != (submission.desk or submission.agency):
            yield problem("actor", "reception_records_paper")


def _incident(submission: Submission, procedure: ProcedureRules) -> Iterator[Problem]:
    """A problem if a paper filing lacks the incident that its procedure requires, or if another filing states one."""
    asked = procedure.paper_on_incident and submission.channel is not Channel.ONLINE
    if asked is (submission.incident is None):
        yield problem("incident", "incident_required" if asked else "incident_not_asked_for")


def paper_problems(procedure: ProcedureRules, papers: tuple[Paper, ...], channel: Channel) -> Iterator[Problem]:
    """The problems of papers handed in by `channel`."""
    known = {paper.code: paper for paper in procedure.papers}
    seen: set[str] = set()
    for index, paper in enumerate(papers):
        if paper.code not in known:
            yield problem(f"papers[{index}].code", "unknown_paper", known=", ".join(sorted(known)) or "-")
        if paper.code in seen:
            yield problem(f"papers[{index}].code", "paper_twice")
        seen.add(paper.code)
        if channel is Channel.ONLINE and paper.file is None:
            yield problem(f"papers[{index}].file", "file_required_online")
        if paper.file is not None and paper.code in known:
            yield from type_problems(f"papers[{index}].file", paper.file, known[paper.code].accepts)


def dossier_problems(procedure: ProcedureRules, dossier: Submission | Filing, received: date) -> Iterator[Problem]:
    """The missing and wrong papers and form values of a submission or a filing."""
    yield from paper_problems(procedure, dossier.papers, dossier.channel)
    yield from (problem(f"papers.{code}", "paper_required") for code in _missing_papers(dossier, procedure, received))
    yield from form_problems(procedure, dossier.form)
    yield from (problem(f"form.{code}", "field_required") for code in _missing_fields(dossier, procedure, received))
    yield from _fields_that_do_not_apply(dossier, procedure, received)


def _missing_papers(submission: Submission | Filing, procedure: ProcedureRules, received: date) -> Iterator[str]:
    given = {paper.code for paper in submission.papers}
    proof = proof_of(procedure, submission.by_law)
    for paper in procedure.papers:
        needed = paper.code == proof or (paper.required and hold(paper.when, submission, received))
        if needed and paper.code not in given:
            yield paper.code


def form_problems(procedure: ProcedureRules, form: Mapping[str, FormValue]) -> Iterator[Problem]:
    """The problems of the given form values."""
    fields = {field.code: field for field in procedure.form}
    for code, value in form.items():
        if code not in fields:
            yield problem(f"form.{code}", "unknown_field", known=", ".join(sorted(fields)) or "-")
        elif fields[code].required and isinstance(value, str) and not value.strip():
            yield problem(f"form.{code}", "field_required")
        elif (wrong := _wrong_value(f"form.{code}", fields[code], value)) is not None:
            yield wrong


def _missing_fields(submission: Submission | Filing, procedure: ProcedureRules, received: date) -> Iterator[str]:
    for field in procedure.form:
        if field.required and field.code not in submission.form and hold(field.when, submission, received):
            yield field.code


def _fields_that_do_not_apply(
    submission: Submission | Filing, procedure: ProcedureRules, received: date
) -> Iterator[Problem]:
    for field in procedure.form:
        if field.code in submission.form and not hold(field.when, submission, received):
            yield problem(f"form.{field.code}", "field_not_applicable")


def _wrong_value(place: str, field: FieldPart, value: FormValue) -> Problem | None:
    match field.kind:
        case FieldKind.TEXT:
            if not isinstance(value, str):
                return problem(place, "not_a_text")
            return _out_of_bounds(place, field, len(value), "length")
        case FieldKind.INTEGER:
            return _wrong_integer(place, field, value)
        case FieldKind.CHOICE:
            known = value in field.choices
            return None if known else problem(place, "not_a_choice", choices=", ".join(field.choices))
        case FieldKind.DATE | FieldKind.BOOLEAN | FieldKind.COMMUNE:
            fits, rule = WRITTEN[field.kind]
            return None if fits(value) else problem(place, rule)
        case _:
            assert_never(field.kind)


def _wrong_integer(place: str, field: FieldPart, value: FormValue) -> Problem | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return problem(place, "not_an_integer")
    return _out_of_bounds(place, field, value, "value")


def _out_of_bounds(place: str, field: FieldPart, size: int, what: str) -> Problem | None:
    if field.minimum is not None and size < field.minimum:
        return problem(place, "below_minimum", says=f"{what}_below_minimum", least=field.minimum)
    if field.maximum is not None and size > field.maximum:
        return problem(place, "above_maximum", says=f"{what}_above_maximum", most=field.maximum)
    return None


def result_channels(procedure: ProcedureRules, level: Level, filed: Channel) -> frozenset[Channel]:
    """The channels for delivering the result of a filing at this level that was submitted by the channel `filed`."""
    offered = procedure.result_channels
    return CAPABILITIES[level].result & set(as_filed(offered, filed) if procedure.result_as_filed else offered)


def delivery_problems(
    channel: Channel, address: Address | None, allowed: frozenset[Channel], place: str = "result_channel"
) -> Iterator[Problem]:
    """The problems of the requested delivery of the result; `place` is the field that names the channel."""
    if channel not in allowed:
        yield problem(place, "result_channel_not_allowed", channels=_channels(allowed))
    if channel is Channel.POST and address is None:
        yield problem("address", "address_required")


def fee_channel(rule: FeePart, level: Level, asked: Submission | Filing) -> Channel:
    """The default channel of a fee: online if that is allowed, else the first allowed channel, else the counter."""
    allowed = _fee_channels(rule, level, asked)
    return Channel.ONLINE if Channel.ONLINE in allowed else next(iter(allowed), Channel.COUNTER)


def _fee_channels(rule: FeePart, level: Level, asked: Submission | Filing) -> list[Channel]:
    """The allowed channels of the fee. The post collects a fee only when it delivers the result or takes the papers."""
    goes = asked.result_channel if rule.due is FeeDue.RESULT else asked.channel
    allowed = CAPABILITIES[level].fee - (frozenset() if goes is Channel.POST else {Channel.POST})
    return [channel for channel in rule.channels if channel in allowed]


def _fee(submission: Submission, rule: FeePart, level: Level) -> Iterator[Problem]:
    wanted = submission.fee_channel
    allowed = _fee_channels(rule, level, submission)
    if wanted not in allowed and (wanted or not allowed):
        yield problem("fee_channel", "fee_channel_not_allowed", level=int(level), channels=_channels(allowed))


def _fee_channel(submission: Submission, rule: FeePart | None, level: Level, *, costs: bool) -> Channel | None:
    """The fee's channel: as chosen, if that is allowed; else the default, if the filing `costs` money; else None."""
    if rule is None:
        return None
    if submission.fee_channel in _fee_channels(rule, level, submission):
        return submission.fee_channel
    return fee_channel(rule, level, submission) if costs else None


def _channels(channels: Iterable[Channel]) -> Text:
    return listed(CHANNEL_NAMES, sorted(channels))


_WITHOUT_SIGNATURE: Final = Level.ONLINE_FILING


def level_offer(submission: Submission, procedure: ProcedureRules, level: Level) -> Offer | None:
    """The offer to file at the level that needs no signature; None if that level is impossible or changes nothing."""
    can, fees = CAPABILITIES[_WITHOUT_SIGNATURE], procedure.fee.channels if procedure.fee else ()
    possible = result_channels(procedure, _WITHOUT_SIGNATURE, submission.channel)
    results = [channel for channel in procedure.result_channels if channel in possible]
    if level < _WITHOUT_SIGNATURE or not results:
        return None
    result = _instead(submission.result_channel, results)
    fee = _instead(submission.fee_channel, [channel for channel in fees if channel in can.fee])
    unchanged = level is _WITHOUT_SIGNATURE and (result, fee) == (None, None)
    return None if unchanged else Offer(level=_WITHOUT_SIGNATURE, result_channel=result, fee_channel=fee)


def _instead(wanted: Channel | None, possible: list[Channel]) -> Channel | None:
    """The channel in place of `wanted`, preferably the counter; None if `wanted` fits, or if no channel is possible."""
    if wanted is None or wanted in possible or not possible:
        return None
    return Channel.COUNTER if Channel.COUNTER in possible else possible[0]
