"""What is offered to whoever has no signature for a procedure that asks for one."""

from __future__ import annotations

from typing import Any, Final

import pytest

from schemas.errors import Offer, Refusal, RefusalError
from schemas.level import Channel, Level
from tests.unit.filing.lives import ADDRESS, FILE, Life, fee, procedure

SIGNED: Final[dict[str, Any]] = {"signature": True}
AT_COUNTER: Final = Offer(level=Level.ONLINE_FILING, result_channel=Channel.COUNTER)


def refusal(rules: dict[str, Any], **changes: Any) -> Refusal:
    with pytest.raises(RefusalError) as refused:
        Life(procedure(**rules), **changes)
    return refused.value.refusal


def test_without_its_signature_level_3_is_offered_with_the_channels_that_it_needs() -> None:
    no = refusal(SIGNED | {"fee": fee()}, level=4, fee_channel="online")
    assert [problem.rule for problem in no.problems] == ["signature_required"]
    assert no.offer == AT_COUNTER.model_copy(update={"fee_channel": Channel.COUNTER})
    assert no.model_dump(mode="json")["offer"] == {"level": 3, "result_channel": "counter", "fee_channel": "counter"}


def test_what_is_offered_is_filed() -> None:
    no = refusal(SIGNED | {"fee": fee()}, level=4, fee_channel="online")
    assert no.offer is not None
    life = Life(procedure(**SIGNED, fee=fee()), **no.offer.model_dump())
    assert (life.filing.level, life.filing.result_channel) == (3, "counter")
    assert life.filing.fee_channel == "counter"


@pytest.mark.parametrize("fact", ['"level": 3', "--level 3"])
def test_the_words_name_how(fact: str) -> None:
    [problem] = refusal(SIGNED, level=4).problems
    assert fact in problem.message.vi
    assert fact in problem.message.en


@pytest.mark.parametrize(
    ("rules", "changes", "offer"),
    [
        ({}, {"level": 4, "result_channel": "counter"}, Offer(level=Level.ONLINE_FILING)),
        ({}, {"level": 4, "result_channel": "post", "address": ADDRESS}, Offer(level=Level.ONLINE_FILING)),
        ({}, {}, AT_COUNTER),  # level 3 was taken by itself, and has no such channel
        ({}, {"level": 3}, AT_COUNTER),
        ({"result_channels": ["online", "post", "counter"]}, {"level": 4}, AT_COUNTER),
        (
            {"result_channels": ["online", "post"]},
            {"level": 4},
            Offer(level=Level.ONLINE_FILING, result_channel="post"),
        ),
        ({"fee": fee(channels=("online",))}, {"level": 4, "fee_channel": "online"}, AT_COUNTER),
        ({"result_channels": ["online"]}, {"level": 4}, None),
        ({}, {"level": 2, "result_channel": "counter"}, None),
        ({}, {"result_channel": "counter", "papers": ()}, None),  # a level lower is where it was refused
        ({}, {"signature": FILE, "papers": ()}, None),
        ({"signature": False}, {"level": 4, "papers": ()}, None),
    ],
)
def test_it_is_offered_where_it_would_do(rules: dict[str, Any], changes: dict[str, Any], offer: Offer | None) -> None:
    assert refusal(SIGNED | rules, **changes).offer == offer
