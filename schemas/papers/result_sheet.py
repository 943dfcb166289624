"""The content of a result that the platform prints by the template of its procedure."""

from collections.abc import Mapping
from typing import Literal

from ..base import Code, Model, Text
from ..filing.events import Outcome
from .sheet import Sheet


class Holder(Model):
    """The person or organisation of a result. `number` is their citizen or enterprise number."""

    name: str
    number: str
    organisation: bool


class ResultSheet(Sheet):
    """The content for a template of a result, or for a refusal, which is printed without one.

    Attributes:
        number: Its number in the register; None if it takes one only after it is made.
        corrects: The number of the result that it corrects.
        reason: The reason of a refusal.
        holder: The applicant.
        values: The form's values in words, by the code of the field; None if not filled in.
    """

    kind: Literal["result"] = "result"
    number: str | None = None
    corrects: str | None = None
    outcome: Outcome
    reason: str | None = None
    holder: Holder
    values: Mapping[Code, Text | None]
