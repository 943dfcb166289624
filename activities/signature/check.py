"""Checks that the required person has signed a PDF form, or made a detached signature.

The verdict is *valid*, *refused* with a sentence, or *undetermined*, in which case an officer decides. The check is
always short: if an authority does not answer about revocation, the revocation is unknown.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SignedDataCerts, extract_certificate_info
from pyhanko.sign.validation import async_validate_detached_cms

from activities.signature.certificate_subject import Identity, SubjectRules, misnamed
from activities.signature.reading import ANY_USE, Moment, integrity, kept_in, lacking, moment_of, opened, read_through
from activities.signature.revisions import MALFORMED, Form, covers_its_revision, has_loose_end, later_change
from activities.signature.revocation import NOTHING, Answers
from activities.signature.trust import UNDETERMINED, Standing, Trust
from schemas.errors import problem
from schemas.signature import SignatureEvidence, SignatureOutcome, SignatureVerdict


@dataclass(frozen=True)
class Signatory:
    """The required signer: any of these identities, in this field of the form; a detached signature has no field."""

    anyone_of: frozenset[Identity]
    field: str = ""


@dataclass(frozen=True)
class _Signature:
    """A signature whose integrity is already checked. `digest` is the digest of the signed content."""

    signed: cms.SignedData
    digest: bytes
    signatory: Signatory
    kept: Answers
    claimed_at: datetime | None = None


class SignatureCheck:
    """Checks signatures against the roots of `trust`. `subjects` defines how a certificate names its holder."""

    def __init__(self, trust: Trust, subjects: SubjectRules | None = None) -> None:
        self._trust = trust
        self._subjects = subjects or SubjectRules()

    async def pdf(
        self, file: bytes, form: Form, signatories: Sequence[Signatory], received_at: datetime
    ) -> SignatureVerdict:
        """Checks that `file` is `form`, signed by all of `signatories` in their declared fields, and nothing more."""
        try:
            if isinstance(reader := opened(file), str):
                return _refused(reader, received_at)
            rule = _shape(file, reader, form, {signatory.field for signatory in signatories})
            if rule is not None:
                return _refused(rule, received_at)
            by_field = {one.field_name: one for one in reader.embedded_regular_signatures}
            found = []
            for signatory in signatories:
                embedded = by_field[signatory.field]
                rule = await integrity(embedded, self._trust, received_at)
                if rule is not None:
                    return _refused(rule, received_at, signatory.field)
                claimed = embedded.self_reported_timestamp
                read_through(extract_certificate_info(embedded.signed_data))
                digest = embedded.compute_digest()
                found.append(_Signature(embedded.signed_data, digest, signatory, kept_in(reader), claimed))
        except MALFORMED:
            return _refused("signature_unreadable", received_at)
        return await self._signers(found, received_at)

    async def detached(
        self, signature: bytes, content: bytes, signatory: Signatory, received_at: datetime
    ) -> SignatureVerdict:
        """Checks that `signature` (detached CMS in DER) was made by the signatory over exactly `content`."""
        try:
            signed = _detached(signature)
            if signed is None:
                return _refused("signature_not_detached", received_at)
            read_through(extract_certificate_info(signed))
            digest: Callable[[str], bytes] = lambda name: hashlib.new(name, content).digest()  # noqa: E731
            rule = await lacking(signed, self._trust, digest)
            if rule is not None:
                return _refused(rule, received_at)
            context = self._trust.nobody().context((), received_at)
            status = await async_validate_detached_cms(content, signed, context, key_usage_settings=ANY_USE)
        except MALFORMED:
            return _refused("signature_unreadable", received_at)
        if not status.intact:
            return _refused("signature_of_other_content", received_at)
        if not status.valid:
            return _refused("signature_broken", received_at)
        one = _Signature(signed, digest(status.md_algorithm), signatory, NOTHING, status.signer_reported_dt)
        return await self._signers([one], received_at)

    async def _signers(self, signatures: Iterable[_Signature], received_at: datetime) -> SignatureVerdict:
        rules: list[tuple[str, str]] = []
        evidence = []
        for one in signatures:
            moment = await moment_of(one.signed, self._trust, received_at)
            certificates = extract_certificate_info(one.signed)
            signer, others = certificates.signer_cert, [*certificates.other_certs, *moment.others]
            standing = await self._trust.vouch(signer, others, "signing", moment.judged_at, one.kept)
            standing = await self._trust.vouch_for(one.signed, one.digest, "signing", standing)
            rule, field = standing.rule, one.signatory.field
            if moment.doubtful and rule in {"certificate_expired", "certificate_revoked"}:
                rule = "timestamp_unknown"
            other = misnamed(signer, self._subjects, one.signatory.anyone_of, self._trust.policy.holders.get(field))
            rules += [(field, broken) for broken in (rule, moment.rule, other) if broken is not None]
            evidence.append(evidence_of(field, certificates, standing, moment, one.claimed_at))
        return verdict_of(rules, received_at, evidence)


def _shape(file: bytes, reader: PdfFileReader, form: Form, fields: set[str]) -> str | None:
    """Returns the first rule that the file breaks, or None. Does not check the identity of the file's signers."""
    signed = {one.field_name for one in reader.embedded_regular_signatures}
    if not all(covers_its_revision(one, file) for one in reader.embedded_signatures):
        return "signature_covers_part"
    if signed and has_loose_end(file, reader):
        return "signed_form_has_more"
    changed = later_change(file, reader, form)
    if changed is not None:
        return changed
    if not fields <= signed:
        return "signature_missing"
    return None if signed <= fields else "signature_in_other_field"


def _detached(signature: bytes) -> cms.SignedData | None:
    """Returns the signed data; None unless they have one signer and no content. Raises an error of `MALFORMED`."""
    info = cms.ContentInfo.load(signature, strict=True)
    if info["content_type"].native != "signed_data":
        raise ValueError("no signed data")
    signed = info["content"]
    alone, inside = len(signed["signer_infos"]) == 1, signed["encap_content_info"]
    return signed if alone and inside["content"].native is None and inside["content_type"].native == "data" else None


def evidence_of(
    field: str, certificates: SignedDataCerts, standing: Standing, moment: Moment, claimed_at: datetime | None = None
) -> SignatureEvidence:
    """Returns the evidence of one signature that has these certificates."""
    chain = standing.chain or (certificates.signer_cert,)
    answers = standing.answers + moment.answers
    return SignatureEvidence(
        field=field,
        certificates=tuple(_base64(certificate.dump()) for certificate in chain),
        revocation=tuple(map(_base64, (*answers.ocsps, *answers.crls))),
        timestamp=_base64(moment.token) if moment.token else None,
        stamped_at=moment.stamped_at,
        claimed_at=claimed_at,
        judged_at=moment.judged_at,
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _refused(rule: str, received_at: datetime, field: str = "") -> SignatureVerdict:
    return verdict_of([(field, rule)], received_at)


def verdict_of(
    rules: Sequence[tuple[str, str]], received_at: datetime, evidence: Sequence[SignatureEvidence] = (), words: str = ""
) -> SignatureVerdict:
    """Returns the verdict. `rules`: pairs of field and unmet rule; `words`: the prefix of the rules' catalogue keys."""
    broken = [found for found in rules if found[1] not in UNDETERMINED]
    outcome = SignatureOutcome.VALID
    if rules:
        outcome = SignatureOutcome.REFUSED if broken else SignatureOutcome.UNDETERMINED
    return SignatureVerdict(
        outcome=outcome,
        problems=tuple(problem(field or "signature", rule, says=words + rule) for field, rule in broken or rules),
        received_at=received_at,
        evidence=tuple(evidence),
    )
