"""The result on its way: the way is chosen, changed until it has been gone, and leads to the applicant's hands once."""

from typing import Any, Final

import pytest

from rules.filing.commands.delivery import MOST_CHANGES
from tests.unit.filing.lives import (
    ADDRESS,
    APPLICANT,
    HANDOVER,
    PAPER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    Life,
    fee,
    procedure,
)

ELSEWHERE: Final = ADDRESS.model_copy(update={"address": "2 Hàng Bài"})
BY_POST: Final[dict[str, Any]] = {"result_channel": "post", "address": ADDRESS}
AT_COUNTER: Final[dict[str, Any]] = {"result_channel": "counter"}


def issued(**filed: Any) -> Life:
    return Life(**filed).accepted().decided().issued()


def since_issued(life: Life) -> list[str]:
    return life.kinds[life.kinds.index("finished_early") + 1 :]


@pytest.mark.parametrize("actor", [APPLICANT, REPRESENTATIVE, RECEPTION])
def test_the_way_can_be_changed_before_there_is_a_result(actor: Any) -> None:
    life = Life().do("change_delivery", actor, channel="post", address=ADDRESS)
    assert (life.stage, life.filing.result_channel, life.filing.address) == ("intake", "post", ADDRESS)
    assert since_issued(life.accepted().decided().issued()) == ["parcel_requested"]


def test_what_waits_at_the_counter_goes_by_post_instead() -> None:
    life = issued(**AT_COUNTER).do("change_delivery", APPLICANT, channel="post", address=ADDRESS)
    assert since_issued(life) == ["pickup_offered", "delivery_changed", "parcel_requested"]
    assert (life.stage, life.filing.parcels, life.filing.recalled) == ("delivery", 1, None)
    assert life.refusal("hand_over", HANDOVER, recipient="An") == [("", "wrong_stage")]
    assert (life.clock("pickup").ended_by, life.clock("pickup").outcome) == ("delivery_changed", None)


def test_what_waits_at_the_counter_is_given_online_instead() -> None:
    life = issued(**AT_COUNTER).do("change_delivery", APPLICANT, channel="online")
    assert since_issued(life) == ["pickup_offered", "delivery_changed", "handed_over"]
    assert life.log[-1].event.channel == "online"


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


def test_what_the_post_has_already_goes_its_way() -> None:
    life = issued(**BY_POST).do("change_delivery", APPLICANT, channel="counter")
    life.do("settle_parcel", n=1, outcome="delivered")
    assert since_issued(life) == ["parcel_requested", "delivery_changed", "parcel_recalled", "handed_over"]
    assert (life.log[-1].event.channel, life.status) == ("post", 10)


def test_what_the_post_brings_back_goes_the_way_that_is_wanted_by_now() -> None:
    life = issued(**BY_POST).do("change_delivery", APPLICANT, channel="online")
    life.do("settle_parcel", n=1, outcome="returned")
    assert since_issued(life)[-2:] == ["parcel_failed", "handed_over"]
    assert life.log[-1].event.channel == "online"


def test_what_came_back_may_be_sent_again() -> None:
    life = issued(**BY_POST).do("settle_parcel", n=1, outcome="returned")
    assert life.refusal("change_delivery", APPLICANT, channel="post") == [("channel", "delivered_so_already")]
    life.do("change_delivery", APPLICANT, channel="post", address=ELSEWHERE)
    assert (life.filing.parcels, life.filing.address, life.stage) == (2, ELSEWHERE, "delivery")


@pytest.mark.parametrize(
    ("filed", "change", "refused"),
    [
        (AT_COUNTER, {"channel": "counter"}, ("channel", "delivered_so_already")),
        (BY_POST, {"channel": "post", "address": ADDRESS}, ("channel", "delivered_so_already")),
        (AT_COUNTER, {"channel": "post"}, ("address", "address_required")),
        (BY_POST, {"channel": "counter", "address": ADDRESS}, ("address", "address_only_by_post")),
        (AT_COUNTER | {"level": 3}, {"channel": "online"}, ("channel", "result_channel_not_allowed")),
    ],
    ids=["as before", "the same address", "no address", "an address for the counter", "not at this level"],
)
def test_a_way_that_there_is_not_is_refused(
    filed: dict[str, Any], change: dict[str, Any], refused: tuple[str, str]
) -> None:
    assert issued(**filed).refusal("change_delivery", APPLICANT, **change) == [refused]


def test_the_procedure_may_know_one_way_only() -> None:
    life = Life(procedure(result_channels=["counter"]), **AT_COUNTER)
    assert life.refusal("change_delivery", APPLICANT, channel="post", address=ADDRESS) == [("", "no_other_delivery")]


def test_who_filed_on_paper_has_it_changed_at_the_desk() -> None:
    life = Life(procedure(level=2), **PAPER, **AT_COUNTER)
    change = {"channel": "post", "address": ADDRESS}
    assert life.refusal("change_delivery", APPLICANT, **change) == [("actor.role", "role_not_allowed")]
    assert life.refusal("change_delivery", SPECIALIST, **change) == [("actor.role", "role_not_allowed")]
    assert life.do("change_delivery", RECEPTION, **change).filing.result_channel == "post"


def test_it_is_changed_so_many_times_at_most() -> None:
    life = Life(**AT_COUNTER)
    for n in range(MOST_CHANGES):
        life.do("change_delivery", APPLICANT, channel=("online", "counter")[n % 2])
    assert life.refusal("change_delivery", APPLICANT, channel="online") == [("", "changed_too_often")]


def test_nothing_changes_before_the_fee_for_the_result_is_paid_and_after_it_was_given() -> None:
    life = Life(procedure(fee=fee("result", ("counter",))), **AT_COUNTER).accepted().decided().issued()
    life.do("change_delivery", APPLICANT, channel="online")
    assert (life.stage, life.filing.result_channel) == ("fee", "online")
    assert issued().refusal("change_delivery", APPLICANT, channel="counter") == [("", "filing_closed")]


def test_the_officer_may_still_take_back_what_they_sent_on() -> None:
    life = Life().accepted().proposed()
    before = life.filing.last_move
    assert before is not None
    assert life.do("change_delivery", APPLICANT, channel="counter").filing.last_move == before
