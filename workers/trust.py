"""Assembles the check of submitted signatures and the signing of officers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

from asn1crypto import x509

from activities.ledger.database import Pool
from activities.partners.http import partner_client
from activities.partners.signer import NoSigner, RemoteSigner, Signer
from activities.procedures import Procedures
from activities.signature.revocation import Remembering, Responders
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.submitted import SubmittedSignatures
from activities.signature.trust import Trust, roots_in
from workers.settings import FilesSettings


@asynccontextmanager
async def submitted_signatures(settings: FilesSettings, pool: Pool) -> AsyncIterator[SubmittedSignatures]:
    """Yields the verifier of applicants' signatures, with a client for certificate authorities.

    Raises `RuntimeError` if the trusted roots in the settings can't be used.
    """
    roots = roots_of(settings.signature_roots)
    async with partner_client() as client:
        signatures = SubmittedSignatures(
            Procedures(pool),
            roots,
            Responders(client),
            HttpStamper(client, settings.tsa_url) if settings.tsa_url else None,
            settings.signature_subjects,
            settings.signature_policy,
        )
        with closing(signatures):
            yield signatures


@asynccontextmanager
async def signing(settings: FilesSettings) -> AsyncIterator[tuple[Signer, Lasting | None]]:
    """Yields the remote signer for officers, and the means for long-term signatures.

    The signer is `NoSigner` if none is set up. The means are None without roots or a time-stamping authority.
    """
    roots = [x509.Certificate.load(root) for root in roots_of(settings.signature_roots)]
    async with partner_client() as client, AsyncExitStack() as stack:
        signer: Signer = NoSigner()
        if settings.signer_url:
            signer = RemoteSigner(await stack.enter_async_context(partner_client(settings.signer_url)))
        lasting = None
        if roots and settings.tsa_url:
            stamper = HttpStamper(client, settings.tsa_url)
            trust = Trust(roots, Remembering(Responders(client)), settings.signature_policy)
            lasting = Lasting(stamper, trust, settings.signature_subjects)
        yield signer, lasting


def roots_of(file: str | None) -> tuple[bytes, ...]:
    """Returns the root certificates in a PEM file, in DER; none if no file is set. Raises `RuntimeError`."""
    try:
        return roots_in(Path(file).read_bytes()) if file else ()
    except (OSError, ValueError) as error:
        msg = f"MOTCUA_SIGNATURE_ROOTS is no PEM file of root certificates that can be read: {type(error).__name__}"
        raise RuntimeError(msg) from None
