"""A signed PDF as it lies there: opened, its signatures held against the bytes they cover, and what it brings along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Final

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SignedDataCerts
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints

from activities.signature.revisions import ONLY_SIGNATURES
from activities.signature.revocation import NOTHING, Answers
from activities.signature.trust import Trust

MOST_REVISIONS: Final = 50
"""Each is compared with all before it: thousands, which fit into a file, would keep a thread for an hour."""

ANY_USE: Final = KeyUsageConstraints(key_usage=set())
"""The purpose of a certificate is judged with its chain."""


def opened(file: bytes) -> tuple[PdfFileReader | None, str | None]:
    """The file to be read, or the rule by which it can't be. Raises what is `MALFORMED`."""
    if b"%PDF-" not in file[:1024]:
        return None, "signature_not_pdf"
    reader = PdfFileReader(BytesIO(file))
    if reader.total_revisions > MOST_REVISIONS:
        return reader, "signed_form_has_more"
    return reader, "signature_pdf_encrypted" if reader.encrypted else None


async def integrity(embedded: EmbeddedPdfSignature, trust: Trust, at: datetime) -> str | None:
    """The rule by which a signature does not fit what it covers, or what came later; none if it fits."""
    context = trust.context(embedded.other_embedded_certs, at)
    status = await async_validate_pdf_signature(
        embedded, context, diff_policy=ONLY_SIGNATURES, key_usage_settings=ANY_USE
    )
    if not (status.intact and status.valid):
        return "signature_broken"
    return "signed_form_changed" if status.modification_level is None or not status.docmdp_ok else None


def kept_in(reader: PdfFileReader) -> Answers:
    """The revocation answers that the file brings along."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return NOTHING
    read: Callable[[object], bytes] = lambda reference: reference.get_object().data  # type: ignore[attr-defined] # noqa: E731
    return Answers(tuple(map(read, store.ocsps)), tuple(map(read, store.crls)))


def read_through(certificates: SignedDataCerts) -> None:
    """Read whose they are, which the library does only when it is asked. Raises what is `MALFORMED`."""
    for certificate in (certificates.signer_cert, *certificates.other_certs):
        _ = certificate.subject.native, certificate.issuer.native, certificate.public_key.native
