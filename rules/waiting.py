"""The waits of streams, for readers of many streams: who has to act, since when, and whether the wait is long."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.base import Model, Text

OTHERS: Final = "doctor.waits.some"
"""The key of the default sentence about a wait."""


@dataclass(frozen=True)
class Wait:
    """One wait of a stream, or a matter outside of it that is still to be settled.

    Attributes:
        since: Its start; None if that does not matter.
        until: Its latest end.
        of: The agency, officer or provider that has to act.
        place: The signing place.
        why: The reason, in words or as the name of the rule that prevents an end.
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
        of: Returns the waits of a stream in this state.
        after: The events that can cause it: a stream with none of them has no such wait.
        says: The key of the sentence that counts them; the remedy is under `.fix`. The key's second part is the name of
            the doctor's check.
        usual: The time for which a wait needs no attention.
        closed: Whether a stream can have such a wait after the end of its workflow.
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
        """The waits of a stream in this state that have lasted longer than usual."""
        return [one for one in self.of(state) if one.since is None or one.since + self.usual <= now]
