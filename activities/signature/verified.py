"""Verifies, any time after a file's issue, that it is complete, and signed by certificates that were good at signing.

The time-stamps over the whole file are followed from the newest to the oldest. Each is judged as of the moment that the
next newer one proves, so certificates may have expired since.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from asn1crypto import cms
from pyhanko.pdf_utils.generic import TextStringObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import SignedDataCerts, extract_certificate_info
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from activities.signature import revisions
from activities.signature.certificate_subject import Identity, SubjectRules, identities, misnamed
from activities.signature.check import evidence_of, verdict_of
from activities.signature.proof import proved
from activities.signature.reading import Moment, integrity, kept_in, moment_of, opened, read_through, stamp_of
from activities.signature.revocation import NOTHING, Answers
from activities.signature.trust import UNDETERMINED, Standing, Trust
from schemas.signature import SignatureEvidence, SignatureOutcome, SignatureProof, SignatureVerdict

Expected = Mapping[str, Identity]
"""The required signer of each field."""

MOST_REASON: Final = 300
"""Maximum characters of a reason."""
_PAST: Final = frozenset({"certificate_expired", "certificate_revoked"})
UNSIGNED: Final = frozenset({"signature_missing", "signature_not_pdf"})
"""The rules of a file without any signature."""
_LASTING: Final = frozenset({"no_seal", "signer_not_named"})
"""Rules that stay undetermined even with an earlier verdict (`kept`)."""


async def verify_official(  # noqa: PLR0913 -- each can be requested alone
    pdf: bytes,
    trust: Trust,
    *,
    at: datetime | None = None,
    online: bool = True,
    expected: Expected | None = None,
    kept: SignatureProof | None = None,
    subjects: SubjectRules | None = None,
    lasts: bool = True,
    sealed: bool = False,
) -> SignatureVerdict:
    """Returns the verdict on an issued PDF as of `at`, or now if `at` is None.

    *Refused*: the file was changed or is incomplete, or a signer was not entitled to give this signature.
    *Undetermined*: the file can't be judged, for example after the last time-stamp's authority has expired. The
    evidence names the signers, one entry for each signature and each time-stamp over the file; a time-stamp's field is
    empty.

    If not `online`, no requests are sent, and revocation is judged by the knowledge at the time of each signature.
    `kept` is an earlier verdict over this file, or over its state before time-stamps were renewed; it decides
    undetermined cases. If `lasts`, the file needs a time-stamp over the whole file; official papers need none. If
    `sealed`, an organisation must have signed, too. Signatures of persons alone do not show for which agency they
    signed; that is in the register.
    """
    moment = at or datetime.now(UTC)
    try:
        trusted, naming = trust if online else trust.offline(), subjects or SubjectRules()
        look = _Look(trusted, moment, online, naming, lasts, sealed, proved_at=moment)
        verdict = await _looked_at(pdf, look, expected)
    except revisions.MALFORMED:
        verdict = _verdict([("", "signature_unreadable")], moment)
    verdict = verdict.model_copy(update={"file": hashlib.sha256(pdf).hexdigest()})
    known_then = not _LASTING & {problem.rule for problem in verdict.problems}
    if kept is not None and verdict.outcome is SignatureOutcome.UNDETERMINED and known_then:
        return await _by_kept(verdict, kept, pdf, trust)
    return verdict


@dataclass
class _Look:
    """The state of one verification. `proved_at`: the time at which the part not yet checked provably existed."""

    trust: Trust
    at: datetime
    online: bool
    subjects: SubjectRules
    lasts: bool
    sealed: bool
    proved_at: datetime
    answers: Answers = NOTHING
    doubtful: bool = False

    async def stamped_by(self, certificates: SignedDataCerts, stamped_at: datetime) -> Standing:
        """Returns the standing of a time-stamp's authority at `proved_at`.

        Offline, the authority is judged as of the time-stamp, if its certificate was still valid at `proved_at`.
        """
        signer, others = certificates.signer_cert, certificates.other_certs
        if not self.online and signer.not_valid_after >= self.proved_at:
            return await self.trust.vouch(signer, others, "time_stamping", stamped_at, self.answers)
        return await self.trust.vouch(signer, others, "time_stamping", self.proved_at, self.answers)


async def _looked_at(pdf: bytes, look: _Look, expected: Expected | None) -> SignatureVerdict:
    if isinstance(reader := opened(pdf), str):
        return _verdict([("", reader)], look.at)
    rule = _shape(pdf, reader, expected or {}, lasts=look.lasts)
    if rule is not None:
        return _verdict([("", rule)], look.at)
    signatures = {one.field_name: one for one in reader.embedded_regular_signatures}
    look.answers = kept_in(reader)
    rules, evidence = [], []
    for stamp in reversed(reader.embedded_timestamp_signatures):
        rule, seen = await _stamp(stamp, look)
        evidence.append(seen)
        if rule is not None:
            return _verdict([("", rule)], look.at, evidence)
    for name, signature in signatures.items():
        rule, seen = await _signature(signature, look, (expected or {}).get(name))
        evidence.append(seen)
        rules += [(name, rule)] if rule else []
    if look.sealed and not any(_is_sealed(one, look) for one in signatures.values()):
        rules.append(("", "no_seal"))
    return _verdict(rules, look.at, evidence)


def _shape(pdf: bytes, reader: PdfFileReader, expected: Expected, *, lasts: bool) -> str | None:  # noqa: PLR0911 -- one rule a line
    """Returns the first rule that the file breaks, or None. Does not check the identity of the file's signers."""
    signed = {one.field_name for one in reader.embedded_regular_signatures}
    first = reader.get_historical_resolver(0)
    declared = {name for name, _, _ in enumerate_sig_fields(first)} if "/AcroForm" in first.root else set()
    if not signed:
        return "signature_missing"
    if not all(revisions.covers_its_revision(one, pdf) for one in reader.embedded_signatures):
        return "signature_covers_part"
    if revisions.has_loose_end(pdf, reader):
        return "signed_form_has_more"
    if not revisions.adds_only_signatures(reader) or revisions.is_described_otherwise(reader):
        return "signed_form_changed"
    if not signed <= declared:
        return "signature_in_other_field"
    if not (declared | expected.keys()) <= signed:
        return "signed_file_rolled_back"
    return _ending(pdf, reader) if lasts else None


def _ending(pdf: bytes, reader: PdfFileReader) -> str | None:
    """Returns the rule that a file breaks if it does not end with a time-stamp over the whole file; else None."""
    stamped = max((one.signed_revision for one in reader.embedded_timestamp_signatures), default=-1)
    if stamped <= max(one.signed_revision for one in reader.embedded_regular_signatures):
        return "signed_file_rolled_back"
    return None if revisions.ends_signed(pdf, reader) else "signed_form_changed"


async def _stamp(stamp: EmbeddedPdfSignature, look: _Look) -> tuple[str | None, SignatureEvidence]:
    """Returns the rule that the time-stamp breaks, if any, and the evidence. A good stamp sets `look.proved_at`."""
    token: cms.SignedData = stamp.signed_data
    certificates = extract_certificate_info(token)
    read_through(certificates)
    found = await stamp_of(token, look.trust, stamp.compute_digest)
    stamped_at: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    standing = await look.stamped_by(certificates, stamped_at)
    standing = await look.trust.vouch_for(token, None, "time_stamping", standing)
    moment = Moment(look.proved_at, stamped_at, token.dump())
    evidence = evidence_of("", certificates, standing, moment)
    if isinstance(found, str):
        return "signature_broken" if found == "timestamp_broken" else found, evidence
    if standing.rule is None:
        look.proved_at = min(stamped_at, look.proved_at)
        return None, evidence
    if standing.rule not in UNDETERMINED | _PAST:
        return standing.rule, evidence
    look.doubtful = True
    return None, evidence


async def _signature(
    signature: EmbeddedPdfSignature, look: _Look, who: Identity | None
) -> tuple[str | None, SignatureEvidence]:
    certificates = extract_certificate_info(signature.signed_data)
    read_through(certificates)
    signer, claimed_at = certificates.signer_cert, signature.self_reported_timestamp
    moment = await moment_of(signature.signed_data, look.trust, look.proved_at, look.stamped_by)
    others = [*certificates.other_certs, *moment.others]
    standing = await look.trust.vouch(signer, others, "signing", moment.judged_at, look.answers)
    standing = await look.trust.vouch_for(signature.signed_data, signature.compute_digest(), "signing", standing)
    rule = await integrity(signature, look.trust, look.at) or moment.rule or standing.rule
    if rule in _PAST and (look.doubtful or moment.doubtful) and moment.stamped_at is None:
        rule = "timestamp_unknown"
    kind = look.trust.policy.holders.get(signature.field_name)
    other = misnamed(signer, look.subjects, None if who is None else [who], kind)
    if other is not None and (rule is None or rule in UNDETERMINED):
        rule = other
    evidence = evidence_of(signature.field_name, certificates, standing, moment, claimed_at)
    return rule, evidence.model_copy(update={"reason": _reason(signature)})


def _is_sealed(signature: EmbeddedPdfSignature, look: _Look) -> bool:
    return any(one.kind == "organisation" for one in identities(signature.signer_cert, look.subjects))


def _reason(signature: EmbeddedPdfSignature) -> str | None:
    """Returns the signature's reason; None unless it is one line of at most `MOST_REASON` characters."""
    said = signature.sig_object.get("/Reason")
    text = str(said) if isinstance(said, TextStringObject) else ""
    return text if text.isprintable() and 0 < len(text) <= MOST_REASON else None


async def _by_kept(verdict: SignatureVerdict, kept: SignatureProof, pdf: bytes, trust: Trust) -> SignatureVerdict:
    """Returns the earlier verdict (`kept`) if that is proved and covers this file, else `verdict`."""
    of_file = kept.verdict.outcome is SignatureOutcome.VALID and kept.verdict.file in set(_states(pdf))
    if not of_file or not await proved(kept, trust):
        return verdict
    return kept.verdict.model_copy(update={"file": verdict.file})


def _states(pdf: bytes) -> Iterator[str]:
    """Yields the SHA-256 of the file after each of its revisions."""
    digest, done = hashlib.sha256(), 0
    while (at := pdf.find(b"%%EOF\n", done)) >= 0:
        end = at + len(b"%%EOF\n")
        digest.update(pdf[done:end])
        done = end
        yield digest.copy().hexdigest()


def _verdict(
    rules: Sequence[tuple[str, str]], at: datetime, evidence: Sequence[SignatureEvidence] = ()
) -> SignatureVerdict:
    return verdict_of([(name or "file", rule) for name, rule in rules], at, evidence, "issued.")
