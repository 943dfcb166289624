"""Steps of the review other than the reading of papers, interruptions, and tasks of an absent officer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from rules.filing import lifecycle, projections
from rules.filing.commands.with_applicant import MOST_OPEN_QUESTIONS
from schemas.people import PersonKind, Role
from tests.unit.filing.lives import (
    APPLICANT,
    APPRAISE,
    CASHIER,
    CONSULT,
    DECIDE,
    ENDING,
    ESCALATE,
    INSPECT,
    LEADER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    START,
    STOP,
    TAX,
    TEAM_LEAD,
    VERIFY,
    Life,
    at,
    fee,
    local,
    officer,
    procedure,
    submission,
    wrong,
)

SEEN: Final[dict[str, Any]] = {
    "held_at": START,
    "place": "1 Hàng Bài",
    "participants": ["Nguyễn Văn An"],
    "findings": "đúng hiện trạng",
}
SECOND: Final = officer(Role.SPECIALIST, "specialist-2")
ANOTHER: Final = officer(Role.RECEPTION, "reception-2")
"""A reception officer other than the one that accepted the filing."""


# Inspection.


def test_an_inspection_is_recorded_with_time_place_people_and_findings_and_finishes_its_step() -> None:
    life = at(INSPECT).wait(days=1)
    assert life.refusal("forward", SPECIALIST) == [("", "wrong_act")]
    assert life.refusal("inspect", SECOND, **SEEN) == [("", "claimed_by_other")]
    later = SEEN | {"held_at": life.now + timedelta(seconds=1)}
    assert life.refusal("inspect", SPECIALIST, **later) == [("held_at", "in_the_future")]
    life.do("inspect", SPECIALIST, **SEEN)
    [found] = life.filing.inspections
    assert (found.step, found.officer, found.findings) == ("inspect", "specialist-1", "đúng hiện trạng")
    assert life.kinds[-2:] == ["inspected", "step_started"]
    assert (life.filing.officer, life.queues) == (None, ["specialist"])


# Consultation.


def test_the_last_opinion_closes_a_consultation() -> None:
    life = at(CONSULT)
    assert life.refusal("record_opinion", SPECIALIST, party="navy", consent=True) == [("party", "not_awaited")]
    life.do("record_opinion", SPECIALIST, party="police", consent=False, note="thiếu lối thoát")
    assert life.kinds[-1] == "opinion_recorded"
    assert life.refusal("record_opinion", SPECIALIST, party="police", consent=True) == [("party", "not_awaited")]
    life.do("record_opinion", SPECIALIST, party="health", consent=True)
    assert life.kinds[-3:] == ["opinion_recorded", "consultation_closed", "step_started"]
    assert [(o.party, o.consent, o.silent) for o in life.filing.opinions] == [
        ("police", False, False),
        ("health", True, False),
    ]


def test_silence_is_consent_at_the_instant_the_time_is_over_where_the_procedure_says_so() -> None:
    life = at(CONSULT).do("record_opinion", SPECIALIST, party="police", consent=True)
    life.until("2026-11-27 17:00")
    assert life.refusal("record_opinion", SPECIALIST, party="health", consent=False) == [("", "too_late")]
    life.do("timer_fired", clock="step")
    assert life.kinds[-2:] == ["consultation_closed", "step_started"]
    assert [o.party for o in life.filing.opinions if o.silent] == ["health"]
    assert life.filing.overdue == ()


def test_silence_that_is_no_consent_makes_the_step_late_and_lets_it_be_sent_on() -> None:
    life = at(ESCALATE)
    assert life.refusal("forward", SPECIALIST) == [("", "wrong_act")]
    life.until("2026-11-27 17:00")
    life.do("timer_fired", clock="step")
    assert (life.filing.overdue, life.queues) == (("step",), ["specialist", "team_lead"])
    life.do("record_opinion", SPECIALIST, party="police", consent=True).do("forward", SPECIALIST)
    assert life.kinds[-2:] == ["forwarded", "step_started"]


# A step that is done only if needed.


@pytest.mark.parametrize("step", [INSPECT, CONSULT], ids=["inspection", "consultation"])
def test_a_step_that_is_not_needed_is_passed_over_with_the_reason(step: dict[str, Any]) -> None:
    life = at(step | {"if_needed": True})
    assert life.refusal("forward", SPECIALIST) == [("note", "reason_to_pass_over")]
    life.do("forward", SPECIALIST, note="hồ sơ đầy đủ, thống nhất")
    [forwarded, started] = [recorded.event for recorded in life.log[-2:]]
    assert (forwarded.passed_over, forwarded.note) == (True, "hồ sơ đầy đủ, thống nhất")
    assert (started.kind, started.step, life.filing.opinions) == ("step_started", "appraise", ())
    assert life.do("recall", SPECIALIST).filing.step == step["code"]


def test_a_consultation_that_a_body_has_answered_is_not_passed_over() -> None:
    life = at(ESCALATE | {"if_needed": True})
    life.do("record_opinion", SPECIALIST, party="police", consent=True)
    assert life.refusal("forward", SPECIALIST, note="không cần") == [("", "wrong_act")]
    life.until("2026-11-27 17:00")
    life.do("timer_fired", clock="step").do("forward", SPECIALIST)
    assert not life.log[-2].event.passed_over


# A financial obligation.


def test_an_obligation_stops_the_agencys_clocks_is_status_6_and_ends_with_its_proof() -> None:
    life = at(TAX)
    life.do("refer_obligation", SPECIALIST, reference="12/PC-UBND")
    assert (life.status, life.stage, set(life.ringing)) == (4, "obligation", {"obligation"})
    assert life.ringing["obligation"] == local("2026-11-30 17:00")
    life.until("2026-11-27 10:00").do("demand_obligation", SPECIALIST, reference="34/TB-CCT", amount=5_000_000)
    assert (life.status, life.ringing["obligation"]) == (6, local("2026-12-29 00:00"))  # the 27th is a Sunday
    assert life.queues == ["specialist", "cashier"]
    assert life.refusal("demand_obligation", SPECIALIST, reference="1/TB", amount=1) == [("", "demanded_already")]
    assert life.refusal("fulfil_obligation", SECOND, reference="1/GNT") == [("", "claimed_by_other")]
    life.until("2026-12-02 10:00").do("fulfil_obligation", CASHIER, reference="56/GNT")
    assert (life.status, life.stage, life.kinds[-2:]) == (4, "review", ["obligation_fulfilled", "step_started"])
    assert life.ringing["processing"] == local("2026-12-09 17:00")  # 45 hours later: 5 on that day, and five days


# Recall.


@pytest.mark.parametrize("verb", ["forward", "inspect"])
def test_who_finished_a_step_takes_it_back_until_somebody_takes_it_up(verb: str) -> None:
    life = at(VERIFY if verb == "forward" else INSPECT)
    life.do(verb, SPECIALIST, **(SEEN if verb == "inspect" else {}))
    assert life.refusal("recall", SECOND) == [("actor.subject", "not_your_move")]
    assert life.refusal("recall", officer(Role.LEADER, SPECIALIST.subject)) == [("actor.role", "role_not_allowed")]
    life.wait(hours=1).do("recall", SPECIALIST)
    first = life.filing.procedure.review[0].code
    assert (life.filing.step, life.filing.officer, life.stage) == (first, "specialist-1", "review")
    assert life.refusal("recall", SPECIALIST) == [("", "nothing_to_recall")]
    life.do(verb, SPECIALIST, **(SEEN if verb == "inspect" else {})).do("claim", SECOND)
    assert life.refusal("recall", SPECIALIST) == [("", "nothing_to_recall")]


def test_who_stopped_it_takes_that_back_also_as_two() -> None:
    life = at(VERIFY).do("stop", LEADER, mode="suspend", **STOP)
    assert life.refusal("recall", officer(Role.LEADER, "leader-2")) == [("actor.subject", "not_your_move")]
    assert life.refusal("recall", officer(Role.SPECIALIST, LEADER.subject)) == [("actor.role", "role_not_allowed")]
    assert life.do("recall", LEADER).kinds[-1] == "resumed"
    assert life.status == 4
    life = at(VERIFY).do("stop", officer(Role.LEADER, "specialist-1"), mode="suspend", **STOP)
    [task] = lifecycle.tasks(life.filing, life.now)
    assert task.actions == ("stop", "prolong", "resume")
    assert life.refusal("recall", LEADER) == [("actor.subject", "not_your_move")]


# Questions.


def test_a_question_waits_for_nothing_and_is_answered_once() -> None:
    life = at(VERIFY)
    ringing = life.ringing
    assert life.refusal("ask", SECOND, question="Ngày sinh?") == [("", "claimed_by_other")]
    life.do("ask", SPECIALIST, question="Ngày sinh?").do("ask", SPECIALIST, question="Nơi sinh?")
    assert (life.ringing, life.status, life.queues) == (ringing, 4, ["specialist", "applicant"])
    assert life.refusal("answer", SPECIALIST, n=1, answer="1/1") == [("actor.role", "role_not_allowed")]
    assert life.refusal("answer", APPLICANT, n=3, answer="1/1") == [("n", "no_such_question")]
    life.do("answer", APPLICANT, n=2, answer="Hà Nội").do("forward", SPECIALIST)
    life.do("answer", REPRESENTATIVE, n=1, answer="1/1/2000")
    assert [question.answer for question in life.filing.questions] == ["1/1/2000", "Hà Nội"]
    assert life.refusal("answer", APPLICANT, n=1, answer="1/1") == [("", "no_open_question")]


def test_so_many_questions_may_be_open_at_once_and_no_more() -> None:
    life = at(VERIFY)
    for n in range(MOST_OPEN_QUESTIONS):
        life.do("ask", SPECIALIST, question=f"{n}?")
    assert life.refusal("ask", SPECIALIST, question="?") == [("", "too_many_open_questions")]
    life.do("answer", APPLICANT, n=3, answer="1/1").do("ask", SPECIALIST, question="?")
    assert life.refusal("ask", SPECIALIST, question="?") == [("", "too_many_open_questions")]


# Stop and resume.


def test_a_suspension_lasts_as_long_as_the_leader_says_and_no_longer_than_the_procedure_lets_it() -> None:
    life = at(VERIFY)
    for limit in ("31 calendar days", "0 calendar days", "3 working days"):
        assert life.refusal("stop", LEADER, mode="suspend", limit=limit, **STOP) == [("limit", "too_far")], limit
    life.do("stop", LEADER, mode="suspend", limit="30 calendar days", awaits="bản án", **STOP)
    assert life.log[-1].event.awaits == "bản án"
    assert life.clock("suspension").due == local("2026-12-25 17:00")
    life.do("resume", LEADER).do("stop", LEADER, mode="suspend", limit="7 calendar days", **STOP)
    assert life.clock("suspension").due == local("2026-12-02 17:00")
    life.do("resume", LEADER).do("stop", LEADER, mode="suspend", **STOP)
    assert life.clock("suspension").due == local("2026-12-25 17:00")


def test_what_is_stopped_for_good_has_no_end() -> None:
    life = at(VERIFY)
    for field, value in {"limit": "7 calendar days", "awaits": "bản án"}.items():
        assert life.refusal("stop", LEADER, mode="end", **ENDING, **{field: value}) == [(field, "only_for_suspension")]


def test_the_leader_is_reminded_of_the_end_of_a_suspension_and_prolongs_it_with_a_reason() -> None:
    life = at(VERIFY).do("stop", LEADER, mode="suspend", limit="7 calendar days", **STOP)
    assert life.refusal("prolong", SPECIALIST, reason="chưa xử") == [("actor.role", "role_not_allowed")]
    life.until("2026-12-01 17:00").rung()
    told = [(task.name, task.role) for task in lifecycle.tasks(life.filing, life.now)]
    assert told == [("suspended", "leader"), ("reminder:suspension", "leader")]
    for by in ("31 calendar days", "0 calendar days", "3 working days"):
        assert life.refusal("prolong", LEADER, reason="chưa xử", by=by) == [("by", "too_far")], by
    life.do("prolong", LEADER, reason="chưa xử", by="5 calendar days")
    assert (life.clock("suspension").due, life.status) == (local("2026-12-07 17:00"), 8)
    assert [task.name for task in lifecycle.tasks(life.filing, life.now)] == ["suspended"]
    life.do("prolong", LEADER, reason="chưa xử")
    assert life.clock("suspension").due == local("2027-01-06 17:00")


def test_a_suspension_whose_end_is_over_is_prolonged_beyond_today() -> None:
    life = at(VERIFY).do("stop", LEADER, mode="suspend", limit="7 calendar days", **STOP)
    life.until("2026-12-07 17:00").rung()
    assert (life.filing.overdue, life.queues) == (("suspension",), ["leader", "team_lead"])
    assert life.refusal("prolong", LEADER, reason="chưa xử", by="5 calendar days") == [("by", "end_over")]
    life.do("prolong", LEADER, reason="chưa xử", by="6 calendar days")
    assert (life.clock("suspension").due, life.queues) == (local("2026-12-08 17:00"), ["leader"])


def test_a_filing_is_not_stopped_before_it_is_handled_nor_after_its_decision() -> None:
    assert Life().refusal("stop", LEADER, mode="end", **ENDING) == [("", "wrong_stage")]
    assert Life().accepted().refusal("stop", LEADER, mode="end", **ENDING) == [("", "not_handled_yet")]
    assert at(TAX).do("refer_obligation", SPECIALIST, reference="1/PC").refusal(
        "stop", LEADER, mode="suspend", **STOP
    ) == [("mode", "suspend_only_in_review")]
    owing = Life(procedure(fee=fee("result"))).accepted().decided().issued()
    assert owing.refusal("stop", LEADER, mode="end", **ENDING) == [("", "decided_already")]


# Silent approval.


def test_silence_is_nothing_where_no_officer_of_the_agency_answers_for_it() -> None:
    life = at(VERIFY, silent_basis="Luật X, Đ5")
    life.until("2026-12-02 17:00")
    assert life.do("timer_fired", clock="processing").stage == "review"


# Waivers, and fees with the submission.

HALF: Final = {"waivers": [{"code": "student", "percent": 50, "approver": "cashier"}]}
WHOLE: Final = {"waivers": [{"code": "poor", "percent": 100, "approver": "reception"}]}


def test_half_a_fee_is_waived_once_and_the_rest_asked_for_anew() -> None:
    life = Life(procedure(fee=fee() | HALF)).accepted()
    waiver = {"waiver": "student", "reason": "sinh viên"}
    assert life.refusal("waive_fee", RECEPTION, **waiver) == [("actor.role", "role_not_allowed")]
    assert life.refusal("waive_fee", CASHIER, **waiver | {"waiver": "poor"}) == [("waiver", "unknown_waiver")]
    life.do("waive_fee", CASHIER, **waiver)
    assert [(f.n, f.amount, f.waived, str(f.state)) for f in life.filing.fees] == [
        (1, 16_000, 0, "waived"),
        (2, 8_000, 8_000, "due"),
    ]
    assert life.refusal("waive_fee", CASHIER, **waiver) == [("", "waived_already")]
    assert life.refusal("settle_fee", n=1, settlement="paid", amount=16_000) == [("n", "no_such_fee")]
    life.do("settle_fee", n=2, settlement="paid", amount=8_000)
    assert (life.status, life.stage) == (4, "review")


def test_a_waiver_is_granted_by_its_role_and_a_whole_one_leaves_nothing_owed() -> None:
    life = Life(procedure(fee=fee() | WHOLE)).accepted().do("waive_fee", ANOTHER, waiver="poor", reason="hộ nghèo")
    assert (life.status, life.stage, len(life.filing.fees)) == (4, "review", 1)
    assert life.kinds[-2:] == ["fee_waived", "step_started"]
    life = Life(procedure(fee=fee() | {"waivers": [*HALF["waivers"], *WHOLE["waivers"]]})).accepted()
    for waiver, approver, other in (("student", CASHIER, ANOTHER), ("poor", ANOTHER, CASHIER)):
        asked = {"waiver": waiver, "reason": "có giấy xác nhận"}
        assert life.refusal("waive_fee", other, **asked) == [("waiver", "unknown_waiver")]
        assert life.refusal("waive_fee", approver, **asked) == []


# Who files, and what for.


def test_what_was_declared_decides_which_papers_fields_and_fees_there_are() -> None:
    urgent = {"field": "urgent", "one_of": [True]}
    rules = procedure(
        papers=[{"code": "identity", "required": True}, {"code": "diploma", "required": True, "when": [urgent]}],
        form=[
            {"code": "urgent", "kind": "boolean", "required": True},
            {"code": "copies", "kind": "integer", "required": True, "when": [urgent]},
            {"code": "born", "kind": "date", "required": False},
            {"code": "late", "kind": "text", "required": False, "when": [{"field": "born", "at_least_days_ago": 61}]},
        ],
        fee=fee()
        | {
            "items": [
                {"code": "slow", "amount": 10_000, "when": [{"field": "urgent", "one_of": [False]}]},
                {"code": "fast", "amount": 30_000, "when": [urgent, {"channel": "online"}]},
                {"code": "many", "amount": 1_000, "when": [{"field": "copies", "at_least": 6}]},
                {"code": "company", "amount": 5_000, "when": [{"applicant": "organisation"}]},
            ]
        },
    )
    slow = Life(rules, form={"urgent": False}).accepted()
    assert [line.code for line in slow.filing.fees[0].lines] == ["slow"]
    with pytest.raises(Exception, match="paper_required") as refused:
        Life(rules, form={"urgent": True})
    assert "field_required" in str(refused.value)
    with pytest.raises(Exception, match="field_not_applicable"):
        Life(rules, form={"urgent": False, "copies": 1})
    late = {"urgent": False, "late": "nằm viện"}
    assert wrong(rules, form=late | {"born": "2026-11-20"}) == [("form.late", "field_not_applicable")]
    assert wrong(rules, form=late | {"born": "2026-09-20"}) == []
    papers = [{"code": code, "file": {"key": "k", "sha256": "a" * 64, "size": 1}} for code in ("identity", "diploma")]
    company = submission().applicant.model_copy(update={"kind": PersonKind.ORGANISATION})
    fast = Life(rules, form={"urgent": True, "copies": 6}, papers=papers, applicant=company).accepted()
    assert [line.code for line in fast.filing.fees[0].lines] == ["fast", "many", "company"]
    few = Life(rules, form={"urgent": True, "copies": 5}, papers=papers).accepted()
    assert [line.code for line in few.filing.fees[0].lines] == ["fast"]


SECOND_AS_LEADER: Final = officer(Role.LEADER, "specialist-2")
FIRST_AS_LEADER: Final = officer(Role.LEADER, "specialist-1")
FOR_THE_FIRST: Final = {"officer": "specialist-2", "acting_for": "specialist-1"}
FOUR_EYES: Final = [("actor.subject", "four_eyes")]

CLAIMED: Final[dict[str, Callable[[], tuple[Life, str]]]] = {
    "intake": lambda: (Life().do("claim", RECEPTION), "reception-1"),
    "review": lambda: (at(VERIFY), "specialist-1"),
    "obligation": lambda: (at(TAX).do("refer_obligation", SPECIALIST, reference="12/PC"), "specialist-1"),
    "decision": lambda: (Life().accepted().proposed().do("claim", LEADER), "leader-1"),
}


def passed_on() -> Life:
    """Returns a filing whose task moved from the first specialist to the second one, who is the substitute."""
    return (
        Life(procedure(review=[APPRAISE, DECIDE]))
        .accepted()
        .do("claim", SPECIALIST)
        .do("reassign", TEAM_LEAD, **FOR_THE_FIRST)
    )


@pytest.mark.parametrize("stage", CLAIMED)
def test_a_task_is_taken_over_in_the_place_of_whoever_has_it_and_of_nobody_else(stage: str) -> None:
    life, absent = CLAIMED[stage]()
    mine = {"officer": "substitute", "acting_for": "somebody"}
    assert life.refusal("reassign", TEAM_LEAD, **mine) == [("acting_for", "not_their_task")]
    life.do("reassign", TEAM_LEAD, **(mine | {"acting_for": absent}))
    [task] = [task for task in lifecycle.tasks(life.filing, life.now) if task.officer]
    assert (task.officer, task.acting_for, life.filing.whose_task) == ("substitute", absent, absent)
    assert life.log[-1].event.role == task.role


def test_what_nobody_has_claimed_or_has_been_claimed_by_another_meanwhile_is_left_where_it_is() -> None:
    life = Life(procedure(review=[VERIFY, APPRAISE, DECIDE])).accepted()
    assert life.refusal("reassign", TEAM_LEAD, **FOR_THE_FIRST) == [("acting_for", "not_their_task")]
    life.do("claim", officer(Role.SPECIALIST, "specialist-3"))
    assert life.refusal("reassign", TEAM_LEAD, **FOR_THE_FIRST) == [("acting_for", "not_their_task")]
    life.do("release", TEAM_LEAD).do("claim", SECOND)
    assert life.refusal("reassign", TEAM_LEAD, **FOR_THE_FIRST) == [("officer", "claimed_already")]


def test_who_recuses_themselves_gives_the_task_back_and_does_nothing_more() -> None:
    life = Life().accepted().do("claim", SPECIALIST).do("recuse", SPECIALIST, reason="anh ruột của người nộp")
    assert (life.kinds[-2:], life.filing.officer) == (["recused", "released"], None)
    for kind, said in (("claim", {}), ("recuse", {"reason": "-"}), ("ask", {"question": "-"})):
        assert life.refusal(kind, SPECIALIST, **said) == [("actor.subject", "own_filing")]
    assert life.refusal("claim", SECOND) == []
    assert life.refusal("recuse", APPLICANT, reason="-") == [("actor.role", "role_not_allowed")]
    assert life.do("recuse", LEADER, reason="-").kinds[-2:] == ["released", "recused"]
    row = projections.rows(life.filing).row
    assert row is not None
    assert row["recused"] == ["H01.12 specialist-1", "H01.12 leader-1"]


def test_who_has_handled_it_does_not_decide_unless_the_law_lets_one_officer_do_both() -> None:
    for alone, why in ((False, FOUR_EYES), (True, [])):
        life = Life(procedure(review=[VERIFY, DECIDE], one_officer=alone)).accepted()
        life.do("claim", SPECIALIST).do("forward", SPECIALIST)
        assert life.refusal("claim", FIRST_AS_LEADER) == why
        life.do("claim", LEADER).do("decide", LEADER, outcome="approved")
        [decided] = [one.event for one in life.log if one.event.kind == "decided"]
        assert decided.proposed_by == (() if alone else ("specialist-1",))


def test_in_whose_place_it_was_proposed_does_not_decide_and_nor_does_the_substitute() -> None:
    life = passed_on().do("propose", SECOND, outcome="approved")
    assert life.filing.proposal is not None
    assert (life.filing.proposal.officer, life.filing.proposal.acting_for) == ("specialist-2", "specialist-1")
    for who in (SECOND_AS_LEADER, FIRST_AS_LEADER):
        assert life.refusal("claim", who) == FOUR_EYES
        assert life.refusal("reassign", TEAM_LEAD, officer=who.subject) == [("officer", "four_eyes")]
    assert life.do("claim", LEADER).refusal("decide", LEADER, outcome="approved") == []


def test_a_decision_in_the_place_of_a_leader_says_so() -> None:
    life = Life().accepted().proposed().do("claim", LEADER)
    life.do("reassign", TEAM_LEAD, officer="leader-2", acting_for="leader-1")
    assert life.refusal("decide", LEADER, outcome="approved") == [("", "claimed_by_other")]
    decided = life.do("decide", officer(Role.LEADER, "leader-2"), outcome="approved").filing.decision
    assert decided is not None
    assert (decided.officer, decided.acting_for) == ("leader-2", "leader-1")


def test_acting_for_somebody_ends_with_the_task_and_comes_back_with_it() -> None:
    life = passed_on()
    assert life.supplement_requested(SECOND, ("paper", "identity")).filing.acting_for == "specialist-1"
    life = passed_on().do("propose", SECOND, outcome="approved")
    assert (life.filing.officer, life.filing.acting_for) == (None, None)
    life.do("recall", SECOND)
    assert (life.filing.officer, life.filing.acting_for, life.filing.proposal) == ("specialist-2", "specialist-1", None)
    life.do("release", SECOND).do("claim", SECOND)
    assert life.filing.acting_for is None


def test_who_comes_back_is_given_their_task_again() -> None:
    life = passed_on()
    given = {"officer": "specialist-1", "acting_for": "specialist-1"}
    assert life.refusal("reassign", TEAM_LEAD, **given) == [("acting_for", "not_for_oneself")]
    life.do("reassign", TEAM_LEAD, officer="specialist-1")
    assert (life.filing.officer, life.filing.acting_for) == ("specialist-1", None)
