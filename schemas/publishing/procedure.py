"""An administrative procedure (thủ tục hành chính), as published."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ..base import Code, Model, ShortText, StrictModel, Subject, Text, Version
from ..files import DOCUMENTS, DocumentType
from ..level import Channel, Level
from ..limit import Limit, Unit
from ..people import Role
from .agency import AgencyKind
from .calendar import Day
from .fact import Fact, Statement, When
from .fee import AmountInDong, FeeRule
from .figure import FigureUnit
from .time_limits import Limits, Resumption

__all__ = [
    "Act",
    "FieldKind",
    "FieldRule",
    "Information",
    "PaperRule",
    "PartRule",
    "Procedure",
    "ProcedureCode",
    "ReferralRule",
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
    """A number of the texts that no rule of the engine needs, such as the months by which a permit is extended."""

    code: Code
    amount: float = Field(gt=0, le=1_000_000, allow_inf_nan=False)
    """how many; never money"""
    unit: FigureUnit
    """what it counts, such as months or percent"""


class Validity(Fact):
    """The days in Vietnam on which a version is in force, both included; an end that is left out is open."""

    valid_from: Day | None = None
    """first day in Vietnam on which the version is in force; not there: from ever"""
    valid_until: Day | None = None
    """last day in Vietnam on which it is in force; not there: for ever"""


class Term(Model):
    """The part of a validity that a filing needs."""

    valid_from: Day | None = None
    valid_until: Day | None = None


class Information(StrictModel):
    """The items of the information page (Circular 32/2017/TT-BTTTT art. 5) that are words.

    The page has eleven items: name, steps, how to carry out, papers and number of sets, time limit, who may apply,
    agency, result, forms with conditions and fees, where to submit and receive, legal basis. Name, papers, time limit,
    result, forms, fee and legal basis stand in their own parts of the procedure.
    """

    steps: Statement
    """how the procedure goes, in words"""
    how: Statement
    """how it can be carried out, in words"""
    sets: int = Field(ge=1, le=9, description="number of sets of papers")
    applicants: Statement
    """who may apply, in words"""
    agency: Statement
    """which agency does it, in words"""
    conditions: Statement
    """what the applicant must fulfil, in words"""
    places: Statement
    """where to hand in and where to receive, in words"""


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
    its conditions say when it is, but may be asked for later where the database lacks it. Its file must be of a type
    that the paper `accepts`.
    """

    code: Code
    name: Text
    required: bool = True
    """whether it must be there"""
    when: When = ()
    form: str | None = None
    """key of the blank form to download"""
    replaced_by: Database | None = None
    """the national database in which the agency looks it up instead"""
    accepts: tuple[DocumentType, ...] = Field(default=DOCUMENTS, min_length=1)
    """the types of file that are taken for the paper"""

    @property
    def asked(self) -> bool:
        """Whether a submission must have it, if its conditions hold."""
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
    """what the field is called, in both languages"""
    kind: FieldKind
    """what the field holds"""
    required: bool = True
    """whether it must be there"""
    when: When = ()
    minimum: int | None = None
    """the smallest whole number, or the shortest text"""
    maximum: int | None = None
    """the greatest whole number, or the longest text"""
    choices: tuple[Code, ...] = ()
    """the codes of which a choice takes one"""
    choice_names: tuple[ChoiceName, ...] = ()
    """what the choices are called; one that is left out is called by its code"""

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
    """the bodies that are consulted"""
    silence: Silence
    """what it means that a body does not answer in time"""


class ObligationRule(Fact):
    """A financial obligation towards another authority, as a tax: it has `answer` to say how much, the applicant `pay`.

    Meanwhile the agency's own clocks stand still.
    """

    authority: Text
    """the other authority, by name"""
    answer: Limit
    """how long the other authority has to say what is owed"""
    pay: Limit
    """how long the applicant has to pay it"""


class DraftRule(Fact):
    """The applicant is shown a draft of the result, and has `answer` to confirm or correct it; silence confirms it."""

    answer: Limit
    """how long the applicant has to confirm or correct it"""


class PartRule(Fact):
    """A part of the procedure that an agency of one of these `kinds` decides, within its own limit."""

    code: Code
    name: Text
    kinds: tuple[AgencyKind, ...] = Field(min_length=1)
    """the kinds of agencies that decide it"""
    limit: Limit


class ReferralRule(Fact):
    """The parts that other agencies decide (liên thông), while the filing's own agency leads.

    Those of an electronic filing are referred all at once, those of a paper one one after another (Decree 61/2018
    art. 19 k6). What an agency does not answer in time is told to both; the step waits for it.
    """

    parts: tuple[PartRule, ...] = Field(min_length=1)
    """what other agencies decide of it, in the order in which it is referred"""


class ReviewStep(Fact):
    """A step of the review: who does it, how it ends, and by when."""

    code: Code
    name: Text
    role: Literal[Role.SPECIALIST, Role.LEADER, Role.CLERK]
    act: Act
    """how the step ends: by which command of an officer"""
    limit: Limit
    consult: ConsultRule | None = None
    """whom the step consults; only where its act is to consult"""
    obligation: ObligationRule | None = None
    """the obligation towards another authority; only where the step's act is to refer one"""
    draft: DraftRule | None = None
    """how long the applicant has to confirm the draft; only where the step has one"""
    referral: ReferralRule | None = None
    """what other agencies decide in this step; only where the step's act is to refer a part"""


class PostageRule(Fact):
    """What the post collects from the receiver for bringing the result (cước bưu chính), in đồng (QĐ 45/2016 Đ12 k3).

    It is the post's own: no part of the fee, and of no concern to the filing.
    """

    amount: AmountInDong


TemplateText = Annotated[str, StringConstraints(min_length=1, max_length=50_000)]


class ResultRule(Fact):
    """The result and how it may be received; without `postage` the post collects nothing for itself.

    With a `template`, in typst, the platform prints it; without one the agency's back office makes it.
    """

    name: Text
    channels: tuple[Channel, ...] = Field(min_length=1)
    """the ways that are open: online, at the counter, by post"""
    postage: PostageRule | None = None
    """what the post collects from the receiver for bringing the result; not there where it collects nothing"""
    template: TemplateText | None = None
    """the typst text by which the platform prints the result; not there where the back office makes it"""


ASK_WITHIN: Final = Limit(amount=3, unit=Unit.WORKING_DAYS)
"""The time after acceptance in which officers of the review may request a supplement (Decree 61/2018 art. 15 k3)."""


class CompetenceRule(Fact):
    """The kinds of agencies that decide it. A filing that is handed in elsewhere is refused."""

    kinds: tuple[AgencyKind, ...] = Field(min_length=1)
    """the kinds of agencies that decide it"""


class SupplementRule(Fact):
    """How often a supplement may be asked for at each stage, and how long the applicant then has.

    The stages are the intake and the review, in which it is asked for `within` so long after acceptance; later only by
    a leader, with a reason.
    """

    rounds: int = Field(default=1, ge=0, le=9)
    """how often a supplement may be asked for at each stage: the intake and the review"""
    limit: Limit
    within: Limit = ASK_WITHIN
    """how long after acceptance the officers of the review may ask for a supplement"""


class ExtensionRule(Fact):
    """How often the processing limit may be extended (gia hạn), `by` how much, and how long before it ends at least."""

    times: int = Field(default=1, ge=1, le=9)
    """how often it may be done"""
    by: Limit
    notice: Limit
    """how long before the limit ends a later one must be announced at the latest"""


class LimitCase(Fact):
    """Another processing limit for some filings, such as those in which something has to be verified.

    It applies `when` its conditions hold; one without conditions applies once an officer has found that it does.
    """

    code: Code
    name: Text
    processing: Limit
    """how long the agency has from taking in to the decision"""
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
    """whether it is needed"""
    unless: When = ()
    """conditions under which it is not needed all the same"""


class StandingOrder(Fact):
    """Approves at once what the back office finds complete, in the name of the accountable officer.

    `officers` are the leaders who answer for it, one for each agency that has given the order; an agency that has none
    of them in its directory decides by its officers.
    """

    number: ShortText
    officers: tuple[Subject, ...] = Field(min_length=1)
    """identities of those who answer for it, one for each agency that uses it"""


class SilentApproval(Fact):
    """The law takes the agency's silence at the end of the processing limit for its approval.

    `legal_basis` is what says so; `officers` answer for it as for a standing order.
    """

    legal_basis: ShortText
    officers: tuple[Subject, ...] = Field(min_length=1)
    """identities of those who answer for it, one for each agency that uses it"""


class Baseline(Fact):
    """What the procedure took at level 1, on paper alone: handling online is held against it (mốc so sánh).

    Working days from the day on which a dossier was handed in to the result, and visits of the applicant to a counter.
    """

    working_days: int = Field(ge=0, le=1000)
    """working days from the day on which it was handed in to the result"""
    visits: int = Field(ge=0, le=100)
    """days on which the applicant had to come to a counter"""


MOST_YEARS: Final = 200


class RetentionRule(Fact):
    """For how many years after its end a filing is kept (thời hạn bảo quản), and after how many it is erased.

    Before the first are over nobody may erase it, after the others it must be. What is left out is not limited.
    """

    keep_years: int | None = Field(default=None, ge=0, le=MOST_YEARS)
    """for how many years after its end a filing is kept; not there where no rule says so"""
    erase_years: int | None = Field(default=None, ge=0, le=MOST_YEARS)
    """after how many years it must be erased; not there where no rule says so"""


class Procedure(StrictModel):
    """A procedure as it is written in the catalogue and published, one version of it.

    Its texts hold placeholders such as `{limit.processing}`, which its rules fill. `limits_source` says of each limit
    that the file states, and of others if it likes, where it comes from.
    """

    code: ProcedureCode
    """code of the national database of procedures, such as 1.001193"""
    version: Version
    validity: Validity | None = None
    """the days on which the version is in force; not there: always"""
    checked: Day
    """the day on which the whole file was last held against its sources"""
    level: Level
    partial: PartialRule | None = None
    """why the procedure is only partly online; not there where it is not"""
    name: Text
    agency: Text
    """who carries it out, in both languages"""
    information: Information
    """what the public page says in words"""
    legal_basis: tuple[ShortText, ...] = Field(min_length=1)
    limits: Limits
    """how long each stage may take"""
    limits_source: dict[str, ShortText]
    """the legal text that each limit comes from, or unconfirmed, by the limit's name"""
    cases: tuple[LimitCase, ...] = ()
    """other processing limits, for filings of which something holds or is found"""
    figures: tuple[FigureRule, ...] = ()
    """numbers of the texts that no rule needs"""
    papers: tuple[PaperRule, ...] = ()
    """the papers of the dossier, in order"""
    form: tuple[FieldRule, ...] = ()
    """the fields of the form, in order"""
    review: tuple[ReviewStep, ...] = ()
    """the steps of the review, in order"""
    fee: FeeRule | None = None
    """what is to be paid; not there where nothing is"""
    result: ResultRule
    """the result and how it may be received"""
    supplement: SupplementRule
    """how often a supplement may be asked for, and how long the applicant then has"""
    resumption: Resumption = Resumption()
    """how the agency's clocks go on after each kind of interruption"""
    extension: ExtensionRule | None = None
    """how the processing limit may be extended; without it never"""
    signature: SignatureRule
    """whether filing at level 4 asks for a digital signature"""
    decided_by: CompetenceRule | None = None
    """who decides it; not there where every agency may"""
    automatic: StandingOrder | None = None
    """the standing order that approves at once what is complete; not there where none does"""
    silent_approval: SilentApproval | None = None
    """the law that takes the agency's silence for its approval; not there where none does"""
    baseline: Baseline | None = None
    """what the procedure took at level 1, on paper alone; not there where nobody has said so"""
    retention: RetentionRule | None = None
    """how long a filing is kept after its end; not there where nothing says so"""
