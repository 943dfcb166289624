"""Who keeps a master key, and how a key looks that it has wrapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class KeysUnavailableError(Exception):
    """Who keeps the master key can't be asked now, or refuses. Nothing was done: ask again."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key as the record holds it. `by` names the master key that has wrapped it, with the version if it has some."""

    key_id: str
    data: bytes
    by: str


class KeyManager(Protocol):
    """Keeps a master key, which wraps other keys and opens what it has wrapped.

    What is wrapped is bound to the id of its key. All that asks raises `KeysUnavailableError`.
    """

    @property
    def name(self) -> str:
        """What the master key is called, whatever its version: no secret, and without a colon."""

    def connected(self) -> AbstractAsyncContextManager[None]:
        """For a process that asks again and again: connections are kept meanwhile, and closed then."""

    def has_wrapped(self, by: str) -> bool:
        """Whether this master key is named there, in any version."""

    async def version(self) -> str:
        """What is named as having wrapped what is wrapped now."""

    async def wrap(self, secrets: Mapping[str, bytes]) -> list[Wrapped]:
        """These keys, by their ids, wrapped."""

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes | None]:
        """The keys; None for what was changed, or wrapped by another master key."""

    async def rewrap(self, wrapped: Sequence[Wrapped]) -> list[Wrapped | None]:
        """What an earlier version has wrapped, wrapped by the one that does now; None for what it can't open."""
