"""The events of the streams of publications: each has the whole published content, as in its table.

The moment of an event is that of the publication. Rows older than these streams are `taken_over`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from ..base import Line, Model, Personal, Sha256, Text, unset

File = Annotated[str, Field(description="the file as it was written, byte for byte")]

Rest = dict[str, Any]
"""A part of a directory's entry, as written."""


class Publication(Model):
    """The common field of these events. `asked`: the number of the request, if two people are needed."""

    taken_over: bool = Field(default=False, exclude_if=unset, description="true: it stood there before it was recorded")
    asked: int | None = Field(default=None, description="the number under which it was asked for, where two are needed")


class ProcedurePublished(Publication):
    """A version of a procedure: its file, and the rules that were made of it, byte for byte."""

    kind: Literal["procedure_published"] = "procedure_published"
    procedure: str
    version: str
    agency: str = Field(default="*", description="* : every agency")
    sha256: Sha256
    source: File
    rules: str = Field(description="the rules made of the file, as JSON, byte for byte")
    demo: bool = Field(description="true: for demonstrations, in which limits may be in seconds")
    valid_from: date | None = Field(default=None, description="the first day on which it is in force")
    valid_until: date | None = Field(default=None, description="the last day on which it is in force")
    province: str | None = Field(default=None, description="the province for which it was composed")
    base: str | None = Field(default=None, description="the version of the whole country of which it was composed")


class ProvincePublished(Publication):
    """What a province has of its own."""

    kind: Literal["province_published"] = "province_published"
    province: str = Field(description="code of the province")
    version: str
    name: Text
    own: tuple[str, ...]
    """the procedures that only this province has"""
    sha256: Sha256
    source: File


class CalendarDays(Model):
    """The days of a calendar as they are for an agency, or, without one, for the whole country."""

    agency: str = Field(description="code of the agency, or nothing for the whole country")
    body: str = Field(description="the calendar as JSON, byte for byte")


class CalendarPublished(Publication):
    """A working calendar. `source` is its file; None: it was published before files were kept."""

    kind: Literal["calendar_published"] = "calendar_published"
    name: str
    sha256: Sha256
    source: File | None = None
    """the legal text that says so, or the word unconfirmed"""
    days: tuple[CalendarDays, ...] = Field(
        description="for the whole country, and for each agency with days of its own"
    )


class TemplatePublished(Publication):
    """A template of an official paper."""

    kind: Literal["template_published"] = "template_published"
    agency: str
    paper: str = Field(description="the paper that is printed by it")
    procedure: str = Field(description="code of the procedure, or * for all")
    sha256: Sha256
    source: File


class Series(Model):
    """The series in which an agency gives receipts, as the directory has it."""

    phi: str | None = Field(default=None, description="the symbol for phí")
    le_phi: str | None = Field(default=None, description="the symbol for lệ phí")
    issuer: str | None = Field(default=None, description="own: by numbers of ours; service: by one outside")


class AgencyEntered(Publication):
    """An agency as the directory has it from now on. `signing` has the numbers of who signs its results."""

    kind: Literal["agency_entered"] = "agency_entered"
    agency: str
    name: Text
    namespace: str = Field(description="the namespace of Temporal in which its machine work is done")
    queue: str
    """the task queue on which the agency's back office is asked"""
    agency_kind: str | None = Field(default=None, description="what it is: commune, tax")
    province: str | None = Field(default=None, description="code of the province where it sits")
    receives_for: tuple[str, ...] = ()
    """codes of the agencies; * for all of the province"""
    signing: Annotated[tuple[Rest, ...] | None, Personal] = None
    seal: str | None = Field(default=None, description="the number by which the signing service knows the agency")
    receipts: Series | None = Field(default=None, description="the series in which it gives receipts")
    merchants: tuple[str, ...] | None = Field(default=None, description="who may take money for it, the first first")
    tills: bool = Field(default=False, description="whether cash goes through tills")


class OfficerEntered(Publication):
    """An officer in these roles, as the directory has them from now on. The signing service knows them by `number`."""

    kind: Literal["officer_entered"] = "officer_entered"
    agency: str
    subject: str
    roles: tuple[str, ...] = Field(description="the roles that the directory gives")
    active: bool = Field(description="false: the officer has left")
    name: Annotated[str | None, Personal] = None
    number: Annotated[str | None, Personal] = None


class OfficerErased(Publication):
    """The name of an officer who left is erased: nobody can open what was sealed in this stream any more."""

    kind: Literal["officer_erased"] = "officer_erased"
    agency: str
    subject: str
    roles: tuple[str, ...] = Field(description="all roles that the officer has had")
    reason: Line = Field(description="why, in the clear: nobody is named")


class AbsenceRecorded(Publication):
    """An officer is absent in a role on these days, both included, and who acts for them."""

    kind: Literal["absence_recorded"] = "absence_recorded"
    agency: str
    subject: str
    role: str
    first_day: date
    """the first of the days, in Vietnamese time: 2026-12-01"""
    last_day: date
    """the last of the days, itself included"""
    substitute: str
    """identity of the officer who acts for them, in the same role"""


class AbsenceWithdrawn(Publication):
    """The absence that begins on this day is none."""

    kind: Literal["absence_withdrawn"] = "absence_withdrawn"
    agency: str
    subject: str
    role: str
    first_day: date
    """the first of the days, in Vietnamese time: 2026-12-01"""


class PublicationAsked(Publication):
    """Somebody wants to publish these events, and another must approve it. `personal` is what is sealed of each."""

    kind: Literal["publication_asked"] = "publication_asked"
    events: tuple[str, ...] = Field(description="what is to be published, each as JSON, without what is sealed")
    personal: Annotated[tuple[Rest, ...] | None, Personal] = None


class PublicationApproved(Publication):
    """Another has approved what was `asked`: its events follow in their streams."""

    kind: Literal["publication_approved"] = "publication_approved"


class PublicationDeclined(Publication):
    """Another has declined what was `asked`."""

    kind: Literal["publication_declined"] = "publication_declined"
    reason: Line


class TwoRequired(Publication):
    """From now on what changes fees, limits or roles waits until a second operator approves it; or no longer."""

    kind: Literal["two_required"] = "two_required"
    on: bool = Field(description="whether a second operator is needed")


PublicationEvent = Annotated[
    ProcedurePublished
    | ProvincePublished
    | CalendarPublished
    | TemplatePublished
    | AgencyEntered
    | OfficerEntered
    | OfficerErased
    | AbsenceRecorded
    | AbsenceWithdrawn
    | PublicationAsked
    | PublicationApproved
    | PublicationDeclined
    | TwoRequired,
    Field(discriminator="kind"),
]

PUBLICATION: Final = "publication"
"""The kind of these streams, which begins their names."""
