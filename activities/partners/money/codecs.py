"""Formats common to several providers: instants, JSON without duplicate names, memos of transfers."""

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rules.time.working_time import VIETNAM
from schemas.ids import BEGINNING


def stamp(at: datetime) -> str:
    """Returns the instant as text, exact to the second."""
    return f"{at.astimezone(VIETNAM):%Y%m%d%H%M%S}"


def instant(text: str) -> datetime | None:
    """Returns the instant of a text in the format of `stamp`; None if the text is malformed."""
    if not re.fullmatch(r"[0-9]{14}", text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM).astimezone(UTC)
    except (ValueError, OverflowError):  # the year may be outside UTC's range
        return None


def object_once(content: bytes) -> dict[str, Any]:
    """Returns the JSON object. Raises `ValueError` for other JSON, a duplicate name, or bytes that are not UTF-8."""
    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- callers catch one error
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def match(memo: str, references: Iterable[str]) -> str | None:
    """Returns the reference that a memo names; None if it names none or several, in which case officers decide.

    Banks write a memo in capitals, without diacritics or punctuation, put words before and after it, and cut its end.
    """
    letters, known = _capitals(memo), {reference.upper(): reference for reference in references}
    found = [reference for reference in known if _names(letters, reference)]
    return known[found[0]] if len(found) == 1 else None


def beginnings(memo: str) -> frozenset[str]:
    """Returns all substrings of a memo with `BEGINNING` letters. Each reference in the memo begins with one of them."""
    letters = _capitals(memo)
    return frozenset(letters[start : start + BEGINNING] for start in range(len(letters) - BEGINNING + 1))


def _names(letters: str, reference: str) -> bool:
    cut = any(letters.endswith(reference[:length]) for length in range(BEGINNING, len(reference)))
    return cut or reference in letters


def _capitals(memo: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", _without_marks(memo).upper())


def plain(text: str) -> str:
    """Returns the text reduced to letters, digits and a few signs (no `|`), at most 255 characters (VNPay's limit)."""
    return re.sub(r" +", " ", re.sub(r"[^A-Za-z0-9 .,:_-]", "", _without_marks(text)))[:255]


def _without_marks(text: str) -> str:
    return unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
