"""The actor and the program of a message: those that its access token proves, whether its body names them or not."""

from typing import Any

from gateway.door.tokens import Caller
from rules.identity.grants import unheard
from schemas.errors import RefusalCode, problem, refused
from schemas.people import Actor, Role


def with_caller(fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Returns the fields of a message with the caller as its actor, and the caller's program as its `via`.

    A program that comes by itself names the actor in the body. Raises `RefusalError` if the body names another actor
    than the person of the token, or another program.
    """
    via = fields.get("via", {})
    if isinstance(via, dict):
        if via.get("principal", caller.client) != caller.client:
            raise refused(RefusalCode.NOT_AUTHORISED, problem("via.principal", "program_of_another"))
        via = {**via, "principal": caller.client}
    return fields | {"via": via} | _actor(fields.get("actor"), caller)


def _actor(named: Any, caller: Caller) -> dict[str, Any]:
    if caller.actor is None:
        return {} if named is None else {"actor": named}
    own = [_plain(one) for one in identities(caller.actor)]
    if named is not None and named not in own:
        raise unheard("statement_of_another_actor")
    return {"actor": named or own[0]}


def identities(person: Actor) -> tuple[Actor, ...]:
    """Returns the actors as whom a person may act: an applicant also as the representative of somebody else."""
    if person.role is not Role.APPLICANT:
        return (person,)
    return person, person.model_copy(update={"role": Role.REPRESENTATIVE})


def _plain(actor: Actor) -> dict[str, Any]:
    return actor.model_dump(mode="json", exclude_none=True)
