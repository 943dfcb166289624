"""The content of a table's cell, regardless of how it was typed."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

MAX_CELL: Final = 10_000
"""The maximum number of characters in one cell."""

_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"})
_NOT_TEXT: Final = (bool, date, datetime, time, timedelta)
_LONGEST_CODE: Final = 40


class CellError(ValueError):
    """An unusable cell: the rule that it breaks, and the values for the words of the rule."""

    def __init__(self, rule: str, **facts: object) -> None:
        super().__init__(rule)
        self.rule = rule
        self.facts = facts


def text_of(value: object) -> str:
    """The cell as a text in NFC, lines without outer blanks, empty for an empty cell. Raises `CellError`.

    Invisible characters (a soft hyphen, a zero-width space) are removed; every kind of space becomes a space.
    """
    if isinstance(value, _NOT_TEXT):
        raise CellError("cell_not_text")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    raw = "" if value is None else str(value)
    if len(raw) > MAX_CELL:
        raise CellError("cell_too_long", limit=MAX_CELL)
    seen = "".join(map(_seen, unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n"))))
    if not seen.replace("\n", "").isprintable():
        raise CellError("unreadable_character")
    if seen.strip() in _ERRORS:
        raise CellError("cell_is_error")
    return "\n".join(line for part in seen.split("\n") if (line := " ".join(part.split())))


def shown(value: object) -> str:
    """The cell with any content, as a text to show to people."""
    try:
        return text_of(value)
    except CellError:
        return "".join(c if c.isprintable() else "?" for c in str(value)[:MAX_CELL])


def _seen(c: str) -> str:
    if c == "\t" or unicodedata.category(c) == "Zs":
        return " "
    return "" if unicodedata.category(c) == "Cf" else c


def folded(words: str) -> str:
    """`words` in lower case without diacritics. Each character has the same position in both."""
    return "".join(map(_letter, words))


def _letter(c: str) -> str:
    if c in "đĐ₫":
        return "d"
    return (unicodedata.normalize("NFD", c.lower()) or c)[0]


def codes_of(names: Iterable[str]) -> list[str]:
    """A distinct code within a procedure for each name, made of the name's words: `to_khai_dang_ky`."""
    codes: dict[str, None] = {}
    last: dict[str, int] = {}
    for name in names:
        base = _code(name)
        code, n = base, last.get(base, 1)
        while code in codes:
            n += 1
            code = f"{base[: _LONGEST_CODE - len(str(n)) - 1].rstrip('_')}_{n}"
        codes[code], last[base] = None, n
    return list(codes)


def _code(words: str) -> str:
    whole = re.sub(r"[^a-z0-9]+", "_", folded(words)).strip("_")
    if not whole[:1].isalpha():
        whole = f"n_{whole}".rstrip("_")
    if len(whole) <= _LONGEST_CODE:
        return whole
    return whole[: _LONGEST_CODE + 1].rpartition("_")[0] or whole[:_LONGEST_CODE]
