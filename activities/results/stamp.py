"""The visible stamp of a signature, and its place on a result that the platform has set."""

from datetime import datetime
from pathlib import Path
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types

from activities.printing.typesetter import typesetter_of
from activities.signature.official import SignatureField
from rules.time.working_time import VIETNAM
from schemas.result.state import SigningPlace
from schemas.text import composed
from schemas.translate import said

_TEMPLATE: Final = Path(__file__).with_name("stamp.typ")
_WORDS: Final = {"signed_by": said("sheet.signed_by").vi}
_BOXES: Final = {
    SigningPlace.INITIALS: (-325, 4, -175, 60),
    SigningPlace.SIGNATURE: (-75, 62, 75, 118),
    SigningPlace.SEAL: (-75, 4, 75, 60),
}
"""The boxes of the stamps in points, from the middle of the upper edge of the signer's printed name."""


def stamp(name: str, role: str, at: datetime) -> bytes:
    """Returns a small page that shows the signer, their role and the time."""
    moment = at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S %z")
    data = {"name": name, "role": role, "at": moment, "words": _WORDS}
    return typesetter_of(_TEMPLATE).set(composed(data), at)


def fields(pdf: bytes, places: list[SigningPlace], name: str | None) -> list[SignatureField]:
    """Returns the fields of these places, with boxes above the last mention of the signer's `name`, if any."""
    found = None if name is None else _last(pdf, name)
    if found is None:
        return [SignatureField(place) for place in places]
    page, middle, top = found
    made = []
    for place in places:
        left, lower, right, upper = _BOXES[place]
        made.append(SignatureField(place, (middle + left, top + lower, middle + right, top + upper), page))
    return made


def _last(pdf: bytes, name: str) -> tuple[int, int, int] | None:
    """Returns the page of the last mention of a name, and the middle of its upper edge; None if there is none."""
    document = pdfium.PdfDocument(pdf)
    for n in reversed(range(len(document))):
        text, found = document[n].get_textpage(), None
        search = text.search(name, match_case=True)
        while (next_one := search.get_next()) is not None:
            found = next_one
        if found is not None:
            first, count = found
            left, _, _, top = text.get_charbox(first)
            _, _, right, _ = text.get_charbox(first + count - 1)
            return n, round((left + right) / 2), round(top)
    return None
