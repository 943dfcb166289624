"""Verifies an issued result or an official paper, by the signatures in the file and by the register."""

import base64
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, TypeVar

import httpx
import pikepdf
from asn1crypto import x509
from pydantic import TypeAdapter, ValidationError

from activities.signature.certificate_subject import SubjectRules, identities
from activities.signature.policy import POLICY, Policy
from activities.signature.proof import proof_of
from activities.signature.revocation import Responders
from activities.signature.signing import HttpStamper
from activities.signature.trust import Trust
from activities.signature.verified import UNSIGNED, verify_official
from motcua.cli.running import Exit, refusing
from schemas.result.state import ResultStanding, Validity
from schemas.signature import SignatureOutcome, SignatureProof, SignatureVerdict
from schemas.translate import said
from views.registers.papers import IssuedPaper


@dataclass(frozen=True)
class Hand:
    """A signer of a file.

    `field`: the signature field; `tax_code`: an organisation's tax code (None for a person, whose number is private);
    `expires_at`: the certificate's end; `reason`: as stated in the signature, such as the absent officer's name.
    """

    field: str
    name: str
    tax_code: str | None
    signed_at: datetime | None
    expires_at: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Checked:
    """The result of the verification.

    `queried`: whether the register was queried; `standing`: its answer, None for an unknown file; `paper`: the official
    paper, if the file is one: it is neither in force nor out of force.
    """

    verdict: SignatureVerdict
    hands: tuple[Hand, ...]
    queried: bool
    standing: ResultStanding | None
    paper: IssuedPaper | None = None

    @property
    def in_force(self) -> bool | None:
        """Whether the file can be relied on; None if that is unknown."""
        if self._refused:
            return False
        if self.paper is not None:
            return None
        if self.queried and self.standing is None:
            return False
        if self.standing is not None and self.standing.validity is not Validity.IN_FORCE:
            return False
        return True if self.queried and self.verdict.outcome is not SignatureOutcome.UNDETERMINED else None

    @property
    def _refused(self) -> bool:
        known = self.standing or self.paper
        return self.verdict.outcome is SignatureOutcome.REFUSED and not (self.unsigned and known)

    @property
    def unsigned(self) -> bool:
        """Whether the file has no signature: then only the register can confirm it."""
        return bool(self.verdict.problems) and {one.rule for one in self.verdict.problems} <= UNSIGNED

    @property
    def signatures(self) -> str:
        """The verdict on the signatures: a `SignatureOutcome`, or `not_signed` for a file without any."""
        return "not_signed" if self.unsigned else self.verdict.outcome

    @property
    def register(self) -> str:
        """The register's answer: a `Validity`, `official_paper`, `not_registered`; `unknown` if it was not queried."""
        if not self.queried:
            return "unknown"
        if self.paper is not None:
            return "official_paper"
        return "not_registered" if self.standing is None else self.standing.validity

    def plain(self) -> dict[str, Any]:
        """Returns the result as plain data, for programs."""
        standing = self.standing and self.standing.model_dump(mode="json", exclude_none=True)
        return {
            "file": self.verdict.file,
            "in_force": self.in_force,
            "signatures": self.signatures,
            "problems": [problem.model_dump(mode="json") for problem in self.verdict.problems],
            "checked_at": self.verdict.received_at.isoformat(),
            "signers": [_plain(hand) for hand in self.hands if hand.field],
            "time_stamps": [_plain(hand) for hand in self.hands if not hand.field],
            "register": {"answer": self.register} | (standing or {}),
        } | ({} if self.paper is None else {"paper": asdict(self.paper) | {"made_at": self.paper.made_at.isoformat()}})


@dataclass(frozen=True)
class Terms:
    """The terms of a verification.

    `roots`: trusted certificates; `at`: the time as of which to verify; `kept`: an earlier verdict, if any. `online`:
    whether to query authorities; `subjects`: rules for the names in certificates; `policy`: of valid signatures.
    """

    roots: Sequence[bytes]
    at: datetime
    online: bool
    kept: SignatureProof | None
    subjects: SubjectRules
    policy: Policy = POLICY


async def check(pdf: bytes, asked: Terms, *, lasts: bool = True, known: bool = False) -> SignatureVerdict:
    """Returns the verdict on a file's signatures. `lasts`: whether these must be long-term signatures.

    A file that the register does not know (`known` is False) must have a seal.
    """
    trusted = [x509.Certificate.load(root) for root in asked.roots]
    async with httpx.AsyncClient(timeout=5) as client:
        trust = Trust(trusted, Responders(client), asked.policy)
        return await verify_official(
            pdf,
            trust,
            at=asked.at,
            online=asked.online,
            kept=asked.kept,
            subjects=asked.subjects,
            lasts=lasts,
            sealed=not known,
        )


def dossier_code(pdf: bytes) -> str | None:
    """Returns the dossier code: the last word of an official paper's title; None if there is no title."""
    try:
        with pikepdf.open(BytesIO(pdf)) as opened:
            words = str(opened.docinfo.get("/Title", "")).split()
    except (pikepdf.PdfError, ValueError):
        return None
    return words[-1] if words else None


async def kept(verdict: SignatureVerdict, authority: str) -> bytes | None:
    """Returns the verdict as a file with a time-stamp by this `authority`; None if the authority gives none."""
    async with httpx.AsyncClient(timeout=5) as client:
        proof = await proof_of(verdict, HttpStamper(client, authority))
    return None if SignatureProof.model_validate_json(proof).token is None else proof


def hands(verdict: SignatureVerdict, subjects: SubjectRules) -> tuple[Hand, ...]:
    """Returns the signers of a file, and its time-stamping authorities, whose `field` is empty."""
    found = []
    for seen in verdict.evidence:
        whose = x509.Certificate.load(base64.b64decode(seen.certificates[-1]))
        codes = (one.number for one in identities(whose, subjects) if one.kind == "organisation")
        name = str(whose.subject.native.get("common_name", ""))
        found.append(Hand(seen.field, name, next(codes, None), seen.stamped_at, whose.not_valid_after, seen.reason))
    return tuple(found)


def _plain(hand: Hand) -> dict[str, Any]:
    return {
        "field": hand.field,
        "name": hand.name,
        "tax_code": hand.tax_code,
        "signed_at": hand.signed_at and hand.signed_at.isoformat(),
        "certificate_until": hand.expires_at.isoformat(),
        "reason": hand.reason,
    }


Set = TypeVar("Set")


def subjects_set() -> SubjectRules:
    """Returns the configured rules for the names of certificate holders. An invalid setting ends the command."""
    return _set("MOTCUA_SIGNATURE_SUBJECTS", SubjectRules)


def policy_set() -> Policy:
    """Returns the configured policy for valid signatures. An invalid setting ends the command."""
    return _set("MOTCUA_SIGNATURE_POLICY", Policy)


def _set(setting: str, kind: type[Set]) -> Set:
    with refusing(ValidationError, Exit.USAGE, said("refused.result.see", name=setting)):
        return TypeAdapter(kind).validate_json(os.environ.get(setting, "{}"))
