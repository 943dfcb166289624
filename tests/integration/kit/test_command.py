"""The part of the `motcua` command for users, and the kit's wheel in an environment of its own."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from motcua import Stage
from motcua.cli.app import build
from motcua.testing import PAPER
from publishing.authoring import procedures
from schemas.translate import VIETNAM
from tests.acting import Play, birth, extract, of
from tests.conftest import ROOT, World
from tests.contract.kept import golden_schemas
from tests.faults.processes import motcua as command
from tests.file_door import serving_files
from tests.shell import Shell

RECEPTION: Final = "reception:h56.30-reception-1@H56.30"
NOWHERE: Final = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "LANG": "en", "NO_COLOR": "1"}


async def start(folder: Path, env: dict[str, str], *arguments: str, program: str | None = None) -> Process:
    whole = {**os.environ, **env, "PYTHONPATH": str(ROOT), "LANG": "en"}
    words = ("-m", "motcua.command") if program is None else ("-c", program)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *words, *arguments), cwd=folder, env=whole, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )


async def test_a_filing_by_hand_from_its_submission_to_its_result(world: World, shell: Shell, tmp_path: Path) -> None:
    submission = birth()
    said = submission.model_dump_json(exclude_none=True)
    (tmp_path / "birth.json").write_text(said)
    async with serving_files(world) as served, served.platform():
        filed = await shell("submit", "birth.json", "--json")
        assert filed.code == 0, filed.err
        filing = filed.json["filing_id"]
        assert filing == str(of(submission))
        again = await start(tmp_path, world.process_env, "submit", "-")
        out, _ = await asyncio.wait_for(again.communicate(said.encode()), 60)
        assert (again.returncode, filed.json["code"] in out.decode()) == (0, True)
        early = await shell("result", filing, "--json")
        assert (early.code, early.json["code"], len(early.json["problems"])) == (3, "not_ready", 1)
        assert "Registered" in (await shell("show", filing)).out
        assert (await shell("show", filing, "--json")).json["seq"] == 1
        tracking = await start(tmp_path, world.process_env, "track", filing, "--json")
        interrupted = await start(tmp_path, world.process_env, "track", filing)
        assert interrupted.stdout is not None
        assert await asyncio.wait_for(interrupted.stdout.readline(), 60)
        interrupted.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(interrupted.communicate(), 20)
        assert (interrupted.returncode, "Traceback" in err.decode()) == (130, False)
        async with world.back_office():
            out, err = await asyncio.wait_for(tracking.communicate(), 60)
        assert tracking.returncode == 0, err.decode()
        assert json.loads(out.splitlines()[-1])["closed"]
        tracked = (await shell("track", filing, LANG="en")).out.splitlines()
        for event, line in zip((await shell("events", filing, "--json")).json, tracked, strict=False):
            at = datetime.fromisoformat(event["occurred_at"]).astimezone(VIETNAM)
            assert line.startswith(f"{at:%Y-%m-%d %H:%M:%S} ")
        got = await shell("result", filing, "--out", "result.pdf")
        assert got.code == 0, got.err
    assert (tmp_path / "result.pdf").read_bytes().startswith(b"%PDF")


async def test_other_refusals_offer_nothing(world: World, shell: Shell, tmp_path: Path) -> None:
    submission = extract(level=3, signature=None, result_channel="counter", form={})
    (tmp_path / "extract.json").write_text(submission.model_dump_json(exclude_none=True))
    async with world.platform():
        refused = await shell("submit", "extract.json", "--level", "3")
        assert refused.code == 1
        assert "field_required" in refused.err
        assert "--level" not in refused.err
        assert "at the counter" not in refused.err


async def test_a_command_by_hand_and_its_refusal(world: World, shell: Shell) -> None:
    submission = birth()
    act = ("act", str(of(submission)))
    withdraw = (*act, "withdraw", "--actor", f"applicant:{submission.applicant.subject}")
    reason = ("--data", '{"reason": "filed twice"}')
    async with world.platform():
        await world.client.submit(submission)
        refused = await shell(*act, "decide", "--actor", RECEPTION, "--data", '{"outcome":"refused"}')
        why, allowed = refused.err.splitlines()
        assert (refused.code, why) == (1, "the filing is at intake; this is done at review [wrong_stage]")
        assert allowed.startswith("allowed now: accept, ")
        as_json = await shell(*act, "claim", "--actor", "leader:x@H56.30", "--json")
        assert (as_json.code, bool(as_json.json["problems"][0]["message"]["vi"])) == (1, True)
        actions = await shell("show", str(of(submission)), "--actor", RECEPTION, "--json")
        assert {"name": "accept", "allowed": True} in actions.json
        done = await shell(*withdraw, *reason, "--command-id", "w-1", "--json")
        assert done.json["command_id"] == "w-1"
        assert (await shell(*withdraw, *reason, "--command-id", "w-1", "--json")).json == done.json
        closed = await shell(*withdraw, *reason, "--json")
        assert (closed.code, closed.json["code"]) == (1, "filing_closed")
        never = await shell("show", str(uuid4()), "--json")
        assert (never.code, never.json["code"]) == (3, "not_available")


async def test_a_temporal_of_ones_own_takes_the_rest_from_the_stack(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with serving_files(world) as served, served.platform(), served.back_office():
        play = await Play.begin(world, birth())
        await play.at(Stage.CLOSED)
        run = tmp_path / ".motcua" / "run"
        run.mkdir(parents=True)
        wrong = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_NAMESPACE": "nobody-s"}
        for settings, own in (
            (world.process_env, {}),
            (world.process_env | wrong, {name: world.process_env[name] for name in wrong}),
        ):
            (run / "env").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
            ended = await Shell(own)("result", str(play.filing), "--out", "result.pdf")
            assert ended.code == 0, ended.err
            assert (tmp_path / "result.pdf").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "7"), 2, "UUID"),
        (("show",), 2, "FILING"),
        (("dance",), 2, "dance"),
        (("show", str(uuid4()), "--no-such-option"), 2, "--no-such-option"),
        (("submit", "nowhere.json"), 2, "nowhere.json"),
        (("submit", "adress.json"), 2, "a submission has no adress"),
        (("submit", "list.json"), 2, "not JSON"),
        (("act", str(uuid4()), "dance", "--actor", RECEPTION), 2, "no command dance"),
        (("act", str(uuid4()), "accept", "--actor", "boss:x"), 2, "ROLE:SUBJECT"),
        (("act", str(uuid4()), "accept", "--actor", RECEPTION, "--data", "[1]"), 2, "not a JSON object"),
        (("act", str(uuid4()), "withdraw", "--actor", "applicant:x"), 2, "reason: this field"),
        (("show", str(uuid4()), "--patience", "0.3"), 4, "reached at 127.0.0.1:1"),
        (("track", str(uuid4()), "--patience", "0.3"), 4, "reached at 127.0.0.1:1"),
        (("ledger", "verify"), 2, "MOTCUA_DATABASE_URL"),
        (("tasks",), 2, "MOTCUA_DATABASE_URL"),
    ],
)
async def test_every_failure_of_a_json_command_is_a_line_and_json(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "adress.json").write_text(birth().model_dump_json(exclude_none=True)[:-1] + ', "adress": "x"}')
    (tmp_path / "list.json").write_text("")
    ended = await command(NOWHERE, *arguments, "--json", folder=tmp_path)
    assert (ended.code, "Traceback" in ended.err) == (code, False)
    assert said in ended.err
    assert ended.out.count("\n") == 1
    told = json.loads(ended.out)
    assert told["code"] == ("unreachable" if code == 4 else "wrong_usage")
    assert told["message"]
    if "withdraw" in arguments:
        assert [(each["field"], each["rule"]) for each in told["problems"]] == [("reason", "missing")]


async def test_a_fault_of_the_program_is_json_too(tmp_path: Path) -> None:
    code = "import motcua.cli.filings as f, motcua.command as m; f.read_file = None; m.main()"
    ended = await start(tmp_path, {}, "submit", "x.json", "--json", program=code)
    out, err = await asyncio.wait_for(ended.communicate(), 60)
    told = json.loads(out)
    assert (ended.returncode, told["code"], "TypeError" in told["message"]) == (70, "failed", True)
    assert "Traceback" in err.decode()


def test_schemas_that_can_not_be_written_are_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = CliRunner().invoke(build({}), ["schemas", "--out", str(tmp_path / "file"), "--lang", "en"])
    assert (ended.exit_code, "can't be written" in ended.stderr) == (2, True)
    assert "update Filing.accept: argument" in CliRunner().invoke(build({}), ["schemas"]).output


# The wheel in an environment of its own, beside modules that have the names of our rooms.

DECOY: Final = "raise RuntimeError('the decoy was imported')\n"
EXAMPLES: Final = re.findall(r"```python\n(.*?)```", (ROOT / "motcua" / "README.md").read_text(), re.DOTALL)


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "TEMPORAL_", "MOTCUA_"))}
    return subprocess.run(
        command, cwd=cwd, env=kept | dict(env or {}), capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT / "motcua")
    built = run(*command, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of executables of an environment that has the kit without its extras."""
    folder = tmp_path_factory.mktemp("environment")
    made = run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    assert made.returncode == 0, made.stderr
    install(folder / "bin", str(wheel))
    return folder / "bin"


def install(programs: Path, what: str) -> None:
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    installed = run(*pip, "install", "--quiet", "--no-compile", what, cwd=programs)
    assert installed.returncode == 0, installed.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Returns a user's folder, whose modules have the same names as our packages."""
    (tmp_path / "schemas.py").write_text(DECOY)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "__init__.py").write_text(DECOY)
    (tmp_path / "example.py").write_text(EXAMPLES[0])
    return tmp_path


def test_the_wheel_holds_the_kit_and_its_own_contract(wheel: Path, bare: Path, project: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"motcua/__init__.py", "motcua/py.typed", "motcua/schemas/__init__.py", "motcua/cli/app.py"} <= names
    assert {name.split("/")[0] for name in names} == {"motcua", next(n for n in names if "METADATA" in n).split("/")[0]}
    assert not [name for name in names if "__pycache__" in name or name.startswith("motcua/motcua")]
    code = "import motcua, sys; print(motcua.Submission.__module__, 'schemas' in sys.modules, 'typer' in sys.modules)"
    ended = run(bare / "python", "-c", code, cwd=project)
    assert ended.stdout == "motcua.schemas.filing.submission False False\n", ended.stderr


def test_the_readme_fits_its_types_without_a_plugin(bare: Path, project: Path) -> None:
    programs = [f"readme_{n}.py" for n, text in enumerate(EXAMPLES) if "our_own_system" not in text]
    assert len(programs) >= 3
    for name, text in zip(programs, EXAMPLES, strict=False):
        (project / name).write_text(text)
    checked = run(
        sys.executable, "-m", "mypy", "--strict", "--python-executable", bare / "python", *programs, cwd=project
    )
    assert checked.returncode == 0, checked.stdout


def test_without_extras_it_says_what_to_install(bare: Path, project: Path) -> None:
    ended = run(bare / "motcua", "show", cwd=project)
    assert (ended.returncode, ended.stderr) == (2, "the motcua command needs its extra: pip install 'motcua[cli]'\n")
    office = "import asyncio, motcua.backoffice as b; asyncio.run(b.run())"
    ended = run(bare / "python", "-c", office, cwd=project, env={"MOTCUA_OBJECTS": "file:///nowhere"})
    assert "pip install 'motcua[backoffice]'" in ended.stderr


async def test_the_readme_works_and_so_does_the_command(bare: Path, wheel: Path, project: Path, world: World) -> None:
    await procedures.publish(world.owner_dsn, ROOT / "procedures" / "1.001193@2026-12.yaml")
    await asyncio.to_thread(install, bare, f"{wheel}[cli,backoffice]")
    async with serving_files(world) as served, served.platform(), served.back_office():
        (project / "notice.pdf").write_bytes(PAPER)
        example = await asyncio.to_thread(run, bare / "python", "example.py", cwd=project, env=served.process_env)
        assert example.returncode == 0, example.stderr
        lines = example.stdout.splitlines()
        assert lines[0].startswith("H56.30-"), lines
        assert (project / "result.pdf").stat().st_size > 0
        assert lines[-1] == "Đã trả kết quả closed"
    published = await asyncio.to_thread(run, bare / "motcua", "schemas", "--out", "contract", cwd=project)
    assert published.returncode == 0, published.stderr
    written = {file.name: file.read_bytes() for file in (project / "contract").iterdir()}
    assert written == {name: text.encode() for name, text in golden_schemas().items()}
    up = await asyncio.to_thread(run, bare / "motcua", "up", "--lang", "en", cwd=project)
    assert up.returncode == 2
    assert "not installed here" in up.stderr
    helped = await asyncio.to_thread(run, bare / "motcua", "--help", cwd=project)
    assert helped.returncode == 0, helped.stderr
    assert "back-office" in helped.stdout
