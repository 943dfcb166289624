"""Checks of operators: the operator's role in the directory, and whether two actors count as the same person."""

from datetime import datetime

from activities.ledger.authority.officers import active, in_their_place
from rules.officers import role_is
from rules.rule import refuse
from rules.time.working_time import local_day
from schemas.errors import Problem, problem
from schemas.names import ROLE_NAMES
from schemas.people import Actor, Role
from views.log import Connection


async def see_role(connection: Connection, actor: Actor, role: Role = Role.OPERATOR) -> None:
    """Raises `RefusalError` unless the directory lists the actor in this role."""
    refuse_if(role_is(actor, role))
    if actor.agency is None or not await active(connection, actor.agency, actor.subject, role):
        raise refuse(problem("actor", "not_in_directory", role_name=ROLE_NAMES[role]))


def refuse_if(why: Problem | None) -> None:
    """Raises `RefusalError` with the problem `why`; does nothing if it is None."""
    if why is not None:
        raise refuse(why)


async def same_hands(connection: Connection, asker: Actor, actor: Actor, now: datetime) -> bool:
    """Whether the actor is the requester (`asker`), or the requester's substitute on the day of `now`."""
    stands_in = [
        await in_their_place(connection, str(one), [actor.subject], [asker.subject], local_day(now))
        for one in {asker.agency, actor.agency}
    ]
    return actor.subject == asker.subject or any(stands_in)
