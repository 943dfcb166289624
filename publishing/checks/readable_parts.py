"""Reads the well-formed parts of a procedure with mistakes, so that one mistake does not hide the others.

The sketches have those keys of `schemas.publishing.procedure` to which cross-references refer. Each value is read by
itself. A missing or malformed value becomes `UNREAD`; the check against the schema reports it.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import BeforeValidator, ConfigDict, Strict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from schemas.base import Code, Model, Subject
from schemas.files import DocumentType
from schemas.level import Channel, Level
from schemas.limit import Limit
from schemas.people import PersonKind, Role
from schemas.publishing.calendar import Day
from schemas.publishing.fact import AgencyKind
from schemas.publishing.fee import AmountInDong, BasisPoints, FeeDue, RefundCase
from schemas.publishing.procedure import Act, FieldKind, ProcedureCode
from schemas.publishing.time_limits import Limits
from schemas.text import FormValue

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
"""A list whose entries are read one by one. It is not strict: the wrapped validator gets a Python list, not JSON."""


def _plain_number(value: Any) -> Any:
    if type(value) is not int:
        raise ValueError("pydantic takes true and 1.0 for a number of an enum")
    return value


class Sketch(Model):
    """The readable parts of a section, read as strictly as the schema reads JSON."""

    model_config = ConfigDict(strict=True)


class ConditionSketch(Sketch):
    field: Maybe[Code | None] = None
    one_of: Listed[FormValue] = ()
    at_least: Maybe[int | None] = None
    at_most: Maybe[int | None] = None
    at_least_days_ago: Maybe[int | None] = None
    at_most_days_ago: Maybe[int | None] = None
    channel: Maybe[Channel | None] = None
    applicant: Maybe[PersonKind | None] = None


class PaperSketch(Sketch):
    code: Maybe[Code] = UNREAD
    when: Listed[ConditionSketch] = ()
    form: Maybe[str | None] = None
    accepts: Listed[DocumentType] = ()


class CodeSketch(Sketch):
    """A part of which only the code matters: a figure, a party, the name of a choice."""

    code: Maybe[Code] = UNREAD


class FieldSketch(Sketch):
    code: Maybe[Code] = UNREAD
    kind: Maybe[FieldKind] = UNREAD
    minimum: Maybe[int | None] = None
    maximum: Maybe[int | None] = None
    choices: Listed[Code] = ()
    choice_names: Listed[CodeSketch] = ()
    when: Listed[ConditionSketch] = ()


class ConsultSketch(Sketch):
    parties: Listed[CodeSketch] = ()


class ObligationSketch(Sketch):
    answer: Maybe[Limit] = UNREAD
    pay: Maybe[Limit] = UNREAD


class DraftSketch(Sketch):
    answer: Maybe[Limit] = UNREAD


class PartSketch(Sketch):
    code: Maybe[Code] = UNREAD
    kinds: Listed[AgencyKind] = ()
    limit: Maybe[Limit] = UNREAD


class ReferralSketch(Sketch):
    parts: Listed[PartSketch] = ()


class StepSketch(Sketch):
    code: Maybe[Code] = UNREAD
    role: Maybe[Role] = UNREAD
    act: Maybe[Act] = UNREAD
    limit: Maybe[Limit] = UNREAD
    if_needed: Maybe[bool] = False
    consult: Maybe[ConsultSketch | None] = None
    obligation: Maybe[ObligationSketch | None] = None
    draft: Maybe[DraftSketch | None] = None
    referral: Maybe[ReferralSketch | None] = None


class ValiditySketch(Sketch):
    valid_from: Maybe[Annotated[Day | None, Strict(strict=False)]] = None
    valid_until: Maybe[Annotated[Day | None, Strict(strict=False)]] = None


class ItemSketch(ValiditySketch):
    code: Maybe[Code] = UNREAD
    amount: Maybe[AmountInDong | None] = None
    per: Maybe[Code | None] = None
    basis_points: Maybe[BasisPoints | None] = None
    of: Maybe[Code | None] = None
    minimum: Maybe[AmountInDong | None] = None
    maximum: Maybe[AmountInDong | None] = None
    when: Listed[ConditionSketch] = ()


class WaiverSketch(ValiditySketch):
    code: Maybe[Code] = UNREAD
    when: Listed[ConditionSketch] = ()
    evidence: Maybe[Code | None] = None


class RefundSketch(Sketch):
    case: Maybe[RefundCase] = UNREAD


class FeeSketch(Sketch):
    items: Listed[ItemSketch] = UNREAD
    waivers: Listed[WaiverSketch] = ()
    refunds: Listed[RefundSketch] = ()
    due: Maybe[FeeDue] = UNREAD
    channels: Listed[Channel] = UNREAD
    limit: Maybe[Limit] = UNREAD


class ResultSketch(Sketch):
    channels: Listed[Channel] = UNREAD
    as_filed: Maybe[bool] = False
    postage: Maybe[Sketch | None] = None


class PlaceSketch(Sketch):
    fields: Listed[Code] = ()


class CompetenceSketch(Sketch):
    place: Maybe[PlaceSketch | None] = None


class SupplementSketch(Sketch):
    limit: Maybe[Limit] = UNREAD
    within: Maybe[Limit] = UNREAD


class ExtensionSketch(Sketch):
    by: Maybe[Limit] = UNREAD
    notice: Maybe[Limit] = UNREAD


class GroundSketch(Sketch):
    code: Maybe[Code] = UNREAD
    paper: Maybe[Code | None] = None


class SuccessionSketch(Sketch):
    limit: Maybe[Limit] = UNREAD


class RetentionSketch(Sketch):
    keep_years: Maybe[int | None] = None
    erase_years: Maybe[int | None] = None


class SignatureSketch(Sketch):
    required: Maybe[bool] = UNREAD
    unless: Listed[ConditionSketch] = ()


class OfficersSketch(Sketch):
    """The accountable officers of a standing order or of silent approval."""

    officers: Listed[Subject] = ()


class CaseSketch(Sketch):
    code: Maybe[Code] = UNREAD
    processing: Maybe[Limit] = UNREAD
    when: Listed[ConditionSketch] = ()


class ProcedureSketch(Sketch):
    code: Maybe[ProcedureCode] = UNREAD
    validity: Maybe[ValiditySketch | None] = None
    level: Maybe[Annotated[Level, BeforeValidator(_plain_number)]] = UNREAD
    partial: Maybe[Sketch | None] = None
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
    representation: Listed[GroundSketch] = ()
    succession: Maybe[SuccessionSketch | None] = None
    signature: Maybe[SignatureSketch] = UNREAD
    decided_by: Maybe[CompetenceSketch | None] = None
    paper_on_incident: Maybe[Sketch | None] = None
    one_officer: Maybe[Sketch | None] = None
    automatic: Maybe[OfficersSketch | None] = None
    silent_approval: Maybe[OfficersSketch | None] = None
    retention: Maybe[RetentionSketch | None] = None


def limits(parts: ProcedureSketch) -> dict[str, Limit]:
    """Returns the well-formed time limits, by path."""
    return {
        f"{path}.{name}": limit
        for path, part in _with_limits(parts)
        for name, limit in part
        if isinstance(limit, Limit)
    }


def _with_limits(parts: ProcedureSketch) -> Iterator[tuple[str, Iterable[tuple[str, object]]]]:
    """Yields the sections with time limits, by path, each as pairs of a key and a value."""
    if not isinstance(parts.limits, Unread):
        yield "limits", [(name, parts.limits.get(name)) for name in Limits.model_fields]
    yield from ((f"cases[{n}]", case) for n, case in read(parts.cases).items())
    for name in ("fee", "supplement", "extension", "succession"):
        if isinstance(part := getattr(parts, name), Sketch):
            yield name, part
    for n, step in read(parts.review).items():
        yield f"review[{n}]", step
        for name in ("obligation", "draft"):
            if isinstance(part := getattr(step, name), Sketch):
                yield f"review[{n}].{name}", part
    yield from referred(parts)


def referred(parts: ProcedureSketch) -> Iterator[tuple[str, PartSketch]]:
    """Yields the parts, in all review steps, that other agencies decide, each with its path."""
    for n, step in read(parts.review).items():
        if isinstance(step.referral, ReferralSketch):
            for k, part in read(step.referral.parts).items():
                yield f"review[{n}].referral.parts[{k}]", part


def read(entries: tuple[T | Unread, ...] | Unread) -> dict[int, T]:
    """Returns the readable entries of a list, by index."""
    if isinstance(entries, Unread):
        return {}
    return {n: entry for n, entry in enumerate(entries) if not isinstance(entry, Unread)}


def whole(entries: tuple[T | Unread, ...] | Unread) -> bool:
    """Whether every entry of the list is readable."""
    return not isinstance(entries, Unread) and not any(isinstance(entry, Unread) for entry in entries)
