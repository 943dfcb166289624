"""A superuser changes tables beside the log, with triggers off; a check finds each change (`docs/ledger.md`).

All tests share one record: each tampering, and its check, are rolled back.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import pytest

from activities.ledger.sequencer import chain_rows, position_appends
from activities.ledger.vault import Vault
from operations import principal_register
from operations.evidence import beside, folded, structure
from schemas.filing.state import Stage
from tests.acting import Play, extract
from tests.conftest import ROOT, World
from tests.histories import with_fee
from tests.integration.operations.principals import adding, done, rotating
from tests.integration.papers.relays import Desk, work
from tests.shell import Shell
from verifier import guards
from verifier import ledger as ledger_verifier
from verifier.rows import CHAINED

# Rows of the tables that no part of this world writes, written as their programs do.
HONEST: Final = """
insert into access
    (look, filing_id, agency, stream, question, role, actor_agency, subject, principal, key_id, statement)
    select gen_random_uuid(), filing_id, agency, 'filing:' || filing_id, 'show', 'specialist', agency, 'officer-' || n,
        'desk-1', 'k', repeat('a', 64) from filing, generate_series(1, 2) as n;
insert into bank_reference (agency, reference, stream, seq) values ('H01.12', 'FT1', 'payment:x:1', 1);
insert into callback
    (id, provider, reference, transaction, said, amount, outcome, at, verdict, stream, agency, driven_at)
    select gen_random_uuid(), 'bank', '', convert_from(body, 'UTF8')::jsonb ->> 'capture_id', '{}', 19000, 'paid',
        now(), 'confirmed', stream, agency, now() from event where kind = 'payment_captured';
insert into callback (id, provider, reference, transaction, said, amount, outcome, at, memo, verdict, agency, driven_at)
    select gen_random_uuid(), 'bank', '', 't' || n, '{}', 5000, 'paid', now(), '\\x01',
        case n when 1 then 'suspense' else 'to_give_back' end, 'H01.12', case n when 2 then now() end
    from generate_series(1, 2) as n;
insert into suspense_step (callback, n, command_id, step, officer, agency)
    select id, n, id || '-' || n, case n when 1 then 'give_back' else 'approve' end, 'officer-' || n, 'H01.12'
    from callback, generate_series(1, 2) as n where verdict = 'to_give_back';
insert into outbox (stream, seq, paper, filing_id, agency)
    select stream, seq, 'receipt', filing_id, agency from event where kind = 'accepted';
insert into refund_call (stream, of_case, n, agency, known) values ('payment:x:1', 1, 1, 'H01.12', false);
insert into codec_key (key_id) values ('one'), ('two');
insert into till (number, agency, desk, cashier, change_fund, command_id)
    select 'T' || n, 'H01.12', 'desk-' || n, 'cashier-' || n, 100000, 'open-' || n from generate_series(1, 2) as n;
insert into till_open values ('T1', 'H01.12', 'desk-1', 'cashier-1');
insert into till_cash select stream, seq, agency, 'T2' from event where kind = 'fee_paid';
insert into till_count (till, n, agency, officer, counted, movements, command_id)
    values ('T2', 1, 'H01.12', 'cashier-2', 100000, 1, 'count');
insert into till_closing (till, agency, officer, expected, counted, command_id)
    values ('T2', 'H01.12', 'cashier-2', 100000, 100000, 'close');
"""
OF_THE_OWNER: Final = """
insert into erasure_deed (n, command_id, deed, cause, reason, officer, agency, at)
    values (1, 'ask', 'ask', 'filing', 'because', 'operator-1', 'H01.12', now());
insert into erasure_deed (n, command_id, deed, asked, officer, agency, at)
    values (2, 'decline', 'decline', 1, 'operator-2', 'H01.12', now());
insert into erasure (request, filing_id, agency) select 1, filing_id, agency from filing;
insert into export_request (reason, officer, agency, via)
    select 'because', 'one', 'H01.12', 'first/online/k/d' from generate_series(1, 2);
update export_request
    set given = false, answered_by = 'operator-2', answered_at = now(), declined_because = 'x',
        answered_via = 'second/online/k/d'
    where n = 1;
"""

MADE_UP: Final = "insert into {0} select (jsonb_populate_record(a, '{1}')).* from {0} a limit 1"


def made_up(table: str, **columns: Any) -> str:
    """Returns the SQL that inserts a copy of one of the table's rows, with other values."""
    return MADE_UP.format(table, json.dumps(columns))


NEW: Final = "00000000-0000-4000-8000-000000000001"
ROWS: Final[dict[str, str]] = {
    "a filing's status or person changed": "update filing set status = 9; update filing set person = '\\x00'",
    "a filing's row removed": "delete from filing where closed_at is null",
    "a filing's row made up": made_up("filing", filing_id=NEW, code="H01.12-20261125-9999999"),
    "a reader made up": "insert into reader select 'agency:H99', filing_id from filing",
    "a reader removed": "delete from reader where starts_with(reader, 'applicant:')",
    "a task given to another officer": "update task set officer = 'x'",
    "a task removed": "delete from task",
    "a task made up": "insert into task (filing_id, stream, name, role, agency, actions, overdue) "
    "select filing_id, stream, 'decide', 'leader', agency, actions, overdue from task limit 1",
    "a payment's captured amount changed": "update payment set captured = captured + 1",
    "a payment's row removed": "delete from payment",
    "a payment's row made up": made_up("payment", stream=f"payment:{NEW}:1", filing_id=NEW, number="x", reference="x"),
    "a stream's standing closed": "update standing set open = not open",
    "a stream's standing removed": "delete from standing where kind = 'filing'",
    "a result's digest changed": "update result set sha256 = repeat('0', 64)",
    "a result revoked in its row": "update result set state = 'revoked'",
    "a result removed": "delete from result",
    "a result made up": made_up("result", number="made-up"),
    "a receipt for money changed": "update money_receipt set amount = amount + 1",
    "a receipt for money voided": "update money_receipt set voided_at = now()",
    "a receipt for money removed": "delete from money_receipt",
    "a receipt for money made up": made_up("money_receipt", number="made-up"),
    "an access removed": "delete from access where ctid = (select min(ctid) from access)",
    "an access changed": "update access set subject = 'another'",
    "an access made up": made_up("access", look=NEW),
    "an access removed, with its chained row": "with gone as (delete from access where look = ("
    "select look from access limit 1) returning look) "
    "delete from chained using gone where source = 'access' and starts_with(row_key, look::text)",
    "an access changed, with its chained row": "update access set subject = 'another'; "
    "update chained set digest = '\\x00' where source = 'access'",
    "a transfer's number removed, so that it counts again": "delete from bank_reference",
    "a transfer's number made up": made_up("bank_reference", reference="FT2"),
    "a callback made up, paid and delivered": made_up("callback", id=NEW),
    "a callback's amount changed": "update callback set amount = amount + 1",
    "a callback removed": "delete from suspense_step; delete from callback",
    "a callback's payment exchanged": "update callback set stream = 'payment:' || gen_random_uuid() || ':1' "
    "where verdict = 'confirmed'",
    "a callback marked as delivered": "update callback set driven_at = now() where verdict = 'suspense'",
    "money in suspense marked as given back": "update callback set verdict = 'given_back' where verdict <> 'confirmed'",
    "money to give back hidden": "update callback set verdict = 'suspense', driven_at = null "
    "where verdict <> 'confirmed'",
    "a step about money in suspense made up": "insert into suspense_step "
    "(callback, n, command_id, step, officer, agency) select id, 1, 'x', 'give_back', 'x', 'H01.12' from callback "
    "where verdict = 'suspense'",
    "a step's officer exchanged": "update suspense_step set officer = 'x' where n = 2",
    "a step about money in suspense removed": "delete from suspense_step where n = 2",
    "a refund's call made up": made_up("refund_call", known=True),
    "a refund's call removed": "delete from refund_call",
    "a key of the codec made up": "insert into codec_key (key_id) values ('three')",
    "a till made up": made_up("till", number="T9", command_id="x"),
    "a till's change fund changed": "update till set change_fund = 0",
    "a till closed by removing its row": "delete from till_open",
    "a till opened by a row": "insert into till_open values ('T2', 'H01.12', 'desk-2', 'cashier-2')",
    "cash moved to another till": "update till_cash set till = 'T1'",
    "cash taken out of a till": "delete from till_cash",
    "a count changed": "update till_count set counted = counted + 1",
    "a count removed": "delete from till_count",
    "a closing changed": "update till_closing set counted = 1, expected = 1",
    "an erasure's request made up": made_up("erasure_deed", n=9, command_id="x"),
    "an erasure's refusal made an approval": "update erasure_deed set deed = 'approve' where n = 2",
    "an erasure's request removed": "delete from erasure; delete from erasure_deed",
    "a filing put into an erasure": made_up("erasure", filing_id=NEW),
    "an erasure marked as done": "update erasure set erased_at = now()",
    "a request for a person's data made up": "insert into export_request (reason, officer, agency) "
    "values ('x', 'x', 'H01.12')",
    "a request for a person's data approved": "update export_request "
    "set given = true, answered_by = 'x', answered_at = now() where given is null",
    "an answer to one changed": "update export_request set given = true, declined_because = null where n = 1",
    "the program of a request for a person's data exchanged": "update export_request "
    "set via = answered_via where n = 1",
    "the program of an answer to one exchanged": "update export_request set answered_via = via where n = 1",
    "an overtaken change of a program rewritten": "update principal_change set body = convert_to(replace("
    "convert_from(body, 'UTF8'), 'because', 'becausf'), 'UTF8'), reason = 'becausf' where n = 1",
    "a change of a program made up": made_up("principal_change", n=9, command_id="x"),
    "a paper under another agency": "update outbox set agency = 'H99'",
    "the key of the index of persons damaged": "update index_key set wrapped = "
    "set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
    "the key of the index of persons removed": "delete from index_key",
    "a batch of rows rewritten": "update row_batch set hash = sha256(hash) where n = 1",
    "the last batch of rows removed": "delete from row_batch where n = (select max(n) from row_batch)",
    "a row chained that is of no table": "insert into unchained values ('nothing', 'x', '\\x00')",
}
PARTS: Final[dict[str, str]] = {
    "the triggers of event disabled": "alter table event disable trigger all",
    "a trigger of event only in usual sessions": "alter table event enable trigger event_rows",
    "the trigger that notes accesses removed": "drop trigger access_chained on access",
    "a function of the database replaced": "create or replace function refuse_change() returns trigger "
    "language plpgsql as 'begin return new; end'",
    "the application may change events": "grant update, delete on event to motcua_app",
    "the application may change a column of an event": "grant update (body) on event to motcua_app",
    "everybody may add events": "grant insert on event to public",
    "another role may change events": "create role forger; grant update on event to forger",
    "the application is the publisher": "grant motcua_publisher to motcua_app",
    "the application is the owner of event": "alter table event owner to motcua_app",
    "the application is a superuser": "alter role motcua_app superuser",
    "a rule on event": "create rule forged as on insert to event do instead nothing",
    "a primary key dropped": "alter table position drop constraint position_stream_seq_position_key",
    "foreign keys disabled": "alter table till_cash disable trigger all",
    "row security of event off": "alter table event disable row level security",
    "row security of event not forced": "alter table event no force row level security",
    "the door's policy on event dropped": "drop policy of_readers on event",
    "the door's policy on readers widened": "alter policy of_readers on reader using (true)",
    "the door may read payments": "grant select on payment to motcua_gateway",
    "the door is the application": "grant motcua_app to motcua_gateway",
    "the door is not bound by policies": "alter role motcua_gateway bypassrls",
    "withheld keys shown": "alter policy open_keys on filing_key using (true)",
    "a table beside ours": "create table forged (a int)",
    "a migration that is not known here": "insert into schema_migrations values ('20991231000000')",
}


def page(heading: str) -> list[tuple[str, ...]]:
    """Returns the cells of each row of the table under a heading of docs/ledger.md, without the header."""
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8").partition(f"{heading}\n")[2]
    rows = re.split(r"\n#+ ", text)[0]
    return [
        tuple(cell.strip() for cell in row.split(" | ")) for row in re.findall(r"^\| (.*) \|$", rows, re.MULTILINE)
    ][1:]


async def found_in_rows(connection: Any, world: World) -> set[str]:
    """Returns the verifier's broken rules, and the tables in which `motcua ledger verify` finds wrong rows."""
    report = await ledger_verifier._verify(connection, None, lambda *_: None)
    differing = [
        *await beside.differences(connection),
        *await principal_register.differences(connection),
        *await folded.differences(connection, Vault(world.settings.master)),
    ]
    rules = {str(problem.rule) for problem in report.problems} - {"guard"}  # the triggers are off while rows change
    return rules | {one.table for one in differing}


async def found_in_parts(connection: Any) -> set[str]:
    """Returns the database objects that `motcua ledger verify` names, and `guard` if the guards are broken."""
    guarded = {"guard"} if await guards.broken(connection) else set()
    return guarded | {one.table for one in await structure.differences(connection)}


@asynccontextmanager
async def taken_back(connection: Any, **kind: Any) -> AsyncIterator[None]:
    transaction = connection.transaction(**kind)
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def made(world: World) -> None:
    """Fills every table of the record: one filing is closed, with fee, papers and result; another one waits."""
    async with world.platform(), world.back_office():
        play = await Play.begin(world, extract())
        await play.deliver()
        await play.at(Stage.CLOSED)
        await Play.begin(world, with_fee())
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=4) as pool:
        await work(Desk(world, pool).relay())
        await pool.execute(HONEST)
    await done(world, adding(1), rotating(2), rotating(3))
    async with world.connection(world.owner_dsn) as owner:
        await owner.execute(OF_THE_OWNER)
        while await position_appends(owner) + await chain_rows(owner):
            pass


async def without_triggers(superuser: Any) -> None:
    """Disables all triggers and foreign keys in this transaction."""
    await superuser.execute("set local session_replication_role = replica")
    for row in await superuser.fetch("select tgrelid::regclass::text, tgname from pg_trigger where tgenabled = 'A'"):
        await superuser.execute(f"alter table {row[0]} disable trigger {row[1]}")


NOTHING: Final = {"nothing": "select"}


async def test_each_tampering_is_found_as_the_page_says(world: World) -> None:
    await made(world)
    named = dict[str, set[str]]()
    async with world.connection() as superuser, taken_back(superuser, isolation="repeatable_read"):
        async with taken_back(superuser):
            await without_triggers(superuser)
            for what, statements in (NOTHING | ROWS).items():
                async with taken_back(superuser):
                    await superuser.execute(statements)
                    named[what] = await found_in_rows(superuser, world)
        for what, statements in PARTS.items():
            async with taken_back(superuser):
                await superuser.execute(statements)
                named[what] = await found_in_parts(superuser)
        assert (named.pop(*NOTHING), await found_in_parts(superuser)) == (set(), set())
    assert named == {what: set(re.findall(r"`([^`]+)`", by)) for what, by in page("### What was done beside the log")}


async def test_the_command_names_rows_and_parts_and_a_rebuild_says_what_to_do_with_a_damaged_key(world: World) -> None:
    async with world.platform():
        await Play.begin(world, with_fee())
    command = Shell(world.process_env)
    sound = await command("ledger", "verify", "--json")
    assert (sound.code, sound.json["rows"], sound.json["structure"]) == (0, [], [])
    await world.execute("update task set officer = 'x'; grant delete on event to motcua_app")
    told = (await command("ledger", "verify", "--json")).json
    named = {(one["table"], one["why"], *one["columns"]) for one in told["rows"] + told["structure"]}
    assert (told["verified"], named) == (False, {("task", "differs", "officer"), ("event", "differs")})
    shown = await command("ledger", "verify")
    assert (shown.code, "grants to motcua_app" in shown.out) == (1, True)
    await world.execute(ROWS["the key of the index of persons damaged"])
    [index] = (await command("ledger", "verify", "--json")).json["rows"]
    assert (index["table"], index["why"]) == ("index_key", "unreadable")
    broken = await command("ledger", "rebuild")
    assert (broken.code, "index_key" in broken.err) == (1, True)


async def test_a_row_that_is_committed_late_is_chained_later_and_nothing_waits(world: World) -> None:
    insert = "insert into codec_key (key_id) values ($1)"
    async with world.connection(world.app_dsn) as late, world.connection(world.app_dsn) as app:
        async with late.transaction():
            await late.execute(insert, "late")
            await app.execute(insert, "one")
            assert [await chain_rows(app) for _ in range(2)] == [1, 0]
        assert await chain_rows(app) == 1
        assert await app.fetchval("select array_agg(row_key order by n) from chained") == ["2", "1"]
        async with late.transaction():
            await app.execute(insert, "more")
            assert await chain_rows(late) == 1
            assert await chain_rows(app) == 0, "another one is at work"
        assert (await ledger_verifier.verify(world.app_dsn)).problems == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute("insert into chained values (9, 'x', 'x', '')")


async def test_every_table_is_bound_to_the_log_or_chained_or_listed(world: World) -> None:
    listed = [(table, how) for tables, how, _ in page("## Each table") for table in re.findall(r"`(\w+)`", tables)]
    columns = await world.fetch(COLUMNS)
    assert sorted(table for table, _ in listed) == sorted({row["table_name"] for row in columns})
    assert {table for table, how in listed if how == "chained"} == {one.table for one in CHAINED}
    chained = {(one.table, column) for one in CHAINED for column in one.columns}
    tables = {one.table for one in CHAINED}
    left = {f"{row['table_name']}.{row['column_name']}" for row in columns if row["table_name"] in tables} - {
        f"{table}.{column}" for table, column in chained
    }
    assert left == {
        name for names, _ in page("### Columns that are not chained") for name in re.findall(r"`([\w.]+)`", names)
    }


COLUMNS: Final = """
select table_name, column_name
from information_schema.columns join information_schema.tables using (table_schema, table_name)
where table_schema = 'public' and table_type = 'BASE TABLE'
"""


async def test_the_structure_is_the_kept_one(world: World) -> None:
    async with world.connection(world.app_dsn) as connection:
        now = await structure.there(connection)
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        structure.FILE.write_text(
            json.dumps(now, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    assert json.loads(structure.FILE.read_text(encoding="utf-8")) == now


async def test_the_verifier_and_the_triggers_chain_the_same_columns(world: World) -> None:
    rows = await world.fetch(NOTED)
    noted = {(row["args"][0], *(one.replace(",", " ") for one in row["args"][1:3])) for row in rows}
    assert noted == {(one.source, one.keys, one.others) for one in CHAINED}
    written = {(source.strip("`"), *columns) for source, *columns in page("## The rows beside the log")}
    assert written == noted


NOTED: Final = r"""
select regexp_split_to_array(encode(tgargs, 'escape'), '\\000') as args
from pg_trigger where tgfoid = 'note_rows'::regproc
"""
