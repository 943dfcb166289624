"""The store compared with the log: missing and damaged files, and files that no event names."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from obstore.store import LocalStore, ObjectStore

from motcua import FileRef, Paper, Submission
from motcua.files.store import Store
from operations.store import named_files
from operations.store import sweep as sweeping
from operations.store.sweep import OLD
from tests.acting import birth, of
from tests.conftest import World
from tests.forked import forked
from tests.shell import Shell
from tests.walking import walked

LONG_AGO: Final = (datetime.now(UTC) - OLD - timedelta(hours=1)).timestamp()


@pytest.fixture
def objects(world: World) -> Path:
    return Path(world.objects.removeprefix("file://"))


async def attached(objects: Path, filing: UUID, data: bytes = b"%PDF-1.7 CANARY") -> FileRef:
    return await Store(LocalStore(objects)).put(filing, data, "application/pdf", "CANARY.pdf")


async def filed(world: World, objects: Path) -> tuple[UUID, FileRef]:
    submission = birth()
    paper = await attached(objects, of(submission))
    await world.client.submit(with_paper(submission, paper))
    return of(submission), paper


def with_paper(submission: Submission, paper: FileRef) -> Submission:
    return submission.model_copy(update={"papers": (Paper(code="birth_notice", file=paper),)})


def aged(path: Path) -> Path:
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def there(objects: Path) -> set[str]:
    return {str(path.relative_to(objects)) for path in objects.rglob("*") if path.is_file()}


async def swept(shell: Shell, *options: str) -> dict[str, int]:
    """Returns the numbers that a sweep reports, without zeros."""
    ended = await shell("store", "sweep", "--json", *options)
    assert ended.code == 0, ended.err
    return {name: number for name, number in ended.json.items() if number and name not in {"files", "dry_run"}}


async def test_a_scrub_finds_each_file_as_it_was_filed(running: World, objects: Path, shell: Shell) -> None:
    filing, paper = await filed(running, objects)
    async for _ in running.client.follow(filing):
        pass
    result = (await running.client.result(filing)).result
    whole = await shell("store", "scrub", "--json")
    assert (whole.code, whole.json["healthy"], whole.json["problems"]) == (0, True, [])
    assert whole.json["files"] == whole.json["fine"] >= 2, "the paper, and the result"
    assert {paper.key, result.key} <= there(objects)
    assert "whole" in (await shell("store", "scrub")).out


HURT: Final[dict[str, tuple[Any, str]]] = {
    "a flipped byte": (lambda path: path.write_bytes(path.read_bytes().replace(b"PDF", b"PEF")), "damaged"),
    "shortened": (lambda path: os.truncate(path, 5), "damaged"),
    "empty": (lambda path: os.truncate(path, 0), "damaged"),
    "missing": (Path.unlink, "missing"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "missing"),
    "a file for a folder": (lambda path: (path.unlink(), path.parent.rmdir(), path.parent.touch()), "damaged"),
}


async def test_a_scrub_names_what_is_missing_and_what_is_damaged(world: World, objects: Path, shell: Shell) -> None:
    async with world.platform():
        hurt = {name: await filed(world, objects) for name in HURT}
        await filed(world, objects)
    for name, (_, paper) in hurt.items():
        HURT[name][0](objects / paper.key)
    found = await shell("store", "scrub", "--json")
    told = [(one["filing_id"], one["stream"], one["seq"], one["rule"], one["key"]) for one in found.json["problems"]]
    wanted = [(str(filing), f"filing:{filing}", 1, HURT[name][1], paper.key) for name, (filing, paper) in hurt.items()]
    assert sorted(told) == sorted(wanted)
    numbers = {"files": 7, "fine": 1, "missing": 2, "damaged": 4, "unread": 0, "erased": 0}
    assert {name: found.json[name] for name in ("healthy", *numbers)} == {"healthy": False} | numbers
    shown = await shell("store", "scrub")
    assert (found.code, shown.code) == (1, 1)
    assert all(key in shown.out for *_, key in wanted)
    assert "CANARY" not in found.out + found.err + shown.out + shown.err


async def test_files_of_a_store_that_is_down_are_not_called_missing(world: World, objects: Path, shell: Shell) -> None:
    async with world.platform():
        await filed(world, objects)
    down = {"MOTCUA_OBJECTS": "s3://bucket", "AWS_ENDPOINT": "http://127.0.0.1:1", "AWS_ALLOW_HTTP": "true"}
    ended = await shell("store", "scrub", **down, AWS_ACCESS_KEY_ID="id", AWS_SECRET_ACCESS_KEY="secret")
    assert (ended.code, ended.out, "the object store does not work" in ended.err) == (4, "", True)


async def test_a_filing_without_its_key_is_counted_and_keeps_its_files(
    world: World, objects: Path, shell: Shell
) -> None:
    async with world.platform():
        erased, paper = await filed(world, objects)
        forged, other = await filed(world, objects)
    await world.execute("alter table event disable trigger all")
    await world.execute("delete from filing_key where filing_id = $1", erased)
    await world.execute("update event set sealed = '\\x00' where filing_id = $1 and seq = 1", forged)
    found = (await shell("store", "scrub", "--json")).json
    assert (found["erased"], found["unread"], found["files"]) == (1, 1, 0)
    assert [(one["rule"], one["filing_id"], one["key"]) for one in found["problems"]] == [("unread", str(forged), None)]
    for file in (paper, other):
        aged(objects / file.key)
    assert await swept(shell) == {"left": 2}
    await world.execute("update filing set erased_at = now() where filing_id = $1", erased)
    assert await swept(shell) == {"left": 1, "swept": 1}, "a copy of the store has brought it back"


async def test_what_nobody_files_is_put_aside_and_later_removed(world: World, objects: Path, shell: Shell) -> None:
    async with world.platform():
        _, paper = await filed(world, objects)
    aged(objects / paper.key)
    young, old = [await attached(objects, uuid4()) for _ in range(2)]
    aged(objects / old.key)
    aliens = {"papers/1/x", "results/1/x", "files/readme.txt", "files/x/y"}
    for alien in aliens:
        (objects / alien).parent.mkdir(parents=True, exist_ok=True)
        (objects / alien).write_bytes(b"x")
        aged(objects / alien)
    looked = {"named": 1, "young": 1, "left": 2, "swept": 1}
    before = there(objects)
    assert await swept(shell, "--dry-run") == looked
    assert there(objects) == before
    assert await swept(shell) == looked
    assert there(objects) == aliens | {paper.key, young.key, f"swept/{old.key}"}
    assert await swept(shell) == {"named": 1, "young": 2, "left": 2}, "what was put aside has its days from then on"
    aged(objects / "swept" / old.key)
    for words in (("--dry-run",), ()):
        assert await swept(shell, *words) == {"named": 1, "young": 1, "left": 2, "deleted": 1}
    assert there(objects) == aliens | {paper.key, young.key}
    assert await swept(shell) == {"named": 1, "young": 1, "left": 2}


async def test_what_is_filed_after_it_was_put_aside_is_put_back(world: World, objects: Path, shell: Shell) -> None:
    async with world.platform():
        _, paper = await filed(world, objects)
        _, twice = await filed(world, objects)
    for file in (paper, twice):
        (objects / "swept" / file.key).parent.mkdir(parents=True)
        (objects / file.key).rename(objects / "swept" / file.key)
        aged(objects / "swept" / file.key)
    (objects / twice.key).write_bytes((objects / "swept" / twice.key).read_bytes())  # attached again meanwhile
    assert await swept(shell) == {"named": 4, "put_back": 1}
    assert there(objects) == {paper.key, twice.key}
    assert (await shell("store", "scrub")).code == 0


async def test_what_is_filed_meanwhile_is_put_back(
    world: World, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = birth()
    paper = await attached(objects, of(submission))
    aged(objects / paper.key)

    async def move(store: ObjectStore, source: str, to: str) -> bool:
        if to.startswith(sweeping.ASIDE):
            await world.client.submit(with_paper(submission, paper))
        return await named_files.move(store, source, to)

    monkeypatch.setattr("operations.store.sweep.move", move)
    async with world.platform():
        done = await sweeping.sweep(
            world.app_dsn, LocalStore(objects), world.settings.master, old=OLD, dry_run=False, progress=lambda _: None
        )
    assert (done.swept, done.put_back) == (1, 1)
    assert there(objects) == {paper.key}


async def test_a_killed_sweep_goes_on_later(world: World, objects: Path, shell: Shell, tmp_path: Path) -> None:
    files = [await attached(objects, uuid4()) for _ in range(3)]
    failpoints = tmp_path / "failpoints"
    failpoints.mkdir()

    async def killed(at: str) -> None:
        (failpoints / at).touch()
        env = dict(os.environ) | world.process_env | {"MOTCUA_FAILPOINTS": str(failpoints)}
        assert await asyncio.wait_for(forked("motcua.command", "store", "sweep", env=env).wait(), 60) == -signal.SIGKILL

    for file in files:
        aged(objects / file.key)
    await killed("sweep.swept")
    assert sum(path.startswith("swept/") for path in there(objects)) == 1
    assert (await swept(shell))["swept"] == 2
    assert there(objects) == {f"swept/{file.key}" for file in files}
    for file in files:
        aged(objects / "swept" / file.key)
    await killed("sweep.deleted")
    assert len(there(objects)) == 2
    assert await swept(shell) == {"deleted": 2}
    assert there(objects) == set()


async def test_a_second_sweep_is_refused(world: World, shell: Shell) -> None:
    async with world.connection() as other:
        await other.execute("select pg_advisory_lock(hashtext('motcua store sweep'))")
        second = await shell("store", "sweep")
        assert (second.code, "another sweep is under way" in second.err) == (1, True)


async def test_drafts_of_uploads_that_were_cut_off_are_removed(objects: Path, shell: Shell) -> None:
    folder = objects / "files" / str(uuid4())
    folder.mkdir(parents=True)
    for name in ("upload#17", f"{'a' * 64}#1"):
        aged(folder / name) if (folder / name).write_bytes(b"half") else None
    (folder / "upload#18").write_bytes(b"under way")
    assert [await swept(shell, *words) for words in (("--dry-run",), ())] == [{"drafts": 2}] * 2
    assert {path.name for path in folder.iterdir()} == {"upload#18"}
    assert await swept(shell, "--older-than", "1h") == {}


@walked(
    ("arguments", "settings", "said"),
    [
        (("sweep", "--older-than", "0d"), {}, "7d"),
        (("sweep", "--older-than", "a week"), {}, "7d"),
        *((command, {"MOTCUA_OBJECTS": None}, "MOTCUA_OBJECTS") for command in (("scrub",), ("sweep",))),
        *((command, {"MOTCUA_MASTER_KEY": "AAAA"}, "MOTCUA_MASTER_KEY") for command in (("scrub",), ("sweep",))),
    ],
    exactly=6,
)
async def test_what_is_wrong_or_not_set_is_2(
    shell: Shell, arguments: tuple[str, ...], settings: dict[str, str | None], said: str
) -> None:
    ended = await shell("store", *arguments, **settings)
    assert (ended.code, said in ended.err) == (2, True)
