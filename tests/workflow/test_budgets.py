"""Messages beyond a program's budget are refused with a time for the next try; other programs are not delayed."""

import asyncio
from dataclasses import replace
from typing import Any, Final

from activities.ledger.authority.budgets import Budget
from motcua import FilingClient
from motcua.signing import Speaker
from schemas.errors import RefusalCode
from schemas.identity.statement import UNNAMED, Assurance, Claim, PrincipalKind
from schemas.ids import filing_workflow
from tests.acting import of, refusal
from tests.conftest import World
from tests.locked import OFFICE, Program, locked, now_in_force, register
from tests.speaking import grant, principal, private_key
from tests.workflow.forged import RECEPTION, by, submission

SEED: Final = 61
FLOODER: Final = "flooder"


class _Flooder(Program):
    name = FLOODER


async def raised(outcomes: list[Any]) -> None:
    """Raises the last error among these outcomes."""
    raise [one for one in outcomes if isinstance(one, BaseException)][-1]


async def test_the_kit_waits_as_it_is_told_and_nobody_else_does(world: World) -> None:
    portal = principal(FLOODER, grant(Claim.OWN, least=Assurance.LOW), keys=(now_in_force(SEED),))
    await register(world, portal.model_copy(update={"kind": PrincipalKind.PORTAL}))
    small = replace(world, budgets={PrincipalKind.PORTAL: Budget(rate=5, most=5)})
    async with locked(small) as closed:
        raw, office = _Flooder(world.temporal, SEED), await Program.of(closed, OFFICE)
        first = submission()
        await raw.submit(first)
        tried = await asyncio.gather(*(raw.submit(submission()) for _ in range(5)), return_exceptions=True)
        why = await refusal(raised(tried))
        assert why.code is RefusalCode.TOO_MANY
        assert 0 < (why.again_in or 0) <= 1
        assert (await office.act(filing_workflow(of(first)), "accept", by(RECEPTION)))["seq"] > 1
        speaker = Speaker(FLOODER, private_key(SEED), UNNAMED)
        client = FilingClient(world.temporal, speaker=speaker, patience=30)
        many = [submission() for _ in range(3)]
        receipts = await asyncio.gather(*map(client.submit, many))
        assert [one.command_id for one in receipts] == ["submit"] * 3
        assert len({one.code for one in receipts}) == 3
