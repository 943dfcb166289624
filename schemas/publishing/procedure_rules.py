"""The rules that a filing needs of a published procedure, without the procedure's texts."""

from typing import Annotated, Final

from pydantic import Field

from ..base import Code, Model, Sha256, Version, unset
from ..files import DOCUMENTS, DocumentType
from ..level import Channel, Level
from ..limit import Limit
from ..people import Role
from .calendar import Day
from .fact import AgencyKind, When
from .fee import FeeDue, GoverningDay, RefundCase
from .procedure import ASK_WITHIN, Act, FieldKind, Procedure, ProcedureCode, Silence
from .time_limits import Limits, Resumption

__all__ = ["FeeItemPart", "FeePart", "FieldPart", "PaperPart", "ProcedureRules", "StepPart", "rules_of"]


class PaperPart(Model):
    """The rules that a filing needs for one paper."""

    code: Code
    required: bool
    when: When = ()
    accepts: tuple[DocumentType, ...] = DOCUMENTS


class FieldPart(Model):
    """The rules that a filing needs for one form field."""

    code: Code
    kind: FieldKind
    required: bool
    when: When = ()
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Code, ...] = ()


class CasePart(Model):
    """The rules that a filing needs for another processing limit (`LimitCase`)."""

    code: Code
    processing: Limit
    when: When = ()


class PartyPart(Model):
    """The rules that a filing needs for one consulted body."""

    code: Code


class ConsultPart(Model):
    """The rules that a filing needs for a consultation."""

    parties: tuple[PartyPart, ...]
    silence: Silence


class ObligationPart(Model):
    """The rules that a filing needs for a financial obligation."""

    answer: Limit
    pay: Limit


class DraftPart(Model):
    """The rules that a filing needs for a draft shown to the applicant."""

    answer: Limit


class ReferredPart(Model):
    """The rules that a filing needs for one part that another agency decides."""

    code: Code
    kinds: tuple[AgencyKind, ...]
    limit: Limit


class ReferralPart(Model):
    """The rules that a filing needs for a referral to other agencies."""

    parts: tuple[ReferredPart, ...]


class StepPart(Model):
    """The rules that a filing needs for one review step."""

    code: Code
    role: Role
    act: Act
    limit: Limit
    if_needed: Annotated[bool, Field(exclude_if=unset)] = False
    consult: ConsultPart | None = None
    obligation: ObligationPart | None = None
    draft: DraftPart | None = None
    referral: ReferralPart | None = None


class FeeItemPart(Model):
    """The rules that a filing needs for one item of the fee."""

    code: Code
    amount: int | None = None
    per: Code | None = None
    basis_points: int | None = None
    of: Code | None = None
    minimum: int | None = None
    maximum: int | None = None
    when: When = ()
    valid_from: Day | None = None
    valid_until: Day | None = None


class WaiverPart(Model):
    """The rules that a filing needs for one waiver."""

    code: Code
    percent: int
    approver: Role
    when: When = ()
    valid_from: Day | None = None
    valid_until: Day | None = None
    evidence: Code | None = None


class RefundPart(Model):
    """The rules that a filing needs for a refund, if the filing ends in the way `case`."""

    case: RefundCase
    percent: int


class GroundPart(Model):
    """The rules of one ground of representation by law, as far as a filing needs them."""

    code: Code
    paper: Code | None = None


class ExtensionPart(Model):
    """The rules that a filing needs for extensions of the processing limit."""

    times: int
    by: Limit
    notice: Limit


class FeePart(Model):
    """The rules that a filing needs for the fee."""

    items: tuple[FeeItemPart, ...]
    waivers: tuple[WaiverPart, ...] = ()
    refunds: tuple[RefundPart, ...] = ()
    due: FeeDue
    governed_by: GoverningDay = GoverningDay.RECEIPT
    channels: tuple[Channel, ...]
    cash: bool = True
    limit: Limit


class ProcedureRules(Model):
    """The rules that a filing needs of a published procedure, which has this `code`, `version` and `sha256`.

    `standing_officer` is the one of the `standing_officers` who belonged to the filing's agency at the submission, and
    `silent_officer` likewise one of the `silent_officers`; the filing's first event names both. If such an officer is
    not set, officers of the agency decide. `result_as_filed`: whether an online filing has an electronic result only,
    and a filing on paper a result on paper only. `postage` is the post's charge for the delivery of the result, in
    đồng. `by_template`: whether the platform prints the result by a template of the procedure. `one_officer`: whether
    one officer may both handle or propose and decide. `place`: the form fields whose communes determine the agency.
    `representation` are the grounds on which somebody may file for the applicant by law; `certified_mandate`: whether
    an authorisation must be notarised or certified; `mandate_on_paper`: whether a filing by authorisation is taken on
    paper only. `paper_on_incident`: whether a filing on paper is taken only after an incident. `succession` is the time
    in which a successor of the applicant may step in; None if the right does not pass on.
    """

    code: ProcedureCode
    version: Version
    sha256: Sha256
    level: Level
    limits: Limits
    cases: tuple[CasePart, ...] = ()
    papers: tuple[PaperPart, ...] = ()
    form: tuple[FieldPart, ...] = ()
    review: tuple[StepPart, ...] = ()
    fee: FeePart | None = None
    result_channels: tuple[Channel, ...]
    result_as_filed: Annotated[bool, Field(exclude_if=unset)] = False
    postage: Annotated[int | None, Field(exclude_if=unset)] = None
    by_template: Annotated[bool, Field(exclude_if=unset)] = False
    one_officer: Annotated[bool, Field(exclude_if=unset)] = False
    supplement_rounds: int
    supplement_limit: Limit
    supplement_within: Limit = ASK_WITHIN
    resumption: Resumption = Resumption()
    extension: ExtensionPart | None = None
    representation: Annotated[tuple[GroundPart, ...], Field(exclude_if=unset)] = ()
    certified_mandate: Annotated[bool, Field(exclude_if=unset)] = False
    mandate_on_paper: Annotated[bool, Field(exclude_if=unset)] = False
    paper_on_incident: Annotated[bool, Field(exclude_if=unset)] = False
    succession: Annotated[Limit | None, Field(exclude_if=unset)] = None
    signature: bool
    unsigned_when: When = ()
    decided_by: tuple[AgencyKind, ...] = ()
    place: Annotated[tuple[Code, ...], Field(exclude_if=unset)] = ()
    standing_order: str | None = None
    standing_officers: tuple[str, ...] = ()
    standing_officer: str | None = None
    silent_basis: str | None = None
    silent_officers: tuple[str, ...] = ()
    silent_officer: str | None = None

    @property
    def referred(self) -> tuple[tuple[Code, ReferredPart], ...]:
        """The parts that other agencies decide, each with its step, in the order of their referral."""
        return tuple((step.code, part) for step in self.review if step.referral for part in step.referral.parts)


_KEPT: Final = {
    *("code", "version", "level", "limits", "cases", "form", "review", "fee", "resumption", "extension"),
    "representation",
}


def rules_of(procedure: Procedure, sha256: str) -> ProcedureRules:
    """Returns the rules of `procedure`. `sha256` is the digest of the procedure's published bytes."""
    order, silence, decided_by = procedure.automatic, procedure.silent_approval, procedure.decided_by
    return ProcedureRules.model_validate(
        procedure.model_dump(include=_KEPT)
        | {
            "sha256": sha256,
            "papers": [
                {"code": paper.code, "required": paper.mandatory, "when": paper.when, "accepts": paper.accepts}
                for paper in procedure.papers
            ],
            "result_channels": procedure.result.channels,
            "result_as_filed": procedure.result.as_filed,
            "postage": procedure.result.postage.amount if procedure.result.postage else None,
            "by_template": procedure.result.template is not None,
            "one_officer": procedure.one_officer is not None,
            "certified_mandate": procedure.certified_mandate is not None,
            "mandate_on_paper": procedure.certified_mandate is not None and procedure.certified_mandate.on_paper,
            "paper_on_incident": procedure.paper_on_incident is not None,
            "succession": procedure.succession and procedure.succession.limit,
            "supplement_rounds": procedure.supplement.rounds,
            "supplement_limit": procedure.supplement.limit,
            "supplement_within": procedure.supplement.within,
            "signature": procedure.signature.required,
            "unsigned_when": procedure.signature.unless,
            "decided_by": decided_by.kinds if decided_by else (),
            "place": decided_by.place.fields if decided_by and decided_by.place else (),
            "standing_order": order.number if order else None,
            "standing_officers": order.officers if order else (),
            "silent_basis": silence.legal_basis if silence else None,
            "silent_officers": silence.officers if silence else (),
        }
    )
