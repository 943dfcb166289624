"""The match of a transfer's memo with the reference of a demand, in the format of any bank."""

import re
import unicodedata
from collections.abc import Iterable

from schemas.ids import BEGINNING


def match(memo: str, references: Iterable[str]) -> str | None:
    """Returns the one open demand that a memo names. None if it names none or several: officers then decide.

    Banks write a memo in capitals, without diacritics or punctuation, put words before and after it, and cut its end.
    """
    plain, known = _plain(memo), {reference.upper(): reference for reference in references}
    found = [reference for reference in known if reference in plain or _cut(plain, reference)]
    return known[found[0]] if len(found) == 1 else None


def beginnings(memo: str) -> frozenset[str]:
    """Returns all parts of a memo that are `BEGINNING` long: each reference in it starts with one of them."""
    plain = _plain(memo)
    return frozenset(plain[start : start + BEGINNING] for start in range(len(plain) - BEGINNING + 1))


def _cut(plain: str, reference: str) -> bool:
    return any(plain.endswith(reference[:length]) for length in range(BEGINNING, len(reference)))


def _plain(memo: str) -> str:
    letters = unicodedata.normalize("NFD", memo.replace("đ", "d").replace("Đ", "D"))
    return re.sub(r"[^A-Z0-9]", "", letters.upper())
