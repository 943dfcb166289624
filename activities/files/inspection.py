"""Checks that an uploaded file has its declared type, is whole and contains nothing else; draws pages as pictures."""

import os
from typing import Final

from activities.files.children import Children
from activities.files.protocol import EMPTY, RULES, TOO_HARD, TYPE_NOT_ACCEPTED, WRONG_EXTENSION, BrokenRuleError
from schemas.files import EXTENSIONS, LARGEST_FILE


class Inspector(Children):
    """Has files parsed by restricted children, which end with the `async with`; each needs up to half a gigabyte."""

    async def inspect(self, file: int, media_type: str, name: str | None = None) -> str | None:
        """Returns the rule of `activities.files.protocol` that the file breaks, or None.

        `file` is a descriptor of a regular file that does not change, open for reading, at any position. Raises
        `ValueError` for more than `LARGEST_FILE` bytes.
        """
        size = os.fstat(file).st_size
        if size > LARGEST_FILE:
            raise ValueError(f"a file has at most {LARGEST_FILE} bytes, this one has {size}")
        if not size:
            return EMPTY
        if media_type not in EXTENSIONS:
            return TYPE_NOT_ACCEPTED
        if name is not None and not name.lower().endswith(EXTENSIONS[media_type]):
            return WRONG_EXTENSION
        answer = await self.ask(["check", media_type], file)
        if answer is None:
            return TOO_HARD
        [rule] = answer
        # A compromised child may answer anything.
        return next((one for one in RULES if one.encode() == rule), TOO_HARD) if rule else None


MOST_PAGES: Final = 20
"""Maximum pages of one call."""
DRAWN: Final = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""The media types that can be drawn."""


class NotDrawnError(Exception):
    """The file can't be drawn, or not within the child's limits."""


async def pages(children: Children, file: int, media_type: str, first: int, count: int) -> list[bytes]:
    """Returns PNGs of `count` pages from `first` (0-based) on: fewer at the end of the file, none after it.

    A picture counts as one page. The longest side has at most 2,000 pixels. Raises `NotDrawnError`, and `ValueError`
    for another type or more than `MOST_PAGES`.
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
