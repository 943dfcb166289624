"""Runs `motcua up` in a folder of its own, plays the demo there, and searches the files for personal values."""

import copy
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import yaml
from temporalio.client import Client

from console.home import Home
from demo.scenario import SCENARIOS
from rules.require import require
from tests.conftest import ROOT
from tests.sandboxes import until

MOTCUA = (sys.executable, "-m", "motcua.command")
ENV = {key: value for key, value in os.environ.items() if not key.startswith(("MOTCUA_", "TEMPORAL_"))}
QUICK = ("level-1-online", "level-4-online", "level-4-post", "supplement-at-intake", "refused-at-intake", "withdrawn")


@contextmanager
def up_in_a_folder(**more: str) -> Iterator[Path]:
    """Yields a folder in which `motcua up` runs.

    The folder is outside pytest's folder, since PostgreSQL may run as a user who can't enter pytest's.
    """
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        path = Path(name).resolve()
        up = start("up", folder=path, **more)
        try:
            wait_until_up(path)
            yield path
        finally:
            up.send_signal(signal.SIGINT)
            said, _ = up.communicate(timeout=60)
            assert up.returncode == 0, said
    assert not path.exists()


def start(*arguments: str, folder: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # the caller ends it
        (*MOTCUA, *arguments), cwd=folder, env=ENV | more | {"PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE
    )


def wait_until_up(folder: Path) -> None:
    until((folder / ".motcua" / "run" / "env").exists, 150)


def demo(folder: Path, scenarios: list[dict[str, Any]], *more: str) -> tuple[int, dict[str, Any], str]:
    """Runs a demo of these scenarios; returns its exit code, its report as JSON, and its output."""
    file, result = folder / "scenarios.yaml", folder / "out.json"
    file.write_text(yaml.safe_dump({"scenarios": scenarios}))
    ended = subprocess.run(
        (*MOTCUA, "demo", "--scenarios", str(file), "--json", str(result), *more),
        cwd=folder,
        env=ENV | {"PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        timeout=100,
        check=False,
    )
    return ended.returncode, json.loads(result.read_text()), ended.stdout + ended.stderr


def written(*names: str) -> list[dict[str, Any]]:
    every = {scenario["name"]: scenario for scenario in yaml.safe_load(SCENARIOS.read_text())["scenarios"]}
    return [copy.deepcopy(every[name]) for name in names]


def in_temporals_files(folder: Path) -> int:
    """Returns the number of personal values of the demo in Temporal's SQLite files, the write-ahead log included."""
    files = [file.read_bytes() for file in (folder / ".motcua" / "temporal").iterdir()]
    assert sum(map(len, files)) > 1_000_000
    return sum(data.upper().count(b"CANARY") for data in files)


async def no_canary(folder: Path, said: str) -> None:
    """Asserts that no forbidden place has a personal value of the demo, and that the search finds values in results."""
    assert any(b"CANARY" in file.read_bytes() for file in (folder / ".motcua" / "objects").rglob("*") if file.is_file())
    assert "canary" not in said.lower()
    env = require(Home(folder / ".motcua").read_env())
    connection = await asyncpg.connect(env["MOTCUA_SUPERUSER_DATABASE_URL"])
    for table in ("event", "receipt", "stream", "filing", "task", "payment", "parcel", "counter", "callback"):
        for row in await connection.fetch(f"select * from {table}"):  # noqa: S608 -- names from the line above
            assert not any(has_canary(value) for value in row.values()), table
    assert await connection.fetchval("select count(*) from event where sealed is not null") > 0
    await connection.close()
    client = await Client.connect(env["TEMPORAL_ADDRESS"], namespace=env["TEMPORAL_NAMESPACE"])
    seen = 0
    async for workflow in client.list_workflows():
        seen += 1
        assert not has_canary(workflow.id)
        assert not has_canary(f"{workflow.typed_search_attributes} {await workflow.memo()}")
    assert seen >= len(QUICK)
    for log in (folder / ".motcua" / "log").iterdir():
        assert not has_canary(log.read_bytes()), log
    async with httpx.AsyncClient() as prometheus:
        for part in ("WORKER", "BACK_OFFICE", "RELAY", "GATEWAY"):
            assert not has_canary((await prometheus.get(env[f"MOTCUA_{part}_METRICS_URL"])).raise_for_status().text)


def has_canary(value: object) -> bool:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return "canary" in text.lower()
