"""A master key that is part of the settings."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from hashlib import sha256

from activities.keys.manager import Wrapped
from activities.keys.sealing import KEY_BYTES, seal, unseal
from views.log import SealBrokenError


class MasterKey:
    """A master key of 32 bytes, in one version."""

    def __init__(self, secret: bytes) -> None:
        """Takes the key. Raises `ValueError` if it has another length."""
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
        """Does nothing: there is no connection."""
        return nullcontext()

    def has_wrapped(self, by: str) -> bool:
        """Returns whether `by` names this key."""
        return by == self.name

    async def version(self) -> str:
        """Returns only the key's name, since there is only one version."""
        return self.name

    async def wrap(self, secrets: Mapping[str, bytes]) -> list[Wrapped]:
        """Wraps these keys, given by their ids."""
        return [Wrapped(key_id, seal(self.secret, secret, key_id), self.name) for key_id, secret in secrets.items()]

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes | None]:
        """Returns the keys; None for each key that was changed, or wrapped by another master key."""
        return [self._opened(one) for one in wrapped]

    async def rewrap(self, wrapped: Sequence[Wrapped]) -> list[Wrapped | None]:
        """Returns the wrapped keys unchanged, since there is only one version."""
        return list(wrapped)

    def _opened(self, one: Wrapped) -> bytes | None:
        with suppress(SealBrokenError):
            return unseal(self.secret, one.data, one.key_id)
        return None
