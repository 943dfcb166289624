"""The wheel in an environment of its own, beside modules that have the names of our rooms."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from publishing.authoring import procedures
from tests.conftest import ROOT, World
from tests.contract.kept import golden_schemas

DECOY: Final = "raise RuntimeError('the decoy was imported')\n"
PROCEDURE: Final = ROOT / "procedures" / "1.001193@2026-12.yaml"
EXAMPLES: Final = re.findall(r"```python\n(.*?)```", (ROOT / "motcua" / "README.md").read_text(), re.DOTALL)
EXAMPLE: Final = EXAMPLES[0]


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A program in `cwd`, without our checkout on its path."""
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
    """The programs of an environment that has the kit without extras."""
    folder = tmp_path_factory.mktemp("environment")
    made = run(sys.executable, "-m", "venv", folder, cwd=folder)
    assert made.returncode == 0, made.stderr
    install(folder / "bin", str(wheel))
    return folder / "bin"


def install(programs: Path, what: str) -> None:
    installed = run(programs / "python", "-m", "pip", "install", "--quiet", what, cwd=programs)
    assert installed.returncode == 0, installed.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of somebody whose own modules are called like our rooms."""
    (tmp_path / "schemas.py").write_text(DECOY)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "__init__.py").write_text(DECOY)
    (tmp_path / "example.py").write_text(EXAMPLE)
    return tmp_path


def test_the_wheel_holds_the_kit_and_the_contract_and_nothing_on_top(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"motcua/__init__.py", "motcua/py.typed", "motcua/schemas/__init__.py", "motcua/cli/app.py"} <= names
    assert {name.split("/")[0] for name in names} == {"motcua", next(n for n in names if "METADATA" in n).split("/")[0]}
    assert not [name for name in names if "__pycache__" in name or name.startswith("motcua/motcua")]


def test_the_contract_is_the_wheels_own(bare: Path, project: Path) -> None:
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
    await procedures.publish(world.owner_dsn, PROCEDURE)
    await asyncio.to_thread(install, bare, f"{wheel}[cli,backoffice]")
    async with world.platform(), world.back_office():
        example = await asyncio.to_thread(run, bare / "python", "example.py", cwd=project, env=world.process_env)
        assert example.returncode == 0, example.stderr
        lines = example.stdout.splitlines()
        assert lines[0].startswith("H56.30-")
        assert lines[-1] == "Đã trả kết quả closed"
    published = await asyncio.to_thread(run, bare / "motcua", "schemas", "--out", "contract", cwd=project)
    assert published.returncode == 0, published.stderr
    assert contents(project / "contract") == {name: text.encode() for name, text in golden_schemas().items()}
    up = await asyncio.to_thread(run, bare / "motcua", "up", "--lang", "en", cwd=project)
    assert up.returncode == 2
    assert "not installed here" in up.stderr
    helped = await asyncio.to_thread(run, bare / "motcua", "--help", cwd=project)
    assert helped.returncode == 0, helped.stderr
    assert "back-office" in helped.stdout
