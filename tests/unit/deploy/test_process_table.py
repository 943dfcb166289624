"""The table of processes has a row for each long-running process; the stack runs them; each name in a row exists."""

import asyncio
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
import uvloop

from console.home import Home
from console.processes import MODELS, PROCESSES, SECRETS, WITH_PORT, Kind, settings_of
from deploy.stack.parts import PARTS, Platform
from motcua.tracing.setting import TRACES
from operations.commands import processes
from operations.doctor.check import SETTINGS
from tests.conftest import ROOT
from workers import relay

PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
PLATFORM: Final = [process for process in PROCESSES if process.kind is Kind.PLATFORM]


def test_each_process_of_the_platform_that_runs_for_ever_is_a_row() -> None:
    programs = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for room in ("workers", "gateway", "recovery", "operations", "publishing", "console", "activities", "workflows")
        for file in (ROOT / room).rglob("*.py")
        if re.search(
            r'^if __name__ == "__main__":\n(?:    .*\n)*    (?:uvloop|asyncio)\.run\(',
            file.read_text("utf-8"),
            re.MULTILINE,
        )
    }
    assert programs == {process.module for process in PLATFORM if process.module}
    commands = {
        command.name or command.callback.__name__ for command in processes.app.registered_commands if command.callback
    }
    assert commands == {process.command[1] for process in PLATFORM if process.command[0] == "motcua"}
    assert [process.name for process in PROCESSES if process.module and find_spec(process.module) is None] == []


def test_the_parts_of_a_stack_are_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    home.create()
    for identity, left_out in (("required", set()), ("off", {"door"})):
        monkeypatch.setenv("MOTCUA_IDENTITY", identity)
        parts = Platform(home, PARTS, {}, {}, ui=True).parts()
        assert [part.process for part in parts] == [one for one in PROCESSES if one.name not in left_out]
    assert home.ports([]).keys() == set(WITH_PORT)
    before = set[str]()
    for process in PROCESSES:
        assert process.after <= before, f"{process.name} comes before what it needs"
        before.add(process.name)


def test_each_setting_of_a_row_is_a_setting_of_the_platform() -> None:
    ours = {setting for process in PROCESSES for setting in process.settings if setting.startswith("MOTCUA_")}
    assert settings_of(*MODELS) <= ours <= SETTINGS
    others = {setting for process in PROCESSES for setting in process.settings} - ours
    assert others == {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"}


def test_a_role_is_that_of_the_address_and_only_migrations_own_the_tables() -> None:
    roles = {process.name: process.role for process in PLATFORM}
    assert roles == {"migrations": "motcua_owner", "back-office": None, "door": "motcua_gateway"} | dict.fromkeys(
        ("worker", "relay", "gateway"), "motcua_app"
    )


def test_a_secret_is_what_the_page_calls_one() -> None:
    told = dict[str, str]()
    for names, _, meaning in re.findall(r"^\| (`MOTCUA_[^|]*) \| ([^|]*) \| (.*) \|$", PAGE, re.MULTILINE):
        for name in re.findall(r"`(MOTCUA_[A-Z_]+)`", names):
            told[name] = told.get(name, "") + meaning
    secret = {name for name, meaning in told.items() if "secret" in meaning}
    beside = {"MOTCUA_IDENTITY_AGENT", "MOTCUA_IDENTITY_KEY_FILE", "MOTCUA_POST_CUSTOMER_KEY", "MOTCUA_RECEIPTS_URL"}
    """These settings are no secrets, but the page names them on lines about secrets."""
    assert secret == SECRETS | beside


def test_the_page_has_each_process_with_its_role_and_ports() -> None:
    table = PAGE.partition("\n## What runs\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `motcua ([a-z-]+)` \|[^|]*\| (?:`(\w+)`|–) \| ([\d, –]+) \|", table, re.MULTILINE)
    told = {name: (role or None, re.findall(r"\d+", ports)) for name, role, ports in rows}
    ours = {process.name: process for process in PLATFORM}
    ours["migrate"] = ours.pop("migrations")
    assert told == {name: (process.role, [*map(str, process.ports.values())]) for name, process in ours.items()}


def test_a_process_of_an_operator_has_the_same_loop_as_a_stacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loops = list[object]()

    async def main() -> None:
        loops.append(asyncio.get_running_loop())

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(processes, "configure_logging", lambda: None)
    monkeypatch.setattr(relay, "main", main)
    processes.relay()
    assert [type(loop) for loop in loops] == [uvloop.Loop]


def test_a_process_loads_no_typesetter_before_it_prints_and_nothing_of_trials_or_traces() -> None:
    modules = [process.module for process in PLATFORM if process.module]
    untraced = {name: value for name, value in os.environ.items() if name != TRACES}
    modules.sort(key=lambda name: name == "gateway.server")  # FastAPI loads OpenTelemetry's interface
    program = f"""
import asyncio, sys, {", ".join(modules[:-1])}
asyncio.run(workers.platform.connect())
print("opentelemetry" in sys.modules)
import gateway.server
print(*sys.modules)
"""
    run = [sys.executable, "-c", program]
    told = subprocess.run(run, cwd=ROOT, env=untraced, capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == "False"
    assert {"typst", "sandbox", "demo", "deploy.stack", "opentelemetry.sdk", "requests"} & set(told) == set()
