"""Numbers are those of the day and the year in Việt Nam, whatever the clock of the machine says."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from activities.ledger.numbers import number
from rules.streams import KINDS
from schemas.base import Model
from schemas.filing.events import FeePaid
from schemas.level import Channel
from tests.unit.filing.lives import Life

SUBMITTED = Life().log[0].event.model_copy(update={"code": None})


class Counters:
    """Where every counter stands at 0."""

    async def fetchval(self, _: str, *__: str) -> int:
        return 1


@pytest.mark.parametrize(
    ("event", "field", "given"),
    [
        (SUBMITTED, "code", "H56.30-20270101-0000001"),
        (FeePaid(n=1, amount=1, channel=Channel.COUNTER), "receipt_no", "H56.30-2027-R0000001"),
    ],
)
async def test_half_an_hour_into_the_new_year_is_the_new_year(event: Model, field: str, given: str) -> None:
    batch: Any = SimpleNamespace(agency="H56.30", at=datetime(2026, 12, 31, 17, 30, tzinfo=UTC))
    counters: Any = Counters()
    assert getattr(await number(counters, batch, event, KINDS.numberings, {}), field) == given
