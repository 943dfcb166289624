"""What stands on a result that the platform prints by the template of its procedure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from .base import Code, Model, Text
from .filing.events import Outcome
from .papers_sheet import Sheet


class Holder(Model):
    """In whose name the result is. `number` is their citizen or enterprise number."""

    name: str
    number: str
    organisation: bool


class ResultSheet(Sheet):
    """All that a template may show of a result, or of a refusal, which is printed without one.

    Attributes:
        number: Its number in the register; None where it takes one only once it is made.
        corrects: The number of the result that it corrects.
        reason: Why it is refused.
        holder: The applicant.
        values: What the form says, in words, by the code of the field; None where nothing was filled in.
    """

    kind: Literal["result"] = "result"
    number: str | None = None
    corrects: str | None = None
    outcome: Outcome
    reason: str | None = None
    holder: Holder
    values: Mapping[Code, Text | None]
