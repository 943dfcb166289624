"""Prints forms as PDF: the same sheet and moment give the same bytes, on every machine."""

from datetime import datetime
from pathlib import Path
from typing import Final

from activities.printing.codes import code128, qr
from activities.printing.typesetter import MissingGlyphsError, typesetter_of
from rules.forms.sheet import Sheet
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
    """Returns the form as a tagged PDF, created at `at`. Raises `RefusalError` for characters that can't be printed."""
    sheet = composed(sheet)
    coded = sheet.digest or sheet.code
    codes = {"qr": coded and qr(coded), "bars": sheet.code and code128(sheet.code)}
    try:
        return typesetter_of(_TEMPLATE).set(sheet.model_dump(mode="json") | {"words": _WORDS, **codes}, at)
    except MissingGlyphsError as error:
        places = [entry.place for entry in sheet.entries if not error.letters.isdisjoint(entry.value or "")]
        problems = [problem(place, "unprintable") for place in places or [""]]  # of no place: of the whole form
        raise refused(RefusalCode.BAD_SUBMISSION, *problems) from None
