"""The number of a transfer or a card slip counts once for an agency: at the counter, by hand, in suspense."""

import asyncio
from typing import Any, Final
from uuid import uuid4

from schemas.people import Actor, Role
from tests.acting import AGENCY, FILE, officer
from tests.conftest import World
from tests.integration.record.appends import ASKED, Log, opened
from tests.keyed import keyed

CASHIER: Final = officer(Role.CASHIER)
BY_CARD: Final = {"kind": "fee_paid", "n": 1, "amount": 16000, "channel": "counter", "means": "card"}
GIVEN: Final = {
    "kind": "refund_given_by_hand",
    "case": 1,
    "capture_id": "counter",
    "amount": 1,
    "officer": CASHIER.subject,
    "means": "transfer",
    "evidence": FILE,
}


async def recorded(log: Log, event: dict[str, Any], kind: str = "filing", actor: Actor = CASHIER) -> list[str]:
    """Appends the event to a new stream; returns the rules that the event breaks."""
    fresh = Log.__new__(Log)
    fresh.__dict__.update(log.__dict__ | {"filing": await keyed(log.world), "_heads": {}})
    if kind == "filing":
        await fresh.append(ASKED)
    answer = await fresh.append(event, actor=actor, stream=None if kind == "filing" else kind)
    return [] if answer.refused is None else [f"{one.field}: {one.rule}" for one in answer.refused.problems]


async def test_a_number_counts_once_for_an_agency_whoever_names_it_at_once(world: World) -> None:
    elsewhere = officer(Role.CASHIER, agency="H01.12")
    async with opened(world) as log, world.connection() as connection:
        slip = BY_CARD | {"reference": "POS/0047.11"}
        answers = await asyncio.gather(*(recorded(log, slip) for _ in range(3)))
        assert sorted(answers) == [[], *[["reference: counts_already"]] * 2]
        assert await recorded(log, BY_CARD | {"means": "transfer", "reference": "POS004711"}) == [
            "reference: counts_already"
        ]
        hand = GIVEN | {"bank_reference": "pos-004711"}
        assert await recorded(log, hand, "refund") == ["bank_reference: counts_already"]
        assert await recorded(log, slip, actor=elsewhere) == [], "another agency has another account"
        for free in ({"means": "cash"}, {"means": "post", "reference": "POS004711"}, {"reference": "POS004712"}):
            assert await recorded(log, BY_CARD | free) == []
        assert await recorded(log, GIVEN | {"bank_reference": f"FT{uuid4().hex}"}, "refund") == []
        counted = await connection.fetchval("select count(*) from bank_reference where agency = $1", AGENCY)
    assert counted == 3
