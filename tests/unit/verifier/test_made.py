"""The verifiers alone, on a record made by hand (`made.py`): the true record passes, tampering is reported."""

import asyncio
import copy
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.alone import Alone
from tests.unit.verifier.made import FILE, FILING, made
from tests.walking import walked
from verifier import bundle as bundles
from verifier import checkpoint as checkpoints
from verifier.checkpoint import Trust
from verifier.events import canonical
from verifier.notes import Checkpoint, Policy, checkpoint_in, read_note

Json = dict[str, Any]
MADE: Final[Json] = json.loads(FILE.read_text(encoding="utf-8"))
OWN: Final = f"filing:{FILING}"
POLICY: Final = Policy(MADE["policy"])


def test_what_is_kept_is_what_the_script_makes() -> None:
    assert json.loads(json.dumps(made())) == MADE


def open_bundle() -> Json:
    """Returns the bundle that everybody may have, without the sealed parts."""
    bundle: Json = copy.deepcopy(MADE["bundle"])
    del bundle["key"]
    for event in (event for stream in bundle["streams"] for event in stream["events"]):
        del event["sealed"]
    bundle["files"] = [{name: bundle["files"][0][name] for name in ("stream", "seq", "what", "sha256")}]
    return bundle


def look(bundle: Json, policy: str | None = MADE["policy"], folder: Path | None = None) -> bundles.Report:
    return bundles.verify(canonical(bundle | {"digest": bundles.digest(bundle)}), folder, policy)


def test_a_true_bundle(tmp_path: Path) -> None:
    assert bundles.verify(canonical(MADE["bundle"]), None, MADE["policy"]).verified, "its digest was made by hand"
    (tmp_path / "any name").write_bytes(b"paper")
    for bundle, sealed in ((MADE["bundle"], 1), (open_bundle(), 0)):
        report = look(bundle, folder=tmp_path)
        assert report.problems == []
        assert (report.events, report.sealed, report.files, report.proved) == (6, sealed, 1, 6)
        seen = (report.checkpoint, report.signed_by)
        assert seen == ("record.example/log 6", ["record.example/log", "witness.example"])
    [lacks] = look(MADE["bundle"], folder=tmp_path / "elsewhere").problems
    assert lacks.rule is bundles.Rule.FILE_MISSING


def of(bundle: Json, seq: int, stream: int = 0) -> Json:
    event: Json = bundle["streams"][stream]["events"][seq - 1]
    return event


def text_in(event: Json, name: str, old: str, new: str) -> None:
    """Replaces a text in a base64 member of an event, and adapts the event's hash."""
    before = b64decode(event[name]).decode()
    assert old in before
    event[name] = b64encode(before.replace(old, new).encode()).decode()
    event["hash"] = bundles.event_hash(event)


HARMED: Final[dict[str, tuple[Callable[[Json], object], set[str]]]] = {
    "a byte of a body": (lambda b: of(b, 2).update(body=b64encode(b'{"n":1}').decode()), {"hash", "belongs"}),
    "a body that is no object": (lambda b: text_in(of(b, 4), "body", "{", "["), {"body", "head_differs", "proof"}),
    "an event taken out": (
        lambda b: b["streams"][0]["events"].pop(1),
        {"seq", "link", "head_differs", "belongs", "proof"},
    ),
    "a head of another hash": (lambda b: b["streams"][0].update(head_hash="f" * 64), {"head_differs"}),
    "no receipt": (lambda b: b["streams"][0]["receipts"].pop(), {"receipt"}),
    "another digest in a receipt": (
        lambda b: b["streams"][1]["receipts"][0].update(digest="e" * 64),
        {"receipt", "bound"},
    ),
    "an epoch that nobody began": (
        lambda b: text_in(of(b, 4), "bound", ":1", ":2"),
        {"epoch", "head_differs", "proof"},
    ),
    "what binds nothing behind what does": (lambda b: of(b, 3).pop("bound"), {"bound", "hash"}),
    "another file": (lambda b: b["files"][0].update(sha256="a" * 64), {"files"}),
    "another filing's code": (lambda b: b.update(code="H01.12-20261125-0000002"), {"receipt", "belongs"}),
    "the payment left out": (lambda b: b["streams"].pop(), {"belongs", "proof"}),
    "another key": (lambda b: b["key"].update(secret=b64encode(bytes(32)).decode()), {"bound", "sealed", "files"}),
    "what is sealed": (lambda b: of(b, 1).update(sealed=of(b, 1)["body"]), {"sealed", "files"}),
    "a member too many": (lambda b: b.update(more=1), {"shape"}),
    "a proof of another event": (lambda b: b["proofs"][0].update(seq=3), {"proof"}),
    "a seq below all": (lambda b: of(b, 2, 1).update(seq=-1), {"seq", "hash", "receipt", "proof"}),
    "no proofs": (lambda b: b.pop("proofs"), {"proof"}),
}


@walked("what", HARMED, exactly=17)
def test_a_harmed_bundle(what: str) -> None:
    change, rules = HARMED[what]
    bundle = copy.deepcopy(MADE["bundle"])
    change(bundle)
    assert {str(one.rule) for one in look(bundle).problems} == rules


class InMemory:
    """A record and the files of its second storage place, in memory."""

    def __init__(self) -> None:
        events = [event for stream in MADE["bundle"]["streams"] for event in stream["events"]]
        hashes = {(one["stream"], one["seq"]): bytes.fromhex(one["hash"]) for one in events}
        self.events: list[tuple[str, int, bytes | None]] = [(*place, hashes[*place]) for place in MADE["places"]]
        self.files = {path: b64decode(content) for path, content in MADE["files"].items()}

    async def fetchval(self, query: str, /, *_: Any) -> int:
        assert query == checkpoints.LAST
        return len(self.events)

    async def fetch(self, query: str, /, *args: Any) -> list[Any]:
        if query == checkpoints.EVENTS:
            after, last = args
            return [(n, *one) for n, one in enumerate(self.events, 1) if after < n <= last]
        assert query == checkpoints.HASHES
        asked = set(zip(*args, strict=True))
        return [one for one in self.events if one[:2] in asked and one[2] is not None]

    async def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    async def names(self, folder: str) -> list[str]:
        return [path.rpartition("/")[2] for path in self.files if path.rpartition("/")[0] == folder]

    def verified(self, since: Checkpoint | None = None) -> checkpoints.Report:
        return asyncio.run(checkpoints.verify(self, self, Trust(POLICY.logs[0], POLICY), since))


def test_a_true_record_against_its_checkpoints() -> None:
    report = InMemory().verified()
    assert report.findings == ()
    assert (report.size, report.checkpoints, report.cosigned) == (6, 2, ("witness.example",))
    first = checkpoint_in(read_note(InMemory().files["1/checkpoints/4"]))
    report = InMemory().verified(first)
    assert (report.findings, report.since, report.checkpoints) == ((), 4, 1)
    there = InMemory()
    for n in (0, 4):
        there.events[n] = (*there.events[n][:2], bytes(32))
    assert [(str(one.rule), one.position) for one in there.verified(first).findings] == [("event_differs", 5)]
    for path in ("1/tile/0/000.p/4", "1/tile/0/000.p/6"):
        there = InMemory()
        there.files[path] = bytes(len(there.files[path]))
        assert not there.verified(first).verified, "neither the tree of then nor that of today may be another"
    for other in (first._replace(root=bytes(32)), first._replace(size=9), first._replace(origin="another")):
        report = InMemory().verified(other)
        assert ([str(one.rule) for one in report.findings], report.since) == (["checkpoint"], 0)


def changed(there: InMemory, path: str, old: bytes, new: bytes) -> None:
    assert old in there.files[path]
    there.files[path] = there.files[path].replace(old, new, 1)


HARMED_RECORDS: Final[dict[str, tuple[Callable[[InMemory], object], set[tuple[str, int | None]]]]] = {
    "a hash": (lambda m: m.events.__setitem__(2, (OWN, 3, bytes(32))), {("event_differs", 3)}),
    "an event": (lambda m: m.events.__setitem__(2, (OWN, 3, None)), {("event_missing", 3)}),
    "two events swapped": (
        lambda m: m.events.__setitem__(slice(1, 3), m.events[2:0:-1]),
        {("position_differs", 2), ("position_differs", 3)},
    ),
    "the last event": (lambda m: m.events.pop(), {("event_missing", 6), ("event_missing", None)}),
    "the newest checkpoint": (
        lambda m: m.files.update({"1/checkpoint": m.files["1/checkpoints/4"]}),
        {("checkpoint_missing", None)},
    ),
    "a checkpoint of before": (lambda m: changed(m, "1/checkpoints/4", b"\n4\n", b"\n5\n"), {("checkpoint", None)}),
    "a cosignature": (
        lambda m: changed(m, "1/checkpoint", b"\xe2\x80\x94 witness.example ", b"\xe2\x80\x94 another.example "),
        {("quorum", None)},
    ),
    "an entry": (
        lambda m: changed(m, "1/tile/entries/000.p/6", b"payment", b"Payment"),
        {("event_missing", 4), ("second_place", None)},
    ),
    "all entries": (lambda m: m.files.pop("1/tile/entries/000.p/6"), {("second_place", None)}),
    "a stamp without its checkpoint": (lambda m: m.files.update({"1/stamps/5": b""}), {("checkpoint_missing", None)}),
}


@walked("what", HARMED_RECORDS, exactly=10)
def test_a_harmed_record_against_its_checkpoints(what: str) -> None:
    change, found = HARMED_RECORDS[what]
    there = InMemory()
    change(there)
    assert {(str(one.rule), one.position) for one in there.verified().findings} == found


@pytest.fixture
def alone(tmp_path: Path) -> Alone:
    (tmp_path / "policy").write_text(MADE["policy"])
    for path, content in MADE["files"].items():
        (tmp_path / "second" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "second" / path).write_bytes(b64decode(content))
    return Alone.in_folder(tmp_path)


def test_a_bundle_needs_nothing_else(alone: Alone) -> None:
    file = alone.folder / "bundle.json"
    file.write_bytes(canonical(MADE["bundle"]))
    code, out, err = alone.run("verifier.bundle", "bundle.json", "--policy", "policy")
    assert (code, err) == (0, "")
    assert json.loads(out)["signed_by"] == ["record.example/log", "witness.example"]
    file.write_bytes(canonical(MADE["bundle"] | {"code": "another"}))
    code, out, _ = alone.run("verifier.bundle", "bundle.json")
    assert (code, json.loads(out.splitlines()[0])["rule"]) == (1, "digest")


def test_only_what_reads_a_database_asks_for_asyncpg(alone: Alone) -> None:
    commands = (("verifier.ledger",), ("verifier.checkpoint", "second", "--policy", "policy"))
    for command in commands:
        code, out, err = alone.run(*command)
        assert (code, out) == (1, "")
        assert err.endswith("No module named 'asyncpg'\n")
    alone.add("asyncpg")
    nowhere = {"PGHOST": str(alone.folder), "PGUSER": "nobody", "PGDATABASE": "none"}
    for command in commands:
        code, _, err = alone.run(*command, env=nowhere)
        assert code == 1
        assert "No such file" in err.splitlines()[-1], "it looks for the database"
