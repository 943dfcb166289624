"""The limits on the programs' messages: a budget for each program and agency, counted separately in each process.

A message is charged after its signature is verified and before anything is read from the record, so that a program that
sends too much takes almost nothing from the others.
"""

from collections.abc import Callable, Hashable, Mapping
from enum import IntEnum
from math import ceil
from threading import Lock
from time import monotonic
from types import MappingProxyType
from typing import Final

from pydantic import Field

from schemas.base import StrictModel
from schemas.errors import Refusal, RefusalCode, RefusalError, problem
from schemas.identity.statement import PrincipalKind, Proved

SHORTEST_WAIT: Final = 0.1
"""The minimum wait in seconds that a refusal can ask of a program."""

_ROUNDING: Final = 1e-6
_MOST_KNOWN: Final = 10_000


class Work(IntEnum):
    """The cost of a message in points.

    The cost is roughly the message's CPU time, as a multiple of a question's CPU time (docs/performance.md).
    """

    QUESTION = 1
    COMMAND = 3
    SUBMISSION = 5


class Budget(StrictModel):
    """A budget: `rate` points are added each second, up to `most` points."""

    rate: float = Field(gt=0)
    most: float = Field(ge=max(Work))


PORTAL: Final = Budget(rate=25, most=250)
OFFICE: Final = Budget(rate=300, most=3_000)
BUDGETS: Final[Mapping[PrincipalKind, Budget]] = MappingProxyType(
    {kind: PORTAL if kind is PrincipalKind.PORTAL else OFFICE for kind in PrincipalKind}
)
"""The default budgets. A portal's budget allows five submissions a second, three times the peak of a province."""


class Budgets:
    """The points that each program has left, for each of the agencies that its grants name."""

    def __init__(self, set_: Mapping[PrincipalKind, Budget], clock: Callable[[], float] = monotonic) -> None:
        self._budgets = {**BUDGETS, **set_}
        self._allowance = Allowance(clock)

    def spend(self, proved: Proved, work: Work) -> None:
        """Subtracts a message's points from the budget of its program.

        Raises `RefusalError` (`too_many`) if too few points are left.
        """
        sender = proved.principal.id, _agency(proved)
        self._allowance.spend(sender, self._budgets[proved.principal.kind], work)


class Allowance:
    """The points that each sender has left."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._whole_at: dict[Hashable, float] = {}
        self._lock = Lock()  # validators run in threads

    def spend(self, sender: Hashable, budget: Budget, points: int) -> None:
        """Subtracts points from a sender's budget. Raises `RefusalError` (`too_many`) if too few are left."""
        now = self._clock()
        with self._lock:
            whole_at = max(self._whole_at.get(sender, now), now) + points / budget.rate
            wait = whole_at - now - budget.most / budget.rate
            if wait <= _ROUNDING:
                self._whole_at[sender] = whole_at
                self._forget(now)
        if wait > _ROUNDING:
            raise RefusalError(too_many(wait))

    def _forget(self, now: float) -> None:
        """Forgets the senders whose budgets are full, if many senders are known."""
        if len(self._whole_at) > _MOST_KNOWN:
            self._whole_at = {sender: whole_at for sender, whole_at in self._whole_at.items() if whole_at > now}


def too_many(wait: float) -> Refusal:
    """Returns the refusal of a message whose sender may send it again after `wait` seconds."""
    again = max(ceil(wait / SHORTEST_WAIT) * SHORTEST_WAIT, SHORTEST_WAIT)
    why = problem("", "too_many", seconds=again)
    return Refusal(code=RefusalCode.TOO_MANY, problems=(why,), again_in=round(again, 1))


def _agency(proved: Proved) -> str | None:
    """Returns the actor's agency if a grant names it, else None: an invented agency must get no budget of its own."""
    actor = proved.statement.actor
    named = {agency for grant in proved.principal.grants for agency in grant.agencies}
    return actor.agency if actor is not None and actor.agency in named else None
