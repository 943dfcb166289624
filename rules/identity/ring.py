"""The principals in memory, found by id, with their keys, found by thumbprint."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.identity.statement import Principal, PrincipalKey


class RingKey(NamedTuple):
    """A key with its principal."""

    principal: Principal
    said: PrincipalKey


class Ring:
    """Principals with their keys, revoked ones included. Immutable: a change makes a new ring."""

    def __init__(self, principals: Iterable[Principal] = ()) -> None:
        self._principals = {one.id: one for one in principals}
        self._keys = {key.key_id: RingKey(one, key) for one in self._principals.values() for key in one.keys}

    def principal(self, name: str) -> Principal | None:
        """The principal of this id, or None."""
        return self._principals.get(name)

    def key(self, principal: str, key_id: str) -> RingKey | None:
        """The key of this id of this principal, or None."""
        found = self._keys.get(key_id)
        return found if found is not None and found.principal.id == principal else None
