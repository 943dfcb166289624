"""The columns of the table, recognised by their headings."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from publishing.drafting.cells import CellError, folded, text_of


class Column(StrEnum):
    """The content of a column."""

    CODE = "code"
    NAME = "name"
    LEVEL = "level"
    AGENCY = "agency"
    TIME = "time"
    FEE = "fee"
    PAPERS = "papers"
    LEGAL_BASIS = "legal_basis"
    NAME_EN = "name_en"
    RESULT = "result"
    FIELD = "field"
    ORDINAL = "ordinal"


TITLES: Final[Mapping[Column, str]] = {
    Column.CODE: "Mã thủ tục",
    Column.NAME: "Tên thủ tục",
    Column.LEVEL: "Mức độ",
    Column.AGENCY: "Cơ quan thực hiện",
    Column.TIME: "Thời hạn giải quyết",
    Column.FEE: "Phí, lệ phí",
    Column.PAPERS: "Thành phần hồ sơ",
    Column.LEGAL_BASIS: "Căn cứ pháp lý",
}
"""The columns that a table must have, with their usual headings."""

_HEADINGS: Final[Mapping[Column, str]] = {
    Column.CODE: r"(ma|ma so)( ho so)?( thu tuc| tthc)?( hanh chinh)?|(procedure )?code",
    Column.NAME: r"ten( thu tuc| tthc)( hanh chinh)?|thu tuc hanh chinh|tthc|(procedure )?name|procedure",
    Column.LEVEL: r"(muc( do)?)( cung cap)?( dvc| dvctt| dich vu cong)?( truc tuyen)?|dvctt|(service )?level",
    Column.AGENCY: r"(co quan|don vi)( truc tiep)?( thuc hien| giai quyet| co tham quyen)?( quyet dinh)?|agency",
    Column.TIME: r"thoi (han|gian)( giai quyet| thuc hien)?|(processing )?time( limit)?",
    Column.FEE: r"(muc )?(phi|le phi|phi (va )?le phi)|fees?",
    Column.PAPERS: r"(thanh phan )?ho so|(thanh phan )?giay to( phai nop)?|papers|documents|dossier",
    Column.LEGAL_BASIS: r"(can cu|co so)( phap ly)?( cua tthc)?|van ban quy dinh|legal basis",
    Column.NAME_EN: r"ten( thu tuc| tthc)?( bang)? tieng anh|(english )name|name (in )?en(glish)?",
    Column.RESULT: r"ket qua( thuc hien| giai quyet)?( tthc| thu tuc)?( hanh chinh)?|result",
    Column.FIELD: r"(nganh )?linh vuc|field",
    Column.ORDINAL: r"stt|tt|so (tt|thu tu)|no|number",
}
_LEAST_KNOWN: Final = 3
"""A row with at least this number of known headings is the row of headings; other headings may be missing."""


class Headings(NamedTuple):
    """The row of headings of a table: the place of each column, and the words of every heading."""

    places: Mapping[Column, int]
    titles: Mapping[int, str]
    twice: Sequence[str]

    @property
    def missing(self) -> list[str]:
        """The required columns that are missing from the table."""
        return [title for column, title in TITLES.items() if column not in self.places]

    @property
    def unknown(self) -> list[str]:
        """The unknown headings."""
        return [title for n, title in self.titles.items() if n not in self.places.values()]

    def title(self, column: Column | None) -> str:
        """The heading of this column; empty if the table does not have it."""
        return self.titles[self.places[column]] if column is not None and column in self.places else ""

    def unit(self, column: Column) -> str:
        """The words in brackets in the heading of this column: the unit of bare numbers."""
        in_brackets = re.search(r"\(([^)]*)\)", self.title(column))
        return in_brackets[1].strip() if in_brackets else ""

    def cell(self, column: Column, cells: Sequence[object]) -> object:
        """The cell of this column in a row; None if the row or the table has none."""
        place = self.places.get(column, len(cells))
        return cells[place] if place < len(cells) else None


def headings(cells: Sequence[object]) -> Headings | None:
    """The headings of a table, if this row is the row of headings; else None."""
    titles = {n: title for n, cell in enumerate(cells) if (title := _title(cell))}
    places: dict[Column, int] = {}
    twice = []
    for n, title in titles.items():
        column = _column(title)
        if column in places:
            twice += [titles[places[column]], title]
        elif column is not None:
            places[column] = n
    return Headings(places, titles, twice) if len(places) >= _LEAST_KNOWN else None


def _title(cell: object) -> str:
    try:
        return text_of(cell).replace("\n", " ")
    except CellError:
        return ""


def _column(title: str) -> Column | None:
    """The column that a heading names, by all of its words, else by its words outside brackets; None if unknown."""
    for words in (title, re.sub(r"\([^)]*\)", " ", title)):
        plain = " ".join(re.findall(r"[a-z0-9]+", folded(words)))
        for column, pattern in _HEADINGS.items():
            if re.fullmatch(pattern, plain):
                return column
    return None
