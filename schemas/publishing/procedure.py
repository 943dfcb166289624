"""An administrative procedure (thủ tục hành chính), as published."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ..base import Code, Model, ShortText, StrictModel, Subject, Text, Version
from ..files import DOCUMENTS, DocumentType
from ..level import Channel, Level
from ..limit import FigureUnit, Limit, Unit
from ..people import Role
from .calendar import Day
from .fact import AgencyKind, Fact, Statement, When
from .fee import AmountInDong, FeeRule
from .time_limits import Limits, Resumption

__all__ = ["Act", "FieldKind", "FieldRule", "Information", "PaperRule", "PartRule", "Procedure", "ProcedureCode"]
__all__ += [
    "ReferralRule",
    "RepresentationRule",
    "ResultRule",
    "ReviewStep",
    "SignatureRule",
    "StandingOrder",
    "SupplementRule",
    "Validity",
]

ProcedureCode = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9]\.[0-9]{6}(\.[A-Z0-9]+)*$")]
"""A code of the national database of procedures: `1.001193`, or a province's variant."""


class FigureRule(Fact):
    """A number in the procedure's texts that no rule needs, such as the months by which a permit is extended."""

    code: Code
    amount: float = Field(gt=0, le=1_000_000, allow_inf_nan=False)
    """the number; never money"""
    unit: FigureUnit
    """unit of the number, such as months or percent"""


class Validity(Fact):
    """The first and the last day in Vietnam on which a version is in force. A day that is not set is no limit."""

    valid_from: Day | None = None
    """first day in Vietnam on which the version is in force; not set: no first day"""
    valid_until: Day | None = None
    """last day in Vietnam on which the version is in force; not set: without end"""


class Term(Model):
    """The first and the last day on which a version is in force; None if there is no such day."""

    valid_from: Day | None = None
    valid_until: Day | None = None


class Information(StrictModel):
    """The items of the information page (Circular 32/2017/TT-BTTTT art. 5) that are written as text.

    The page has eleven items: name, steps, ways to carry it out, papers and number of sets, time limit, eligible
    applicants, agency, result, forms with conditions and fees, places to submit and receive, legal basis. The name,
    papers, time limit, result, forms, fee and legal basis are not here: other fields of the procedure have them.
    """

    steps: Statement
    """steps of the procedure, in words"""
    how: Statement
    """ways to carry out the procedure, in words"""
    sets: int = Field(ge=1, le=9, description="number of sets of papers")
    applicants: Statement
    """eligible applicants, in words"""
    agency: Statement
    """responsible agency, in words"""
    conditions: Statement
    """conditions for the applicant, in words"""
    places: Statement
    """places to hand the dossier in and to receive the result, in words"""


class Database(StrEnum):
    """A national database. Agencies must take the data of the database from there (Decree 224/2026 art. 15 k1)."""

    POPULATION = "population"
    CIVIL_STATUS = "civil_status"
    LAND = "land"
    ENTERPRISE = "enterprise"
    DRIVING_LICENCE = "driving_licence"
    HEALTH = "health"
    SOCIAL_INSURANCE = "social_insurance"
    SOCIAL_PROTECTION = "social_protection"


class PaperRule(Fact):
    """A paper of the dossier, which is required only if the conditions in `when` hold.

    `form` is the key of the blank form. `replaced_by` is the national database in which the agency looks the paper up.
    A submission needs such a paper only if `when` has conditions and they hold, but officers may request it if the
    database lacks it. `accepts` are the accepted types of the paper's file.
    """

    code: Code
    name: Text
    required: bool = True
    """whether the paper is required"""
    when: When = ()
    form: str | None = None
    """key of the blank form to download; not set if there is none"""
    replaced_by: Database | None = None
    """national database in which the agency looks the paper up instead; not set if there is none"""
    accepts: tuple[DocumentType, ...] = Field(default=DOCUMENTS, min_length=1)
    """accepted types of its file"""

    @property
    def mandatory(self) -> bool:
        """Whether a submission must have this paper, if the paper's conditions hold."""
        return self.required and (self.replaced_by is None or bool(self.when))


class FieldKind(StrEnum):
    """The kind of a form field's value. Dates are written YYYY-MM-DD, a commune as the five digits of its code."""

    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    COMMUNE = "commune"


class ChoiceName(Model):
    """The name of a choice."""

    code: Code
    name: Text


class FieldRule(Fact):
    """A field of the form. The form has the field only if the conditions in `when` hold.

    `minimum` and `maximum` bound the value of an integer, or the length of a text. A choice without a name is shown by
    its code.
    """

    code: Code
    label: Text
    """name of the field, in both languages"""
    kind: FieldKind
    """kind of the field's value"""
    required: bool = True
    """whether the field must be filled in"""
    when: When = ()
    minimum: int | None = None
    """smallest whole number, or length of the shortest text"""
    maximum: int | None = None
    """greatest whole number, or length of the longest text"""
    choices: tuple[Code, ...] = ()
    """codes of the possible choices"""
    choice_names: tuple[ChoiceName, ...] = ()
    """names of the choices; a choice without a name is shown by its code"""

    def called(self, choice: str) -> Text:
        """Returns the name of a choice, or its code if it has no name."""
        return next((one.name for one in self.choice_names if one.code == choice), Text(vi=choice, en=choice))


class Act(StrEnum):
    """The act that ends a review step.

    Inspect: the inspection on site was recorded. Consult: other bodies have given their opinions. Obligation: the
    financial obligation to another authority has been met. Refer: other agencies have decided their parts. Draft: the
    applicant was shown a draft of the result, and has confirmed it or not answered.
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
    """The effect if a consulted body does not answer in time: consent, or a notice to the head of the desk."""

    CONSENT = "consent"
    ESCALATE = "escalate"


class Party(StrictModel):
    """A consulted body."""

    code: Code
    name: Text


class ConsultRule(Fact):
    """The bodies that are consulted in a step, and the effect if one does not answer within the step's limit."""

    parties: tuple[Party, ...] = Field(min_length=1)
    """the consulted bodies"""
    silence: Silence
    """effect if a body does not answer in time"""


class ObligationRule(Fact):
    """A financial obligation to another authority, such as a tax.

    The authority must state the amount within `answer`; the applicant must then pay within `pay`. During both times the
    agency's own clocks stand still.
    """

    authority: Text
    """name of the other authority"""
    answer: Limit
    """time limit for the other authority to state the amount"""
    pay: Limit
    """time limit for the applicant to pay the amount"""


class DraftRule(Fact):
    """The applicant sees a draft of the result, and has the time `answer` to react to it. Silence confirms it."""

    answer: Limit
    """time limit for the applicant to confirm or correct the draft"""


class PartRule(Fact):
    """A part of the procedure that another agency decides within `limit`. `kinds` are the kinds of this agency."""

    code: Code
    name: Text
    kinds: tuple[AgencyKind, ...] = Field(min_length=1)
    """kinds of the deciding agencies"""
    limit: Limit


class ReferralRule(Fact):
    """The parts of the procedure that other agencies decide (liên thông), while the filing's own agency leads.

    The parts of an electronic filing are referred all at once, the parts of a paper filing one by one (Decree 61/2018
    art. 19 k6). If an agency does not answer in time, both agencies are notified, and the step still waits for the
    answer.
    """

    parts: tuple[PartRule, ...] = Field(min_length=1)
    """parts that other agencies decide, in the order of their referral"""


class ReviewStep(Fact):
    """A step of the review: the role of its officer, the act that ends the step, and its limit.

    If the step is done only `if_needed`, its officer may pass over it, with the reason.
    """

    code: Code
    name: Text
    role: Literal[Role.SPECIALIST, Role.LEADER, Role.CLERK]
    act: Act
    """act that ends the step, by a command of an officer"""
    limit: Limit
    if_needed: bool = False
    """whether the officer may pass over the step, with the reason; only an inspection or a consultation"""
    consult: ConsultRule | None = None
    """bodies to consult; only if the step's act is to consult"""
    obligation: ObligationRule | None = None
    """obligation to another authority; only if the step's act is an obligation"""
    draft: DraftRule | None = None
    """time limit for the applicant to confirm the draft; only if the step's act is a draft"""
    referral: ReferralRule | None = None
    """parts that other agencies decide in this step; only if the step's act is to refer"""


class PostageRule(Fact):
    """The postage that the post collects from the recipient (cước bưu chính), in đồng (QĐ 45/2016 Đ12 k3).

    The postage belongs to the post: it is no part of the fee, and the filing ignores it.
    """

    amount: AmountInDong


TemplateText = Annotated[str, StringConstraints(min_length=1, max_length=50_000)]


class ResultRule(Fact):
    """The result, and the channels by which it can be received.

    If `as_filed`, an online filing has an electronic result only, and a filing on paper one on paper only. Without
    `postage` the post collects no charge of its own. If `template` is set, in typst, the platform prints the
    result; otherwise the agency's back office makes it.
    """

    name: Text
    channels: tuple[Channel, ...] = Field(min_length=1)
    """possible channels of the result: online, at the counter, by post"""
    as_filed: bool = False
    """whether the result is electronic for an online filing only, and on paper for one on paper only"""
    postage: PostageRule | None = None
    """postage that the post collects from the recipient; not set if it collects none"""
    template: TemplateText | None = None
    """typst text with which the platform prints the result; not set if the back office makes it"""


class MandateRule(Fact):
    """The law by which an authorisation must be notarised or certified."""

    on_paper: bool = False
    """whether a filing by authorisation is taken on paper only, at the counter or by post"""


ASK_WITHIN: Final = Limit(amount=3, unit=Unit.WORKING_DAYS)
"""The time after the acceptance in which review officers may request a supplement (Decree 61/2018 art. 15 k3)."""


class PlaceRule(Fact):
    """The form fields that name the commune of the residence, plot or seat by which the deciding agency is determined.

    An agency decides if one of these communes is in its territory, according to the directory.
    """

    fields: tuple[Code, ...] = Field(min_length=1)
    """codes of the form fields, each of the kind commune"""


class CompetenceRule(Fact):
    """The agencies that decide the procedure: their kinds, and the place. A filing to another agency is refused."""

    kinds: tuple[AgencyKind, ...] = Field(min_length=1)
    """kinds of the deciding agencies"""
    place: PlaceRule | None = None
    """form fields with the place that determines the agency; not set: any agency of these kinds decides"""


class SupplementRule(Fact):
    """The allowed number of supplement requests at each stage (intake, review), and the applicant's time to answer.

    In the review, officers may request a supplement until the time `within` after the acceptance; later only a leader
    may, with a reason.
    """

    rounds: int = Field(default=1, ge=0, le=9)
    """allowed number of supplement requests at each stage: the intake and the review"""
    limit: Limit
    within: Limit = ASK_WITHIN
    """time after the acceptance in which the officers of the review may request a supplement"""


class RepresentationRule(Fact):
    """A ground on which somebody may file for the applicant by law, without an authorisation (đại diện theo pháp luật).

    `paper` is the paper that proves the ground; a submission on this ground must have it.
    """

    code: Code
    name: Text
    paper: Code | None = None
    """code of the paper that proves the ground; not set if no paper is asked for"""


class SuccessionRule(Fact):
    """The law by which an applicant's right passes on after death or dissolution, to a successor who steps in.

    The filing waits for the successor for the time `limit`. `evidence` names the paper that proves the successor's
    right.
    """

    limit: Limit
    """time in which a successor may step in, from the recording of the death or dissolution"""
    evidence: Text
    """name of the paper that proves the right of the successor"""


class ExtensionRule(Fact):
    """The allowed extensions of the processing limit (gia hạn).

    `times` is their number, `by` the length of each, and `notice` the time before the end of the limit at which the
    extension must be announced.
    """

    times: int = Field(default=1, ge=1, le=9)
    """allowed number of extensions"""
    by: Limit
    notice: Limit
    """least time from the announcement of an extension to the end of the limit"""


class LimitCase(Fact):
    """Another processing limit, for some filings, such as those that need verification.

    It applies if the conditions in `when` hold; without conditions, it applies only if an officer chooses it.
    """

    code: Code
    name: Text
    processing: Limit
    """time limit of the agency from the acceptance to the decision"""
    when: When = ()


class PartialReason(StrEnum):
    """The reason why a procedure is only partly online (Decree 224/2026 art. 14).

    Presence: by law the applicant must come to the agency. On site: the agency has to inspect on site. Incident: a
    technical failure that could not be repaired at once. Technical: another technical reason.
    """

    PRESENCE = "presence"
    ON_SITE = "on_site"
    INCIDENT = "incident"
    TECHNICAL = "technical"


class PartialRule(Statement):
    """The reason why the procedure is only partly online (một phần): its kind in the law, and a text."""

    reason: PartialReason


class SignatureRule(Fact):
    """Whether filing at level 4 requires a digital signature. If all conditions in `unless` hold, none is required."""

    required: bool
    """whether a signature is required"""
    unless: When = ()
    """conditions under which a signature is not required"""


class StandingOrder(Fact):
    """An order to approve at once the filings that the back office finds complete, in an accountable officer's name.

    `officers` are the leaders who answer for such an approval, one for each agency that has given the order. If none of
    them is an officer of the filing's agency, officers decide.
    """

    number: ShortText
    officers: tuple[Subject, ...] = Field(min_length=1)
    """identities of the leaders who answer for the approvals, one for each agency that uses the order"""


class SilentApproval(Fact):
    """By law, the agency's silence at the end of the processing limit counts as approval.

    `legal_basis` is this law. `officers` are the leaders who answer for such an approval, one for each agency.
    """

    legal_basis: ShortText
    officers: tuple[Subject, ...] = Field(min_length=1)
    """identities of the leaders who answer for such an approval, one for each agency"""


class Baseline(Fact):
    """The effort of the procedure at level 1, on paper alone, for comparison with online handling (mốc so sánh).

    `working_days` is the time from the hand-in of a dossier to the result; `visits` is the number of the applicant's
    visits to a counter.
    """

    working_days: int = Field(ge=0, le=1000)
    """working days from the hand-in of a dossier to the result"""
    visits: int = Field(ge=0, le=100)
    """number of days on which the applicant had to come to a counter"""


MOST_YEARS: Final = 200


class RetentionRule(Fact):
    """The time for which a filing is kept after its end (thời hạn bảo quản).

    A filing may not be erased before `keep_years`, and must be erased after `erase_years`, both counted from its end. A
    value that is not set is no limit.
    """

    keep_years: int | None = Field(default=None, ge=0, le=MOST_YEARS)
    """years for which a filing is kept after its end; not set if no rule states them"""
    erase_years: int | None = Field(default=None, ge=0, le=MOST_YEARS)
    """years after its end at which a filing must be erased; not set if no rule states them"""


class Procedure(StrictModel):
    """One version of a procedure, as written in the catalogue and published.

    Its texts have placeholders such as `{limit.processing}`, which are filled from its rules. `limits_source` has the
    legal source of each limit that the file states; it may have sources of default limits too.
    """

    code: ProcedureCode
    """code of the national database of procedures, such as 1.001193"""
    version: Version
    validity: Validity | None = None
    """days on which the version is in force; not set: always"""
    checked: Day
    """day of the last comparison of the whole file with its sources"""
    level: Level
    partial: PartialRule | None = None
    """reason why the procedure is only partly online; not set if it is fully online or offline"""
    name: Text
    agency: Text
    """name of the responsible agency, in both languages"""
    information: Information
    """texts of the public page"""
    legal_basis: tuple[ShortText, ...] = Field(min_length=1)
    limits: Limits
    """time limits of the stages"""
    limits_source: dict[str, ShortText]
    """legal text of each limit, or unconfirmed, by the limit's name"""
    cases: tuple[LimitCase, ...] = ()
    """other processing limits, for filings under certain conditions or by an officer's choice"""
    figures: tuple[FigureRule, ...] = ()
    """numbers in the texts that no rule needs"""
    papers: tuple[PaperRule, ...] = ()
    """the papers of the dossier, in order"""
    form: tuple[FieldRule, ...] = ()
    """the fields of the form, in order"""
    review: tuple[ReviewStep, ...] = ()
    """the steps of the review, in order"""
    fee: FeeRule | None = None
    """the fee; not set if there is none"""
    result: ResultRule
    """the result, and the channels by which it can be received"""
    supplement: SupplementRule
    """number of supplement requests, and the applicant's time to answer them"""
    resumption: Resumption = Resumption()
    """how the agency's clocks continue after each kind of interruption"""
    extension: ExtensionRule | None = None
    """rule for extensions of the processing limit; not set: none is allowed"""
    representation: tuple[RepresentationRule, ...] = ()
    """grounds on which somebody may file for the applicant by law, without an authorisation"""
    paper_on_incident: Fact | None = None
    """law by which a filing on paper is taken only after an incident; not set: without one too"""
    certified_mandate: MandateRule | None = None
    """law by which an authorisation must be notarised or certified; not set: it need not be"""
    succession: SuccessionRule | None = None
    """law by which the right passes on to a successor of the applicant; not set: it does not"""
    signature: SignatureRule
    """whether filing at level 4 requires a digital signature"""
    decided_by: CompetenceRule | None = None
    """kinds and place of the deciding agencies; not set: every agency may decide it"""
    one_officer: Fact | None = None
    """law by which one officer may both handle or propose and decide; not set: two officers are needed"""
    automatic: StandingOrder | None = None
    """standing order that approves complete filings at once; not set if there is none"""
    silent_approval: SilentApproval | None = None
    """law by which the agency's silence counts as approval; not set if there is none"""
    baseline: Baseline | None = None
    """effort of the procedure at level 1, on paper alone; not set if unknown"""
    retention: RetentionRule | None = None
    """time for which a filing is kept after its end; not set if no rule states it"""
