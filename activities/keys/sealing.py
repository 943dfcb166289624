"""Sealing under a key of 32 bytes: a nonce, and the AES-256-GCM ciphertext with its tag (docs/ledger.md)."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from views.log import SealBrokenError

KEY_BYTES: Final = 32
_NONCE: Final = 12


def seal(secret: bytes, data: bytes, context: str) -> bytes:
    """Seals `data` under the key, bound to `context`."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, data, context.encode())


def unseal(secret: bytes, sealed: bytes, context: str) -> bytes:
    """Opens data that was sealed under the key and the same `context`. Raises `SealBrokenError`."""
    try:
        return AESGCM(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
    except (InvalidTag, ValueError):
        raise SealBrokenError from None
