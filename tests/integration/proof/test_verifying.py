"""A superuser changes any row of the record, with triggers off; the copies at the second place reveal it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from rules.proof.checkpoint import Checkpoint
from rules.proof.note import Note, read_note
from tests.alone import Alone, libpq
from tests.integration.proof.conftest import LOG, NAME, Record, WitnessAt, witness_at
from verifier.checkpoint import Report, Rule, verify


async def look(record: Record) -> Report:
    return await verify(record.connection, record.place, record.trust)


def places(report: Report) -> set[tuple[Rule, str | None, int | None]]:
    return {(one.rule, one.stream, one.seq) for one in report.findings}


def rules(report: Report) -> set[Rule]:
    return {one.rule for one in report.findings}


@pytest.fixture
async def witness(record: Record, tmp_path: Path) -> AsyncIterator[WitnessAt]:
    """Yields a witness that has cosigned two checkpoints of a record with 600 events."""
    async with witness_at(tmp_path / "w1", LOG.verifier) as witness:
        record.witnesses, record.quorum = [witness.witness], 1
        await record.grow(300)
        await record.checkpoint()
        await record.grow(300)
        await record.checkpoint()
        yield witness


@pytest.mark.usefixtures("witness")
async def test_a_true_record(record: Record) -> None:
    report = await look(record)
    assert (report.verified, report.size, report.checkpoints) == (True, 600, 2)
    assert (report.cosigned, report.unasked, report.succeeds) == (("witness.example/w1",), (), ())
    assert report.newest == (record.folder / "1/checkpoint").read_bytes()
    await record.grow(10)
    assert (await look(record)).verified


@pytest.mark.usefixtures("witness")
async def test_it_runs_in_a_copied_folder_with_nothing_of_ours_beside_it(record: Record, tmp_path: Path) -> None:
    alone = Alone.in_folder(tmp_path / "alone", "asyncpg")
    (alone.folder / "policy").write_text(record.written_policy)
    since = record.folder / "1/checkpoints/300"
    command = ("verifier.checkpoint", str(record.folder), "--policy", "policy", "--since", str(since))
    database = libpq(record.world.superuser_dsn)
    code, out, err = await asyncio.to_thread(alone.run, *command, env=database)
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert (report["size"], report["since"], report["cosigned"]) == (600, 300, ["witness.example/w1"])
    assert (report["unasked"], report["stamped"]) == ([], None)
    await record.connection.execute("update event set hash = sha256(hash) where stream = 'filing:1' and seq = 101")
    code, out, _ = await asyncio.to_thread(alone.run, *command, env=database)
    named, report = map(json.loads, out.splitlines())
    assert (code, named["rule"], named["stream"], named["seq"]) == (1, "event_differs", "filing:1", 101)


CHAIN_REWRITTEN = """
alter table chained disable trigger all; alter table row_batch disable trigger all;
update chained set digest = sha256(digest);
update row_batch set hash = sha256(decode(repeat('00', 32), 'hex') || (
    select string_agg(digest, ''::bytea order by n) from chained)) where n = 1
"""


async def test_a_chain_of_rows_that_was_made_anew(record: Record) -> None:
    await record.connection.execute("insert into codec_key (key_id) values ('one')")
    await record.grow(10)
    [line] = (await record.checkpoint()).checkpoint.extensions
    assert line.startswith("rows 1 ")
    await record.connection.execute("insert into codec_key (key_id) values ('two')")
    await record.grow(10)
    assert [line[:7] for line in (await record.checkpoint()).checkpoint.extensions] == ["rows 2 "]
    report = await look(record)
    assert (report.verified, report.succeeds) == (True, ())
    await record.connection.execute(CHAIN_REWRITTEN)
    assert rules(await look(record)) == {Rule.ROWS}


async def test_a_checkpoint_that_was_kept_and_not_published_is_the_newest_though_rows_came_since(
    record: Record,
) -> None:
    await record.grow(10)
    kept = await record.checkpoint()
    (record.folder / "1/checkpoint").unlink()
    await record.connection.execute("insert into codec_key (key_id) values ('one')")
    assert await record.checkpoint() == kept
    assert (await look(record)).verified


async def test_a_record_without_events(record: Record) -> None:
    report = await look(record)
    assert (report.verified, report.size, report.newest) == (True, 0, None)
    await record.grow(1)
    assert rules(await look(record)) == {Rule.CHECKPOINT_MISSING}


@pytest.mark.usefixtures("witness")
async def test_an_event_taken_out_and_all_positions_made_anew(record: Record) -> None:
    """One event is missing, and many others have moved; the report still names the missing one."""
    await record.connection.execute("delete from event where stream = 'filing:0' and seq = 2")
    await record.connection.execute(
        "create table moved as select row_number() over (order by position) as position, stream, seq from position "
        "join event using (stream, seq); delete from position; insert into position select * from moved"
    )
    report = await look(record)
    assert (Rule.EVENT_MISSING, "filing:0", 2) in places(report)
    assert len(report.findings) == 103
    assert rules(report) == {Rule.EVENT_MISSING, Rule.POSITION_DIFFERS, Rule.MORE}


async def test_a_checkpoint_removed(record: Record, witness: WitnessAt) -> None:
    one = record.folder / "1"
    (one / "checkpoint").write_bytes((one / "checkpoints/300").read_bytes())
    assert Rule.CHECKPOINT_MISSING in rules(await look(record)), "the last one kept is larger"
    (one / "checkpoints/600").unlink()
    assert rules(await look(record)) == {Rule.CHECKPOINT_MISSING}, "the witness knows"
    record.witnesses = [replace(witness.witness, url="http://127.0.0.1:9")]
    assert (await look(record)).unasked == ("witness.example/w1",)
    (one / "checkpoint").unlink()
    assert rules(await look(record)) == {Rule.CHECKPOINT_MISSING}


async def test_a_checkpoint_forged_with_the_logs_key_but_no_witness(record: Record, witness: WitnessAt) -> None:
    await record.connection.execute("update event set hash = sha256(hash) where stream = 'filing:1' and seq > 150")
    true, record.folder = record.folder, record.folder.with_name("forged")
    record.witnesses, record.quorum = [], 0
    await record.checkpoint()
    record.witnesses, record.quorum = [witness.witness], 1
    report = await look(record)
    assert rules(report) == {Rule.QUORUM, Rule.SECOND_PLACE}, "and its root is not the one that the witness has seen"
    record.folder = true
    assert not (await look(record)).verified
    checkpoint = Checkpoint(NAME, 600, bytes(32))
    for path in ("checkpoint", "checkpoints/600"):
        note = read_note((true / "1" / path).read_bytes())
        (true / "1" / path).write_bytes(bytes(replace(note, text=checkpoint.text)))
    assert rules(await look(record)) == {Rule.SECOND_PLACE}


@pytest.mark.usefixtures("witness")
async def test_a_checkpoint_of_before_forged_with_the_logs_key(record: Record) -> None:
    """The newest checkpoint is right; an earlier one is forged, and somebody may have relied on it."""
    old = record.folder / "1/checkpoints/300"
    true = read_note(old.read_bytes())
    text = replace(Checkpoint.read(true.text), root=bytes(32)).text
    old.write_bytes(bytes(Note(text).signed(LOG.sign(text))))
    assert rules(await look(record)) == {Rule.QUORUM, Rule.SECOND_PLACE}
    old.write_bytes(bytes(replace(true, text=text)))
    assert rules(await look(record)) == {Rule.CHECKPOINT}, "nor has the log's key signed it"


async def test_a_log_that_succeeds_another(record: Record, witness: WitnessAt, tmp_path: Path) -> None:
    await record.connection.execute(
        "delete from event using position p where p.position > 597 and p.seq = event.seq "
        "and p.stream = event.stream; delete from position where position > 597"
    )
    async with witness_at(tmp_path / "w2", LOG.named(f"{NAME}/2").verifier, name="witness.example/w2") as second:
        record.witnesses = [second.witness]
        await record.anew("restored")
        report = await look(record)
        assert report.verified
        assert report.succeeds[0].startswith(f"succeeds {NAME} 600 ")
        assert report.succeeds[1] == "reason restored"
        one = record.folder / "1"
        (one / "checkpoint").write_bytes((one / "checkpoints/300").read_bytes())
        assert rules(await look(record)) == {Rule.CHECKPOINT_MISSING}, "it names another"
    assert witness.of(NAME) is not None
