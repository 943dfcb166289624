"""Pictures of an uploaded file, made by a restricted child: officers see only these, never the file itself."""

from typing import Final

from activities.files.broken import BrokenRuleError
from activities.files.children import Children

MOST_PAGES: Final = 20
"""Maximum pages of one call."""
DRAWN: Final = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""The media types that can be drawn."""


class NotDrawnError(Exception):
    """The file can't be drawn, or not within the child's limits."""


async def pages(children: Children, file: int, media_type: str, first: int, count: int) -> list[bytes]:
    """Returns PNGs of `count` pages from `first` (0-based) on: fewer at the end of the file, none after it.

    A picture counts as one page. The longest side has at most 2,000 pixels. `file` is as in `Inspector.inspect`. Raises
    `NotDrawnError`, and `ValueError` for another type or more than `MOST_PAGES`.
    """
    if media_type not in DRAWN or not 0 <= count <= MOST_PAGES or first < 0:
        raise ValueError(media_type, first, count)
    answer = await children.ask(["draw", media_type, first, count], file)
    if answer is None:
        raise NotDrawnError
    rule, *drawn = answer
    if rule:
        raise NotDrawnError from BrokenRuleError(rule.decode(errors="replace"))
    return drawn
