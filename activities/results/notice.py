"""Makes a PDF of a back office's result that is a text, and the visible stamp of a signature."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from activities.printing.typesetter import typesetter_of
from rules.time.working_time import VIETNAM
from schemas.text import composed
from schemas.translate import said

_TEMPLATE: Final = Path(__file__).with_name("notice.typ")
_WORDS: Final = {
    "nation": said("sheet.nation").vi,
    "motto": said("sheet.motto").vi,
    "number": said("sheet.number").vi,
    "signed_by": said("sheet.signed_by").vi,
}


def notice(agency: str, number: str | None, text: str, at: datetime) -> bytes:
    """Returns a PDF of the text, with the agency's name and any number above it; reproducible byte for byte."""
    return _printed({"kind": "notice", "agency": agency, "number": number, "lines": text.splitlines()}, at)


def stamp(name: str, role: str, at: datetime, absent: str | None = None) -> bytes:
    """Returns a small page that shows the signer, their role, the time, and the absent officer, if they replace one."""
    moment = at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S %z")
    place = None if absent is None else in_place_of(absent)
    return _printed({"kind": "stamp", "name": name, "role": role, "at": moment, "in_place_of": place}, at)


def in_place_of(absent: str) -> str:
    """Returns the note on a signature that was made for this absent officer."""
    return said("sheet.in_place_of", name=absent).vi


def _printed(data: dict[str, Any], at: datetime) -> bytes:
    return typesetter_of(_TEMPLATE).set(composed(data | {"lines": tuple(data.get("lines", ())), "words": _WORDS}), at)
