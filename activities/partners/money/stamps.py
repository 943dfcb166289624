"""Instants as the wires write them: `yyyyMMddHHmmss` of Hà Nội."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from rules.time.working_time import VIETNAM

_STAMP: Final = re.compile(r"[0-9]{14}")


def stamp(at: datetime) -> str:
    """The instant, to the second."""
    return f"{at.astimezone(VIETNAM):%Y%m%d%H%M%S}"


def instant(text: str) -> datetime | None:
    """The instant of such a stamp, if it is one."""
    if not _STAMP.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM).astimezone(UTC)
    except (ValueError, OverflowError):  # a year may be none of UTC's
        return None
