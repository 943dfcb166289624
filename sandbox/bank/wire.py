"""The common code of the providers' interfaces: facts about orders, and the callbacks that report these facts."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal

from starlette.requests import Request

from sandbox.store import EPOCH, KEY, invalid

State = Literal["paid", "failed", "reversed"]
HANOI: Final = timedelta(hours=7)
_FIRST_NUMBER: Final = 14_000_000
_LONGEST: Final = 15
_SUM: Final = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Fact:
    """A change of a provider's order. `at`: in microseconds; `n`: the capture's number; 0 if it is no capture."""

    reference: str
    amount: int
    state: State
    n: int
    at: int
    description: str
    details: Mapping[str, Any]

    @property
    def number(self) -> str:
        """Returns the capture's public transaction number; "0" without a capture, as at VNPay."""
        return number(self.n) if self.n else "0"


@dataclass(frozen=True)
class Call:
    """The HTTP request of one callback."""

    method: Literal["GET", "POST"]
    query: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def garbled(self) -> "Call":
        return replace(self, query=self.query and "%%%&=;", body=self.body and '{"<html>')


@dataclass(frozen=True)
class Merchant:
    """The receiver of the money: its name at the provider's interface, and the key for its signatures."""

    name: str
    secret: str


@dataclass(frozen=True)
class Wire:
    """The callbacks of a provider's interface.

    Attributes:
        tell: Returns the callback for a fact; None if the fact is not reported.
        acknowledged: Returns True if an answer, with this status and body, acknowledges a callback.
    """

    tell: Callable[[Merchant, Fact], Call | None]
    acknowledged: Callable[[int, str], bool]


async def said_in(request: Request) -> dict[str, Any]:
    """Returns the JSON object in a request's body. Raises `ProblemError` 422 for any other body."""
    try:
        found = json.loads(await request.body())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise invalid(("body", "json"))
    return found


def ordered(reference: object, amount: object) -> tuple[str, int]:
    """Returns the checked reference and amount of an order. Raises `ProblemError` 422 if either is invalid."""
    if not KEY.fullmatch(str(reference)):
        raise invalid(("reference", "pattern"))
    if not _SUM.fullmatch(str(amount)):
        raise invalid(("amount", "pattern"))
    return str(reference), int(str(amount))


def number(n: int) -> str:
    """Returns the public transaction number of the n-th capture."""
    return str(_FIRST_NUMBER + n)


def nth(text: str) -> int:
    """Returns the capture's own number from its public transaction number; 0 if the text is no such number."""
    return max(0, int(text) - _FIRST_NUMBER) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else 0


def stamp(at: int) -> str:
    return f"{EPOCH + timedelta(microseconds=at) + HANOI:%Y%m%d%H%M%S}"
