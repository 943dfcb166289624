"""The delivery of a result: the receiver's identification, and the applicant's own details of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from ..base import AgencyCode, Instant, Model
from ..level import Channel
from ..people import IdNumber

__all__ = ["DeliveryView", "Identity", "IdentityDocument", "Receiver"]


class IdentityDocument(StrEnum):
    """By what somebody is identified at the counter."""

    CITIZEN_CARD = "citizen_card"
    VNEID = "vneid"
    PASSPORT = "passport"


class Identity(Model):
    """What an officer has looked at to know who stands before them."""

    document: IdentityDocument
    """which document was looked at"""
    number: IdNumber
    """its number"""


class Receiver(StrEnum):
    """Who receives the result: the applicant, or somebody they have authorised."""

    APPLICANT = "applicant"
    REPRESENTATIVE = "representative"


PickupCode = Annotated[str, StringConstraints(max_length=6, pattern=r"^[0-9]{6}$")]
"""The applicant's code at the counter, so that nobody else receives the result."""

Link = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_-]{32,64}$")]
"""The secret part of the address at which a result is read."""


class DeliveryView(Model):
    """How the applicant comes by the result: for them alone, since it holds what opens it.

    `desk` is the agency where it is fetched with the `pickup_code`, `until` when it waits there, or when the `link`
    opens it. What is not there yet is not there.
    """

    filing_id: UUID
    channel: Channel
    desk: AgencyCode | None = None
    """code of the agency at whose desk the result is fetched"""
    pickup_code: PickupCode | None = None
    """what the applicant says at the counter, six digits; tell nobody else"""
    link: Link | None = None
    """the secret part of the address at which the result is read"""
    until: Instant | None = None
    """how long it waits there, or the link opens it"""
