"""Whether two statements by one program, or by one signer, are the acts of two people all the same."""

from datetime import timedelta
from typing import Final

from schemas.identity.statement import IdentityStatement

FRESH: Final = timedelta(minutes=15)
"""The time after a person's authentication within which their part of an act of two must be signed."""


def came_apart(first: IdentityStatement, second: IdentityStatement) -> bool:
    """Whether each is of another person, who came with a token of their own and had authenticated a moment before."""
    one, other = first.actor, second.actor
    if first.token is None or second.token is None or one is None or other is None:
        return False
    return first.token != second.token and one.subject != other.subject and _is_fresh(first) and _is_fresh(second)


def _is_fresh(statement: IdentityStatement) -> bool:
    return statement.iat - statement.auth_time < FRESH.total_seconds()
