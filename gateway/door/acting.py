"""The actor and the program of a message, as its access token proves them; the body need not name them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from gateway.door.identity.tokens import Caller
from rules.identity.grants import not_authorised
from rules.identity.looks import SIDE
from schemas.base import Model
from schemas.errors import RefusalCode, problem, refused
from schemas.names import ROLE_NAMES, listed
from schemas.people import Actor, Role, Via


def known_of(caller: Caller) -> Mapping[str, Any]:
    """Returns the fields of a message that the token determines: `via`, and `actor` if the token is a person's."""
    actor = caller.actor
    person = {} if actor is None else {"actor": actor.model_dump(mode="json", exclude_none=True)}
    return {"via": {"principal": caller.client}} | person


def acting(caller: Caller, message: Model) -> Caller:
    """Returns the caller with the actor that the message names, if any. A `via` must name the caller's own program.

    A person may name only themselves: an applicant also as a representative. A program that acts for no person may name
    anybody; its grants decide. Raises `RefusalError`, also if `via` names another program than the caller's.
    """
    via: Via | None = getattr(message, "via", None)
    if via is not None and via.principal != caller.client:
        raise refused(RefusalCode.NOT_AUTHORISED, problem("via.principal", "program_of_another"))
    named: Actor | None = getattr(message, "actor", None)
    if named is None:
        return caller
    if caller.actor is not None and named not in identities(caller.actor):
        raise not_authorised("statement_of_another_actor")
    return replace(caller, actor=named)


def identities(person: Actor) -> tuple[Actor, ...]:
    """Returns the actors that a person may be: an applicant may also be the representative of somebody else."""
    if person.role is not Role.APPLICANT:
        return (person,)
    return person, person.model_copy(update={"role": Role.REPRESENTATIVE})


def applicant(caller: Caller) -> Actor:
    """Returns the person of the token, an applicant. Raises `RefusalError` for anybody else."""
    if caller.actor is None or caller.actor.role not in SIDE:
        raise not_authorised("role_not_allowed", names=listed(ROLE_NAMES, [Role.APPLICANT, Role.REPRESENTATIVE]))
    return caller.actor


def expect_uuid(submission_id: str) -> None:
    """Raises `RefusalError` unless a submission's id is a UUID: a guessable id would reveal whether it is taken."""
    if not _is_uuid(submission_id):
        why = problem("submission_id", "submission_uuid", says="door.submission_uuid")
        raise refused(RefusalCode.BAD_SUBMISSION, why)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
