"""The record of real filings: each change is noticed, no person is revealed, and the read models follow the log."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import asyncpg
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError

from activities.keys.master_key import MasterKey
from activities.keys.masters import MasterKeys, master_keys
from activities.ledger.append import Ledger
from activities.ledger.database import Pool
from activities.ledger.event_rows import key_commitment, receipt_binding
from activities.ledger.vault import Vault
from operations.doctor.check import Health
from operations.doctor.record.tables import read_models
from operations.evidence.bindings import Unbound, unbound
from operations.evidence.bundle import export
from operations.rebuilding import rebuild
from recovery.restart import Found, Restarter
from rules.require import require
from rules.streams import KINDS
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.reading import Audience
from tests import sound
from tests.acting import Play, birth, eventually, extract, officer, plain, refusal, stock
from tests.conftest import World, database_url
from tests.faults.processes import ANY_FILES
from tests.forked import forked
from tests.histories import CANARY, PERSON, told_on
from tests.integration.proof.conftest import copied
from tests.integration.record.appends import ASKED, batch, captured, opened
from tests.shell import Shell
from tests.waits import around
from verifier import bundle as bundle_verifier
from verifier import ledger as ledger_verifier
from verifier.ledger import Rule
from views.auditor import events
from views.log import Log as TheLog
from views.log import SealBrokenError
from views.timeline import timeline
from workers.wiring import activities

FORBIDDEN: Final = ("update event set kind = 'decided'", "delete from event", "truncate event")
FALLS: Final = ("update counter set last = last - 1", "update stream set head_seq = head_seq - 1")
"""Statements that lower a counter, although counters may only rise."""


async def test_nobody_changes_an_event_and_the_worker_is_not_even_allowed_to_try(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
    for dsn in (world.app_dsn, world.owner_dsn, world.superuser_dsn):
        async with world.connection(dsn) as connection:
            for statement in (*FORBIDDEN, *(FALLS if dsn == world.app_dsn else ())):
                with pytest.raises(asyncpg.InsufficientPrivilegeError) as error:
                    await connection.execute(statement)
                assert error.value.sqlstate == "42501"
    assert await play.kinds() == ["submitted"]


TAMPERINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "byte changed": (
        "update event set body = set_byte(body, 12, (get_byte(body, 12) + 1) % 128) where stream = $1 and seq = 1",
    ),
    "two swapped": (
        "update event set seq = seq + 1000 where stream = $1 and seq in (5, 6)",
        "update event set seq = 6 where stream = $1 and seq = 1005",
        "update event set seq = 5 where stream = $1 and seq = 1006",
    ),
    "middle removed": ("delete from event where stream = $1 and seq = 5",),
    "stream removed": (
        "delete from event where stream = $1",
        "delete from stream where stream = $1",
        "delete from receipt where stream = $1",
        "delete from filing where 'filing:' || filing_id = $1",
        "delete from task where 'filing:' || filing_id = $1",
    ),
}


async def test_the_record_verifies_and_whatever_a_superuser_changes_in_it_is_named(world: World) -> None:
    async with world.platform(), world.back_office():
        paid = await Play.begin(world, extract())
        code = (await paid.deliver()).code
    stream = f"filing:{paid.filing}"
    found = {what: await verified(world, stream, TAMPERINGS[what]) for what in TAMPERINGS}
    assert await verified(world, stream, ()) == (0, set())
    assert all(exit_code == 1 for exit_code, _ in found.values())
    assert ("hash", stream, 1, None) in found["byte changed"][1]
    assert {("hash", stream, 5, None), ("hash", stream, 6, None)} <= found["two swapped"][1]
    assert ("seq", stream, 5, None) in found["middle removed"][1]
    assert ("number_missing", None, None, code) in found["stream removed"][1]


async def verified(world: World, stream: str, statements: Iterable[str]) -> tuple[int, set[tuple[Any, ...]]]:
    """Returns exit code and problems of `motcua ledger verify` on a copy of the world after these statements."""
    copy = f"{world.namespace}_copy"
    async with copied(world, copy) as superuser_dsn:
        async with world.connection(superuser_dsn) as connection:
            for statement in statements:
                await connection.execute("alter table event disable trigger all")
                assert (await connection.execute(statement, stream))[-2:] != " 0" or "task" in statement
        env = {"PATH": os.environ["PATH"], "MOTCUA_DATABASE_URL": database_url(world.app_dsn, copy)}
        words = ("motcua.command", "ledger", "verify", "--json")
        process = forked(*words, env=env, stdout=asyncio.subprocess.PIPE, cwd=Path("/"))
        said, _ = await process.communicate()
    report = json.loads(said)
    problems = {tuple(problem[name] for name in ("rule", "stream", "seq", "number")) for problem in report["problems"]}
    assert report["events"] > 0
    return int(process.returncode or 0), problems


@pytest.mark.parametrize("asks", [True, False])
async def test_while_a_filing_is_restarted_only_its_later_run_goes_on(world: World, pool: Pool, *, asks: bool) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
    by = {"next_seq": 2, "command_id": "accept-1", "actor": officer(Role.RECEPTION), "at": datetime.now(UTC)}
    events = () if asks else ({"kind": "accepted"},)
    one, later = (batch(f"filing:{play.filing}", *events, **by, epoch=epoch) for epoch in (1, 2))
    async with world.connection() as connection:
        async with connection.transaction():
            await connection.execute("update stream set epoch = epoch + 1 where filing_id is not null")
            ledger = Ledger(pool, Vault(world.settings.master), KINDS)
            both = [asyncio.create_task(ledger.append(each)) for each in (one, later)]
            await eventually(lambda: connection.fetchval(WAITING), lambda waiting: waiting == len(both))
        with pytest.raises(ApplicationError) as error:
            await both[0]
        answer = await both[1]
    assert error.value.type == "ledger_conflict"
    assert (answer.epoch, len(answer.stored)) == (2, 0 if asks else 1)
    assert await play.kinds() == (["submitted"] if asks else ["submitted", "accepted"])


@pytest.mark.parametrize("numbered", [True, False])
async def test_an_append_waits_for_streams_before_it_holds_what_others_need(world: World, *, numbered: bool) -> None:
    async with world.connection() as connection, world.platform():
        first, second = [await Play.begin(world, extract()) for _ in range(2)]
        await first.accept()
        async with connection.transaction():
            await connection.execute("lock table stream in exclusive mode")
            another = asyncio.create_task(Play.begin(world, extract()) if numbered else second.accept())
            await eventually(lambda: connection.fetchval(WAITING), bool)
            assert await connection.fetch(HELD) == []
        await another


WAITING: Final = """
select count(distinct pid) from pg_locks join pg_stat_activity using (pid)
where not granted and datname = current_database()
"""
HELD: Final = """
select held.relation::regclass::text
from pg_locks held join pg_locks waiting using (pid) join pg_stat_activity using (pid)
where held.granted and not waiting.granted and datname = current_database()
    and held.relation in ('event'::regclass, 'filing'::regclass, 'task'::regclass)
"""
"""The tables that a transaction has locked while it waits for another lock."""


SEALED: Final = {("event", "sealed"), ("filing_key", "wrapped"), ("index_key", "wrapped")}


async def test_the_record_the_engine_and_the_logs_give_nobody_away(world: World, tmp_path: Path) -> None:
    async with processes(world, tmp_path) as logs:
        form = {"kind": "birth", "person_name": "Canary Person", "copies": 1}
        play = await Play.begin(world, extract(form=form, payer_account="canary-0001", **told_on()))
        item = {"target": "field", "code": "person_name", "note": "canary note"}
        await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), items=[item], legal_basis="canary basis")
        await play.act(cm.Supplement, play.submission.actor, form={"person_name": "Canary Other"})
        await play.act(cm.Accept, play.officer(Role.RECEPTION), on_behalf_of="canary-behalf")
        await play.review(reason="canary reason")
        await play.at(Stage.CLOSED)
        withdrawn = await Play.begin(world, extract(form=form, **told_on()))
        await withdrawn.act(cm.Withdraw, withdrawn.submission.actor, reason="canary reason")
        for said in await rudely(world, await Play.begin(world, extract(form=form, **told_on()))):
            assert CANARY not in said.lower()
    await nothing_in_the_tables(world)
    await nothing_in_the_engine(world)
    for log in logs:
        assert (log.read_text() == "", CANARY in log.read_text().lower()) == (False, False)
    assert "signal.dropped" in logs[0].read_text()


@asynccontextmanager
async def processes(world: World, folder: Path) -> AsyncIterator[list[Path]]:
    """Runs the platform worker and the back office as processes; yields their log files."""
    modules = (ANY_FILES, "sandbox.presigned")
    logs = [folder / f"{module}.log" for module in modules]
    ready = [folder / f"{module}.ready" for module in modules]
    running = [
        forked(
            module,
            env=world.process_env | {"PATH": os.environ["PATH"], "MOTCUA_READY_FILE": str(ready[n])},
            stderr=os.open(logs[n], os.O_CREAT | os.O_WRONLY),
        )
        for n, module in enumerate(modules)
    ]
    try:
        for file in ready:
            await eventually(partial(asyncio.to_thread, file.exists), bool)
        yield logs
    finally:
        for process in running:
            process.terminate()
        assert {await process.wait() for process in running} == {0}


async def rudely(world: World, play: Play) -> list[str]:
    """Sends a filing malformed messages that contain personal data, and returns the refusals."""
    client = await stock(world)
    handle = client.get_workflow_handle(f"filing:{play.filing}")
    by = {"actor": PERSON, "via": {"principal": "canary principal"}}
    said = [
        await refusal(handle.execute_update("withdraw", by | {"command_id": "canary 1", "reason": ["canary"]})),
        await refusal(handle.execute_update("accept", "canary")),
    ]
    wrong = plain(play.submission) | {"form": {"kind": "canary", "person_name": "Canary"}, "submission_id": "other"}
    for n, start in enumerate(({"submission": wrong}, {"submission": {"applicant": PERSON}}, "canary")):
        begun = await client.start_workflow("Filing", start, id=f"filing:{n}", task_queue="motcua")
        said.append(await refusal(begun.result()))
    asked = {"ask": "actions", "stream": f"filing:{play.filing}", "actor": PERSON}
    said.append(await refusal(client.execute_workflow("View", asked, id="view:1", task_queue="motcua")))
    for signal in ("fee_settled", "parcel_settled"):
        await handle.signal(signal, {"n": "canary", "settlement": "canary", "outcome": "canary"})
    await play.act(cm.Ask, play.officer(Role.RECEPTION), question="canary question")  # after the signals
    return [why.model_dump_json() for why in said]


async def nothing_in_the_tables(world: World) -> None:
    async with world.connection() as connection:
        tables = [row[0] for row in await connection.fetch("select tablename from pg_tables where schemaname='public'")]
        assert {"event", "receipt", "filing", "task", "payment", "parcel", "filing_key"} <= set(tables)
        for table in tables:
            for row in await connection.fetch(f"select * from {table}"):  # noqa: S608
                for column, value in row.items():
                    shown = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    assert (table, column) in SEALED or CANARY not in shown.lower(), (table, column)


async def nothing_in_the_engine(world: World) -> None:
    """Checks that ids, memos and search attributes in Temporal's list, which many people see, hold no personal data."""
    types = []
    async for execution in world.temporal.list_workflows():
        types.append(execution.workflow_type)
        shown = (execution.id, await execution.memo(), execution.typed_search_attributes, execution.task_queue)
        assert CANARY not in repr(shown).lower()
    assert {"Filing", "Payment", "Parcel"} <= set(types)


async def test_what_is_sealed_opens_with_the_master_key_and_with_no_other(world: World, pool: Pool) -> None:
    async with world.platform():
        play = await Play.begin(world, birth(**told_on()))
    async with pool.acquire() as connection:
        row = require(await connection.fetchrow("select * from event where seq = 1 and filing_id is not null"))
        key = await Vault(world.settings.master).key(connection, play.filing, play.submission.agency)
        with pytest.raises(SealBrokenError):
            await Vault(MasterKeys(MasterKey(os.urandom(32)))).key(connection, play.filing, play.submission.agency)
    sealed = json.loads(key.unseal(row["sealed"], f"filing:{play.filing}\n1"))
    assert sealed["event"]["applicant"] == PERSON | {"kind": "person"}
    with pytest.raises(SealBrokenError):
        key.unseal(row["sealed"], f"filing:{play.filing}\n2")


async def test_a_worker_with_another_master_key_does_not_begin(world: World) -> None:
    other = world.settings.model_copy(update={"master_key": SecretStr(b64encode(os.urandom(32)).decode())})
    await world.execute("delete from filing_key")
    async with activities(other):
        pass  # nothing is sealed: any key will do
    async with world.platform():
        await Play.begin(world, extract())
    with pytest.raises(RuntimeError, match="MOTCUA_MASTER_KEY"):
        async with activities(other):
            pass


# What events bind beside what they say: keys, receipts and epochs that are changed behind them are found.

DIGEST: Final = "a" * 64


async def loose(world: World) -> list[Unbound]:
    async with world.connection(world.app_dsn) as connection:
        return await unbound(connection, Vault(world.settings.master))


async def problems(world: World) -> list[ledger_verifier.Problem]:
    return await sound.problems(world.superuser_dsn)


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
        rows = await log.pool.fetch("select stream, bound from event where filing_id is not null order by seq")
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
    """The verification continues with the next event."""
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
        await world.execute(KEY_ROWS[how], *changed)
        assert {one.row for one in await loose(world)} == {"key"}


async def test_a_command_says_which_rows_are_not_those_that_were_bound(world: World, shell: Shell) -> None:
    async with opened(world) as log:
        await log.append(ASKED, command_id="one")
        await log.append(ASKED, command_id="two")
    told = await shell("ledger", "verify", "--json")
    assert (told.json["problems"], told.json["names"], told.json["bindings"]) == ([], True, [])
    assert {(one["table"], one["why"]) for one in told.json["rows"]} == {("event", "unreadable")}, (
        "it begins with a question"
    )
    await as_superuser(world, CHANGED_RECEIPT)
    told = await shell("ledger", "verify", "--json")
    broken = {problem["rule"] for problem in told.json["problems"]}
    assert (told.code, told.json["verified"], broken) == (1, False, {"guard"}), "the log alone does not show it"
    assert [one["row"] for one in told.json["bindings"]] == ["receipt"]
    assert "receipt its digest is another one" in " ".join((await shell("ledger", "verify")).out.split())


async def test_a_restart_leaves_its_trace_and_everything_goes_on(world: World, shell: Shell, pool: Pool) -> None:
    keys = Vault(world.settings.master).find
    async with world.platform():
        play = await Play.begin(world, birth())
        stream = f"filing:{play.filing}"
        for _ in range(2):
            assert await Restarter(pool, world.temporal).restart(stream, force=True) is Found.RESTARTED
        await play.accept()
        assert await Restarter(pool, world.temporal).restart(stream) is Found.RUNNING, "which leaves none"
        assert (await problems(world), await loose(world)) == ([], [])
        async with pool.acquire() as connection:
            told = await events(connection, play.filing)
            bundle = await export(cast("Any", connection), str(play.filing), world.settings.master)
            assert await timeline(TheLog(connection, keys, KINDS), stream, Audience.PUBLIC)
    assert [(one.kind, one.body) for one in told if one.stream == f"restarts:{play.filing}"] == [
        ("restarted", {"epoch": epoch, "stream": stream}) for epoch in (2, 3)
    ]
    assert bundle_verifier.verify(bundle_verifier.canonical(bundle)).problems == []
    assert [one.health for one in await read_models(around(world))] == [Health.OK]
    assert set((await rebuild(world.owner_dsn, world.settings.master, lambda *_: None)).changed.values()) == {0}
    assert [(await shell(*words)).code for words in (("events", str(play.code)), ("ledger", "verify"))] == [0, 0]
    await as_superuser(world, "update stream set epoch = 4 where starts_with(stream, 'filing:')")
    assert [(one.rule, one.stream) for one in await problems(world)] == [(Rule.EPOCH, stream)]
