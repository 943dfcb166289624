"""The user half of the `motcua` command as real processes: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

import motcua
from motcua import Submission, testing
from motcua.cli.app import build
from tests.acting import extract
from tests.conftest import ROOT, World
from tests.forked import forked

RECEPTION = "reception:h56.30-reception-1@H56.30"
MOTCUA = (sys.executable, "-m", "motcua.command")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed."""
        return json.loads(self.out)


class Shell:
    """Runs commands in a folder, with the addresses of a world."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self._env = {key: value for key, value in os.environ.items() if not key.startswith(("TEMPORAL_", "MOTCUA_"))}
        self._env |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "LANG": "en"} | env

    async def start(self, *arguments: str, program: tuple[str, ...] = MOTCUA, **env: str) -> asyncio.subprocess.Process:
        """A command that runs on."""
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *program, *arguments, cwd=self.folder, env=self._env | env, stdin=pipe, stdout=pipe, stderr=pipe
        )

    async def run(self, *arguments: str, said: str = "", program: tuple[str, ...] = MOTCUA) -> Ended:
        """A command, to its end."""
        if program == MOTCUA and not said:
            pipe = asyncio.subprocess.PIPE
            copy = forked("motcua.command", *arguments, cwd=self.folder, env=self._env, stdout=pipe, stderr=pipe)
            out, err = await asyncio.wait_for(copy.communicate(), 60)
            return Ended(copy.returncode, out.decode(), err.decode())
        process = await self.start(*arguments, program=program)
        out, err = await asyncio.wait_for(process.communicate(said.encode()), 60)
        return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Shell:
    folder = tmp_path / "cwd"
    folder.mkdir()
    return Shell(folder, world.process_env)


def sample(**overrides: Any) -> Submission:
    return testing.submission(**{"version": "2026-12-demo"} | overrides)


def of(submission: Submission) -> str:
    return str(motcua.filing_id(submission.client_id, submission.submission_id))


async def test_a_filing_by_hand_from_its_submission_to_its_result(world: World, shell: Shell) -> None:
    submission = sample()
    (shell.folder / "birth.json").write_text(submission.model_dump_json(exclude_none=True))
    async with world.platform():
        filed = await shell.run("submit", "birth.json", "--json")
        assert filed.code == 0, filed.err
        filing = filed.json["filing_id"]
        assert filing == of(submission)
        again = await shell.run("submit", "-", said=submission.model_dump_json(exclude_none=True))
        assert again.code == 0
        assert filed.json["code"] in again.out
        assert (await shell.run("result", filing)).code == 3
        shown = await shell.run("show", filing)
        assert "Registered" in shown.out
        assert (await shell.run("show", filing, "--json")).json["seq"] == 1
        tracking = await shell.start("track", filing, "--json")
        async with world.back_office():
            out, err = await asyncio.wait_for(tracking.communicate(), 60)
        assert tracking.returncode == 0, err.decode()
        assert json.loads(out.splitlines()[-1])["closed"]
        got = await shell.run("result", filing, "--out", "result.txt")
        assert got.code == 0, got.err
    assert filed.json["code"] in (shell.folder / "result.txt").read_text()


async def test_without_a_signature_it_is_filed_a_level_lower_by_one_command(world: World, shell: Shell) -> None:
    submission = extract(level=4, signature=None, fee_channel="online")
    (shell.folder / "an extract.json").write_text(submission.model_dump_json(exclude_none=True))
    async with world.platform():
        refused = await shell.run("submit", "an extract.json", "--json")
        assert (refused.code, [problem["rule"] for problem in refused.json["problems"]]) == (1, ["signature_required"])
        assert refused.json["offer"] == {"level": 3, "result_channel": "counter", "fee_channel": "counter"}
        assert "without a signature file by: motcua submit 'an extract.json' --level 3\n" in refused.err
        filed = await shell.run("submit", "an extract.json", "--level", "3", "--json")
        assert filed.code == 0, filed.err
        assert "the result: at the counter, level 3 has no online\n" in filed.err
        assert "the fee: at the counter, level 3 has no online\n" in filed.err
        view = await world.client.view(UUID(filed.json["filing_id"]))
        assert (view.level, view.result_channel) == (3, "counter")


async def test_what_is_refused_for_something_else_is_offered_nothing(world: World, shell: Shell) -> None:
    submission = extract(level=3, signature=None, result_channel="counter", form={})
    (shell.folder / "extract.json").write_text(submission.model_dump_json(exclude_none=True))
    async with world.platform():
        refused = await shell.run("submit", "extract.json", "--level", "3")
        assert refused.code == 1
        assert "field_required" in refused.err
        assert "--level" not in refused.err
        assert "at the counter" not in refused.err


async def test_a_command_by_hand_and_its_refusal(world: World, shell: Shell) -> None:
    submission = sample()
    withdraw = ("act", of(submission), "withdraw", "--actor", f"applicant:{submission.applicant.subject}")
    reason = ("--data", '{"reason": "filed twice"}')
    async with world.platform():
        await world.client.submit(submission)
        refused = await shell.run(
            "act", of(submission), "decide", "--actor", RECEPTION, "--data", '{"outcome":"refused"}'
        )
        assert refused.code == 1
        assert "Traceback" not in refused.err
        why, allowed = refused.err.splitlines()
        assert why == "the filing is at intake; this is done at review [wrong_stage]"
        assert allowed.startswith("allowed now: accept, ")
        as_json = await shell.run("act", of(submission), "claim", "--actor", "leader:x@H56.30", "--json")
        assert as_json.code == 1
        assert as_json.json["problems"][0]["message"]["vi"]
        actions = await shell.run("show", of(submission), "--actor", RECEPTION, "--json")
        assert {"name": "accept", "allowed": True} in actions.json
        done = await shell.run(*withdraw, *reason, "--command-id", "w-1", "--json")
        assert done.json["command_id"] == "w-1"
        assert (await shell.run(*withdraw, *reason, "--command-id", "w-1", "--json")).json == done.json
        assert (await shell.run(*withdraw, *reason)).code == 1  # it has ended


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("submit", "nowhere.json"), "nowhere.json"),
        (("submit", "-"), "not JSON"),
        (("act", str(uuid4()), "dance", "--actor", RECEPTION), "no command dance"),
        (("act", str(uuid4()), "accept", "--actor", "boss:x"), "ROLE:SUBJECT"),
        (
            ("act", str(uuid4()), "withdraw", "--actor", "applicant:x"),
            "reason: this field",
        ),
        (("act", str(uuid4()), "accept", "--actor", RECEPTION, "--data", "[1]"), "not a JSON object"),
        (("show", "7"), "UUID"),
        (("back-office", "--agency", "h01"), "no agency code"),
        (("back-office", "nowhere:Office"), "no module nowhere"),
        (("back-office", "json:JSONDecoder"), "inherits from motcua.BackOffice"),
        (("back-office",), "MOTCUA_OBJECTS"),
    ],
)
async def test_what_was_typed_wrong_is_said_in_a_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = await Shell(tmp_path, {}).run(*arguments)
    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err


async def test_a_misspelt_field_is_no_silent_loss(tmp_path: Path) -> None:
    content = sample().model_dump(mode="json", exclude_none=True) | {"adress": "x"}
    ended = await Shell(tmp_path, {}).run("submit", "-", said=json.dumps(content))
    assert (ended.code, ended.err) == (2, "a submission has no adress\n")


@pytest.mark.usefixtures("running")
async def test_nobody_there(shell: Shell, unused_tcp_port: int) -> None:
    assert (await shell.run("show", str(uuid4()))).code == 3
    nowhere = Shell(shell.folder, {"TEMPORAL_ADDRESS": f"127.0.0.1:{unused_tcp_port}"})
    ended = await nowhere.run("show", str(uuid4()), "--patience", "0.5")
    assert ended.code == 4
    assert "Temporal can't be reached" in ended.err


async def test_beside_a_running_stack_its_addresses_are_found(running: World, tmp_path: Path) -> None:
    submission = sample()
    await running.client.submit(submission)
    run = tmp_path / ".motcua" / "run"
    run.mkdir(parents=True)
    (run / "env").write_text("".join(f"{key}={value}\n" for key, value in running.process_env.items()))
    ended = await Shell(tmp_path, {}).run("show", of(submission), "--json")
    assert ended.code == 0, ended.err
    elsewhere = await Shell(tmp_path, {"TEMPORAL_ADDRESS": "127.0.0.1:1"}).run("show", of(submission), "--patience=0.2")
    assert elsewhere.code == 4


async def test_a_temporal_of_ones_own_takes_the_rest_from_the_stack(world: World, tmp_path: Path) -> None:
    submission = sample()
    async with world.platform(), world.back_office():
        await world.client.submit(submission)
        async with asyncio.timeout(30):
            _ = [view async for view in world.client.follow(of(submission))]
        run = tmp_path / ".motcua" / "run"
        run.mkdir(parents=True)
        wrong = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_NAMESPACE": "nobody-s"}
        (run / "env").write_text("".join(f"{key}={value}\n" for key, value in (world.process_env | wrong).items()))
        own = {key: value for key, value in world.process_env.items() if key.startswith("TEMPORAL_")}
        shell = Shell(tmp_path, own)
        ended = await shell.run("result", of(submission), "--out", "result.pdf")
        assert ended.code == 0, ended.err
        assert (tmp_path / "result.pdf").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("show", "7"), 2, "wrong_usage"),
        (("show",), 2, "wrong_usage"),
        (("dance",), 2, "wrong_usage"),
        (("show", str(uuid4()), "--no-such-option"), 2, "wrong_usage"),
        (("submit", "nowhere.json"), 2, "wrong_usage"),
        (("act", str(uuid4()), "withdraw", "--actor", "applicant:x"), 2, "wrong_usage"),
        (("show", str(uuid4()), "--patience", "0.3"), 4, "unreachable"),
        (("track", str(uuid4()), "--patience", "0.3"), 4, "unreachable"),
        (("ledger", "verify"), 2, "wrong_usage"),
        (("tasks",), 2, "wrong_usage"),
    ],
)
async def test_every_failure_of_a_json_command_is_json(
    arguments: tuple[str, ...], code: int, word: str, tmp_path: Path
) -> None:
    ended = await Shell(tmp_path, {"TEMPORAL_ADDRESS": "127.0.0.1:1"}).run(*arguments, "--json")
    assert ended.code == code
    assert ended.json["code"] == word
    assert ended.json["message"]
    assert (" / " in ended.json["message"]) == (arguments[0] in {"submit", "ledger", "tasks", "act"})
    assert ended.err
    assert ended.out.count("\n") == 1
    if "withdraw" in arguments:
        assert [(each["field"], each["rule"]) for each in ended.json["problems"]] == [("reason", "missing")]


async def test_what_has_ended_or_never_was_is_json_too(world: World, shell: Shell) -> None:
    submission = sample()
    async with world.platform():
        await world.client.submit(submission)
        await _failures(submission, shell)


async def _failures(submission: Submission, shell: Shell) -> None:
    withdraw = ("act", of(submission), "withdraw", "--actor", f"applicant:{submission.applicant.subject}", "--json")
    reason = ("--data", '{"reason": "filed twice"}')
    assert (await shell.run(*withdraw, *reason)).code == 0
    closed = await shell.run(*withdraw, *reason)
    assert (closed.code, closed.json["code"]) == (1, "filing_closed")
    never = await shell.run("show", str(uuid4()), "--json")
    assert (never.code, never.json["code"]) == (3, "not_available")
    early = await shell.run("result", of(submission), "--json")
    assert (early.code, early.json["code"], len(early.json["problems"])) == (3, "not_ready", 1)


async def test_a_platform_that_is_not_installed_is_named(tmp_path: Path) -> None:
    without = (sys.executable, "-c", "import motcua.cli.app as a; a.entry_points = lambda group: []; a.run(['up'])")
    ended = await Shell(tmp_path, {}).run(program=without)
    assert ended.code == 2
    assert "no command up" in ended.err
    assert "not installed here" in ended.err


async def test_without_its_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['typer'] = None; from motcua.command import main; main()"
    ended = await Shell(tmp_path, {}).run(program=(sys.executable, "-c", code))
    assert (ended.code, ended.err) == (2, "the motcua command needs its extra: pip install 'motcua[cli]'\n")
    told = await Shell(tmp_path, {}).run("--json", program=(sys.executable, "-c", code))
    assert (told.code, told.json["code"]) == (2, "wrong_usage")


async def test_a_fault_of_the_program_is_json_too(tmp_path: Path) -> None:
    code = "import motcua.cli.filings as f, motcua.command as m; f.read_file = None; m.main()"
    ended = await Shell(tmp_path, {}).run("submit", "x.json", "--json", program=(sys.executable, "-c", code))
    assert (ended.code, ended.json["code"]) == (70, "failed")
    assert "TypeError" in ended.json["message"]
    assert "Traceback" in ended.err


async def test_an_agency_runs_its_own_back_office_from_its_folder(world: World, shell: Shell) -> None:
    (shell.folder / "ward_office.py").write_text(
        "from motcua import BackOffice, Document\n"
        "class WardOffice(BackOffice):\n"
        "    async def issue(self, request):\n"
        "        return Document(b'made by the ward', 'text/plain')\n"
    )
    ready = shell.folder / "ready"
    submission = sample(agency="H29.16")
    async with world.platform():
        office = await shell.start(
            "back-office", "--agency", "H29.16", "ward_office:WardOffice", MOTCUA_READY_FILE=str(ready)
        )
        try:
            await world.client.submit(submission)
            async with asyncio.timeout(30):
                [*_, last] = [view async for view in world.client.follow(UUID(of(submission)))]
        finally:
            office.send_signal(signal.SIGTERM)
            _, err = await office.communicate()
    assert office.returncode == 0, err.decode()
    assert await asyncio.to_thread(ready.exists)
    assert last.result is not None
    assert last.result.size == len(b"made by the ward")


async def test_an_interrupted_command_ends_without_a_traceback(world: World, shell: Shell) -> None:
    submission = sample()
    async with world.platform():
        await world.client.submit(submission)
        tracking = await shell.start("track", of(submission))
        assert tracking.stdout is not None
        assert await asyncio.wait_for(tracking.stdout.readline(), 20)
        tracking.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(tracking.communicate(), 20)
    assert tracking.returncode == 130
    assert "Traceback" not in err.decode()


@pytest.mark.parametrize("name", ["submit", "act", "show", "track", "result", "pass-over", "back-office", "schemas"])
def test_every_command_shows_an_example(name: str) -> None:
    shown = CliRunner().invoke(build({}), [name, "--help"], prog_name="motcua")
    assert shown.exit_code == 0
    assert f"motcua {name} " in shown.output.partition("Usage")[2].partition("\n")[2]


def test_the_schemas_are_listed_and_written(tmp_path: Path) -> None:
    listed = CliRunner().invoke(build({}), ["schemas"])
    assert listed.exit_code == 0
    assert "update Filing.accept: argument" in listed.output
    written = CliRunner().invoke(build({}), ["schemas", "--out", str(tmp_path / "a" / "b"), "--json"])
    assert written.exit_code == 0, written.output
    index = json.loads((tmp_path / "a" / "b" / "index.json").read_text())
    assert json.loads(written.stdout) == index
    assert {entry["file"] for entry in index["schemas"]} | {"index.json"} == {
        file.name for file in (tmp_path / "a" / "b").iterdir()
    }


def test_schemas_that_can_not_be_written_are_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = CliRunner().invoke(build({}), ["schemas", "--out", str(tmp_path / "file"), "--lang", "en"])
    assert ended.exit_code == 2
    assert "can't be written" in ended.stderr


async def test_money_goes_back_by_the_command_and_the_same_command_again_is_done_once(
    world: World, shell: Shell
) -> None:
    submission = extract(signature=None, result_channel="counter")
    cashier, leader = (f"{role}:h56.30-{role}-1@H56.30" for role in ("cashier", "leader"))
    async with world.platform(), world.back_office():
        await world.client.submit(submission)
        filing, refund = of(submission), f"refund:{of(submission)}:1000"
        for command, actor, said in (
            (("accept", filing), RECEPTION, {}),
            (("pay_at_counter", filing), cashier, {"amount": 16_000}),
            (("request_refund", refund), cashier, {"amount": 8_000, "reason": "x", "legal_basis": "x"}),
            (("request_refund", refund), cashier, {"amount": 8_000, "reason": "x", "legal_basis": "x"}),
            (("approve_refund", refund), leader, {"case": 1}),
        ):
            name, target = command
            own = ("--actor", actor, "--data", json.dumps(said), "--command-id", f"by-hand-{name}")
            ended = await shell.run("act", target, name, *own)
            assert ended.code == 0, ended.err
        async with world.connection() as connection:
            rows = await connection.fetch("select kind from event where stream = $1 order by seq", refund)
    kinds = [row["kind"] for row in rows]
    assert kinds[:3] == ["refund_begun", "refund_opened", "refund_approved"]
    assert kinds.count("refund_opened") == 1
