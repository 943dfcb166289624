"""The base classes and types of every message of the contract."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from .text import impersonal, internet_address, line, text
from .words.shape_errors import shape_errors

__all__ = ["AgencyCode", "Code", "CommuneCode", "Instant", "Key", "Model", "Sha256", "StrictModel", "Text", "Version"]


class Model(BaseModel):
    """A frozen value. Unknown fields are ignored, so that old readers load new messages.

    The constructor, as in `Via(principal="portal-1")`, raises `UnfitError` for unfit values; `model_validate` raises
    pydantic's own error.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    if not TYPE_CHECKING:  # for a type checker, the constructor's arguments are the fields

        def __init__(self, /, **data: Any) -> None:
            try:
                super().__init__(**data)
            except ValidationError as error:
                raise UnfitError(type(self).__name__, error) from None

        __init__.__pydantic_base_init__ = True  # nested models are validated without this constructor


class StrictModel(Model):
    """A frozen value that refuses unknown fields. Commands, and files written by hand, are such values.

    Nested models are lenient, since events and snapshots contain them too. A reader of a command or a file parses it
    with `extra="forbid"`, which applies at every depth.
    """

    model_config = ConfigDict(extra="forbid")


class HandedIn(Model):
    """A frozen value that comes from outside and stays in the record, such as a submission.

    The edge refuses unknown fields at every depth (`strictly`), and so does the constructor. A reader of the record
    ignores unknown fields, so that an older build reads values that a newer build has accepted.
    """

    if not TYPE_CHECKING:

        def __init__(self, /, **data: Any) -> None:
            try:
                self.__pydantic_validator__.validate_python(data, self_instance=self, extra="forbid")
            except ValidationError as error:
                raise UnfitError(type(self).__name__, error) from None

        __init__.__pydantic_base_init__ = True


def unset(value: object) -> bool:
    """Returns whether a value is empty.

    It is the `exclude_if` of a field that was added later: an empty value is not written, so old messages keep the same
    bytes.
    """
    return not value


class Text(Model):
    """A text for people, in Vietnamese and in English."""

    vi: str
    """the text in Vietnamese"""
    en: str
    """the text in English"""


class Problem(Model):
    """An error. `field` is a path such as `papers[0].file`; `rule` a stable code; `message` includes the remedy."""

    field: str
    """path of the wrong field, such as papers[0].file; empty if the error is about the whole message"""
    rule: str
    """stable code of the broken rule"""
    message: Text
    """the error and its remedy, in both languages"""


def problems_of(error: ValidationError) -> tuple[Problem, ...]:
    """Returns each wrong part of the input with the rule that it breaks, but without its value."""
    return tuple(Problem(field=m.field, rule=m.rule, message=Text(vi=m.vi, en=m.en)) for m in shape_errors(error))


class MotcuaError(Exception):
    """The base of all errors of the kit. The text is for people, in English, without personal data."""


class UnfitError(MotcuaError, ValueError):
    """The given values do not fit their model; nothing was sent.

    Attributes:
        problems: Each wrong part of the input (`field`, `rule`, `message` in `vi` and `en`); never its value.
    """

    def __init__(self, model: str, error: ValidationError) -> None:
        self.problems = problems_of(error)
        said = "; ".join(f"{p.field}: {p.message.en} [{p.rule}]".removeprefix(": ") for p in self.problems)
        super().__init__(f"this is no {model}: {said}")


class _Personal:
    """Marks a field of an event that identifies a person. The ledger encrypts it; the column `body` never has it."""


class _Confidential:
    """Marks a field of a question that is personal or secret. Over HTTP it never appears in an address."""


@dataclass(frozen=True)
class Numbered:
    """Marks a field of an event that the ledger fills from a locked counter.

    `kind` is the kind of the counter. `unless` names another field of the event: if that field has a number, the marked
    field stays empty. `by` names a field of the event: each of its values has a counter of its own, such as
    `receipt_phi`.
    """

    kind: str
    unless: str | None = None
    by: str | None = None

    def counter(self, event: BaseModel) -> str:
        """The kind of the counter from which this event takes its number."""
        return self.kind if self.by is None else f"{self.kind}_{getattr(event, self.by)}"


Personal: Final = _Personal()
Confidential: Final = _Confidential()

Key = Annotated[
    str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"), AfterValidator(impersonal)
]
"""An identifier given by a client: 1 to 64 of A-Z a-z 0-9 . _ : - , and never anything personal."""

Code = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""The name of a paper, a form field or a review step inside its procedure."""

Version = Annotated[str, StringConstraints(max_length=32, pattern=r"^[0-9][0-9A-Za-z.-]{0,31}$")]
"""The name of one published version of a procedure or a calendar: `2026-07`, `2026-07-demo`."""

COMMUNE: Final = "^[0-9]{5}$"

AgencyCode = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Z0-9][A-Z0-9.]{0,34}$")]
"""An agency's code, groups from the top down (QĐ 20/2020/QĐ-TTg art. 4), at most 35 characters."""

CommuneCode = Annotated[str, StringConstraints(pattern=COMMUNE)]
"""A commune's code: five digits (QĐ 19/2025/QĐ-TTg)."""

Subject = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00-\x1f\x7f]{1,128}$"), AfterValidator(line)]
"""The identity of a person or program: 1 to 128 characters, without control characters."""

DocumentNumber = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-ZĐ][0-9A-Za-zĐđ./-]{0,63}$")]
"""The number of an official document (số văn bản), such as `123/TB-CCT`: public, and never anything personal."""

Sha256 = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9a-f]{64}$")]

ShortText = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True), AfterValidator(text)
]
"""A text by a person: 1 to 2,000 characters, on one or more lines."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True), AfterValidator(line)]
"""A text by a person, 1 to 2,000 characters, on one line: a name, a place."""

IpAddress = Annotated[
    str, StringConstraints(max_length=45, pattern=r"^[0-9A-Fa-f.:]{2,45}$"), AfterValidator(internet_address)
]
"""An IP address of version 4 or 6, without a zone: personal data."""

Dong = Annotated[int, Field(strict=True)]
"""Money, in whole đồng. A text with digits, or `true` in place of 1, is refused."""


Instant = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
"""A moment with its time zone, converted to UTC."""


def fields_marked(model: type[BaseModel], mark: object) -> frozenset[str]:
    """Returns the names of the fields of `model` whose annotation has this `mark`."""
    return frozenset(name for name, field in model.model_fields.items() if mark in field.metadata)


def numbers_marked(model: type[BaseModel]) -> Iterator[tuple[str, Numbered]]:
    """Yields each field of `model` that the ledger numbers, with its mark."""
    for name, field in model.model_fields.items():
        yield from ((name, mark) for mark in field.metadata if isinstance(mark, Numbered))


def numbers_taken(event: BaseModel) -> dict[str, str]:
    """Returns the kind of counter for each field that the ledger numbers in this event, by the field's name."""
    return {
        name: mark.counter(event)
        for name, mark in numbers_marked(type(event))
        if mark.unless is None or getattr(event, mark.unless) is None
    }
