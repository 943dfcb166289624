"""Whether a signed statement proves who sends a message: one rule for each way in which it does not."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry

from rules.identity.grants import not_granted
from rules.identity.ring import Ring, RingKey
from schemas.errors import Problem, Refusal, RefusalCode, problem
from schemas.identity import (
    ALGORITHMS,
    LONGEST_LIFE,
    MAX_STATEMENT,
    STATEMENT_TYPE,
    IdentityStatement,
    Message,
    Verified,
    seconds,
)

LEEWAY: Final = timedelta(seconds=60)
"""By so much the clock of who signs and that of who verifies may differ."""


def verified(
    signed: object, ring: Ring | None, now: datetime, message: Message, *, leeway: timedelta = LEEWAY
) -> Verified | Refusal:
    """The statement, if a principal of the ring has signed it of just this message and may claim what it says.

    Args:
        signed: What came as `statement`: a compact JWS, or whatever else there was.
        ring: The principals; None while this process does not know them.
        now: The moment at which it is asked.
        message: What has come in.
        leeway: See `LEEWAY`.
    """
    if ring is None:
        return _refusal("principals_not_at_hand")
    opened = _opened(signed, ring)
    if isinstance(opened, Problem):
        return Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(opened,))
    statement, key, token = opened
    why = (
        _key_in_force(key, statement)
        or _signature(token, key)
        or _fresh(statement, seconds(now), int(leeway.total_seconds()))
        or _about(statement, message)
        or not_granted(key.principal, statement, message)
    )
    if why is not None:
        return Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(why,))
    digest = hashlib.sha256(str(signed).encode()).hexdigest()
    return Verified(statement=statement, key_id=key.said.key_id, sha256=digest)


def _refusal(rule: str) -> Refusal:
    return Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(problem("statement", rule),))


def _opened(signed: object, ring: Ring) -> tuple[IdentityStatement, RingKey, CompactSignature] | Problem:
    """What it says, not yet proved, and by which key."""
    if not isinstance(signed, str) or not 0 < len(signed) <= MAX_STATEMENT:
        return _not_taken(signed)
    try:
        token = jws.extract_compact(signed.encode("ascii"))
        header: Any = token.headers()
        if (why := _header(header)) is not None:
            return why
        statement = IdentityStatement.model_validate_json(token.payload, strict=True)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        return _UNREADABLE
    if ring.principal(statement.iss) is None:
        return problem("statement", "unknown_principal")
    key = ring.key(statement.iss, header["kid"])
    return problem("statement", "unknown_key") if key is None else (statement, key, token)


def _not_taken(signed: object) -> Problem:
    if signed is None or signed == "":
        return problem("statement", "statement_missing")
    return problem("statement", "statement_too_long", most=MAX_STATEMENT) if isinstance(signed, str) else _UNREADABLE


def _header(header: dict[str, Any]) -> Problem | None:
    """It says which algorithm, which key and what this is, and nothing that anybody would have to follow."""
    if header.get("alg") not in ALGORITHMS:
        return problem("statement", "statement_algorithm")
    fits = header.keys() == _HEADER and header["typ"] == STATEMENT_TYPE and isinstance(header["kid"], str)
    return None if fits else _UNREADABLE


def _key_in_force(key: RingKey, statement: IdentityStatement) -> Problem | None:
    """A revoked key signs nothing any more; one that has run out has signed what it has signed."""
    if key.said.revoked_at is not None:
        return problem("statement", "key_revoked")
    in_force = seconds(key.said.valid_from) <= statement.iat < seconds(key.said.valid_until)
    return None if in_force else problem("statement", "key_not_in_force")


def _signature(token: CompactSignature, key: RingKey) -> Problem | None:
    try:
        good = jws.validate_compact(token, key.jwk, registry=_REGISTRY)
    except (JoseError, ValueError):
        good = False
    return None if good else problem("statement", "statement_signature")


def _fresh(statement: IdentityStatement, now: int, leeway: int) -> Problem | None:
    if not 0 < statement.exp - statement.iat <= LONGEST_LIFE:
        return problem("statement", "statement_lives_too_long", most=LONGEST_LIFE)
    if statement.iat > now + leeway:
        return problem("statement", "statement_not_yet_valid")
    return problem("statement", "statement_expired") if statement.exp <= now - leeway else None


def _about(statement: IdentityStatement, message: Message) -> Problem | None:
    """Each thing in which it is about something else."""
    if statement.aud != message.audience:
        return problem("statement", "statement_for_another_installation")
    if statement.stream != message.stream:
        return problem("statement", "statement_of_another_filing")
    if (statement.act, statement.command_id) != (message.act, message.command_id):
        return problem("statement", "statement_of_another_command")
    if statement.content != message.content:
        return problem("statement", "statement_of_other_content")
    if (statement.actor, statement.on_behalf_of) != (message.actor, message.on_behalf_of):
        return problem("statement", "statement_of_another_actor")
    return None


class _Ed25519(JWSRegistry):
    """Knows one algorithm, by both of its names: for the older one joserfc would warn of what is no danger here."""

    def get_alg(self, name: str) -> Any:
        return super().get_alg("Ed25519" if name in ALGORITHMS else name)


_REGISTRY: Final = _Ed25519(algorithms=["Ed25519"])
_HEADER: Final = {"alg", "kid", "typ"}
_UNREADABLE: Final = problem("statement", "statement_unreadable")
