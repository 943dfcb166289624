"""A result (kết quả) in the register: its number, whether it is in force, and what became of it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from .base import AgencyCode, Instant, Model, Sha256
from .filing.events import Outcome


class ResultState(StrEnum):
    """What the register says of a number: being signed, in force, given up unsigned, revoked, or corrected."""

    SIGNING = "signing"
    IN_FORCE = "in_force"
    VOIDED = "voided"
    REVOKED = "revoked"
    REPLACED = "replaced"


class Validity(StrEnum):
    """Whether a result can be relied on at a moment, and why not: `overtaken` by the reopening of its filing."""

    IN_FORCE = "in_force"
    NOT_ISSUED = "not_issued"
    VOIDED = "voided"
    REVOKED = "revoked"
    REPLACED = "replaced"
    OVERTAKEN = "overtaken"
    EXPIRED = "expired"


class RegisteredResult(Model):
    """A row of the register: the `n`-th result of a filing, by its number.

    `expires_on` is the last day on which it is in force. It `corrects` the result of that number, or was itself
    `replaced_by` another; `ended_at` is when it was revoked, replaced or voided, `overtaken_at` when its filing was
    reopened.
    """

    number: str
    filing_id: UUID
    agency: AgencyCode
    n: int
    state: ResultState
    outcome: Outcome | None = None
    sha256: Sha256 | None = None
    issued_at: Instant | None = None
    expires_on: date | None = None
    copies: int | None = None
    overtaken_at: Instant | None = None
    ended_at: Instant | None = None
    corrects: str | None = None
    replaced_by: str | None = None


class ResultStanding(Model):
    """What anybody may learn of a result whose number or file they hold, as of an instant."""

    number: str
    agency: AgencyCode
    validity: Validity
    issued_at: Instant | None = None
    expires_on: date | None = None
    ended_at: Instant | None = None
    replaced_by: str | None = None
    as_of: Instant
