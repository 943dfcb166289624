"""Commands that change the register of principals, two operators who give them, and their programs."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

from motcua.identity import prove
from motcua.payloads.converter import as_sent
from motcua.signing import Authenticated, Speaker
from operations.principal_register import Done, take
from schemas.errors import RefusalError
from schemas.identity import principals as pr
from schemas.identity.statement import UNNAMED, Assurance, Claim
from schemas.people import Actor, OfficerCommand, Role
from tests.acting import broken
from tests.conftest import World
from tests.locked import now_in_force, register
from tests.speaking import grant, key_of, principal, private_key

C = TypeVar("C", bound=OfficerCommand)
ONE: Final = Actor(subject="h01.12-operator-1", role=Role.OPERATOR, agency="H01.12")
TWO: Final = Actor(subject="h56.30-operator-1", role=Role.OPERATOR, agency="H56.30")
DESK: Final = principal("desk-1", grant(Claim.OFFICERS, "H01.12"), keys=())
FIRST, SECOND = ("first", 91), ("second", 92)
OPERATING: Final = {ONE: FIRST, TWO: SECOND}
"""The program of each operator, with the seed of its key; the register begins with these programs."""


def fresh(seed: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"public_key": key_of(seed).public_key, "valid_from": now, "valid_until": now + timedelta(days=365)}


def common_fields(actor: Actor = ONE, **fields: Any) -> dict[str, Any]:
    return {"command_id": uuid4().hex, "actor": actor, "reason": "because"} | fields


def adding(seed: int | None = 1, actor: Actor = ONE, **about: Any) -> pr.AddPrincipal:
    named = DESK.model_dump(mode="json", exclude={"keys"}) | about
    key = {} if seed is None else {"key": fresh(seed), "proof": prove(named["id"], private_key(seed))}
    return pr.AddPrincipal.model_validate(common_fields(actor, principal=named) | key)


def rotating(seed: int, overlap: int = 24) -> pr.RotateKey:
    proof = prove("desk-1", private_key(seed))
    return pr.RotateKey.model_validate(common_fields(principal="desk-1", key=fresh(seed), proof=proof, overlap=overlap))


def revoking(seed: int | None = None, name: str = "desk-1") -> pr.RevokeKey:
    return pr.RevokeKey.model_validate(
        common_fields(principal=name, key_id=None if seed is None else private_key(seed).key_id)
    )


def approving(n: int, actor: Actor = TWO) -> pr.ApproveChange:
    return pr.ApproveChange(command_id=uuid4().hex, actor=actor, asked=n)


def beginning(**other: Any) -> pr.BeginRegister:
    """Returns the command that begins the register, with the programs of both operators."""
    programs = [
        {
            "principal": {"id": name, "name": name, "kind": "operation", "grants": [_OPERATES]},
            "key": fresh(seed),
            "proof": prove(name, private_key(seed)),
        }
        for name, seed in OPERATING.values()
    ]
    return pr.BeginRegister.model_validate(common_fields(programs=programs) | other)


_OPERATES: Final = grant(Claim.OPERATOR, "*", least=Assurance.LOW).model_dump(mode="json")


def signed(command: C, by: tuple[str, int] | None = None) -> C:
    """Returns the command, signed by the program of its operator, or by the program `by`."""
    name, seed = by or OPERATING.get(command.actor, OPERATING[ONE])
    speaker = Speaker(name, private_key(seed), UNNAMED)
    statement = speaker.order(command.act, as_sent(command), Authenticated())
    return command.model_copy(update={"statement": statement})


async def two_programs(world: World) -> None:
    """Registers the operators' programs also for officers and auditors, without a recorded change of the register."""
    claims = (Claim.OPERATOR, Claim.AUDITOR, Claim.OFFICERS)
    grants = [grant(claim, "*", least=Assurance.LOW) for claim in claims]
    await register(world, *(principal(name, *grants, keys=(now_in_force(seed),)) for name, seed in (FIRST, SECOND)))


async def refused(call: Awaitable[object]) -> tuple[str, str]:
    """Returns the field and the rule of the only problem for which the call is refused."""
    [problem] = await broken(call, RefusalError)
    return problem


async def take_all(world: World, *commands: pr.AnyPrincipalCommand) -> Done:
    """Gives the commands, and signs unsigned ones; begins the register first if needed. Returns the last outcome."""
    async with world.connection(world.owner_dsn) as connection:
        if not await connection.fetchval("select version from principal_version"):
            await take(connection, beginning())
        answers = [await take(connection, one if one.statement else signed(one)) for one in commands]
    return answers[-1]


async def done(world: World, *commands: pr.AnyPrincipalCommand) -> Done:
    """Gives these commands; the other operator approves each one that waits. Returns the last outcome."""
    for command in commands:
        answer = await take_all(world, command)
        if answer.change.waits:
            answer = await take_all(world, approving(answer.change.n))
    return answer
