"""Cells with several entries: papers, legal texts, amounts."""

import re
from typing import Final, NamedTuple

from publishing.drafting.cells import folded

_BULLET: Final = re.compile(r"^(?:[-–—+*•▪◦·]+|\(?\d{1,2}[.)](?!\d)|\(?[a-zđ][.)])\s*", re.IGNORECASE)
_INLINE: Final = {
    "number": re.compile(r"\s(?=\d{1,2}[.)]\s)"),
    "letter": re.compile(r"\s(?=[a-zđ]\)\s)"),
    "dash": re.compile(r"\s[-–+•]\s(?=[^\W\d_a-zà-ỹđ])"),
}
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
    """The entries of a cell, split at lines, `;` and bullets outside brackets, without lines that announce a list."""
    found = [part for line in _outside(cell, "\n;") for part in _numbered(line)]
    bare = [" ".join(_BULLET.sub("", part.strip()).split()).rstrip(" ,;.") for part in found]
    return [part for part in bare if part and not part.endswith(":")]


def texts_of(cell: str) -> list[str]:
    """Returns the legal texts in a cell."""
    return [] if _NOTHING.fullmatch(folded(cell)) else entries(cell)


def papers_of(cell: str) -> Papers:
    """The papers that a cell lists. A paper marked `(nếu có)` is not required.

    The number of sets is kept once, for the whole dossier; that of a single paper is left out.
    """
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
    """The parts of a line that begins with a bullet, split at further bullets of the same kind: `1. … 2. …`."""
    line = line.strip()
    kind = next((kind for kind, start in _STARTS.items() if start.match(line)), None)
    return _INLINE[kind].split(line) if kind else [line]


_STARTS: Final = {
    "number": re.compile(r"1[.)]\s"),
    "letter": re.compile(r"a\)\s"),
    "dash": re.compile(r"[-–+•]\s"),
}


def _outside(words: str, separators: str) -> list[str]:
    """`words` split at each of the `separators` outside brackets."""
    parts, depth = [""], 0
    for c in words:
        depth = max(depth + (c == "(") - (c == ")"), 0)
        if c in separators and (depth == 0 or c == "\n"):
            depth = 0
            parts.append("")
        else:
            parts[-1] += c
    return parts
