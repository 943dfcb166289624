"""Runs orders and variants, several at once, each on its own filing; each gets its verdict within a time limit."""

import asyncio
import traceback
from collections.abc import Sequence
from typing import Final

from tests.matrix import books
from tests.matrix.case import Steps, TooSlowError
from tests.matrix.paying import Paying
from tests.matrix.room import Room
from tests.matrix.showing import Ended, Showing, Subject
from tests.matrix.variants import Variant

WITHIN: Final = 240
"""Seconds that a case may take, each time it is begun. After that, the wait in which it is stuck is reported."""
_UNDER_WAY: Final = 3
"""The number of cases in progress for each active one, since most wait for the end of a request."""
_FEW: Final = 4


async def matrix(room: Room, subjects: Sequence[Subject], at_once: int, shown: Showing) -> None:
    """Runs every subject, and then the common checks.

    If the machine was too slow for a subject, it is run again at the end: first beside few others, and then alone.
    """
    left: Sequence[Subject] = subjects
    for many in (at_once * _UNDER_WAY, _FEW, 1):
        left = await _round(room, left, many, shown)
    for subject in left:
        shown.ended(Ended(subject, "the machine was too slow, also for it alone"))
    shown.summing_up()
    try:
        shown.balanced(await books.both_ledgers_agree(room))
        await books.one_receipt_of_a_kind(room)
        await books.sound(room)
    except Exception:  # noqa: BLE001 -- it is told
        shown.ended(Ended(None, traceback.format_exc(limit=-3)))


async def _round(room: Room, subjects: Sequence[Subject], many: int, shown: Showing) -> Sequence[Subject]:
    """Runs the subjects, `many` at a time; returns those for which the machine was too slow."""
    under_way = asyncio.Semaphore(many)
    too_slow: list[Subject] = []

    async def one(subject: Subject) -> None:
        async with under_way:
            shown.began(subject)
            try:
                shown.ended(Ended(subject, await _wrong(room, subject)))
            except TooSlowError:
                too_slow.append(subject)
                shown.put_off(subject)

    await asyncio.gather(*map(one, subjects))
    return too_slow


async def _wrong(room: Room, subject: Subject) -> str | None:
    """Runs a subject to its end; returns its error, or None. Raises `TooSlowError` if the machine was too slow."""
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
