"""Reads a table of procedures from a CSV file or an Excel workbook: headings and rows, without evaluating formulas."""

import codecs
import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from openpyxl import load_workbook

from publishing.drafting.columns import TITLES, Headings, headings
from rules.source import Mistake, mistake

MAX_BYTES: Final = 10_000_000
MAX_ROWS: Final = 10_000
MAX_UNPACKED: Final = 50_000_000
"""Maximum number of bytes of an unpacked Excel workbook."""
_MAX_TAGS: Final = 1_500_000
"""Maximum number of tags in a workbook's XML: in memory, a tag takes a hundred times its bytes."""
_MAX_COLUMNS: Final = 100
_HEADINGS_WITHIN: Final = 20
_DELIMITERS: Final = ",;\t"
_ENCODINGS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
"""The first bytes of an old or an encrypted workbook."""

Cells = Sequence[object]


class Table(NamedTuple):
    """The headings, and the rows below them with their numbers in the spreadsheet."""

    headings: Headings
    rows: list[tuple[int, Cells]]


class TableRefusedError(Exception):
    """A file can't be read as a table because of these `mistakes`."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("; ".join(f"{entry.rule}: {entry.fix.en}" for entry in mistakes))
        self.mistakes = list(mistakes)


def read_table(data: bytes) -> Table:
    """Returns the table in `data`, CSV or XLSX by its content. Raises `TableRefusedError`."""
    if len(data) > MAX_BYTES:
        raise _refused("table_too_large", limit=MAX_BYTES)
    if data.startswith(_OLE):
        raise _refused("table_unreadable")
    for rows in _excel(data) if data.startswith(_ZIP) else _csv(data):
        if found := _table(rows):
            return found
    raise _refused("table_without_headings", limit=_HEADINGS_WITHIN, titles="; ".join(TITLES.values()))


def _refused(rule: str, line: int | None = None, **facts: object) -> TableRefusedError:
    return TableRefusedError(mistake(rule, "", **facts).model_copy(update={"line": line}))


def _table(rows: Iterable[Cells]) -> Table | None:
    """Returns the table in these rows. The row of headings is the one with the most known headings among the first."""
    numbered = enumerate(rows, start=1)
    first = list(islice(numbered, _HEADINGS_WITHIN))
    found = [(number, known) for number, cells in first if (known := headings(cells))]
    if not found:
        return None
    start, known = max(found, key=lambda entry: len(entry[1].places))
    _check_headings(known, start)
    rest = [(number, cells) for number, cells in first if number > start]
    for number, cells in numbered:
        if not {None, ""}.issuperset(cells):
            if number > start + MAX_ROWS:
                raise _refused("table_too_many_rows", limit=MAX_ROWS)
            rest.append((number, cells))
    return Table(known, rest)


def _check_headings(known: Headings, line: int) -> None:
    wrong = {"column_missing": known.missing, "column_twice": known.twice}
    if said := [mistake(rule, "", titles="; ".join(titles)) for rule, titles in wrong.items() if titles]:
        raise TableRefusedError(*(entry.model_copy(update={"line": line}) for entry in said))


def _csv(data: bytes) -> list[list[Cells]]:
    """Returns the rows of a text, as a single sheet. The delimiter is the one that gives the most known headings."""
    encoding = next((name for mark, name in _ENCODINGS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refused("table_encoding", data.count(b"\n", 0, error.start) + 1) from None
    known = {delimiter: _known(text, delimiter) for delimiter in _DELIMITERS}
    best = max(known, key=lambda delimiter: known[delimiter])
    return [list(_records(text, best))] if known[best] else []


def _known(text: str, delimiter: str) -> int:
    """Splits the first rows at this delimiter, and returns the number of known headings in the row with the most."""
    most = 0
    with suppress(TableRefusedError):  # the quotes may fit another delimiter; else the error comes again later
        for cells in islice(_records(text, delimiter), _HEADINGS_WITHIN):
            row = headings(cells)
            most = max(most, len(row.places) if row else 0)
    return most


def _records(text: str, delimiter: str) -> Iterator[Cells]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise _refused("table_quotes", number) from None
        if cells is None:
            return
        yield cells


def _excel(data: bytes) -> list[list[Cells]]:
    try:
        _weigh(data)
        with warnings.catch_warnings(action="ignore"):  # about parts that the reader leaves out: styles, validations
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            for sheet in book.worksheets:
                sheet.reset_dimensions()
            return [
                list(map(_trimmed, sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS)))
                for sheet in book.worksheets
            ]
    except TableRefusedError:
        raise
    except Exception:  # noqa: BLE001 -- a broken workbook can make the reader fail in any way
        raise _refused("table_unreadable") from None


def _weigh(data: bytes) -> None:
    """Refuses a workbook that is too large when unpacked, before it is parsed. Raises `TableRefusedError`."""
    unpacked = tags = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as part:
                content = part.read(MAX_UNPACKED - unpacked + 1)
            unpacked += len(content)
            tags += content.count(b"<")
            if unpacked > MAX_UNPACKED or tags > _MAX_TAGS:
                raise _refused("table_unpacks_too_large", limit=MAX_UNPACKED)
            if b"<!DOCTYPE" in content:
                raise _refused("table_unreadable")


def _trimmed(cells: Cells) -> Cells:
    if not any(cells):  # nearly all rows, if a sheet's last cell is far away
        return ()
    return cells[: max(n for n, cell in enumerate(cells, start=1) if cell is not None)]
