"""The register of filings as a PDF, typeset part by part, so that only one part of a long register is in memory."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import pikepdf
from pypdfium2 import PdfDocument  # type: ignore[import-untyped] # it has no types

from activities.printing.typesetter import MissingGlyphsError, typesetter_of
from rules.papers.register import COLUMNS, shown
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.papers.register import Register, RegisterEntry
from schemas.text import composed
from schemas.translate import said

LINES: Final = 100
"""Lines in one part."""

_LONG: Final = 600
"""The number of characters above which a line may be broken over two pages."""

_TEMPLATE: Final = Path(__file__).with_name("register.typ")
_TITLE: Final = said("register.title")
_WORDS: Final = {
    "keeper": said("register.keeper").model_dump(),
    "motto": said("sheet.motto").model_dump(),
    "nation": said("sheet.nation").model_dump(),
    "page": said("sheet.page").model_dump(),
    "signs": said("sheet.by_hand").model_dump(),
}
_NOT_SHOWN: Final = "?"
"""The replacement for a letter that the font lacks: one name must not prevent the printing of a register."""


class _Line(NamedTuple):
    """A line of the register, and the dossier code by which readers find the line."""

    code: str
    cells: tuple[str, ...]

    @property
    def long(self) -> bool:
        """Whether the line may be broken over two pages."""
        return sum(map(len, self.cells)) > _LONG


class RegisterBook:
    """Collects the lines of a register, in order, and typesets them. The same lines give the same bytes."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._waiting: list[_Line] = []
        self._parts: list[bytes] = []
        self._pages = 0

    def add(self, entries: Iterable[RegisterEntry]) -> None:
        """Adds lines to the register."""
        self._waiting += [
            _Line(entry.code, tuple(composed(shown(column.cell(entry))) for column in COLUMNS)) for entry in entries
        ]
        while len(self._waiting) > LINES:
            lines = self._waiting[:LINES]
            part, kept = _full_pages(self._set(lines), lines)
            self._bind(part)
            del self._waiting[:kept]

    def bound(self) -> bytes:
        """Returns the whole register. With several parts it is no tagged PDF: each part has separate tags."""
        at = f"{self._register.as_of.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
        end = said("register.closing", filings=self._register.filings, pages="{pages}", at=at)
        self._bind(self._set(self._waiting, end))
        name = f"{_TITLE.vi} {self._register.agency_name.vi} {self._register.period.name}"
        return self._parts[0] if len(self._parts) == 1 else _joined(self._parts, name)

    def _bind(self, part: bytes) -> None:
        self._parts.append(part)
        with pikepdf.open(BytesIO(part)) as pdf:
            self._pages += len(pdf.pages)

    def _set(self, lines: Sequence[_Line], end: Text | None = None) -> bytes:
        year, _, month = self._register.period.name.partition("-")
        time = said("register.for_month", month=month, year=year) if month else said("register.for_year", year=year)
        content = {
            "title": _TITLE.model_dump(),
            "agency": self._register.agency_name.model_dump(),
            "period": self._register.period.name,
            "for": time.model_dump(),
            "columns": [{"title": column.title.model_dump(), "share": column.share} for column in COLUMNS],
            "closing": None if end is None else end.model_dump(),
            "first": self._pages + 1,
            "words": _WORDS,
        }
        try:
            return self._typeset(content, lines)
        except MissingGlyphsError as error:
            known = str.maketrans(dict.fromkeys(error.letters, _NOT_SHOWN))
            shown_lines = [line._replace(cells=tuple(cell.translate(known) for cell in line.cells)) for line in lines]
            return self._typeset(content, shown_lines)

    def _typeset(self, content: Mapping[str, Any], lines: Iterable[_Line]) -> bytes:
        rows = [{"cells": line.cells, "long": line.long} for line in lines]
        return typesetter_of(_TEMPLATE).set({**content, "rows": rows}, self._register.as_of)


def _full_pages(part: bytes, lines: Sequence[_Line]) -> tuple[bytes, int]:
    """Returns the part without its last page, and the number of lines before that page.

    If a line may be broken over two pages, returns the whole part, and the number of all its lines.
    """
    with closing(PdfDocument(part)) as pdf:
        last = "".join(pdf[len(pdf) - 1].get_textpage().get_text_range().split())
    kept = next((n for n, line in enumerate(lines) if line.code in last), len(lines))
    if kept in {0, len(lines)} or any(line.long for line in lines):
        return part, len(lines)
    with pikepdf.open(BytesIO(part)) as pdf:
        del pdf.pages[-1]
        written = BytesIO()
        pdf.save(written)
    return written.getvalue(), kept


def _joined(parts: Iterable[bytes], title: str) -> bytes:
    whole = pikepdf.Pdf.new()
    for part in parts:
        with pikepdf.open(BytesIO(part)) as pdf:
            whole.pages.extend(pdf.pages)
    for page in whole.pages:
        if "/StructParents" in page.obj:
            del page.obj["/StructParents"]
    whole.docinfo["/Title"] = title
    written = BytesIO()
    whole.save(written, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return written.getvalue()
