"""Processes put files into a store: they are killed, or work at the same time, or the disk is full."""

import asyncio
import hashlib
import json
import os
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Final
from uuid import UUID

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
import pytest
from obstore.store import LocalStore

from motcua import FileRef, Paper, RequestSupplement, Role, filing_id, testing
from motcua.cli.attaching import with_papers
from motcua.files.store import CHUNK
from schemas.files import file_key
from tests.acting import Doubtful, Play, birth, eventually, extract
from tests.conftest import ROOT, World
from tests.file_door import serving_files
from tests.shell import Shell

FILING: Final = UUID("11111111-1111-4111-8111-111111111111")
PDF: Final = b"%PDF-1.7\n" + b"x" * 2_000_000


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The `motcua` command without a platform."""
    monkeypatch.chdir(tmp_path)
    return Shell({})


ATTACH: Final = """
import asyncio, sys
from motcua.files import drafts
from motcua.files.store import Store
drafts.NAMELESS = drafts.NAMELESS and sys.argv[1] == "False"
print(asyncio.run(Store.from_environment().attach(*sys.argv[2:])).key)
"""
"""A program that attaches a file to a filing in the store; given `True`, as if the system had no unnamed files."""


async def process(objects: Path, *words: str) -> Process:
    """Starts Python with these arguments; of our settings, the process gets only the store's."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "MOTCUA_"))}
    own, pipe = env | {"MOTCUA_OBJECTS": objects.as_uri()}, asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, env=own, stdout=pipe, stderr=pipe)


def seen(objects: Path) -> list[str]:
    return [meta["path"] for page in LocalStore(objects, mkdir=True).list() for meta in page]


def drafts(objects: Path) -> list[Path]:
    return [path for path in objects.rglob("*") if "#" in path.name]


@pytest.mark.parametrize("named", [False, True])
async def test_a_killed_process_leaves_no_file(objects: Path, tmp_path: Path, *, named: bool) -> None:
    pipe = tmp_path / "don.pdf"
    os.mkfifo(pipe)
    command = ("-c", ATTACH, str(named), str(FILING), str(pipe))
    killed = await process(objects, *command)
    with await asyncio.to_thread(pipe.open, "wb") as source:
        await asyncio.to_thread(source.write, PDF)

        async def written() -> int:
            opened = Path(f"/proc/{killed.pid}/fd").iterdir()
            return sum(one.stat().st_size for one in opened if one.readlink().is_relative_to(objects))

        source.flush()
        assert await eventually(written, lambda size: size >= CHUNK)
        killed.kill()
        await killed.wait()
    assert seen(objects) == [], "what is half there is no file to anybody"
    assert len(drafts(objects)) == named, "and lies beside until it is swept, if it has a name"
    pipe.unlink()
    pipe.write_bytes(PDF)
    key, _ = await asyncio.wait_for((await process(objects, *command)).communicate(), 60)
    assert seen(objects) == [key.decode().strip()]


FULL: Final = """
import asyncio, resource, sys
from motcua.files.store import Store, StoreFailedError

async def main(filing, path):
    store = Store.from_environment()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        await store.attach(filing, path)
    except StoreFailedError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print((await store.attach(filing, path)).key)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_a_full_disk_refuses_leaves_nothing_and_goes_in_later(objects: Path, tmp_path: Path) -> None:
    """The system refuses to write in the middle of the draft, as on a full disk."""
    paper = tmp_path / "don.pdf"
    paper.write_bytes(PDF)
    tries = await process(objects, "-c", FULL, str(FILING), str(paper))
    out, _ = await asyncio.wait_for(tries.communicate(), 60)
    said, key = out.decode().splitlines()
    assert ("File too large" in said, "nothing of it is there" in said, str(tmp_path) in said) == (True, True, False)
    assert (seen(objects), drafts(objects)) == ([key], [])


async def test_references_are_printed_for_a_filing_or_its_submission(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "b.JPG").write_bytes(b"jpeg")
    client_id, submission_id = "portal-1", "S-1"
    (tmp_path / "birth.json").write_text(json.dumps({"client_id": client_id, "submission_id": submission_id}))
    async with serving_files(world) as served, served.platform(), served.back_office(Doubtful()):
        shell = Shell(served.process_env)
        found = (await shell("attach", "birth.json", "a.pdf", "b.JPG")).json
        told = [(one["name"], one["media_type"]) for one in found]
        assert told == [("a.pdf", "application/pdf"), ("b.JPG", "image/jpeg")]
        filing = filing_id(client_id, submission_id)
        assert [one["key"] for one in found] == [file_key(filing, one["sha256"]) for one in found]
        unknown = await shell("attach", str(filing), "a.pdf")
        assert (unknown.code, "holds nothing" in unknown.err) == (3, True), unknown.err
        play = await Play.begin(served, birth())
        (again,) = (await shell("attach", str(play.filing), "a.pdf")).json
        assert again["key"] == file_key(play.filing, found[0]["sha256"])
        (tmp_path / "birth.json").write_text("{}")
        nobody = await shell("attach", "birth.json", "a.pdf")
        assert (nobody.code, "client_id" in nobody.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["attach", str(FILING), "CANARY.docx"], "the name does not end as"),
        (["attach", str(FILING), "CANARY.pdf"], "the file can't be read"),
        (
            ["submit", "birth.json", "--attach", "birth_notice=CANARY.pdf"],
            "papers.birth_notice: the file can't be read",
        ),
        (["submit", "birth.json", "--signature", "CANARY.pdf"], "signature: the file can't be read"),
        (["submit", "birth.json", "--attach", "CANARY.pdf"], "write --attach CODE=PATH"),
        (["submit", "birth.json", "--attach", "a=x.pdf", "--attach", "a=y.pdf"], "stands there twice"),
        (["submit", "birth.json", "--attach", "No Code=x.pdf"], "--attach No Code"),
        (["act", str(FILING), "claim", "--actor", "applicant:x", "--attach", "a=x.pdf"], "goes with supplement"),
    ],
)
async def test_what_can_not_be_attached_ends_the_command_before_anything_is_sent(
    here: Shell, tmp_path: Path, words: list[str], said: str
) -> None:
    (tmp_path / "birth.json").write_text(testing.submission().model_dump_json(exclude_none=True))
    ended = await here(*words)
    assert (ended.code, said in ended.err, "CANARY" in ended.err) == (2, True, False)


async def test_a_file_that_is_not_taken_is_told_to_a_program_too(here: Shell, tmp_path: Path) -> None:
    (tmp_path / "birth.json").write_text(testing.submission().model_dump_json(exclude_none=True))
    (tmp_path / "CANARY.pdf").write_bytes(b"")
    ended = await here("submit", "birth.json", "--attach", "birth_notice=CANARY.pdf", "--json")
    (problem,) = ended.json["problems"]
    assert (ended.code, ended.json["code"], problem["message"].keys()) == (2, "file_not_taken", {"vi", "en"})
    assert (problem["field"], problem["rule"]) == ("papers.birth_notice", "file_empty")


async def test_papers_are_filed_and_supplied_from_the_folder_of_the_applicant(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    submission = birth()
    digests: dict[str, str] = {}
    for name in ("notice.pdf", "mandate.pdf", "better.pdf"):
        blank = pdfium.PdfDocument.new()
        blank.new_page(200 + len(digests), 200).close()
        blank.save(tmp_path / name)
        digests[name] = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    (tmp_path / "birth.json").write_text(submission.model_dump_json(exclude_none=True))
    request = {"items": [{"target": "paper", "code": "birth_notice", "note": "illegible"}], "legal_basis": "Đ15"}
    async with serving_files(world) as world, world.platform(), world.back_office(Doubtful()):  # noqa: PLR1704 -- the same, served
        shell = Shell(world.process_env)
        options = ("--attach", "birth_notice=notice.pdf", "--authorisation", "mandate.pdf")
        filed = await shell("submit", "birth.json", *options, "--json")
        assert filed.code == 0, filed.err
        assert (await shell("submit", "birth.json", *options, "--json")).json == filed.json
        represented = {
            "actor": {"subject": "rep-1", "role": "representative"},
            "authorisation": {"principal": submission.applicant.id_number, "id_number": "001085000002"},
        }
        unsigned = extract(level=4, signature=None, applicant=submission.applicant).model_dump(mode="json")
        (tmp_path / "unsigned.json").write_text(json.dumps(unsigned | represented))
        refused = await shell("submit", "unsigned.json", "--authorisation", "mandate.pdf")
        assert "motcua submit unsigned.json --authorisation mandate.pdf --level 3\n" in refused.err
        play = Play(world, submission)
        await play.act(RequestSupplement, play.officer(Role.RECEPTION), **request)
        who = f"{submission.actor.role}:{submission.actor.subject}"
        better = ("--attach", "birth_notice=better.pdf")
        supplied = await shell("act", str(play.filing), "supplement", "--actor", who, *better, "--json")
        assert supplied.code == 0, supplied.err
    rows = await world.fetch("select kind, body from event where filing_id = $1 order by seq", play.filing)
    named = {row["kind"]: json.loads(row["body"]).get("paper_digests") for row in rows}
    assert named["submitted"] == {"birth_notice": digests["notice.pdf"]}
    assert named["supplemented"] == {"birth_notice": digests["better.pdf"]}
    stored = Path(world.objects.removeprefix("file://"), "files", str(play.filing))
    assert {path.name for path in stored.iterdir()} == set(digests.values())


def test_a_paper_gets_a_file_or_another_one_and_the_others_stay() -> None:
    file = FileRef(key="files/a/b", sha256="a" * 64, size=1)
    before = (Paper(code="a"), Paper(code="b", file=file))
    other = file.model_copy(update={"size": 2})
    found = with_papers(before, {"c": other, "a": other})
    assert found == (Paper(code="a", file=other), before[1], Paper(code="c", file=other))
    assert with_papers(before, {}) == before
