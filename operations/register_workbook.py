"""The register of filings, read from the record page by page, and written as an XLSX line by line."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from openpyxl import Workbook
from openpyxl.cell import Cell as WrittenCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from rules.papers.register import COLUMNS, EFFORT, Cell
from rules.time.working_time import VIETNAM
from schemas.papers.register import Period, Register, RegisterEntry
from schemas.translate import said
from views.log import Log
from views.registers.filings import entries, register


class Taker(Protocol):
    """An output that receives the lines of a register, in order."""

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Receives the next lines of the register."""


async def read_register(
    log: Log,
    agency: str,
    period: Period,
    takers: Callable[[Register], Iterable[Taker]],
    told: Callable[[int, int], None],
) -> Register:
    """Passes a register to the takers, page by page. Returns the register's head, with the number of lines.

    `told(read, of)` is called before the first page and after each. Raises `RefusalError` (`not_found`).
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


_OF_REGISTER: Final = (*COLUMNS, *EFFORT)
_WIDTH: Final = 4
"""The number of characters in one unit of a column's width."""


class RegisterWorkbook:
    """A workbook that receives the register's lines in order, and keeps them on disk until the workbook is saved."""

    def __init__(self, register: Register) -> None:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(said("register.title").vi)
        for n, column in enumerate(_OF_REGISTER):
            self._sheet.column_dimensions[chr(ord("A") + n)].width = column.share * _WIDTH
        self._sheet.freeze_panes = "A3"
        self._sheet.append([self._cell(f"{register.agency_name.vi}, {register.period.name}")])
        headings = [self._cell(column.title.vi) for column in _OF_REGISTER]
        for cell in headings:
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
        self._sheet.append(headings)

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Adds the next lines of the register to the workbook."""
        for entry in entries:
            self._sheet.append([self._cell(column.cell(entry)) for column in _OF_REGISTER])

    def save(self, path: Path) -> None:
        """Writes the workbook to a file."""
        self._book.save(path)

    def drop(self) -> None:
        """Closes the workbook without saving it."""
        self._sheet.close()

    def _cell(self, value: Cell) -> WrittenCell:
        if isinstance(value, datetime):
            cell = WriteOnlyCell(self._sheet, value.astimezone(VIETNAM).replace(tzinfo=None))
            cell.number_format = "hh:mm dd/mm/yyyy"
            return cell
        cell = WriteOnlyCell(self._sheet, value)
        if isinstance(value, str):
            cell.data_type = "s"
        return cell
