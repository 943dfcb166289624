"""The level of service in a cell."""

import re
from typing import Final, NamedTuple

from publishing.drafting.cells import CellError, folded
from schemas.level import Level

_NAMED: Final = {
    "toan trinh": Level.FULLY_ONLINE,
    "mot phan": Level.ONLINE_FILING,
    "cung cap thong tin": Level.INFORMATION,
    "fully online": Level.FULLY_ONLINE,
    "partly online": Level.ONLINE_FILING,
    "information": Level.INFORMATION,
}
_NUMBERED: Final = re.compile(r"(?:muc(?: do)? |level )?([1-4]|i{1,3}|iv)")
_ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


class Served(NamedTuple):
    """The level, and whether another level is possible as well: `cung cấp thông tin` means level 1 or 2."""

    level: Level
    unsettled: bool


def level_of(cell: str) -> Served:
    """Returns the level in a cell. Raises `CellError`."""
    words = folded(cell)
    if number := _NUMBERED.fullmatch(words):
        return Served(Level(_ROMAN.get(number[1]) or int(number[1])), unsettled=False)
    named = {level for name, level in _NAMED.items() if name in words}
    if len(named) != 1:
        raise CellError("level_unreadable")
    level = named.pop()
    return Served(level, unsettled=level is Level.INFORMATION)
