"""An administrative procedure (thủ tục hành chính): what is published, and the part of it that governs a filing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ..agency import AgencyKind
from ..base import Code, Model, Sha256, ShortText, StrictModel, Subject, Text, Version
from ..form import FormValue
from ..level import Channel, Level
from ..limit import Limit, Unit
from ..people import PersonKind, Role
from .calendar import Day, LocalTime
from .figure import FigureUnit

ProcedureCode = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9]\.[0-9]{6}(\.[A-Z0-9]+)*$")]
"""A code of the national database of procedures: `1.001193`, or a province's variant."""


class Fact(StrictModel):
    """Something the procedure states. `source` names the legal text, or is the word `unconfirmed`.

    `checked` is the day on which it was last held against its source; without it, that of the whole file.
    """

    source: ShortText
    checked: Day | None = None


class FigureRule(Fact):
    """A number of the texts that no rule of the engine needs, such as the months by which a permit is extended."""

    code: Code
    amount: float = Field(gt=0, le=1_000_000, allow_inf_nan=False)
    unit: FigureUnit


class Validity(Fact):
    """The days in Vietnam on which a version is in force, both included; an end that is left out is open."""

    valid_from: Day | None = None
    valid_until: Day | None = None


class Term(Model):
    """What a filing needs to know of a validity."""

    valid_from: Day | None = None
    valid_until: Day | None = None


class Statement(Fact):
    """One item of the information page in words."""

    vi: ShortText
    en: ShortText

    @property
    def text(self) -> Text:
        """The words."""
        return Text(vi=self.vi, en=self.en)


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


class Condition(Model):
    """What a rule of the procedure depends on: one form field, or the channel of filing, or who the applicant is.

    A field's condition asks for `one_of` some values, for a whole number of `at_least` and `at_most`, or for a date so
    many calendar days before the day of receipt. A field that was not filled in fulfils none.
    """

    field: Code | None = None
    one_of: tuple[FormValue, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    at_least_days_ago: int | None = Field(default=None, ge=0, le=100_000)
    at_most_days_ago: int | None = Field(default=None, ge=0, le=100_000)
    channel: Channel | None = None
    applicant: PersonKind | None = None


When = tuple[Condition, ...]
"""Conditions that must all hold; none: always."""


class Database(StrEnum):
    """A national database from which an agency has to take what it holds (Decree 224/2026 art. 15 k1)."""

    POPULATION = "population"
    CIVIL_STATUS = "civil_status"
    LAND = "land"
    ENTERPRISE = "enterprise"
    DRIVING_LICENCE = "driving_licence"
    HEALTH = "health"
    SOCIAL_INSURANCE = "social_insurance"
    SOCIAL_PROTECTION = "social_protection"


class PaperRule(Fact):
    """A paper of the dossier, asked for `when` its conditions hold. `form` is the key of the blank to download.

    One that is `replaced_by` a national database is looked up there: it is not asked for with the submission, unless
    its conditions say when it is, but may be asked for later where the database lacks it.
    """

    code: Code
    name: Text
    required: bool = True
    when: When = ()
    form: str | None = None
    replaced_by: Database | None = None

    @property
    def asked(self) -> bool:
        """Whether a submission has to bring it, when its conditions hold."""
        return self.required and (self.replaced_by is None or bool(self.when))


class FieldKind(StrEnum):
    """What a form field holds. Dates are written YYYY-MM-DD."""

    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class ChoiceName(Model):
    """What a choice is called."""

    code: Code
    name: Text


class FieldRule(Fact):
    """A field of the form, part of it `when` its conditions hold.

    `minimum` and `maximum` bound an integer, or the length of a text. A choice without a name is called by its code.
    """

    code: Code
    label: Text
    kind: FieldKind
    required: bool = True
    when: When = ()
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Code, ...] = ()
    choice_names: tuple[ChoiceName, ...] = ()

    def called(self, choice: str) -> Text:
        """What a choice is called."""
        return next((one.name for one in self.choice_names if one.code == choice), Text(vi=choice, en=choice))


class Act(StrEnum):
    """How a review step ends.

    Inspect: the inspection on site was recorded. Consult: other bodies have given their opinions. Obligation: the
    financial obligation towards another authority has been met. Refer: other agencies have decided their parts. Draft:
    the applicant was shown what the result will say, and has confirmed it or said nothing.
    """

    FORWARD = "forward"
    INSPECT = "inspect"
    CONSULT = "consult"
    OBLIGATION = "obligation"
    DRAFT = "draft"
    REFER = "refer"
    PROPOSE = "propose"
    DECIDE = "decide"


class Silence(StrEnum):
    """What it means that a consulted body has not answered in time."""

    CONSENT = "consent"
    ESCALATE = "escalate"


class Party(StrictModel):
    """A body whose opinion is asked for."""

    code: Code
    name: Text


class ConsultRule(Fact):
    """Who is consulted in a step, and what their silence means. The time to answer is the step's limit."""

    parties: tuple[Party, ...] = Field(min_length=1)
    silence: Silence


class ObligationRule(Fact):
    """A financial obligation towards another authority, as a tax: it has `answer` to say how much, the applicant `pay`.

    Meanwhile the agency's own clocks stand still.
    """

    authority: Text
    answer: Limit
    pay: Limit


class DraftRule(Fact):
    """The applicant is shown a draft of the result, and has `answer` to confirm or correct it; silence confirms it."""

    answer: Limit


class PartRule(Fact):
    """A part of the procedure that an agency of one of these `kinds` decides, within its own limit."""

    code: Code
    name: Text
    kinds: tuple[AgencyKind, ...] = Field(min_length=1)
    limit: Limit


class ReferralRule(Fact):
    """The parts that other agencies decide (liên thông), while the filing's own agency leads.

    Those of an electronic filing are referred all at once, those of a paper one one after another (Decree 61/2018
    art. 19 k6). What an agency does not answer in time is told to both; the step waits for it.
    """

    parts: tuple[PartRule, ...] = Field(min_length=1)


class ReviewStep(Fact):
    """A step of the review: who does it, how it ends, and by when."""

    code: Code
    name: Text
    role: Literal[Role.SPECIALIST, Role.LEADER, Role.CLERK]
    act: Act
    limit: Limit
    consult: ConsultRule | None = None
    obligation: ObligationRule | None = None
    draft: DraftRule | None = None
    referral: ReferralRule | None = None


class FeeKind(StrEnum):
    """Phí (pays for a service) or lệ phí (fixed for state administration); Law 97/2015/QH13 art. 3."""

    CHARGE = "phi"
    FEE = "le_phi"


class FeeDue(StrEnum):
    """When the fee is asked for: with the submission (thu trước), once the filing is accepted, or with the result."""

    SUBMISSION = "submission"
    ACCEPTANCE = "acceptance"
    RESULT = "result"


class GoverningDay(StrEnum):
    """Whose day says which amounts and waivers are in force: of the receipt, of the request to pay, of the payment."""

    RECEIPT = "receipt"
    REQUEST = "request"
    PAYMENT = "payment"


AmountInDong = Annotated[int, Field(gt=0, le=1_000_000_000, description="đồng")]


class FeeItem(Fact):
    """An amount in đồng, once, or for each unit that the integer field `per` counts, `when` its conditions hold.

    Units cost at least `minimum` and at most `maximum` đồng together. It is in force from `valid_from` to
    `valid_until`, both included.
    """

    code: Code
    name: Text
    kind: FeeKind
    amount: AmountInDong
    per: Code | None = None
    minimum: AmountInDong | None = None
    maximum: AmountInDong | None = None
    when: When = ()
    valid_from: Day | None = None
    valid_until: Day | None = None


class WaiverRule(Fact):
    """An exemption or reduction (miễn, giảm) by `percent` of the fee, granted by an officer in the role `approver`.

    It may be granted `when` its conditions hold, from `valid_from` to `valid_until`, and where the paper that is its
    `evidence` was handed in.
    """

    code: Code
    name: Text
    percent: int = Field(ge=1, le=100)
    approver: Literal[Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CASHIER, Role.TEAM_LEAD]
    when: When = ()
    valid_from: Day | None = None
    valid_until: Day | None = None
    evidence: Code | None = None


class RefundCase(StrEnum):
    """What became of a filing whose fee was paid."""

    WITHDRAWN_BEFORE_ACCEPTANCE = "withdrawn_before_acceptance"
    WITHDRAWN_AFTERWARDS = "withdrawn_afterwards"
    REFUSED_AT_INTAKE = "refused_at_intake"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    REFUSED = "refused"
    STOPPED = "stopped"
    AGENCY_FAULT = "agency_fault"


class RefundRule(Fact):
    """How much of the fee goes back in a case, in percent of it; 0: nothing does."""

    case: RefundCase
    percent: int = Field(ge=0, le=100)


class FeeRule(Fact):
    """What is to be paid, when, by which channels, how long the applicant has to pay, and who may be let off.

    The day `governed_by` says which amounts and waivers are in force. Without `cash` the counter takes none. In a case
    without a refund rule nothing is known: somebody has to decide.
    """

    items: tuple[FeeItem, ...] = Field(min_length=1)
    waivers: tuple[WaiverRule, ...] = ()
    refunds: tuple[RefundRule, ...] = ()
    due: FeeDue
    governed_by: GoverningDay = GoverningDay.RECEIPT
    channels: tuple[Channel, ...] = Field(min_length=1)
    cash: bool = True
    limit: Limit


class ResultRule(Fact):
    """The result and how it may be received."""

    name: Text
    channels: tuple[Channel, ...] = Field(min_length=1)


ASK_WITHIN: Final = Limit(amount=3, unit=Unit.WORKING_DAYS)
"""How long after acceptance the officers of the review may ask for a supplement (Decree 61/2018 art. 15 k3)."""


class CompetenceRule(Fact):
    """The kinds of agencies that decide it. A filing that is handed in elsewhere is refused."""

    kinds: tuple[AgencyKind, ...] = Field(min_length=1)


class SupplementRule(Fact):
    """How often a supplement may be asked for at each stage, and how long the applicant then has.

    The stages are the intake and the review, in which it is asked for `within` so long after acceptance; later only by
    a leader, with a reason.
    """

    rounds: int = Field(default=1, ge=0, le=9)
    limit: Limit
    within: Limit = ASK_WITHIN


class ExtensionRule(Fact):
    """How often the processing limit may be extended (gia hạn), `by` how much, and how long before it ends at least."""

    times: int = Field(default=1, ge=1, le=9)
    by: Limit
    notice: Limit


class LimitCase(Fact):
    """Another processing limit for some filings, such as those in which something has to be verified.

    It applies `when` its conditions hold; one without conditions applies once an officer has found that it does.
    """

    code: Code
    name: Text
    processing: Limit
    when: When = ()


class PartialReason(StrEnum):
    """Why a procedure is only partly online (Decree 224/2026 art. 14).

    Presence: its law asks for the applicant at the agency. On site: the agency has to look on site. Incident: a
    technical one that could not be mended at once. Technical: another technical reason.
    """

    PRESENCE = "presence"
    ON_SITE = "on_site"
    INCIDENT = "incident"
    TECHNICAL = "technical"


class PartialRule(Statement):
    """Why the procedure is only partly online (một phần): the reason of the law, and in words."""

    reason: PartialReason


class SignatureRule(Fact):
    """Whether filing at level 4 asks for a digital signature, `unless` all these conditions hold; none: always."""

    required: bool
    unless: When = ()


class StandingOrder(Fact):
    """Approves at once what the back office finds complete, in the name of the accountable officer.

    `officers` are the leaders who answer for it, one for each agency that has given the order; an agency that has none
    of them in its directory decides by its officers.
    """

    number: ShortText
    officers: tuple[Subject, ...] = Field(min_length=1)


class SilentApproval(Fact):
    """The law takes the agency's silence at the end of the processing limit for its approval.

    `legal_basis` is what says so; `officers` answer for it as for a standing order.
    """

    legal_basis: ShortText
    officers: tuple[Subject, ...] = Field(min_length=1)


SUSPENSION: Final = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
"""How long a filing stays suspended before somebody has to look, unless its procedure says otherwise."""


TRANSFER: Final = Limit(amount=1, unit=Unit.WORKING_DAYS)
"""How long another agency's desk, and the way from there, have for the papers of a filing that it has taken in.
Unconfirmed."""

APPEAL: Final = Limit(amount=90, unit=Unit.CALENDAR_DAYS)
"""How long a complaint may be made, from the notice of what it is about, unless the procedure says otherwise.
Unconfirmed."""

TAKE_UP: Final = Limit(amount=10, unit=Unit.WORKING_DAYS)
COMPLAINT: Final = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
"""How long a complaint may wait to be taken up, and how long it then takes to answer it, unless the procedure says
otherwise (Law on Complaints 02/2011/QH13 art. 27, 28). Unconfirmed."""

NOTICE: Final = Limit(amount=1, unit=Unit.WORKING_DAYS)
"""How long before a limit ends the officer is reminded, and how long before it ends at least another appointment is
announced (Decree 61/2018 art. 19 k9)."""

DRAFT: Final = Limit(amount=2, unit=Unit.WORKING_DAYS)
"""How long before a limit ends an apology is drafted: the leader has a working day to announce it in time."""


class Limits(Model):
    """Time limits of the stages. `issue` is the time to make the result, `delivery` the time the post has.

    A complaint may be made within `appeal`, is taken up within `take_up` and answered within `complaint` from then on.

    `reminder` and `apology` are how long before its end a limit is told of; `notice` is how long before it at least
    another appointment is announced, and `reappointment` by how much an appointment that can't be kept may be put off
    at most: as long as `processing` again unless it says otherwise. With a `cut_off`
    (`15:00`) what comes in later counts for the agency's limits in days as come in on the next working day.
    """

    intake: Limit
    processing: Limit
    issue: Limit
    delivery: Limit
    pickup: Limit
    suspension: Limit = SUSPENSION
    transfer: Limit = TRANSFER
    appeal: Limit = APPEAL
    take_up: Limit = TAKE_UP
    complaint: Limit = COMPLAINT
    reminder: Limit = NOTICE
    apology: Limit = DRAFT
    notice: Limit = NOTICE
    reappointment: Limit | None = None
    cut_off: LocalTime | None = None


LIMIT_SOURCES: Final[Mapping[str, str]] = {
    "suspension": "unconfirmed",
    "transfer": "unconfirmed",
    "appeal": "unconfirmed",
    "take_up": "Luật Khiếu nại 02/2011/QH13 Đ27; unconfirmed",
    "complaint": "Luật Khiếu nại 02/2011/QH13 Đ28; unconfirmed",
    "reminder": "unconfirmed",
    "apology": "NĐ 61/2018/NĐ-CP Đ19 k9; unconfirmed",
    "notice": "NĐ 61/2018/NĐ-CP Đ19 k9",
}
"""Where the limits come from that a procedure leaves as they are above."""


class GoesOn(StrEnum):
    """How a clock goes on once what interrupted it is over: with what was left, or from the beginning."""

    RESUME = "resume"
    RESTART = "restart"


class Resumption(Model):
    """How the agency's clocks go on after each kind of interruption: statuses 5, 6 and 8.

    After a supplement they start again (Decree 61/2018 art. 19 k4).
    """

    supplement: GoesOn = GoesOn.RESTART
    obligation: GoesOn = GoesOn.RESUME
    suspension: GoesOn = GoesOn.RESUME


class Procedure(StrictModel):
    """A procedure as it is written in the catalogue and published, one version of it.

    Its texts hold placeholders such as `{limit.processing}`, which its rules fill. `limits_source` says of each limit
    that the file states, and of others if it likes, where it comes from.
    """

    code: ProcedureCode
    version: Version
    validity: Validity | None = None
    checked: Day
    level: Level
    partial: PartialRule | None = None
    name: Text
    agency: Text
    information: Information
    legal_basis: tuple[ShortText, ...] = Field(min_length=1)
    limits: Limits
    limits_source: dict[str, ShortText]
    cases: tuple[LimitCase, ...] = ()
    figures: tuple[FigureRule, ...] = ()
    papers: tuple[PaperRule, ...] = ()
    form: tuple[FieldRule, ...] = ()
    review: tuple[ReviewStep, ...] = ()
    fee: FeeRule | None = None
    result: ResultRule
    supplement: SupplementRule
    resumption: Resumption = Resumption()
    extension: ExtensionRule | None = None
    signature: SignatureRule
    decided_by: CompetenceRule | None = None
    automatic: StandingOrder | None = None
    silent_approval: SilentApproval | None = None


class PaperPart(Model):
    """What a filing needs to know of a paper."""

    code: Code
    required: bool
    when: When = ()


class FieldPart(Model):
    """What a filing needs to know of a form field."""

    code: Code
    kind: FieldKind
    required: bool
    when: When = ()
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Code, ...] = ()


class CasePart(Model):
    """What a filing needs to know of another processing limit."""

    code: Code
    processing: Limit
    when: When = ()


class PartyPart(Model):
    """What a filing needs to know of a body that is consulted."""

    code: Code


class ConsultPart(Model):
    """What a filing needs to know of a consultation."""

    parties: tuple[PartyPart, ...]
    silence: Silence


class ObligationPart(Model):
    """What a filing needs to know of a financial obligation."""

    answer: Limit
    pay: Limit


class DraftPart(Model):
    """What a filing needs to know of a draft that the applicant is shown."""

    answer: Limit


class ReferredPart(Model):
    """What a filing needs to know of a part that another agency decides."""

    code: Code
    kinds: tuple[AgencyKind, ...]
    limit: Limit


class ReferralPart(Model):
    """What a filing needs to know of the parts that other agencies decide."""

    parts: tuple[ReferredPart, ...]


class StepPart(Model):
    """What a filing needs to know of a review step."""

    code: Code
    role: Role
    act: Act
    limit: Limit
    consult: ConsultPart | None = None
    obligation: ObligationPart | None = None
    draft: DraftPart | None = None
    referral: ReferralPart | None = None


class FeeItemPart(Model):
    """What a filing needs to know of a fee item."""

    code: Code
    amount: int
    per: Code | None = None
    minimum: int | None = None
    maximum: int | None = None
    when: When = ()
    valid_from: Day | None = None
    valid_until: Day | None = None


class WaiverPart(Model):
    """What a filing needs to know of a waiver."""

    code: Code
    percent: int
    approver: Role
    when: When = ()
    valid_from: Day | None = None
    valid_until: Day | None = None
    evidence: Code | None = None


class RefundPart(Model):
    """What a filing needs to know of a refund."""

    case: RefundCase
    percent: int


class ExtensionPart(Model):
    """What a filing needs to know of extensions."""

    times: int
    by: Limit
    notice: Limit


class FeePart(Model):
    """What a filing needs to know of the fee."""

    items: tuple[FeeItemPart, ...]
    waivers: tuple[WaiverPart, ...] = ()
    refunds: tuple[RefundPart, ...] = ()
    due: FeeDue
    governed_by: GoverningDay = GoverningDay.RECEIPT
    channels: tuple[Channel, ...]
    cash: bool = True
    limit: Limit


class ProcedureRules(Model):
    """The part of a published procedure that governs a filing; no texts. Pinned by (code, version, sha256).

    `standing_officer` is that one of the `standing_officers` who belonged to the filing's agency when it was handed in,
    `silent_officer` that one of the `silent_officers`: the filing's first event tells them. Without one the agency's
    officers decide.
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
    supplement_rounds: int
    supplement_limit: Limit
    supplement_within: Limit = ASK_WITHIN
    resumption: Resumption = Resumption()
    extension: ExtensionPart | None = None
    signature: bool
    unsigned_when: When = ()
    decided_by: tuple[AgencyKind, ...] = ()
    standing_order: str | None = None
    standing_officers: tuple[str, ...] = ()
    standing_officer: str | None = None
    silent_basis: str | None = None
    silent_officers: tuple[str, ...] = ()
    silent_officer: str | None = None

    @property
    def referred(self) -> tuple[tuple[Code, ReferredPart], ...]:
        """The parts that other agencies decide, each with its step, in the order in which they are referred."""
        return tuple((step.code, part) for step in self.review if step.referral for part in step.referral.parts)


_KEPT: Final = {"code", "version", "level", "limits", "cases", "form", "review", "fee", "resumption", "extension"}


def rules_of(procedure: Procedure, sha256: str) -> ProcedureRules:
    """The rule part of `procedure`, whose published bytes have this digest."""
    order, silence = procedure.automatic, procedure.silent_approval
    return ProcedureRules.model_validate(
        procedure.model_dump(include=_KEPT)
        | {
            "sha256": sha256,
            "papers": [{"code": p.code, "required": p.asked, "when": p.when} for p in procedure.papers],
            "result_channels": procedure.result.channels,
            "supplement_rounds": procedure.supplement.rounds,
            "supplement_limit": procedure.supplement.limit,
            "supplement_within": procedure.supplement.within,
            "signature": procedure.signature.required,
            "unsigned_when": procedure.signature.unless,
            "decided_by": procedure.decided_by.kinds if procedure.decided_by else (),
            "standing_order": order.number if order else None,
            "standing_officers": order.officers if order else (),
            "silent_basis": silence.legal_basis if silence else None,
            "silent_officers": silence.officers if silence else (),
        }
    )
