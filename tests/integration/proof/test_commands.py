"""The commands for checkpoints, on a real record: by a schedule and by hand, a witness, and verification."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from asn1crypto import cms
from temporalio.client import WorkflowFailureError

from activities.checkpoints import making
from activities.checkpoints.log import newest_log
from console.home import Home
from operations.doctor.check import Surroundings
from operations.doctor.record.events import checkpoints
from recovery.schedule import keep_checkpoints
from rules.proof.note import Kind, Signer
from schemas.ids import TASK_QUEUE
from schemas.stream.checkpoint import SCHEDULE, Made
from tests.acting import eventually
from tests.conftest import World
from tests.integration.proof.conftest import NAME, Record, listens
from tests.sandboxes import free_port, until
from tests.shell import Shell
from workers.wiring import activities, platform_worker

KEY: Final = "motcua.example/ledger"


@pytest.fixture
async def shell(world: World, tmp_path: Path) -> Shell:
    own = {"MOTCUA_CHECKPOINTS": (tmp_path / "second").as_uri(), "MOTCUA_CHECKPOINT_KEY": str(tmp_path / "log.key")}
    return Shell({"MOTCUA_DATABASE_URL": world.app_dsn, "MOTCUA_MASTER_KEY": world.env["MOTCUA_MASTER_KEY"]} | own)


@pytest.fixture
async def witness(shell: Shell, tmp_path: Path) -> AsyncIterator[str]:
    """Runs a witness that knows the log; yields its line in a policy."""
    vkey = (await shell("ledger", "checkpoint-key", tmp_path / "log.key", "--name", KEY)).out.strip()
    port = free_port()
    command = [str(Path(sys.executable).with_name("motcua")), "witness", str(tmp_path / "w"), "--name", "w.example"]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MOTCUA_", "TEMPORAL_"))}
    process = await asyncio.create_subprocess_exec(
        *command, "--log", vkey, "--port", str(port), cwd=tmp_path, env=env, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        own = (await process.stdout.readline()).decode().strip()
        await asyncio.to_thread(until, lambda: listens(port))
        yield f"witness w {own} http://127.0.0.1:{port}\n"
    finally:
        process.send_signal(signal.SIGINT)
        assert await process.wait() in {0, -signal.SIGINT, 130}


async def test_by_hand(shell: Shell, record: Record, witness: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"{witness}quorum w\n")
    policied: Mapping[str, str] = {"MOTCUA_WITNESSES": str(policy)}
    assert (await shell("ledger", "checkpoint", **policied)).out.strip().endswith("there is no event yet")
    await record.grow(300)
    made = (await shell("ledger", "checkpoint", "--json", **policied)).json
    assert (made["origin"], made["size"], made["signed_by"]) == (KEY, 300, [KEY, "w.example"])
    verify = ("ledger", "verify", "--checkpoints", "--since", tmp_path / "since")
    found = (await shell(*verify, "--json", **policied)).json
    held = found["checkpoints"]
    assert (held["verified"], held["since"], held["size"], held["cosigned"]) == (True, 0, 300, ["w.example"])
    assert not found["verified"], "the hashes of these events are no hashes"
    await record.grow(10)
    await shell("ledger", "checkpoint", **policied)
    held = (await shell(*verify, "--json", **policied)).json["checkpoints"]
    assert (held["verified"], held["since"], held["size"]) == (True, 300, 310)
    await record.connection.execute("delete from event where stream = 'filing:1' and seq = 102")
    ended = await shell("ledger", "verify", "--checkpoints", **policied)
    assert ended.code == 1
    assert "filing:1 seq 102 position 305 it was checkpointed, and is not in the record" in " ".join(ended.out.split())
    await record.connection.execute("delete from position where position > 300")
    ended = await shell("ledger", "checkpoint", **policied)
    assert (ended.code, "fewer_events" in ended.err) == (1, True)
    ended = await shell("ledger", "checkpoint", "--new-log", "--reason", "restored", **policied)
    assert (ended.code, "no_quorum" in ended.err) == (1, True), "no witness knows it yet"
    named = (await shell("ledger", "checkpoint-key", tmp_path / "log.key", "--log", "2")).out.strip()
    assert named.startswith(f"{KEY}/2+")
    ended = await shell("ledger", "checkpoint", "--new-log", "--reason", "restored")
    assert f" {KEY} 310 " in " ".join(ended.out.split())
    assert (await shell("ledger", "verify", "--checkpoints")).out.count("reason restored") == 1


async def test_what_is_not_set_up(shell: Shell, tmp_path: Path) -> None:
    assert (await shell("ledger", "checkpoint")).code == 2, "there is no key"
    assert (await shell("ledger", "checkpoint", MOTCUA_CHECKPOINTS=None)).code == 2
    assert (await shell("ledger", "checkpoint", "--new-log")).code == 2
    assert (await shell("ledger", "verify", "--since", tmp_path / "x")).code == 2
    key = tmp_path / "log.key"
    await shell("ledger", "checkpoint-key", key, "--name", KEY)
    assert key.stat().st_mode & 0o777 == 0o600
    assert (await shell("ledger", "checkpoint-key", key, "--name", KEY)).code == 2, "it stays as it is"
    assert (await shell("ledger", "checkpoint-key", tmp_path / "other", "--name", "two words")).code == 2
    policy = tmp_path / "policy"
    policy.write_text("quorum nobody\n")
    ended = await shell("ledger", "checkpoint", MOTCUA_WITNESSES=str(policy))
    assert (ended.code, "line 1: nobody is not known above" in ended.err) == (2, True)
    key.chmod(0o644)
    assert "chmod 600" in (await shell("ledger", "checkpoint")).err
    key.chmod(0o600)
    key.write_text(Signer.new("w", Kind.WITNESS).written())
    assert "the key of a witness" in (await shell("ledger", "checkpoint")).err
    assert (await shell("ledger", "verify", "--checkpoints")).code == 2


async def test_by_the_schedule(world: World, record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "AGAIN", timedelta(seconds=2))
    key = tmp_path / "log.key"
    key.write_text(Signer.of(NAME, Kind.LOG, bytes(range(32))).written())
    key.chmod(0o600)
    settings = world.settings.model_copy(update={"checkpoints": record.folder.as_uri(), "checkpoint_key": str(key)})
    await record.grow(20)
    await keep_checkpoints(world.temporal, 10)
    await keep_checkpoints(world.temporal, 5)
    schedule = world.temporal.get_schedule_handle(SCHEDULE)
    described = await schedule.describe()
    assert [every.every.total_seconds() for every in described.schedule.spec.intervals] == [300]
    assert described.schedule.spec.time_zone_name == "Asia/Ho_Chi_Minh"
    async with activities(settings) as functions, platform_worker(world.temporal, functions, settings):
        await schedule.trigger()

        async def newest() -> int:
            found = await (await newest_log(record.place, NAME)).newest(record.signer.verifier)
            return found.checkpoint.size if found else 0

        await eventually(newest, lambda size: size == 20)
        again = await world.temporal.execute_workflow(
            "Checkpoint", id="by-hand", task_queue=TASK_QUEUE, result_type=Made
        )
        assert (again.origin, again.size, again.cosigned) == (NAME, 20, 0)
        await record.connection.execute("delete from position where position > 10")
        handle = await world.temporal.start_workflow("Checkpoint", id="in-vain", task_queue=TASK_QUEUE)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert cms.ContentInfo.load((record.folder / "1/stamps/20").read_bytes())["content_type"].native == "signed_data"


async def test_what_the_doctor_says(shell: Shell, record: Record, tmp_path: Path) -> None:
    await shell("ledger", "checkpoint-key", tmp_path / "log.key", "--name", KEY)
    around = Surroundings(shell.env, dict.fromkeys(shell.env, "test"), Home(tmp_path))

    async def finding() -> tuple[str, str]:
        [found] = await checkpoints(around)
        return found.health, found.what.en

    assert await finding() == ("ok", "0 of 0 events")
    await record.grow(300)
    assert await finding() == ("ok", "0 of 300 events"), "they wait, but not for long"
    await record.connection.execute("update event set recorded_at = recorded_at - interval '31 minutes'")
    assert await finding() == ("fail", "an event has waited for a checkpoint for 31 minutes")
    await shell("ledger", "checkpoint")
    assert await finding() == ("ok", "300 of 300 events")
    await record.connection.execute("delete from position where position > 290")
    assert await finding() == ("fail", "the record has 290 events, the newest checkpoint 300: it has lost some")
    (tmp_path / "second/1/checkpoint").write_text("nothing")
    assert (await finding())[0] == "fail"
    (tmp_path / "log.key").unlink()
    no_key = "MOTCUA_CHECKPOINT_KEY is no key that can be read: FileNotFoundError"
    assert await finding() == ("fail", f"can't be read: {no_key}")
