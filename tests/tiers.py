"""The two tiers: `make test` runs the short tests; `make test-all`, and in part each CI run, also the long ones.

`tests/long.py` names the long ones. Property tests are in both tiers: with a few examples in the short one, with all
examples in the long one. `python -m tests.tiers REPORT` stores the seconds of long files from a run of all tests with
`--junitxml=REPORT`.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from statistics import median
from typing import Final
from xml.etree import ElementTree as ET

from tests.long import LONG, ROOMS

ROOT: Final = Path(__file__).parent.parent
TESTS: Final = ROOT / "tests"
QUICK: Final = ("unit", "contract", "replay")
"""The folders of the tests that need no server."""
SECONDS: Final = TESTS / "seconds.json"
RAN: Final = TESTS / "ran.json"
"""The file with the commit of the last complete run of each folder's long tests."""
SIXTHS: Final = 6
FEW: Final = 30
"""The number of examples of a property test in the short tier."""
FULL: Final = "ALL_EXAMPLES"
"""The environment variable that is set if property tests have all their examples."""
AT_MOST: Final = 20 * 60.0
"""The maximum seconds of the long tests of changed rooms on two workers, so that CI takes less than half an hour."""


def is_long(file: str, function: str) -> bool:
    """Returns True if a test of a file, a path below `tests/`, is long."""
    entry = LONG.get(file)
    return entry is not None and entry.has(function)


def is_whole(file: str) -> bool:
    """Returns True if every test of a file is long."""
    return file in LONG and not LONG[file].only and not LONG[file].but


def examples(all_of_them: int, few: int = FEW) -> int:
    """Returns how many of a property test's examples run in this tier; `all_of_them` run in the long one."""
    return all_of_them if FULL in os.environ else min(all_of_them, few)


@cache
def properties() -> frozenset[str]:
    """Returns the files with property tests, as paths below `tests/`."""
    files = (file for folder in QUICK for file in (TESTS / folder).rglob("test_*.py"))
    return frozenset(
        file.relative_to(TESTS).as_posix() for file in files if "hypothesis" in file.read_text(encoding="utf-8")
    )


def seconds() -> dict[str, float]:
    """Returns the seconds of each file's long tests; the median for a file that was never measured."""
    measured: dict[str, float] = json.loads(SECONDS.read_text(encoding="utf-8"))
    unknown = median(measured.values()) if measured else 1.0
    return {file: measured.get(file, unknown) for file in sorted({*LONG, *properties()})}


@cache
def sixth(commit: str) -> frozenset[str]:
    """Returns the sixth of the long files that a commit's hash selects. Raises `ValueError` if it is no hash."""
    takes = seconds()
    parts: list[list[str]] = [[] for _ in range(SIXTHS)]
    for file in sorted(takes, key=lambda one: (-takes[one], one)):
        min(parts, key=lambda part: sum(takes[one] for one in part)).append(file)
    return frozenset(parts[int(commit, 16) % SIXTHS])


@cache
def changed() -> frozenset[str]:
    """Returns the long files of rooms changed since their last run, the quickest first, up to `AT_MOST` seconds."""
    ran: dict[str, str] = json.loads(RAN.read_text(encoding="utf-8"))
    takes, chosen, left = seconds(), set[str](), AT_MOST
    stale = {folder: _differs(ran.get(folder), (*rooms, f"tests/{folder}")) for folder, rooms in ROOMS.items()}
    for file in sorted(takes, key=lambda one: (takes[one], one)):
        if stale[max((folder for folder in ROOMS if file.startswith(f"{folder}/")), key=len)] and takes[file] <= left:
            chosen.add(file)
            left -= takes[file]
    return frozenset(chosen)


def _differs(commit: str | None, rooms: Iterable[str]) -> bool:
    """Returns True if these rooms differ from their state in a commit, or if that can't be determined."""
    if commit is None:
        return True
    command = ["git", "diff", "--quiet", commit, "--", *rooms]
    asked = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    return asked.returncode != 0


def keep(report: Path) -> None:
    """Stores the seconds of the long tests, and the present commit, from pytest's report on all tests."""
    took: defaultdict[str, float] = defaultdict(float)
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 -- pytest's own
        modules = [name for name in case.get("classname", "").split(".")[1:] if not name.startswith("Test")]
        file = "/".join(modules) + ".py"
        if file in properties() or is_long(file, case.get("name", "").partition("[")[0]):
            took[file] += float(case.get("time", 0))
    _write(SECONDS, {file: round(took[file], 1) for file in sorted(took)})
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    _write(RAN, dict.fromkeys(sorted(ROOMS), head.stdout.strip()))


def _write(file: Path, content: Mapping[str, object]) -> None:
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    keep(Path(sys.argv[1]))
