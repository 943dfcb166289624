"""Prints official papers as PDF: the same sheet and moment give the same bytes, on every machine."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from activities.printing.code128 import code128
from activities.printing.codes import qr
from activities.printing.templates import typesetter
from activities.printing.typesetter import MissingGlyphsError
from schemas.base import Problem
from schemas.errors import RefusalCode, problem, refused
from schemas.papers.sheet import Sheet, texts_of
from schemas.text import composed
from schemas.translate import said

_WORDS: Final = {
    "code": said("sheet.code").model_dump(),
    "form": said("paper.form_number").model_dump(),
    "law": said("paper.law").model_dump(),
    "motto": said("sheet.motto").model_dump(),
    "nation": said("sheet.nation").model_dump(),
    "page": said("sheet.page").model_dump(),
    "scan": said("paper.scan").model_dump(),
    "to": said("sheet.to").model_dump(),
    "total": said("paper.total").model_dump(),
    "waybill": said("paper.waybill").model_dump(),
}
"""The fixed words of every paper."""


def printed(sheet: Sheet, at: datetime, template: str | None = None, salt: str = "") -> bytes:
    """Returns the paper as a tagged PDF, created `at` this moment (to the second), by an agency's `template` if given.

    The `salt`, which reveals nothing, becomes the PDF's keywords. Raises `RefusalError` that names each place with a
    character that the font can't show, and `typst.TypstError` for a template that fails.
    """
    sheet = composed(sheet)
    try:
        return typesetter(template).set(content_of(sheet, salt), at)
    except MissingGlyphsError as error:
        raise refused(RefusalCode.INTERNAL, *_unprintable(sheet, error.letters)) from None


def content_of(sheet: Sheet, salt: str = "") -> dict[str, Any]:
    """Returns the input of a template: the sheet, its codes as SVG, the fixed words of papers, and the salt."""
    codes = {"qr": qr(sheet.tracking), "bars": code128(sheet.waybill or sheet.code)}
    return sheet.model_dump(mode="json") | codes | {"words": _WORDS, "salt": salt}


def _unprintable(sheet: Sheet, letters: frozenset[str]) -> Iterator[Problem]:
    """Yields a problem for each place with one of these characters; for the whole paper if no place has one."""
    places = [place for place, text in texts_of(sheet) if not letters.isdisjoint(text)]
    return (problem(place, "unprintable") for place in dict.fromkeys(places or [""]))
