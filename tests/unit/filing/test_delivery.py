"""The delivery of the result: the choice and change of its channel, one hand-over, a fee that the post collects."""

from datetime import date
from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.commands.delivery import MOST_CHANGES, MOST_LINKS, MOST_WRONG_CODES, opens
from rules.filing.projections import delivery, results
from schemas.filing.events import FeePaid
from schemas.level import Channel
from schemas.people import PersonKind
from tests.unit.filing.lives import (
    ADDRESS,
    AN,
    APPLICANT,
    CASHIER,
    CODE,
    FETCHED,
    FILE,
    HANDOVER,
    LINK,
    MANDATE,
    PAPER,
    PASSPORT,
    RECEPTION,
    RESULT,
    SPECIALIST,
    Life,
    fee,
    limited,
    procedure,
)
from tests.walking import walked

ELSEWHERE: Final = ADDRESS.model_copy(update={"address": "2 Hàng Bài"})
BY_POST: Final[dict[str, Any]] = {"result_channel": "post", "address": ADDRESS}
AT_COUNTER: Final[dict[str, Any]] = {"result_channel": "counter"}


def issued(**filed: Any) -> Life:
    return Life(**filed).accepted().decided().issued()


def since_issued(life: Life) -> list[str]:
    return life.kinds[life.kinds.index("finished_early") + 1 :]


def test_what_waits_at_the_counter_goes_by_post_instead() -> None:
    life = issued(**AT_COUNTER).do("change_delivery", APPLICANT, channel="post", address=ADDRESS)
    assert since_issued(life) == ["pickup_offered", "delivery_changed", "parcel_requested"]
    assert (life.stage, life.filing.parcels, life.filing.recalled) == ("delivery", 1, None)
    assert life.refusal("hand_over", HANDOVER, **FETCHED) == [("", "wrong_stage")]
    assert (life.clock("pickup").ended_by, life.clock("pickup").outcome) == ("delivery_changed", None)


@pytest.mark.parametrize(
    ("change", "follows"),
    [
        ({"channel": "counter"}, "pickup_offered"),
        ({"channel": "online"}, "handed_over"),
        ({"channel": "post", "address": ELSEWHERE}, "parcel_requested"),
    ],
)
def test_a_parcel_is_called_back_before_the_result_goes_another_way(change: dict[str, Any], follows: str) -> None:
    life = issued(**BY_POST).do("change_delivery", APPLICANT, **change)
    assert (life.stage, life.filing.recalled) == ("delivery", 1)
    assert life.refusal("change_delivery", APPLICANT, channel="counter") == [("", "parcel_called_back")]
    life.do("settle_parcel", n=1, outcome="cancelled")
    assert since_issued(life) == ["parcel_requested", "delivery_changed", "parcel_recalled", "parcel_failed", follows]
    assert life.filing.recalled is None
    assert life.filing.parcels == (2 if follows == "parcel_requested" else 1)


def test_a_result_goes_the_way_that_is_wanted_by_now_or_again() -> None:
    life = issued(**BY_POST).do("change_delivery", APPLICANT, channel="counter")
    life.do("settle_parcel", n=1, outcome="delivered")
    assert since_issued(life) == ["parcel_requested", "delivery_changed", "parcel_recalled", "handed_over"]
    assert (life.log[-1].event.channel, life.status) == ("post", 10)
    life = issued(**BY_POST).do("change_delivery", APPLICANT, channel="online")
    life.do("settle_parcel", n=1, outcome="returned")
    assert since_issued(life)[-2:] == ["parcel_failed", "handed_over"]
    assert life.log[-1].event.channel == "online"
    life = issued(**BY_POST).do("settle_parcel", n=1, outcome="returned")
    assert life.refusal("change_delivery", APPLICANT, channel="post") == [("channel", "delivered_so_already")]
    life.do("change_delivery", APPLICANT, channel="post", address=ELSEWHERE)
    assert (life.filing.parcels, life.filing.address, life.stage) == (2, ELSEWHERE, "delivery")


def test_who_filed_on_paper_has_it_changed_at_the_desk() -> None:
    life = Life(procedure(level=2), **PAPER, **AT_COUNTER)
    change = {"channel": "post", "address": ADDRESS}
    assert life.refusal("change_delivery", APPLICANT, **change) == [("actor.role", "role_not_allowed")]
    assert life.refusal("change_delivery", SPECIALIST, **change) == [("actor.role", "role_not_allowed")]
    assert life.do("change_delivery", RECEPTION, **change).filing.result_channel == "post"


def test_the_register_has_the_last_day_of_a_result_signed_by_officers_or_not() -> None:
    until, decided = date(2028, 11, 25), Life(**AT_COUNTER).accepted().decided()
    [row] = results(decided.do("issue", result=RESULT, expires_on=until).filing)
    assert (row["n"], row["expires_on"]) == (1, "2028-11-25")
    signed = Life(**AT_COUNTER).accepted().decided()
    signed.do("settle_result", n=1, registered="12/KQ", result=RESULT, expires_on=until)
    assert signed.filing.results[0].expires_on == until
    assert results(signed.filing) == ({"n": 1, "number": "12/KQ", "overtaken_at": None},), "its own stream has the rest"


def test_it_is_changed_so_many_times_at_most() -> None:
    life = Life(**AT_COUNTER)
    for n in range(MOST_CHANGES):
        life.do("change_delivery", APPLICANT, channel=("online", "counter")[n % 2])
    assert life.refusal("change_delivery", APPLICANT, channel="online") == [("", "changed_too_often")]


# At the counter.

SIGNED: Final[dict[str, Any]] = {"recipient": AN.name, "signed_on_paper": True}
BINH: Final = "001099000002"


def card(number: str, document: str = "citizen_card") -> dict[str, str]:
    return {"document": document, "number": number}


FOR_THEM: Final[dict[str, Any]] = SIGNED | {"receiver": "representative", "recipient": "Bình", "identity": card(BINH)}


def test_who_says_the_code_or_shows_who_they_are_is_given_the_result() -> None:
    life = issued(**AT_COUNTER)
    assert delivery(life.filing).pickup_code == CODE
    assert delivery(life.filing).until == life.ringing["pickup"]
    life.do("hand_over", HANDOVER, **SIGNED, code=CODE)
    given = life.log[-1].event
    assert (given.channel, given.receiver, given.by_code, given.document) == ("counter", "applicant", True, None)
    assert delivery(life.filing).pickup_code is None
    life = issued(**AT_COUNTER).do("hand_over", HANDOVER, **FETCHED | {"signature": FILE, "signed_on_paper": False})
    given = life.log[-1].event
    assert (given.by_code, given.document, given.identity.number) == (False, "citizen_card", AN.id_number)
    assert given.signature == FILE


def shown(**changes: Any) -> dict[str, Any]:
    """Returns a representative's fields for a submission, with these facts of the authorisation changed."""
    return FOR_THEM | {"authorisation": MANDATE.model_copy(update=changes)}


TODAY: Final = date(2026, 11, 25)
TO_ADDRESS: Final = {"channel": "post", "address": ADDRESS}


@walked(
    ("filed", "change", "refused"),
    [
        (AT_COUNTER, {"channel": "counter"}, ("channel", "delivered_so_already")),
        (BY_POST, TO_ADDRESS, ("channel", "delivered_so_already")),
        (AT_COUNTER, {"channel": "post"}, ("address", "address_required")),
        (BY_POST, {"channel": "counter", "address": ADDRESS}, ("address", "address_only_by_post")),
        (AT_COUNTER | {"level": 3}, {"channel": "online"}, ("channel", "result_channel_not_allowed")),
        (AT_COUNTER | {"rules": procedure(result_channels=["counter"])}, TO_ADDRESS, ("", "no_other_delivery")),
    ],
    exactly=6,
)
def test_an_unknown_way_is_refused(filed: dict[str, Any], change: dict[str, Any], refused: tuple[str, str]) -> None:
    assert issued(**filed).refusal("change_delivery", APPLICANT, **change) == [refused]


def test_a_result_as_filed_changes_no_way_but_between_two_on_paper() -> None:
    rules = procedure(result_as_filed=True)
    online = Life(rules=rules, result_channel="online").accepted()
    assert online.refusal("change_delivery", APPLICANT, channel="counter") == [("", "no_other_delivery")]
    paper = Life(rules=rules, **PAPER, **AT_COUNTER, level=4)
    assert paper.refusal("change_delivery", APPLICANT, channel="online") == [("channel", "result_channel_not_allowed")]
    assert paper.do("change_delivery", APPLICANT, **TO_ADDRESS).filing.result_channel == "post"


@walked(
    ("said", "refused"),
    [
        (SIGNED, [("identity", "identity_required")]),
        (SIGNED | {"code": "000000"}, [("code", "wrong_code")]),
        (SIGNED | {"code": "000000", "identity": card(AN.id_number)}, [("code", "wrong_code")]),
        (SIGNED | {"identity": card(BINH)}, [("identity.number", "identity_differs")]),
        (SIGNED | {"identity": card(BINH, "vneid")}, [("identity.number", "identity_differs")]),
        (SIGNED | {"code": CODE, "identity": card(BINH)}, [("identity.number", "identity_differs")]),
        (SIGNED | {"recipient": "Người lạ", "code": CODE}, [("recipient", "recipient_differs")]),
        ({"recipient": AN.name, "code": CODE}, [("signature", "receipt_to_be_signed")]),
        (SIGNED | {"code": CODE, "signature": FILE}, [("signature", "receipt_to_be_signed")]),
        (SIGNED | {"code": CODE, "authorisation": MANDATE}, [("authorisation", "authorisation_for_the_applicant")]),
        # an authorisation is for this, and in force when the result is fetched
        (shown(principal=BINH), [("authorisation.principal", "authorisation_for_someone_else")]),
        (shown(valid_until=date(2026, 11, 24)), [("authorisation.valid_until", "authorisation_expired")]),
        (shown(valid_from=date(2026, 11, 26)), [("authorisation.valid_from", "authorisation_not_yet_valid")]),
        (shown(scope=("1.001193",)), [("authorisation.scope", "authorisation_out_of_scope")]),
        (shown(id_number="001099000003"), [("identity.number", "identity_differs")]),
        (shown(valid_from=TODAY, valid_until=TODAY, scope=("2.000635",)), []),
    ],
    exactly=16,
)
def test_nobody_else_is_given_it(said: dict[str, Any], refused: list[tuple[str, str]]) -> None:
    assert issued(**AT_COUNTER).refusal("hand_over", HANDOVER, **said) == refused


def test_a_passport_is_held_against_number_and_name_as_a_citizens_card_is() -> None:
    life, stranger = issued(**AT_COUNTER), SIGNED | {"recipient": "Người lạ"}
    foreign = card("C1234567", "passport")
    assert life.refusal("hand_over", HANDOVER, **SIGNED, identity=foreign) == [("identity.number", "identity_differs")]
    assert life.refusal("hand_over", HANDOVER, **stranger, identity=PASSPORT) == [("recipient", "recipient_differs")]
    named = SIGNED | {"recipient": f" {AN.name.upper()} "}
    assert life.do("hand_over", HANDOVER, **named, identity=PASSPORT).status == 10


def test_a_card_of_who_stands_for_an_organisation_has_another_number() -> None:
    company = AN.model_copy(update={"kind": PersonKind.ORGANISATION})
    assert issued(**AT_COUNTER, applicant=company).do("hand_over", HANDOVER, **SIGNED, identity=card(BINH)).status == 10


def test_a_representative_fetches_it_under_the_authorisation_of_the_filing_or_another() -> None:
    life = issued(**AT_COUNTER).do("hand_over", HANDOVER, **FOR_THEM)
    assert (life.log[-1].event.receiver, life.log[-1].event.authorisation) == ("representative", None)
    named = MANDATE.model_copy(update={"representative": "Trần Văn Bình"})
    by_code = FOR_THEM | {"identity": None, "code": CODE, "authorisation": named}
    assert issued(**AT_COUNTER).refusal("hand_over", HANDOVER, **by_code) == [("recipient", "recipient_differs")]
    assert issued(**AT_COUNTER).do("hand_over", HANDOVER, **by_code | {"recipient": "trần văn Bình"}).status == 10
    filed_by_themselves: dict[str, Any] = {"actor": APPLICANT, "authorisation": None}
    life = issued(**AT_COUNTER, **filed_by_themselves)
    assert life.refusal("hand_over", HANDOVER, **FOR_THEM) == [("authorisation", "authorisation_required")]
    life.do("hand_over", HANDOVER, **FOR_THEM, authorisation=MANDATE)
    assert life.log[-1].event.authorisation == MANDATE


def test_wrong_codes_are_counted_until_the_code_counts_no_more() -> None:
    life = issued(**AT_COUNTER)
    assert life.refusal("count_wrong_code", HANDOVER, code=CODE) == [("code", "nothing_to_count")]
    for n in range(1, MOST_WRONG_CODES + 1):
        assert life.do("count_wrong_code", HANDOVER, code="000000").filing.wrong_codes == n
    assert life.refusal("count_wrong_code", HANDOVER, code="000000") == [("code", "nothing_to_count")]
    assert life.refusal("hand_over", HANDOVER, **SIGNED, code=CODE) == [("code", "code_void")]
    assert life.do("hand_over", HANDOVER, **FETCHED).status == 10


def test_what_is_offered_again_has_a_code_of_its_own() -> None:
    life = issued(**AT_COUNTER).do("count_wrong_code", HANDOVER, code="000000")
    life.do("change_delivery", APPLICANT, channel="post", address=ADDRESS)
    assert (life.filing.pickup_code, life.filing.wrong_codes, delivery(life.filing).desk) == (None, 0, None)
    life.do("settle_parcel", n=1, outcome="returned")
    assert (life.filing.pickup_code, life.filing.wrong_codes) == (CODE, 0)


def test_who_does_not_fetch_it_is_reminded_as_long_as_it_waits() -> None:
    life = Life(procedure(**limited(pickup="30 calendar days", unclaimed="10 calendar days")), **AT_COUNTER)
    life.accepted().decided().issued()
    assert len([due for clock, moment, due in life.tells if (clock, moment) == ("pickup", "reminder")]) == 1
    for reminded in (1, 2):
        life.now = lifecycle.timers(life.filing)[0].due
        life.rung()
        assert life.clock_events.count(("pickup", "reminded")) == reminded
        assert life.tasks("reminder:pickup") == [("applicant", ())]
    life.wait(days=40).rung()
    assert life.clock_events[-1] == ("pickup", "overdue")
    assert life.clock_events.count(("pickup", "reminded")) == 2
    life = Life(procedure(), **AT_COUNTER).accepted().decided().issued()
    assert [moment for clock, moment, _ in life.tells if clock == "pickup"] == ["due"]


# Online.


def offered(**limits: str) -> Life:
    return Life(procedure(**limited(reading="5 working days", **limits))).accepted().decided().issued()


def test_a_result_that_is_to_be_read_is_given_once_it_was() -> None:
    life = offered()
    assert (life.stage, life.status, life.filing.links) == ("reading", 9, 1)
    assert (delivery(life.filing).link, delivery(life.filing).until) == (f"{LINK}1", life.ringing["reading"])
    assert opens(life.filing, f"{LINK}1", life.now)
    life.do("acknowledge_result", APPLICANT, link=f"{LINK}1")
    assert (life.status, life.log[-1].event.channel, life.log[-1].event.receiver) == (10, "online", "applicant")
    assert not opens(life.filing, f"{LINK}1", life.now)


def test_a_link_expires_and_the_desk_is_told_of_what_nobody_has_read() -> None:
    life = offered()
    assert life.queues[0] == "applicant"
    life.now = life.ringing["reading"]
    assert not opens(life.filing, f"{LINK}1", life.now)
    life.rung()
    assert (life.kinds[-1], life.stage) == ("overdue", "reading")
    assert life.tasks("reading")[:2] == [
        ("applicant", ("change_delivery", "acknowledge_result", "renew_link")),
        ("handover", ("renew_link",)),
    ]
    assert life.refusal("acknowledge_result", APPLICANT, link=f"{LINK}1") == [("link", "link_expired")]
    life.do("renew_link", HANDOVER)
    assert (life.filing.links, opens(life.filing, f"{LINK}1", life.now)) == (2, False)
    assert opens(life.filing, f"{LINK}2", life.now)
    assert "handover" not in life.queues[:1]
    assert life.do("acknowledge_result", APPLICANT, link=f"{LINK}2").status == 10


def test_there_are_so_many_links_and_then_it_is_fetched() -> None:
    life = offered()
    for _ in range(MOST_LINKS - 1):
        life.do("renew_link", APPLICANT)
    assert life.refusal("renew_link", APPLICANT) == [("", "too_many_links")]
    life = offered().do("change_delivery", APPLICANT, channel="counter")
    assert since_issued(life) == ["result_offered", "delivery_changed", "pickup_offered"]
    assert (life.stage, delivery(life.filing).link) == ("pickup", None)
    assert list(life.ringing) == ["pickup"]
    assert not opens(life.filing, f"{LINK}1", life.now)


# A fee that the post collects.

COLLECTED: Final = ("post", "counter")
PAID_TO_IT: Final[dict[str, Any]] = {"result_channel": "post", "address": ADDRESS, "fee_channel": "post"}
AMOUNT: Final = 16_000


def sent(**filed: Any) -> Life:
    """Returns a filing whose result has been sent by post, which collects the fee."""
    return Life(procedure(level=3, fee=fee("result", COLLECTED)), **PAID_TO_IT | filed).accepted().decided().issued()


def paid(life: Life) -> list[FeePaid]:
    return [recorded.event for recorded in life.log if isinstance(recorded.event, FeePaid)]


def test_the_result_goes_before_the_fee_is_paid_and_both_come_to_an_end_together() -> None:
    life = sent()
    assert life.kinds[-2:] == ["fee_requested", "parcel_requested"]
    assert (life.stage, life.filing.fee_at_the_post, life.filing.fee_pending) == ("delivery", True, False)
    assert "payment" not in life.ringing, "nobody is late who has only to wait for the postman"
    assert life.refusal("pay_at_counter", CASHIER, amount=AMOUNT) == [("", "wrong_stage")]
    life.do("settle_parcel", n=1, outcome="delivered", fee=AMOUNT)
    assert life.kinds[-2:] == ["fee_paid", "handed_over"]
    [one] = paid(life)
    assert (one.n, one.amount, one.channel, one.parcel, one.means) == (1, AMOUNT, Channel.POST, 1, None)
    assert life.status == 10


@pytest.mark.parametrize("outcome", ["returned", "cancelled"])
def test_what_comes_back_uncollected_is_still_due_and_paid_at_the_counter(outcome: str) -> None:
    life = sent().do("settle_parcel", n=1, outcome=outcome)
    assert (life.stage, life.kinds[-1]) == ("fee", "parcel_failed")
    assert "payment" in life.ringing
    life.do("pay_at_counter", CASHIER, amount=AMOUNT)
    assert life.kinds[-2:] == ["fee_paid", "pickup_offered"]
    life.do("hand_over", HANDOVER, **FETCHED)
    assert [one.channel for one in paid(life)] == [Channel.COUNTER]


def test_what_was_paid_meanwhile_is_not_recorded_as_paid_again() -> None:
    life = sent().do("settle_parcel", n=1, outcome="returned").do("pay_at_counter", CASHIER, amount=AMOUNT)
    life.do("settle_parcel", n=1, outcome="delivered", fee=AMOUNT)
    assert len(paid(life)) == 1
    assert life.kinds[-1] == "handed_over"


def test_what_is_lost_is_collected_for_with_the_next_one_as_often_as_it_goes_by_post() -> None:
    life = sent()
    for n in (1, 2):
        life.do("settle_parcel", n=n, outcome="lost").issued()
        assert (life.stage, life.filing.parcels) == ("delivery", n + 1)
    life.do("settle_parcel", n=3, outcome="lost")
    assert life.stage == "fee", "the fourth is fetched, and paid for there"
    life.do("pay_at_counter", CASHIER, amount=AMOUNT).issued()
    assert life.stage == "pickup"


def test_who_would_fetch_it_instead_pays_at_the_counter() -> None:
    life = sent().do("change_delivery", APPLICANT, channel="counter")
    assert life.filing.fee_at_the_post, "until it is known whether it has left"
    life.do("settle_parcel", n=1, outcome="cancelled")
    assert (life.stage, "payment" in life.ringing) == ("fee", True)
    life.do("pay_at_counter", CASHIER, amount=AMOUNT)
    assert life.stage == "pickup"


@pytest.mark.parametrize("collected", [None, AMOUNT - 1, AMOUNT + 1])
def test_less_than_the_fee_or_nothing_pays_nothing(collected: int | None) -> None:
    life = sent().do("settle_parcel", n=1, outcome="delivered", fee=collected)
    assert (paid(life), life.status) == ([], 10)
    assert life.filing.fee is not None
    assert life.filing.fee.state == "due"


def test_the_post_collects_only_with_what_it_brings() -> None:
    rules = procedure(level=3, fee=fee("result", COLLECTED))
    fetched = Life(rules, result_channel="counter")
    assert fetched.filing.fee_channel is Channel.COUNTER, "the post is not chosen where it brings nothing"
    with pytest.raises(Exception, match="fee_channel"):
        Life(rules, result_channel="counter", fee_channel="post")
    with pytest.raises(Exception, match="fee_channel"):
        Life(procedure(level=3, fee=fee("acceptance", COLLECTED)), fee_channel="post")


def test_money_that_came_with_papers_by_post_is_recorded_with_the_number_of_the_consignment() -> None:
    said = {"amount": AMOUNT, "means": "post", "reference": "EA123456789VN"}
    rules = procedure(level=2, fee=fee("acceptance", ("counter", "post")))
    for channel, refused in (("counter", [("means", "not_by_post")]), ("post", [])):
        life = Life(rules, **PAPER | {"channel": channel, "result_channel": "counter"})
        assert life.refusal("pay_at_counter", CASHIER, **said) == refused
    assert life.refusal("pay_at_counter", CASHIER, **said | {"reference": None}) == [
        ("reference", "reference_required")
    ]
    life.do("pay_at_counter", CASHIER, **said)
    [one] = paid(life)
    assert (one.channel, one.means, one.reference, one.parcel) == (Channel.POST, None, "EA123456789VN", None)
