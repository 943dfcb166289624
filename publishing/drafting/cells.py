"""Reads a cell of a table, whatever its spelling and spacing, also a cell with several entries."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

MAX_CELL: Final = 10_000
"""The maximum number of characters in one cell."""

_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"})
_NOT_TEXT: Final = (bool, date, datetime, time, timedelta)
_LONGEST_CODE: Final = 40


class CellError(ValueError):
    """Raised for an unusable cell: `rule` is the broken rule, `facts` are the values for the text of the rule."""

    def __init__(self, rule: str, **facts: object) -> None:
        super().__init__(rule)
        self.rule = rule
        self.facts = facts


def text_of(value: object) -> str:
    """Returns the text of a cell in NFC, without invisible characters, outer blanks, odd spaces. Raises `CellError`."""
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
    """Returns the content of any cell, as a text for people."""
    try:
        return text_of(value)
    except CellError:
        return "".join(c if c.isprintable() else "?" for c in str(value)[:MAX_CELL])


def _seen(c: str) -> str:
    if c == "\t" or unicodedata.category(c) == "Zs":
        return " "
    return "" if unicodedata.category(c) == "Cf" else c


def folded(words: str) -> str:
    """Returns `words` in lower case without diacritics. Each character keeps its position."""
    return "".join(map(_letter, words))


def _letter(c: str) -> str:
    if c in "đĐ₫":
        return "d"
    return (unicodedata.normalize("NFD", c.lower()) or c)[0]


def codes_of(names: Iterable[str]) -> list[str]:
    """Returns a code for each name, made of the name's words (`to_khai_dang_ky`). No two codes are the same."""
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


_BULLET: Final = re.compile(r"^(?:[-–—+*•▪◦·]+|\(?\d{1,2}[.)](?!\d)|\(?[a-zđ][.)])\s*", re.IGNORECASE)
_SEVERAL: Final = (
    (re.compile(r"1[.)]\s"), re.compile(r"\s(?=\d{1,2}[.)]\s)")),
    (re.compile(r"a\)\s"), re.compile(r"\s(?=[a-zđ]\)\s)")),
    (re.compile(r"[-–+•]\s"), re.compile(r"\s[-–+•]\s(?=[^\W\d_a-zà-ỹđ])")),
)
"""Patterns by kind of bullet: the bullet at the start of a line, then the gap before a further one: `1. … 2. …`."""
_NOTHING: Final = re.compile(r"(khong|khong co|khong yeu cau|khong quy dinh|none|-)\.?")
_ELSEWHERE: Final = re.compile(r"(theo|xem|thuc hien theo|quy dinh tai)\b.*")
_OPTIONAL: Final = re.compile(r"\(?neu co\)?|\(if any\)")

_ALL_SETS: Final = re.compile(r"so (?:luong|bo)(?: ho so)?:? ?0?([1-9])(?: ?\([^()]*\))? ?bo\b.*")
_SETS: Final = re.compile(r"[ :,(]{0,3}\b\d{1,2}(?: ?\([^()]{0,40}\))? bộ\b(?: ?\))?", re.IGNORECASE)


class Paper(NamedTuple):
    """A paper of the dossier."""

    name: str
    required: bool


class Papers(NamedTuple):
    """The papers that a cell lists, the number of sets of the dossier, and the keys of open points (`unsettled`)."""

    listed: list[Paper]
    sets: int
    unsettled: list[str]


def entries(cell: str) -> list[str]:
    """Returns a cell's entries, split at lines, `;` and bullets outside brackets, without headings of lists."""
    found = [part for line in _outside(cell, "\n;") for part in _numbered(line)]
    bare = [" ".join(_BULLET.sub("", part.strip()).split()).rstrip(" ,;.") for part in found]
    return [part for part in bare if part and not part.endswith(":")]


def texts_of(cell: str) -> list[str]:
    """Returns the legal texts in a cell."""
    return [] if _NOTHING.fullmatch(folded(cell)) else entries(cell)


def papers_of(cell: str) -> Papers:
    """Returns the papers that a cell lists. A paper marked `(nếu có)` is not required."""
    listed = entries(cell)
    if not cell or (len(listed) == 1 and _ELSEWHERE.fullmatch(folded(listed[0]))):
        return Papers([], 1, ["papers_elsewhere"])
    if _NOTHING.fullmatch(folded(cell)):
        return Papers([], 1, [])
    counts = [int(count[1]) for name in listed if (count := _ALL_SETS.fullmatch(folded(name)))]
    names = [name for name in listed if not _ALL_SETS.fullmatch(folded(name))]
    bare = [_SETS.sub(" ", name).strip() for name in names]
    papers = [Paper(name, not _OPTIONAL.search(folded(name))) for name in bare if name]
    return Papers(papers, counts[0] if counts else 1, [] if bare == names else ["sets_of_paper_left_out"])


def _numbered(line: str) -> list[str]:
    """Returns the parts of a line, which is split at bullets of the same kind as the line's first bullet."""
    line = line.strip()
    between = next((between for first, between in _SEVERAL if first.match(line)), None)
    return between.split(line) if between else [line]


def _outside(words: str, separators: str) -> list[str]:
    parts, depth = [""], 0
    for c in words:
        depth = max(depth + (c == "(") - (c == ")"), 0)
        if c in separators and (depth == 0 or c == "\n"):
            depth = 0
            parts.append("")
        else:
            parts[-1] += c
    return parts
