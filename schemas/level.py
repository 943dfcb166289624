"""The four levels of service, and the capabilities of each.

The levels are those of Circular 26/2009/TT-BTTTT and Decree 43/2011 art. 3, as the project's founding article quotes
them; the modern words are those of Decrees 42/2022 and 224/2026. All behaviour that depends on the level is here.
"""

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError

from .base import Model, Text
from .translate import said

__all__ = ["CAPABILITIES", "Capability", "Channel", "Level", "Service"]


class Level(IntEnum):
    """The extent to which a procedure can be carried out online."""

    INFORMATION = 1
    FORMS = 2
    ONLINE_FILING = 3
    FULLY_ONLINE = 4


def _whole(value: object) -> object:
    """Returns the value. Raises the error `int_type` for `true` and 4.0, which an enum's parser would accept."""
    if isinstance(value, bool | float):
        raise PydanticKnownError("int_type")
    return value


WholeLevel = Annotated[Level, BeforeValidator(_whole)]
"""A level in a message from outside."""


class Channel(StrEnum):
    """A channel between the applicant and the agency."""

    ONLINE = "online"
    COUNTER = "counter"
    POST = "post"


def as_filed(channels: Iterable[Channel], filed: Channel) -> tuple[Channel, ...]:
    """Returns the electronic ones of these channels if `filed` is electronic, else the ones on paper."""
    return tuple(channel for channel in channels if (channel is Channel.ONLINE) is (filed is Channel.ONLINE))


class Service(StrEnum):
    """The present names of the levels (Decree 224/2026)."""

    FULL = "toan_trinh"
    PARTIAL = "mot_phan"
    INFORMATION = "cung_cap_thong_tin"


class Capability(Model):
    """The channels of a level for filing, fee, result and supplement. `signature`: whether a filing needs one."""

    service: Service
    name: Text
    filing: frozenset[Channel]
    fee: frozenset[Channel]
    result: frozenset[Channel]
    supplement: frozenset[Channel]
    signature: bool


_PAPER: Final = frozenset({Channel.COUNTER, Channel.POST})
_ALL: Final = frozenset(Channel)
_PARTS: Final = ("filing", "fee", "result", "supplement")
_ON_PAPER: Final[dict[str, Any]] = dict.fromkeys(_PARTS, _PAPER) | {"signature": False}
_IN_PART: Final[dict[str, Any]] = _ON_PAPER | {"filing": _ALL, "supplement": _ALL}
_IN_FULL: Final[dict[str, Any]] = dict.fromkeys(_PARTS, _ALL) | {"signature": True}

CAPABILITIES: Final[dict[Level, Capability]] = {
    Level.INFORMATION: Capability(service=Service.INFORMATION, name=said("level.1"), **_ON_PAPER),
    Level.FORMS: Capability(service=Service.INFORMATION, name=said("level.2"), **_ON_PAPER),
    Level.ONLINE_FILING: Capability(service=Service.PARTIAL, name=said("level.3"), **_IN_PART),
    Level.FULLY_ONLINE: Capability(service=Service.FULL, name=said("level.4"), **_IN_FULL),
}
