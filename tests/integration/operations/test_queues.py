"""The queues of the record, as the relay measures them: waiting entries, failures, and the age of the oldest entry."""

from typing import Any, Final, cast
from uuid import uuid4

from temporalio.common import MetricMeter

from activities.ledger.database import Pool
from tests.conftest import World
from tests.instruments import Instruments
from views.registers.queues import QUEUES
from workers.queue_measures import QueueMeasures

WHOLE: Final = ("motcua_queue_waiting", "motcua_queue_failing", "motcua_queue_oldest_seconds")
PAPER: Final = (
    "insert into outbox (stream, seq, paper, filing_id, agency, tries, written_at) values ($1, $2, 'receipt', "
)
CALLBACK: Final = (
    "insert into callback (id, provider, reference, transaction, said, amount, outcome, verdict, stream, told_at) "
)
MESSAGES: Final = """
insert into received (id, filing_id, stream, act, principal, content, received_at, sealed, tries, done_at)
select gen_random_uuid(), gen_random_uuid(), 'filing', 'submit', 'p', '', now(), '', 2, done
from unnest(array[null, now()]) as done
"""


async def measured(pool: Pool) -> dict[str, tuple[float, float, float]]:
    instruments = Instruments()
    async with pool.acquire() as connection:
        await QueueMeasures(cast("MetricMeter", instruments)).measure(connection)
    assert instruments.told["motcua_record_answers"] == [(1, {})]
    told: Any = {name: {labels["queue"]: value for value, labels in instruments.told[name] if labels} for name in WHOLE}
    return {queue: tuple(told[name][queue] for name in WHOLE) for queue in QUEUES}


async def test_each_queue_has_its_number_its_failures_and_its_age(world: World, pool: Pool) -> None:
    await world.fetchval("select position_appends(10_000)")
    await world.fetchval("select chain_rows(10_000)")
    assert await measured(pool) == dict.fromkeys(QUEUES, (0, 0, 0.0))

    for n, (tries, age) in enumerate([(0, "1 hour"), (3, "1 minute"), (0, "1 minute")]):
        values = (f"x:{n}", n, uuid4(), tries, age)
        await world.execute(f"{PAPER}$3, 'H01.12', $4, clock_timestamp() - $5::text::interval)", *values)
    states = [
        ("confirmed", "p", None),
        ("confirmed", "p", "now"),
        ("unknown_order", None, None),
        ("suspense", "", None),
    ]
    for n, (verdict, stream, told) in enumerate(states):
        outcome = "cancelled" if told else "paid"
        row = "values (gen_random_uuid(), 'bank', 'r', $4, '{}', 1, $5, $1, $2, $3::text::timestamptz)"
        await world.execute(f"{CALLBACK}{row}", verdict, stream, told, str(n), outcome)
    await world.execute(MESSAGES)
    await world.execute(
        "insert into unpositioned select 'x', n, n, clock_timestamp() - interval '1 day' from generate_series(1, 2) n"
    )
    found = await measured(pool)
    assert {queue: numbers[:2] for queue, numbers in found.items()} == {
        "papers": (3, 1),
        "positions": (2, 0),
        "rows": (found["rows"][0], 0),
        "callbacks": (1, 0),
        "messages": (1, 1),
        "suspense": (1, 0),
    }
    assert 3600 <= found["papers"][2] < 86_400 <= found["positions"][2]
    await world.execute("insert into unchained (source, row_key, digest) values ('x', 'y', '')")
    assert (await measured(pool))["rows"][0] == found["rows"][0] + 1


def test_a_record_that_is_away_is_told() -> None:
    instruments = Instruments()
    QueueMeasures(cast("MetricMeter", instruments)).unreachable(reason="OSError")
    assert instruments.told["motcua_record_answers"] == [(0, {})]
