"""What streams wait for, as a reader of many of them asks: for whom, since when, and whether that is long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.base import Model, Text

OTHERS: Final = "doctor.waits.some"
"""The sentence of what has none of its own."""


@dataclass(frozen=True)
class Wait:
    """One thing that a stream waits for, or that is left to be settled outside of it.

    Attributes:
        since: From when on; None where that matters to nobody.
        until: When it is over at the latest.
        of: Who has to do something: an agency, an officer, who takes money.
        place: Where they sign.
        why: The reason, in words or as the rule that stands in the way.
        dong: So much money hangs on it.
    """

    since: datetime | None = None
    until: datetime | None = None
    of: str | None = None
    place: str | None = None
    why: Text | str | None = None
    dong: int = 0


@dataclass(frozen=True)
class Waits:
    """One kind of wait of a kind of stream.

    Attributes:
        of: The waits of a stream in this state.
        after: The events without one of which a stream has no such wait.
        says: The key of the sentence that counts them, with what to do under `.fix`. Its second part is the name of the
            doctor's check.
        usual: So long nobody has to see to it.
        closed: Whether a stream also has it once its workflow has nothing more to do.
    """

    of: Callable[[Any], Iterable[Wait]]
    after: frozenset[type[Model]]
    says: str = OTHERS
    usual: timedelta = timedelta()
    closed: bool = False

    @property
    def check(self) -> str:
        """The name of the doctor's check that counts them."""
        return self.says.split(".")[1]

    def long(self, state: Any, now: datetime) -> list[Wait]:
        """The waits of a stream in this state that are longer than usual by now."""
        return [one for one in self.of(state) if one.since is None or one.since + self.usual <= now]
