"""Prints forms as PDF: the same sheet and moment give the same bytes, on every machine."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from activities.printing.code128 import code128
from activities.printing.codes import qr
from activities.printing.typesetter import MissingGlyphsError, Typesetter
from rules.forms.sheet import Sheet
from schemas.base import Problem
from schemas.errors import RefusalCode, problem, refused
from schemas.text import composed
from schemas.translate import said

_HERE: Final = Path(__file__).parent
_WORDS: Final = {
    "by_hand": said("sheet.by_hand").model_dump(),
    "code": said("sheet.code").model_dump(),
    "digest": said("sheet.digest").model_dump(),
    "digitally": said("sheet.digitally").model_dump(),
    "motto": said("sheet.motto").model_dump(),
    "nation": said("sheet.nation").model_dump(),
    "page": said("sheet.page").model_dump(),
    "papers": said("sheet.papers").model_dump(),
    "place_and_date": said("sheet.place_and_date").model_dump(),
    "statement": said("sheet.statement").model_dump(),
    "to": said("sheet.to").model_dump(),
    "unofficial": said("sheet.unofficial").model_dump(),
}
"""The fixed words of every form."""


def printed(sheet: Sheet, at: datetime) -> bytes:
    """Returns the form as a tagged PDF, with `at` as its time of creation, to the second.

    Raises `RefusalError` that names each place with a character that the font can't show.
    """
    sheet = composed(sheet)
    content = sheet.model_dump(mode="json") | {"words": _WORDS, **_codes(sheet)}
    try:
        return _typesetter().set(content, at)
    except MissingGlyphsError as error:
        raise refused(RefusalCode.BAD_SUBMISSION, *_unprintable(sheet, error.letters)) from None


@cache
def _typesetter() -> Typesetter:
    return Typesetter(_HERE / "form.typ")


def _codes(sheet: Sheet) -> dict[str, Any]:
    """Returns a QR code of the digest, or else of the dossier code; and the dossier code as a bar code."""
    content = sheet.digest or sheet.code
    return {
        "qr": None if content is None else qr(content),
        "bars": None if sheet.code is None else code128(sheet.code),
    }


def _unprintable(sheet: Sheet, missing: frozenset[str]) -> Iterator[Problem]:
    """Yields a problem for each place with one of these characters; for the whole form if no place has one."""
    places = [entry.place for entry in sheet.entries if not missing.isdisjoint(entry.value or "")]
    return (problem(place, "unprintable") for place in places or [""])
