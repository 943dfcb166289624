"""A bundle proves offline that its streams were in the record, to anybody who trusts a witness."""

import copy
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any, Final

from operations.commands.ledger.checkpoints import proofs_of
from operations.evidence.bundle import export
from rules.proof.note import Kind, Signer
from rules.require import require
from tests.acting import Play
from tests.conftest import World
from tests.histories import with_fee
from tests.integration.proof.conftest import LOG, Record, witness_at
from verifier.bundle import Report, Rule, canonical, digest, verify

Json = dict[str, Any]

OTHER: Final = Signer.of("other.example", Kind.WITNESS, bytes(32))


async def bundled(record: Record, play: Play) -> Json:
    async with record.world.connection() as connection:
        return require(
            await export(
                connection, str(play.filing), None, lambda c, streams: proofs_of(c, record.place, LOG.verifier, streams)
            )
        )


def check(bundle: Json, policy: str | None) -> Report:
    return verify(canonical(bundle | {"digest": digest(bundle)}), None, policy)


def messages(report: Report) -> list[str]:
    return [one.message for one in report.problems if one.rule is Rule.PROOF]


async def test_a_bundle_with_its_proof(world: World, record: Record, tmp_path: Path) -> None:
    async with witness_at(tmp_path / "w1", LOG.verifier) as witness:
        record.witnesses, record.quorum = [witness.witness], 1
        await record.grow(300)
        async with world.platform(), world.back_office():
            play = await Play.begin(world, with_fee())
            made = await record.checkpoint()
            await play.accept()
        bundle = await bundled(record, play)
    policy = f"log {LOG.verifier}\nwitness w {witness.key}\nquorum w\n"
    size = made.checkpoint.size
    report = check(bundle, policy)
    [proof] = [one for one in bundle["proofs"] if one["stream"] == f"filing:{play.filing}"]
    assert report.problems == []
    assert report.checkpoint == f"{LOG.verifier.name} {size}"
    assert report.signed_by == [LOG.verifier.name, witness.key.name]
    assert report.proved == sum(one["seq"] for one in bundle["proofs"]) < report.events
    assert check(bundle, None).signed_by == []
    text = b64decode(proof["proof"]).decode()
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 3")
    assert text.endswith(bytes(made.note).decode())

    def changed(**values: Any) -> Json:
        other = copy.deepcopy(bundle)
        other["proofs"][0] |= values
        return other

    def reworded(old: str, new: str) -> Json:
        assert old in text
        return changed(proof=b64encode(text.replace(old, new).encode()).decode())

    for wrong in (
        changed(seq=proof["seq"] + 1),
        changed(seq=99),
        changed(stream="filing:other"),
        changed(proof=""),
        reworded("index 3", "index 2"),
        reworded("tlog-proof@v1", "tlog-proof@v2"),
        reworded(f"\n{size}\n", f"\n{size + 1}\n"),
        reworded(f"\n{size}\n", f"\n0{size}\n"),
    ):
        assert messages(check(wrong, policy)), wrong["proofs"][0]
        assert messages(check(wrong, None))
    other = str(LOG.named("another").verifier)
    for asked in (
        f"log {other}\nwitness w {witness.key}\nquorum w\n",
        f"log {LOG.verifier}\nwitness w {OTHER.verifier}\nquorum w\n",
        f"witness w {witness.key}\nquorum w\n",
    ):
        assert messages(check(bundle, asked))
    forged = text.replace(text.split("\n— ")[1], text.split("\n— ")[1].replace(" ", " AAAA", 1)[:-4])
    assert messages(check(changed(proof=b64encode(forged.encode()).decode()), policy))
    del bundle["proofs"]
    assert messages(check(bundle, policy)) == ["nothing in the bundle proves that a checkpoint has it"]
    assert check(bundle, None).verified
