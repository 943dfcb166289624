"""The checks of a new key: its principal must hold the private half, and no other signature may fit it."""

from base64 import urlsafe_b64decode
from datetime import datetime, timedelta
from typing import Final

from rules.identity.signature import is_signed
from rules.identity.statements import LEEWAY
from schemas.errors import Problem, problem
from schemas.identity.jws import read
from schemas.identity.statement import POSSESSION_TYPE, Possession, PrincipalKey, PublicKey

LIFE: Final = timedelta(minutes=5)
"""The maximum age of a proof of possession, which the key's holder makes again for each request."""


def unproved(proof: str | None, key: PrincipalKey, principal: str, now: datetime) -> Problem | None:
    """Why the proof that the principal holds the private half of this key fails, or None."""
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
    """Whether a public key is unsafe: signatures that fit it can be made without any private key.

    That is so if the key's point is of small order, or not in the canonical form of RFC 8032 (5.1.3).
    """
    y = int.from_bytes(urlsafe_b64decode(public_key + "="), "little") & _Y
    return y >= _PRIME or y in _SMALL_ORDER


_PRIME: Final = 2**255 - 19
_Y: Final = 2**255 - 1
"""All bits but the highest, which is the sign of x."""
_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER: Final = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})
"""The y of the eight points whose order divides the cofactor."""
