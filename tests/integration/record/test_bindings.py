"""What events bind beside what they say: keys, receipts and epochs that are changed behind them are found."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, Final

import asyncpg
import pytest

from activities.keys.masters import master_keys
from activities.ledger.binding import key_commitment, receipt_binding
from activities.ledger.vault import Vault
from operations.doctor.finding import Health
from operations.doctor.record.tables import read_models
from operations.evidence.bindings import Unbound, unbound
from operations.evidence.bundle import export
from operations.rebuilding.rebuild import rebuild
from recovery.restart import Found, Restarter
from rules.streams import KINDS
from schemas.reading import Audience
from tests.acting import Play, birth
from tests.conftest import World
from tests.integration.operations.doctor import around
from tests.integration.record.appends import ASKED, captured, opened
from tests.shell import Shell
from verifier import bundle as bundle_verifier
from verifier import ledger as ledger_verifier
from verifier.ledger import Rule
from views.auditor import events
from views.log import Log as TheLog
from views.timeline import timeline

DIGEST: Final = "a" * 64


async def loose(world: World) -> list[Unbound]:
    async with world.connection(world.app_dsn) as connection:
        return await unbound(connection, Vault(world.settings.master))


async def bundled(world: World, play: Play) -> dict[str, Any]:
    async with world.connection() as connection:
        found = await export(connection, str(play.filing), world.settings.master)
    assert found
    return found


async def problems(world: World) -> list[ledger_verifier.Problem]:
    return (await ledger_verifier.verify(world.superuser_dsn)).problems


async def as_superuser(world: World, *statements: str) -> None:
    async with world.connection() as superuser:
        for table in ("event", "receipt", "stream", "filing_key"):
            await superuser.execute(f"alter table {table} disable trigger all")
        for statement in statements:
            await superuser.execute(statement)


async def test_each_append_binds_its_epoch_its_receipt_and_at_first_the_key(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED, ASKED, command_id="one")
        await log.append(ASKED, command_id="two", digest=DIGEST)
        await log.pool.execute("update stream set epoch = 4 where filing_id is not null")
        await log.append(ASKED, command_id="three")
        async with log.pool.acquire() as connection:
            key = await Vault(world.settings.master).find(connection, log.filing)
        rows = await log.pool.fetch(
            "select stream, command_id, bound from event where filing_id is not null order by seq"
        )
    assert key
    secret, stream = key.secret, rows[0]["stream"]
    assert [json.loads(row["bound"]) for row in rows] == [
        {"epoch": 1, "key": key_commitment(secret)},
        {"epoch": 1, "receipt": receipt_binding(secret, stream, "one", "d")},
        {"epoch": 1, "receipt": receipt_binding(secret, stream, "two", DIGEST)},
        {"epoch": 4, "receipt": receipt_binding(secret, stream, "three", "d")},
    ]
    assert {(problem.rule, problem.seq) for problem in await problems(world)} == {(Rule.EPOCH, 4)}
    assert await loose(world) == []


CHANGED_RECEIPT: Final = """
update receipt set digest = 'e', body = convert_to(replace(convert_from(body, 'UTF8'), '"d"', '"e"'), 'UTF8')
where command_id = 'two'
"""


@pytest.mark.parametrize("bound", [b"", b"[]", b'{"epoch":1,"key":3}', b"\xff"])
async def test_what_an_event_binds_made_unreadable_is_named_once(world: World, shell: Shell, bound: bytes) -> None:
    """It ends no verification, which goes on with the next event."""
    async with opened(world) as log:
        await log.append(ASKED, command_id="one")
        await log.append(ASKED, command_id="two")
        unreadable = f"update event set bound = '\\x{bound.hex()}' where command_id = 'one'"  # noqa: S608 -- hex
        await as_superuser(world, unreadable, CHANGED_RECEIPT)
        assert {(one.rule, one.seq) for one in await problems(world)} >= {(Rule.BOUND, 1)}
        told = await shell("ledger", "verify", "--json")
        assert [(one["row"], one["seq"]) for one in told.json["bindings"]] == [("receipt", 2)]


OURS: Final = "where filing_id in (select filing_id from stream)"
ANOTHER: Final = f"update filing_key set key_id = $1, wrapped = $2, wrapped_by = $3 {OURS}"  # noqa: S608 -- words of ours
KEY_ROWS: Final = {
    "changed": f"update filing_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) {OURS}",  # noqa: S608 -- words of ours
    "another": ANOTHER,
    "another master key's": ANOTHER,
    "gone": f"delete from filing_key {OURS}",  # noqa: S608 -- words of ours
}


@pytest.mark.parametrize("how", KEY_ROWS)
async def test_a_key_row_that_is_not_the_one_which_was_bound_is_found(world: World, how: str) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        await log.append(captured(16000, owed=True), stream="payment")
        assert await loose(world) == []
        masters = world.settings.master if how == "another" else master_keys(b64encode(bytes(32)).decode())
        key, wrapped = await Vault(masters).new(log.filing)
        changed = (key.key_id, wrapped.data, wrapped.by) if "another" in how else ()
        async with world.connection() as superuser:
            await superuser.execute(KEY_ROWS[how], *changed)
        assert {one.row for one in await loose(world)} == {"key"}


async def test_a_command_says_which_rows_are_not_those_that_were_bound(world: World, shell: Shell) -> None:
    async with opened(world) as log:
        await log.append(ASKED, command_id="one")
        await log.append(ASKED, command_id="two")
    told = await shell("ledger", "verify", "--json")
    assert (told.code, told.json["verified"], told.json["names"], told.json["bindings"]) == (0, True, True, [])
    await as_superuser(world, CHANGED_RECEIPT)
    told = await shell("ledger", "verify", "--json")
    assert (told.code, told.json["verified"], told.json["problems"]) == (1, False, []), "rows alone do not show it"
    assert [one["row"] for one in told.json["bindings"]] == ["receipt"]
    assert "receipt its digest is another one" in " ".join((await shell("ledger", "verify")).out.split())


async def test_a_restart_leaves_its_trace_and_everything_goes_on(world: World, shell: Shell) -> None:
    keys = Vault(world.settings.master).find
    async with world.platform(), asyncpg.create_pool(world.app_dsn, min_size=1, max_size=2) as pool:
        play = await Play.begin(world, birth())
        stream = f"filing:{play.filing}"
        for _ in range(2):
            assert await Restarter(pool, world.temporal).restart(stream, force=True) is Found.RESTARTED
        await play.accept()
        assert await Restarter(pool, world.temporal).restart(stream) is Found.RUNNING, "which leaves none"
        assert await problems(world) == []
        assert await loose(world) == []
        async with pool.acquire() as connection:
            told = await events(connection, play.filing)
            assert await timeline(TheLog(connection, keys, KINDS), stream, Audience.PUBLIC)
    assert [(one.kind, one.body) for one in told if one.stream == f"restarts:{play.filing}"] == [
        ("restarted", {"epoch": epoch, "stream": stream}) for epoch in (2, 3)
    ]
    assert bundle_verifier.verify(bundle_verifier.canonical(await bundled(world, play))).problems == []
    assert [one.health for one in await read_models(around(world))] == [Health.OK]
    rebuilt = await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)
    assert set(rebuilt.changed.values()) == {0}
    for command in (["events", str(play.code)], ["ledger", "verify"]):
        ended = await shell(*command)
        assert ended.code == 0, ended.err
    await as_superuser(world, "update stream set epoch = 4 where starts_with(stream, 'filing:')")
    assert [(one.rule, one.stream) for one in await problems(world)] == [(Rule.EPOCH, stream)]
