"""The life of a filing: refused commands with the reasons, the stages on each way, and the statuses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis.stateful import run_state_machine_as_test

from rules.filing import lifecycle, projections
from rules.filing.kind import FILING
from rules.require import require
from schemas.errors import RefusalError
from schemas.people import SYSTEM, Actor, Role
from tests.unit.filing.any_life import AnyLife
from tests.unit.filing.lives import (
    ADDRESS,
    AN,
    APPLICANT,
    CASHIER,
    ENDING,
    FETCHED,
    FILE,
    HANDOVER,
    LEADER,
    PAPER,
    RECEPTION,
    REFUSING,
    REPRESENTATIVE,
    RESULT,
    SPECIALIST,
    START,
    STOP,
    TEAM_LEAD,
    VERIFY,
    Life,
    at,
    fee,
    local,
    officer,
    procedure,
)
from tests.unit.filing.shapes import SHAPE_NAMES, SHAPES
from tests.unit.profile import PROFILE
from tests.walking import walked

IDENTITY: Final = ("paper", "identity")
INSTANT: Final = {"standing_order": "01/QĐ-UBND", "standing_officer": "leader-1"}
AFFIDAVIT: Final = [{"code": "identity", "file": FILE.model_dump()}]
ASKING: Final[dict[str, Any]] = {"items": [{"target": "paper", "code": "identity", "note": "mờ"}], "legal_basis": "Đ15"}
INTAKE: Final = {"clock": "intake"}


def at_fee() -> Life:
    return Life(procedure(fee=fee(channels=("counter",)))).accepted()


def by_post() -> Life:
    return Life(result_channel="post", address=ADDRESS).accepted().decided().issued()


def asked_for_identity() -> Life:
    return Life().supplement_requested(RECEPTION, IDENTITY)


def asked_for_identity_and_name() -> Life:
    return Life().supplement_requested(RECEPTION, IDENTITY, ("field", "name"))


def late_in_the_review() -> Life:
    return Life().accepted().until("2026-12-01 17:00")


def brought_back() -> Life:
    return by_post().do("settle_parcel", n=1, outcome="returned")


NOTHING_TO_ASK: Final[dict[str, Any]] = {"rules": procedure(papers=[], form=[]), "papers": (), "form": {}}
DUAL: Final = officer(Role.LEADER, "specialist-1")
OTHER: Final = officer(Role.RECEPTION, "reception-2")
POSING: Final = Actor(subject="reception-1", role=Role.REPRESENTATIVE)
NO_REPRESENTATIVE: Final = "actor.subject not_the_representative"
WITHDRAWING: Final[dict[str, Any]] = {"reason": "đổi ý"}
APPROVED: Final = {"outcome": "approved"}
BARE: Final = [{"code": "identity"}]
BINH: Final = {"form": {"name": "Bình"}}
UNKNOWN: Final = [
    {"target": "paper", "code": "name", "note": "x"},
    {"target": "paper", "code": "identity", "note": "x"},
    {"target": "field", "code": "identity", "note": "x"},
]
NAMED_COUNTER: Final = {"via": {"principal": "portal", "channel": "counter"}, "papers": BARE}
TWO_PAPERS: Final = [*AFFIDAVIT, {"code": "mandate", "file": FILE.model_dump()}]


@walked(
    ("life", "kind", "actor", "content", "problems"),
    [
        # each reason once; who may do what in every situation is compared with docs/law.md
        (Life, "claim", LEADER, {}, ["actor.role role_not_allowed"]),
        (Life, "accept", officer(Role.RECEPTION, agency="H56.30"), {}, ["actor.agency other_agency"]),
        (Life, "accept", Actor(subject="reception-1", role=Role.RECEPTION), {}, ["actor.agency other_agency"]),
        (Life, "claim", officer(Role.RECEPTION, "an"), {}, ["actor.subject own_filing"]),
        (Life, "withdraw", Actor(subject="eve", role=Role.APPLICANT), WITHDRAWING, ["actor.subject not_the_applicant"]),
        (Life, "withdraw", Actor(subject="eve", role=Role.REPRESENTATIVE), WITHDRAWING, [NO_REPRESENTATIVE]),
        (Life, "release", RECEPTION, {}, [" not_claimed"]),
        (Life, "accept", SYSTEM, {}, [" no_standing_order"]),
        (asked_for_identity, "claim", RECEPTION, {}, [" wrong_stage"]),
        (lambda: Life().do("claim", OTHER), "accept", RECEPTION, {}, [" claimed_by_other"]),
        (lambda: at(VERIFY), "claim", SPECIALIST, {}, [" claimed_already"]),
        (lambda: at(VERIFY), "propose", SPECIALIST, APPROVED, [" wrong_act"]),
        (lambda: Life().accepted().proposed(), "decide", LEADER, APPROVED, [" not_claimed"]),
        (lambda: Life().accepted().proposed(), "claim", DUAL, {}, ["actor.subject four_eyes"]),
        (lambda: Life().accepted().decided(), "withdraw", APPLICANT, WITHDRAWING, [" decided_already"]),
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), "claim", RECEPTION, {}, [" filing_closed"]),
        (
            *(lambda: Life().accepted().do("claim", SPECIALIST), "propose", SPECIALIST, {"outcome": "refused"}),
            ["reason reason_required", "legal_basis legal_basis_required"],
        ),
        # who recorded it on paper does not become its representative; the desk needs what the applicant signed
        (lambda: Life(**PAPER), "withdraw", POSING, WITHDRAWING, [NO_REPRESENTATIVE]),
        (Life, "withdraw", RECEPTION, WITHDRAWING, ["request signed_request_required"]),
        (Life, "withdraw", RECEPTION, WITHDRAWING | {"request": FILE}, []),
        (Life, "withdraw", APPLICANT, WITHDRAWING, []),
        (Life, "withdraw", REPRESENTATIVE, WITHDRAWING, []),
        # what is asked for is of the procedure, in time, and of what somebody handles
        (lambda: Life(**NOTHING_TO_ASK), "request_supplement", RECEPTION, ASKING, [" nothing_to_supplement"]),
        (
            *(Life, "request_supplement", RECEPTION, ASKING | {"items": UNKNOWN}),
            ["items[0].code unknown_paper", "items[2].code unknown_field"],
        ),
        (late_in_the_review, "request_supplement", LEADER, ASKING | {"late_reason": "x"}, [" not_handled_yet"]),
        # a supplement answers all that was asked, and nothing else; a file is needed but at the counter
        (asked_for_identity, "supplement", APPLICANT, NAMED_COUNTER, ["papers[0].file file_required_online"]),
        (asked_for_identity, "supplement", RECEPTION, {"papers": BARE}, []),
        (asked_for_identity_and_name, "supplement", APPLICANT, BINH, ["papers.identity supplement_item_missing"]),
        (
            *(asked_for_identity_and_name, "supplement", APPLICANT, {"papers": AFFIDAVIT}),
            ["form.name supplement_item_missing"],
        ),
        (
            *(asked_for_identity_and_name, "supplement", APPLICANT),
            *({"papers": AFFIDAVIT, "form": {"name": "Bình", "copies": 1}}, ["form.copies supplement_item_not_asked"]),
        ),
        (
            *(asked_for_identity_and_name, "supplement", APPLICANT, BINH | {"papers": TWO_PAPERS}),
            ["papers.mandate supplement_item_not_asked"],
        ),
        (
            *(asked_for_identity_and_name, "supplement", APPLICANT, {"papers": BARE, "form": {"name": "B"}}),
            ["papers[0].file file_required_online", "form.name below_minimum"],
        ),
        (
            *(asked_for_identity_and_name, "supplement", APPLICANT, {"papers": AFFIDAVIT, "form": {"name": " "}}),
            ["form.name field_required"],
        ),
        # the cashier takes the whole fee or nothing, and a report settles the fee of which it is
        (at_fee, "pay_at_counter", CASHIER, {"amount": 15_999}, ["amount amount_differs"]),
        (at_fee, "settle_fee", SYSTEM, {"n": 1, "settlement": "paid", "amount": 16_000}, ["n no_such_fee"]),
        # what is said of a parcel is of the one under way
        (by_post, "settle_parcel", SYSTEM, {"n": 2, "outcome": "delivered"}, ["n no_such_parcel"]),
        (lambda: Life().accepted(), "settle_parcel", SYSTEM, {"n": 0, "outcome": "lost"}, ["n no_such_parcel"]),
        (brought_back, "cancel_parcel", HANDOVER, {}, [" wrong_stage"]),
        # a result needs its file; an officer's intake is nobody else's; only the system reports facts
        (lambda: Life().accepted().decided(), "issue", SYSTEM, {}, ["result result_file_required"]),
        (lambda: Life().accepted().decided(), "issue", LEADER, {"result": RESULT}, ["actor.role role_not_allowed"]),
        (lambda: Life(procedure(**INSTANT)).do("claim", RECEPTION), "accept", SYSTEM, {}, [" claimed_by_other"]),
        # a stay ends that was recorded
        (Life, "end_stay", SYSTEM, {"n": 1, "stay": 1}, ["stay not_stayed"]),
        # a clock rings that runs, and only by the system
        (lambda: Life().until("2026-11-26 10:00"), "timer_fired", TEAM_LEAD, INTAKE, ["actor.role role_not_allowed"]),
        (lambda: asked_for_identity().until("2026-11-26 10:00"), "timer_fired", SYSTEM, INTAKE, ["clock not_due"]),
    ],
    exactly=44,
)
def test_each_of_these_is_refused_for_its_own_reason(
    life: Callable[[], Life], kind: str, actor: Actor, content: dict[str, Any], problems: list[str]
) -> None:
    assert [f"{field} {rule}" for field, rule in life().refusal(kind, actor, **content)] == problems


def test_what_commands_say_is_kept_and_leads_on() -> None:
    assert Life().do("withdraw", RECEPTION, reason="đổi ý", request=FILE).log[-1].event.request == FILE
    refused = Life().do("refuse_intake", RECEPTION, **REFUSING).log[-1].event
    assert refused.model_dump(include={"reason", "legal_basis"}) == REFUSING
    assert Life(procedure(**INSTANT)).do("claim", RECEPTION).accepted().stage == "review"
    assert Life(procedure(fee=fee()), form={"name": "An", "copies": 0}).accepted().stage == "review"
    assert Life(procedure(fee=fee())).do("claim", RECEPTION).accepted().filing.officer is None
    otherwise = Life().accepted().proposed("refused").do("claim", LEADER).do("decide", LEADER, outcome="approved")
    assert require(otherwise.filing.decision).outcome == "approved"


def test_whoever_asks_for_a_supplement_has_the_answer_to_look_at() -> None:
    at_intake = answer(ask_at_intake(Life()))
    assert at_intake.filing.officer == "reception-1"
    assert at_intake.refusal("accept", officer(Role.RECEPTION, "reception-2")) == [("", "claimed_by_other")]
    in_review = answer(ask_in_review(claim_to_appraise(Life().accepted())))
    assert in_review.filing.officer == "specialist-1"
    assert in_review.refusal("propose", SPECIALIST, outcome="approved") == []


# Where each way leads: the events, and the status after each command.


def way(life: Life, *steps: Callable[[Life], Life]) -> list[int]:
    """Returns the statuses of the filing: at the beginning, and after each step."""
    return [life.status, *(step(life).status for step in steps)]


def done(kind: str, actor: Actor = SYSTEM, **content: Any) -> Callable[[Life], Life]:
    """Returns a step: a function that gives a filing this command."""
    return lambda life: life.do(kind, actor, **content)


def too_late(clock: str, until: str) -> Callable[[Life], Life]:
    """Returns a step: a function that lets the limit of a filing's clock pass without an act."""
    return lambda life: life.until(until).do("timer_fired", clock=clock)


accept, propose, issue = Life.accepted, Life.proposed, Life.issued
decide = done("decide", LEADER, outcome="approved")
hand_over = done("hand_over", HANDOVER, **FETCHED)
ask_at_intake = done("request_supplement", RECEPTION, **ASKING)
claim_to_appraise = done("claim", SPECIALIST)
ask_in_review = done("request_supplement", SPECIALIST, **ASKING)
answer = done("supplement", APPLICANT, papers=AFFIDAVIT)
never_answer = too_late("supplement", "2026-12-10 17:00")
refuse = done("refuse_intake", RECEPTION, **REFUSING)
withdraw = done("withdraw", APPLICANT, reason="đổi ý")
pay_at_counter = done("pay_at_counter", CASHIER, amount=16_000)
pay_online = done("settle_fee", n=1, settlement="paid", amount=16_000)
online_expires = done("settle_fee", n=1, settlement="expired")
never_pay = too_late("payment", "2026-12-03 00:00")
accept_by_itself = done("accept")
deliver = done("settle_parcel", n=1, outcome="delivered")
come_back = done("settle_parcel", n=1, outcome="returned")
get_lost = done("settle_parcel", n=1, outcome="lost")
arrive_anew = done("settle_parcel", n=2, outcome="delivered")

COUNTER_FEE: Final = fee(channels=("counter",))
POST: Final = {"result_channel": "post", "address": ADDRESS}
DECIDED: Final = (propose, done("claim", LEADER), decide)


@pytest.mark.parametrize(
    ("rules", "changes", "steps", "statuses", "closing"),
    [
        ({}, {}, [accept, *DECIDED, issue], [1, 2, 4, 4, 4, 10], "delivered"),
        ({}, {"result_channel": "counter"}, [accept, *DECIDED, issue, hand_over], [1, 2, 4, 4, 4, 9, 10], "delivered"),
        ({}, POST, [accept, *DECIDED, issue, deliver], [1, 2, 4, 4, 4, 9, 10], "delivered"),
        ({}, POST, [accept, *DECIDED, issue, come_back, hand_over], [1, 2, 4, 4, 4, 9, 9, 10], "delivered"),
        ({}, POST, [accept, *DECIDED, issue, get_lost], [1, 2, 4, 4, 4, 9, 9], None),
        ({}, POST, [accept, *DECIDED, issue, get_lost, issue, arrive_anew], [1, 2, 4, 4, 4, 9, 9, 9, 10], "delivered"),
        ({}, {**PAPER}, [*DECIDED, issue], [2, 4, 4, 4, 10], "delivered"),
        ({}, {}, [refuse], [1, 3], "intake_refused"),
        ({}, {}, [ask_at_intake, answer, accept], [1, 5, 1, 2], None),
        ({}, {}, [ask_at_intake, answer, refuse], [1, 5, 1, 3], "intake_refused"),
        ({}, {}, [ask_at_intake, never_answer], [1, 5, 3], "supplement_expired"),
        ({}, {}, [accept, claim_to_appraise, ask_in_review, answer], [1, 2, 4, 5, 4], None),
        ({}, {}, [accept, claim_to_appraise, ask_in_review, never_answer], [1, 2, 4, 5, 8], "supplement_expired"),
        ({"fee": COUNTER_FEE}, {}, [accept, pay_at_counter, *DECIDED, issue], [1, 6, 4, 4, 4, 4, 10], "delivered"),
        ({"fee": COUNTER_FEE}, {}, [accept, never_pay], [1, 6, 8], "fee_expired"),
        ({"fee": fee("submission", ("counter",))}, {"fee_channel": "counter"}, [never_pay], [1, 3], "fee_expired"),
        ({"fee": fee()}, {}, [accept, pay_online], [1, 6, 4], None),
        ({"fee": fee()}, {}, [accept, online_expires], [1, 6, 8], "fee_expired"),
        ({"fee": fee("result")}, {}, [accept, *DECIDED, issue, pay_online], [1, 2, 4, 4, 4, 9, 10], "delivered"),
        ({}, {}, [withdraw], [1, 7], "withdrawn"),
        ({}, {}, [accept, withdraw], [1, 2, 7], "withdrawn"),
        ({}, {}, [ask_at_intake, withdraw], [1, 5, 7], "withdrawn"),
        ({}, {}, [accept, propose, withdraw], [1, 2, 4, 7], "withdrawn"),
        ({"fee": COUNTER_FEE}, {}, [accept, withdraw], [1, 6, 7], "withdrawn"),
        (INSTANT, {}, [accept_by_itself, issue], [1, 4, 10], "delivered"),
        (INSTANT | {"fee": fee()}, {}, [accept_by_itself, pay_online, issue], [1, 6, 4, 10], "delivered"),
    ],
)
def test_the_statuses_along_a_way(
    rules: dict[str, Any],
    changes: dict[str, Any],
    steps: list[Callable[[Life], Life]],
    statuses: list[int],
    closing: str | None,
) -> None:
    life = Life(procedure(**rules), **changes)
    assert way(life, *steps) == statuses
    assert life.filing.closing == closing
    assert bool(life.ringing) is (closing is None)


@pytest.mark.parametrize("channel", ["online", "counter"])
def test_a_result_that_nobody_pays_for_is_kept_and_paid_for_at_the_counter(channel: str) -> None:
    life = Life(procedure(fee=fee("result", (channel,)))).accepted().decided().issued()
    assert (life.status, life.stage, life.filing.unclaimed) == (9, "fee", False)
    life.until("2026-12-01 17:00").rung()
    assert life.tasks("reminder:payment") == [("applicant", ())]
    never_pay(life) if channel == "counter" else online_expires(life)
    assert life.kinds[-2:] == ["overdue", "result_unclaimed"]
    assert (life.status, life.stage, life.filing.unclaimed, life.filing.closing) == (9, "fee", True, None)
    assert life.queues == ["cashier", "team_lead", "handover"]
    assert (life.filing.fees_to_collect, life.filing.payments_to_cancel) == ((), ())
    assert life.refusal("settle_fee", n=1, settlement="paid", amount=16_000) == [("n", "no_such_fee")]
    assert life.refusal("stop", LEADER, mode="end", **ENDING) == [("", "decided_already")]
    pay_at_counter(life.until("2027-03-01 09:00"))
    assert (life.status, life.filing.unclaimed, life.filing.closing) == (10, False, "delivered")


def test_a_fee_that_was_late_before_the_bank_said_so_is_late_once() -> None:
    life = Life(procedure(fee=fee("result"))).accepted().decided().issued().until("2026-12-03 00:05").rung()
    assert (life.kinds[-1], life.filing.unclaimed) == ("overdue", False)
    online_expires(life)
    assert (life.kinds[-1], life.kinds.count("overdue"), life.filing.unclaimed) == ("result_unclaimed", 1, True)


# Review.


def test_a_leader_ends_a_filing_on_a_proposal_to_refuse_it_or_says_why_not() -> None:
    for life in (at(VERIFY), Life().accepted().proposed("approved")):
        assert life.refusal("stop", LEADER, mode="end", **STOP) == [("unproposed_reason", "reason_required")]
        stopped = life.do("stop", LEADER, mode="end", **ENDING).log[-1].event
        assert (stopped.unproposed, stopped.unproposed_reason) == (True, ENDING["unproposed_reason"])
    proposed = Life().accepted().proposed("refused").do("stop", LEADER, mode="end", **ENDING).log[-1].event
    assert (proposed.unproposed, proposed.unproposed_reason) == (False, None)
    assert at(VERIFY).refusal("stop", LEADER, mode="suspend", **ENDING) == [("unproposed_reason", "only_for_end")]


@pytest.mark.parametrize("subject", ["binh", "giam-doc", "company"])
def test_who_filed_for_the_applicant_or_stands_for_them_does_nothing_as_an_officer(subject: str) -> None:
    life = Life(
        applicant=AN.model_copy(update={"subject": "company", "kind": "organisation", "stands_for_it": "giam-doc"})
    )
    for role in (Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CASHIER, Role.TEAM_LEAD):
        them = officer(role, subject)
        assert life.refusal("accept", them) == [("actor.subject", "own_filing")]
        assert FILING.actions(life.filing, them, life.now)[0].allowed is False
    life.accepted()
    assert life.refusal("reassign", TEAM_LEAD, officer=subject) == [("officer", "own_filing")]


def test_a_refusal_on_the_merits_is_a_result_that_is_delivered_and_costs_nothing() -> None:
    life = Life(procedure(fee=fee("result"))).accepted().decided("refused").issued()
    assert life.status == 10
    assert life.filing.fees == ()
    assert life.filing.decision is not None
    assert life.filing.decision.reason == "không đủ điều kiện"


# Supplement.


def test_a_supplement_is_asked_for_once_at_intake_and_once_in_the_review() -> None:
    life = answer(ask_at_intake(Life()))
    assert life.refusal("request_supplement", RECEPTION, **ASKING) == [("", "supplement_rounds_used")]
    life = answer(ask_in_review(claim_to_appraise(life.do("accept", RECEPTION))))
    assert life.refusal("request_supplement", SPECIALIST, **ASKING) == [("", "supplement_rounds_used")]


def test_in_the_review_a_supplement_is_asked_for_in_three_working_days_and_later_by_a_leader_with_a_reason() -> None:
    life = claim_to_appraise(Life().accepted())  # on Wednesday, 25 November, at 9
    assert life.until("2026-11-30 09:00").refusal("request_supplement", SPECIALIST, **ASKING) == []
    assert life.refusal("request_supplement", LEADER, **ASKING) == [("actor.role", "role_not_allowed")]
    life.until("2026-12-01 17:00")
    assert life.refusal("request_supplement", SPECIALIST, **ASKING) == [("", "too_late_to_ask")]
    assert life.refusal("request_supplement", LEADER, **ASKING) == [("late_reason", "reason_required")]
    life.do("request_supplement", LEADER, late_reason="hồ sơ phức tạp", **ASKING)
    asked = life.log[-1].event
    assert (asked.late, asked.late_reason, life.status) == (True, "hồ sơ phức tạp", 5)
    assert answer(life).filing.officer == "specialist-1"


def test_what_is_asked_for_in_time_needs_no_reason_and_its_supplement_replaces_what_was() -> None:
    life = claim_to_appraise(Life().accepted()).do("request_supplement", SPECIALIST, late_reason="x", **ASKING)
    assert (life.log[-1].event.late, life.log[-1].event.late_reason) == (False, None)
    life = Life().supplement_requested(RECEPTION, IDENTITY, ("field", "name"))
    papers = [{"code": "identity", "file": RESULT.model_dump()}]
    life.do("supplement", REPRESENTATIVE, papers=papers, form={"name": "Bình"})
    assert life.filing.form == {"name": "Bình", "copies": 2}
    assert [paper.file for paper in life.filing.papers] == [RESULT]


def test_a_supplement_is_in_time_until_its_very_end() -> None:
    life = Life().supplement_requested(RECEPTION, IDENTITY)
    due = local("2026-12-10 00:00")
    life.now = due - timedelta(microseconds=1)
    assert life.refusal("supplement", APPLICANT, papers=AFFIDAVIT) == []
    assert life.refusal("timer_fired", clock="supplement") == [("clock", "not_due")]
    life.now = due
    assert life.refusal("supplement", APPLICANT, papers=AFFIDAVIT) == [("", "too_late")]
    assert life.refusal("timer_fired", clock="supplement") == [("clock", "not_due")]
    assert life.until("2026-12-10 17:00").refusal("timer_fired", clock="supplement") == []


# Result and delivery.


def test_what_came_back_and_was_delivered_all_the_same_is_in_the_applicants_hands() -> None:
    life = come_back(by_post()).do("settle_parcel", n=1, outcome="delivered")
    assert (life.status, life.kinds[-3:]) == (10, ["parcel_failed", "pickup_offered", "handed_over"])
    assert life.log[-1].event.channel == "post"


@pytest.mark.parametrize("outcome", ["lost", "damaged"])
def test_what_the_post_has_lost_is_made_anew_and_never_offered(outcome: str) -> None:
    life = by_post()
    first = life.filing.result
    life.do("settle_parcel", n=1, outcome=outcome)
    assert (life.stage, life.status, life.filing.pickup, life.clock("issue").started) == ("issue", 9, False, life.now)
    assert life.kinds[-2:] == ["parcel_failed", "reissue_requested"]
    assert life.refusal("hand_over", HANDOVER, recipient="An") == [("", "wrong_stage")]
    assert life.log[-1].event.copy_number == 2
    decided = require(life.filing.decision).seq
    assert require(projections.issue_request(life.filing)).request_id == f"issue:{decided}:2", "not the first's answer"
    issue(life)
    assert life.kinds[-2:] == ["result_issued", "parcel_requested"]
    (revoked,) = life.filing.revoked_copies
    assert (revoked.copy_number, revoked.parcel, revoked.outcome, revoked.result) == (1, 1, outcome, first)
    assert (life.filing.copy_number, life.filing.lost_copy, life.filing.parcels) == (2, None, 2)
    assert arrive_anew(life).status == 10


def test_another_copy_of_what_the_post_has_lost_goes_at_its_own_cost() -> None:
    life = by_post()
    assert life.filing.collected_on_delivery == 0
    life.filing = life.filing.model_copy(
        update={"procedure": life.filing.procedure.model_copy(update={"postage": 25_000})}
    )
    assert life.filing.collected_on_delivery == 25_000
    issue(life.do("settle_parcel", n=1, outcome="lost"))
    assert life.filing.collected_on_delivery == 0


def test_a_lost_copy_that_turns_up_counts_until_there_is_another() -> None:
    life = get_lost(by_post())
    life.do("settle_parcel", n=1, outcome="delivered")
    assert (life.status, life.filing.lost_copy, life.filing.revoked_copies) == (10, None, ())
    assert life.filing.result is not None
    life = issue(get_lost(by_post()))
    life.do("settle_parcel", n=1, outcome="delivered")
    assert (life.stage, life.kinds[-1], life.log[-1].event.copy_number) == ("delivery", "parcel_found", 2)
    assert [copy.outcome for copy in life.filing.revoked_copies] == ["delivered"]
    assert arrive_anew(life).status == 10
    life = get_lost(by_post()).do("settle_parcel", n=1, outcome="returned")
    assert (life.stage, life.filing.pickup, life.kinds[-1]) == ("issue", False, "parcel_found")


def test_a_parcel_is_had_back_before_it_leaves() -> None:
    life = by_post()
    assert life.refusal("cancel_parcel", APPLICANT) == [("actor.role", "role_not_allowed")]
    life.do("cancel_parcel", HANDOVER)
    assert (life.stage, life.filing.recalled, life.ringing["delivery"] is not None) == ("delivery", 1, True)
    assert life.refusal("cancel_parcel", HANDOVER) == [("", "recalled_already")]
    life.do("settle_parcel", n=1, outcome="cancelled")
    assert (life.stage, life.filing.recalled) == ("pickup", None)
    assert hand_over(life).status == 10


def test_a_filing_is_submitted_once_and_before_that_nobodys() -> None:
    draft = Life().filing.model_copy(update={"seq": 0})
    assert lifecycle.tasks(draft, START) == []
    assert lifecycle.stage(draft) == "draft"
    life = Life()
    with pytest.raises(RefusalError) as refused:
        lifecycle.decide(life.filing, life.submit(), life.now)
    assert [problem.rule for problem in refused.value.refusal.problems] == ["wrong_stage"]


# Whatever anybody sends, at any time, a filing stays lawful: every command by every actor over many procedures.


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
def test_whatever_is_sent_a_filing_stays_lawful(shape: dict[str, Any]) -> None:
    class ThisLife(AnyLife):
        pass

    ThisLife.shape = shape
    run_state_machine_as_test(ThisLife, settings=PROFILE)
