"""Instants in the providers' format: `yyyyMMddHHmmss` of Hà Nội."""

import re
from datetime import UTC, datetime
from typing import Final

from rules.time.working_time import VIETNAM

_STAMP: Final = re.compile(r"[0-9]{14}")


def stamp(at: datetime) -> str:
    """Returns the instant as text, to the second."""
    return f"{at.astimezone(VIETNAM):%Y%m%d%H%M%S}"


def instant(text: str) -> datetime | None:
    """Returns the instant of such a text; None if it is malformed."""
    if not _STAMP.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM).astimezone(UTC)
    except (ValueError, OverflowError):  # the year may be outside UTC's range
        return None
