"""Pictures of an uploaded file, made by a limited child: all that an officer gets to see of it."""

from __future__ import annotations

from typing import Final

from activities.files.broken import BrokenRuleError
from activities.files.children import Children

MOST_PAGES: Final = 20
"""Pages of one call."""
DRAWN: Final = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""The media types of which there are pictures."""


class NotDrawnError(Exception):
    """The file can't be drawn, or not within the child's limits."""


async def pages(children: Children, file: int, media_type: str, first: int, count: int) -> list[bytes]:
    """PNG of `count` pages from `first` on, where 0 is the first: fewer where the file ends, none behind its end.

    A picture is a page of its own. The longest side has at most 2,000 pixels. `file` is as in `Inspector.inspect`.
    Raises `NotDrawnError`, and `ValueError` for another type or more than `MOST_PAGES`.
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
