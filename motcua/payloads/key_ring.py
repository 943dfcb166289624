"""The key ring that encrypts everything that passes Temporal: one setting for all processes, the kit included.

`MOTCUA_CODEC_KEYS` is the ring as JSON, or the path of a file with it; unset, nothing is encrypted.

    {"current": "2026-12", "keys": {"2026-12": "<base64 of 32 bytes>", "2025-12": "…"}}

`"queues": {"agency.H01.12": {"current": "h0112-2026", "keys": {"h0112-2026": "…"}}}` are keys that encrypt and decrypt
only the machine work of one queue; `"plain": true` also accepts payloads that are not encrypted, until all programs
encrypt. Without `current` nothing is encrypted, but payloads that others have encrypted are decrypted.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, model_validator

from motcua.errors import SettingsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CODEC_KEYS: Final = "MOTCUA_CODEC_KEYS"
KEY_BYTES: Final = 32

CodecKeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class RingError(SettingsError):
    """The key ring can't be used. The message never contains a key."""


class Keys(BaseModel):
    """Keys by id.

    Attributes:
        current: The id of the key to encrypt with; None: nothing is encrypted, for example until all processes have it.
        keys: The keys to decrypt with, each base64 of 32 bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    current: CodecKeyId | None = None
    keys: Mapping[CodecKeyId, SecretStr] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_what_it_names(self) -> Self:
        if self.current is not None and self.current not in self.keys:
            raise ValueError('"current" names no key that is there')
        for n, key in enumerate(self.keys.values(), 1):
            if len(_decoded(key)) != KEY_BYTES:
                raise ValueError(f"key {n} of {len(self.keys)} is not {KEY_BYTES} bytes in base64")
        return self


class CodecRing(Keys):
    """The keys of a process.

    Attributes:
        queues: For a task queue, the keys that are only for its machine work. If these have no `current`, the ring's
            current key encrypts that work.
        plain: True if payloads that are not encrypted are accepted too.
    """

    queues: Mapping[str, Keys] = {}
    plain: bool = False

    @model_validator(mode="after")
    def _keeps_them_apart(self) -> Self:
        every = list(self._every_key())
        if len({name for name, _ in every}) != len(every) or len({_decoded(key) for _, key in every}) != len(every):
            raise ValueError("a key stands there twice: each is for all, or for one queue")
        if self.current is None and (not self.plain or any(each.current for each in self.queues.values())):
            raise ValueError(
                'without "current" nothing is sealed: that needs "plain", and no queue\'s "current" either'
            )
        return self

    def sealing_key(self, queue: str | None) -> str | None:
        """Returns the id of the key for a queue's work, or for all else if `queue` is None. None if there is no key."""
        return self._of(queue).current or self.current

    def opens(self, key: str, queue: str | None) -> bool:
        """Returns True if payloads encrypted with this key may be decrypted in the work of this queue."""
        return key in self.keys or key in self._of(queue).keys

    def _of(self, queue: str | None) -> Keys:
        return self if queue is None else self.queues.get(queue, self)

    def ciphers(self) -> dict[str, AESGCM]:
        """Returns the ciphers by key id. Raises `RingError` if the library for them is not installed."""
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- an extra of the kit
        except ModuleNotFoundError:
            raise RingError(f"{CODEC_KEYS} needs an extra: pip install 'motcua[codec]'") from None
        return {name: AESGCM(_decoded(key)) for name, key in self._every_key()}

    def _every_key(self) -> Iterator[tuple[str, SecretStr]]:
        yield from self.keys.items()
        for queue in self.queues.values():
            yield from queue.keys.items()


def ring_in(settings: Mapping[str, str]) -> CodecRing | None:
    """Returns the ring that these settings name; None if they name none. Raises `RingError`."""
    written = settings.get(CODEC_KEYS, "").strip()
    if not written:
        return None
    return read_ring(written) if written.startswith("{") else ring_of(Path(written))


def ring_here() -> CodecRing | None:
    """Returns the ring of this process, None if it has none. Raises `RingError`."""
    return ring_in(os.environ)


def ring_of(file: Path) -> CodecRing:
    """Returns the ring in a file. Raises `RingError`."""
    try:
        if file.stat().st_mode & 0o077:
            raise RingError(f"the file that {CODEC_KEYS} names can be read by others: chmod 600")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise RingError(f"the file that {CODEC_KEYS} names can't be read: {type(error).__name__}") from None
    return read_ring(text)


def read_ring(text: str) -> CodecRing:
    """Parses a ring from JSON. Raises `RingError`."""
    try:
        return CodecRing.model_validate_json(text)
    except ValidationError as error:
        # The top-level field's name is ours; anything deeper may be a key in the wrong place.
        said = "; ".join(f"{_known(one['loc'])} {one['msg']}".strip() for one in error.errors())
        raise RingError(f"{CODEC_KEYS} is no ring of keys: {said}") from None


def _known(place: tuple[int | str, ...]) -> str:
    return str(place[0]) if place and place[0] in CodecRing.model_fields else ""


def _decoded(key: SecretStr) -> bytes:
    try:
        return base64.b64decode(key.get_secret_value(), validate=True)
    except ValueError:
        return b""
