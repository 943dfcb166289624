"""The waits of streams, for a reader of many streams: who has to act, since when, and whether a wait is long."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.base import Model, Text

OTHERS: Final = "doctor.waits.some"
"""The default sentence of a wait."""


@dataclass(frozen=True)
class Wait:
    """One wait of a stream, or one matter left to be settled outside of it.

    Attributes:
        since: Its start; None if that does not matter.
        until: Its latest end.
        of: The agency, officer or provider that has to act.
        place: The signing place.
        why: The reason, in words or as the rule that stands in the way.
        dong: The sum of money that depends on it.
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
        after: The events that can cause it: a stream with none of them has no such wait.
        says: The key of the sentence that counts them, with the remedy under `.fix`. Its second part is the name of the
            doctor's check.
        usual: The time for which it needs no attention.
        closed: Whether a stream can have it after the end of its workflow.
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
