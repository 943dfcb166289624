"""The team lead is told of an agency's back office that fails, for as long as the filing waits for it."""

from __future__ import annotations

from typing import Any, Final

from rules.filing import lifecycle
from schemas.filing.events import MachineWork
from schemas.filing.state import Task
from schemas.people import Role
from tests.unit.filing.lives import AGENCY, LEADER, Life

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
