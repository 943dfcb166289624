"""Prints forms as PDF: the same sheet and moment give the same bytes, on every machine."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from activities.printing.codes import code128, qr
from activities.printing.typesetter import MissingGlyphsError, typesetter_of
from rules.forms.sheet import Sheet
from schemas.base import Problem
from schemas.errors import RefusalCode, problem, refused
from schemas.text import composed
from schemas.translate import said

_TEMPLATE: Final = Path(__file__).with_name("form.typ")
_SENTENCES: Final = (
    *("sheet.by_hand", "sheet.code", "sheet.digest", "sheet.digitally", "sheet.motto", "sheet.nation", "sheet.page"),
    *("sheet.papers", "sheet.place_and_date", "sheet.statement", "sheet.to", "sheet.unofficial"),
)
_WORDS: Final = {name.removeprefix("sheet."): said(name).model_dump() for name in _SENTENCES}
"""The fixed words of every form."""


def printed(sheet: Sheet, at: datetime) -> bytes:
    """Returns the form as a tagged PDF, created `at` this moment, to the second.

    Raises `RefusalError` that names each place with a character that the font can't show.
    """
    sheet = composed(sheet)
    content = sheet.model_dump(mode="json") | {"words": _WORDS, **_codes(sheet)}
    try:
        return typesetter_of(_TEMPLATE).set(content, at)
    except MissingGlyphsError as error:
        raise refused(RefusalCode.BAD_SUBMISSION, *_unprintable(sheet, error.letters)) from None


def _codes(sheet: Sheet) -> dict[str, Any]:
    """Returns a QR code of the digest, or else of the dossier code; and the dossier code as a bar code."""
    content = sheet.digest or sheet.code
    return {"qr": None if content is None else qr(content), "bars": None if sheet.code is None else code128(sheet.code)}


def _unprintable(sheet: Sheet, missing: frozenset[str]) -> Iterator[Problem]:
    """Yields a problem for each place with one of these characters; for the whole form if no place has one."""
    places = [entry.place for entry in sheet.entries if not missing.isdisjoint(entry.value or "")]
    return (problem(place, "unprintable") for place in places or [""])
