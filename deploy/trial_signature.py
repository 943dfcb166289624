"""A file signed as somebody of the sandbox trust."""

from __future__ import annotations

from asn1crypto import pem, x509
from pyhanko.pdf_utils.misc import PdfError

from activities.partners.http import partner_client
from activities.partners.signer import Holding, RemoteSigner
from activities.signature.identity import Identity
from activities.signature.revocation import Responders
from activities.signature.signing import HttpStamper, Lasting, Person, sign_detached, sign_pdf
from activities.signature.trust import Trust


class UnfitFileError(Exception):
    """No PDF, or one that can't be signed."""


async def signed_as(address: str, who: tuple[Holding, str, str], content: bytes, field: str | None) -> bytes:
    """The PDF with a lasting signature in `field`, or without one the detached signature.

    `who` is kind, number and name. Raises `UnfitFileError`, `OSError` without a time-stamp, and as `Signer` does.
    """
    kind, number, name = who
    person = Person(Identity(kind, number), name)
    async with partner_client(address) as client:
        signer, stamper = RemoteSigner(client), HttpStamper(client, "/tsa")
        if field is None:
            return await sign_detached(content, signer, person, stamper)
        _, _, root = pem.unarmor((await client.get("/root.pem")).raise_for_status().content)
        lasting = Lasting(stamper, Trust([x509.Certificate.load(root)], Responders(client)))
        try:
            return await sign_pdf(content, field, signer, person, lasting)
        except (PdfError, ValueError):
            raise UnfitFileError from None
