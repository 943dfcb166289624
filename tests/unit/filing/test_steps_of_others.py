"""Review steps that others complete: other agencies, a tax office, or the applicant, who confirms a draft."""

from datetime import date
from typing import Any, Final

import pytest

from rules.evidence import Entry
from rules.filing import lifecycle
from rules.payment.kind import tells
from rules.stream_kind import Origin
from rules.streams import FILING, PAYMENT
from schemas.errors import RefusalError
from schemas.filing.state import Draft, FilingPart, TaxDemand
from schemas.ids import OBLIGATIONS, StreamId, fee_key, filing_id, payment_workflow, reference_of
from schemas.limit import Limit
from schemas.payment.commands import RequestPayment
from schemas.payment.events import PaymentCancelled, PaymentRequested
from schemas.payment.state import Payment, PaymentStart, PaymentState
from schemas.people import Actor
from tests.unit.filing.lives import (
    AGENCY,
    APPLICANT,
    APPRAISE,
    CALENDAR,
    CASHIER,
    DECIDE,
    DRAFT,
    EXTENSION,
    FILE,
    LEADER,
    PAPER,
    PARTS,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    START,
    TAX,
    VERIFY,
    Life,
    at,
    limited,
    local,
    procedure,
)

OTHER: Final = CALENDAR.model_copy(update={"version": "2026.2", "off": (date(2026, 11, 26), date(2026, 11, 27))})
ANSWER: Final[dict[str, Any]] = {"outcome": "approved", "officer": "h01.31-specialist-1"}


def part(life: Life, n: int) -> FilingPart:
    return life.filing.parts[n - 1]


def on_paper() -> Life:
    return Life(procedure(review=[PARTS, APPRAISE, DECIDE]), **PAPER, result_channel="counter")


def test_what_is_electronic_goes_to_all_agencies_at_once() -> None:
    life = Life(procedure(review=[PARTS, APPRAISE, DECIDE])).accepted()
    assert life.kinds[-3:] == ["step_started", "referred", "referred"]
    assert [(p.n, p.code, p.agency, p.stage) for p in life.filing.parts] == [
        (1, "residence", "H01.31", "referred"),
        (2, "insurance", "H01.60", "referred"),
    ]
    assert life.status == 4
    assert [p.due for p in life.filing.parts] == [local("2026-11-27 17:00"), local("2026-11-26 17:00")]


def test_what_is_on_paper_goes_to_one_agency_after_another() -> None:
    life = on_paper()
    assert [p.stage for p in life.filing.parts] == ["referred", "planned"]
    life.wait(days=1).do("settle_part", n=1, **ANSWER)
    assert life.kinds[-2:] == ["part_answered", "referred"]
    assert part(life, 2).referred_at == life.now
    life.do("settle_part", n=2, **ANSWER)
    assert life.kinds[-3:] == ["part_answered", "parts_decided", "step_started"]


def test_the_step_ends_with_the_last_answer_whatever_it_is() -> None:
    life = at(PARTS)
    life.do("settle_part", n=2, outcome="refused", officer="h01.60-specialist-1")
    assert life.kinds[-1] == "part_answered"
    life.do("settle_part", n=1, **ANSWER)
    assert life.kinds[-3:] == ["part_answered", "parts_decided", "step_started"]
    assert [(p.outcome, p.officer, p.answered_at) for p in life.filing.parts] == [
        ("approved", "h01.31-specialist-1", life.now),
        ("refused", "h01.60-specialist-1", life.now),
    ]
    assert life.runs("step")[0].ended_by == "parts_decided"
    assert life.filing.officer is None


def test_nobody_ends_the_step_but_the_agencies_that_were_asked() -> None:
    life = at(PARTS)
    assert life.refusal("forward", SPECIALIST) == [("", "wrong_act")]
    assert life.refusal("propose", SPECIALIST, outcome="approved") == [("", "wrong_act")]
    assert life.refusal("settle_part", SPECIALIST, n=1, **ANSWER) == [("actor.role", "role_not_allowed")]
    assert life.refusal("settle_part", n=3, **ANSWER) == [("n", "no_such_part")]
    life.do("settle_part", n=1, **ANSWER)
    assert life.refusal("settle_part", n=1, **ANSWER) == [("n", "no_such_part")]
    assert on_paper().refusal("settle_part", n=2, **ANSWER) == [("n", "no_such_part")]


def test_a_part_that_is_late_is_told_once_to_the_team_lead_until_it_is_answered() -> None:
    life = at(PARTS).do("report_overdue_part", n=2)
    assert life.tasks("part_overdue:insurance") == [("team_lead", ())]
    assert life.refusal("report_overdue_part", n=2) == [("n", "told_already")]
    life.do("settle_part", n=2, **ANSWER)
    assert life.tasks("part_overdue:insurance") == []
    assert part(life, 2).overdue
    assert life.refusal("report_overdue_part", n=2) == [("n", "no_such_part")]


def test_other_agencies_go_on_while_the_filing_is_suspended_and_the_next_is_asked_after_it() -> None:
    life = on_paper().do("claim", SPECIALIST).do("stop", LEADER, mode="suspend", reason="chờ", legal_basis="Đ19")
    life.do("settle_part", n=1, **ANSWER)
    assert [p.stage for p in life.filing.parts] == ["answered", "planned"]
    life.do("recall", LEADER)
    assert life.kinds[-2:] == ["resumed", "referred"]


def test_what_was_referred_is_not_taken_back_by_who_sent_the_filing_on() -> None:
    life = at(VERIFY, PARTS).do("forward", SPECIALIST)
    assert life.kinds[-1] == "referred"
    assert life.refusal("recall", SPECIALIST) == [("", "nothing_to_recall")]


def test_a_filing_that_ends_waits_for_nobody() -> None:
    life = at(PARTS).do("settle_part", n=1, **ANSWER)
    assert not life.filing.parts_to_cancel
    life.do("withdraw", APPLICANT, reason="đổi ý")
    assert life.filing.parts_to_cancel == (part(life, 2),)
    assert life.refusal("settle_part", n=2, **ANSWER) == [("", "filing_closed")]


def test_another_calendar_moves_what_is_still_to_be_decided() -> None:
    life = at(PARTS).do("settle_part", n=1, **ANSWER)
    answered = part(life, 1)
    life.do("change_calendar", calendar=OTHER)
    assert part(life, 1) == answered
    assert part(life, 2).due == local("2026-11-30 17:00")


def test_a_submission_without_partners_is_refused() -> None:
    rules = procedure(review=[PARTS, APPRAISE, DECIDE])
    handed_in = Life(rules).submit().model_copy(update={"partners": ()})
    fresh = FILING.initial(Origin(StreamId("filing", filing_id("portal", "1")), AGENCY, rules, CALENDAR))
    with pytest.raises(RefusalError) as no:
        lifecycle.decide(fresh, handed_in, START)
    assert [problem.rule for problem in no.value.refusal.problems] == ["no_partner", "no_partner"]


# What is owed to a tax office.

OFFICE: Final = "H01.50"
FIRST: Final = OBLIGATIONS + 1
AMOUNT: Final = 5_000_000
PAID: Final[dict[str, Any]] = {"n": FIRST, "settlement": "paid", "amount": AMOUNT}


def demanded(*, payable: bool = True, agency: str | None = OFFICE) -> Life:
    return demand(at(TAX), payable=payable, agency=agency)


def demand(life: Life, *, payable: bool = True, agency: str | None = OFFICE) -> Life:
    said = {"reference": "34/TB-CCT", "amount": AMOUNT, "agency": agency, "payable": payable}
    return life.do("refer_obligation", SPECIALIST, reference="12/PC").do("demand_obligation", SPECIALIST, **said)


def collected(life: Life) -> list[int]:
    return [one.n for one in life.filing.demands_to_collect]


def test_a_demand_is_collected_for_the_tax_office_and_met_by_its_payment() -> None:
    life = demanded()
    assert life.filing.demands_to_collect == (TaxDemand(n=FIRST, agency=OFFICE, amount=AMOUNT),)
    assert (life.filing.fees_to_collect, life.filing.payments_to_cancel, life.status) == ((), (), 6)
    life.do("settle_fee", **PAID)
    met = next(recorded.event for recorded in life.log if recorded.event.kind == "obligation_fulfilled")
    assert (met.n, met.officer, met.step) == (FIRST, "motcua", "tax")
    assert met.reference == reference_of(fee_key(life.filing.filing_id, FIRST))
    assert (life.kinds[-1], life.status, life.stage) == ("step_started", 4, "review")
    assert (collected(life), life.filing.payments_to_cancel) == ([], ())
    assert life.refusal("settle_fee", **PAID) == [("", "wrong_stage")]


@pytest.mark.parametrize("agency", [OFFICE, None])
def test_without_anybody_who_takes_its_money_only_the_proof_counts(agency: str | None) -> None:
    life = demanded(payable=False, agency=agency)
    assert (life.filing.demands, collected(life)) == ((), [])
    assert life.filing.obligation is not None
    assert (life.filing.obligation.agency, life.filing.obligation.n) == (agency, None)
    assert life.refusal("settle_fee", **PAID) == [("", "wrong_stage")]
    life.do("fulfil_obligation", CASHIER, reference="56/GNT")
    assert (life.stage, life.filing.payments_to_cancel) == ("review", ())


def test_once_the_time_to_pay_is_over_the_proof_counts_also_of_less() -> None:
    life = demanded()
    life.until("2026-12-26 00:00").do("timer_fired", clock="obligation")
    assert (collected(life), life.filing.payments_to_cancel, life.filing.closed) == ([], (), False)
    assert life.refusal("settle_fee", **PAID | {"settlement": "expired", "amount": 0}) == [("n", "no_such_fee")]
    life.do("fulfil_obligation", CASHIER, reference="56/GNT")
    assert life.filing.payments_to_cancel == (FIRST,)
    said = {"amount": AMOUNT - 1_000, "forgone": 1_000}
    assert demanded().do("settle_fee", **PAID | said).stage == "review"


# Its payment.


def requested() -> tuple[Payment, PaymentRequested]:
    life = demanded()
    said = {"filing_id": life.filing.filing_id, "n": FIRST, "agency": OFFICE, "amount": AMOUNT, "description": "x"}
    runs = {"since": START, "calendar": "vn@2026.1", "due": life.clock("obligation").due}
    start = PaymentStart.model_validate(said | runs | {"limit": Limit.model_validate("30 calendar days")})
    empty = Payment(filing_id=start.filing_id, n=FIRST, agency=OFFICE)
    [event] = PAYMENT.decide(empty, RequestPayment(command_id="request", start=start), START)
    assert isinstance(event, PaymentRequested)
    return empty, event


def test_its_payment_is_asked_for_by_the_demand_and_owed_no_more_without_it() -> None:
    of, event = requested()
    stream = StreamId.parse(payment_workflow(of.filing_id, FIRST))
    asked = Entry(("obligation_demanded",), {"amount": AMOUNT, "n": FIRST}, f"filing:{of.filing_id}")
    assert PAYMENT.evidence(stream, event) == ((asked,),)
    of, _ = requested()
    filing, stream = f"filing:{of.filing_id}", StreamId.parse(payment_workflow(of.filing_id, FIRST))
    [[over, met]] = PAYMENT.evidence(stream, PaymentCancelled(reason="-")) or ()
    assert {"obligation_fulfilled", "recalled", "withdrawn", "stopped", "reopened"} <= set(over.kinds)
    assert (over.stream, over.after) == (filing, Entry(("obligation_demanded",), {"n": FIRST}, filing))
    assert met == Entry(("obligation_fulfilled",), {"n": FIRST}, filing, absent=True)


@pytest.mark.parametrize(
    ("n", "state", "heard"),
    [
        (FIRST, PaymentState.PAID, {"obligation_fulfilled"}),
        (FIRST, PaymentState.EXPIRED, set()),
        (FIRST, PaymentState.PENDING, set()),
        (FIRST, PaymentState.CANCELLED, set()),
        (1, PaymentState.EXPIRED, {"fee_paid", "fee_expired", "result_unclaimed", "fee_waived"}),
    ],
)
def test_a_filing_hears_that_it_was_met_and_not_that_it_was_not(n: int, state: PaymentState, heard: set[str]) -> None:
    of = Payment(filing_id=requested()[0].filing_id, n=n, agency=OFFICE, state=state)
    assert set(PAYMENT.standing(of).heard_as) == heard
    assert tells(of) is bool(heard)


# A draft of the result.

WRONG: Final = {"note": "sai tên", "form": {"name": "Anh"}}


def drafted(**changes: Any) -> Life:
    """Returns a filing whose draft of the result the applicant must confirm."""
    life = Life(procedure(review=[DRAFT, APPRAISE, DECIDE], **EXTENSION), **changes)
    if life.stage == "intake":
        life.accepted()
    return life.do("claim", SPECIALIST).do("show_draft", SPECIALIST, draft=FILE)


def test_it_waits_for_the_applicant_and_the_processing_goes_on() -> None:
    life = drafted()
    assert (life.stage, life.status, life.queues) == ("confirmation", 4, ["applicant", "reception"])
    assert (life.ringing["confirmation"], life.clock("processing").paused) == (local("2026-11-27 00:00"), False)
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
        ("propose", SPECIALIST, {"outcome": "approved"}, [("", "wrong_stage")]),
    ],
)
def test_what_is_refused_of_it(kind: str, actor: Actor, said: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert drafted().refusal(kind, actor, **said) == expected


def test_the_officer_takes_it_back_until_somebody_has_answered() -> None:
    life = drafted().do("recall", SPECIALIST)
    assert (life.filing.step, life.filing.officer, life.filing.draft) == ("draft", SPECIALIST.subject, None)
    assert "confirmation" not in life.ringing
    assert drafted().do("confirm_draft", APPLICANT).refusal("recall", SPECIALIST) == [("", "nothing_to_recall")]


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
