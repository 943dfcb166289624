"""Runs orders and variants, several at once, each on a filing of its own, and gives each a verdict in time."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from contextlib import AsyncExitStack
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

_TRIES: Final = 4
_UNDER_WAY: Final = 3
"""For each that does something so many are under way: most wait for the end of a request."""

Subject: TypeAlias = Order | Variant


@dataclass(frozen=True)
class Ended:
    """How one ended: what was wrong, and how often it was begun again. `subject` is None of all together."""

    subject: Subject | None
    wrong: str | None = None
    again: int = 0


class Watcher(Protocol):
    """Who is told how it goes."""

    def began(self, subject: Subject) -> None:
        """Another is under way."""

    def ended(self, ended: Ended) -> None:
        """One has a verdict."""

    def balanced(self, retained: int) -> None:
        """By the bank's ledger and by ours so many đồng are kept of all payments together."""


async def matrix(room: Room, subjects: Sequence[Subject], at_once: int, watcher: Watcher) -> None:
    """Every one, and then what must hold of all together."""
    under_way = asyncio.Semaphore(at_once * _UNDER_WAY)

    async def one(subject: Subject) -> None:
        async with under_way:
            watcher.began(subject)
            watcher.ended(await _taken(room, subject))

    await asyncio.gather(*map(one, subjects))
    try:
        watcher.balanced(await books.both_ledgers_agree(room))
        await books.one_receipt_of_a_kind(room)
        await books.sound(room)
    except Exception:  # noqa: BLE001 -- it is told
        watcher.ended(Ended(None, traceback.format_exc(limit=-3)))


async def _taken(room: Room, subject: Subject) -> Ended:
    for again in range(_TRIES):
        try:
            async with asyncio.timeout(WITHIN), room.slots:
                await _lived(room, subject)
        except TooSlowError:
            continue
        except Exception:  # noqa: BLE001 -- it is told, and the others go on
            return Ended(subject, traceback.format_exc(limit=-4), again)
        return Ended(subject, again=again)
    return Ended(subject, "the machine was too slow each time", _TRIES)


async def _lived(room: Room, subject: Subject) -> None:
    async with AsyncExitStack() as stack:
        if isinstance(subject, Variant):
            paying = await Paying.begin(room, subject)
            await stack.enter_async_context(paying.case.explained())
            await paying.take()
            await paying.settle()
        else:
            steps = await Steps.begin(room)
            await stack.enter_async_context(steps.case.explained())
            await steps.take(subject)
            await steps.settle(subject)


def named(subject: Subject | None) -> str:
    """What it is called."""
    if subject is None:
        return "all together"
    return str(subject) if isinstance(subject, Variant) else " ".join(subject)
