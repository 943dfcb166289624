"""Forms as PDF: the same sheet and moment give the same bytes, on every machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Final

import segno
import typst

from activities.forms.code128 import code128
from rules.publishing.forms.sheet import Sheet
from schemas.base import Problem
from schemas.errors import RefusalCode, problem, refused
from schemas.saying import said
from schemas.text import composed

STANDARD: Final = "a-2a"
"""Asked of typst, because it then refuses what has no glyph. No validator has confirmed it: nothing is claimed."""

_ALONE: Final = Lock()
"""A compiler that works in one thread refuses every other; a form takes 10 ms."""

_HERE: Final = Path(__file__).parent
_MISSING: Final = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
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
"""What stands on every form."""


def printed(sheet: Sheet, at: datetime) -> bytes:
    """The form as a tagged PDF, which says that it was made `at`, to the second.

    Raises `RefusalError` that names each place where something stands that the font can't show.
    """
    sheet = composed(sheet)
    data = json.dumps(sheet.model_dump(mode="json") | {"words": _WORDS, **_codes(sheet)}, ensure_ascii=False)
    moment = at.astimezone(UTC).replace(microsecond=0)
    try:
        with _ALONE:
            made = _compiler().compile(sys_inputs={"data": data}, timestamp=moment, pdf_standards=STANDARD)
    except typst.TypstError as error:
        missing = _MISSING.findall(error.diagnostic)
        if not missing:
            raise
        raise refused(RefusalCode.BAD_SUBMISSION, *_unprintable(sheet, "".join(missing))) from None
    if not isinstance(made, bytes):
        msg = "typst makes one file of a form"
        raise TypeError(msg)
    return made


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_HERE / "fonts")])
    return typst.Compiler(str(_HERE / "form.typ"), root=str(_HERE), font_paths=fonts)


def _codes(sheet: Sheet) -> dict[str, Any]:
    """A QR code of the digest or of the dossier code, and the latter as bars."""
    content = sheet.digest or sheet.code
    return {
        "qr": None if content is None else _qr(content),
        "bars": None if sheet.code is None else code128(sheet.code),
    }


def _qr(content: str) -> str:
    written = BytesIO()
    segno.make(content, micro=False, error="m").save(written, kind="svg", border=4, xmldecl=False)
    return written.getvalue().decode()


def _unprintable(sheet: Sheet, missing: str) -> Iterator[Problem]:
    """The places that hold one of these characters; the whole form if they stand in none that is filled in."""
    places = [entry.place for entry in sheet.entries if not set(missing).isdisjoint(entry.value or "")]
    return (problem(place, "unprintable") for place in places or [""])
