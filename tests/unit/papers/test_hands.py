"""Through whose hands a filing went, how long it was there, and who answers for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pytest

from rules.papers.custody.hands import hands
from schemas.papers.custody import Hand
from schemas.people import Role
from tests.unit.filing.lives import (
    APPLICANT,
    APPRAISE,
    AT_DESK,
    CASHIER,
    DECIDE,
    FETCHED,
    HANDOVER,
    LEADER,
    PAPER,
    PARTS,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    START,
    STOP,
    TAX,
    TEAM_LEAD,
    Life,
    at,
    fee,
    officer,
    procedure,
)

INSTANT: Final = {"standing_order": "01/QĐ-UBND", "standing_officer": "leader-9"}


def of(life: Life) -> tuple[Hand, ...]:
    return hands(life.log, life.filing, life.now)


def who(life: Life) -> list[tuple[str, str | None]]:
    """The holder of each hand, an officer's role in its place, and the name that is known."""
    return [(hand.role or hand.holder, hand.subject or hand.accountable) for hand in of(life)]


def done(life: Life) -> list[list[str]]:
    return [[deed.kind for deed in hand.done] for hand in of(life)]


def test_a_hand_begins_where_the_one_before_ends_and_time_in_it_is_office_time() -> None:
    life = Life().until("2026-11-25 16:00").do("claim", RECEPTION).until("2026-11-26 09:00").accepted()
    life.until("2026-11-26 10:00")
    assert who(life) == [
        ("representative", None),
        ("reception", None),
        ("reception", "reception-1"),
        ("specialist", None),
    ]
    assert done(life) == [["submitted"], ["claimed"], ["accepted"], []]
    begun: list[datetime] = [hand.since for hand in of(life)]
    assert [hand.until for hand in of(life)] == [START, *begun[2:], None]
    assert [hand.working_minutes for hand in of(life)] == [0, 90 + 150, 60 + 120, 60]


def test_an_unclaimed_task_was_in_the_hand_of_who_did_it() -> None:
    life = Life().wait(minutes=5).accepted()
    assert who(life)[1] == ("reception", "reception-1")


def test_a_task_that_was_given_away_lay_in_the_queue_until_then() -> None:
    life = Life().accepted().do("reassign", TEAM_LEAD, officer="specialist-2")
    life.wait(minutes=1).do("release", officer(Role.SPECIALIST, "specialist-2"))
    assert who(life)[2:] == [("specialist", None), ("specialist", "specialist-2"), ("specialist", None)]
    [deed] = of(life)[2].done
    assert (deed.kind, deed.role, deed.subject) == ("reassigned", "team_lead", "team_lead-1")


def test_the_way_of_a_filing_to_its_result() -> None:
    life = (
        Life(result_channel="counter").accepted().decided().issued().wait(days=1).do("hand_over", HANDOVER, **FETCHED)
    )
    assert who(life) == [
        ("representative", None),
        ("reception", "reception-1"),
        ("specialist", None),
        ("specialist", "specialist-1"),
        ("leader", None),
        ("leader", "leader-1"),
        ("system", "leader-1"),
        ("handover", "handover-1"),
    ]
    assert done(life)[3:] == [
        ["proposed"],
        ["claimed"],
        ["decided"],
        ["result_issued", "pickup_offered"],
        ["handed_over"],
    ]
    assert of(life)[-1].until == life.now


def test_what_the_system_decides_has_the_name_of_the_officer_of_the_standing_order() -> None:
    life = Life(procedure(**INSTANT)).do("accept")
    assert who(life) == [("representative", None), ("system", "leader-9"), ("system", "leader-9")]
    accepted, decided = of(life)[1].done
    assert (accepted.kind, accepted.subject, accepted.accountable) == ("accepted", None, "leader-9")
    assert (decided.kind, decided.accountable) == ("decided", "leader-9")


def test_the_applicant_and_who_stands_for_them_have_no_name() -> None:
    life = Life().asked(RECEPTION, ("paper", "identity"))
    life.do("withdraw", REPRESENTATIVE, reason="x")
    assert who(life)[2] == ("applicant", None)
    shown = "".join(hand.model_dump_json() for hand in of(life))
    assert REPRESENTATIVE.subject not in shown
    assert '"subject":"an"' not in shown


def test_what_lapses_by_itself_is_answered_for_by_who_acted_last() -> None:
    life = Life().asked(RECEPTION, ("paper", "identity"))
    life.until("2026-12-20 09:00").rung()
    [deed] = of(life)[-1].done
    assert (deed.kind, deed.accountable) == ("supplement_expired", "reception-1")


def test_a_filing_recorded_by_an_officer_begins_in_their_hand() -> None:
    desk = Life(**AT_DESK, result_channel="counter")
    first, second = of(desk)
    assert (first.role, first.subject, first.agency) == ("reception", "reception-1", "H01.01")
    assert [deed.kind for deed in first.done] == ["submitted", "accepted"]
    assert (second.role, second.agency) == ("specialist", "H01.12")


def test_a_fee_is_with_the_applicant_whoever_takes_the_money() -> None:
    life = Life(procedure(fee=fee()), **PAPER, result_channel="counter", fee_channel="counter")
    life.do("pay_at_counter", CASHIER, amount=16000)
    assert who(life)[1] == ("applicant", None)
    assert next((deed.kind, deed.subject) for deed in of(life)[1].done) == ("fee_paid", "cashier-1")


def test_another_authority_has_it_for_the_officer_who_asked() -> None:
    life = at(TAX).do("refer_obligation", SPECIALIST, reference="12/PC")
    assert who(life)[-1] == ("authority", "specialist-1")
    life.do("demand_obligation", SPECIALIST, reference="13/TB", amount=100)
    assert who(life)[-1] == ("applicant", None)
    assert of(life)[-2].step == "tax"


def test_a_suspended_filing_is_in_the_hand_of_who_suspended_it() -> None:
    life = Life().accepted().do("claim", SPECIALIST).do("stop", LEADER, mode="suspend", **STOP).wait(hours=1)
    assert who(life)[-1] == ("leader", "leader-1")
    life.do("resume", LEADER)
    assert who(life)[-1] == ("specialist", "specialist-1")


def test_what_other_agencies_decide_is_in_their_hands_beside_the_others() -> None:
    life = Life(procedure(review=[PARTS, APPRAISE, DECIDE])).accepted().wait(hours=1)
    life.do("settle_part", n=1, outcome="approved", officer="h01.31-specialist-1")
    parts = {hand.part: hand for hand in of(life) if hand.part}
    assert (parts["residence"].agency, parts["residence"].subject) == ("H01.31", "h01.31-specialist-1")
    assert (parts["residence"].until, parts["residence"].outcome) == (life.now, "early")
    assert (parts["insurance"].agency, parts["insurance"].subject, parts["insurance"].until) == ("H01.60", None, None)
    [answered] = [deed for hand in of(life) for deed in hand.done if deed.kind == "part_answered"]
    assert answered.accountable == "h01.31-specialist-1"
    assert who(life)[2] == ("specialist", None)


def test_parts_that_nobody_answered_are_over_when_the_filing_is() -> None:
    life = Life(procedure(review=[PARTS, APPRAISE, DECIDE])).accepted().wait(hours=1)
    life.do("withdraw", REPRESENTATIVE, reason="x")
    assert [hand.until for hand in of(life) if hand.part] == [life.now, life.now]


@pytest.mark.parametrize(("until", "outcome"), [("2026-11-26 09:00", "early"), ("2026-11-27 09:00", "late")])
def test_a_hand_tells_its_limit_and_whether_that_was_kept(until: str, outcome: str) -> None:
    life = Life()
    assert of(life)[-1].due == life.clock("intake").due
    life.until(until).rung().accepted()
    assert (of(life)[1].due, of(life)[1].outcome) == (life.clock("intake").due, outcome)


def test_a_hand_from_which_a_task_is_only_passed_on_tells_no_outcome() -> None:
    life = Life().accepted().do("claim", SPECIALIST)
    assert [hand.outcome for hand in of(life)[2:]] == [None, None]


def test_the_post_has_it_until_it_says_otherwise() -> None:
    address: Any = {"recipient": "An", "phone": "0900000000", "address": "1 Hàng Bài", "postcode": "10000"}
    life = Life(result_channel="post", address=address).accepted().decided().issued()
    assert who(life)[-1] == ("post", "leader-1")
    life.do("settle_parcel", n=1, outcome="returned")
    assert who(life)[-1] == ("handover", None)


def test_a_reopened_filing_goes_on_from_who_upheld_the_complaint() -> None:
    life = Life().do("refuse_intake", RECEPTION, reason="x", legal_basis="y").wait(days=1)
    life.do("settle_complaint", n=1, about=2, officer="leader-2", step=None)
    assert who(life)[2:] == [("system", "leader-2"), ("reception", None)]
    assert (of(life)[1].until, of(life)[2].since, of(life)[2].until) == (START, life.now, life.now)


def test_an_answer_does_not_move_a_filing() -> None:
    life = Life().accepted().do("claim", SPECIALIST).do("ask", SPECIALIST, question="?")
    life.do("answer", APPLICANT, n=1, answer="!")
    assert done(life)[-1] == ["asked", "answered"]


def test_what_follows_by_itself_is_the_systems_whoever_gave_the_command() -> None:
    life = Life(procedure(fee=fee("submission")))
    submitted, asked = of(life)[0].done
    assert (submitted.role, asked.kind, asked.role, asked.accountable) == (
        "representative",
        "fee_requested",
        "system",
        None,
    )


def test_who_takes_the_money_answers_for_nothing_else() -> None:
    life = Life(procedure(fee=fee(), review=[PARTS, APPRAISE, DECIDE]), **PAPER, fee_channel="counter")
    life.do("pay_at_counter", CASHIER, amount=16000)
    paid, referred = of(life)[1].done
    assert (paid.kind, paid.subject, paid.accountable) == ("fee_paid", "cashier-1", None)
    assert (referred.kind, referred.role, referred.accountable) == ("referred", "system", "reception-1")


def test_an_approval_that_waited_for_the_fee_is_not_the_cashiers() -> None:
    life = Life(procedure(fee=fee(), **INSTANT), fee_channel="counter").do("accept")
    life.do("pay_at_counter", CASHIER, amount=16000)
    decided = next(deed for hand in of(life) for deed in hand.done if deed.kind == "decided")
    assert (decided.role, decided.subject, decided.accountable) == ("system", None, "leader-9")
