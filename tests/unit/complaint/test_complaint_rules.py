"""A complaint from its recording to its answer: who may, by when, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rules.complaint.view import view
from rules.streams import COMPLAINT
from schemas.complaint.state import Grounds
from schemas.people import SYSTEM, Actor, Role
from tests.unit.complaint.disputes import ANSWER, FOUND, SECOND, Dispute, complain, reasons
from tests.unit.filing.lives import (
    APPLICANT,
    CALENDAR,
    FILE,
    LEADER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    TEAM_LEAD,
    local,
    officer,
)

EVE = Actor(subject="eve", role=Role.APPLICANT)
SIGNED: dict[str, Any] = {"document": FILE}


@pytest.mark.parametrize(
    ("actor", "said", "found", "rules"),
    [
        (APPLICANT, {}, {}, []),
        (REPRESENTATIVE, {}, {}, []),
        (REPRESENTATIVE, {}, {"represented_until": "2026-11-25"}, []),
        (REPRESENTATIVE, {}, {"represented_until": "2026-11-24"}, ["authorisation_expired"]),
        (APPLICANT, {}, {"represented_until": "2026-11-24"}, []),
        (RECEPTION, SIGNED, {}, []),
        (RECEPTION, {}, {}, ["signed_complaint_required"]),
        (officer(Role.RECEPTION, "an"), SIGNED, {}, ["not_the_complainant"]),
        (officer(Role.RECEPTION, agency="H56.30"), SIGNED, {}, ["not_the_complainant"]),
        (EVE, {}, {}, ["not_the_complainant"]),
        (Actor(subject="an", role=Role.REPRESENTATIVE), {}, {}, ["not_the_complainant"]),
        (LEADER, {}, {}, ["not_the_complainant"]),
        (SYSTEM, {}, {}, ["not_the_complainant"]),
        (APPLICANT, {}, {"act": None, "until": None}, ["nothing_to_complain_about"]),
        (APPLICANT, {}, {"until": None}, ["no_notice_yet"]),
        (APPLICANT, {}, {"until": "2026-11-25T03:00:29Z"}, ["too_late"]),
        (APPLICANT, {}, {"until": "2026-11-25T03:00:30Z"}, []),
        (APPLICANT, {}, {"disputed": True}, ["disputed_already"]),
        (APPLICANT, {"n": 2}, {}, ["not_the_next"]),
        (APPLICANT, {"n": 3}, {"earlier": 2}, []),
        (EVE, {"n": 2}, {"disputed": True}, ["not_the_complainant", "disputed_already", "not_the_next"]),
    ],
)
def test_it_is_recorded_or_refused_with_every_reason(
    actor: Actor, said: dict[str, Any], found: dict[str, Any], rules: list[str]
) -> None:
    known = Grounds.model_validate(FOUND.model_dump() | found)
    assert reasons(complain(known, actor, **said)) == rules


def test_a_leader_who_did_not_make_the_act_takes_it_up_and_answers() -> None:
    dispute = Dispute()
    assert dispute.tasks == [("complaint", "leader", ("claim",))]
    assert dispute.refusal("claim", LEADER) == ["four_eyes"]
    assert dispute.refusal("answer_complaint", SECOND, **ANSWER) == ["not_claimed"]
    dispute.do("claim", SECOND)
    assert dispute.tasks == [("complaint", "leader", ("release", "answer_complaint"))]
    third = officer(Role.LEADER, "leader-3")
    assert dispute.refusal("claim", SECOND) == ["claimed_already"]
    assert dispute.refusal("answer_complaint", third, **ANSWER) == ["claimed_by_other"]
    dispute.do("release", SECOND).do("claim", third).do("answer_complaint", third, **ANSWER)
    assert dispute.complaint.state == "upheld"
    assert dispute.tasks == [("complaint", "system", ("settle_upheld",))]
    assert dispute.refusal("release", third) == ["complaint_ended"]


@pytest.mark.parametrize(
    ("kind", "actor", "rules"),
    [
        ("claim", SPECIALIST, ["role_not_allowed"]),
        ("claim", officer(Role.LEADER, "an"), ["four_eyes"]),
        ("claim", officer(Role.LEADER, "leader-2", agency="H56.30"), ["other_agency"]),
        ("withdraw", EVE, ["not_the_complainant"]),
        ("withdraw", RECEPTION, ["signed_complaint_required"]),
        ("release", TEAM_LEAD, ["not_claimed"]),
    ],
)
def test_nobody_else_has_a_say(kind: str, actor: Actor, rules: list[str]) -> None:
    said = {"reason": "đã rõ"} if kind == "withdraw" else {}
    assert Dispute().refusal(kind, actor, **said) == rules


@pytest.mark.parametrize("subject", [LEADER.subject, APPLICANT.subject, REPRESENTATIVE.subject, SECOND.subject])
def test_the_team_lead_gives_it_to_nobody_who_may_not_answer_it_or_has_it(subject: str) -> None:
    dispute = Dispute().do("reassign", TEAM_LEAD, officer=SECOND.subject)
    assert dispute.refusal("reassign", TEAM_LEAD, officer=subject) == ["four_eyes"]
    assert dispute.do("reassign", TEAM_LEAD, officer="leader-3").complaint.answerer == "leader-3"


def test_an_absent_leaders_complaint_passes_to_who_acts_for_them_and_nobody_elses_does() -> None:
    dispute = Dispute().do("claim", SECOND)
    third = officer(Role.LEADER, "leader-3")
    given = {"officer": third.subject, "acting_for": SECOND.subject}
    assert dispute.refusal("reassign", TEAM_LEAD, **given | {"acting_for": "leader-4"}) == ["not_their_task"]
    assert dispute.refusal("reassign", TEAM_LEAD, **given | {"acting_for": third.subject}) == ["not_for_oneself"]
    dispute.do("reassign", TEAM_LEAD, **given)
    assert (dispute.complaint.answerer, dispute.complaint.acting_for) == (third.subject, SECOND.subject)
    assert dispute.refusal("answer_complaint", SECOND, **ANSWER) == ["claimed_by_other"]
    answered = dispute.do("answer_complaint", third, **ANSWER).log[-1].event
    assert (answered.officer, answered.acting_for) == (third.subject, SECOND.subject)


def test_it_is_nobodys_in_anybodys_place_once_it_went_back_to_the_queue() -> None:
    given = {"officer": "leader-3", "acting_for": SECOND.subject}
    dispute = Dispute().do("claim", SECOND).do("reassign", TEAM_LEAD, **given).do("release", TEAM_LEAD)
    assert dispute.do("claim", officer(Role.LEADER, "leader-4")).complaint.acting_for is None
    assert dispute.refusal("reassign", TEAM_LEAD, **given) == ["not_their_task"]


def test_upheld_the_filing_starts_again_where_the_act_was_done_unless_the_answer_says_otherwise() -> None:
    for start_at, step in ((None, "decide"), ("appraise", "appraise"), ("intake", None)):
        dispute = Dispute().do("claim", SECOND)
        dispute.do("answer_complaint", SECOND, **ANSWER, start_at=start_at)
        assert dispute.complaint.start_at == step
    dispute = Dispute().do("claim", SECOND)
    assert dispute.refusal("answer_complaint", SECOND, **ANSWER, start_at="nowhere") == ["no_such_place"]
    rejected = ANSWER | {"outcome": "rejected"}
    assert dispute.refusal("answer_complaint", SECOND, **rejected, start_at="decide") == ["no_such_place"]
    dispute.do("answer_complaint", SECOND, **rejected)
    assert (dispute.complaint.start_at, dispute.tasks) == (None, [])


def test_a_late_result_is_upheld_without_anything_to_undo() -> None:
    late = FOUND.model_copy(update={"act": "overdue", "officer": None})
    dispute = Dispute(late).do("claim", SECOND).do("answer_complaint", SECOND, **ANSWER)
    assert (dispute.complaint.state, dispute.tasks) == ("upheld", [])
    assert not COMPLAINT.standing(dispute.complaint).open
    assert dispute.refusal("settle_upheld", reopened=False) == ["complaint_ended"]


def test_it_is_open_until_its_filing_has_started_again() -> None:
    dispute = Dispute().do("claim", SECOND).do("answer_complaint", SECOND, **ANSWER)
    assert COMPLAINT.standing(dispute.complaint).open
    dispute.do("settle_upheld", reopened=True)
    assert not COMPLAINT.standing(dispute.complaint).open
    assert dispute.refusal("settle_upheld", reopened=True) == ["complaint_ended"]


def test_its_clock_reminds_and_then_calls_the_team_lead() -> None:
    dispute = Dispute()  # Wednesday 25 November, 10:00
    assert dispute.tells == ("take_up", "reminder", "2026-12-08 17:00")
    assert dispute.refusal("ring_complaint", moment="reminder") == ["not_due"]
    dispute.until("2026-12-08 17:00").rung()
    assert ("reminder:complaint", "leader", ()) in dispute.tasks
    assert dispute.tells == ("take_up", "due", "2026-12-09 17:00")
    dispute.until("2026-12-09 17:00").rung()
    assert dispute.kinds == ["complained", "complaint_reminded", "complaint_overdue"]
    assert dispute.tasks == [("complaint", "leader", ("claim",)), ("complaint", "team_lead", ("reassign",))]
    dispute.do("reassign", TEAM_LEAD, officer=SECOND.subject)
    assert dispute.tells == ("complaint", "reminder", "2027-01-08 17:00")
    dispute.do("release", SECOND).wait(days=3).do("claim", officer(Role.LEADER, "leader-3"))
    assert dispute.tells == ("complaint", "reminder", "2027-01-08 17:00")  # it was taken up once
    dispute.until("2027-01-11 17:00").rung()
    assert dispute.complaint.overdue
    assert dispute.tells is None


def test_another_calendar_moves_what_is_due_and_tells_of_it_anew() -> None:
    moved = CALENDAR.model_copy(update={"version": "2026.2", "off": (date(2026, 12, 9), date(2026, 12, 10))})
    dispute = Dispute().until("2026-12-08 17:00").rung()
    dispute.do("change_calendar", calendar=moved)
    assert dispute.tells == ("take_up", "due", "2026-12-11 17:00")
    assert COMPLAINT.standing(dispute.complaint).calendar == moved.name
    assert dispute.refusal("change_calendar", calendar=moved) == ["in_force"]


def test_what_was_late_is_late_no_more_on_a_calendar_that_gives_time() -> None:
    moved = CALENDAR.model_copy(update={"version": "2026.2", "off": tuple(date(2026, 12, day) for day in (8, 9, 10))})
    dispute = Dispute().until("2026-12-09 17:00").rung().do("change_calendar", calendar=moved)
    assert not dispute.complaint.overdue
    assert dispute.tells is not None
    assert dispute.do("change_calendar", calendar=CALENDAR).rung().complaint.overdue


def test_what_is_offered_is_what_the_guard_allows() -> None:
    dispute = Dispute().do("claim", SECOND)
    allowed = {action.name for action in COMPLAINT.actions(dispute.complaint, SECOND, dispute.now) if action.allowed}
    assert allowed == {"release", "answer_complaint"}
    theirs = {action.name for action in COMPLAINT.actions(dispute.complaint, APPLICANT, dispute.now) if action.allowed}
    assert theirs == {"withdraw"}


def test_it_shows_what_was_said_and_by_when_it_is_answered() -> None:
    dispute = Dispute()
    seen = view(dispute.complaint)
    assert (seen.words, seen.state, seen.due) == ("xem lại", "recorded", dispute.complaint.due)
    dispute.do("claim", SECOND).do("answer_complaint", SECOND, **ANSWER)
    seen = view(dispute.complaint)
    assert (seen.due, seen.reason, seen.answered_at) == (None, "giấy tờ hợp lệ", dispute.now)


def test_a_representative_withdraws_it_until_the_last_day_has_passed() -> None:
    found = Grounds.model_validate(FOUND.model_dump() | {"represented_until": "2026-11-26"})
    dispute = Dispute(found, REPRESENTATIVE)
    dispute.now = local("2026-11-26 23:59")
    assert dispute.refusal("withdraw", REPRESENTATIVE, reason="-") == []
    dispute.now = local("2026-11-27 00:00")
    assert dispute.refusal("withdraw", REPRESENTATIVE, reason="-") == ["authorisation_expired"]
    assert dispute.refusal("withdraw", APPLICANT, reason="-") == []
