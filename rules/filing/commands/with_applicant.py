"""The dialogue of agency and applicant about a filing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rules.filing import clocks
from rules.filing.commands.time import longer, still_to_come
from rules.filing.permission import applicant_side_roles, at_stage, at_the_task, being_handled, undecided, who_requests
from rules.filing.submission import admission
from rules.filing.submission.files import quota_problems
from rules.officers import role_is
from rules.require import require
from rules.rule import ANYBODY, Rule, always, refuse
from rules.time import working_time
from schemas.errors import Problem, problem
from schemas.files import files_named
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Events
from schemas.filing.state import Filing, Stage
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.people import OFFICERS, SYSTEM, Actor, Role

MOST_OPEN_QUESTIONS: Final = 10
"""At most this many questions to the applicant may be open at once."""


def _correct_applicant(filing: Filing, command: cm.CorrectApplicant, _: datetime) -> Events:
    before = require(filing.applicant)
    given = {name: value for name in ("name", "id_number") if (value := getattr(command, name)) is not None}
    after = before.model_copy(update=given)
    if after == before:
        raise refuse(problem("", "nothing_to_correct"))
    return (ev.ApplicantCorrected(officer=command.actor.subject, before=before, after=after, reason=command.reason),)


def _may_request_supplement(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    late = _asked_late(filing, now)
    by_leader = late and role_is(actor, Role.LEADER) is None
    at_review = at_stage(filing, Stage.REVIEW) or being_handled(filing)
    wrong = at_review if by_leader else at_the_task(filing, actor, now)
    if wrong is not None:
        return wrong
    if late and not by_leader:
        return problem("", "too_late_to_ask", within=filing.procedure.supplement_within.words)
    if _asked_so_far(filing) >= filing.procedure.supplement_rounds:
        return problem("", "supplement_rounds_used")
    nothing = not (filing.procedure.papers or filing.procedure.form)
    return problem("", "nothing_to_supplement") if nothing else None


def _asked_late(filing: Filing, now: datetime) -> bool:
    """Whether the period in which officers of the review may request a supplement is over."""
    if filing.accepted_at is None:
        return False
    return now > working_time.due(filing.accepted_at, filing.procedure.supplement_within, filing.calendar)


def _asked_so_far(filing: Filing) -> int:
    """The number of supplements requested so far in this stage: the intake, or the review."""
    at_intake = filing.supplements - filing.supplements_before
    return at_intake if filing.accepted_at is None else filing.supplements_in_review


def _wrong_items(filing: Filing, items: Sequence[cm.SupplementItem]) -> Iterator[Problem]:
    """A problem for each requested item unknown to the procedure, and for each missing item that is not requested."""
    known = {
        cm.TargetKind.PAPER: {paper.code for paper in filing.procedure.papers},
        cm.TargetKind.FIELD: {field.code for field in filing.procedure.form},
    }
    for index, item in enumerate(items):
        if item.code not in known[item.target]:
            codes, says = ", ".join(sorted(known[item.target])), f"no_such_{item.target}_to_ask_for"
            yield problem(f"items[{index}].code", f"unknown_{item.target}", says=says, known=codes)
    asked = {(item.target, item.code) for item in items}
    for need in filing.missing:
        if (need.target, need.code) not in asked:
            yield problem("items", "missing_not_asked", code=need.code)


def _request_supplement(filing: Filing, command: cm.RequestSupplement, now: datetime) -> Events:
    wrong = [*_wrong_items(filing, command.items)]
    late = _asked_late(filing, now)
    if late and command.late_reason is None:
        wrong.append(problem("late_reason", "reason_required", says="late_reason_required"))
    if wrong:
        raise refuse(*wrong)
    return (
        ev.SupplementRequested(
            n=filing.supplements + 1,
            needs=tuple(ev.SupplementNeed(target=item.target, code=item.code) for item in command.items),
            notes=tuple(item.note for item in command.items),
            officer=command.actor.subject,
            legal_basis=command.legal_basis,
            late=late,
            late_reason=command.late_reason if late else None,
        ),
    )


def _may_cancel_supplement(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    """Refuses actors except leaders and the requesting officer. The system's own request can't be cancelled."""
    if (wrong := at_stage(filing, Stage.SUPPLEMENT) or role_is(actor, *sorted(OFFICERS))) is not None:
        return wrong
    asked_by = require(filing.supplement).officer
    if asked_by == SYSTEM.subject:
        return problem("", "requested_by_the_system")
    return None if actor.role is Role.LEADER or actor.subject == asked_by else problem("actor.subject", "not_who_asked")


def _cancel_supplement(filing: Filing, command: cm.CancelSupplement, _: datetime) -> Events:
    officer = command.actor.subject
    return (ev.SupplementCancelled(n=filing.supplements, officer=officer, reason=command.reason),)


def _may_supplement(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    if wrong := at_stage(filing, Stage.SUPPLEMENT) or role_is(actor, *applicant_side_roles(filing)):
        return wrong
    clock = filing.clocks[Clock.SUPPLEMENT]
    until = clocks.recorded_by(filing, clock) if actor.role is Role.RECEPTION else clock.due
    late = now >= until and not clocks.more_time_open(filing)
    return problem("", "too_late", says="too_late_to_supplement") if late else None


def _handed_over(filing: Filing, command: cm.Supplement, now: datetime) -> Problem | None:
    """Refuses papers that were handed over too late, or at an impossible time.

    For a limit in days, a hand-over to a closed desk counts from the desk's next opening.
    """
    if command.actor.role is not Role.RECEPTION:
        stated = command.by_post or command.received_at is not None
        return problem("received_at", "received_now") if stated else None
    clock, at = filing.clocks[Clock.SUPPLEMENT], command.received_at or now
    if at > now:
        return problem("received_at", "in_the_future", says="receipt_in_the_future")
    if at < clock.started:
        return problem("received_at", "received_before_request")
    in_days = clock.limit.unit in working_time.IN_DAYS
    received = working_time.due(at, _AT_ONCE, filing.calendar) if in_days else at
    late = received >= clock.due and not clocks.more_time_open(filing)
    return problem("received_at", "too_late", says="too_late_at_the_desk") if late else None


_AT_ONCE: Final = Limit(amount=0, unit=Unit.WORKING_HOURS)


def _supplement(filing: Filing, command: cm.Supplement, now: datetime) -> Events:
    channel = Channel.COUNTER if command.actor.role is Role.RECEPTION else Channel.ONLINE
    channel = Channel.POST if command.by_post else channel
    wrong = [
        *filter(None, [_handed_over(filing, command, now)]),
        *_unanswered(filing, command),
        *admission.paper_problems(filing.procedure, command.papers, channel),
        *quota_problems(files_named(command)),
        *admission.form_problems(filing.procedure, command.form),
    ]
    if wrong:
        raise refuse(*wrong)
    return (
        ev.Supplemented(
            n=filing.supplements,
            channel=channel,
            received_at=command.received_at,
            desk=filing.desk if channel is not Channel.ONLINE and command.actor.agency == filing.desk else None,
            scan=command.scan if isinstance(command, cm.ExaminedSupplement) else None,
            paper_digests={paper.code: paper.file and paper.file.sha256 for paper in command.papers},
            form=command.form,
            papers=command.papers,
        ),
    )


def _unanswered(filing: Filing, command: cm.Supplement) -> Iterator[Problem]:
    """A problem for each requested item that is not given, and for each given item that was not requested."""
    where = {cm.TargetKind.PAPER: "papers", cm.TargetKind.FIELD: "form"}
    asked = [(item.target, item.code) for item in (filing.supplement.items if filing.supplement else ())]
    given = [(cm.TargetKind.PAPER, code) for code in sorted({paper.code for paper in command.papers})]
    given += [(cm.TargetKind.FIELD, code) for code in sorted(command.form)]
    for target, code in asked:
        if (target, code) not in given:
            yield problem(f"{where[target]}.{code}", "supplement_item_missing")
    for target, code in given:
        if (target, code) not in asked:
            yield problem(f"{where[target]}.{code}", "supplement_item_not_asked")


def _may_request_more_time(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = at_stage(filing, Stage.SUPPLEMENT) or role_is(actor, *applicant_side_roles(filing))
    if wrong is None and now >= filing.clocks[Clock.SUPPLEMENT].due:
        return problem("", "too_late", says="too_late_to_supplement")
    asked = filing.supplement is not None and filing.supplement.more_time is not None
    return wrong or (problem("", "more_time_requested_already") if asked else None)


def _may_answer_more_time(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = at_stage(filing, Stage.SUPPLEMENT) or role_is(actor, *who_requests(filing))
    return wrong or (None if clocks.more_time_open(filing) else problem("", "no_more_time_requested"))


def _answer_more_time(filing: Filing, command: cm.AnswerMoreTime, now: datetime) -> Events:
    n, officer = filing.supplements, command.actor.subject
    if not command.granted:
        if command.by is not None:
            raise refuse(problem("by", "only_if_granted"))
        if command.reason is None:
            raise refuse(problem("reason", "reason_required", says="refusal_needs.reason"))
        if now >= filing.clocks[Clock.SUPPLEMENT].due:
            raise refuse(problem("granted", "answered_too_late"))
        return (ev.MoreTimeRefused(n=n, officer=officer, reason=command.reason),)
    by = longer(filing.procedure.supplement_limit, command.by)
    still_to_come(filing, Clock.SUPPLEMENT, by, now, problem("by", "end_over"))
    return (ev.MoreTimeGranted(n=n, officer=officer, by=by),)


def _request_with(filing: Filing, command: cm.Ask, now: datetime) -> Events:
    """The events of the supplement request in a question for papers. Raises `RefusalError` if it is not allowed."""
    if (why := _may_request_supplement(filing, command.actor, now)) is not None:
        raise refuse(why)
    if command.legal_basis is None:
        raise refuse(problem("legal_basis", "required", says="legal_basis_of_papers"))
    head = command.model_dump(include={"command_id", "actor", "via", "items", "legal_basis"})
    return _request_supplement(filing, cm.RequestSupplement(**head), now)


def _may_ask(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    wrong = at_the_task(filing, actor, now)
    if wrong is None and sum(question.answer is None for question in filing.questions) >= MOST_OPEN_QUESTIONS:
        return problem("", "too_many_open_questions", most=MOST_OPEN_QUESTIONS)
    return wrong


def _ask(filing: Filing, command: cm.Ask, now: datetime) -> Events:
    n = filing.questions[-1].n + 1 if filing.questions else 1
    asked = ev.Asked(n=n, officer=command.actor.subject, question=command.question)
    return (asked, *_request_with(filing, command, now)) if command.items else (asked,)


def _may_answer(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    wrong = role_is(actor, *applicant_side_roles(filing))
    if wrong is None and all(question.answer is not None for question in filing.questions):
        return problem("", "no_open_question")
    return wrong


def _answer(filing: Filing, command: cm.Answer, _: datetime) -> Events:
    waiting = [question.n for question in filing.questions if question.answer is None]
    if command.n not in waiting:
        raise refuse(problem("n", "no_such_question", numbers=", ".join(map(str, waiting))))
    return (ev.Answered(n=command.n, answer=command.answer),)


def _withdraw(_: Filing, command: cm.Withdraw, __: datetime) -> Events:
    if command.actor.role is Role.RECEPTION and command.request is None:
        raise refuse(problem("request", "signed_request_required"))
    return (ev.Withdrawn(reason=command.reason, request=command.request),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "correct_applicant": Rule((Role.RECEPTION, Role.LEADER), always, _correct_applicant),
    "request_supplement": Rule(ANYBODY, _may_request_supplement, _request_supplement),
    "cancel_supplement": Rule(ANYBODY, _may_cancel_supplement, _cancel_supplement),
    "supplement": Rule(ANYBODY, _may_supplement, _supplement),
    "request_more_time": Rule(
        ANYBODY,
        _may_request_more_time,
        lambda filing, command, _: (ev.MoreTimeRequested(n=filing.supplements, reason=command.reason),),
    ),
    "answer_more_time": Rule(ANYBODY, _may_answer_more_time, _answer_more_time),
    "ask": Rule(ANYBODY, _may_ask, _ask),
    "answer": Rule(ANYBODY, _may_answer, _answer),
    "withdraw": Rule(
        (Role.APPLICANT, Role.REPRESENTATIVE, Role.RECEPTION), lambda filing, *_: undecided(filing), _withdraw
    ),
}
