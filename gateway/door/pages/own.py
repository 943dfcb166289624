"""The door's own operations: the person and the program of a token, and the outcome of a kept message."""

from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from gateway.door.identity.tokens import Caller
from gateway.door.kept.received import Outcome
from gateway.door.operations import VERSION, Operation, Place
from schemas.base import Model
from schemas.identity.statement import Acr
from schemas.people import Actor


class AskMe(Model):
    """Asks for whom, and for which program, the token speaks."""

    ask: Literal["me"] = "me"


class AskReceived(Model):
    """Asks what became of a message that was kept while Temporal was away: a receipt, a refusal, or nothing yet."""

    ask: Literal["received"] = "received"
    id: UUID
    """id of the kept message, from the answer 202"""


class Me(Model):
    """The person and the program of a token."""

    issuer: str
    """short name of the token's issuer"""
    client: str
    """name of the registered program"""
    actor: Actor | None = None
    """the person; not set if the program comes by itself"""
    acr: Acr
    """level of authentication, 1 to 4"""
    amr: tuple[str, ...]
    """methods of authentication (RFC 8176)"""
    auth_time: int
    """time of the authentication, in seconds since 1970"""


def me_of(caller: Caller) -> Me:
    """Returns the person and the program of this caller's token."""
    shown = {name: getattr(caller, name) for name in Me.model_fields}
    return Me.model_validate(shown)


_RECEIVED: Final = f"{VERSION}/received/{{id}}"
_BY_ID: Final = MappingProxyType({"id": Place.PATH})
ME: Final = Operation("ask_me", "GET", f"{VERSION}/me", AskMe, Me, None, None)
RECEIVED: Final = Operation("ask_received", "GET", _RECEIVED, AskReceived, Outcome, None, None, _BY_ID)
OWN: Final = (ME, RECEIVED)
