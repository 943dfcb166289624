"""The table's columns, recognised by their headings, and its rows, read cell by cell: facts, mistakes, open points."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from publishing.drafting.cells import CellError, Papers, folded, papers_of, shown, text_of, texts_of
from publishing.drafting.fee_cell import Fee, fee_of
from publishing.drafting.time_cell import Time, time_of
from rules.source import Mistake, mistake
from schemas.level import Level
from schemas.publishing.fact import AgencyKind


class Column(StrEnum):
    """The kinds of columns, by their content."""

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
    """The row of headings of a table: the index of each known column, and the words of every heading."""

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
        """The words in brackets in the heading of this column: the unit of numbers that are written without a unit."""
        in_brackets = re.search(r"\(([^)]*)\)", self.title(column))
        return in_brackets[1].strip() if in_brackets else ""

    def cell(self, column: Column, cells: Sequence[object]) -> object:
        """The cell of this column in a row; None if there is no such cell."""
        place = self.places.get(column, len(cells))
        return cells[place] if place < len(cells) else None


def headings(cells: Sequence[object]) -> Headings | None:
    """Returns the headings of a table if this row is the row of headings, else None."""
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
    """Returns the column that a heading names, if need be without the words in brackets; None if it is unknown."""
    for words in (title, re.sub(r"\([^)]*\)", " ", title)):
        plain = " ".join(re.findall(r"[a-z0-9]+", folded(words)))
        for column, pattern in _HEADINGS.items():
            if re.fullmatch(pattern, plain):
                return column
    return None


_NAMED: Final = {
    "toan trinh": Level.FULLY_ONLINE,
    "mot phan": Level.ONLINE_FILING,
    "cung cap thong tin": Level.INFORMATION,
    "fully online": Level.FULLY_ONLINE,
    "partly online": Level.ONLINE_FILING,
    "information": Level.INFORMATION,
}
_NUMBERED: Final = re.compile(r"(?:muc(?: do)? |level )?([1-4]|i{1,3}|iv)")
_ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


class Served(NamedTuple):
    """The level in a cell. `unsettled`: whether another level is possible: `cung cấp thông tin` is level 1 or 2."""

    level: Level
    unsettled: bool


def level_of(cell: str) -> Served:
    """Returns the level that a cell states in digits or words. Raises `CellError`."""
    words = folded(cell)
    if number := _NUMBERED.fullmatch(words):
        return Served(Level(_ROMAN.get(number[1]) or int(number[1])), unsettled=False)
    named = {level for name, level in _NAMED.items() if name in words}
    if len(named) != 1:
        raise CellError("level_unreadable")
    level = named.pop()
    return Served(level, unsettled=level is Level.INFORMATION)


_COUNCIL: Final = r"(ubnd|uy ban nhan dan|uy ban|people.s committee)"
_KINDS: Final = (
    (AgencyKind.COMMUNE_POLICE, r"cong an (cap )?(xa|phuong|dac khu)|commune police"),
    (AgencyKind.PROVINCE_POLICE, r"cong an (cap )?(tinh|thanh pho)|province police"),
    (AgencyKind.COMMUNE, rf"{_COUNCIL} (cap )?(xa|phuong|dac khu)|cap xa|commune"),
    (AgencyKind.LAND_OFFICE, r"(chi nhanh )?(van phong dang ky dat dai|vpdkdd)|land office"),
    (AgencyKind.SOCIAL_INSURANCE, r"(co quan )?(bao hiem xa hoi|bhxh)|social insurance"),
    (AgencyKind.TAX, r"(co quan|cuc|chi cuc) thue|thue (tinh|thanh pho|co so)|tax office"),
    (AgencyKind.ONE_STOP_CENTRE, r"trung tam phuc vu hanh chinh cong|one-stop centre"),
    (AgencyKind.PROVINCE_DEPARTMENT, rf"so |ban quan ly|{_COUNCIL} (cap )?(tinh|thanh pho)|province department"),
    (AgencyKind.MINISTRY, r"bo |ministry"),
)
_COMMUNES: Final = re.compile(r"xa(?:(?:, ?| ?/ ?| va | hoac )(?:phuong|dac khu|thi tran))+")
_DISTRICT: Final = re.compile(rf"cap huyen|({_COUNCIL}|cong an) (huyen|quan|thi xa)\b")


def kinds_of(cell: str) -> list[AgencyKind]:
    """Returns the kinds of the agencies in a cell; empty if the kind of one of them is unknown. Raises `CellError`."""
    words = _COMMUNES.sub("xa", folded(cell))
    if _DISTRICT.search(words):
        raise CellError("agency_abolished")
    parts = [part.strip() for part in re.split(r"[;,/\n]| hoac | va (?=ubnd|uy ban|cong an|so |bo )", words)]
    found = [next((kind for kind, pattern in _KINDS if re.match(pattern, f"{part} ")), None) for part in parts if part]
    return list(dict.fromkeys(kind for kind in found if kind)) if all(found) else []


_CODE: Final = re.compile(r"[0-9]\.[0-9]{6}(\.[A-Z0-9]+)*")
_LOST: Final = re.compile(r"[0-9]\.[0-9]{1,5}(\.[A-Z0-9]+)*")


class Agency(NamedTuple):
    """The words of a cell about agencies, and the kinds of these agencies; no kinds if one of them is unknown."""

    words: str
    kinds: list[AgencyKind]


class Facts(NamedTuple):
    """The facts of a procedure in a row, by the names of its columns."""

    code: str
    name: str
    level: Served
    agency: Agency
    time: Time
    fee: Fee
    papers: Papers
    legal_basis: list[str]
    name_en: str = ""
    result: str = ""

    def unsettled(self) -> Iterator[tuple[Column, str]]:
        """Yields the keys of the points that an officer has to check, each with its column."""
        if not self.name_en:
            yield Column.NAME, "no_translation"
        if self.level.unsettled:
            yield Column.LEVEL, "level_of_information"
        if self.level.level is Level.ONLINE_FILING:
            yield Column.LEVEL, "partial_reason_not_said"
        if not self.agency.kinds:
            yield Column.AGENCY, "agency_of_no_kind"
        yield from ((Column.TIME, rule) for rule in self.time.unsettled)
        yield from ((Column.FEE, rule) for rule in self.fee.unsettled)
        yield from ((Column.PAPERS, rule) for rule in self.papers.unsettled)
        if not self.legal_basis:
            yield Column.LEGAL_BASIS, "legal_basis_not_said"


_READERS: Final[Mapping[Column, Callable[[str, str], object]]] = {
    Column.CODE: lambda cell, _: _code(cell),
    Column.NAME: lambda cell, _: _line(cell),
    Column.LEVEL: lambda cell, _: level_of(cell),
    Column.AGENCY: lambda cell, _: Agency(_line(cell), kinds_of(cell)),
    Column.TIME: time_of,
    Column.FEE: fee_of,
    Column.PAPERS: lambda cell, _: papers_of(cell),
    Column.LEGAL_BASIS: lambda cell, _: texts_of(cell),
    Column.NAME_EN: lambda cell, _: _line(cell),
    Column.RESULT: lambda cell, _: _line(cell),
}
"""For each column, the function that reads a cell; it gets the cell and the unit in the column's heading."""
_REQUIRED: Final = frozenset({Column.CODE, Column.NAME, Column.LEVEL, Column.AGENCY, Column.TIME})


def words_between(cells: Sequence[object], known: Headings) -> str | None:
    """Returns the words of a row that is no procedure, such as the name of a sector; None for a procedure's row."""
    told = {column: text for column in known.places if (text := _cell_text(known.cell(column, cells)))}
    both = told.keys() >= {Column.CODE, Column.NAME}
    if both or _CODE.fullmatch(told.get(Column.CODE, "")) or told.keys() & TITLES.keys() - {Column.CODE, Column.NAME}:
        return None
    return " ".join(told.values())


def facts_of(cells: Sequence[object], known: Headings) -> Facts | list[Mistake]:
    """Returns the facts of a row, or every mistake for which the row is refused."""
    if not any(_cell_text(known.cell(column, cells)) for column in (Column.CODE, Column.NAME)):
        return [mistake("row_goes_on", "")]
    values: dict[str, Any] = {}
    mistakes = []
    for column, reader in _READERS.items():
        if column in known.places:
            try:
                values[column] = _read(column, reader, known.cell(column, cells), known.unit(column))
            except CellError as error:
                mistakes.append(mistake(error.rule, known.title(column), **error.facts))
    if any(n not in known.titles and _cell_text(cell) for n, cell in enumerate(cells)):
        mistakes.append(mistake("cells_beyond_headings", ""))
    return mistakes or Facts(**values)


def _read(column: Column, reader: Callable[[str, str], object], cell: object, unit: str) -> object:
    if column is Column.CODE and isinstance(cell, int | float):
        raise CellError("code_not_text")
    text = text_of(cell)
    if not text and column in _REQUIRED:
        raise CellError("cell_required")
    return reader(text, unit)


def _cell_text(cell: object) -> str:
    return "" if cell is None else shown(cell)


def _line(cell: str) -> str:
    return cell.replace("\n", " ")


def _code(cell: str) -> str:
    if _LOST.fullmatch(cell):
        raise CellError("code_lost_digits")
    if not _CODE.fullmatch(cell):
        raise CellError("wrong_form", form="1.001193")
    return cell
