"""Assembles the check of submitted signatures, the signing of officers, and the setup of checkpoints."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

from asn1crypto import x509

from activities.checkpoints.making import Setup
from activities.ledger.database import Pool
from activities.partners.http import partner_client
from activities.partners.signer import NoSigner, RemoteSigner, Signer
from activities.partners.witness import Witness
from activities.procedures import Procedures
from activities.signature.revocation import Offline, Remembering, Responders
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.submitted import SubmittedSignatures
from activities.signature.trust import Trust, roots_in
from recovery.checkpoint_store import SecondPlace
from rules.proof.note import Kind, NoteError
from rules.proof.note import Signer as LogKey
from rules.proof.policy import Policy, PolicyError, read_policy
from workers.settings import CheckpointSettings, FilesSettings


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


@asynccontextmanager
async def checkpointing(settings: CheckpointSettings) -> AsyncIterator[Setup | None]:
    """Yields the setup of checkpoints; None if none are made here. Raises `RuntimeError` for unusable settings."""
    if settings.checkpoints is None:
        yield None
        return
    signer, policy = signer_in(settings.checkpoint_key), policy_in(settings.witnesses)
    async with partner_client() as client:
        yield Setup(
            place=SecondPlace.at(settings.checkpoints),
            signer=signer,
            policy=policy,
            witnesses=tuple(Witness(client, one.url, one.key) for one in policy.witnesses.values() if one.url),
            stamper=HttpStamper(client, settings.tsa_url) if settings.tsa_url else None,
        )


def authorities_in(file: str | None) -> Trust | None:
    """Returns the trusted time-stamping authorities, by the roots in a file; None if no file is set.

    Raises `RuntimeError`.
    """
    roots = [x509.Certificate.load(root) for root in roots_of(file)]
    return Trust(roots, Offline()) if roots else None


def policy_in(file: str | None) -> Policy:
    """Returns the required cosignatures; none if no file is set. Raises `RuntimeError`."""
    try:
        return read_policy(Path(file).read_text(encoding="utf-8")) if file else Policy()
    except (OSError, ValueError) as error:
        said = error if isinstance(error, PolicyError) else type(error).__name__
        raise RuntimeError(f"MOTCUA_WITNESSES is no policy that can be read: {said}") from None


def signer_in(file: str | None) -> LogKey:
    """Returns the log's key. Raises `RuntimeError`, whose text reveals nothing of the key."""
    name = "MOTCUA_CHECKPOINT_KEY"
    if file is None:
        raise RuntimeError(f"{name} is not set: the file of the key by which checkpoints are signed")
    try:
        path = Path(file)
        if path.stat().st_mode & 0o077:
            raise RuntimeError(f"{name}: others than its owner may read {file}: chmod 600")
        signer = LogKey.read(path.read_text())
    except (OSError, UnicodeDecodeError, NoteError) as error:
        raise RuntimeError(f"{name} is no key that can be read: {type(error).__name__}") from None
    if signer.verifier.kind is not Kind.LOG:
        raise RuntimeError(f"{name} is the key of a witness")
    return signer
