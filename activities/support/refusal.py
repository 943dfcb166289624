"""A refusal in the form of a Temporal error, for workflows and activities."""

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from schemas.errors import Refusal


def failure(refusal: Refusal) -> ApplicationError:
    """Returns the refusal as an error without retry: `type` is the refusal's code, `details[0]` the whole refusal."""
    return ApplicationError(
        str(refusal),
        refusal.model_dump(mode="json", exclude_none=True),
        type=refusal.code,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
