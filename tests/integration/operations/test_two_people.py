"""Once the register of programs has begun, two people who must act together need two programs."""

from uuid import uuid4

import pytest

from operations.erasure.person import answer_export, ask_export, see_export
from operations.erasure.requests import answer
from publishing.authoring.approving import approve, decline, require_two, waiting
from publishing.record.folding import compare
from publishing.record.publishing import Publisher, WaitsError
from schemas.people import Actor, Role
from schemas.privacy import AnswerExport, ApproveErasure, AskExport, DeclineErasure
from tests.conftest import World
from tests.integration.operations.principals import FIRST, ONE, SECOND, TWO, refused, signed, two_programs

MISSING = ("statement", "statement_missing")
ALONE = ("statement", "needs_another_key")


def publisher(actor: Actor, by: tuple[str, int] | None) -> Publisher:
    return Publisher(actor, None, lambda act: act if by is None else signed(act, by))


async def test_a_publication_is_approved_by_another_program(world: World) -> None:
    await two_programs(world)
    await require_two(world.owner_dsn, publisher(ONE, FIRST), on=True)
    assert await refused(require_two(world.owner_dsn, publisher(ONE, None), on=False)) == MISSING
    with pytest.raises(WaitsError) as waits:
        await require_two(world.owner_dsn, publisher(ONE, FIRST), on=False)
    n = waits.value.n
    for by, why in ((FIRST, ALONE), (None, MISSING), (("second", 91), ("statement", "unknown_key"))):
        assert await refused(approve(world.owner_dsn, n, publisher(TWO, by))) == why
    assert await refused(decline(world.owner_dsn, n, "nein", publisher(TWO, None))) == MISSING
    async with world.connection() as connection:
        assert [one.n for one in await waiting(connection)] == [n]
        await approve(world.owner_dsn, n, publisher(TWO, SECOND))
        programs = "select split_part(via, '/', 1) from event where stream = $1 order by seq"
        assert [row[0] for row in await connection.fetch(programs, f"publication:asked:{n}")] == ["first", "second"]
        assert (await compare(connection, None)).differences == []


async def test_an_approval_by_the_same_program_is_found_in_the_log(world: World) -> None:
    await two_programs(world)
    await require_two(world.owner_dsn, publisher(ONE, FIRST), on=True)
    with pytest.raises(WaitsError) as waits:
        await require_two(world.owner_dsn, publisher(ONE, FIRST), on=False)
    await approve(world.owner_dsn, waits.value.n, publisher(TWO, SECOND))
    async with world.connection() as superuser:
        await superuser.execute("alter table event disable trigger user")
        await superuser.execute("update event set via = replace(via, 'second/', 'first/')")
        found = (await compare(superuser, None)).differences
    assert [(one.table, one.row) for one in found] == [("event", "publication:two 2")]


async def test_an_erasure_is_approved_by_another_program(world: World) -> None:
    await two_programs(world)
    auditor = Actor(subject="h56.30-auditor-1", role=Role.AUDITOR, agency="H56.30")
    await world.execute(_AUDITOR, auditor.subject)
    await world.execute(_ASKED, uuid4())
    said = {"command_id": "a", "actor": auditor, "asked": 1}
    yes, no = ApproveErasure.model_validate(said), DeclineErasure.model_validate(said | {"reason": "x"})
    async with world.connection(world.owner_dsn) as connection:
        for act in (yes, no):
            assert await refused(answer(connection, act)) == MISSING
            assert await refused(answer(connection, signed(act, FIRST))) == ALONE
        assert (await answer(connection, signed(yes, SECOND))).answered_by == auditor.subject
        assert await connection.fetchval("select split_part(via, '/', 1) from erasure_deed where n = 2") == "second"


async def test_a_persons_data_is_given_by_an_operator_for_whom_a_program_has_signed(world: World) -> None:
    await two_programs(world)
    asking = AskExport(command_id="a", actor=ONE, reason="14/PYC")
    async with world.connection(world.owner_dsn) as connection:
        assert await refused(ask_export(connection, asking)) == MISSING
        giving = AnswerExport(command_id="b", actor=TWO, n=await ask_export(connection, signed(asking, FIRST)))
        for step in (see_export, answer_export):
            assert await refused(step(connection, giving)) == MISSING
        await answer_export(connection, signed(giving, SECOND))
        [row] = await connection.fetch("select via, answered_via from export_request")
    assert [via.partition("/")[0] for via in row] == ["first", "second"]


_AUDITOR = (
    "insert into officer (agency, subject, role, name) values ('H56.30', $1, 'auditor', '-') on conflict do nothing"
)
_ASKED = """
with asked as (
    insert into erasure_deed (n, command_id, deed, cause, reason, officer, agency, at, via)
    values (1, 'c', 'ask', 'retention', 'x', 'h01.12-operator-1', 'H01.12', now(), 'first/online/k/d') returning n
)
insert into erasure (request, filing_id, agency) select n, $1, 'H56.30' from asked
"""
