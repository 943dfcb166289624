"""A result that the back office made in words, as a PDF; and the stamp that shows who has signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import typst

from rules.time.working_time import VIETNAM
from schemas.saying import said
from schemas.text import composed

_HERE: Final = Path(__file__).parent
_FONTS: Final = _HERE.parent / "forms" / "fonts"
_ALONE: Final = Lock()
"""A compiler that works in one thread refuses every other."""
_WORDS: Final = {
    "nation": said("sheet.nation").vi,
    "motto": said("sheet.motto").vi,
    "number": said("sheet.number").vi,
    "signed_by": said("sheet.signed_by").vi,
}


def notice(agency: str, number: str, text: str, at: datetime) -> bytes:
    """The words under the agency's name and the number. The same ones and moment give the same bytes."""
    return _printed({"kind": "notice", "agency": agency, "number": number, "lines": text.splitlines()}, at)


def stamp(name: str, role: str, at: datetime) -> bytes:
    """A small page that says who signed, in which role, and when."""
    moment = at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S %z")
    return _printed({"kind": "stamp", "name": name, "role": role, "at": moment}, at)


def _printed(data: dict[str, Any], at: datetime) -> bytes:
    written = composed(json.dumps(data | {"words": _WORDS}, ensure_ascii=False))
    with _ALONE:
        made = _compiler().compile(
            sys_inputs={"data": written}, timestamp=at.astimezone(UTC).replace(microsecond=0), pdf_standards="a-2a"
        )
    if not isinstance(made, bytes):
        msg = "typst makes one file of a notice"
        raise TypeError(msg)
    return made


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)])
    return typst.Compiler(str(_HERE / "notice.typ"), root=str(_HERE), font_paths=fonts)
