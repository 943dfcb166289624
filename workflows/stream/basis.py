"""The only module by which a workflow reads the record for an event. Each reading is repeated until the log accepts it.

A reading is the answer of a local activity. Answers are stored in Temporal's history, where a stranger may have put
another answer. So the log accepts an event that depends on a reading only from the process that made the reading;
otherwise the record is read again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from temporalio.activity import _Definition

    from activities.ledger.append import LEDGER
    from activities.support.readings import reading_digest
    from schemas.base import Sha256
    from schemas.stream.ledger import AgencyAnswer, Found

A = TypeVar("A")
R = TypeVar("R")

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=1)
"""The maximum pause after an answer that led to no event: the pauses double until an event is recorded."""
DOUBLED: Final = 10
"""The maximum number of times that a pause or a time limit is doubled."""


class UnfoundedError(Exception):
    """The record does not confirm an activity's answer, which may be a stranger's. The activity must be asked again."""


@dataclass(frozen=True)
class Basis:
    """The evidence for a command, or for its refusal: findings, digests of readings, a back office's answer."""

    findings: tuple[Found, ...] = ()
    readings: tuple[Sha256, ...] = ()
    answered: AgencyAnswer | None = None

    def __add__(self, other: Basis) -> Basis:
        """Returns a basis with the evidence of both."""
        return Basis(self.findings + other.findings, self.readings + other.readings, self.answered or other.answered)


NOTHING: Final = Basis()


@dataclass(frozen=True)
class Reading(Generic[A]):
    """An answer that was read in the record, and the `Basis` for a command that depends on this answer."""

    answer: A
    basis: Basis = field(repr=False)


async def read(activity: Callable[[Any, R], Awaitable[A]], request: R) -> Reading[A]:
    """Reads the record by a local activity. Returns the answer as a `Reading`. Raises the activity's errors."""
    answer = await workflow.execute_local_activity_method(activity, request, **LEDGER)
    name = str(_Definition.must_from_callable(activity).name)
    return Reading(answer, Basis(readings=(reading_digest(name, request, answer),)))


def pause_after(in_vain: int) -> timedelta:
    """Returns the pause before a question is repeated, after `in_vain` answers that led to no event."""
    return min(_FIRST_PAUSE * int(2 ** min(in_vain - 1, DOUBLED)), _LONGEST_PAUSE)


async def until_founded(act: Callable[[], Awaitable[A]]) -> A:
    """Calls `act`, and repeats it after a pause as long as it raises `UnfoundedError`. Returns its result."""
    tries = 0
    while True:
        try:
            return await act()
        except UnfoundedError:
            tries += 1
            await workflow.sleep(pause_after(tries), summary="nothing came of the answer")
