"""A person asks for all that is held about them, and is given it. Whose request it was is not kept."""

from __future__ import annotations

from enum import StrEnum

from .base import AgencyCode, Instant, Model, StrictModel
from .erasure import Reason
from .people import Actor


class AskExport(StrictModel):
    """An operator records that somebody has asked. `reason` stands in the clear: the number of a paper, no person."""

    actor: Actor
    reason: Reason


class AnswerExport(StrictModel):
    """An operator has given what the `n`-th request asked for, or declines it: `declined` is why."""

    actor: Actor
    n: int
    declined: Reason | None = None


class ExportState(StrEnum):
    """How it stands with a request."""

    WAITING = "waiting"
    GIVEN = "given"
    DECLINED = "declined"


class ExportRequest(Model):
    """A request, the `n`-th, and what became of it."""

    n: int
    reason: str
    officer: str
    agency: AgencyCode
    asked_at: Instant
    given: bool | None = None
    answered_by: str | None = None
    answered_at: Instant | None = None
    declined_because: str | None = None

    @property
    def state(self) -> ExportState:
        """How it stands with it."""
        if self.given is None:
            return ExportState.WAITING
        return ExportState.GIVEN if self.given else ExportState.DECLINED
