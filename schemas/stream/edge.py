"""The strict parsing of input from outside: no conversion of types, no invisible characters, limited lengths.

A stand-in replaces a message that a workflow can't read. A stand-in fits no model, so every parser refuses it.
"""

from typing import Any, Final, Literal, TypeVar

from pydantic import ValidationError
from pydantic_core import to_json

from ..base import HandedIn, Model
from ..errors import RefusalCode, problem, refused, shape_refusal
from ..identity.statement import MAX_STATEMENT
from ..text import AT_THE_EDGE

__all__ = ["UNOPENED", "UNREADABLE", "Unreadable", "bounded"]


class Unreadable:
    """A stand-in for a message that can't be read. It contains nothing of the content that was sent."""


UNREADABLE: Final = Unreadable()
"""The stand-in for invalid JSON, or for any other content that no converter of ours accepts."""

UNOPENED: Final = Unreadable()
"""The stand-in for content that can't be decrypted: not encrypted, not ours, damaged, or its key is missing here."""


M = TypeVar("M", bound=Model)

MAX_COMMAND_BYTES: Final = 16_384
"""The largest argument of an Update: its bytes as UTF-8 JSON without blanks and without its `statement`.

The statement has a limit of its own, `MAX_STATEMENT`.
"""


def command_from(model: type[M], given: Any) -> M:
    """Returns the parsed argument of an Update.

    Raises `RefusalError` if the argument is unfit; the error contains none of its values.
    """
    try:
        return model.model_validate_json(bounded(given), strict=True, extra="forbid", context=AT_THE_EDGE)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None


def bounded(given: Any) -> bytes:
    """Returns the argument of an Update as JSON.

    Raises `RefusalError` if the argument is not JSON, or is too long even without its `statement`.
    """
    try:
        written = to_json(given)
    except ValueError:
        raise refused(RefusalCode.BAD_COMMAND, problem("", "unreadable")) from None
    statement = given.get("statement") if isinstance(given, dict) else None
    stated = 0
    if isinstance(statement, str) and len(statement) <= MAX_STATEMENT:
        stated = len(to_json({"statement": statement})) - len("{}") + len(",")
    if len(written) - stated > MAX_COMMAND_BYTES:
        raise refused(RefusalCode.BAD_COMMAND, _TOO_LONG)
    return written


def strictly(model: type[M], given: Any) -> M:
    """Returns plain data from outside as an instance of `model`. Unknown fields are refused if `model` is a `HandedIn`.

    Raises `ValueError` if the data does not fit the model.
    """
    unknown: Literal["forbid", "ignore"] = "forbid" if issubclass(model, HandedIn) else "ignore"
    return model.model_validate_json(to_json(given), strict=True, extra=unknown, context=AT_THE_EDGE)


_TOO_LONG: Final = problem("", "too_long", says="command_too_long", most=MAX_COMMAND_BYTES)
