"""A few of the matrix, drawn by a seed: all of it is `make matrix`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import factorial
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import World
from tests.matrix.orders import AMOUNT, BACK, ORDERS, Act, kept
from tests.matrix.room import opened
from tests.matrix.run import Subject, matrix, named
from tests.matrix.showing import Showing
from tests.matrix.variants import VARIANTS, Money

SEED: Final = 16
FEW: Final = 24
SECONDS: Final = 20
AT_ONCE: Final = 12


@pytest.mark.timeout(600)
async def test_a_few_orders_and_variants_end_as_they_must(world: World, tmp_path: Path) -> None:
    drawn = random.Random(SEED)
    of_each = (drawn.choice([one for one in VARIANTS if one.money is money]) for money in Money)
    subjects: Sequence[Subject] = (*drawn.sample(ORDERS, FEW), *of_each)
    shown = Showing(len(subjects))
    async with opened(world, tmp_path, SECONDS, AT_ONCE) as room:
        await matrix(room, subjects, AT_ONCE, shown)
    assert {named(one.subject): one.wrong for one in shown.wrong} == {}
    assert len(shown.all_ended) == len(subjects)
    assert shown.retained is not None


def test_the_orders_are_all_there_are_and_each_comes_to_one_of_three_sums() -> None:
    assert len({*ORDERS}) == factorial(6) + factorial(5)
    assert {kept(order) for order in ORDERS} == {AMOUNT, AMOUNT - BACK, 0}
    assert kept((Act.RETURN, Act.EXPIRY, Act.WITHDRAWAL, Act.POLL, Act.IPN, Act.LATE)) == 0
    assert kept((Act.RETURN, Act.EXPIRY, Act.LATE, Act.WITHDRAWAL, Act.POLL, Act.IPN)) == AMOUNT - BACK
