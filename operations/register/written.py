"""Reads an agency's register from the record, page by page, for receivers such as a workbook."""

from collections.abc import Callable, Iterable
from typing import Protocol

from schemas.papers.register import Period, Register, RegisterEntry
from views.log import Log
from views.registers.filings import entries, register


class Taker(Protocol):
    """A receiver of a register's lines, in order."""

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Receives these lines."""


async def read_register(
    log: Log,
    agency: str,
    period: Period,
    takers: Callable[[Register], Iterable[Taker]],
    told: Callable[[int, int], None],
) -> Register:
    """Reads a register, and passes each page to the takers. `told(read, of)` is called with the numbers of lines.

    Raises `RefusalError` (`not_found`) if the directory does not have the agency.
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
