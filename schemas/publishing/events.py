"""The events of the streams of publications. Each event contains the whole published content, as the tables do.

The moment of an event is the time of the publication. `taken_over`: whether the content was published before these
streams existed.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ..base import AgencyCode, CommuneCode, Line, Model, Personal, Sha256, Text, unset

File = Annotated[str, Field(description="the file as it was written, byte for byte")]

Rest = dict[str, Any]
"""One section of an agency's entry in the directory, as written there."""


class Publication(Model):
    """The common fields of the events below. `asked`: the number of the request; None if none was needed."""

    taken_over: bool = Field(default=False, exclude_if=unset, description="true: published before it was recorded")
    asked: int | None = Field(default=None, description="number of the request for it, if two people are needed")


class ProcedurePublished(Publication):
    """A version of a procedure was published: its file, and the rules made from the file, both byte for byte."""

    kind: Literal["procedure_published"] = "procedure_published"
    procedure: str
    version: str
    agency: str = Field(default="*", description="code of the agency; *: every agency")
    sha256: Sha256
    source: File
    rules: str = Field(description="the rules made of the file, as JSON, byte for byte")
    demo: bool = Field(description="true: for demonstrations, whose limits may be in seconds")
    valid_from: date | None = Field(default=None, description="first day on which it is in force")
    valid_until: date | None = Field(default=None, description="last day on which it is in force")
    province: str | None = Field(default=None, description="code of the province for which it was composed")
    base: str | None = Field(default=None, description="version of the whole country from which it was composed")


class ProvincePublished(Publication):
    """A version of a province's own desks, fees and procedures was published."""

    kind: Literal["province_published"] = "province_published"
    province: str = Field(description="code of the province")
    version: str
    name: Text
    own: tuple[str, ...]
    """the procedures that only this province has"""
    sha256: Sha256
    source: File


class CalendarDays(Model):
    """The days of a calendar for an agency, or for the whole country if no agency is set."""

    agency: str = Field(description="code of the agency; empty for the whole country")
    body: str = Field(description="the calendar as JSON, byte for byte")


class CalendarPublished(Publication):
    """A working calendar was published. `source` is its file; None if it was published before files were kept."""

    kind: Literal["calendar_published"] = "calendar_published"
    name: str
    sha256: Sha256
    source: File | None = None
    """the file as it was written, byte for byte; not set if it was published before files were kept"""
    days: tuple[CalendarDays, ...] = Field(
        description="days for the whole country, and for each agency with days of its own"
    )


class TemplatePublished(Publication):
    """A template of an official paper was published."""

    kind: Literal["template_published"] = "template_published"
    agency: str
    paper: str = Field(description="kind of the paper")
    procedure: str = Field(description="code of the procedure, or * for all")
    sha256: Sha256
    source: File


class Series(Model):
    """The series of an agency's receipts, as in the directory."""

    phi: str | None = Field(default=None, description="symbol of the series for phí")
    le_phi: str | None = Field(default=None, description="symbol of the series for lệ phí")
    issuer: str | None = Field(default=None, description="source of the numbers: own, or an external service")


class Closed(Model):
    """The closing of an agency that was merged or dissolved: from this `day` on, its `successor` takes its place."""

    day: date
    """first day on which the agency takes in no filing"""
    successor: AgencyCode
    """code of the agency that takes its place"""
    document: Line
    """number and date of the decision that closes the agency"""


class AgencyEntered(Publication):
    """An agency got this entry in the directory. `signing`: the signers of its results, with their numbers."""

    kind: Literal["agency_entered"] = "agency_entered"
    agency: str
    name: Text
    namespace: str = Field(description="namespace of Temporal for its machine work")
    queue: str
    """task queue of the agency's back office"""
    agency_kind: str | None = Field(default=None, description="kind of the agency, such as commune or tax")
    province: str | None = Field(default=None, description="code of its province")
    superior: str | None = Field(default=None, description="code of the next authority, for second complaints")
    receives_for: tuple[str, ...] = ()
    """codes of the agencies for which this agency receives filings; * for all agencies of the province"""
    signing: Annotated[tuple[Rest, ...] | None, Personal] = None
    seal: str | None = Field(default=None, description="number of the agency at the signing service")
    receipts: Series | None = Field(default=None, description="series of its receipts")
    merchants: tuple[str, ...] | None = Field(default=None, description="codes of its merchants, the default one first")
    tills: bool = Field(default=False, description="whether cash is taken in tills")
    phone: Line | None = Field(default=None, exclude_if=unset, description="telephone of its one-stop desk")
    territory: tuple[CommuneCode, ...] = Field(default=(), exclude_if=unset)
    """codes of the communes of its territory"""
    closed: Closed | None = Field(
        default=None, exclude_if=unset, description="its closing, if it was merged or dissolved"
    )


class OfficerEntered(Publication):
    """An officer got these roles in the directory. `number` is the officer's number at the signing service.

    `power` is the power in which the officer signs (TM., KT., TL., TUQ., Q.), `title` the officer's own title.
    By `id_number`, the citizen number, officers are refused the handling of their own filings under any account.
    """

    kind: Literal["officer_entered"] = "officer_entered"
    agency: str
    subject: str
    roles: tuple[str, ...] = Field(description="roles in the directory")
    active: bool = Field(description="false: the officer has left")
    name: Annotated[str | None, Personal] = None
    number: Annotated[str | None, Personal] = None
    id_number: Annotated[str | None, Personal] = None
    power: Annotated[str | None, Personal] = None
    title: Annotated[str | None, Personal] = None


class OfficerErased(Publication):
    """The name of an officer who left was erased: the sealed data of this stream can't be opened any more."""

    kind: Literal["officer_erased"] = "officer_erased"
    agency: str
    subject: str
    roles: tuple[str, ...] = Field(description="all past roles of the officer")
    reason: Line = Field(description="reason in clear text, without names")


class AbsenceRecorded(Publication):
    """An officer is absent in a role from `first_day` to `last_day`, both included, and has this substitute."""

    kind: Literal["absence_recorded"] = "absence_recorded"
    agency: str
    subject: str
    role: str
    first_day: date
    last_day: date
    """last day of the absence, on which the officer is still absent"""
    substitute: str
    """identity of the officer who acts for the absent officer, in the same role"""


class AbsenceWithdrawn(Publication):
    """The absence that begins on this day was withdrawn."""

    kind: Literal["absence_withdrawn"] = "absence_withdrawn"
    agency: str
    subject: str
    role: str
    first_day: date


class PublicationAsked(Publication):
    """A request to publish the `events`, which another operator must approve. `personal`: their sealed parts."""

    kind: Literal["publication_asked"] = "publication_asked"
    events: tuple[str, ...] = Field(description="events to publish, each as JSON, without the sealed parts")
    personal: Annotated[tuple[Rest, ...] | None, Personal] = None


class PublicationApproved(Publication):
    """Another operator approved the request with the number `asked`. The requested events follow in their streams."""

    kind: Literal["publication_approved"] = "publication_approved"


class PublicationDeclined(Publication):
    """Another operator declined the request with the number `asked`."""

    kind: Literal["publication_declined"] = "publication_declined"
    reason: Line


class TwoRequired(Publication):
    """From now on, a second operator must approve changes of fees, limits or roles; no longer if `on` is false."""

    kind: Literal["two_required"] = "two_required"
    on: bool = Field(description="true: a second operator must approve")


_Published = ProcedurePublished | ProvincePublished | CalendarPublished | TemplatePublished
_Directory = AgencyEntered | OfficerEntered | OfficerErased | AbsenceRecorded | AbsenceWithdrawn
_Consent = PublicationAsked | PublicationApproved | PublicationDeclined | TwoRequired
PublicationEvent = Annotated[_Published | _Directory | _Consent, Field(discriminator="kind")]

PUBLICATION: Final = "publication"
"""The kind of the streams of publications, with which their names begin."""
