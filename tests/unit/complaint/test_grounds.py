"""The grounds of a complaint: the permitted complainants, the acts, and the deadline."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import pytest

from rules.complaint.grounds import Above
from rules.filing import projections
from schemas.complaint.state import Complaint, ComplaintState, Grounds, Touched
from schemas.people import SYSTEM, Actor, Role
from schemas.publishing.calendar import Calendar
from tests.unit.complaint.disputes import FOUND, SECOND, Dispute, complain, grounds_of, reasons
from tests.unit.filing.lives import (
    AN,
    APPLICANT,
    CALENDAR,
    ENDING,
    FETCHED,
    FILE,
    LEADER,
    MANDATE,
    OFFICE,
    PAPER,
    RECEPTION,
    REFUSING,
    REPRESENTATIVE,
    SPECIALIST,
    STOP,
    VERIFY,
    Life,
    at,
    limited,
    local,
    officer,
    procedure,
)

EVE = Actor(subject="eve", role=Role.APPLICANT)
SIGNED: dict[str, Any] = {"document": FILE}
TOUCHED: Final = {"name": "Eve", "address": "2 Hàng Bài", "how": "công trình che lối đi"}


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
        (APPLICANT, {}, {"until": None}, []),
        (APPLICANT, {}, {"until": "2026-11-25T03:00:30Z"}, ["too_late"]),
        (APPLICANT, {}, {"until": "2026-11-25T03:00:31Z"}, []),
        (APPLICANT, {}, {"barred": "disputed_already"}, ["disputed_already"]),
        (APPLICANT, {"known_on": "2026-11-26"}, {}, ["in_the_future"]),
        (RECEPTION, {"touched": TOUCHED} | SIGNED, {"complainants": []}, []),
        (EVE, {"touched": TOUCHED}, {"complainants": []}, ["not_the_complainant"]),
        (APPLICANT, {"n": 2}, {}, ["not_the_next"]),
        (APPLICANT, {"n": 3}, {"earlier": 2}, []),
        (EVE, {"n": 2}, {"barred": "disputed_already"}, ["not_the_complainant", "disputed_already", "not_the_next"]),
    ],
)
def test_every_reason_is_said(actor: Actor, said: dict[str, Any], found: dict[str, Any], rules: list[str]) -> None:
    assert reasons(complain(Grounds.model_validate(FOUND.model_dump() | found), actor, **said)) == rules


# What of a filing may be complained about.


def seq_of(life: Life, kind: str) -> int:
    return life.kinds.index(kind) + 1


@pytest.mark.parametrize(
    ("made", "kind", "officer", "step", "steps"),
    [
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), "intake_refused", "reception-1", None, ()),
        (lambda: at(VERIFY).do("stop", LEADER, mode="suspend", **STOP), "suspended", "leader-1", "verify", ("verify",)),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), "stopped", "leader-1", "verify", ("verify",)),
        (
            lambda: at(VERIFY).supplement_requested(SPECIALIST, ("paper", "identity")).until("2026-12-10 17:00").rung(),
            *("supplement_expired", "specialist-1", "verify", ("verify",)),
        ),
        (
            lambda: Life().accepted().decided("refused").issued(),
            "decided",
            "leader-1",
            "decide",
            ("appraise", "decide"),
        ),
    ],
)
def test_it_tells_whose_act_it_was_and_where(
    made: Callable[[], Life], kind: str, officer: str, step: str | None, steps: tuple[str, ...]
) -> None:
    life = made()
    found = grounds_of(life, seq_of(life, kind))
    assert (found.act, found.officer, found.step, found.steps) == (kind, officer, step, steps)
    assert found.until == projections.view(life.filing, life.now, life.now).complain_until
    assert (str(found.take_up), str(found.answer)) == ("7 working days", "30 calendar days")


def test_a_late_result_can_be_complained_about_as_nobodys_act() -> None:
    life = at(VERIFY).until("2026-12-10 09:00").rung()
    found = grounds_of(life, seq_of(life, "overdue"))
    assert (found.act, found.officer, found.until is not None) == ("overdue", None, True)


@pytest.mark.parametrize(
    ("made", "kind", "act", "officer"),
    [
        (
            lambda: Life().supplement_requested(RECEPTION, ("paper", "identity")),
            "supplement_requested",
            None,
            "reception-1",
        ),
        (lambda: Life().accepted(), "accepted", None, "reception-1"),
        (Life, "submitted", "silence", None),
        (lambda: Life(**PAPER), "submitted", "silence", None),
        (lambda: Life().until("2026-12-10 09:00").rung(), "overdue", None, None),
    ],
)
def test_any_event_may_be_complained_about_and_the_silence_after_an_act_of_the_applicants_side(
    made: Callable[[], Life], kind: str, act: str | None, officer: str | None
) -> None:
    life = made()
    found = grounds_of(life, seq_of(life, kind))
    assert (found.act, found.officer) == (act or kind, officer)
    assert (found.until is None) is (act == "silence"), "silence goes on"


def test_an_event_that_is_not_there_is_no_ground() -> None:
    found = grounds_of(Life().accepted(), 99)
    assert (found.act, found.until, found.step) == (None, None, None)


def test_a_decision_is_known_with_the_result_and_not_before() -> None:
    life = Life(result_channel="counter").accepted().decided()
    about = seq_of(life, "decided")
    assert grounds_of(life, about).until is None
    waiting = grounds_of(life.issued(), about)
    assert (waiting.act, waiting.until) == ("decided", None)
    assert reasons(complain(waiting, about=about), life.now) == [], "who knows of it may complain at once"
    life.wait(days=3).do("hand_over", officer := RECEPTION.model_copy(update={"role": Role.HANDOVER}), **FETCHED)
    assert officer.role is Role.HANDOVER
    assert grounds_of(life, about).until == life.filing.clocks["appeal"].due  # type: ignore[index]


def test_the_procedure_says_how_long_all_of_it_lasts() -> None:
    rules = procedure(**limited(appeal="30 calendar days", take_up="2 working days", complaint="9 calendar days"))
    life = Life(rules).do("refuse_intake", RECEPTION, **REFUSING)
    found = grounds_of(life, 2)
    assert (str(found.take_up), str(found.answer), found.longer) == ("2 working days", "9 calendar days", ())
    assert found.until == life.filing.clocks["appeal"].due  # type: ignore[index]


def test_whose_filing_it_is_and_who_filed_it_may_complain() -> None:
    assert grounds_of(Life(), 1).complainants == (APPLICANT, REPRESENTATIVE)
    assert grounds_of(Life(), 1).represented_until is None
    until = date(2026, 12, 31)
    assert (
        grounds_of(Life(authorisation=MANDATE.model_copy(update={"valid_until": until})), 1).represented_until == until
    )
    assert grounds_of(Life(actor=APPLICANT), 1).complainants == (APPLICANT,)
    assert grounds_of(Life(), 1, touched=True).complainants == ()
    assert grounds_of(Life(**PAPER), 1).complainants == (APPLICANT,)
    company = AN.model_copy(update={"kind": "organisation", "stands_for_it": "chi"})
    assert grounds_of(Life(applicant=company), 1).side == ("an", "binh", "chi")


def stopped() -> tuple[Life, int]:
    """Returns a filing that the leader has ended, and the seq of the event `stopped`."""
    life = at(VERIFY).do("stop", LEADER, mode="end", **ENDING)
    return life, seq_of(life, "stopped")


def about(seq: int, state: str, **said: Any) -> Complaint:
    """Returns an earlier complaint in this state about the event with this seq."""
    return Dispute().complaint.model_copy(update={"about": seq, "state": ComplaintState(state), **said})


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        ("recorded", "disputed_already"),
        ("taken_up", "disputed_already"),
        ("rejected", "answered_already"),
        ("partly_upheld", "answered_already"),
        ("sued", "answered_already"),
        ("not_taken_up", None),
        ("withdrawn", None),
    ],
)
def test_an_act_is_complained_about_once_at_first(state: str, rule: str | None) -> None:
    life, seq = stopped()
    assert grounds_of(life, seq, about(seq, state)).barred == rule
    assert grounds_of(life, seq, about(seq - 1, state)).barred is None
    assert grounds_of(life, seq, about(seq, state), touched=True).barred is None, "it is another's right"
    assert grounds_of(life, seq, about(seq, state)).earlier == 1


def test_after_a_new_decision_each_of_both_is_judged_by_itself() -> None:
    life = Life().accepted().decided("refused").issued()
    undone = life.filing.act
    life.do("settle_complaint", n=1, about=undone, step="decide", officer=SECOND.subject)
    life.do("claim", SECOND).do("decide", SECOND, outcome="approved")
    assert grounds_of(life, int(life.filing.act or 0)).until is None
    assert grounds_of(life, int(undone or 0)).until is not None


ANSWERED_AT: Final = local("2026-12-10 10:00")


@pytest.mark.parametrize(
    ("first", "above", "rule", "until"),
    [
        ({"state": "rejected", "sent_at": ANSWERED_AT}, Above("H01", "G18"), None, "2027-01-12 00:00"),
        ({"state": "rejected", "sent_at": ANSWERED_AT, "remote": True}, Above("H01", "G18"), None, "2027-01-26 00:00"),
        ({"state": "partly_upheld"}, Above("H01", "G18"), None, None),
        ({"state": "taken_up", "overdue": True, "due": ANSWERED_AT}, Above("H01", "G18"), None, "2027-01-12 00:00"),
        ({"state": "recorded", "overdue": True, "due": ANSWERED_AT}, Above("H01", "G18"), None, "2027-01-12 00:00"),
        ({"state": "taken_up"}, Above("H01"), "not_answered_yet", None),
        ({"state": "rejected"}, Above(), "no_higher_authority", None),
        ({"state": "sued"}, Above("H01"), "no_first_complaint", None),
        ({"state": "not_taken_up"}, Above("H01"), "no_first_complaint", None),
        ({"state": "rejected", "n": 2}, Above("H01"), "no_first_complaint", None),
        ({"state": "rejected", "against": 3}, Above("H01"), "no_first_complaint", None),
    ],
)
def test_a_second_complaint_goes_to_the_next_authority_after_an_answer_or_a_missed_limit(
    first: dict[str, Any], above: Above, rule: str | None, until: str | None
) -> None:
    life, seq = stopped()
    found = grounds_of(life, seq, about(seq, **first), above=above, against=1)
    assert found.barred == rule
    if rule is None:
        assert (found.agency, found.higher, found.act) == ("H01", "G18", "stopped")
        assert found.first == first["state"]
        assert found.until == (local(until) if until else None)


@pytest.mark.parametrize(("state", "rule"), [("recorded", "second_already"), ("withdrawn", None)])
def test_there_is_one_second_complaint(state: str, rule: str | None) -> None:
    life, seq = stopped()
    first, second = about(seq, "rejected"), about(seq, state, n=2, against=1)
    assert grounds_of(life, seq, first, second, against=1).barred == rule


def test_a_second_complaint_is_of_the_side_that_has_made_the_first_one() -> None:
    life, seq = stopped()
    theirs = about(seq, "rejected", touched=Touched.model_validate(TOUCHED))
    assert grounds_of(life, seq, theirs, against=1, touched=True).barred is None
    assert grounds_of(life, seq, theirs, against=1).barred == "no_first_complaint"


# The time for a complaint: 90 days from knowing, without the days of obstacles.

DESK: Final[dict[str, Any]] = {"actor": RECEPTION, "touched": TOUCHED, **SIGNED}
ILL: Final = {"first": "2027-01-04", "last": "2027-01-13", "reason": "nằm viện"}


@pytest.mark.parametrize(
    ("now", "said", "rules"),
    [
        ("2027-02-23 23:59", {}, []),
        ("2027-02-24 00:00", {}, ["too_late"]),
        ("2027-03-05 10:00", {"obstacles": [ILL]}, []),
        ("2027-03-08 10:00", {"obstacles": [ILL]}, ["too_late"]),
        ("2027-03-05 10:00", {"obstacles": [ILL, ILL | {"first": "2027-01-02"}]}, []),
        ("2027-03-09 10:00", {"obstacles": [ILL, ILL]}, ["too_late"]),
        ("2027-03-05 10:00", {"obstacles": [ILL | {"last": "2027-01-03"}]}, ["too_late"]),
        ("2027-03-05 10:00", {"obstacles": [ILL | {"first": "2026-01-01", "last": "2026-11-24"}]}, ["too_late"]),
        ("2027-03-05 10:00", {"obstacles": [ILL | {"last": "9999-01-01"}]}, []),
        ("2027-03-05 10:00", DESK | {"known_on": "2026-12-20"}, []),
        ("2027-03-05 10:00", {"known_on": "2026-12-20"}, ["too_late"]),
        ("2027-03-05 10:00", {"known_on": "2026-12-20", "against": 1}, []),
        ("2027-03-25 10:00", DESK | {"known_on": "2026-12-20"}, ["too_late"]),
    ],
)
def test_the_days_of_an_obstacle_and_those_before_knowing_do_not_count(
    now: str, said: dict[str, Any], rules: list[str]
) -> None:
    assert reasons(complain(**said), local(now)) == rules


SATURDAY: Final = date(2027, 2, 27)
SHORT: Final = ILL | {"last": "2027-01-07"}
"""An obstacle of four days; with it, the ninetieth counted day, the last to complain, is a Saturday."""


@pytest.mark.parametrize(
    ("days", "in_time", "too_late"),
    [
        ({}, "2027-03-01 23:59", "2027-03-02 00:00"),
        ({"open": {SATURDAY: OFFICE}}, "2027-02-27 23:59", "2027-02-28 00:00"),
        ({"off": (SATURDAY,)}, "2027-03-01 23:59", "2027-03-02 00:00"),
        ({"week": [OFFICE] * 6 + [()]}, "2027-03-01 23:59", "2027-03-02 00:00"),
        (
            {"open": {SATURDAY: OFFICE}, "off": (date(2027, 2, 26), date(2027, 3, 1))},
            "2027-02-27 23:59",
            "2027-02-28 00:00",
        ),
    ],
    ids=["closed", "a swap day", "off", "open every Saturday", "a swap day beside days off"],
)
def test_with_obstacles_the_time_ends_on_a_saturday_only_if_it_is_worked_for_another_day(
    days: dict[str, Any], in_time: str, too_late: str
) -> None:
    calendar = Calendar.model_validate(CALENDAR.model_dump() | days)
    given = complain(FOUND.model_copy(update={"calendar": calendar}), obstacles=[SHORT])
    assert reasons(given, local(in_time)) == []
    assert reasons(given, local(too_late)) == ["too_late"]
