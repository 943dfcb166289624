"""The verdict on a signature and its evidence, stored so that the signature can be checked again in ten years."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime

from .base import Instant, Model, Personal, Problem, Sha256
from .files import FileRef

__all__ = ["SignatureOutcome", "SignatureRecord"]

APPLICANTS_FIELD: Final = "Applicant"
"""The name of the signature field, in a PDF form, in which the applicant or a representative signs."""


class SignatureOutcome(StrEnum):
    """The outcome of a signature's check. If it is `undetermined`, an officer decides, with a reason."""

    VALID = "valid"
    REFUSED = "refused"
    UNDETERMINED = "undetermined"


class SignatureEvidence(Model):
    """The evidence of one signature. Certificates, answers and tokens are DER in base64.

    `field` is the signature field of a PDF; empty for a detached signature. `certificates` go from the root to the
    signer, as far as a chain was found. `revocation` has the OCSP answers and the CRLs that were used. `stamped_at` is
    the time that a trusted time-stamp proves, `claimed_at` the time that the signer's software states. `judged_at` is
    the moment for which the certificate was checked: `stamped_at`, or the time of receipt if there is no time-stamp.
    `reason` is the signer's reason in the signed file, such as a substitution.
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
    """The verdict on a signed file. `problems` are the reasons why its signature is not valid; empty if it is valid.

    `file` is the SHA-256 of the checked file, which is a signed form or a detached signature. `content` is the SHA-256
    of the content to be signed; None if unknown.
    """

    outcome: SignatureOutcome
    problems: tuple[Problem, ...] = ()
    received_at: AwareDatetime
    file: Sha256 | None = None
    content: Sha256 | None = None
    evidence: tuple[SignatureEvidence, ...] = ()


class Unstamped(StrEnum):
    """Why a proof has no time-stamp: no authority for time-stamps is set, or its answer was late or was unfit."""

    NO_AUTHORITY = "no_authority"
    NO_ANSWER = "no_answer"


class SignatureProof(Model):
    """A verdict with all its evidence, kept for a check of the signature in ten years, as RFC 8785 JSON.

    `sha256` is the SHA-256 of the `verdict` alone, in the same JSON. `token` is an RFC 3161 time-stamp over this digest
    (DER in base64), from the time `stamped_at`. If there is no token, `unstamped` is the reason.
    """

    format: Literal["motcua-signature-proof-1"] = "motcua-signature-proof-1"
    verdict: SignatureVerdict
    sha256: Sha256
    token: str | None = None
    stamped_at: Instant | None = None
    unstamped: Unstamped | None = None


class SignatureRecord(Model):
    """The outcome of a signature's check, for the log.

    `rules` are the reasons against the signature; empty if it is valid. `judged_at` is the moment at which the signer's
    certificate had to be valid. `stamped_at` is the time that a trusted time-stamp on the signature proves; None
    without one. `proof` is the file with all evidence; None if none was stored. `corrected_at` is the time at which the
    applicant's name or number was corrected, which the signature does not cover.
    """

    outcome: SignatureOutcome
    """valid, refused, or undetermined"""
    rules: tuple[str, ...] = ()
    """rules that the signature breaks; empty for a valid signature"""
    judged_at: Instant
    """moment at which the signer's certificate had to be valid"""
    stamped_at: Instant | None = None
    """latest possible time of the signature, which a trusted time-stamp proves; not set if there is none"""
    proof: FileRef | None = None
    """file with all evidence of the signature; not set if none was stored"""
    corrected_at: Instant | None = None
    """time of a correction of the applicant's name or number, which the signature does not cover; not set: none"""


def record_of(verdict: SignatureVerdict, proof: FileRef | None) -> SignatureRecord:
    """Returns the log's record of a verdict. `proof` is the file with its evidence."""
    seen = verdict.evidence[0] if verdict.evidence else None
    return SignatureRecord(
        outcome=verdict.outcome,
        rules=tuple(problem.rule for problem in verdict.problems),
        judged_at=seen.judged_at if seen else verdict.received_at,
        stamped_at=seen.stamped_at if seen else None,
        proof=proof,
    )
