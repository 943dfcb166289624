"""A task in the place of an absent officer: whose it is, who then acts, and that both are kept from the decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from rules.filing import lifecycle
from schemas.people import Role
from tests.unit.filing.lives import (
    APPRAISE,
    DECIDE,
    LEADER,
    RECEPTION,
    SPECIALIST,
    TAX,
    TEAM_LEAD,
    VERIFY,
    Life,
    at,
    officer,
    procedure,
)

SECOND: Final = officer(Role.SPECIALIST, "specialist-2")
SECOND_AS_LEADER: Final = officer(Role.LEADER, "specialist-2")
FIRST_AS_LEADER: Final = officer(Role.LEADER, "specialist-1")
OTHER_LEADER: Final = officer(Role.LEADER, "leader-2")
FOR_THE_FIRST: Final = {"officer": "specialist-2", "acting_for": "specialist-1"}
FOUR_EYES: Final = [("actor.subject", "four_eyes")]

CLAIMED: Final[dict[str, Callable[[], tuple[Life, str]]]] = {
    "intake": lambda: (Life().do("claim", RECEPTION), "reception-1"),
    "review": lambda: (at(VERIFY), "specialist-1"),
    "obligation": lambda: (at(TAX).do("refer_obligation", SPECIALIST, reference="12/PC"), "specialist-1"),
    "decision": lambda: (Life().accepted().proposed().do("claim", LEADER), "leader-1"),
}


def passed_on() -> Life:
    """The proposal is the task of the first specialist; the second has it in their place."""
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


def test_another_substitute_still_acts_for_the_first_one_absent() -> None:
    life = passed_on()
    assert life.refusal("reassign", TEAM_LEAD, officer="third", acting_for="specialist-2") == [
        ("acting_for", "not_their_task")
    ]
    life.do("reassign", TEAM_LEAD, officer="third", acting_for="specialist-1")
    assert (life.filing.officer, life.filing.acting_for) == ("third", "specialist-1")


def test_in_whose_place_it_was_proposed_does_not_decide_and_nor_does_the_substitute() -> None:
    life = passed_on().do("propose", SECOND, outcome="approved")
    assert life.filing.proposal is not None
    assert (life.filing.proposal.officer, life.filing.proposal.acting_for) == ("specialist-2", "specialist-1")
    for who in (SECOND_AS_LEADER, FIRST_AS_LEADER):
        assert life.refusal("claim", who) == FOUR_EYES
        assert life.refusal("reassign", TEAM_LEAD, officer=who.subject) == [("officer", "four_eyes")]
    assert life.do("claim", LEADER).refusal("decide", LEADER, outcome="approved") == []


@pytest.mark.parametrize("substitute", ["specialist-1", "specialist-2"])
def test_no_substitute_decides_what_they_proposed_or_what_was_proposed_in_their_place(substitute: str) -> None:
    life = passed_on().do("propose", SECOND, outcome="approved").do("claim", LEADER)
    given = {"officer": substitute, "acting_for": "leader-1"}
    assert life.refusal("reassign", TEAM_LEAD, **given) == [("officer", "four_eyes")]


def test_a_decision_in_the_place_of_a_leader_says_so() -> None:
    life = Life().accepted().proposed().do("claim", LEADER)
    life.do("reassign", TEAM_LEAD, officer="leader-2", acting_for="leader-1")
    assert life.refusal("decide", LEADER, outcome="approved") == [("", "claimed_by_other")]
    decided = life.do("decide", OTHER_LEADER, outcome="approved").filing.decision
    assert decided is not None
    assert (decided.officer, decided.acting_for) == ("leader-2", "leader-1")


def test_nobody_is_a_substitute_in_their_own_filing() -> None:
    life = at(VERIFY)
    for theirs in ("an", "binh"):
        given = {"officer": theirs, "acting_for": "specialist-1"}
        assert life.refusal("reassign", TEAM_LEAD, **given) == [("officer", "own_filing")]


def test_acting_for_somebody_ends_with_the_task_and_comes_back_with_it() -> None:
    life = passed_on()
    assert life.asked(SECOND, ("paper", "identity")).filing.acting_for == "specialist-1"
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
