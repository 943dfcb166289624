"""Checkpoints of a real record at a real second place: what is laid there, and every reason to make none."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from activities.checkpoints.log import Published, newest_log
from activities.checkpoints.making import make
from activities.checkpoints.place import CheckpointError, Fault
from operations.witness.memory import Memory, MemoryFaultError
from rules.proof.note import Kind, Signer, signers
from rules.proof.tree import leaf_hash, verify_consistency
from tests.integration.proof.conftest import LOG, NAME, Record, witness_at
from verifier.events import event_of
from verifier.tree import Tree, root_by


async def root_of(record: Record, size: int) -> bytes:
    """The root of the first events, by the page alone."""
    rows = await record.connection.fetch(
        "select stream, seq, hash from position join event using (stream, seq) where position <= $1 order by position",
        size,
    )
    tree = Tree()
    for stream, seq, digest in rows:
        name = stream.encode()
        parts = (name, seq.to_bytes(8, "big"), digest)
        tree.add(leaf_hash(b"".join(len(part).to_bytes(4, "big") + part for part in parts)))
    return tree.root()


async def refused(record: Record) -> Fault:
    with pytest.raises(CheckpointError) as refusal:
        await record.checkpoint()
    return refusal.value.fault


async def test_a_growing_record(record: Record) -> None:
    assert await make(record.connection, record.setup) is None
    made: list[Published] = []
    for events in (1, 254, 1, 300, 700):
        await record.grow(events)
        made.append(await record.checkpoint())
    log = await newest_log(record.place, NAME)
    for one in made:
        assert one.checkpoint.root == await root_of(record, one.checkpoint.size)
        assert [signed.by for signed in signers(one.note, [LOG.verifier])] == [LOG.verifier]
        assert (record.folder / f"1/checkpoints/{one.checkpoint.size}").read_bytes() == bytes(one.note)
        for later in made:
            if later.checkpoint.size >= one.checkpoint.size:
                old, new = one.checkpoint, later.checkpoint
                verify_consistency(old.size, old.root, new.size, new.root, await log.consistency(old.size, new.size))
    last = made[-1].checkpoint
    assert sorted(await log.place.names("checkpoints")) == ["1", "1256", "255", "256", "556"]
    assert (await log.newest(LOG.verifier)) == made[-1]
    for index in (0, 255, 256, 1255):
        [data] = (await log.entries(index // 256, last.size))[index % 256 : index % 256 + 1]
        path = await log.inclusion(index, last.size)
        assert root_by(path, leaf_hash(data), index, last.size) == last.root
        stream, *_ = event_of(data) or ("",)
        assert stream.startswith("filing:")
    text = (record.folder / "1" / "checkpoint").read_text()
    assert text.startswith(f"{NAME}\n1256\n{b64encode(last.root).decode()}\n\n— {NAME} ")
    assert await record.checkpoint() == made[-1]


async def test_what_lies_there_is_never_overwritten(record: Record) -> None:
    await record.grow(300)
    await record.checkpoint()
    there = {path: path.read_bytes() for path in record.folder.rglob("*") if path.is_file()}
    await record.grow(300)
    await record.checkpoint()
    changed = [path.name for path, content in there.items() if path.read_bytes() != content]
    assert changed == ["checkpoint"]
    (record.folder / "1/tile/0/002.p/100").parent.mkdir(exist_ok=True)
    (record.folder / "1/tile/0/002.p/100").write_bytes(bytes(3200))
    await record.grow(12)
    assert await refused(record) is Fault.OTHER_CONTENT


async def test_killed_before_the_word_it_goes_on(record: Record) -> None:
    await record.grow(300)
    await record.checkpoint()
    newest = (record.folder / "1/checkpoint").read_bytes()
    await record.grow(300)
    first = await record.checkpoint()
    (record.folder / "1/checkpoint").write_bytes(newest)
    assert await record.checkpoint() == first
    (record.folder / "1/checkpoint").write_bytes(newest)
    (record.folder / "1/checkpoints/600").unlink()
    await record.grow(10)
    assert (await record.checkpoint()).checkpoint.size == 610


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("update event set hash = sha256(hash) where stream = 'filing:2' and seq = 100", Fault.OTHER_EVENTS),
        ("delete from event where seq = 102", Fault.NO_ORDER),
        ("delete from position where position > 290", Fault.FEWER_EVENTS),
    ],
)
async def test_what_was_done_to_the_record(record: Record, statement: str, fault: Fault) -> None:
    await record.grow(300)
    await record.checkpoint()
    await record.grow(10)
    await record.connection.execute(statement)
    assert await refused(record) is fault


async def test_another_key(record: Record) -> None:
    await record.grow(10)
    await record.checkpoint()
    record.signer = Signer.of(NAME, Kind.LOG, bytes(32))
    assert await refused(record) is Fault.NOT_OURS


async def test_tiles_that_were_damaged(record: Record) -> None:
    await record.grow(300)
    await record.checkpoint()
    tile = record.folder / "1/tile/0/001.p/44"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    await record.grow(1)
    assert await refused(record) is Fault.DAMAGED
    tile.write_bytes(b"short")
    assert await refused(record) is Fault.DAMAGED
    tile.unlink()
    assert await refused(record) is Fault.MISSING


async def test_one_at_a_time(record: Record) -> None:
    await record.grow(10)
    async with record.world.connection() as other:
        await other.execute("select pg_advisory_lock(8318041120182700001)")
        assert await refused(record) is Fault.BUSY
    assert (await record.checkpoint()).checkpoint.size == 10


async def test_witnesses_cosign(record: Record, tmp_path: Path) -> None:
    async with (
        witness_at(tmp_path / "w1", LOG.verifier) as first,
        witness_at(tmp_path / "w2", LOG.verifier, name="witness.example/w2") as second,
    ):
        record.witnesses, record.quorum = [first.witness, second.witness], 2
        await record.grow(300)
        made = await record.checkpoint()
        await record.grow(300)
        made = await record.checkpoint()
        signed = signers(made.note, [LOG.verifier, first.key, second.key])
        assert {one.by for one in signed} == {LOG.verifier, first.key, second.key}
        assert first.of(NAME) is not None
        assert first.of("another") is None
        record.witnesses[1] = replace(second.witness, url="http://127.0.0.1:9")
        await record.grow(300)
        assert await refused(record) is Fault.NO_QUORUM
        assert (record.folder / "1/checkpoint").read_bytes() == bytes(made.note)
        record.quorum = 1
        assert (await record.checkpoint()).checkpoint.size == 900
        record.witnesses[1] = second.witness
        await record.grow(1)
        assert len(signers((await record.checkpoint()).note, [first.key, second.key])) == 2


async def test_a_witness_that_saw_a_later_tree(record: Record, tmp_path: Path) -> None:
    async with witness_at(tmp_path / "w1", LOG.verifier) as witness:
        record.witnesses, record.quorum = [witness.witness], 1
        await record.grow(300)
        await record.checkpoint()
        kept = witness.of(NAME)
        # All of it is made anew: record, second place and signatures, by whoever has the key.
        await record.connection.execute("delete from position")
        await record.connection.execute("delete from event")
        record.folder = tmp_path / "another"
        await record.grow(299, streams=2)
        assert await refused(record) is Fault.CONTRADICTED
        await record.grow(5, streams=2)
        assert await refused(record) is Fault.CONTRADICTED
        assert witness.of(NAME) == kept
        assert not (record.folder / "1/checkpoint").exists()


async def test_no_two_witnesses_share_a_memory(tmp_path: Path) -> None:
    async with witness_at(tmp_path / "w1", LOG.verifier):
        with pytest.raises(MemoryFaultError):
            await asyncio.to_thread(Memory, tmp_path / "w1")
