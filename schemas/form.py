"""The values of a form."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from .text import text

__all__ = ["FormValue"]

MAX_TEXT = 4000
"""The maximum length of a text in a form, in characters."""


def _form_value(value: Any, info: ValidationInfo) -> Any:
    """Reports one mistake for each field, not one for each type that its value might have."""
    if not isinstance(value, str | int):
        raise PydanticCustomError("form_value", "a form value is a text, a whole number, true or false")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise PydanticCustomError("text_too_long", "the text has at most {limit} characters", {"limit": MAX_TEXT})
    return text(value, info) if isinstance(value, str) else value


_SCHEMA: Final = {
    "anyOf": [
        {"type": "string", "maxLength": MAX_TEXT},
        {"type": "boolean"},
        {"type": "integer", "exclusiveMinimum": -(2**53), "exclusiveMaximum": 2**53},
    ]
}

FormValue = Annotated[str | bool | int, BeforeValidator(_form_value), WithJsonSchema(_SCHEMA)]
