"""Whether a compact JWS is signed by a key on Ed25519."""

from base64 import urlsafe_b64decode
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.identity.jws import signed_and_signature
from schemas.identity.statement import PublicKey


@lru_cache(1024)
def is_signed(text: str, public_key: PublicKey) -> bool:
    """Whether this key signed the JWS. Cached, since a submission is verified again at its start and its check."""
    try:
        said, signature = signed_and_signature(text)
        _key(public_key).verify(signature, said)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(1024)
def _key(public_key: PublicKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(public_key + "="))
