"""Checkpoints of a real record at a real second place: the stored files, and every reason not to make one."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from activities.checkpoints.log import CheckpointError, Fault, Published, newest_log
from activities.checkpoints.making import make
from activities.partners.witness import Witness
from activities.signature.proof import stamp, stamped_at
from operations.commands.ledger.witness import Memory, MemoryFaultError
from rules.proof.note import Kind, Signer, Verifier, read_note, signers
from rules.proof.tree import leaf_hash, verify_consistency
from rules.require import require
from sandbox.trust import ROOT
from sandbox.trust.authority import Authority
from sandbox.trust.server import stamper_of
from tests.acting import eventually
from tests.integration.proof.conftest import LOG, NAME, Record, listens, witness_at
from tests.programs import program
from tests.sandboxes import free_port
from tests.shell import Shell
from verifier.checkpoint import LEEWAY, Report, Rule, verify
from verifier.events import event_of
from verifier.tree import Tree, root_by
from workers.checkpoints import authorities_in


async def root_of(record: Record, size: int) -> bytes:
    rows = await record.connection.fetch(
        "select stream, seq, hash from position join event using (stream, seq) where position <= $1 order by position",
        size,
    )
    tree = Tree()
    for stream, seq, digest in rows:
        parts = (stream.encode(), seq.to_bytes(8, "big"), digest)
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
    assert [path.name for path, content in there.items() if path.read_bytes() != content] == ["checkpoint"]
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


# The time-stamps of checkpoints: whose they are, of what, and when.


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority", "http://127.0.0.1:9")


@pytest.fixture
async def stamped(record: Record, authority: Authority) -> Record:
    record.stamper = stamper_of(authority)
    for _ in range(2):
        await record.grow(300)
        await record.checkpoint()
    return record


async def look(record: Record, roots: Path | None) -> Report:
    authorities = authorities_in(None if roots is None else str(roots))
    judge = None if authorities is None else partial(stamped_at, trust=authorities)
    return await verify(record.connection, record.place, replace(record.trust, stamped_at=judge))


async def test_those_of_an_authority_that_is_trusted_are_counted(stamped: Record, tmp_path: Path) -> None:
    report = await look(stamped, tmp_path / "authority" / ROOT)
    assert (report.verified, report.checkpoints, report.stamped) == (True, 2, 2)
    report = await look(stamped, None)
    assert (report.verified, report.stamped) == (True, None), "nobody looks at them"
    (stamped.folder / "1/stamps/300").unlink()
    report = await look(stamped, tmp_path / "authority" / ROOT)
    assert (report.verified, report.stamped) == (True, 1), "as when nobody answered in time"


async def stamped_by(authority: Authority, record: Record, size: int) -> bytes:
    note = read_note((record.folder / f"1/checkpoints/{size}").read_bytes())
    token = require(await stamp(stamper_of(authority), sha256(note.text.encode()).digest()))
    return token[0]


async def by_another(authority: Authority, record: Record) -> bytes:
    return await stamped_by(Authority(record.folder.with_name("other"), authority.url), record, 300)


async def too_early(authority: Authority, record: Record) -> bytes:
    authority.ahead = -LEEWAY - timedelta(minutes=1)
    return await stamped_by(authority, record, 300)


async def altered(authority: Authority, record: Record) -> bytes:
    token = await stamped_by(authority, record, 300)
    return token[:-1] + bytes([token[-1] ^ 1])


Stamp = Callable[[Authority, Record], Awaitable[bytes]]
WRONG: Final[tuple[Stamp, ...]] = (partial(stamped_by, size=600), by_another, too_early, altered)


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_one_is_named(stamped: Record, authority: Authority, tmp_path: Path, wrong: Stamp) -> None:
    (stamped.folder / "1/stamps/300").write_bytes(await wrong(authority, stamped))
    report = await look(stamped, tmp_path / "authority" / ROOT)
    assert (report.verified, report.stamped) == (False, 1)
    assert [(one.rule, one.message.partition(" ")[0]) for one in report.findings] == [(Rule.STAMP, "stamps/300")]


async def test_clocks_may_differ_a_little(stamped: Record, authority: Authority, tmp_path: Path) -> None:
    authority.ahead = -LEEWAY + timedelta(minutes=1)
    (stamped.folder / "1/stamps/300").write_bytes(await stamped_by(authority, stamped, 300))
    assert (await look(stamped, tmp_path / "authority" / ROOT)).stamped == 2


async def test_a_stamp_tells_of_a_checkpoint_that_was_removed(stamped: Record) -> None:
    """The removed checkpoint is the newest one or an earlier one; there is no witness."""
    one = stamped.folder / "1"
    (one / "checkpoint").write_bytes((one / "checkpoints/300").read_bytes())
    (one / "checkpoints/600").unlink()
    assert [(one.rule, one.message) for one in (await look(stamped, None)).findings] == [
        (Rule.CHECKPOINT_MISSING, "the checkpoint of 600 events was time-stamped, and is not kept")
    ]


async def test_by_the_command(stamped: Record, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {stamped.signer.verifier}\nquorum none\n")
    env = {
        "MOTCUA_DATABASE_URL": stamped.world.app_dsn,
        "MOTCUA_CHECKPOINTS": stamped.folder.as_uri(),
        "MOTCUA_WITNESSES": str(policy),
        "MOTCUA_SIGNATURE_ROOTS": str(tmp_path / "authority" / ROOT),
    }
    verifying = ("ledger", "verify", "--checkpoints")
    assert "2 / 2" in (await Shell(env)(*verifying)).out
    (stamped.folder / "1/stamps/300").write_bytes(b"")
    told = await Shell(env)(*verifying, "--json")
    held = told.json["checkpoints"]
    assert (told.code, held["stamped"], [one["rule"] for one in held["findings"]]) == (1, 1, ["stamp"])
    (tmp_path / "authority" / ROOT).write_text("nothing")
    told = await Shell(env)(*verifying)
    assert (told.code, "MOTCUA_SIGNATURE_ROOTS" in told.err) == (2, True)
    told = await Shell(env)("ledger", "export", "H01.12-20261128-0000001", "--out", tmp_path / "bundle")
    assert "MOTCUA_SIGNATURE_ROOTS" not in told.err, "a bundle holds no time-stamp"


# A witness that others have written, that of Sigsum, cosigns what grows, and refuses what contradicts it.

TREE: Final = f"sigsum.org/v1/tree/{sha256(LOG.verifier.public).hexdigest()}"
"""The only name under which this witness knows our log."""


def written(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n"


@asynccontextmanager
async def sigsum_witness(folder: Path) -> AsyncIterator[tuple[str, Verifier]]:
    """Runs a witness that knows our log; yields its address and its key."""
    key, file, log = Ed25519PrivateKey.generate(), folder / "key", folder / "log.pub"
    public = key.public_key().public_bytes_raw()
    file.touch(0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    log.write_bytes(written(Ed25519PublicKey.from_public_bytes(LOG.verifier.public)))
    port = free_port()
    options = ("-k", file, "--log-key", log, "--state-file", folder / "state", f"127.0.0.1:{port}")
    # As Debian builds it, it takes the patterns of its own addresses for plain ones, unless it is told.
    process = await asyncio.create_subprocess_exec(
        program("sigsum-witness"), *options, env={"GODEBUG": "httpmuxgo121=0"}
    )
    try:
        await eventually(lambda: asyncio.to_thread(listens, port), bool)
        name = f"sigsum.org/v1/witness/{sha256(public).hexdigest()}"
        yield f"http://127.0.0.1:{port}", Verifier(name, Kind.WITNESS, public)
    finally:
        process.terminate()
        await process.wait()


async def test_it_cosigns_what_grows_and_refuses_what_was_rewritten(record: Record, tmp_path: Path) -> None:
    record.signer = Signer.of(TREE, Kind.LOG, LOG.secret)
    async with sigsum_witness(tmp_path) as (url, key), httpx.AsyncClient(trust_env=False) as client:
        record.witnesses, record.quorum = [Witness(client, url, key)], 1
        for more in (3, 297, 400):
            await record.grow(more)
            made = await record.checkpoint()
            assert [one.by for one in signers(made.note, [key])] == [key]
        assert made.checkpoint.size == 700
        found = await verify(record.connection, record.place, record.trust)
        assert (found.verified, found.cosigned) == (True, (key.name,))
        record.folder = tmp_path / "rewritten"
        await record.connection.execute("update event set hash = sha256('another') where seq = 2")
        with pytest.raises(CheckpointError) as error:
            await record.checkpoint()
        assert error.value.fault is Fault.CONTRADICTED
