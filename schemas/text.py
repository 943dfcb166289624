"""Checks of outside texts and form values: no invisible characters, no ids like a person's number, Unicode form NFC.

Text checks apply only to input from outside (a command, a submission, a back office's answer), through the validation
context `AT_THE_EDGE`. The log is always read as it was written.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from operator import is_
from typing import Annotated, Any, Final, TypeVar
from unicodedata import is_normalized, normalize

from pydantic import BaseModel, BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["FormValue"]

T = TypeVar("T")

AT_THE_EDGE: Final = {"at_the_edge": True}
"""The validation context with which outside input is checked."""

_INVISIBLE: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff\ud800-\udfff"
)
"""Control characters, Unicode's Default_Ignorable_Code_Point except variation selectors, and lone surrogates."""

_NOT_IN_TEXT: Final = re.compile(f"[{_INVISIBLE}]")
_NOT_IN_LINE: Final = re.compile(rf"[\t\n{_INVISIBLE}]")
_MACHINE_MADE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}", re.IGNORECASE)
_PERSONAL: Final = re.compile(r"(?<![0-9])[0-9]{9,12}(?![0-9])")


def text(value: str, info: ValidationInfo) -> str:
    """Checks a text of one or more lines. Line feeds and tabs are permitted."""
    return _seen(value, info, _NOT_IN_TEXT)


def line(value: str, info: ValidationInfo) -> str:
    """Checks a text of one line."""
    return _seen(value, info, _NOT_IN_LINE)


def internet_address(value: str) -> str:
    """Checks an IP address of version 4 or 6."""
    try:
        ip_address(value)
    except ValueError:
        raise PydanticCustomError("not_an_ip_address", "this is no IP address") from None
    return value


def impersonal(value: str, info: ValidationInfo) -> str:
    """Checks an id that stays in clear text for ever.

    The id must not look like a person's number or a telephone number. UUIDs and digests are allowed.
    """
    if info.context is AT_THE_EDGE and _PERSONAL.search(_MACHINE_MADE.sub("-", value)):
        raise PydanticCustomError(
            "looks_personal",
            "9 to 12 digits in a row look like the number of a person, and this stands in the clear for ever; "
            "use a UUID",
        )
    return value


def composed(value: T) -> T:
    """Returns `value` with every text in Unicode's form NFC.

    The value is not validated again, since NFC makes no accepted text longer.
    """
    changed: Any = value
    if isinstance(value, str):
        changed = value if is_normalized("NFC", value) else normalize("NFC", value)
    elif isinstance(value, BaseModel):
        changed = value.model_copy(update=new) if (new := _composed(value)) else value
    elif isinstance(value, dict):
        changed = value | new if (new := _composed(value.items())) else value
    elif isinstance(value, tuple):
        items = tuple(map(composed, value))
        changed = value if all(map(is_, items, value)) else items
    return changed  # type: ignore[no-any-return]


def _composed(parts: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Returns the parts of a value that NFC changes, in NFC, by their names."""
    return {key: to for key, part in parts if (to := composed(part)) is not part}


def _seen(value: str, info: ValidationInfo, unseen: re.Pattern[str]) -> str:
    if info.context is not AT_THE_EDGE:
        return value
    if unseen.search(value):
        raise PydanticCustomError("invisible_text", "there are characters in it that nobody sees; take them out")
    if len(normalize("NFC", value)) > len(value):
        raise PydanticCustomError("not_nfc", "write the text in Unicode's form NFC, in which it is longer")
    return value


MAX_TEXT = 4000
"""The maximum length of a text in a form, in characters."""


def _form_value(value: Any, info: ValidationInfo) -> Any:
    """Returns a checked form value. A wrong value gets a single error, not an error for each type it might have."""
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
