"""Money in suspense: whatever officers say in whatever order, it goes one way, and two have said so."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.suspense import decide, state_of
from schemas.errors import RefusalError
from schemas.money import suspense as sp
from schemas.money.suspense import ASKING, StepKind, Suspense, SuspenseState
from schemas.people import Actor, Role
from tests.acting import AGENCY, FILE, officer
from tests.tiers import examples

NOW: Final = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
ID: Final = UUID(int=7)
CASHIER: Final = officer(Role.CASHIER)
LEADER: Final = officer(Role.LEADER)
LEADING: Final = CASHIER.model_copy(update={"role": Role.LEADER})
TAKING: Final = LEADER.model_copy(update={"role": Role.CASHIER})
BOTH: Final = (CASHIER, TAKING, LEADER, LEADING)
WHY: Final = {"reason": "khớp sao kê"}
ASSIGN: Final = (sp.AssignSuspense, {"filing_id": UUID(int=9), "payment": 1} | WHY)
GIVE_BACK: Final = (sp.GiveBackSuspense, WHY)
GIVEN: Final = (sp.RecordSuspenseGiven, {"means": "cash", "evidence": FILE})
FIRST: Final = (sp.ApproveSuspense, {"asked": 1})


def money(*steps: sp.SuspenseStep, outcome: str = "paid", found: bool = False) -> Suspense:
    return Suspense(
        id=ID,
        provider="treasury",
        transaction="C1",
        amount=16_000,
        outcome=outcome,
        at=NOW,
        received_at=NOW,
        memo="canary",
        state=SuspenseState.FOUND if found else state_of(steps, outcome),
        steps=steps,
    )


def after(of: Suspense, actor: Actor, what: tuple[type[sp.SuspenseCommand], dict[str, Any]]) -> Suspense:
    model, said = what
    command: Any = model.model_validate({"command_id": "c", "actor": actor, "callback": ID} | said)
    return money(*of.steps, decide(of, command, NOW), outcome=of.outcome)


def rules(of: Suspense, actor: Actor, what: tuple[type[sp.SuspenseCommand], dict[str, Any]]) -> list[str]:
    with pytest.raises(RefusalError) as refused:
        after(of, actor, what)
    return [one.rule for one in refused.value.refusal.problems]


def test_a_cashier_asks_and_a_leader_approves() -> None:
    asked = after(money(), CASHIER, ASSIGN)
    assert asked.state is SuspenseState.ASKED
    approved = after(asked, LEADER, FIRST)
    assert approved.state is SuspenseState.ASSIGNED
    assert approved.steps[0].stream == f"payment:{UUID(int=9)}:1"
    assert "canary" not in repr(approved)


def test_what_goes_back_is_given_by_hand_with_evidence_by_another_than_who_approved() -> None:
    approved = after(after(money(), CASHIER, GIVE_BACK), LEADER, FIRST)
    assert approved.state is SuspenseState.TO_GIVE_BACK
    assert rules(approved, TAKING, GIVEN) == ["needs_another"]
    assert rules(approved, LEADER, GIVEN) == ["role_not_allowed"]
    transfer: dict[str, Any] = GIVEN[1] | {"means": "transfer"}
    assert rules(approved, CASHIER, (sp.RecordSuspenseGiven, transfer)) == ["for_transfers_alone"]
    assert rules(approved, CASHIER, (sp.RecordSuspenseGiven, GIVEN[1] | {"bank_reference": "FT1"})) == [
        "for_transfers_alone"
    ]
    for said in (GIVEN[1], transfer | {"bank_reference": "FT1"}):
        assert after(approved, CASHIER, (sp.RecordSuspenseGiven, said)).state is SuspenseState.GIVEN_BACK
    with pytest.raises(ValidationError):
        after(approved, CASHIER, (sp.RecordSuspenseGiven, {"means": "cash"}))


def test_what_the_bank_has_taken_back_is_done_with_once_approved() -> None:
    asked = after(money(outcome="reversed"), CASHIER, GIVE_BACK)
    assert after(asked, LEADER, FIRST).state is SuspenseState.GIVEN_BACK


@pytest.mark.parametrize("role", list(Role))
def test_each_thing_is_for_one_role(role: Role) -> None:
    actor = Actor(subject="somebody", role=role, agency=AGENCY)
    asked = after(money(), CASHIER, ASSIGN)
    approved = after(after(money(), CASHIER, GIVE_BACK), LEADER, FIRST)
    decline = (sp.DeclineSuspense, {"asked": 1} | WHY)
    for of, what, whose in (
        (money(), ASSIGN, Role.CASHIER),
        (money(), GIVE_BACK, Role.CASHIER),
        (asked, FIRST, Role.LEADER),
        (asked, decline, Role.LEADER),
        (approved, GIVEN, Role.CASHIER),
    ):
        if role is whose:
            after(of, actor, what)
        else:
            assert rules(of, actor, what) == ["role_not_allowed"]


def test_it_is_approved_by_another_of_the_same_agency_and_as_it_was_asked() -> None:
    asked = after(money(), CASHIER, ASSIGN)
    assert rules(asked, LEADING, FIRST) == ["needs_another"]
    assert rules(asked, officer(Role.LEADER, "H01.12"), FIRST) == ["other_agency"]
    assert rules(asked, LEADER.model_copy(update={"agency": None}), FIRST) == ["not_in_directory"]
    declined = after(asked, LEADER, (sp.DeclineSuspense, {"asked": 1} | WHY))
    assert declined.state is SuspenseState.WAITING
    again = after(declined, CASHIER, GIVE_BACK)
    assert rules(again, LEADER, FIRST) == ["nothing_asked"], "it is not what they saw"
    assert after(again, LEADER, (sp.ApproveSuspense, {"asked": 3})).state is SuspenseState.TO_GIVE_BACK


@pytest.mark.parametrize(
    ("what", "rule"), [(ASSIGN, "not_in_suspense"), (FIRST, "nothing_asked"), (GIVEN, "nothing_left_to_hand")]
)
def test_what_has_found_its_payment_waits_for_nobody(what: Any, rule: str) -> None:
    asked = after(money(), CASHIER, ASSIGN)
    actor = LEADER if what is FIRST else CASHIER
    assert rules(money(*asked.steps, found=True), actor, what) == [rule]


@given(st.lists(st.tuples(st.sampled_from(BOTH), st.sampled_from(list(StepKind)), st.integers(1, 6)), max_size=12))
@settings(max_examples=examples(400))
def test_whatever_is_said_it_goes_one_way_and_two_have_said_so(said: list[tuple[Actor, StepKind, int]]) -> None:
    of = money()
    for actor, kind, asked in said:
        what: dict[StepKind, Any] = {
            StepKind.ASSIGN: ASSIGN,
            StepKind.GIVE_BACK: GIVE_BACK,
            StepKind.APPROVE: (sp.ApproveSuspense, {"asked": asked}),
            StepKind.DECLINE: (sp.DeclineSuspense, {"asked": asked} | WHY),
            StepKind.GIVEN: GIVEN,
        }
        try:
            of = after(of, actor, what[kind])
        except RefusalError:
            continue
    assert [step.n for step in of.steps] == list(range(1, len(of.steps) + 1))
    approved = [n for n, step in enumerate(of.steps) if step.kind is StepKind.APPROVE]
    assert len(approved) <= 1
    for n in approved:
        ask, approval, *rest = of.steps[n - 1 :]
        assert ask.kind in ASKING
        assert ask.officer != approval.officer
        assert [step.kind for step in rest] in ([], [StepKind.GIVEN])
        assert all(step.officer != approval.officer and ask.kind is StepKind.GIVE_BACK for step in rest)
    done = {SuspenseState.ASSIGNED, SuspenseState.TO_GIVE_BACK, SuspenseState.GIVEN_BACK}
    assert (of.state in done) is bool(approved)
