"""A refusal as Temporal carries it, out of a workflow or an activity."""

from __future__ import annotations

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from schemas.errors import Refusal


def failure(refusal: Refusal) -> ApplicationError:
    """The refusal as an error that is not tried again: its code is the `type`, itself the first of the `details`."""
    return ApplicationError(
        str(refusal),
        refusal.model_dump(mode="json", exclude_none=True),
        type=refusal.code,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
