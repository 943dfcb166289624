"""The interface to a key manager; a master key from the settings; encryption under a key (docs/ledger.md)."""

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from views.log import SealBrokenError

KEY_BYTES: Final = 32
_NONCE: Final = 12


def seal(secret: bytes, data: bytes, context: str) -> bytes:
    """Returns a nonce and the AES-256-GCM ciphertext of `data` under the key, bound to `context`."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, data, context.encode())


def unseal(secret: bytes, sealed: bytes, context: str) -> bytes:
    """Opens data that was sealed under the key and the same `context`. Raises `SealBrokenError`."""
    try:
        return AESGCM(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
    except (InvalidTag, ValueError):
        raise SealBrokenError from None


class KeysUnavailableError(Exception):
    """The key manager can't be reached now, or refuses. Nothing was done, so the call may be retried."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A wrapped key in the record. `by`: the master key's name, and its version if that master key has several."""

    key_id: str
    data: bytes
    by: str


class KeyManager(Protocol):
    """Keeps a master key, which wraps and opens other keys, each bound to its id. Raises `KeysUnavailableError`."""

    @property
    def name(self) -> str:
        """The name of the master key, without its version. It is no secret and has no colon in it."""

    def connected(self) -> AbstractAsyncContextManager[None]:
        """Keeps connections open during the block, for a process with many requests."""

    def has_wrapped(self, by: str) -> bool:
        """Returns whether `by` names this master key, in any version."""

    async def version(self) -> str:
        """Returns the name of the master key, with its current version, by which new keys are wrapped."""

    async def wrap(self, secrets: Mapping[str, bytes]) -> list[Wrapped]:
        """Returns each of `secrets` (key by id), wrapped with the master key."""

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes | None]:
        """Returns the keys; None for each key that was changed, or wrapped by another master key."""

    async def rewrap(self, wrapped: Sequence[Wrapped]) -> list[Wrapped | None]:
        """Returns the keys, wrapped with the master key's current version; None for each key that can't be opened."""


class MasterKey:
    """A master key of 32 bytes. Its only version has the master key's own name, so rewrapping a key changes nothing."""

    def __init__(self, secret: bytes) -> None:
        """Takes the key. Raises `ValueError` if it does not have 32 bytes."""
        if len(secret) != KEY_BYTES:
            raise ValueError(f"the master key is {KEY_BYTES} bytes in base64")
        self.secret = secret
        self.name = "m-" + sha256(b"motcua master key\n" + secret).hexdigest()[:16]

    @classmethod
    def read(cls, text: str) -> "MasterKey":
        """Reads the key from base64. Raises `ValueError`."""
        try:
            return cls(base64.b64decode(text, validate=True))
        except binascii.Error:
            return cls(b"")

    def connected(self) -> nullcontext[None]:
        return nullcontext()

    def has_wrapped(self, by: str) -> bool:
        return by == self.name

    async def version(self) -> str:
        return self.name

    async def wrap(self, secrets: Mapping[str, bytes]) -> list[Wrapped]:
        return [Wrapped(key_id, seal(self.secret, secret, key_id), self.name) for key_id, secret in secrets.items()]

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes | None]:
        return [self._opened(one) for one in wrapped]

    async def rewrap(self, wrapped: Sequence[Wrapped]) -> list[Wrapped | None]:
        return list(wrapped)

    def _opened(self, one: Wrapped) -> bytes | None:
        with suppress(SealBrokenError):
            return unseal(self.secret, one.data, one.key_id)
        return None
