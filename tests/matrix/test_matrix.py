"""A few cases of the matrix, drawn by a seed; `make matrix` runs all."""

import random
from collections import defaultdict
from collections.abc import Sequence
from math import factorial
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import World
from tests.matrix.orders import AMOUNT, BACK, ORDERS, Act, kept
from tests.matrix.room import opened
from tests.matrix.run import matrix
from tests.matrix.showing import Showing, Subject, named
from tests.matrix.variants import VARIANTS, Variant

SEED: Final = 16
FEW: Final = 12
SECONDS: Final = 20
AT_ONCE: Final = 12


def drawn() -> Sequence[Subject]:
    """Returns a few orders, and variants: for each payment one over each wire, and one to a tax office."""
    chance, kinds = random.Random(SEED), defaultdict[tuple[Any, ...], list[Variant]](list)
    for one in VARIANTS:
        kinds[(one.money,) if one.demanded else (one.money, one.wire)].append(one)
    return (*chance.sample(ORDERS, FEW), *map(chance.choice, kinds.values()))


def test_whatever_happens_beside_is_drawn_before_and_after_the_money() -> None:
    beside = {(one.beside, one.before) for one in drawn() if isinstance(one, Variant)}
    assert beside == {(one.beside, one.before) for one in VARIANTS}


@pytest.mark.timeout(600)
async def test_a_few_orders_and_variants_end_as_they_must(world: World, tmp_path: Path) -> None:
    subjects = drawn()
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
