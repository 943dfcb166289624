"""A bundle proves one filing offline, reveals persons only on request, and is invalid after any change."""

import asyncio
import copy
import hashlib
import json
import shutil
import stat
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from operations.evidence.bundle import export
from rules.require import require
from tests.acting import Play, eventually
from tests.conftest import World
from tests.histories import CANARY, PERSON, mixed, with_fee
from tests.shell import Shell
from verifier import bundle as bundle_verifier
from verifier.bundle import Report, Rule, canonical, digest, event_hash, verify

Json = dict[str, Any]


async def bundled(world: World, play: Play, *, sealed: bool = False) -> Json:
    async with world.connection(world.app_dsn) as connection:
        return require(await export(connection, str(play.filing), world.settings.master if sealed else None))


async def paid_and_posted(world: World) -> Play:
    async with world.platform(), world.back_office():
        play = await Play.begin(world, with_fee(result_channel="post"))
        await play.deliver(reason="canary reason")
        await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_ended" in kinds)
    return play


class Kept(NamedTuple):
    """A paid filing's bundle, sealed and decrypted, with the filing's files; and another filing's bundle."""

    play: Play
    payment: list[str]
    """The kinds of the payment's events."""
    bundle: Json
    sealed: Json
    other: Json
    files: Path


@pytest.fixture(scope="module")
def stories() -> list[Kept]:
    return []


@pytest.fixture
async def kept(world: World, stories: list[Kept], tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The bundles, made once for all tests that only read or change them; each test gets a copy."""
    if not stories:
        play = await paid_and_posted(world)
        files = shutil.copytree(urlsplit(world.objects).path, tmp_path_factory.mktemp("kept") / "objects")
        other = await bundled(world, await paid_and_posted(world))
        bundles = await bundled(world, play), await bundled(world, play, sealed=True), other
        stories.append(Kept(play, await play.kinds("payment", 1), *bundles, files))
    found = stories[0]
    return found._replace(bundle=copy.deepcopy(found.bundle), sealed=copy.deepcopy(found.sealed))


def mended(bundle: Json) -> Json:
    """Returns the bundle with heads, receipts and digest recomputed from its events, as a forger would do."""
    made = copy.deepcopy(bundle)
    for stream in made["streams"]:
        last = stream["events"][-1]
        stream |= {"head_seq": last["seq"], "head_hash": last["hash"]}
        stream["receipts"] = [receipt for receipt in stream["receipts"] if receipt["seq"] <= last["seq"]]
    made["files"] = bundle_verifier.files_of(made, {})
    return redigested(made)


def redigested(bundle: Json) -> Json:
    return bundle | {"digest": digest(bundle)}


def check(bundle: Json) -> Report:
    return verify(canonical(bundle))


def problems_of(report: Report) -> set[tuple[Rule, str | None, int | None]]:
    assert report.verified is (not report.problems)
    return {(problem.rule, problem.stream, problem.seq) for problem in report.problems}


async def test_every_filing_verifies_offline_and_no_bundle_gives_anybody_away(world: World) -> None:
    plays = await mixed(world)
    for name, play in plays.items():
        bundle = await bundled(world, play)
        report = check(bundle)
        assert report.verified, (name, report.problems)
        assert (report.code, report.sealed) == (bundle["code"], 0)
        assert CANARY not in readable(bundle).lower(), name
        opened = await bundled(world, play, sealed=True)
        report = check(opened)
        assert report.verified, (name, report.problems)
        assert report.sealed == sum(event["sealed"] is not None for event in events(opened)) > 0
        assert report.heads == check(bundle).heads
        assert CANARY in json.dumps(secrets(opened), ensure_ascii=False).lower(), name
    posted = await bundled(world, plays["posted"], sealed=True)
    assert secrets(posted)[0]["event"]["applicant"]["name"] == PERSON["name"]


def events(bundle: Json) -> list[Json]:
    return [event for stream in bundle["streams"] for event in stream["events"]]


def readable(bundle: Json) -> str:
    """Returns the text of the bundle, also of the parts that are only encoded."""
    parts = [b64decode(event[name]).decode() for event in events(bundle) for name in ("body", "actor")]
    parts += [b64decode(receipt["body"]).decode() for stream in bundle["streams"] for receipt in stream["receipts"]]
    return canonical(bundle).decode() + "".join(parts)


def secrets(bundle: Json) -> list[Json]:
    secret = b64decode(bundle["key"]["secret"])
    return [bundle_verifier.opened(event, secret) for event in events(bundle) if event["sealed"]]


def test_the_streams_of_a_filing_are_all_there_with_what_its_files_are(kept: Kept) -> None:
    bundle, filing = kept.bundle, kept.play.filing
    names = [f"{kind}:{filing}{n}" for kind, n in (("filing", ""), ("parcel", ":1"), ("payment", ":1"))]
    assert [stream["stream"] for stream in bundle["streams"]] == names
    assert [event["kind"] for event in bundle["streams"][2]["events"]] == kept.payment
    assert [file["what"] for file in bundle["files"]] == ["result"]
    assert [(file["what"], file["size"]) for file in kept.sealed["files"][:1]] == [("signature", 1)]


def test_no_bundle_survives_a_change_even_with_its_digest_made_anew(kept: Kept) -> None:
    """One part of the bundle after the other is changed, removed, doubled, moved or extended."""
    for bundle in (kept.bundle, kept.sealed):
        assert check(bundle).verified
        changes = 0
        for path, value in places(bundle):
            for other in others(path[-1] if path else "", value):
                changed = put(bundle, path, other)
                made = changed if path == ("digest",) or "digest" not in changed else redigested(changed)
                assert not check(made).verified, path
                changes += 1
        assert changes > 2000


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*path, name))


def others(name: Any, value: Any) -> Iterator[Any]:
    match value:
        case dict():
            yield from ({key: member for key, member in value.items() if key != gone} for gone in value)
            yield value | {"more": 1}
        case list():
            yield from (value[:n] + value[n + 1 :] for n in range(len(value)))
            yield from (value[: n + 1] + value[n:] for n in range(len(value)))
            yield from ([*value[:n], value[n + 1], value[n], *value[n + 2 :]] for n in range(len(value) - 1))
            yield [*value, {}]
        case bool() | None:
            yield from ("x", 0, "0" * 64)
        case int():
            yield from (value + 1, value - 1, -value, str(value), float(value), None)
        case str() if name in {"body", "actor", "sealed", "secret"}:
            content = b64decode(value)
            for n in range(0, len(content), 1 + len(content) // 10):
                yield b64encode(content[:n] + bytes([content[n] ^ 1]) + content[n + 1 :]).decode()
                yield b64encode(content[:n] + content[n + 1 :]).decode()
            yield from (b64encode(content + b" ").decode(), value + "=", "", None)
        case str():
            yield from (value[:-1] + chr(ord(value[-1]) ^ 1), chr(ord(value[0]) ^ 1) + value[1:], value + "0", "", None)
            if value.upper() != value:
                yield value.upper()


def put(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    made = copy.copy(whole)
    made[path[0]] = put(whole[path[0]], path[1:], value)
    return made


def test_no_byte_of_the_file_may_be_another(kept: Kept) -> None:
    data = canonical(kept.bundle)
    assert verify(data).verified
    for n in range(0, len(data), 13):
        for flip in (1, 0x20):
            assert not verify(data[:n] + bytes([data[n] ^ flip]) + data[n + 1 :]).verified, (n, flip)
    doubled = data.replace(b'"code":', b'"code":"x","code":', 1)
    others = (b" " + data, data + b"\n", data[:-1], b"", b"[]", b"null", b"[" * 100_000, data.replace(b":", b": ", 1))
    assert [other[:50] for other in (*others, doubled) if verify(other).verified] == []


Forgery = Callable[[Json], None]


def without(kind: str) -> Forgery:
    def forge(bundle: Json) -> None:
        bundle["streams"] = [stream for stream in bundle["streams"] if not stream["stream"].startswith(kind)]

    return forge


def cut(kind: str, events_left: int) -> Forgery:
    def forge(bundle: Json) -> None:
        (stream,) = (stream for stream in bundle["streams"] if stream["stream"].startswith(kind))
        del stream["events"][events_left:]

    return forge


def rewrite(of: str, seq: int, **columns: Any) -> Forgery:
    """Returns a forgery that changes an event, and every hash from there on."""

    def forge(bundle: Json) -> None:
        (stream,) = (stream for stream in bundle["streams"] if stream["stream"].startswith(of))
        stream["events"][seq - 1] |= columns
        for n, event in enumerate(stream["events"][seq - 1 :], seq - 1):
            event["prev_hash"] = stream["events"][n - 1]["hash"] if n else "0" * 64
            event["hash"] = event_hash(event)

    return forge


def encoded(**body: Any) -> str:
    return b64encode(canonical(body)).decode()


# What a forger does who makes every hash, head, receipt and digest anew; and where it shows.
FORGERIES: Final[dict[str, tuple[Forgery, str, int | None]]] = {
    "the payment left out": (without("payment"), "filing", 4),
    "the parcel left out": (without("parcel"), "filing", 14),
    "the filing left out": (without("filing"), "filing", None),
    "the capture cut off": (cut("payment", 2), "filing", 4),
    "the delivery cut off": (cut("parcel", 2), "filing", 14),
    "the fee's request cut off": (cut("filing", 2), "payment", 1),
    "another amount asked": (rewrite("payment", 1, body=encoded(amount=1, n=1, number="x")), "payment", 1),
    "another fee asked": (rewrite("payment", 1, body=encoded(amount=16000, n=2, number="x")), "payment", 1),
    "another amount paid": (rewrite("payment", 3, body=encoded(amount=1, owed=True)), "filing", 4),
    "another parcel asked": (rewrite("parcel", 1, body=encoded(n=2, number="x")), "parcel", 1),
    "another end of the parcel": (rewrite("parcel", 3, body=encoded(outcome="lost")), "filing", 14),
    "another code": (rewrite("filing", 1, body=encoded(code="H56.30-20261125-0000009")), "filing", 1),
    "another filing": (rewrite("payment", 1, filing_id="0" * 8 + "-0000" * 3 + "-" + "0" * 12), "payment", 1),
    "another agency": (rewrite("payment", 2, agency="H01.12"), "payment", 2),
    "another agency of the filing": (rewrite("filing", 3, agency="H01.12"), "filing", 3),
    "another stream": (rewrite("payment", 2, stream="payment:x"), "payment", 2),
    "another beginning": (rewrite("payment", 1, kind="payment_expired"), "payment", 1),
}


def test_streams_that_do_not_belong_together_are_named_whatever_was_hashed_anew(kept: Kept) -> None:
    bundle, other = kept.bundle, kept.other
    kinds = [event["kind"] for event in bundle["streams"][0]["events"]]
    assert (kinds[3], kinds[13]) == ("fee_paid", "handed_over")
    names = {stream["stream"].partition(":")[0]: stream["stream"] for stream in bundle["streams"]}
    for what, (forge, kind, seq) in FORGERIES.items():
        forged = copy.deepcopy(bundle)
        forge(forged)
        assert (Rule.BELONGS, names[kind], seq) in problems_of(check(mended(forged))), what
    mixed_up = redigested(bundle | {"streams": [bundle["streams"][0], *other["streams"][1:]]})
    assert {rule for rule, _, _ in problems_of(check(mixed_up))} >= {Rule.BELONGS}


def test_where_a_filing_binds_so_does_what_it_brings_about(kept: Kept) -> None:
    [payment] = [stream for stream in kept.bundle["streams"] if stream["stream"].startswith("payment")]
    for event in payment["events"]:
        del event["bound"]
    rewrite("payment", 1)(kept.bundle)
    assert problems_of(check(mended(kept.bundle))) == {(Rule.BOUND, payment["stream"], 1)}


def test_a_receipt_that_is_written_otherwise_is_named(kept: Kept) -> None:
    filing, *_ = kept.bundle["streams"]
    body = b64decode(filing["receipts"][0]["body"]).decode()
    for written in (body.encode("utf-16"), body.replace('"at"', '"\\ud800":0,"at"').encode(), f"{body} ".encode()):
        filing["receipts"][0]["body"] = b64encode(written).decode()
        assert problems_of(check(redigested(kept.bundle))) == {(Rule.RECEIPT, filing["stream"], 1)}, written


def test_an_end_cut_off_with_all_hashes_made_anew_is_what_a_bundle_alone_can_not_show(kept: Kept) -> None:
    """Only an earlier head or the applicant's receipt shows that the last events are missing (docs/ledger.md)."""
    forged = copy.deepcopy(kept.bundle)
    cut("filing", 8)(forged)
    without("parcel")(forged)
    report = check(mended(forged))
    assert (report.verified, report.heads[0].seq, check(kept.bundle).heads[0].seq) == (True, 8, 14)


def test_what_was_sealed_must_be_what_was_hashed_and_what_stands_openly(kept: Kept) -> None:
    bundle = kept.sealed
    name = bundle["streams"][0]["stream"]
    secret = b64decode(bundle["key"]["secret"])

    def resealed(seq: int, part: Json) -> Json:
        sealed = b"n" * 12 + AESGCM(secret).encrypt(b"n" * 12, canonical(part), f"{name}\n{seq}".encode())
        forged = copy.deepcopy(bundle)
        written = {"sealed": b64encode(sealed).decode(), "sealed_sha256": hashlib.sha256(sealed).hexdigest()}
        rewrite("filing", seq, **written)(forged)
        forged["streams"][0]["head_hash"] = forged["streams"][0]["events"][-1]["hash"]
        return redigested(forged)

    part = secrets(bundle)[0]
    anew = resealed(1, part)
    assert check(anew).verified
    exchanged = copy.deepcopy(bundle)
    exchanged["streams"][0]["events"][0]["sealed"] = anew["streams"][0]["events"][0]["sealed"]
    assert problems_of(check(redigested(exchanged))) == {(Rule.SEALED, name, 1)}
    for other in (
        part | {"actor": "somebody else"},
        part | {"actor": 7},
        part | {"event": part["event"] | {"papers": [{"code": "mandate", "file": None}]}},
        part | {"event": part["event"] | {"papers": 7}},
        part | {"event": 7},
    ):
        assert (Rule.SEALED, name, 1) in problems_of(check(resealed(1, other))), other


def offline(folder: Path, *words: str) -> int:
    """Returns the exit code of `motcua ledger verify` without any database setting."""
    command = [str(Path(sys.executable).with_name("motcua")), "ledger", "verify", *words]
    return subprocess.run(command, cwd=folder, env={}, check=False, stdout=subprocess.DEVNULL).returncode


async def test_a_bundle_is_written_by_a_command_and_checked_offline(world: World, shell: Shell, tmp_path: Path) -> None:
    play = await paid_and_posted(world)
    bundle = await bundled(world, play)
    code = bundle["code"]

    ended = await shell("ledger", "export", code, "--out", "bundle.json", "--json")
    assert (ended.code, ended.json["verified"], ended.json["code"], ended.json["sealed"]) == (0, True, code, 0)
    written = tmp_path / "bundle.json"
    assert written.read_bytes() == canonical(bundle)
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert await asyncio.to_thread(offline, tmp_path, "bundle.json") == 0
    verified = await shell("ledger", "verify", "bundle.json", "--json")
    assert (verified.code, verified.json["verified"], verified.json["events"]) == (0, True, 20)
    files = await shell("ledger", "verify", "bundle.json", "--files", urlsplit(world.objects).path)
    assert files.code == 0
    assert f"filing:{play.filing} 14 " in " ".join(files.out.split())

    written.write_bytes(written.read_bytes().replace(b'"kind":"decided"', b'"kind":"Decided"'))
    broken = await shell("ledger", "verify", "bundle.json")
    assert broken.code == 1
    assert f"filing:{play.filing} seq 10" in " ".join(broken.out.split())
    assert await asyncio.to_thread(offline, tmp_path, "bundle.json") == 1

    assert (await shell("ledger", "export", code, "--out", "sealed.json", "--with-sealed")).code == 0
    sealed = (tmp_path / "sealed.json").read_text()
    assert "key" in json.loads(sealed)
    assert world.env["MOTCUA_MASTER_KEY"] not in sealed
    assert await asyncio.to_thread(offline, tmp_path, "sealed.json") == 0


async def test_what_an_export_needs_is_said_and_a_record_that_is_not_whole_is_exported_with_a_warning(
    world: World, shell: Shell, tmp_path: Path
) -> None:
    async with world.platform():
        play = await Play.begin(world, with_fee())
    here = ("export", str(play.filing), "--out", "b.json")
    nothing: dict[str, str | None] = {}
    ends: dict[tuple[str, ...], tuple[int, str, dict[str, str | None]]] = {
        ("export", "H01.12-20261125-9999999", *here[2:]): (3, "H01.12-20261125-9999999", nothing),
        (*here, "--with-sealed"): (2, "MOTCUA_MASTER_KEY", {"MOTCUA_MASTER_KEY": None}),
        (*here, "--with-sealed", "--json"): (1, "MOTCUA_MASTER_KEY", {"MOTCUA_MASTER_KEY": f"{'A' * 43}="}),
        ("export", str(play.filing), "--out", "none/b.json"): (2, "none/b.json", nothing),
        here: (2, "MOTCUA_DATABASE_URL", {"MOTCUA_DATABASE_URL": None}),
        ("export", str(play.filing)): (2, "--out", nothing),
        ("verify", "none.json"): (2, "none.json", nothing),
        ("verify", "--files", "."): (2, "--files", nothing),
    }
    for words, (code, said_there, changed) in ends.items():
        ended = await shell("ledger", *words, **changed)
        assert (ended.code, said_there in ended.err) == (code, True), (words, ended)
        assert CANARY not in ended.err.lower()
    assert not (tmp_path / "b.json").exists()
    await world.execute("alter table event disable trigger all")
    await world.execute("update event set via = 'desk'")
    await world.execute("delete from filing_key")
    broken = await shell("ledger", *here)
    assert (broken.code, "motcua ledger verify b.json" in broken.err) == (1, True)
    problems = (await shell("ledger", "verify", "b.json", "--json")).json["problems"]
    assert [(one["rule"], one["stream"], one["seq"]) for one in problems] == [("hash", f"filing:{play.filing}", 1)]
    erased = await shell("ledger", *here, "--with-sealed")
    assert (erased.code, "key is not there" in erased.err) == (1, True)
