"""The register of principals: the effect of each change, its conditions, and the checks of a new key."""

from base64 import urlsafe_b64decode
from datetime import datetime, timedelta
from typing import Final, NamedTuple, assert_never

from rules.identity.statements import LEEWAY, is_signed
from schemas.errors import Problem, problem
from schemas.identity import principals as pr
from schemas.identity.jws import read
from schemas.identity.statement import POSSESSION_TYPE, Claim, Possession, Principal, PrincipalKey, PublicKey


def named(said: pr.PrincipalCommand | pr.BeginRegister) -> str:
    """The id of the principal that a change is about; `*` for the beginning of the whole register."""
    if isinstance(said, pr.BeginRegister):
        return pr.WHOLE_REGISTER
    return said.principal.id if isinstance(said, pr.AddPrincipal) else said.principal


def impossible(principal: Principal | None, said: pr.PrincipalCommand, now: datetime) -> Problem | None:
    """Why this change of the principal is impossible; None if it is possible."""
    if isinstance(said, pr.AddPrincipal):
        return _new_key(said.key, now)
    if principal is None:
        return problem("principal", "unknown_principal")
    if isinstance(said, pr.RotateKey):
        return _new_key(said.key, now)
    live = [key for key in principal.keys if key.revoked_at is None]
    gone = all(said.key_id not in {None, key.key_id} for key in live)
    return problem("key_id", "no_live_key") if gone else None


def first(said: pr.BeginRegister) -> tuple[pr.AddPrincipal, ...]:
    """The registrations of the first programs, one for each program, with which the register begins."""
    who = said.model_dump(include={"command_id", "actor", "reason"})
    return tuple(pr.AddPrincipal.model_validate(who | one.model_dump()) for one in said.programs)


def unfit(said: pr.BeginRegister) -> Problem | None:
    """Why no register can begin with these programs; None if it can.

    Two of them, each with a key, must be able to speak for operators: otherwise nobody could approve a later change.
    """
    if len({one.principal.id for one in said.programs}) < len(said.programs):
        return problem("programs", "programs_alike")
    if len({one.key.key_id for one in said.programs}) < len(said.programs):
        return problem("programs", "programs_alike")
    able = [one for one in said.programs if any(each.claim is Claim.OPERATOR for each in one.principal.grants)]
    return problem("programs", "two_for_operators") if len(able) < _TWO else None


def _new_key(key: PrincipalKey | None, now: datetime) -> Problem | None:
    if key is None:
        return None
    if key.revoked_at is not None:
        return problem("key.revoked_at", "key_revoked")
    if unsafe(key.public_key):
        return problem("key.public_key", "key_unsafe")
    return problem("key.valid_until", "key_over") if key.valid_until <= now else None


def changed(principal: Principal | None, said: pr.PrincipalCommand, at: datetime) -> Principal:
    """The principal after a change that takes effect at this moment."""
    keys = () if principal is None else principal.keys
    match said:
        case pr.AddPrincipal(principal=about, key=key):
            new = () if key is None else (_from(key, at),)
            return Principal.model_validate(about.model_dump() | {"keys": (*keys, *new)})
        case pr.RotateKey(key=key, overlap=overlap):
            begins = max(key.valid_from, at)
            ended = tuple(_ended(one, begins + timedelta(hours=overlap)) for one in keys)
            return _with(principal, (*ended, _from(key, at)))
        case pr.RevokeKey(key_id=key_id):
            return _with(principal, tuple(_revoked(one, key_id, at) for one in keys))
        case _:
            assert_never(said)


class Recorded(NamedTuple):
    """A recorded change of the register: its number, command and time, and whether it `waits` for a second approval."""

    n: int
    command: pr.AnyPrincipalCommand
    waits: bool
    at: datetime


class Fold:
    """The state of the register after the recorded changes, in order."""

    def __init__(self) -> None:
        self.principals: dict[str, Principal] = {}
        self._waiting: dict[int, pr.PrincipalCommand] = {}

    def meant(self, command: pr.AnyPrincipalCommand) -> pr.PrincipalCommand | pr.BeginRegister:
        """The command's change, or the waiting change that the command decides. Raises `ValueError` if none waits."""
        if not isinstance(command, pr.ApproveChange | pr.DeclineChange):
            return command
        if command.asked not in self._waiting:
            raise ValueError("nothing of this number waits")
        return self._waiting[command.asked]

    def add(self, change: Recorded) -> None:
        """Adds the next change. Raises `ValueError` if it is impossible."""
        asked = self.meant(change.command)
        if isinstance(asked, pr.BeginRegister):
            self.principals |= {one.principal.id: changed(None, one, change.at) for one in first(asked)}
            return
        if change.waits:
            self._waiting[change.n] = asked
        if change.waits or isinstance(change.command, pr.DeclineChange):
            return
        name = named(asked)
        self.principals[name] = changed(self.principals.get(name), asked, change.at)


def _with(principal: Principal | None, keys: tuple[PrincipalKey, ...]) -> Principal:
    if principal is None:
        raise ValueError("there is no such principal: ask `impossible` first")
    return principal.model_copy(update={"keys": keys})


def _from(key: PrincipalKey, at: datetime) -> PrincipalKey:
    """The key as registered at this time: valid from this time, or from the key's stated start if that is later."""
    return key.model_copy(update={"valid_from": max(key.valid_from, at)})


def _ended(key: PrincipalKey, until: datetime) -> PrincipalKey:
    last = min(key.valid_until, max(until, key.valid_from + timedelta(microseconds=1)))
    return key if key.revoked_at is not None else key.model_copy(update={"valid_until": last})


def _revoked(key: PrincipalKey, key_id: str | None, at: datetime) -> PrincipalKey:
    if key.revoked_at is not None or key_id not in {None, key.key_id}:
        return key
    return key.model_copy(update={"revoked_at": at})


_TWO: Final = 2
LIFE: Final = timedelta(minutes=5)
"""The maximum age of a proof of possession. The holder of a key makes a new proof for each request."""


def unproved(proof: str | None, key: PrincipalKey, principal: str, now: datetime) -> Problem | None:
    """Why this proof does not show that the principal holds the private half of the key; None if it does."""
    if proof is None:
        return problem("proof", "proof_missing")
    try:
        kid, payload = read(proof, POSSESSION_TYPE)
        said = Possession.model_validate_json(payload, strict=True)
    except ValueError:
        return problem("proof", "proof_unreadable")
    if (kid, said.principal) != (key.key_id, principal):
        return problem("proof", "proof_of_another")
    if not is_signed(proof, key.public_key):
        return problem("proof", "proof_signature")
    ago = now.timestamp() - said.iat
    in_time = -LEEWAY.total_seconds() <= ago <= (LIFE + LEEWAY).total_seconds()
    return None if in_time else problem("proof", "proof_expired")


def unsafe(public_key: PublicKey) -> bool:
    """Whether anybody can sign for this public key: its point is of small order or not canonical (RFC 8032, 5.1.3)."""
    y = int.from_bytes(urlsafe_b64decode(public_key + "="), "little") & _Y
    return y >= _PRIME or y in _SMALL_ORDER


_PRIME: Final = 2**255 - 19
_Y: Final = 2**255 - 1
"""The mask of y in an encoded point: all bits but the highest, which is the sign of x."""
_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER: Final = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})
"""The y coordinates of the eight points whose order divides the cofactor."""
