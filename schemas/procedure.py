"""An administrative procedure (thủ tục hành chính): what is published, and the part of it that governs a filing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import Code, Model, Sha256, ShortText, StrictModel, Subject, Text
from .level import Channel, Level
from .limit import Limit
from .people import Role

ProcedureCode = Annotated[str, StringConstraints(pattern=r"^\d\.\d{6}(\.[A-Z0-9]+)*$")]
"""A code of the national database of procedures: `1.001193`, or a province's variant."""

Version = Annotated[str, StringConstraints(pattern=r"^[0-9][0-9A-Za-z.-]{0,31}$")]
"""The name of one published version of a procedure: `2026-07`, `2026-07-demo`."""


class Fact(StrictModel):
    """Something the procedure states. `source` names the legal text, or is the word `unconfirmed`."""

    source: ShortText


class Statement(Fact):
    """One item of the information page in words."""

    vi: ShortText
    en: ShortText


class Information(StrictModel):
    """The items of the information page (Circular 32/2017/TT-BTTTT art. 5) that are words.

    The page has eleven items: name, steps, how to carry out, papers and number of sets, time limit, who may apply,
    agency, result, forms with conditions and fees, where to submit and receive, legal basis. Name, papers, time limit,
    result, forms, fee and legal basis stand in their own parts of the procedure.
    """

    steps: Statement
    how: Statement
    sets: int = Field(ge=1, le=9, description="number of sets of papers")
    applicants: Statement
    agency: Statement
    conditions: Statement
    places: Statement


class PaperRule(Fact):
    """A paper of the dossier. `form` is the key of the blank to download, where there is one."""

    code: Code
    name: Text
    required: bool = True
    form: str | None = None


class FieldKind(StrEnum):
    """What a form field holds. Dates are written YYYY-MM-DD."""

    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class FieldRule(Fact):
    """A field of the form. `minimum` and `maximum` bound an integer, or the length of a text."""

    code: Code
    label: Text
    kind: FieldKind
    required: bool = True
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Code, ...] = ()


class Act(StrEnum):
    """How a review step ends."""

    FORWARD = "forward"
    PROPOSE = "propose"
    DECIDE = "decide"


class ReviewStep(Fact):
    """A step of the review: who does it, how it ends, and by when."""

    code: Code
    name: Text
    role: Literal[Role.SPECIALIST, Role.LEADER, Role.CLERK]
    act: Act
    limit: Limit


class FeeKind(StrEnum):
    """Phí (pays for a service) or lệ phí (fixed for state administration); Law 97/2015/QH13 art. 3."""

    CHARGE = "phi"
    FEE = "le_phi"


class FeeDue(StrEnum):
    """When the fee is asked for."""

    ACCEPTANCE = "acceptance"
    RESULT = "result"


class FeeItem(Fact):
    """An amount in đồng, once, or for each unit that the integer field `per` counts."""

    code: Code
    name: Text
    kind: FeeKind
    amount: int = Field(gt=0, le=1_000_000_000, description="đồng")
    per: Code | None = None


class FeeRule(Fact):
    """What is to be paid, when, by which channels, and how long the applicant has to pay."""

    items: tuple[FeeItem, ...] = Field(min_length=1)
    due: FeeDue
    channels: tuple[Channel, ...] = Field(min_length=1)
    limit: Limit


class ResultRule(Fact):
    """The result and how it may be received."""

    name: Text
    channels: tuple[Channel, ...] = Field(min_length=1)


class SupplementRule(Fact):
    """How often a supplement may be asked for, and how long the applicant then has."""

    rounds: int = Field(default=1, ge=0, le=9)
    limit: Limit


class SignatureRule(Fact):
    """Whether filing at level 4 asks for a digital signature."""

    required: bool


class StandingOrder(Fact):
    """Approves at once what the back office finds complete, in the name of the accountable officer.

    `officers` are the leaders who answer for it, one for each agency that has given the order; an agency that has none
    of them in its directory decides by its officers.
    """

    number: ShortText
    officers: tuple[Subject, ...] = Field(min_length=1)


class Limits(Model):
    """Time limits of the stages. `issue` is the time to make the result, `delivery` the time the post has."""

    intake: Limit
    processing: Limit
    issue: Limit
    delivery: Limit
    pickup: Limit


class Procedure(StrictModel):
    """A procedure as it is written in the catalogue and published, one version of it."""

    code: ProcedureCode
    version: Version
    level: Level
    name: Text
    agency: Text
    information: Information
    legal_basis: tuple[ShortText, ...] = Field(min_length=1)
    limits: Limits
    limits_source: ShortText
    papers: tuple[PaperRule, ...] = ()
    form: tuple[FieldRule, ...] = ()
    review: tuple[ReviewStep, ...] = ()
    fee: FeeRule | None = None
    result: ResultRule
    supplement: SupplementRule
    signature: SignatureRule
    automatic: StandingOrder | None = None


class PaperPart(Model):
    """What a filing needs to know of a paper."""

    code: Code
    required: bool


class FieldPart(Model):
    """What a filing needs to know of a form field."""

    code: Code
    kind: FieldKind
    required: bool
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Code, ...] = ()


class StepPart(Model):
    """What a filing needs to know of a review step."""

    code: Code
    role: Role
    act: Act
    limit: Limit


class FeeItemPart(Model):
    """What a filing needs to know of a fee item."""

    code: Code
    amount: int
    per: Code | None = None


class FeePart(Model):
    """What a filing needs to know of the fee."""

    items: tuple[FeeItemPart, ...]
    due: FeeDue
    channels: tuple[Channel, ...]
    limit: Limit


class ProcedureRules(Model):
    """The part of a published procedure that governs a filing; no texts. Pinned by (code, version, sha256).

    `standing_officer` is that one of the `standing_officers` who belongs to the filing's agency; without one the
    agency's officers decide.
    """

    code: ProcedureCode
    version: Version
    sha256: Sha256
    level: Level
    limits: Limits
    papers: tuple[PaperPart, ...] = ()
    form: tuple[FieldPart, ...] = ()
    review: tuple[StepPart, ...] = ()
    fee: FeePart | None = None
    result_channels: tuple[Channel, ...]
    supplement_rounds: int
    supplement_limit: Limit
    signature: bool
    standing_order: str | None = None
    standing_officers: tuple[str, ...] = ()
    standing_officer: str | None = None


def rules_of(procedure: Procedure, sha256: str) -> ProcedureRules:
    """The rule part of `procedure`, whose published bytes have this digest."""
    facts = procedure.model_dump(include={"code", "version", "level", "limits", "papers", "form", "review", "fee"})
    order = procedure.automatic
    return ProcedureRules.model_validate(
        facts
        | {
            "sha256": sha256,
            "result_channels": procedure.result.channels,
            "supplement_rounds": procedure.supplement.rounds,
            "supplement_limit": procedure.supplement.limit,
            "signature": procedure.signature.required,
            "standing_order": order.number if order else None,
            "standing_officers": order.officers if order else (),
        }
    )
