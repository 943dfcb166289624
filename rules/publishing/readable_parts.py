"""What could be read of a procedure that may have mistakes, so that one mistake does not hide the others.

The sketches have the keys of `schemas.publishing.procedure` that the cross-references are about. Each value is read by
itself: what is missing or not of its form is `UNREAD`, which the mistakes of the schema have named already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import BeforeValidator, ConfigDict, Strict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from schemas.agency import AgencyKind
from schemas.base import Code, Model, Subject
from schemas.files import DocumentType
from schemas.form import FormValue
from schemas.level import Channel, Level
from schemas.limit import Limit
from schemas.people import PersonKind, Role
from schemas.publishing.calendar import Day
from schemas.publishing.fee import AmountInDong, BasisPoints, FeeDue, RefundCase
from schemas.publishing.procedure import Act, FieldKind, ProcedureCode
from schemas.publishing.time_limits import Limits

T = TypeVar("T")


class Unread(Enum):
    """The type of `UNREAD`."""

    UNREAD = "unread"


UNREAD: Final = Unread.UNREAD


def _forgiving(value: Any, read_value: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read_value(value)
    except ValidationError:
        return UNREAD


Maybe = Annotated[T | Unread, WrapValidator(_forgiving)]
Listed: TypeAlias = Maybe[Annotated[tuple[Maybe[T], ...], Strict(strict=False)]]
"""A list whose entries are read each by itself. What a wrapped validator passes on is a Python list, no JSON."""


def _plain_number(value: Any) -> Any:
    if type(value) is not int:
        msg = "pydantic takes true and 1.0 for a number of an enum"
        raise ValueError(msg)
    return value


class Sketch(Model):
    """A part as far as it can be read: as strictly as the schema reads JSON."""

    model_config = ConfigDict(strict=True)


class ConditionSketch(Sketch):
    """A condition as far as it can be read."""

    field: Maybe[Code | None] = None
    one_of: Listed[FormValue] = ()
    at_least: Maybe[int | None] = None
    at_most: Maybe[int | None] = None
    at_least_days_ago: Maybe[int | None] = None
    at_most_days_ago: Maybe[int | None] = None
    channel: Maybe[Channel | None] = None
    applicant: Maybe[PersonKind | None] = None


class PaperSketch(Sketch):
    """A paper as far as it can be read."""

    code: Maybe[Code] = UNREAD
    when: Listed[ConditionSketch] = ()
    form: Maybe[str | None] = None
    accepts: Listed[DocumentType] = ()


class CodeSketch(Sketch):
    """What has a code: a figure, a party, the name of a choice."""

    code: Maybe[Code] = UNREAD


class FieldSketch(Sketch):
    """A form field as far as it can be read."""

    code: Maybe[Code] = UNREAD
    kind: Maybe[FieldKind] = UNREAD
    minimum: Maybe[int | None] = None
    maximum: Maybe[int | None] = None
    choices: Listed[Code] = ()
    choice_names: Listed[CodeSketch] = ()
    when: Listed[ConditionSketch] = ()


class ConsultSketch(Sketch):
    """A consultation as far as it can be read."""

    parties: Listed[CodeSketch] = ()


class ObligationSketch(Sketch):
    """A financial obligation as far as it can be read."""

    answer: Maybe[Limit] = UNREAD
    pay: Maybe[Limit] = UNREAD


class DraftSketch(Sketch):
    """A draft for the applicant as far as it can be read."""

    answer: Maybe[Limit] = UNREAD


class PartSketch(Sketch):
    """A part that another agency decides, as far as it can be read."""

    code: Maybe[Code] = UNREAD
    kinds: Listed[AgencyKind] = ()
    limit: Maybe[Limit] = UNREAD


class ReferralSketch(Sketch):
    """What other agencies decide, as far as it can be read."""

    parts: Listed[PartSketch] = ()


class StepSketch(Sketch):
    """A review step as far as it can be read."""

    code: Maybe[Code] = UNREAD
    role: Maybe[Role] = UNREAD
    act: Maybe[Act] = UNREAD
    limit: Maybe[Limit] = UNREAD
    consult: Maybe[ConsultSketch | None] = None
    obligation: Maybe[ObligationSketch | None] = None
    draft: Maybe[DraftSketch | None] = None
    referral: Maybe[ReferralSketch | None] = None


class ValiditySketch(Sketch):
    """From when to when something is in force, as far as it can be read."""

    valid_from: Maybe[Annotated[Day | None, Strict(strict=False)]] = None
    valid_until: Maybe[Annotated[Day | None, Strict(strict=False)]] = None


class ItemSketch(ValiditySketch):
    """A fee item as far as it can be read."""

    code: Maybe[Code] = UNREAD
    amount: Maybe[AmountInDong | None] = None
    per: Maybe[Code | None] = None
    basis_points: Maybe[BasisPoints | None] = None
    of: Maybe[Code | None] = None
    minimum: Maybe[AmountInDong | None] = None
    maximum: Maybe[AmountInDong | None] = None
    when: Listed[ConditionSketch] = ()


class WaiverSketch(ValiditySketch):
    """A waiver as far as it can be read."""

    code: Maybe[Code] = UNREAD
    when: Listed[ConditionSketch] = ()
    evidence: Maybe[Code | None] = None


class RefundSketch(Sketch):
    """A refund rule as far as it can be read."""

    case: Maybe[RefundCase] = UNREAD


class FeeSketch(Sketch):
    """The fee as far as it can be read."""

    items: Listed[ItemSketch] = UNREAD
    waivers: Listed[WaiverSketch] = ()
    refunds: Listed[RefundSketch] = ()
    due: Maybe[FeeDue] = UNREAD
    channels: Listed[Channel] = UNREAD
    limit: Maybe[Limit] = UNREAD


class PostageSketch(Sketch):
    """What the post collects, as far as it can be read."""


class ResultSketch(Sketch):
    """The result as far as it can be read."""

    channels: Listed[Channel] = UNREAD
    postage: Maybe[PostageSketch | None] = None


class SupplementSketch(Sketch):
    """The supplement as far as it can be read."""

    limit: Maybe[Limit] = UNREAD
    within: Maybe[Limit] = UNREAD


class ExtensionSketch(Sketch):
    """The extension as far as it can be read."""

    by: Maybe[Limit] = UNREAD
    notice: Maybe[Limit] = UNREAD


class RetentionSketch(Sketch):
    """The retention as far as it can be read."""

    keep_years: Maybe[int | None] = None
    erase_years: Maybe[int | None] = None


class SignatureSketch(Sketch):
    """The signature as far as it can be read."""

    required: Maybe[bool] = UNREAD
    unless: Listed[ConditionSketch] = ()


class OfficersSketch(Sketch):
    """What names accountable officers: a standing order, silent approval."""

    officers: Listed[Subject] = ()


class CaseSketch(Sketch):
    """Another processing limit as far as it can be read."""

    code: Maybe[Code] = UNREAD
    processing: Maybe[Limit] = UNREAD
    when: Listed[ConditionSketch] = ()


class PartialSketch(Sketch):
    """Why a procedure is only partly online, as far as it can be read."""


class ProcedureSketch(Sketch):
    """A procedure as far as it can be read."""

    code: Maybe[ProcedureCode] = UNREAD
    validity: Maybe[ValiditySketch | None] = None
    level: Maybe[Annotated[Level, BeforeValidator(_plain_number)]] = UNREAD
    partial: Maybe[PartialSketch | None] = None
    limits: Maybe[dict[str, Maybe[Limit]]] = UNREAD
    cases: Listed[CaseSketch] = ()
    figures: Listed[CodeSketch] = ()
    papers: Listed[PaperSketch] = ()
    form: Listed[FieldSketch] = ()
    review: Listed[StepSketch] = ()
    fee: Maybe[FeeSketch | None] = None
    result: Maybe[ResultSketch] = UNREAD
    supplement: Maybe[SupplementSketch] = UNREAD
    extension: Maybe[ExtensionSketch | None] = None
    signature: Maybe[SignatureSketch] = UNREAD
    automatic: Maybe[OfficersSketch | None] = None
    silent_approval: Maybe[OfficersSketch | None] = None
    retention: Maybe[RetentionSketch | None] = None


def sketch(value: dict[str, Any]) -> ProcedureSketch:
    """What can be read of plain data."""
    return ProcedureSketch.model_validate_json(json.dumps(value))


def limits(parts: ProcedureSketch) -> dict[str, Limit]:
    """The time limits that could be read, by path."""
    return {
        f"{path}.{name}": limit
        for path, part in _with_limits(parts)
        for name, limit in part
        if isinstance(limit, Limit)
    }


def _with_limits(parts: ProcedureSketch) -> Iterator[tuple[str, Iterable[tuple[str, object]]]]:
    """The parts that have time limits, by path, each as pairs of a key and a value."""
    if not isinstance(parts.limits, Unread):
        yield "limits", [(name, parts.limits.get(name)) for name in Limits.model_fields]
    yield from ((f"cases[{n}]", case) for n, case in read(parts.cases).items())
    for name in ("fee", "supplement", "extension"):
        if isinstance(part := getattr(parts, name), Sketch):
            yield name, part
    for n, step in read(parts.review).items():
        yield f"review[{n}]", step
        for name in ("obligation", "draft"):
            if isinstance(part := getattr(step, name), Sketch):
                yield f"review[{n}].{name}", part
    yield from referred(parts)


def referred(parts: ProcedureSketch) -> Iterator[tuple[str, PartSketch]]:
    """The parts that other agencies decide, of all steps, each with its path."""
    for n, step in read(parts.review).items():
        if isinstance(step.referral, ReferralSketch):
            for k, part in read(step.referral.parts).items():
                yield f"review[{n}].referral.parts[{k}]", part


def read(entries: tuple[T | Unread, ...] | Unread) -> dict[int, T]:
    """The entries of a list that could be read, by their places."""
    if isinstance(entries, Unread):
        return {}
    return {n: entry for n, entry in enumerate(entries) if not isinstance(entry, Unread)}


def whole(entries: tuple[T | Unread, ...] | Unread) -> bool:
    """Whether every entry of the list could be read."""
    return not isinstance(entries, Unread) and not any(isinstance(entry, Unread) for entry in entries)
