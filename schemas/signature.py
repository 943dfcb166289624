"""The verdict on a signature and its evidence, stored so that the signature can be checked again in ten years."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime

from .base import Instant, Model, Personal, Problem, Sha256
from .files import FileRef

__all__ = ["SignatureOutcome", "SignatureRecord"]

APPLICANTS_FIELD: Final = "Applicant"
"""The name of the signature field, in a PDF form, for the applicant or their representative."""


class SignatureOutcome(StrEnum):
    """The outcome of a signature's check; `undetermined` goes to an officer, who decides with a reason."""

    VALID = "valid"
    REFUSED = "refused"
    UNDETERMINED = "undetermined"


class SignatureEvidence(Model):
    """The evidence of one signature. Certificates, answers and tokens are DER in base64.

    `field` is the signature field of a PDF, empty for a detached signature. `certificates` go from the root to the
    signer, as far as a chain was found; `revocation` has the OCSP answers and CRLs used. `stamped_at` is the time
    proved by a trusted time-stamp, `claimed_at` the time stated by the signer's software. The certificate was checked
    for the moment `judged_at`: the time of the time-stamp, or without one the time of receipt. `reason` is the signer's
    reason in the signed file, such as a substitution.
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
    """The verdict on a file. `problems` are the reasons why it is not valid; none if it is.

    `file` is the SHA-256 of the checked file, a signed form or a detached signature, and `content` the SHA-256 of the
    content to be signed, if known.
    """

    outcome: SignatureOutcome
    problems: tuple[Problem, ...] = ()
    received_at: AwareDatetime
    file: Sha256 | None = None
    content: Sha256 | None = None
    evidence: tuple[SignatureEvidence, ...] = ()


class Unstamped(StrEnum):
    """Why a proof has no time-stamp: no authority is set, or its answer was late, or did not fit the request."""

    NO_AUTHORITY = "no_authority"
    NO_ANSWER = "no_answer"


class SignatureProof(Model):
    """A verdict with all its evidence, kept for a check of the signature in ten years.

    The proof is stored as RFC 8785 JSON. `sha256` is the SHA-256 of the `verdict` alone, in the same JSON. `token` is
    an RFC 3161 time-stamp over this digest (DER in base64), from `stamped_at`; without one, `unstamped` is the reason.
    """

    format: Literal["motcua-signature-proof-1"] = "motcua-signature-proof-1"
    verdict: SignatureVerdict
    sha256: Sha256
    token: str | None = None
    stamped_at: Instant | None = None
    unstamped: Unstamped | None = None


class SignatureRecord(Model):
    """The outcome of a signature's check, for the log. `rules` are the reasons against a signature that is not valid.

    `judged_at` is the moment at which the signer's certificate had to be valid, `stamped_at` the time proved by a
    trusted time-stamp on the signature. `proof` is the file with all evidence; not set if none was stored.
    """

    outcome: SignatureOutcome
    """valid, refused, or undetermined"""
    rules: tuple[str, ...] = ()
    """rules against the signature; empty for a valid one"""
    judged_at: Instant
    """moment at which the signer's certificate had to be valid"""
    stamped_at: Instant | None = None
    """latest possible time of the signature, proved by a trusted time-stamp"""
    proof: FileRef | None = None
    """file with all evidence of the signature"""


def record_of(verdict: SignatureVerdict, proof: FileRef | None) -> SignatureRecord:
    """The log's record of a verdict whose evidence is stored at `proof`."""
    seen = verdict.evidence[0] if verdict.evidence else None
    return SignatureRecord(
        outcome=verdict.outcome,
        rules=tuple(problem.rule for problem in verdict.problems),
        judged_at=seen.judged_at if seen else verdict.received_at,
        stamped_at=seen.stamped_at if seen else None,
        proof=proof,
    )
