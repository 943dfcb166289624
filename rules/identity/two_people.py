"""Decides whether two statements by one program or signer are nevertheless the acts of two people."""

from datetime import timedelta
from typing import Final

from schemas.identity.statement import IdentityStatement

FRESH: Final = timedelta(minutes=15)
"""The maximum age of a person's authentication when they sign their part of an act of two people."""


def came_apart(first: IdentityStatement, second: IdentityStatement) -> bool:
    """Whether two persons made the statements, each with an access token of their own and a `FRESH` authentication."""
    one, other = first.actor, second.actor
    if first.token is None or second.token is None or one is None or other is None:
        return False
    return first.token != second.token and one.subject != other.subject and _is_fresh(first) and _is_fresh(second)


def _is_fresh(statement: IdentityStatement) -> bool:
    return statement.iat - statement.auth_time < FRESH.total_seconds()
