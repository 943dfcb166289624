"""Where a process finds what it needs: what the environment says, and the stack of this folder for the rest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from console.addresses import stack_beside
from console.home import Home
from motcua.cli.running import use_stack_here
from operations.doctor.surroundings import Surroundings

STACK: Final = {
    "TEMPORAL_ADDRESS": "127.0.0.1:1",
    "TEMPORAL_NAMESPACE": "stack-s",
    "MOTCUA_DATABASE_URL": "postgresql://stack",
    "MOTCUA_BANK_URL": "http://stack",
    "MOTCUA_OBJECTS": "file:///stack",
}
OWN: Final = {"TEMPORAL_ADDRESS": "elsewhere:7233", "MOTCUA_BANK_URL": "http://own"}


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder of a running stack, with nothing set."""
    for name in [name for name in os.environ if name.startswith(("TEMPORAL_", "MOTCUA_"))]:
        monkeypatch.delenv(name)
    for name in STACK:  # so that what is set below is taken away again
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / ".motcua" / "run").mkdir(parents=True)
    (tmp_path / ".motcua" / "run" / "env").write_text("".join(f"{key}={value}\n" for key, value in STACK.items()))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside")
def test_with_nothing_set_all_is_the_stacks() -> None:
    assert stack_beside() == STACK
    assert Surroundings.here().settings == STACK
    assert os.environ["TEMPORAL_NAMESPACE"] == "stack-s"


@pytest.mark.usefixtures("beside")
def test_a_shell_reads_the_file_too() -> None:
    said = STACK | {"MOTCUA_PROVIDERS": """{"bank": {"secret": "a 'b' $c"}}""", "MOTCUA_CLAMD": "/a folder/x"}
    Home(Path(".motcua")).write_env(said)
    shell = "set -a; . .motcua/run/env; exec env -0"
    told = subprocess.run(("/bin/sh", "-c", shell), env={}, capture_output=True, text=True, check=True).stdout
    assert said.items() <= dict(line.split("=", 1) for line in told.split("\0") if line).items()
    assert stack_beside() == said


SPEAKS: Final = {"MOTCUA_IDENTITY_PRINCIPAL": "stack", "MOTCUA_IDENTITY_KEY_FILE": "/stack/key.pem"}


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize(
    ("own", "principal"),
    [
        ({}, "stack"),
        ({"MOTCUA_IDENTITY_ACR": "2"}, "stack"),
        ({"TEMPORAL_ADDRESS": "elsewhere:7233"}, None),
        ({"MOTCUA_IDENTITY_PRINCIPAL": "own"}, "own"),
        ({"MOTCUA_IDENTITY_KEY": "pem"}, None),
    ],
)
def test_who_speaks_at_the_stack_speaks_nowhere_else_and_with_no_key_of_anothers(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, str], principal: str | None
) -> None:
    Home(Path(".motcua")).write_env(STACK | SPEAKS)
    for name in SPEAKS:  # so that what is taken is taken away again
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    taken = principal == "stack"
    assert (SPEAKS.keys() & stack_beside().keys()) == (SPEAKS.keys() if taken else set())
    use_stack_here()
    assert os.environ.get("MOTCUA_IDENTITY_PRINCIPAL") == principal
    assert ("MOTCUA_IDENTITY_KEY_FILE" in os.environ) is taken


@pytest.mark.usefixtures("beside")
def test_a_temporal_of_ones_own_takes_all_the_rest_from_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    rest = {name: value for name, value in STACK.items() if not name.startswith("TEMPORAL_")}
    assert stack_beside() == rest
    around = Surroundings.here()
    assert around.settings == rest | OWN
    assert around.sources["MOTCUA_DATABASE_URL"] == ".motcua/run/env"
    use_stack_here()
    assert os.environ["MOTCUA_OBJECTS"] == "file:///stack"
    assert "TEMPORAL_NAMESPACE" not in os.environ
