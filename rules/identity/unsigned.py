"""The refusal of a message without a valid statement."""

from typing import Any

from schemas.errors import RefusalCode, RefusalError, problem, refused


def unheard(rule: str, **values: Any) -> RefusalError:
    """The refusal with this rule."""
    return refused(RefusalCode.NOT_AUTHORISED, problem("statement", rule, **values))
