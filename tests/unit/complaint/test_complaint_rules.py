"""A complaint: who may make and answer it, by when; whatever anybody sends, an open one is never forgotten."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import hypothesis.strategies as st
import pytest
from hypothesis import stateful

from rules.complaint import fold
from rules.complaint.grounds import ACTS
from rules.complaint.kind import view
from rules.filing import projections
from rules.filing.reopening import UNDONE
from rules.streams import COMPLAINT
from schemas.complaint.state import Complaint, ComplaintState, Grounds
from schemas.errors import RefusalError
from schemas.filing.events import Moment
from schemas.people import SYSTEM, Actor, Role
from schemas.publishing import time_limits
from tests.unit.complaint.disputes import ANSWER, FOUND, SECOND, Dispute, complain, reasons, told
from tests.unit.filing.lives import (
    AN,
    APPLICANT,
    CALENDAR,
    ENDING,
    FETCHED,
    FILE,
    LEADER,
    MANDATE,
    PAPER,
    RECEPTION,
    REFUSING,
    REPRESENTATIVE,
    SPECIALIST,
    STOP,
    TEAM_LEAD,
    VERIFY,
    Life,
    at,
    limited,
    local,
    officer,
    procedure,
)
from tests.unit.profile import PROFILE

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
def test_every_reason_is_said(actor: Actor, said: dict[str, Any], found: dict[str, Any], rules: list[str]) -> None:
    assert reasons(complain(Grounds.model_validate(FOUND.model_dump() | found), actor, **said)) == rules


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
    assert (dispute.complaint.state, dispute.tasks) == ("upheld", [("complaint", "system", ("settle_upheld",))])
    assert dispute.refusal("release", third) == ["complaint_ended"]
    assert COMPLAINT.standing(dispute.complaint).open, "until its filing has started again"
    dispute.do("settle_upheld", reopened=True)
    assert not COMPLAINT.standing(dispute.complaint).open
    assert dispute.refusal("settle_upheld", reopened=True) == ["complaint_ended"]


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
    assert Dispute().refusal(kind, actor, **({"reason": "đã rõ"} if kind == "withdraw" else {})) == rules


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
    late = Dispute().until("2026-12-09 17:00").rung().do("change_calendar", calendar=moved)
    assert not late.complaint.overdue
    assert late.tells is not None
    assert late.do("change_calendar", calendar=CALENDAR).rung().complaint.overdue


def test_it_shows_what_was_said_and_by_when_it_is_answered() -> None:
    dispute = Dispute()
    seen = view(dispute.complaint)
    assert (seen.words, seen.state, seen.due) == ("xem lại", "recorded", dispute.complaint.due)
    dispute.do("claim", SECOND).do("answer_complaint", SECOND, **ANSWER)
    seen = view(dispute.complaint)
    assert (seen.due, seen.reason, seen.answered_at) == (None, "giấy tờ hợp lệ", dispute.now)


def test_a_representative_withdraws_it_until_the_last_day_has_passed() -> None:
    dispute = Dispute(Grounds.model_validate(FOUND.model_dump() | {"represented_until": "2026-11-26"}), REPRESENTATIVE)
    dispute.now = local("2026-11-26 23:59")
    assert dispute.refusal("withdraw", REPRESENTATIVE, reason="-") == []
    dispute.now = local("2026-11-27 00:00")
    assert dispute.refusal("withdraw", REPRESENTATIVE, reason="-") == ["authorisation_expired"]
    assert dispute.refusal("withdraw", APPLICANT, reason="-") == []


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
            lambda: at(VERIFY).asked(SPECIALIST, ("paper", "identity")).until("2026-12-10 09:00").rung(),
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
    found = told(life, seq_of(life, kind))
    assert (found.act, found.officer, found.step, found.steps) == (kind, officer, step, steps)
    assert found.until == projections.view(life.filing, life.now, life.now).complain_until
    assert (found.take_up, found.answer) == (time_limits.TAKE_UP, time_limits.COMPLAINT)


def test_a_late_result_can_be_complained_about_as_nobodys_act() -> None:
    assert {*UNDONE, "overdue"} == set(ACTS)
    assert all(act.article and act.name.vi and act.name.en for act in ACTS.values())
    life = at(VERIFY).until("2026-12-10 09:00").rung()
    late = [n for n, each in enumerate(life.log, 1) if each.event.kind == "overdue"]
    found = [told(life, n) for n in late]
    assert {one.act for one in found} == {None, "overdue"}  # a late step is between officers
    (one,) = (one for one in found if one.act)
    assert (one.officer, one.until is not None) == (None, True)


def test_a_decision_is_known_with_the_result_and_not_before() -> None:
    life = Life(result_channel="counter").accepted().decided()
    about = seq_of(life, "decided")
    assert told(life, about).until is None
    life.issued()
    assert told(life, about).until is None
    life.wait(days=3).do("hand_over", officer := RECEPTION.model_copy(update={"role": Role.HANDOVER}), **FETCHED)
    assert officer.role is Role.HANDOVER
    assert told(life, about).until == life.filing.clocks["appeal"].due  # type: ignore[index]


def test_the_procedure_says_how_long_all_of_it_lasts() -> None:
    rules = procedure(**limited(appeal="30 calendar days", take_up="2 working days", complaint="9 calendar days"))
    life = Life(rules).do("refuse_intake", RECEPTION, **REFUSING)
    found = told(life, 2)
    assert (str(found.take_up), str(found.answer)) == ("2 working days", "9 calendar days")
    assert found.until == life.filing.clocks["appeal"].due  # type: ignore[index]


@pytest.mark.parametrize("about", [1, 3, 99])
def test_nothing_else_can_be_complained_about(about: int) -> None:
    found = told(Life().accepted(), about)
    assert (found.act, found.until, found.step) == (None, None, None)


def test_whose_filing_it_is_and_who_filed_it_may_complain() -> None:
    assert told(Life(), 1).complainants == (APPLICANT, REPRESENTATIVE)
    assert told(Life(), 1).represented_until is None
    until = date(2026, 12, 31)
    assert told(Life(authorisation=MANDATE.model_copy(update={"valid_until": until})), 1).represented_until == until
    assert told(Life(actor=APPLICANT), 1).complainants == (APPLICANT,)
    assert told(Life(**PAPER), 1).complainants == (APPLICANT,)
    company = AN.model_copy(update={"kind": "organisation", "stands_for_it": "chi"})
    assert told(Life(applicant=company), 1).side == ("an", "binh", "chi")


def test_only_one_that_waits_for_its_answer_is_told() -> None:
    life = Life().accepted().decided("refused").issued()
    about = seq_of(life, "decided")
    open_one = Dispute().complaint.model_copy(update={"about": about})
    assert [told(life, about, open_one).disputed, told(life, about - 1, open_one).disputed] == [True, False]
    over = open_one.model_copy(update={"state": ComplaintState.REJECTED})
    assert (told(life, about, over).disputed, told(life, about, over).earlier) == (False, 1)
    life = Life().accepted().decided("refused").issued()
    undone = life.filing.act
    life.do("settle_complaint", n=1, about=undone, step="decide", officer=SECOND.subject)
    life.do("claim", SECOND).do("decide", SECOND, outcome="approved")
    assert told(life, int(life.filing.act or 0)).until is None
    assert told(life, int(undone or 0)).until is not None


# Whatever anybody sends, at any time, a complaint stays lawful, and an open one is never forgotten.

PEOPLE: Final = (
    APPLICANT,
    REPRESENTATIVE,
    RECEPTION,
    SPECIALIST,
    LEADER,
    SECOND,
    officer(Role.LEADER, "leader-3"),
    officer(Role.LEADER, "an"),
    officer(Role.LEADER, "leader-2", agency="H56.30"),
    TEAM_LEAD,
    officer(Role.TEAM_LEAD, agency="H56.30"),
    Actor(subject="eve", role=Role.APPLICANT),
    SYSTEM,
)
OTHER: Final = CALENDAR.model_copy(update={"version": "2026.2", "off": tuple(date(2026, 12, day) for day in (8, 9))})
CONTENT: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "claim": st.just({}),
    "release": st.just({}),
    "reassign": st.fixed_dictionaries({"officer": st.sampled_from(["leader-1", "leader-2", "leader-3", "an"])}),
    "answer_complaint": st.fixed_dictionaries(
        {
            "outcome": st.sampled_from(["upheld", "rejected"]),
            "reason": st.just("đã xem"),
            "legal_basis": st.just("Đ31"),
            "start_at": st.sampled_from([None, None, "intake", "decide", "nowhere"]),
        }
    ),
    "withdraw": st.fixed_dictionaries({"reason": st.just("đã rõ"), "request": st.sampled_from([None, FILE])}),
    "ring_complaint": st.fixed_dictionaries({"moment": st.sampled_from(Moment)}),
    "settle_upheld": st.fixed_dictionaries({"reopened": st.booleans()}),
    "change_calendar": st.fixed_dictionaries({"calendar": st.sampled_from([CALENDAR, OTHER])}),
}
LEGAL: Final = {
    "recorded": {"taken_up", "withdrawn"},
    "taken_up": {"upheld", "rejected", "withdrawn"},
    "upheld": set[str](),
    "rejected": set[str](),
    "withdrawn": set[str](),
}


def fitting(complaint: Complaint, kind: str) -> dict[str, Any]:
    """Content that leaves nobody a reason to refuse, if the command is allowed at all."""
    contents: dict[str, dict[str, Any]] = {
        "reassign": {"officer": "leader-5" if complaint.answerer == "leader-4" else "leader-4"},
        "answer_complaint": ANSWER,
        "withdraw": {"reason": "đã rõ", "request": FILE},
    }
    return contents.get(kind, {})


class AnyDispute(stateful.RuleBasedStateMachine):
    """One complaint under commands of every kind."""

    dispute: Dispute
    states: list[str]

    @stateful.initialize(
        act=st.sampled_from(["decided", "stopped", "intake_refused", "overdue"]), by_other=st.booleans()
    )
    def made(self, act: str, *, by_other: bool) -> None:
        where = {"step": None, "steps": ()} if act in {"intake_refused", "overdue"} else {}
        found = FOUND.model_copy(update={"act": act, "officer": None if act == "overdue" else LEADER.subject} | where)
        self.dispute = Dispute(found, REPRESENTATIVE if by_other else APPLICANT)
        self.states = [str(self.complaint.state)]

    @property
    def complaint(self) -> Complaint:
        return self.dispute.complaint

    def attempt(self, kind: str, actor: Actor, content: dict[str, Any]) -> bool:
        before = self.complaint
        try:
            self.dispute.do(kind, actor, **content)
        except RefusalError:
            return self.complaint != before
        self.states.append(str(self.complaint.state))
        return True

    @stateful.rule(kind=st.sampled_from(sorted(CONTENT)), actor=st.sampled_from(PEOPLE), data=st.data())
    def anybody_sends_anything(self, kind: str, actor: Actor, data: st.DataObject) -> None:
        system = kind in {"ring_complaint", "settle_upheld", "change_calendar"}
        self.attempt(kind, SYSTEM if system else actor, data.draw(CONTENT[kind]))

    @stateful.rule(actor=st.sampled_from(PEOPLE), data=st.data())
    def somebody_does_what_they_may(self, actor: Actor, data: st.DataObject) -> None:
        actions = COMPLAINT.actions(self.complaint, actor, self.dispute.now)
        for action in actions:
            refused = self.dispute.refusal(action.name, actor, **fitting(self.complaint, action.name))
            assert action.allowed is (refused == []), (action.name, actor, refused)
        may = [action.name for action in actions if action.allowed and action.name != "withdraw"]
        if may:
            kind = data.draw(st.sampled_from(may))
            assert self.attempt(kind, actor, fitting(self.complaint, kind))

    @stateful.rule()
    @stateful.precondition(lambda self: fold.next_timer(self.complaint) is not None)
    def its_clock_rings(self) -> None:
        timer = fold.next_timer(self.complaint)
        assert timer is not None
        self.dispute.now = max(self.dispute.now, timer.due)
        assert self.attempt("ring_complaint", SYSTEM, {"moment": timer.moment})

    @stateful.rule(hours=st.sampled_from([1, 25, 240]))
    def time_passes(self, hours: int) -> None:
        self.dispute.wait(hours=hours)

    @stateful.invariant()
    def every_change_of_state_is_legal(self) -> None:
        for before, after in zip(self.states, self.states[1:], strict=False):
            assert after == before or after in LEGAL[before]

    @stateful.invariant()
    def nobody_answers_what_they_have_done_themselves(self) -> None:
        assert self.complaint.answerer not in {self.complaint.officer or "", *self.complaint.side}
        assert self.dispute.kinds.count("complaint_answered") + self.dispute.kinds.count("complaint_withdrawn") <= 1

    @stateful.invariant()
    def every_moment_is_told_once(self) -> None:
        told = [(one.event.kind, one.event.due) for one in self.dispute.log if hasattr(one.event, "due")]
        if "complaint_calendar_changed" not in self.dispute.kinds:
            assert len(told) == len(set(told))

    @stateful.invariant()
    def an_open_complaint_is_never_forgotten(self) -> None:
        complaint = self.complaint
        standing, tasks = COMPLAINT.standing(complaint), COMPLAINT.rows(complaint).tasks
        assert standing.n == 1
        if not standing.open:
            assert (tasks, fold.next_timer(complaint)) == ((), None)
            return
        assert tasks
        if complaint.state == "upheld":
            assert [(task.role, task.actions) for task in tasks] == [("system", ("settle_upheld",))]
            assert complaint.act in UNDONE
            return
        assert fold.next_timer(complaint) or [task for task in tasks if task.role == "team_lead" and task.overdue]
        for task in tasks:
            actor = officer(Role(task.role), task.officer or "leader-5")
            assert task.actions or task.name.startswith("reminder:")
            for name in task.actions:
                assert self.dispute.refusal(name, actor, **fitting(complaint, name)) == []


def test_whatever_is_sent_a_complaint_stays_lawful() -> None:
    stateful.run_state_machine_as_test(AnyDispute, settings=PROFILE)
