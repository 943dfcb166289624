"""The half of the slow tests that a commit names by its hash: `python -m tests.halves HASH` prints its files.

CI has no time for all of them at every commit. `python -m tests.halves --measured REPORT` keeps what the files took in
a whole run with `--junitxml=REPORT`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

ROOT: Final = Path(__file__).parent.parent
QUICK: Final = ("unit", "contract", "replay")
"""The folders of what needs no server; CI runs them whole."""
SECONDS: Final = ROOT / "tests" / "seconds.txt"
UNKNOWN: Final = 30.0
"""Seconds that a file is taken to need which was never measured."""


def slow_files() -> list[str]:
    """Every file of tests that needs a server."""
    files = (file.relative_to(ROOT) for file in (ROOT / "tests").rglob("test_*.py"))
    return sorted(file.as_posix() for file in files if file.parts[1] not in QUICK)


def measured() -> dict[str, float]:
    """Seconds by file."""
    lines = (line.split() for line in SECONDS.read_text(encoding="utf-8").splitlines())
    return {file: float(seconds) for seconds, file in lines}


def halves() -> tuple[list[str], list[str]]:
    """All slow files in two parts that take about as long."""
    seconds = measured()
    takes = {file: seconds.get(file, UNKNOWN) for file in slow_files()}
    found: tuple[list[str], list[str]] = [], []
    for file in sorted(takes, key=lambda one: (-takes[one], one)):
        min(found, key=lambda half: sum(takes[one] for one in half)).append(file)
    return found


def of_commit(commit: str) -> list[str]:
    """The half that a hash names. Raises `ValueError` for what is no hash."""
    return halves()[int(commit, 16) % 2]


def keep(report: Path) -> None:
    """Write down what each slow file took, by a report of pytest."""
    took: defaultdict[str, float] = defaultdict(float)
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 -- pytest's own
        took[case.get("classname", "").replace(".", "/") + ".py"] += float(case.get("time", 0))
    lines = [f"{took[file]:.0f} {file}" for file in slow_files() if file in took]
    SECONDS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--measured", report]:
            keep(Path(report))
        case [commit]:
            sys.stdout.write(" ".join(of_commit(commit)))
        case _:
            sys.exit(__doc__)
