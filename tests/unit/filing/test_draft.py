"""The draft of the result: shown to the applicant, who confirms it, corrects it, or says nothing."""

from __future__ import annotations

from typing import Any, Final

import pytest

from schemas.filing.state import Draft
from schemas.people import Actor
from tests.unit.filing.lives import (
    AGENCY,
    APPLICANT,
    APPRAISE,
    BUSY,
    DECIDE,
    DRAFT,
    ENDING,
    EXTENSION,
    FILE,
    LEADER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    STOP,
    Life,
    limited,
    local,
    procedure,
)

RULES: Final = procedure(review=[DRAFT, APPRAISE, DECIDE], **EXTENSION)
WRONG: Final = {"note": "sai tên", "form": {"name": "Anh"}}


def drafted(**changes: Any) -> Life:
    """A filing whose draft is with the applicant."""
    life = Life(RULES, **changes)
    if life.stage == "intake":
        life.accepted()
    return life.do("claim", SPECIALIST).do("show_draft", SPECIALIST, draft=FILE)


def test_it_waits_for_the_applicant_and_the_processing_goes_on() -> None:
    life = drafted()
    assert (life.stage, life.status, life.queues) == ("confirmation", 4, ["applicant", "reception"])
    assert (life.ringing["confirmation"], life.clock("processing").paused) == (local("2026-11-26 17:00"), False)
    assert "step" not in life.ringing
    assert life.filing.draft == Draft(step="draft", n=1, officer=SPECIALIST.subject, file=FILE)


@pytest.mark.parametrize("who", [APPLICANT, REPRESENTATIVE, RECEPTION])
def test_confirmed_the_review_goes_on(who: Actor) -> None:
    life = drafted().do("confirm_draft", who)
    assert (life.stage, life.filing.step, life.filing.draft, life.filing.officer) == ("review", "appraise", None, None)
    assert life.kinds[-2:] == ["draft_confirmed", "step_started"]


def test_corrected_it_is_made_again_with_the_right_values() -> None:
    life = drafted().do("correct_draft", APPLICANT, **WRONG)
    assert (life.stage, life.filing.step, life.filing.form["name"]) == ("review", "draft", "Anh")
    assert life.queues == ["specialist"]
    life.do("claim", SPECIALIST).do("show_draft", SPECIALIST, draft=FILE)
    assert life.filing.draft is not None
    assert life.filing.draft.n == 2
    assert life.do("confirm_draft", APPLICANT).filing.step == "appraise"


def test_silence_confirms_it() -> None:
    life = drafted()
    life.now = life.ringing["confirmation"]
    assert life.refusal("confirm_draft", APPLICANT) == [("", "silence_has_confirmed")]
    assert life.refusal("correct_draft", APPLICANT, **WRONG) == [("", "silence_has_confirmed")]
    life.rung()
    confirmed = next(recorded.event for recorded in life.log if recorded.event.kind == "draft_confirmed")
    assert (confirmed.silent, life.filing.step) == (True, "appraise")


@pytest.mark.parametrize(
    ("kind", "actor", "said", "expected"),
    [
        ("correct_draft", APPLICANT, {"note": "sai", "form": {"age": 3}}, [("form.age", "unknown_field")]),
        ("correct_draft", APPLICANT, {"note": "sai", "form": {"name": "A"}}, [("form.name", "below_minimum")]),
        ("correct_draft", SPECIALIST, WRONG, [("actor.role", "role_not_allowed")]),
        ("confirm_draft", SPECIALIST, {}, [("actor.role", "role_not_allowed")]),
        ("show_draft", SPECIALIST, {"draft": FILE}, [("", "wrong_stage")]),
        ("propose", SPECIALIST, {"outcome": "approved"}, [("", "wrong_stage")]),
        ("claim", SPECIALIST, {}, [("", "wrong_stage")]),
    ],
)
def test_what_can_not_be_said_of_it(
    kind: str, actor: Actor, said: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert drafted().refusal(kind, actor, **said) == expected


def test_only_a_step_that_is_a_draft_shows_one() -> None:
    life = Life().accepted().do("claim", SPECIALIST)
    assert life.refusal("show_draft", SPECIALIST, draft=FILE) == [("", "wrong_act")]
    assert life.refusal("confirm_draft", APPLICANT) == [("", "wrong_stage")]


def test_the_officer_takes_it_back_until_somebody_has_answered() -> None:
    life = drafted().do("recall", SPECIALIST)
    assert (life.filing.step, life.filing.officer, life.filing.draft) == ("draft", SPECIALIST.subject, None)
    assert "confirmation" not in life.ringing
    answered = drafted().do("confirm_draft", APPLICANT)
    assert answered.refusal("recall", SPECIALIST) == [("", "nothing_to_recall")]


def test_meanwhile_the_applicant_may_withdraw_and_the_leader_end_or_extend() -> None:
    assert drafted().do("withdraw", APPLICANT, reason="đổi ý").status == 7
    assert drafted().do("stop", LEADER, mode="end", **ENDING).status == 8
    assert drafted().refusal("stop", LEADER, mode="suspend", **STOP) == [("mode", "suspend_only_in_review")]
    assert drafted().do("extend", LEADER, **BUSY).kinds[-1] == "extended"
    assert drafted().do("reappoint", LEADER, **BUSY).kinds[-1] == "reappointed"


def test_a_silent_approval_does_not_wait_for_it() -> None:
    rules = procedure(
        review=[DRAFT | {"draft": {"answer": "30 calendar days"}}, APPRAISE, DECIDE],
        silent_basis="NĐ 1/2026",
        silent_officer="leader-2",
        **limited(processing="1 working days"),
    )
    life = Life(rules).accepted().do("claim", SPECIALIST).do("show_draft", SPECIALIST, draft=FILE)
    life.now = life.ringing["processing"]
    life.rung()
    assert (life.stage, life.filing.draft) == ("issue", None)
    assert "confirmation" not in life.ringing
    assert life.filing.agency == AGENCY
