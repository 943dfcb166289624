"""`motcua doctor` of approved refunds: which wait for an answer, and which nobody gives any more."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import uuid4

import pytest

from operations.doctor.refunds import refunds
from tests.conftest import World
from tests.integration.operations.doctor import around

EVENT: Final = """
insert into event
select $1, $2, gen_random_uuid(), $3, 'H01.12', $4, 1, $5, null, null, 'c', '{}', 'system', told, told,
    pg_current_xact_id(), sha256('a'), sha256('b')
from (select clock_timestamp() - interval '2 days' as told) as before
"""
STANDS: Final = """
insert into standing (stream, kind, filing_id, agency, n, calendar, open, watched_until, heard_as)
values ($1, 'refund', $2, 'H01.12', 1001, 'vn', true, null, '{}')
"""
BEFORE: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "refund_begun", "provider": "vnpay"},
    {"kind": "refund_approved", "case": 1},
)
LEFT: Final = {"kind": "refund_left_to_hand", "case": 1}
OFF: Final = {"kind": "refund_called_off", "void": [1]}
GONE: Final = {"kind": "refund_charged_back", "void": [1]}
OTHERS: Final = {"kind": "refund_called_off", "void": [2]}
NOT_SAID: Final = "H01.12: 1 refunds were approved more than a day ago, and vnpay has not said"
BY_HAND: Final = "H01.12: 1 approved refunds wait for people: vnpay does not give them back"
NOTHING: Final = "nothing waits to be given back by hand"


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ((), NOT_SAID),
        ((OTHERS,), NOT_SAID),
        ((OFF,), NOTHING),
        ((GONE,), NOTHING),
        ((LEFT,), BY_HAND),
        ((LEFT, OFF), NOTHING),
        ((LEFT, GONE), NOTHING),
    ],
    ids=["approved", "of another case", "called off", "charged back", "by hand", "by hand, off", "by hand, gone"],
)
async def test_what_is_void_waits_for_nobody(world: World, since: tuple[dict[str, Any], ...], said: str) -> None:
    filing = uuid4()
    stream = f"refund:{filing}:1001"
    async with world.connection() as connection:
        for n, event in enumerate((*BEFORE, *since), 1):
            await connection.execute(EVENT, stream, n, filing, event["kind"], json.dumps(event).encode())
        await connection.execute(STANDS, stream, filing)
    [finding] = await refunds(around(world))
    assert finding.what.en.startswith(said)
