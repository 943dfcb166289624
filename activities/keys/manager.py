"""The interface of a key manager, which keeps a master key, and the form of a wrapped key."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class KeysUnavailableError(Exception):
    """The key manager can't be reached now, or refuses. Nothing was done, so the call may be retried."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A wrapped key in the record. `by` names the master key that wrapped it, and its version if there are several."""

    key_id: str
    data: bytes
    by: str


class KeyManager(Protocol):
    """Keeps a master key, which wraps other keys and opens the keys that it wrapped.

    A wrapped key is bound to its id. All methods that contact the key manager raise `KeysUnavailableError`.
    """

    @property
    def name(self) -> str:
        """The name of the master key, without its version. It is no secret and has no colon in it."""

    def connected(self) -> AbstractAsyncContextManager[None]:
        """Keeps connections open during the block, for a process with many requests."""

    def has_wrapped(self, by: str) -> bool:
        """Returns whether `by` names this master key, in any version."""

    async def version(self) -> str:
        """Returns the name of the key and the version that wraps keys now."""

    async def wrap(self, secrets: Mapping[str, bytes]) -> list[Wrapped]:
        """Wraps these keys, given by their ids, with the master key."""

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes | None]:
        """Returns the keys; None for each key that was changed, or wrapped by another master key."""

    async def rewrap(self, wrapped: Sequence[Wrapped]) -> list[Wrapped | None]:
        """Wraps keys again with the current version; None for each key that can't be opened."""
