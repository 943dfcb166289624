"""The delivery of a result: the identification of the recipient, and the view of the delivery for the applicant."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from ..base import AgencyCode, Instant, Model
from ..level import Channel
from ..people import IdNumber

__all__ = ["DeliveryView", "Identity", "IdentityDocument", "Receiver"]


class IdentityDocument(StrEnum):
    """The kinds of documents that identify a person at the counter."""

    CITIZEN_CARD = "citizen_card"
    VNEID = "vneid"
    PASSPORT = "passport"


class Identity(Model):
    """The identity document that an officer has checked at the counter."""

    document: IdentityDocument
    """kind of the document"""
    number: IdNumber
    """number of the document"""
    citizen_number: IdNumber | None = None
    """citizen number that a passport bears; not set if it bears none, and for other documents"""


class Receiver(StrEnum):
    """The role of the recipient of the result: the applicant, or the applicant's representative."""

    APPLICANT = "applicant"
    REPRESENTATIVE = "representative"


PickupCode = Annotated[str, StringConstraints(max_length=6, pattern=r"^[0-9]{6}$")]
"""The code that the applicant states at the counter to receive the result, so that nobody else can."""

Link = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_-]{32,64}$")]
"""The secret part of the address at which a result is read."""


class DeliveryView(Model):
    """How the applicant gets the result. Only the applicant may see this: the code and the link give access to it.

    `desk` is the agency where the result is fetched with the `pickup_code`. `until` is the end of the time at the
    counter for a result that waits there, and the end of the `link`'s validity for a result that is read online. Fields
    that are not known yet are not set.
    """

    filing_id: UUID
    channel: Channel
    desk: AgencyCode | None = None
    """code of the agency at whose desk the result is fetched"""
    pickup_code: PickupCode | None = None
    """code of six digits that the applicant gives at the counter; keep it secret"""
    link: Link | None = None
    """the secret part of the result's web address"""
    until: Instant | None = None
    """end of the time at the counter, or for a result that is read online, end of the link's validity"""
