"""Runs orders and variants, several at once, each on a filing of its own."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tests.matrix import books
from tests.matrix.case import Steps, TooSlowError
from tests.matrix.orders import Order
from tests.matrix.paying import Paying
from tests.matrix.room import Room
from tests.matrix.variants import Variant

_TRIES: Final = 4
_RECEIPTS_WITHIN: Final = 300


Subject: TypeAlias = Order | Variant


@dataclass(frozen=True)
class Ended:
    """How one ended: what was wrong, and how often it was begun again. `subject` is None of all together."""

    subject: Subject | None
    wrong: str | None = None
    again: int = 0


async def matrix(room: Room, subjects: Sequence[Subject], at_once: int, done: Callable[[], None]) -> list[Ended]:
    """Every one, and then what must hold of all together."""
    slots = asyncio.Semaphore(at_once)

    async def one(subject: Subject) -> Ended:
        async with slots:
            ended = await _taken(room, subject)
        done()
        return ended

    ended = [*await asyncio.gather(*map(one, subjects))]
    try:
        await books.one_receipt_of_a_kind(room, _RECEIPTS_WITHIN)
        await books.sound(room)
    except Exception:  # noqa: BLE001 -- it is told
        ended.append(Ended(None, traceback.format_exc(limit=-3)))
    return ended


async def _taken(room: Room, subject: Subject) -> Ended:
    for again in range(_TRIES):
        try:
            await _lived(room, subject)
        except TooSlowError:
            continue
        except Exception:  # noqa: BLE001 -- it is told, and the others go on
            return Ended(subject, traceback.format_exc(limit=-4), again)
        return Ended(subject, again=again)
    return Ended(subject, "the machine was too slow each time", _TRIES)


async def _lived(room: Room, subject: Subject) -> None:
    if isinstance(subject, Variant):
        paying = await Paying.begin(room, subject)
        await paying.take()
        await paying.settle()
    else:
        steps = await Steps.begin(room)
        await steps.take(subject)
        await steps.settle(subject)


def named(subject: Subject | None) -> str:
    """What it is called."""
    if subject is None:
        return "all together"
    return str(subject) if isinstance(subject, Variant) else " ".join(subject)
