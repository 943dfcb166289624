"""Plays the demo's stories beside an intruder in Temporal: `python -m tests.faults.rogue --codec --seconds 60`.

For `--seconds` the intruder answers our activities in every way, and takes workflow tasks as our own build, with the
chosen lies. The trial exits 0 only if all stories then ended as expected, and no invented act is recorded.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.rogue.liar import LIES
from tests.faults.rogue.trial import PARTS, as_json, trial


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rogue", description=__doc__)
    parser.add_argument("--codec", action="store_true", help="seal what passes Temporal; the stranger has the keys")
    parser.add_argument("--identity", choices=("required", "off"), default="required")
    parser.add_argument("--seconds", type=float, default=60, help="how long the stranger stays")
    parser.add_argument("--stories", nargs="*", help="the names of some, instead of all")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="what the stranger does")
    parser.add_argument("--lies", nargs="*", choices=LIES, default=["append"], help="what it says to workflows")
    parser.add_argument("--agencies", action="store_true", help="it also answers in place of back offices")
    parser.add_argument("--runbook", type=float, default=700, help="seconds after it left, when an operator acts")
    parser.add_argument("--out", type=Path, default=Path("rogue.json"))
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="motcua-rogue-") as folder:
        found = asyncio.run(trial(given, Path(folder).resolve()))
    told = as_json(found, time.monotonic() - begun)
    given.out.write_text(told + "\n", encoding="utf-8")
    print(told)  # noqa: T201 -- its result
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main())
