"""What the ledger counts of itself, and under which names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

from temporalio.common import MetricMeter

from activities.ledger.measures import BUCKETS, Measures
from schemas.base import Text
from schemas.errors import Problem, Refusal, RefusalCode
from schemas.people import SYSTEM, Via
from schemas.stream.ledger import Appended, Batch
from tests.instruments import Instruments

NO: Final = Problem(field="", rule="no", message=Text(vi="không", en="no"))

FILING: Final = UUID(int=7)
BATCH: Final = Batch(
    stream=f"payment:{FILING}:1",
    filing_id=FILING,
    agency="H01.12",
    next_seq=1,
    command_id="c",
    digest="d",
    actor=SYSTEM,
    via=Via(principal="platform"),
    at=datetime(2026, 11, 25, tzinfo=UTC),
    events=({"kind": "payment_expired"},),
)
REFUSED: Final = Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(NO,))


def test_each_answer_is_timed_and_counted_by_kind_and_every_counter_is_there_from_the_start() -> None:
    meter = Instruments()
    measures = Measures(cast("MetricMeter", meter), ["filing", "payment"])
    appends, refusals, conflicts, times = (
        meter.told[f"motcua_ledger_{name}"]
        for name in ("appends_total", "refusals_total", "conflicts_total", "append_milliseconds")
    )
    from_the_start = [(0, {"kind": "filing"}), (0, {"kind": "payment"})]
    assert (appends, refusals, conflicts, times) == (from_the_start, [], from_the_start, [])
    of = {"kind": "payment"}
    measures.answered(BATCH, Appended(epoch=1), 0.25)
    measures.answered(BATCH.model_copy(update={"events": ()}), Appended(epoch=1), 0.5)
    measures.answered(BATCH, Appended(epoch=1, refused=REFUSED), 1)
    measures.conflicted(BATCH)
    assert appends[2:] == [(1, of)]
    assert refusals == [(1, of | {"code": "not_authorised"})]
    assert conflicts[2:] == [(1, of)]
    assert times == [(250, of), (500, of), (1000, of)]
    assert set(meter.described) == set(meter.told)
    assert all(meter.described.values())
    assert BUCKETS.keys() <= meter.told.keys()
