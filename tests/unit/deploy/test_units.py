"""The units of systemd are the rows of the process table; systemd knows each key, and rates no unit as exposed."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from deploy.systemd.units import PROGRAMS, units
from tests.conftest import ROOT
from tests.programs import program

MOST_EXPOSED: Final = 19
"""The highest exposure that a service may have, in tenths of a point on systemd's scale."""


@pytest.fixture
def installed(tmp_path: Path) -> list[Path]:
    """The unit files; in each of them a program that exists replaces ours, since systemd requires one."""
    files = [tmp_path / name for name in units()]
    for file, text in zip(files, units().values(), strict=True):
        file.write_text(re.sub(rf"{PROGRAMS}/\w+", "/bin/true", text), encoding="utf-8")
    return files


def analyzed(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run((program("systemd-analyze"), *words), capture_output=True, text=True, check=False)


def test_the_units_are_the_rows_of_the_table() -> None:
    kept = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "deploy" / "systemd").glob("*.service")}
    assert kept == units(), "python -m deploy.systemd.units"


def test_systemd_knows_every_key_and_order(installed: list[Path]) -> None:
    verified = analyzed("verify", "--recursive-errors=no", *installed)
    assert (verified.returncode, verified.stderr) == (0, "")
    installed[0].write_text(installed[0].read_text("utf-8").replace("ProtectHome", "ProtectHouse"), encoding="utf-8")
    assert "Unknown key 'ProtectHouse'" in analyzed("verify", "--recursive-errors=no", *installed).stderr


def test_no_unit_is_exposed_by_systemds_measure(installed: list[Path]) -> None:
    measured = analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", *installed)
    assert measured.returncode == 0, measured.stdout
