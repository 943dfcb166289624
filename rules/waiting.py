"""The waits of streams, for overviews of many streams: who has to act, since when, and whether the wait is long."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.base import Model, Text

OTHERS: Final = "doctor.waits.some"
"""The key of the default sentence about a wait."""


@dataclass(frozen=True)
class Wait:
    """One wait of a stream, or an open matter outside the stream.

    Attributes:
        since: The start of the wait; None if the start does not matter.
        until: The latest end of the wait.
        of: The agency, officer or provider that has to act.
        place: The signing place.
        why: The reason, in words or as the name of the rule that prevents an end of the wait.
        dong: The sum of money, in đồng, that depends on the wait.
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
        after: The events that can cause such a wait: a stream with none of these events has no such wait.
        says: The key of the sentence with the number of waits; the remedy is under `.fix`. The key's second part is the
            name of the doctor's check.
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
        """The name of the doctor's check that counts these waits."""
        return self.says.split(".")[1]

    def long(self, state: Any, now: datetime) -> list[Wait]:
        """The waits of a stream in this state that have lasted longer than usual, or that have no start."""
        return [one for one in self.of(state) if one.since is None or one.since + self.usual <= now]
