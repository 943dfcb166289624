"""The register of an agency read out of the record and given, page by page, to whatever takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from schemas.register import Period, Register, RegisterEntry
from views.log import Log
from views.register import entries, register


class Taker(Protocol):
    """Is given the lines of a register, in order."""

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Take these."""


async def read_register(
    log: Log,
    agency: str,
    period: Period,
    takers: Callable[[Register], Iterable[Taker]],
    told: Callable[[int, int], None],
) -> Register:
    """Read it, and give each page to the takers made for it; `told` hears how many lines are read, of how many.

    Raises `RefusalError` (`not_found`) for an agency that the directory does not have.
    """
    head = await register(log.connection, agency, period)
    taking = tuple(takers(head))
    n = 0
    told(n, head.filings)
    async for page in entries(log, agency, period):
        for taker in taking:
            taker.add(page)
        n += len(page)
        told(n, head.filings)
    return head.model_copy(update={"filings": n})
