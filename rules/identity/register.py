"""The register of principals: what a change makes of one, and whether it can be made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from schemas.errors import Problem, problem
from schemas.identity import Principal, PrincipalKey
from schemas.principals import AddPrincipal, RevokeKey, RotateKey, Said


def named(said: Said) -> str:
    """The principal that it is about."""
    return said.principal.id if isinstance(said, AddPrincipal) else said.principal


def impossible(principal: Principal | None, said: Said, now: datetime) -> Problem | None:
    """Why a change can't be made of this principal, or None."""
    if isinstance(said, AddPrincipal):
        return _new_key(said.key, now)
    if principal is None:
        return problem("principal", "unknown_principal")
    if isinstance(said, RotateKey):
        return _new_key(said.key, now)
    live = [key for key in principal.keys if key.revoked_at is None]
    if all(said.key_id not in {None, key.key_id} for key in live):
        return problem("key_id", "no_live_key")
    return None


def _new_key(key: PrincipalKey | None, now: datetime) -> Problem | None:
    if key is None:
        return None
    if key.revoked_at is not None:
        return problem("key.revoked_at", "key_revoked")
    return problem("key.valid_until", "key_over") if key.valid_until <= now else None


def changed(principal: Principal | None, said: Said, at: datetime) -> Principal:
    """What a change makes of a principal that takes effect at this moment."""
    keys = () if principal is None else principal.keys
    match said:
        case AddPrincipal(principal=about, key=key):
            return Principal.model_validate(
                about.model_dump() | {"keys": (*keys, *(() if key is None else (_from(key, at),)))}
            )
        case RotateKey(key=key, overlap=overlap):
            begins = max(key.valid_from, at)
            ended = tuple(_ended(one, begins + timedelta(hours=overlap)) for one in keys)
            return _with(principal, (*ended, _from(key, at)))
        case RevokeKey(key_id=key_id):
            return _with(principal, tuple(_revoked(one, key_id, at) for one in keys))
        case _:
            assert_never(said)


def _with(principal: Principal | None, keys: tuple[PrincipalKey, ...]) -> Principal:
    if principal is None:
        msg = "there is no such principal: ask `impossible` first"
        raise ValueError(msg)
    return principal.model_copy(update={"keys": keys})


def _from(key: PrincipalKey, at: datetime) -> PrincipalKey:
    """A key signs nothing before it is registered."""
    return key.model_copy(update={"valid_from": max(key.valid_from, at)})


def _ended(key: PrincipalKey, until: datetime) -> PrincipalKey:
    last = min(key.valid_until, max(until, key.valid_from + timedelta(microseconds=1)))
    return key if key.revoked_at is not None else key.model_copy(update={"valid_until": last})


def _revoked(key: PrincipalKey, key_id: str | None, at: datetime) -> PrincipalKey:
    if key.revoked_at is not None or key_id not in {None, key.key_id}:
        return key
    return key.model_copy(update={"revoked_at": at})
