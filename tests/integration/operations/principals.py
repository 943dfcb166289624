"""Commands that change the register of principals, and two operators who give them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from motcua.identity import prove
from operations.principal_register import Done, take
from schemas.identity import principals as pr
from schemas.identity.statement import Claim
from schemas.people import Actor, Role
from tests.conftest import World
from tests.speaking import grant, key_of, principal, private_key

ONE: Final = Actor(subject="h01.12-operator-1", role=Role.OPERATOR, agency="H01.12")
TWO: Final = Actor(subject="h56.30-operator-1", role=Role.OPERATOR, agency="H56.30")
DESK: Final = principal("desk-1", grant(Claim.OFFICERS, "H01.12"), keys=())


def fresh(seed: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"public_key": key_of(seed).public_key, "valid_from": now, "valid_until": now + timedelta(days=365)}


def said(actor: Actor = ONE, **fields: Any) -> dict[str, Any]:
    return {"command_id": uuid4().hex, "actor": actor, "reason": "because"} | fields


def adding(seed: int | None = 1, actor: Actor = ONE, **about: Any) -> pr.AddPrincipal:
    named = DESK.model_dump(mode="json", exclude={"keys"}) | about
    key = {} if seed is None else {"key": fresh(seed), "proof": prove(named["id"], private_key(seed))}
    return pr.AddPrincipal.model_validate(said(actor, principal=named) | key)


def rotating(seed: int, overlap: int = 24) -> pr.RotateKey:
    proof = prove("desk-1", private_key(seed))
    return pr.RotateKey.model_validate(said(principal="desk-1", key=fresh(seed), proof=proof, overlap=overlap))


def revoking(seed: int | None = None, name: str = "desk-1") -> pr.RevokeKey:
    return pr.RevokeKey.model_validate(said(principal=name, key_id=None if seed is None else private_key(seed).key_id))


def approving(n: int, actor: Actor = TWO) -> pr.ApproveChange:
    return pr.ApproveChange(command_id=uuid4().hex, actor=actor, asked=n)


def requiring(*, on: bool, actor: Actor = ONE) -> pr.RequireTwo:
    return pr.RequireTwo.model_validate(said(actor, on=on))


async def done(world: World, *commands: pr.AnyPrincipalCommand) -> Done:
    async with world.connection(world.owner_dsn) as connection:
        answers = [await take(connection, command) for command in commands]
    return answers[-1]
