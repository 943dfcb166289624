"""Signing through a `Signer`: a signature in a field of a PDF, or a detached one over any bytes."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from time import monotonic
from typing import Final

import httpx
from asn1crypto import cms, tsp, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign import Signer as CmsSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from activities.partners.signer import Signer, key_of
from activities.signature.certificate_subject import Identity, SubjectRules
from activities.signature.revocation import NOTHING
from activities.signature.trust import Trust
from schemas.stream.ledger import About

LOOK_AGAIN: Final = 600.0
"""The seconds for which the certificate of a time-stamping authority is assumed not to change."""


@dataclass(frozen=True)
class Person:
    """The holder of a signing key: `identity` has the number at the signer; the name is for a new certificate."""

    identity: Identity
    name: str


@dataclass(frozen=True)
class Lasting:
    """The parts for a long-term signature (B-LT): time-stamps, revocation answers, the naming rules for holders."""

    stamper: TimeStamper
    trust: Trust
    subjects: SubjectRules = field(default_factory=SubjectRules)

    async def vouched(self, chain: Sequence[x509.Certificate]) -> tuple[ValidationContext, str | None]:
        """Returns the data to embed for a chain (signer first), and a broken rule; None if no rule is broken.

        The rule is one that the chain or the time-stamp breaks.
        """
        now = datetime.now(UTC)
        signed = (await self.stamper.async_dummy_response("sha256"))["content"]
        token, fault = extract_certificate_info(signed), self.trust.policy.fault(signed)
        others = [*chain[1:], *token.other_certs]
        signer, stamp = await asyncio.gather(
            self.trust.vouch(chain[0], others, "signing", now, NOTHING),
            self.trust.vouch(token.signer_cert, others, "time_stamping", now, NOTHING),
        )
        rule = signer.rule or stamp.rule or (fault and "timestamp_weak")
        return self.trust.context(others, now, signer.answers + stamp.answers), rule


async def sign_pdf(file: bytes, field: str, signer: Signer, person: Person, lasting: Lasting | None = None) -> bytes:
    """Returns `file` with one more revision: the person's signature in `field`, at level B-B if `lasting` is None.

    With `lasting`, if a certificate has expired, was revoked or is not trusted, the signature is only time-stamped
    (B-T).
    """
    hand = await hand_of(signer, person)
    context, rule = await lasting.vouched(hand.chain) if lasting else (None, None)
    meta = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=context is not None and rule is None,
        validation_context=None if rule else context,  # the library refuses a chain that it can't validate
        signer_key_usage={"digital_signature"},
    )
    writer = IncrementalPdfFileWriter(BytesIO(file))
    pdf_signer = PdfSigner(meta, hand, timestamper=lasting.stamper if lasting else None)
    output = BytesIO()
    await pdf_signer.async_sign_pdf(writer, output=output)
    return output.getvalue()


async def sign_detached(content: bytes, signer: Signer, person: Person, stamper: TimeStamper | None = None) -> bytes:
    """Returns the person's signature over exactly `content`: detached CMS in DER."""
    hand = await hand_of(signer, person)
    signed: cms.ContentInfo = await hand.async_sign_general_data(
        content, "sha256", detached=True, use_cades=True, timestamper=stamper
    )
    return bytes(signed.dump())


class NoTimeStampError(OSError):
    """The authority gave no time-stamp."""


class HttpStamper(TimeStamper):
    """A time-stamping authority over HTTP (RFC 3161). Every ten minutes its current certificate is determined again."""

    def __init__(self, client: httpx.AsyncClient, address: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # the library has no type here
        self._client = client
        self._address = address
        self._looked_at = -LOOK_AGAIN

    async def async_dummy_response(self, md_algorithm: str) -> cms.ContentInfo:
        if monotonic() - self._looked_at >= LOOK_AGAIN:
            self._dummy_response_cache.clear()
            self._certs.clear()  # otherwise the library would present every certificate that it has seen
            self._looked_at = monotonic()
        return await super().async_dummy_response(md_algorithm)

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        headers = {"content-type": "application/timestamp-query"}
        try:
            answer = await self._client.post(self._address, content=req.dump(), headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise NoTimeStampError(f"no time-stamp: {type(error).__name__}") from None
        return tsp.TimeStampResp.load(answer.content)


class Hand(CmsSigner):
    """A remote key as a signer of the signature library. `chain` begins with the key's certificate."""

    def __init__(
        self, signer: Signer, number: str, chain: Sequence[x509.Certificate], order: About | None = None
    ) -> None:
        known = SimpleCertificateStore()
        known.register_multiple(chain)
        super().__init__(signing_cert=chain[0], cert_registry=known)
        self.chain = chain
        self._signer = signer
        self._number = number
        self._order = order

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002 -- the library's own
        if digest_algorithm != "sha256":
            raise ValueError("only SHA-256 is signed")
        if dry_run:
            return bytes(self.chain[0].public_key.byte_size)
        digest = hashlib.sha256(data).digest()
        return await self._signer.sign(key_of(self._order, digest), self._number, digest)


async def hand_of(signer: Signer, person: Person, order: About | None = None) -> Hand:
    """Returns the person's key at the signer, to sign as the event `order` requires. Raises the errors of `Signer`."""
    found = await signer.certificates(person.identity.number, person.identity.kind, person.name)
    return Hand(signer, person.identity.number, [x509.Certificate.load(der) for der in found], order)
