"""The commands of a complaint, the officers for them, the limits; an open complaint has a task after any command."""

from datetime import date
from typing import Any, Final

import hypothesis.strategies as st
import pytest
from hypothesis import stateful

from rules.complaint import fold
from rules.complaint.kind import view
from rules.filing.reopening import UNDONE
from rules.streams import COMPLAINT
from schemas.complaint.state import Complaint, Grounds
from schemas.errors import RefusalError
from schemas.filing.events import Moment
from schemas.people import SYSTEM, Actor, Role
from tests.unit.complaint.disputes import ANSWER, FOUND, SECOND, Dispute
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
from tests.unit.profile import PROFILE

EVE = Actor(subject="eve", role=Role.APPLICANT)
CLERK: Final = officer(Role.CLERK)
FINDINGS: Final = {"findings": "giấy tờ có thật"}
DIALOGUE: Final = {"at": "2026-12-01T02:00:00Z", "place": "trụ sở", "topics": "giấy tờ"}
TOLD: Final = {"minutes": "hai bên thống nhất", "attended": True}
SENT: Final = {"how": "trực tuyến"}
SUIT: Final = {"court": "Tòa án nhân dân khu vực 1", "day": "2026-11-25"}


def of_second(**found: Any) -> Dispute:
    """Returns a second complaint, which is about the answer to the first one; the province answers the second."""
    return Dispute(FOUND.model_copy(update=found), against=1)


def test_the_head_answers_a_complaint_about_their_own_act_after_another_officer_has_verified_it() -> None:
    dispute = Dispute()
    assert dispute.tasks == [("complaint", "leader", ("claim",))]
    assert dispute.refusal("take_up", LEADER) == ["not_claimed"]
    dispute.do("claim", LEADER)
    assert dispute.tasks == [("complaint", "leader", ("release", "take_up", "not_take_up"))]
    assert dispute.refusal("answer_complaint", LEADER, **ANSWER) == ["wrong_state"]
    dispute.do("take_up", LEADER)
    assert dispute.tasks == [
        ("complaint", "leader", ("release", "invite_to_dialogue", "stay_act")),
        ("complaint:verify", "specialist", ("verify_complaint",)),
    ]
    assert dispute.refusal("answer_complaint", LEADER, **ANSWER) == ["not_verified"]
    assert dispute.refusal("verify_complaint", LEADER, **FINDINGS) == ["four_eyes"]
    assert dispute.refusal("take_up", LEADER) == ["wrong_state"]
    dispute.do("verify_complaint", SPECIALIST, **FINDINGS)
    assert dispute.tasks == [("complaint", "leader", ("release", "invite_to_dialogue", "stay_act", "answer_complaint"))]
    dispute.do("answer_complaint", LEADER, **ANSWER | {"outcome": "partly_upheld"})
    assert dispute.complaint.state == "partly_upheld"
    assert dispute.tasks == [
        ("complaint", "system", ("settle_upheld",)),
        ("complaint:answer", "clerk", ("send_answer",)),
    ]
    dispute.do("settle_upheld", reopened=True)
    assert COMPLAINT.standing(dispute.complaint).open, "until its decision was sent"
    assert dispute.do("send_answer", CLERK, **SENT).tasks == []
    assert not COMPLAINT.standing(dispute.complaint).open
    assert dispute.refusal("send_answer", CLERK, **SENT) == ["complaint_ended"]


def test_a_leader_who_did_not_do_the_act_needs_no_verification_by_another() -> None:
    dispute = Dispute().do("claim", SECOND)
    third = officer(Role.LEADER, "leader-3")
    assert dispute.refusal("claim", SECOND) == ["claimed_already"]
    assert dispute.refusal("take_up", third) == ["claimed_by_other"]
    dispute.do("release", SECOND).taken_up(third).do("answer_complaint", third, **ANSWER)
    assert dispute.complaint.state == "upheld"
    assert dispute.refusal("release", third) == ["complaint_ended"]


def test_it_is_not_taken_up_on_a_ground_of_the_law_and_that_is_its_end() -> None:
    dispute = Dispute().do("claim", LEADER)
    with pytest.raises(ValueError, match="ground"):
        dispute.command("not_take_up", LEADER, ground="too busy", reason="bận")
    dispute.do("not_take_up", LEADER, ground="out_of_time", reason="quá 90 ngày")
    assert (dispute.complaint.state, dispute.complaint.ground) == ("not_taken_up", "out_of_time")
    assert (dispute.tasks, dispute.tells, COMPLAINT.standing(dispute.complaint).open) == ([], None, False)


@pytest.mark.parametrize(
    ("made", "said", "limit"),
    [
        (Dispute, {}, "30 calendar days"),
        (Dispute, {"remote": True}, "45 calendar days"),
        (Dispute, {"complex": "hai nội dung"}, "45 calendar days"),
        (Dispute, {"complex": "hai nội dung", "remote": True}, "60 calendar days"),
        (of_second, {}, "45 calendar days"),
        (of_second, {"complex": "hai nội dung"}, "60 calendar days"),
        (of_second, {"remote": True}, "60 calendar days"),
        (of_second, {"complex": "hai nội dung", "remote": True}, "70 calendar days"),
        (lambda: Dispute(FOUND.model_copy(update={"longer": ()})), {"remote": True}, "30 calendar days"),
    ],
)
def test_its_answer_has_the_limit_of_the_law(made: Any, said: dict[str, Any], limit: str) -> None:
    assert str(made().taken_up(**said).complaint.limit) == limit


def test_a_second_complaint_is_decided_after_a_dialogue_to_which_five_days_lead() -> None:
    dispute = of_second().taken_up(SECOND)
    assert dispute.refusal("answer_complaint", SECOND, **ANSWER) == ["dialogue_required"]
    assert dispute.refusal("record_dialogue", SECOND, **TOLD) == ["not_invited"]
    early = DIALOGUE | {"at": "2026-11-29T02:00:00Z"}
    assert dispute.refusal("invite_to_dialogue", SECOND, **early) == ["invited_too_late"]
    dispute.do("invite_to_dialogue", SECOND, **DIALOGUE)
    assert dispute.refusal("record_dialogue", SECOND, **TOLD) == ["not_due"]
    dispute.until("2026-12-01 09:00").do("record_dialogue", SECOND, **TOLD | {"attended": False})
    assert dispute.do("answer_complaint", SECOND, **ANSWER).complaint.state == "upheld"


def test_the_act_is_stopped_until_the_answer_or_the_end_of_its_time_or_before() -> None:
    why = {"reason": "hậu quả khó khắc phục"}
    dispute = Dispute().taken_up(SECOND)
    assert dispute.refusal("lift_stay", SECOND, **why) == ["wrong_state"]
    dispute.do("stay_act", SECOND, **why)
    assert (dispute.complaint.stayed, dispute.log[-1].event.until) == (True, dispute.complaint.due)
    assert dispute.refusal("stay_act", SECOND, **why) == ["wrong_state"]
    assert not dispute.do("lift_stay", SECOND, **why).complaint.stayed
    assert not dispute.do("stay_act", SECOND, **why).do("answer_complaint", SECOND, **ANSWER).complaint.stayed
    late = Dispute().taken_up(SECOND).do("stay_act", SECOND, **why).wait(days=40).rung().rung()
    assert (late.complaint.overdue, late.complaint.stayed) == (True, False)
    assert late.refusal("stay_act", SECOND, **why) == ["limit_over"]


def test_a_suit_ends_it_as_soon_as_the_complainant_reports_it() -> None:
    dispute = Dispute().taken_up(SECOND)
    assert dispute.refusal("report_suit", EVE, **SUIT) == ["not_the_complainant"]
    assert dispute.refusal("report_suit", APPLICANT, **SUIT | {"day": "2026-11-26"}) == ["in_the_future"]
    assert dispute.refusal("report_suit", RECEPTION, **SUIT) == ["signed_complaint_required"]
    assert dispute.do("report_suit", APPLICANT, **SUIT).complaint.state == "sued"
    assert (dispute.tasks, dispute.tells) == ([], None)
    assert dispute.refusal("answer_complaint", SECOND, **ANSWER) == ["complaint_ended"]


def test_its_decision_is_sent_within_three_working_days() -> None:
    dispute = Dispute().taken_up(SECOND).do("answer_complaint", SECOND, **ANSWER | {"outcome": "rejected"})
    assert dispute.tells == ("sending", "reminder", "2026-11-27 17:00")
    dispute.until("2026-11-30 17:00").rung().rung()
    assert dispute.tasks == [
        ("complaint:answer", "clerk", ("send_answer",)),
        ("complaint", "team_lead", ("send_answer",)),
    ]
    assert dispute.do("send_answer", TEAM_LEAD, **SENT).complaint.sent_at == dispute.now
    second = of_second().taken_up(SECOND).do("invite_to_dialogue", SECOND, **DIALOGUE).until("2026-12-01 09:00")
    second.do("record_dialogue", SECOND, **TOLD).do("answer_complaint", SECOND, **ANSWER)
    assert second.tells == ("sending", "reminder", "2026-12-07 17:00")


@pytest.mark.parametrize(
    ("kind", "actor", "rules"),
    [
        ("claim", SPECIALIST, ["role_not_allowed"]),
        ("claim", officer(Role.LEADER, "an"), ["own_filing"]),
        ("claim", officer(Role.LEADER, "leader-2", agency="H56.30"), ["other_agency"]),
        ("withdraw", EVE, ["not_the_complainant"]),
        ("withdraw", RECEPTION, ["signed_complaint_required"]),
        ("release", TEAM_LEAD, ["not_claimed"]),
    ],
)
def test_nobody_else_has_a_say(kind: str, actor: Actor, rules: list[str]) -> None:
    assert Dispute().refusal(kind, actor, **({"reason": "đã rõ"} if kind == "withdraw" else {})) == rules


def test_the_complaint_of_a_touched_person_is_withdrawn_at_the_desk_and_not_by_the_applicant() -> None:
    touched = {"name": "Eve", "address": "2 Hàng Bài", "how": "công trình che lối đi"}
    dispute = Dispute(FOUND.model_copy(update={"complainants": ()}), RECEPTION, touched=touched, document=FILE)
    assert dispute.refusal("withdraw", APPLICANT, reason="-") == ["not_the_complainant"]
    assert dispute.do("withdraw", RECEPTION, reason="đã rõ", request=FILE).complaint.state == "withdrawn"


@pytest.mark.parametrize("subject", [APPLICANT.subject, REPRESENTATIVE.subject, SECOND.subject])
def test_the_team_lead_gives_it_to_nobody_who_may_not_answer_it_or_has_it(subject: str) -> None:
    dispute = Dispute().do("reassign", TEAM_LEAD, officer=SECOND.subject)
    assert dispute.refusal("reassign", TEAM_LEAD, officer=subject) == ["four_eyes"]
    assert dispute.do("reassign", TEAM_LEAD, officer="leader-3").complaint.answerer == "leader-3"


def test_an_absent_leaders_complaint_passes_to_who_acts_for_them_and_nobody_elses_does() -> None:
    dispute = Dispute().taken_up(SECOND)
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


@pytest.mark.parametrize("outcome", ["upheld", "partly_upheld"])
def test_upheld_the_filing_starts_again_where_the_act_was_done_unless_the_answer_says_otherwise(outcome: str) -> None:
    right = ANSWER | {"outcome": outcome}
    for start_at, step in ((None, "decide"), ("appraise", "appraise"), ("intake", None)):
        dispute = Dispute().taken_up(SECOND).do("answer_complaint", SECOND, **right, start_at=start_at)
        assert (dispute.complaint.start_at, fold.undoes(dispute.complaint)) == (step, True)
    dispute = Dispute().taken_up(SECOND)
    assert dispute.refusal("answer_complaint", SECOND, **right, start_at="nowhere") == ["no_such_place"]


def test_rejected_nothing_starts_again() -> None:
    rejected = ANSWER | {"outcome": "rejected"}
    dispute = Dispute().taken_up(SECOND)
    assert dispute.refusal("answer_complaint", SECOND, **rejected, start_at="decide") == ["no_such_place"]
    dispute.do("answer_complaint", SECOND, **rejected)
    assert (dispute.complaint.start_at, fold.undoes(dispute.complaint)) == (None, False)


def test_a_late_result_is_upheld_without_anything_to_undo() -> None:
    late = FOUND.model_copy(update={"act": "overdue", "officer": None})
    dispute = Dispute(late).taken_up(SECOND).do("answer_complaint", SECOND, **ANSWER)
    assert (dispute.complaint.state, fold.undoes(dispute.complaint)) == ("upheld", False)
    dispute.do("send_answer", CLERK, **SENT)
    assert not COMPLAINT.standing(dispute.complaint).open
    assert dispute.refusal("settle_upheld", reopened=False) == ["complaint_ended"]


def test_its_clock_reminds_and_then_calls_the_team_lead() -> None:
    dispute = Dispute()  # Wednesday 25 November, 10:00
    assert dispute.tells == ("take_up", "reminder", "2026-12-03 17:00")
    assert dispute.refusal("ring_complaint", moment="reminder") == ["not_due"]
    dispute.until("2026-12-03 17:00").rung()
    assert ("reminder:complaint", "leader", ()) in dispute.tasks
    assert dispute.tells == ("take_up", "due", "2026-12-04 17:00")
    dispute.until("2026-12-04 17:00").rung()
    assert dispute.kinds == ["complained", "complaint_reminded", "complaint_overdue"]
    assert dispute.tasks == [("complaint", "leader", ("claim",)), ("complaint", "team_lead", ("reassign",))]
    dispute.do("reassign", TEAM_LEAD, officer=SECOND.subject)
    assert fold.next_timer(dispute.complaint) is None
    dispute.do("take_up", SECOND)
    assert dispute.tells == ("complaint", "reminder", "2027-01-05 17:00")
    dispute.do("release", SECOND).wait(days=3).do("claim", officer(Role.LEADER, "leader-3"))
    assert dispute.tells == ("complaint", "reminder", "2027-01-05 17:00")  # it was taken up once
    dispute.until("2027-01-06 17:00").rung()
    assert dispute.complaint.overdue
    assert dispute.tells is None


def test_another_calendar_moves_what_is_due_and_tells_of_it_anew() -> None:
    moved = CALENDAR.model_copy(update={"version": "2026.2", "off": (date(2026, 12, 4), date(2026, 12, 7))})
    dispute = Dispute().until("2026-12-03 17:00").rung()
    dispute.do("change_calendar", calendar=moved)
    assert dispute.tells == ("take_up", "due", "2026-12-08 17:00")
    assert COMPLAINT.standing(dispute.complaint).calendar == moved.name
    assert dispute.refusal("change_calendar", calendar=moved) == ["in_force"]
    late = Dispute().until("2026-12-04 17:00").rung().do("change_calendar", calendar=moved)
    assert not late.complaint.overdue
    assert late.tells is not None
    assert late.do("change_calendar", calendar=CALENDAR).rung().complaint.overdue


def test_it_shows_what_was_said_and_by_when_it_is_answered() -> None:
    dispute = Dispute()
    seen = view(dispute.complaint)
    assert (seen.words, seen.state, seen.due) == ("xem lại", "recorded", dispute.complaint.due)
    dispute.taken_up(SECOND).do("answer_complaint", SECOND, **ANSWER)
    seen = view(dispute.complaint)
    assert (seen.due, seen.reason, seen.answered_at) == (None, "giấy tờ hợp lệ", dispute.now)


def test_a_representative_withdraws_it_until_the_last_day_has_passed() -> None:
    dispute = Dispute(Grounds.model_validate(FOUND.model_dump() | {"represented_until": "2026-11-26"}), REPRESENTATIVE)
    dispute.now = local("2026-11-26 23:59")
    assert dispute.refusal("withdraw", REPRESENTATIVE, reason="-") == []
    dispute.now = local("2026-11-27 00:00")
    assert dispute.refusal("withdraw", REPRESENTATIVE, reason="-") == ["authorisation_expired"]
    assert dispute.refusal("withdraw", APPLICANT, reason="-") == []


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
    "take_up": st.fixed_dictionaries({"complex": st.sampled_from([None, "hai nội dung"]), "remote": st.booleans()}),
    "not_take_up": st.just({"ground": "not_signed", "reason": "chưa ký"}),
    "verify_complaint": st.just(FINDINGS),
    "invite_to_dialogue": st.fixed_dictionaries(
        {"at": st.sampled_from(["2026-12-20T02:00:00Z", "2027-05-01T02:00:00Z"])}
    ).map(lambda at: DIALOGUE | at),
    "record_dialogue": st.just(TOLD),
    "stay_act": st.just({"reason": "khó khắc phục"}),
    "lift_stay": st.just({"reason": "đã rõ"}),
    "send_answer": st.just(SENT),
    "report_suit": st.fixed_dictionaries({"document": st.sampled_from([None, FILE])}).map(lambda said: SUIT | said),
    "answer_complaint": st.fixed_dictionaries(
        {
            "outcome": st.sampled_from(["upheld", "partly_upheld", "rejected"]),
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
_ENDS: Final = {"withdrawn", "sued"}
LEGAL: Final = {
    "recorded": {"taken_up", "not_taken_up", *_ENDS},
    "taken_up": {"upheld", "partly_upheld", "rejected", *_ENDS},
}


def fitting(complaint: Complaint, kind: str) -> dict[str, Any]:
    """Returns content with which the command is valid whenever it is allowed."""
    contents: dict[str, dict[str, Any]] = {
        "reassign": {"officer": "leader-5" if complaint.answerer == "leader-4" else "leader-4"},
        "not_take_up": {"ground": "not_signed", "reason": "chưa ký"},
        "verify_complaint": FINDINGS,
        "invite_to_dialogue": DIALOGUE | {"at": "2028-01-04T02:00:00Z"},
        "record_dialogue": TOLD,
        "stay_act": {"reason": "khó khắc phục"},
        "lift_stay": {"reason": "đã rõ"},
        "answer_complaint": ANSWER,
        "send_answer": SENT,
        "withdraw": {"reason": "đã rõ", "request": FILE},
        "report_suit": SUIT | {"document": FILE},
    }
    return contents.get(kind, {})


class AnyDispute(stateful.RuleBasedStateMachine):
    """A state machine that gives one complaint commands of every kind."""

    dispute: Dispute
    states: list[str]

    @stateful.initialize(
        act=st.sampled_from(["decided", "stopped", "intake_refused", "overdue"]),
        by_other=st.booleans(),
        against=st.sampled_from([None, None, 1]),
    )
    def made(self, act: str, *, by_other: bool, against: int | None) -> None:
        where = {"step": None, "steps": ()} if act in {"intake_refused", "overdue"} else {}
        found = FOUND.model_copy(update={"act": act, "officer": None if act == "overdue" else LEADER.subject} | where)
        self.dispute = Dispute(found, REPRESENTATIVE if by_other else APPLICANT, against=against)
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
        last = {"withdraw", "report_suit"}
        may = [action.name for action in actions if action.allowed and action.name not in last]
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
            assert after == before or after in LEGAL.get(before, set())

    @stateful.invariant()
    def nobody_decides_about_themselves_alone(self) -> None:
        assert self.complaint.answerer not in self.complaint.side
        assert self.complaint.verifier not in {self.complaint.officer or "", *self.complaint.side}
        ends = [kind for kind in self.dispute.kinds if kind in {"complaint_answered", "complaint_withdrawn"}]
        assert len(ends) <= 1
        if "complaint_answered" in ends and self.complaint.answerer == self.complaint.officer:
            assert "complaint_verified" in self.dispute.kinds

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
        if complaint.state in fold.RIGHT and complaint.reopened is None and complaint.act in UNDONE:
            assert ("system", ("settle_upheld",)) in [(task.role, task.actions) for task in tasks]
        if complaint.state in fold.WAITS or fold.unsent(complaint):
            late = [task for task in tasks if task.role == "team_lead" and task.overdue]
            assert fold.next_timer(complaint) or late
        for task in tasks:
            actor = SYSTEM if task.role == "system" else officer(Role(task.role), task.officer or f"{task.role}-5")
            assert task.actions or task.name.startswith("reminder:")
            for name in {*task.actions} - {"record_dialogue", "stay_act", "settle_upheld"}:
                assert self.dispute.refusal(name, actor, **fitting(complaint, name)) == []


def test_whatever_is_sent_a_complaint_stays_lawful() -> None:
    stateful.run_state_machine_as_test(AnyDispute, settings=PROFILE)
