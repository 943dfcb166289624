"""What an event keeps of a command, and what a filing keeps of an event; a back office that fails, told while it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.queues import possible
from schemas.errors import RefusalCode, RefusalError
from schemas.filing import events as ev
from schemas.filing.events import MachineWork
from schemas.filing.state import Task
from schemas.people import Role
from tests.unit.filing.clocks import IDENTITY, events, off, supplied, tells, vn
from tests.unit.filing.lives import (
    ADDRESS,
    AGENCY,
    APPRAISE,
    BUSY,
    DECIDE,
    FILE,
    LEADER,
    SPECIALIST,
    TEAM_LEAD,
    VERIFY,
    Life,
    at,
    command,
    fee,
    limited,
    local,
    procedure,
)

SAID: Final[dict[str, Any]] = {
    "address": ADDRESS,
    "result_channel": "post",
    "payer_account": "970400-0001",
    "signature": FILE,
    "fee_channel": "online",
}


def test_a_submission_is_recorded_whole() -> None:
    life = Life(procedure(fee=fee(), standing_order="01", standing_officer="leader-1"), **SAID)
    submission, rules = life.submit(**SAID).submission, life.filing.procedure
    event = life.log[0].event
    assert isinstance(event, ev.Submitted)
    same = ev.Submitted.model_fields.keys() & type(submission).model_fields.keys() - {"version", "level", "assisted"}
    assert {name: getattr(event, name) for name in same} == {name: getattr(submission, name) for name in same}
    assert (event.filed_by, event.version, event.procedure_sha256) == (submission.actor, rules.version, rules.sha256)
    assert (event.calendar, event.agency, event.level) == ("vn@2026.1", "H01.12", 4)
    assert event.paper_digests == {"identity": FILE.sha256}
    assert event.accountable == ev.Accountable(standing="leader-1")
    kept = type(life.filing).model_fields.keys() & ev.Submitted.model_fields.keys() - {"procedure", "calendar"}
    digests = {name for name in kept if name not in {"digests", "code"}}
    assert {name: getattr(life.filing, name) for name in digests} == {name: getattr(event, name) for name in digests}


def test_what_it_goes_by_stands_in_its_first_event_and_nothing_else_is_folded() -> None:
    life = Life()
    pinned = ev.Digests(rules="1" * 64, calendar="2" * 64)
    begun = life.filing.model_copy(update={"seq": 0, "digests": pinned})
    first = lifecycle.decide(begun, life.submit(), life.now)[0]
    assert isinstance(first, ev.Submitted)
    assert first.digests == pinned
    recorded = replace(life.log[0], event=first.model_copy(update={"code": "H01.12-1"}))
    assert lifecycle.evolve(begun, recorded).code == "H01.12-1"
    other = begun.model_copy(update={"digests": ev.Digests(rules="3" * 64, calendar="2" * 64)})
    with pytest.raises(ValueError, match="handed in under"):
        lifecycle.evolve(other, recorded)


def test_who_answers_for_it_is_kept_in_its_rules() -> None:
    life = Life(procedure(standing_order="01", standing_officer="leader-1"))
    assert (life.filing.procedure.standing_officer, life.filing.procedure.silent_officer) == ("leader-1", None)
    silent = {"silent_officer": "leader-2", "silent_basis": "Đ5"}
    kept = Life(procedure(**silent)).filing.procedure
    assert (kept.standing_officer, kept.silent_officer) == (None, "leader-2")


def test_the_last_moment_of_a_filing_is_that_of_its_last_event() -> None:
    life = Life().wait(hours=1).accepted()
    assert (life.filing.changed_at, life.filing.accepted_at) == (life.now, life.now)


def test_a_change_of_calendar_comes_too_late_for_a_clock_that_ran_out_under_the_other() -> None:
    life = at(VERIFY).until("2026-11-30 17:30").do("change_calendar", **off(date(2026, 12, 1)))
    assert life.kinds[-2:] == ["overdue", "calendar_changed"]


def test_where_silence_has_approved_no_calendar_puts_that_off() -> None:
    life = at(VERIFY, silent_officer="leader-1", silent_basis="Đ5").until("2026-12-02 17:00")
    assert life.refusal("change_calendar", **off(date(2026, 12, 1))) == [("", "silence_has_approved")]
    assert life.until("2026-12-02 16:59").refusal("change_calendar", **off(date(2026, 12, 1))) == []


def test_an_apology_at_the_instant_of_the_start_is_none() -> None:
    life = Life(procedure(**limited(apology="6 working days"))).until("2026-11-25 17:00").accepted()
    assert vn(life.clock("processing").due) == "2026-12-03 17:00"  # six working days after the start
    assert "apology" not in tells(life, "processing")
    life = Life(procedure(**limited(apology="5 working days"))).until("2026-11-25 17:00").accepted()
    assert tells(life, "processing")["apology"] == "2026-11-26 17:00"


def test_without_waivers_nothing_is_waived() -> None:
    asked = {"waiver": "poor", "reason": "hộ nghèo"}
    assert Life(procedure(fee=fee())).accepted().refusal("waive_fee", LEADER, **asked) == [("", "no_waivers")]
    assert Life().accepted().refusal("waive_fee", LEADER, **asked) == [("", "no_waivers")]


def test_what_is_late_is_shown_as_late_to_the_leader_too() -> None:
    life = at(VERIFY).until("2026-12-02 17:00").rung()
    [apology] = [task for task in lifecycle.tasks(life.filing, life.now) if task.name == "apology:processing"]
    assert (apology.overdue, apology.agency, apology.due) == (True, "H01.12", local("2026-12-02 17:00"))


def test_what_is_refused_names_what_can_be_done_instead() -> None:
    life = Life()
    with pytest.raises(RefusalError) as refused:
        lifecycle.decide(life.filing, command("claim", LEADER), life.now)
    assert refused.value.refusal.allowed == possible(life.filing, LEADER, life.now)
    before = life.filing.model_copy(update={"seq": 0})
    with pytest.raises(RefusalError) as refused:
        lifecycle.decide(before, command("claim", LEADER), life.now)
    assert refused.value.refusal.allowed == ()


def test_a_move_is_taken_back_also_after_what_its_clocks_have_told() -> None:
    life = at(VERIFY).until("2026-11-26 09:00").do("forward", SPECIALIST)
    life.until("2026-12-01 16:00").rung()
    assert "apology_drafted" in life.kinds
    life.do("reappoint", LEADER, by="1 working days", **BUSY)
    assert life.refusal("recall", SPECIALIST) == []
    life.until("2026-12-03 17:00").rung().do("apologise", LEADER, **BUSY)
    assert "overdue" in life.kinds
    assert life.refusal("recall", SPECIALIST) == []
    life.do("change_calendar", **off(date(2027, 3, 1)))
    assert life.refusal("recall", SPECIALIST) == []


def test_an_appointment_is_put_off_by_as_much_as_the_filing_stood_still_too() -> None:
    life = at(VERIFY | {"limit": "20 working days"}, resumption={"supplement": "resume"})
    life.until("2026-11-26 07:00").asked(SPECIALIST, IDENTITY)
    supplied(life.until("2026-11-30 07:00"))  # two working days
    assert vn(life.clock("processing").due) == "2026-12-04 17:00"
    life.until("2026-12-03 17:00").rung()
    [drafted] = events(life, ev.ApologyDrafted)
    assert (vn(drafted.due), vn(drafted.proposed)) == ("2026-12-04 17:00", "2026-12-11 17:00")


def test_a_task_is_due_when_the_clock_of_its_stage_is() -> None:
    life = Life()
    [task] = lifecycle.tasks(life.filing, life.now)
    assert task.due == life.clock("intake").due


def test_a_refusal_keeps_its_code_and_only_what_is_not_allowed_names_what_is() -> None:
    life = Life()
    with pytest.raises(RefusalError) as refused:
        lifecycle.decide(life.filing.model_copy(update={"seq": 0}), life.submit(form={}), life.now)
    assert (refused.value.refusal.code, refused.value.refusal.allowed) == (RefusalCode.BAD_SUBMISSION, ())
    with pytest.raises(RefusalError) as refused:
        lifecycle.decide(at(VERIFY).filing, command("reassign", TEAM_LEAD, officer="specialist-1"), life.now)
    assert refused.value.refusal.code is RefusalCode.NOT_ALLOWED
    assert "reassign" in refused.value.refusal.allowed


def test_taking_back_a_step_after_the_proposal_leaves_the_proposal() -> None:
    life = Life(procedure(review=[APPRAISE, VERIFY, DECIDE])).accepted().proposed()
    life.do("claim", SPECIALIST).do("forward", SPECIALIST).do("recall", SPECIALIST)
    assert (life.filing.step, life.filing.proposal is not None) == ("verify", True)


ISSUE: Final[dict[str, Any]] = {"work": MachineWork.ISSUE, "tries": 10}
CHECK: Final[dict[str, Any]] = {"work": MachineWork.CHECK, "tries": 10}


def notices(life: Life) -> list[Task]:
    """What the team lead is told."""
    return [task for task in lifecycle.tasks(life.filing, life.now) if task.role is Role.TEAM_LEAD]


def notice(work: str) -> Task:
    return Task(name=f"machine_work:{work}", agency=AGENCY, role=Role.TEAM_LEAD, actions=())


def test_a_result_that_is_not_made_is_told_once_until_it_is() -> None:
    life = Life().accepted().decided()
    ringing = life.ringing
    life.do("report_failing", **ISSUE, error="LookupError")
    assert notices(life) == [notice("issue")]
    assert life.ringing == ringing
    assert life.refusal("report_failing", **ISSUE) == [("work", "told_already")]
    assert notices(life.issued()) == []


def test_an_answer_takes_it_back_and_a_later_failure_is_told_anew() -> None:
    life = Life().do("report_failing", **CHECK).do("report_answered", work=MachineWork.CHECK)
    assert notices(life) == []
    assert life.refusal("report_answered", work=MachineWork.CHECK) == [("work", "not_failing")]
    assert notices(life.do("report_failing", **CHECK)) == [notice("check")]


def test_who_takes_the_filing_in_by_hand_needs_no_check_any_more() -> None:
    life = Life().do("report_failing", **CHECK).accepted()
    assert notices(life) == []
    assert notices(life.decided()) == []
    assert Life().accepted().decided().refusal("report_failing", **CHECK) == [("work", "not_asked")]


def test_only_the_system_reports() -> None:
    life = Life().accepted().decided()
    assert life.refusal("report_failing", LEADER, **ISSUE) == [("actor.role", "role_not_allowed")]
