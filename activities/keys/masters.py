"""The master keys of a process: one wraps keys; during its replacement, a second one still opens keys."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from activities.keys.master_key import KeyManager, MasterKey, Wrapped
from activities.keys.transit import Transit

MASTER_KEY: Final = "MOTCUA_MASTER_KEY"
OTHER_MASTER_KEY: Final = "MOTCUA_OTHER_MASTER_KEY"
VAULT_TOKEN_FILE: Final = "MOTCUA_VAULT_TOKEN_FILE"  # noqa: S105 -- a setting's name
WITH_MASTER_KEY: Final = (OTHER_MASTER_KEY, VAULT_TOKEN_FILE)
"""The settings that may be given beside the master key."""
_VAULT: Final = "vault:"


@dataclass(frozen=True)
class MasterKeys:
    """The master key that wraps keys, and optionally a second master key, which only opens the keys it has wrapped."""

    current: KeyManager
    other: KeyManager | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keeps connections to the key managers open, for a process with many requests."""
        async with AsyncExitStack() as stack:
            for manager in self:
                await stack.enter_async_context(manager.connected())
            yield

    def know(self, by: str) -> bool:
        """Returns whether one of these master keys has the name `by`, in any version."""
        return any(manager.has_wrapped(by) for manager in self)

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes | None]:
        """Returns the keys; None for each key that was changed, or wrapped by a master key that is not here.

        Raises `KeysUnavailableError`.
        """
        found: dict[Wrapped, bytes | None] = {}
        for manager in self:
            if own := [one for one in wrapped if manager.has_wrapped(one.by)]:
                found |= zip(own, await manager.unwrap(own), strict=True)
        return [found.get(one) for one in wrapped]

    async def renew(self, wrapped: Sequence[Wrapped]) -> list[Wrapped | None]:
        """Returns the keys, wrapped by the current master key; None for each unreadable key.

        Raises `KeysUnavailableError`.
        """
        own = [one for one in wrapped if self.current.has_wrapped(one.by)]
        others = [one for one in wrapped if not self.current.has_wrapped(one.by)]
        opened = zip(others, await self.unwrap(others), strict=True)
        secrets = {one.key_id: secret for one, secret in opened if secret is not None}
        renewed = [*await self.current.rewrap(own), *await self.current.wrap(secrets)]
        found = {one.key_id: one for one in renewed if one is not None}
        return [found.get(one.key_id) for one in wrapped]

    def __iter__(self) -> Iterator[KeyManager]:
        yield self.current
        if self.other is not None:
            yield self.other


def master_keys(current: str, other: str | None = None, token_file: str | None = None) -> MasterKeys:
    """Returns the master keys of the settings: 32 bytes in base64, or `vault:` and an address. Raises `ValueError`."""
    return MasterKeys(_manager(current, token_file), _manager(other, token_file) if other else None)


def _manager(said: str, token_file: str | None) -> KeyManager:
    if not said.startswith(_VAULT):
        return MasterKey.read(said)
    if not token_file:
        raise ValueError(f"a key in Vault needs {VAULT_TOKEN_FILE}")
    return Transit(said.removeprefix(_VAULT), Path(token_file))
