"""Assembles the setup of checkpoints."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from asn1crypto import x509

from activities.checkpoints.making import Setup
from activities.partners.http import partner_client
from activities.partners.witness import Witness
from activities.signature.revocation import Offline
from activities.signature.signing import HttpStamper
from activities.signature.trust import Trust
from recovery.checkpoint_store import SecondPlace
from rules.proof.note import Kind, NoteError, Signer
from rules.proof.policy import Policy, PolicyError, read_policy
from workers.settings import CheckpointSettings
from workers.trust import roots_of


@asynccontextmanager
async def checkpointing(settings: CheckpointSettings) -> AsyncIterator[Setup | None]:
    """Yields the setup of checkpoints; None if none are made here. Raises `RuntimeError` for unusable settings."""
    if settings.checkpoints is None:
        yield None
        return
    signer, policy = signer_in(settings.checkpoint_key), policy_in(settings.witnesses)
    place = await SecondPlace.to_write(settings.checkpoints)
    async with partner_client() as client:
        yield Setup(
            place=place,
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


def signer_in(file: str | None) -> Signer:
    """Returns the log's key. Raises `RuntimeError`, whose text reveals nothing of the key."""
    name = "MOTCUA_CHECKPOINT_KEY"
    if file is None:
        raise RuntimeError(f"{name} is not set: the file of the key by which checkpoints are signed")
    try:
        path = Path(file)
        if path.stat().st_mode & 0o077:
            raise RuntimeError(f"{name}: others than its owner may read {file}: chmod 600")
        signer = Signer.read(path.read_text())
    except (OSError, UnicodeDecodeError, NoteError) as error:
        raise RuntimeError(f"{name} is no key that can be read: {type(error).__name__}") from None
    if signer.verifier.kind is not Kind.LOG:
        raise RuntimeError(f"{name} is the key of a witness")
    return signer
