"""What a filing costs: amount × quantity, in đồng."""

from datetime import datetime

import pytest

from rules.filing import fees
from rules.time.working_time import VIETNAM
from schemas.filing.events import FeeLine
from schemas.form import FormValue
from schemas.publishing.procedure import FeePart
from tests.unit.filing.lives import submission

NOW = datetime(2026, 11, 25, 9, tzinfo=VIETNAM)
FEE = FeePart.model_validate(
    {
        "items": [{"code": "extract", "amount": 8000, "per": "copies"}, {"code": "filing", "amount": 50_000}],
        "due": "acceptance",
        "channels": ["counter"],
        "limit": "5 working days",
    }
)


@pytest.mark.parametrize(
    ("form", "lines", "total"),
    [
        ({"copies": 3}, [("extract", 8000, 3), ("filing", 50_000, 1)], 74_000),
        ({"copies": 1}, [("extract", 8000, 1), ("filing", 50_000, 1)], 58_000),
        ({"copies": 0}, [("filing", 50_000, 1)], 50_000),
        ({}, [("filing", 50_000, 1)], 50_000),
    ],
)
def test_an_item_counts_as_often_as_its_field_says(
    form: dict[str, FormValue], lines: list[tuple[str, int, int]], total: int
) -> None:
    found = fees.lines(FEE, submission(form=form), NOW.date(), NOW)
    assert found == tuple(FeeLine(code=code, amount=amount, quantity=n) for code, amount, n in lines)
    assert fees.total(found) == total


def test_nothing_costs_nothing() -> None:
    assert fees.total(()) == 0
