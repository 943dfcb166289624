"""Numbers are those of the day and the year in Việt Nam, whatever the clock of the machine says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from activities.ledger.reserving import Reserved, runs
from activities.ledger.vault import FilingKey
from rules.streams import KINDS
from schemas.base import Model
from schemas.filing.events import Claimed, FeePaid
from schemas.level import Channel
from schemas.people import Role
from tests.unit.filing.lives import Life

AGENCY: Final = "H56.30"
KEY: Final = FilingKey("k", b"")
AT: Final = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)
SUBMITTED: Final = Life().log[0].event.model_copy(update={"code": None})
PAID: Final = FeePaid(n=1, amount=1, channel=Channel.COUNTER)


def numbered(last: int, *events: Model) -> list[Model]:
    """The events with their numbers, of which the last of each kind is `last`."""
    numbers = {run.kind: run.up_to(AGENCY, last) for run in runs(events, AT, KINDS.numberings)}
    return list(Reserved(KEY, numbers).filled(events))


@pytest.mark.parametrize(
    ("event", "field", "given"),
    [(SUBMITTED, "code", "H56.30-20270101-0000001"), (PAID, "receipt_no", "H56.30-2027-R0000001")],
)
def test_half_an_hour_into_the_new_year_is_the_new_year(event: Model, field: str, given: str) -> None:
    (filled,) = numbered(1, event)
    assert getattr(filled, field) == given


def test_each_event_of_a_batch_takes_the_next_number_of_its_kind() -> None:
    claimed = Claimed(officer="o", role=Role.SPECIALIST)
    first, between, second, filed = numbered(8, PAID, claimed, PAID, SUBMITTED)
    assert [getattr(event, "receipt_no", None) for event in (first, second)] == [
        "H56.30-2027-R0000007",
        "H56.30-2027-R0000008",
    ]
    assert between == claimed
    assert getattr(filed, "code", None) == "H56.30-20270101-0000008"


def test_counters_are_locked_in_one_order_whatever_the_order_of_the_events() -> None:
    orders = [runs(events, AT, KINDS.numberings) for events in ((PAID, SUBMITTED), (SUBMITTED, PAID))]
    assert [[run.kind for run in order] for order in orders] == [["dossier", "receipt"]] * 2
