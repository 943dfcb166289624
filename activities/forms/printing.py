"""Prints forms as PDF: the same sheet and moment give the same bytes, on every machine."""

from datetime import datetime

from activities.forms.layout import laid_out
from activities.printing.codes import code128, qr
from activities.printing.typesetter import MissingGlyphsError
from rules.forms.sheet import Sheet, content
from schemas.errors import RefusalCode, problem, refused
from schemas.text import composed


def printed(sheet: Sheet, at: datetime) -> bytes:
    """Returns the form as a tagged PDF, created at `at`. Raises `RefusalError` for characters that can't be printed."""
    sheet = composed(sheet)
    coded = sheet.digest or sheet.code
    codes = {"qr": coded and qr(coded), "bars": sheet.code and code128(sheet.code)}
    try:
        return laid_out(content(sheet) | codes, at)
    except MissingGlyphsError as error:
        places = [entry.place for entry in sheet.entries if not error.letters.isdisjoint(entry.value or "")]
        problems = [problem(place, "unprintable") for place in places or [""]]  # of no place: of the whole form
        raise refused(RefusalCode.BAD_SUBMISSION, *problems) from None
