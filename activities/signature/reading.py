"""Reads a signed PDF: checks its signatures against the signed bytes, dates the signatures, gets revocation data."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final

from asn1crypto import cms, core, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SignedDataCerts, extract_certificate_info
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker, validate_tst_signed_data
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints

from activities.signature.policy import names_its_certificate
from activities.signature.revisions import MALFORMED, ONLY_SIGNATURES
from activities.signature.revocation import NOTHING, Answers
from activities.signature.trust import UNDETERMINED, Standing, Trust

MOST_REVISIONS: Final = 50
"""The maximum revisions of a file: each is compared with all before it, so thousands would take an hour."""

ANY_USE: Final = KeyUsageConstraints(key_usage=set())
"""Constraints that permit any use, since the certificate's purpose is judged later, with its chain."""


def opened(file: bytes) -> PdfFileReader | str:
    """Returns the opened file; or if it can't be read, the rule that it breaks. Raises an error of `MALFORMED`."""
    if b"%PDF-" not in file[:1024]:
        return "signature_not_pdf"
    reader = PdfFileReader(BytesIO(file))
    if reader.total_revisions > MOST_REVISIONS:
        return "signed_form_has_more"
    return "signature_pdf_encrypted" if reader.encrypted else reader


async def integrity(embedded: EmbeddedPdfSignature, trust: Trust, at: datetime) -> str | None:
    """Returns the rule that is broken by a weak or wrong signature or by a later change; None if no rule is broken."""
    rule = await lacking(embedded.signed_data, trust, embedded.compute_digest)
    if rule is not None:
        return rule
    context = trust.nobody().context((), at)
    status = await async_validate_pdf_signature(
        embedded, context, diff_policy=ONLY_SIGNATURES, key_usage_settings=ANY_USE
    )
    if not (status.intact and status.valid):
        return "signature_broken"
    pades = embedded.sig_object["/SubFilter"] == SigSeedSubFilter.PADES.value
    if pades and not names_its_certificate(embedded.signed_data):
        return "signature_incomplete"
    same = status.modification_level is not None and status.docmdp_ok and status.seed_value_ok
    return None if same else "signed_form_changed"


async def lacking(signed: cms.SignedData, trust: Trust, digest: Callable[[str], bytes]) -> str | None:
    """Returns the rule of the policy that a signature or a time-stamp breaks; None if it breaks none.

    `digest` returns the digest of the signed content by the algorithm of this name. Raises an error of `MALFORMED`.
    """
    rule = trust.policy.fault(signed)
    if rule is not None:
        return rule
    for token in extract_tst_data_iter(signed["signer_infos"][0], signed=True):
        found = await stamp_of(token, trust, digest)
        if isinstance(found, str):
            return found
    return None


async def stamp_of(token: cms.SignedData, trust: Trust, digest: Callable[[str], bytes]) -> datetime | str:
    """Returns the time of a time-stamp, without judging its authority; or the rule by which the time-stamp can't count.

    `digest` returns the digest of the content that must be covered, by the algorithm of this name.
    """
    try:
        fault = trust.policy.fault(token)
        if fault == "signature_weak":
            return "timestamp_weak"
        told = token["encap_content_info"]["content"].parsed
        at: datetime = told["gen_time"].native
        seen = await validate_tst_signed_data(token, trust.nobody().context((), at), digest)
        fits = seen["intact"] and seen["valid"] and fault is None and names_its_certificate(token)
        if fits and _is_named(told["tsa"], token):
            return at
    except MALFORMED:
        pass  # an unreadable one does not fit
    return "timestamp_broken"


def _is_named(authority: core.Asn1Value, token: cms.SignedData) -> bool:
    """Returns whether the token's certificate has the authority's name; True if the token states no such name."""
    if isinstance(authority, core.Void) or authority.name != "directory_name":
        return True
    return bool(authority.chosen == extract_certificate_info(token).signer_cert.subject)


def kept_in(reader: PdfFileReader) -> Answers:
    """Returns the revocation answers that the file contains."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return NOTHING
    read: Callable[[object], bytes] = lambda reference: reference.get_object().data  # type: ignore[attr-defined] # noqa: E731
    return Answers(tuple(map(read, store.ocsps)), tuple(map(read, store.crls)))


def read_through(certificates: SignedDataCerts) -> None:
    """Parses the names and keys now, since the library parses them only on access. Raises an error of `MALFORMED`."""
    for certificate in (certificates.signer_cert, *certificates.other_certs):
        _ = certificate.subject.native, certificate.issuer.native, certificate.public_key.native


_CROOKED: Final[Mapping[str, str]] = {
    "certificate_weak": "timestamp_weak",
    "certificate_unsuitable": "timestamp_broken",
}
"""Maps the rule that a trusted authority's time-stamp certificate breaks to the rule that the signature breaks."""

StandingOf = Callable[[SignedDataCerts, datetime], Awaitable[Standing]]


@dataclass(frozen=True)
class Moment:
    """The moment as of which a signature is judged: the time of a trusted time-stamp, or else the time of receipt.

    `doubtful`: whether it is unknown if the time-stamp is reliable. `rule`: the reason why no time-stamp counts, if
    known.
    """

    judged_at: datetime
    stamped_at: datetime | None = None
    token: bytes | None = None
    answers: Answers = NOTHING
    others: tuple[x509.Certificate, ...] = ()
    doubtful: bool = False
    rule: str | None = None


async def moment_of(
    signed: cms.SignedData, trust: Trust, received_at: datetime, standing_of: StandingOf | None = None
) -> Moment:
    """Returns the moment as of which the only signature in `signed` is judged.

    A time-stamp of an unknown authority does not count. `standing_of` returns the standing of a time-stamp's authority;
    by default the authority is judged as of `received_at`.
    """
    signer = signed["signer_infos"][0]
    doubtful, rule = False, None
    for token in extract_tst_data_iter(signer, signed=False):
        at = await stamp_of(token, trust, message_imprint_checker(signer))
        if isinstance(at, str):
            rule = rule or at
            continue
        if at > received_at:
            continue
        certificates = extract_certificate_info(token)
        others = certificates.other_certs
        if standing_of is None:
            standing = await trust.vouch(certificates.signer_cert, others, "time_stamping", received_at, NOTHING)
        else:
            standing = await standing_of(certificates, at)
        standing = await trust.vouch_for(token, None, "time_stamping", standing)
        if standing.rule is None:
            return Moment(at, at, token.dump(), standing.answers, tuple(others))
        doubtful = doubtful or standing.rule in UNDETERMINED
        rule = rule or _CROOKED.get(standing.rule)
    return Moment(received_at, doubtful=doubtful, rule=rule)
