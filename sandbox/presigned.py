"""A back office that gives one file, signed by a leader beforehand, as each result; the platform verifies the file.

Run as `python -m sandbox.presigned`.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Final
from uuid import UUID

import uvloop
from asn1crypto import x509
from pikepdf import Pdf

from activities.partners.http import partner_client
from activities.partners.signer import RemoteSigner
from activities.signature.certificate_subject import Identity
from activities.signature.official import SIGNATURE, SignatureField, sign_official, with_fields
from activities.signature.revocation import Responders
from activities.signature.signing import HttpStamper, Lasting, Person
from activities.signature.trust import Trust
from motcua import BackOffice, Document, IssueRequest
from motcua.backoffice import run
from schemas.ids import result_workflow
from schemas.stream.ledger import About
from workers.telemetry import configure_engine, configure_logging
from workers.trust import roots_of

LEADER: Final = "001085000099"
"""The number, at the signing service, of the leader who has signed; used for every agency of the directory."""
_SIGNERS: Final = re.compile(rb"^    signing:\n(?:      .*\n)+", re.MULTILINE)
_FIRST_LEADER: Final = re.compile(rb"(-leader-1, .*\]) \}")


def directory(source: bytes) -> bytes:
    """Returns the directory with the signing leader in each agency, and without officers who sign at the platform."""
    return _FIRST_LEADER.sub(rb'\1, number: "' + LEADER.encode() + rb'" }', _SIGNERS.sub(b"", source))


async def signed_file(env: Mapping[str, str]) -> bytes:
    """Returns a PDF page with the leader's long-term signature by the signing service of this environment."""
    roots = [x509.Certificate.load(root) for root in roots_of(env["MOTCUA_SIGNATURE_ROOTS"])]
    page, at = BytesIO(), datetime.now(UTC)
    with Pdf.new() as made:
        made.add_blank_page()
        made.save(page)
    person = Person(Identity("person", LEADER), "Phạm Minh Đức")
    order = About(stream=result_workflow(UUID(int=0), 1), seq=1)
    async with partner_client() as client, partner_client(env["MOTCUA_SIGNER_URL"]) as remote:
        lasting = Lasting(HttpStamper(client, env["MOTCUA_TSA_URL"]), Trust(roots, Responders(client)))
        ready = with_fields(page.getvalue(), [SignatureField(SIGNATURE)])
        return await sign_official(
            ready, SIGNATURE, RemoteSigner(remote), person, lasting, last=True, at=at, order=order
        )


class SignedOffice(BackOffice):
    """Returns the signed file as each result; if officers sign at the platform, returns the default text instead."""

    def __init__(self, file: bytes) -> None:
        self.file = file

    async def issue(self, request: IssueRequest) -> bytes | Document:
        """Returns the signed file, the same for each request; the default text if officers sign the result."""
        return self.file if request.number is None else await super().issue(request)


async def _main() -> None:
    await run(SignedOffice(await signed_file(os.environ)))


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(_main())
