"""What the check of a signature says, and what it saw: kept, so that it can be looked at again in ten years."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime

from .base import Model, Personal, Problem

APPLICANTS_FIELD: Final = "Applicant"
"""The field of a form in which the applicant, or who represents them, signs."""


class SignatureOutcome(StrEnum):
    """How a check ends; `undetermined` goes to an officer, who decides with a reason."""

    VALID = "valid"
    REFUSED = "refused"
    UNDETERMINED = "undetermined"


class SignatureEvidence(Model):
    """What was seen of one signature. Certificates, answers and tokens are DER in base64.

    `field` is the signature field of a PDF, empty for a detached signature. `certificates` go from the root to the
    signer, as far as a chain was found; `revocation` holds the OCSP answers and CRLs that were relied on. `stamped_at`
    is what a trusted time-stamp proves, `claimed_at` what the signer's software said, `judged_at` the moment at which
    the certificate was asked to be good: the time-stamp's, else that of receipt.
    """

    field: str = ""
    certificates: Annotated[tuple[str, ...], Personal] = ()
    revocation: Annotated[tuple[str, ...], Personal] = ()
    timestamp: Annotated[str | None, Personal] = None
    stamped_at: AwareDatetime | None = None
    claimed_at: AwareDatetime | None = None
    judged_at: AwareDatetime


class SignatureVerdict(Model):
    """How the check of a file ended. `problems` says why it is not valid, most weighty first; none if it is."""

    outcome: SignatureOutcome
    problems: tuple[Problem, ...] = ()
    received_at: AwareDatetime
    evidence: tuple[SignatureEvidence, ...] = ()
