"""Runs orders and variants, several at once, each on a filing of its own, and gives each a verdict in time."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from tests.matrix import books
from tests.matrix.case import Steps, TooSlowError
from tests.matrix.orders import Order
from tests.matrix.paying import Paying
from tests.matrix.room import Room
from tests.matrix.variants import Variant

WITHIN: Final = 240
"""Seconds that a case may take, each time it is begun. Whatever it waits for then is named."""

_UNDER_WAY: Final = 3
"""For each that does something so many are under way: most wait for the end of a request."""

_FEW: Final = 4

Subject: TypeAlias = Order | Variant


@dataclass(frozen=True)
class Ended:
    """How one ended, and what was wrong. `subject` is None of all together."""

    subject: Subject | None
    wrong: str | None = None


class Watcher(Protocol):
    """Who is told how it goes."""

    def began(self, subject: Subject) -> None:
        """Another is under way."""

    def put_off(self, subject: Subject) -> None:
        """The machine was too slow for it: it is begun again once less is under way."""

    def ended(self, ended: Ended) -> None:
        """One has a verdict."""

    def summing_up(self) -> None:
        """Each has a verdict; now all together."""

    def balanced(self, retained: int) -> None:
        """By the bank's ledger and by ours so many đồng are kept of all payments together."""


async def matrix(room: Room, subjects: Sequence[Subject], at_once: int, watcher: Watcher) -> None:
    """Every one, and then what must hold of all together.

    For which the machine was too slow, beside so many others, is begun again in the end, beside few, and then alone.
    """
    left: Sequence[Subject] = subjects
    for many in (at_once * _UNDER_WAY, _FEW, 1):
        left = await _round(room, left, many, watcher)
    for subject in left:
        watcher.ended(Ended(subject, "the machine was too slow, also for it alone"))
    watcher.summing_up()
    try:
        watcher.balanced(await books.both_ledgers_agree(room))
        await books.one_receipt_of_a_kind(room)
        await books.sound(room)
    except Exception:  # noqa: BLE001 -- it is told
        watcher.ended(Ended(None, traceback.format_exc(limit=-3)))


async def _round(room: Room, subjects: Sequence[Subject], many: int, watcher: Watcher) -> Sequence[Subject]:
    """So many at a time; those for which the machine was too slow."""
    under_way = asyncio.Semaphore(many)
    too_slow: list[Subject] = []

    async def one(subject: Subject) -> None:
        async with under_way:
            watcher.began(subject)
            try:
                watcher.ended(Ended(subject, await _wrong(room, subject)))
            except TooSlowError:
                too_slow.append(subject)
                watcher.put_off(subject)

    await asyncio.gather(*map(one, subjects))
    return too_slow


async def _wrong(room: Room, subject: Subject) -> str | None:
    """Take one to its end. Raises `TooSlowError`."""
    try:
        async with room.slots:
            await _lived(room, subject)
    except TooSlowError:
        raise
    except Exception:  # noqa: BLE001 -- it is told, and the others go on
        return traceback.format_exc(limit=-4)
    return None


async def _lived(room: Room, subject: Subject) -> None:
    if isinstance(subject, Variant):
        async with asyncio.timeout(WITHIN):
            paying = await Paying.begin(room, subject)
        async with paying.case.explained(), asyncio.timeout(WITHIN):
            await paying.take()
            await paying.settle()
    else:
        async with asyncio.timeout(WITHIN):
            steps = await Steps.begin(room)
        async with steps.case.explained(), asyncio.timeout(WITHIN):
            await steps.take(subject)
            await steps.settle(subject)


def named(subject: Subject | None) -> str:
    """What it is called."""
    if subject is None:
        return "all together"
    return str(subject) if isinstance(subject, Variant) else " ".join(subject)
