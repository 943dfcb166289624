"""An applicant died or ceased to exist: allowed commands, stopped clocks, successors, an end without a successor."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from rules.causes import papers_of
from rules.filing import lifecycle, queues
from rules.filing.submission.representation import side_after
from rules.payment.evidence import evidence as of_payment
from rules.refund import claims
from schemas.ids import StreamId
from schemas.papers.state import PaperKind
from schemas.payment.events import PaymentCancelled
from schemas.people import Actor, Applicant, Role
from schemas.publishing.fee import RefundCase
from tests.unit.filing.clocks import referred, suspended, vn
from tests.unit.filing.fees import paid
from tests.unit.filing.lives import (
    ADDRESS,
    APPLICANT,
    DRAFT,
    FETCHED,
    FILE,
    HANDOVER,
    LEADER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    TAX,
    VERIFY,
    Life,
    at,
    fee,
    procedure,
    reopened,
)

PASSES: Final[dict[str, Any]] = {"succession": "60 calendar days"}
HEIR: Final = Applicant(subject="cuc", name="Nguyễn Thị Cúc", id_number="001199000003")
STEPS_IN: Final = Actor(subject="cuc", role=Role.APPLICANT)


def ceased(life: Life) -> Life:
    return life.do("record_cessation", RECEPTION, evidence=FILE)


def succeeded(life: Life) -> Life:
    return life.do("succeed", RECEPTION, applicant=HEIR, evidence=FILE)


def reading() -> Life:
    limits = {"limits": procedure().limits.model_dump() | {"reading": "5 working days"}}
    return Life(procedure(**PASSES, **limits)).accepted().decided().issued()


PLACES: Final[dict[str, Callable[[], Life]]] = {
    "intake": lambda: Life(procedure(**PASSES)),
    "supplement at intake": lambda: Life(procedure(**PASSES)).supplement_requested(RECEPTION, ("paper", "identity")),
    "fee at acceptance": lambda: Life(procedure(fee=fee(), **PASSES)).accepted(),
    "review": lambda: at(VERIFY, **PASSES),
    "supplement in review": lambda: at(VERIFY, **PASSES).supplement_requested(SPECIALIST, ("paper", "identity")),
    "suspended": lambda: suspended(at(VERIFY, **PASSES)),
    "obligation": lambda: referred(at(TAX, **PASSES)),
    "draft": lambda: at(DRAFT, **PASSES).do("show_draft", SPECIALIST, draft=FILE),
    "reading": reading,
    "pickup": lambda: Life(procedure(**PASSES), result_channel="counter").accepted().decided().issued(),
}


@pytest.mark.parametrize("place", PLACES)
def test_at_every_stage_the_filing_waits_and_goes_on_where_it_was_for_the_successor(place: str) -> None:
    life = PLACES[place]()
    stage, status = life.stage, life.status
    ceased(life)
    assert life.stage == "succession"
    assert list(life.ringing) == ["succession"], "nothing runs against a side that nobody stands for"
    assert life.queues[0] == "reception"
    for actor in (APPLICANT, REPRESENTATIVE, LEADER, SPECIALIST, HANDOVER):
        assert lifecycle.RULES.guard(life.filing, "withdraw", actor, life.now) is not None
        assert queues.possible(life.filing, actor, life.now) == ()
    succeeded(life.wait(days=30))
    assert (life.stage, life.filing.applicant) == (stage, HEIR)
    assert life.status in {status, 4, 6}
    assert "succession" not in life.filing.clocks
    assert life.ringing, "somebody's limit runs again"


def test_the_agencys_limit_goes_on_with_its_rest_and_an_answers_begins_again() -> None:
    life = at(VERIFY, **PASSES)
    before = life.clock("processing")
    ceased(life)
    assert life.clock("processing").pauses[-1].reason == "succession"
    succeeded(life.until("2026-12-02 10:00"))
    assert not life.clock("processing").paused
    assert vn(life.clock("processing").due) == "2026-12-09 17:00", "five working days later than without the wait"
    assert vn(before.due) == "2026-12-02 17:00"
    asked = at(VERIFY, **PASSES).supplement_requested(SPECIALIST, ("paper", "identity"))
    ends = asked.clock("supplement").due
    succeeded(ceased(asked).wait(days=14))
    assert asked.clock("supplement").due > ends
    assert asked.clock("processing").pauses[-1].reason == "supplement", "its request still stands"
    asked.do("supplement", STEPS_IN, papers=[{"code": "identity", "file": FILE.model_dump()}])
    assert not asked.clock("processing").paused


def test_whoever_stood_for_the_dead_acts_no_more_and_is_not_seen_as_acting() -> None:
    life = ceased(Life(procedure(**PASSES)))
    assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == [("actor", "mandate_over")]
    assert life.refusal("withdraw", APPLICANT, reason="-") == [("", "applicant_ceased")]
    assert life.refusal("withdraw", RECEPTION, reason="-", request=FILE) == [("", "applicant_ceased")]
    assert side_after(one.event for one in life.log) == ("an", None, None)
    succeeded(life)
    assert side_after(one.event for one in life.log) == ("cuc", None, None)
    assert life.refusal("withdraw", REPRESENTATIVE, reason="-") == [("actor", "mandate_over")]
    assert life.refusal("withdraw", APPLICANT, reason="-") == [("actor.subject", "not_the_applicant")]
    assert life.refusal("withdraw", STEPS_IN, reason="-") == []


def test_without_a_right_that_passes_on_the_filing_ends_at_once_with_one_notice() -> None:
    for life, status in ((Life(), 3), (at(VERIFY), 8)):
        ceased(life)
        assert life.kinds[-2:] == ["applicant_ceased", "lapsed"]
        assert (life.stage, life.status, life.filing.closing) == ("closed", status, "lapsed")
        notices = [papers_of(recorded.event) for recorded in life.log[-2:]]
        assert notices == [(), (PaperKind.STOP, PaperKind.CONTROL)]


def test_the_wait_ends_with_its_limit_and_the_fee_goes_by_its_rule() -> None:
    refunds = {"refunds": [{"case": "lapsed", "percent": 100}]}
    life = paid(Life(procedure(fee=fee() | refunds, **PASSES)).accepted())
    ceased(life)
    assert papers_of(life.log[-1].event) == (PaperKind.STOP,)
    assert vn(life.ringing["succession"]) == "2027-01-26 00:00", "24:00 of the sixtieth day, a Monday"
    life.until("2027-01-25 23:59").rung()
    assert life.stage == "succession"
    life.until("2027-01-26 00:00").rung()
    assert (life.kinds[-1], life.status) == ("lapsed", 8)
    assert claims.ended_as(life.filing) is RefundCase.LAPSED
    assert claims.percent_of(life.filing, RefundCase.LAPSED) == 100
    assert life.refusal("succeed", RECEPTION, applicant=HEIR, evidence=FILE) == [("", "filing_closed")]


def test_an_unpaid_fee_is_asked_of_the_successor_anew() -> None:
    life = ceased(Life(procedure(fee=fee(), **PASSES)).accepted())
    assert [str(one.state) for one in life.filing.fees] == ["cancelled"]
    assert life.filing.payments_to_cancel == (1,)
    cancels = of_payment(StreamId("payment", life.filing.filing_id, 1), PaymentCancelled(reason="-"))
    assert any("applicant_ceased" in entry.kinds for way in cancels or () for entry in way)
    assert life.refusal("settle_fee", n=1, settlement="expired", amount=0) != []
    succeeded(life)
    assert [(one.n, str(one.state)) for one in life.filing.fees] == [(1, "cancelled"), (2, "due")]


def test_a_result_in_the_making_is_finished_and_is_given_to_the_successor_alone() -> None:
    life = Life(procedure(**PASSES), result_channel="counter").accepted().decided()
    ceased(life)
    assert (life.stage, life.clock("issue").paused) == ("issue", False)
    life.issued()
    assert (life.stage, life.filing.pickup, life.status) == ("succession", False, 9)
    succeeded(life)
    assert life.stage == "pickup"
    theirs = FETCHED | {"recipient": HEIR.name, "identity": {"document": "citizen_card", "number": HEIR.id_number}}
    assert life.refusal("hand_over", HANDOVER, **FETCHED) == [("identity.number", "identity_differs")]
    assert life.refusal("hand_over", HANDOVER, **theirs) == []


def test_an_offer_to_the_dead_ends_with_its_code_and_link() -> None:
    life = ceased(reading())
    assert (life.filing.link, life.filing.offered) == (None, False)
    succeeded(life)
    assert (life.kinds[-1], life.filing.links) == ("result_offered", 2)


def test_a_parcel_is_called_back_and_if_it_comes_back_the_result_waits_for_the_successor() -> None:
    life = Life(procedure(**PASSES), result_channel="post", address=ADDRESS).accepted().decided().issued()
    ceased(life)
    assert life.kinds[-2:] == ["applicant_ceased", "parcel_recalled"]
    life.do("settle_parcel", n=1, outcome="cancelled")
    assert life.stage == "succession"
    succeeded(life)
    assert life.stage == "pickup"


def test_nothing_lapses_while_a_parcel_is_with_the_post_or_a_result_in_the_making() -> None:
    life = Life(procedure(**PASSES), result_channel="post", address=ADDRESS).accepted().decided().issued()
    ceased(life).until("2027-03-01 00:00").rung()
    assert (life.stage, life.kinds.count("lapsed")) == ("succession", 0)
    life.do("settle_parcel", n=1, outcome="returned")
    assert (life.kinds[-1], life.status) == ("lapsed", 9), "what the agency owed is done"
    made = ceased(Life(result_channel="counter").accepted().decided())
    assert made.stage == "issue"
    assert made.refusal("succeed", RECEPTION, applicant=HEIR, evidence=FILE) == [("", "right_ends_with_applicant")]
    assert made.issued().kinds[-1] == "lapsed"


def test_what_others_report_meanwhile_moves_no_clock_that_stands() -> None:
    life = referred(at(TAX, **PASSES))
    life.do("demand_obligation", SPECIALIST, reference="1/TB", amount=5_000, agency="H01.50", payable=True)
    ceased(life)
    n = life.filing.demands[0].n
    life.do("settle_fee", n=n, settlement="paid", amount=5_000)
    assert life.kinds[-1] == "obligation_fulfilled"
    assert life.clock("processing").paused
    assert list(life.ringing) == ["succession"]
    succeeded(life)
    assert not life.clock("processing").paused
    assert life.stage == "review"


def test_who_may_record_it_and_when() -> None:
    life = at(VERIFY, **PASSES)
    assert life.refusal("succeed", RECEPTION, applicant=HEIR, evidence=FILE) == [("", "applicant_not_ceased")]
    for actor in (SPECIALIST, LEADER, APPLICANT):
        assert life.refusal("record_cessation", actor, evidence=FILE) == [("actor.role", "role_not_allowed")]
    ceased(life)
    assert life.refusal("record_cessation", RECEPTION, evidence=FILE) == [("", "ceased_already")]
    same = HEIR.model_copy(update={"id_number": life.filing.applicant.id_number if life.filing.applicant else ""})
    refused = life.refusal("succeed", RECEPTION, applicant=same, evidence=FILE)
    assert refused == [("applicant.id_number", "successor_is_the_applicant")]
    own = HEIR.model_copy(update={"subject": RECEPTION.subject})
    assert life.refusal("succeed", RECEPTION, applicant=own, evidence=FILE) == [("actor.subject", "own_filing")]


def test_a_complaint_about_the_end_opens_it_for_somebody_who_may_act() -> None:
    life = reopened(ceased(Life()), None)
    assert (life.stage, life.filing.ceased) == ("intake", False)
    assert life.refusal("withdraw", APPLICANT, reason="-") == []


def test_a_suspension_undone_while_a_successor_is_awaited_leaves_the_wait() -> None:
    life = ceased(suspended(at(VERIFY, **PASSES)))
    reopened(life, "verify")
    assert (life.stage, list(life.ringing)) == ("succession", ["succession"])
    succeeded(life)
    assert (life.stage, not life.clock("processing").paused) == ("review", True)


def test_lateness_before_the_death_stays_recorded() -> None:
    life = at(VERIFY, **PASSES).until("2026-12-09 09:00")
    ceased(life)
    assert {"step", "processing"} <= {*life.filing.overdue}


# A mistaken record is taken back.


def taken_back(life: Life, actor: Actor = RECEPTION) -> Life:
    return life.do("revoke_cessation", actor, reason="ghi nhầm người")


@pytest.mark.parametrize("place", PLACES)
def test_a_mistaken_record_is_taken_back_as_if_the_agencys_time_had_never_stood_still(place: str) -> None:
    life = PLACES[place]()
    stage = life.stage
    own = {name: life.clock(name) for name in ("intake", "processing", "step") if life.runs(name)}
    may = lifecycle.RULES.guard(life.filing, "withdraw", REPRESENTATIVE, life.now)
    side = side_after(one.event for one in life.log)
    taken_back(ceased(life).wait(hours=1))
    assert (life.stage, life.filing.ceased, "succession" in life.filing.clocks) == (stage, False, False)
    assert {name: life.clock(name) for name in own} == own
    assert lifecycle.RULES.guard(life.filing, "withdraw", REPRESENTATIVE, life.now) == may
    assert side_after(one.event for one in life.log) == side
    assert life.ringing, "somebody's limit runs again"
    revoked = next(one.event for one in life.log if one.event.kind == "cessation_revoked")
    assert papers_of(revoked) == (PaperKind.CORRECTION,)


def test_the_time_of_the_applicants_side_begins_again_after_a_mistake() -> None:
    life = at(VERIFY, **PASSES).supplement_requested(SPECIALIST, ("paper", "identity"))
    ends = life.clock("supplement").due
    taken_back(ceased(life).wait(days=5))
    assert life.clock("supplement").due > ends
    assert life.clock("processing").pauses[-1].reason == "supplement", "its request still stands"


def test_what_ran_out_while_a_mistaken_record_stood_is_late_at_once() -> None:
    life = at(VERIFY, **PASSES)
    taken_back(ceased(life).wait(days=30)).rung()
    assert {"step", "processing"} <= {*life.filing.overdue}


def test_an_unpaid_fee_is_asked_for_anew_after_a_mistake() -> None:
    life = taken_back(ceased(Life(procedure(fee=fee(), **PASSES)).accepted()))
    assert [(one.n, str(one.state)) for one in life.filing.fees] == [(1, "cancelled"), (2, "due")]


def test_who_may_take_a_mistaken_record_back_and_until_when() -> None:
    life = at(VERIFY, **PASSES)
    assert life.refusal("revoke_cessation", RECEPTION, reason="-") == [("", "applicant_not_ceased")]
    ceased(life)
    for actor in (RECEPTION, LEADER):
        assert life.refusal("revoke_cessation", actor, reason="-") == []
    for actor in (SPECIALIST, APPLICANT):
        assert life.refusal("revoke_cessation", actor, reason="-") == [("actor.role", "role_not_allowed")]
    succeeded(life)
    assert life.refusal("revoke_cessation", RECEPTION, reason="-") == [("", "applicant_not_ceased")]
    assert ceased(Life()).refusal("revoke_cessation", RECEPTION, reason="-") == [("", "filing_closed")]
    assert ceased(taken_back(ceased(at(VERIFY, **PASSES)))).stage == "succession"
