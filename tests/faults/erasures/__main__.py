"""Erases many filings while parts of the stack are killed: `python -m tests.faults.erasures --erasures 200 --codec`.

It exits 0 only if the record verifies, a rebuild changes nothing, everything can be read, no data of an erased person
can be decrypted or is on the disk (without the codec only in Temporal's files, and nowhere after their deletion), all
open streams restart, and all other filings keep their data. `test_some.py` does the same with a few filings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.faults.erasures.trial import trial


def arguments(*said: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.erasures")
    parser.add_argument("--erasures", type=int, default=200)
    parser.add_argument("--filings", type=int, default=330, help="so many are filed and played before")
    parser.add_argument("--beside", type=int, default=30, help="so many are filed while others are erased")
    parser.add_argument("--concurrency", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=10_000, help="so many at most")
    parser.add_argument("--every", type=float, default=6, help="seconds between two faults, about")
    parser.add_argument("--pauses", type=float, default=0.3, help="share of the faults that are pauses of 2 to 4 s")
    parser.add_argument("--appeal", type=int, default=120, help="seconds for which a decision can be complained about")
    parser.add_argument("--patience", type=int, default=180, help="seconds more for what is still to be done")
    parser.add_argument("--codec", action="store_true", help="seal what passes Temporal")
    parser.set_defaults(all_parts=True)
    return parser.parse_args(said)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="motcua-erasures-") as name:
        report = asyncio.run(trial(arguments(*sys.argv[1:]), Path(name).resolve()))
    print(json.dumps(vars(report), indent=1, ensure_ascii=False))  # noqa: T201 -- its result
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
