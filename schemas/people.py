"""People and programs: the actor, the person for whom the actor acts, and the program that sends a message."""

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from .base import AgencyCode, Key, Line, Model, StrictModel, Subject, unset
from .level import Channel
from .text import line

__all__ = ["OFFICERS", "SYSTEM", "Actor", "Address", "Applicant", "PersonKind", "Role", "Via"]


class Role(StrEnum):
    """The role of a person or a system in a filing."""

    APPLICANT = "applicant"
    REPRESENTATIVE = "representative"
    RECEPTION = "reception"
    SPECIALIST = "specialist"
    LEADER = "leader"
    CLERK = "clerk"
    CASHIER = "cashier"
    HANDOVER = "handover"
    TEAM_LEAD = "team_lead"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    SYSTEM = "system"


OFFICERS: Final = frozenset(Role) - {Role.APPLICANT, Role.REPRESENTATIVE, Role.SYSTEM}
"""Roles that an agency's directory assigns; the ledger checks them at every append."""


class Actor(Model):
    """The person who gives a command. The log encrypts the identity `subject` of an applicant, not of an officer."""

    subject: Subject
    role: Role
    agency: AgencyCode | None = None
    """code of the acting officer's agency; only for officers"""


class OfficerCommand(StrictModel):
    """A command of an officer or operator. A repeat with the same `command_id` is the same command.

    `statement` is the signed statement of the program that gives the command; see `schemas/identity/statement.py`.
    """

    command_id: Key
    actor: Actor
    statement: str | None = Field(default=None, max_length=4096, exclude_if=unset, repr=False)

    @property
    def act(self) -> str:
        """The command's name in its statement, such as `approve_erasure`."""
        return re.sub("(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()


SYSTEM: Final = Actor(subject="motcua", role=Role.SYSTEM)


class Via(Model):
    """The authenticated program that passed the command on, and the channel of the command."""

    principal: Key
    """id of the authenticated program that passes the message on"""
    channel: Channel = Channel.ONLINE


AddressLine = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), AfterValidator(line)
]


class Address(Model):
    """A postal address, within the length that the post accepts."""

    recipient: AddressLine
    """name of the recipient"""
    phone: AddressLine
    """telephone number"""
    address: AddressLine
    """street, commune and province"""
    postcode: str = Field(pattern=r"^[0-9]{5}$", json_schema_extra={"maxLength": 5})
    """postcode of five digits"""


IdNumber = Annotated[str, StringConstraints(max_length=20, pattern=r"^[0-9A-Z-]{6,20}$")]
"""The citizen number of a person, or the enterprise number of an organisation."""


class PersonKind(StrEnum):
    """Whether an applicant is a natural person or an organisation."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Applicant(Model):
    """The person or organisation in whose name a filing is made. `stands_for_it`: the person who acts for it.

    `stands_for_it_number` is that person's citizen number, by which no account of the person may handle the filing.
    """

    subject: Subject = Field(description="identity at the identity provider")
    kind: PersonKind = PersonKind.PERSON
    """a natural person, or an organisation"""
    name: Line
    """full name"""
    id_number: IdNumber = Field(description="citizen or enterprise number")
    phone: Line | None = None
    """telephone number"""
    email: Line | None = None
    """email address; optional"""
    stands_for_it: Subject | None = None
    """identity of the person who acts for an organisation, and who never handles its filings as an officer"""
    stands_for_it_number: IdNumber | None = Field(default=None, exclude_if=unset)
    """citizen number of that person, who handles the organisation's filings in no other account either; optional"""
