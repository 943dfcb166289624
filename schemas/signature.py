"""What the check of a signature says, and what it saw: kept, so that it can be looked at again in ten years."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime

from .base import Instant, Model, Personal, Problem, Sha256
from .files import FileRef

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
    the certificate was asked to be good: the time-stamp's, else that of receipt. `reason` is what the signed file says
    of it, such as in whose place it was given.
    """

    field: str = ""
    certificates: Annotated[tuple[str, ...], Personal] = ()
    revocation: Annotated[tuple[str, ...], Personal] = ()
    timestamp: Annotated[str | None, Personal] = None
    stamped_at: AwareDatetime | None = None
    claimed_at: AwareDatetime | None = None
    judged_at: AwareDatetime
    reason: Annotated[str | None, Personal] = None


class SignatureVerdict(Model):
    """How the check of a file ended. `problems` says why it is not valid; none if it is.

    `file` is the SHA-256 of what was checked, a signed form or a detached signature, and `content` that of what had to
    be signed, where it is known.
    """

    outcome: SignatureOutcome
    problems: tuple[Problem, ...] = ()
    received_at: AwareDatetime
    file: Sha256 | None = None
    content: Sha256 | None = None
    evidence: tuple[SignatureEvidence, ...] = ()


class Unstamped(StrEnum):
    """Why a proof has no time-stamp: no authority is set, or it did not answer in time, or not to what was asked."""

    NO_AUTHORITY = "no_authority"
    NO_ANSWER = "no_answer"


class SignatureProof(Model):
    """A verdict with all that was seen, as it is kept for whoever looks at the signature in ten years.

    It is written as RFC 8785 JSON. `sha256` is that of its `verdict`, written so by itself, and `token` an RFC 3161
    time-stamp over it (DER in base64), from `stamped_at`. Without one, `unstamped` says why.
    """

    format: Literal["motcua-signature-proof-1"] = "motcua-signature-proof-1"
    verdict: SignatureVerdict
    sha256: Sha256
    token: str | None = None
    stamped_at: Instant | None = None
    unstamped: Unstamped | None = None


class SignatureRecord(Model):
    """How the check ended, as the log keeps it: by which `rules`; none for a valid signature.

    `judged_at` is the moment at which the signer's certificate was asked to be good, `stamped_at` what a trusted
    time-stamp on the signature proves. `proof` is the file with all that was seen; none if nothing was kept.
    """

    outcome: SignatureOutcome
    rules: tuple[str, ...] = ()
    """why it stayed undetermined"""
    judged_at: Instant
    """the moment at which the signer's certificate was asked to be good"""
    stamped_at: Instant | None = None
    """when it was signed at the latest, by a trusted time-stamp"""
    proof: FileRef | None = None
    """the file that holds all that was seen of the signature"""


def record_of(verdict: SignatureVerdict, proof: FileRef | None) -> SignatureRecord:
    """What the log keeps of a verdict whose evidence lies at `proof`."""
    seen = verdict.evidence[0] if verdict.evidence else None
    return SignatureRecord(
        outcome=verdict.outcome,
        rules=tuple(problem.rule for problem in verdict.problems),
        judged_at=seen.judged_at if seen else verdict.received_at,
        stamped_at=seen.stamped_at if seen else None,
        proof=proof,
    )
