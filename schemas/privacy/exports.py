"""A person's request for all data held about them, and its answer. The person's identity is not stored."""

from enum import StrEnum

from ..base import AgencyCode, Instant, Model, StrictModel
from ..people import Actor
from .erasure import Reason


class AskExport(StrictModel):
    """An operator records a person's request.

    `reason` stays in clear text: it names a paper by its number, and no person.
    """

    actor: Actor
    reason: Reason


class AnswerExport(StrictModel):
    """An operator has answered the `n`-th request, or declines it for the reason `declined`."""

    actor: Actor
    n: int
    declined: Reason | None = None


class ExportState(StrEnum):
    """The state of a request."""

    WAITING = "waiting"
    GIVEN = "given"
    DECLINED = "declined"


class ExportRequest(Model):
    """The `n`-th request, with its outcome."""

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
        """The state of the request."""
        if self.given is None:
            return ExportState.WAITING
        return ExportState.GIVEN if self.given else ExportState.DECLINED
