"""Signs a file in the name of a person of the sandbox trust."""

from io import BytesIO

import httpx
from asn1crypto import pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError

from activities.partners.http import UnreachableError, partner_client
from activities.partners.signer import Holding, RemoteSigner
from activities.signature.certificate_subject import Identity
from activities.signature.revocation import Responders
from activities.signature.signing import HttpStamper, Lasting, Person, sign_detached, sign_pdf
from activities.signature.trust import Trust


class UnfitFileError(Exception):
    """The file is no PDF, or is a PDF that can't be signed."""


async def signed_as(address: str, who: tuple[Holding, str, str], content: bytes, field: str | None) -> bytes:
    """Returns the PDF with a lasting signature in `field`, or the detached signature if `field` is None.

    `who` is the signer's kind, number and name. Raises `UnfitFileError`, the errors of `Signer`, and `OSError` if there
    is no time-stamp.
    """
    if field is not None:
        try:  # before any service is called
            IncrementalPdfFileWriter(BytesIO(content))
        except (PdfError, ValueError):
            raise UnfitFileError from None
    kind, number, name = who
    person = Person(Identity(kind, number), name)
    async with partner_client(address) as client:
        signer, stamper = RemoteSigner(client), HttpStamper(client, "/tsa")
        if field is None:
            return await sign_detached(content, signer, person, stamper)
        lasting = Lasting(stamper, Trust([await _root(client)], Responders(client)))
        try:
            return await sign_pdf(content, field, signer, person, lasting)
        except (PdfError, ValueError):
            raise UnfitFileError from None


async def _root(client: httpx.AsyncClient) -> x509.Certificate:
    try:
        answer = (await client.get("/root.pem")).raise_for_status()
    except httpx.HTTPError as error:
        raise UnreachableError("signer", type(error).__name__) from error
    _, _, der = pem.unarmor(answer.content)
    return x509.Certificate.load(der)
