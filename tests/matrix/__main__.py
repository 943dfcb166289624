"""All orders in which what is to be known of one payment may become known: `make matrix`. docs/testing.md says more.

It exits 0 only if every order ended as it must.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from deploy.stack import Stack
from tests.conftest import MEMORY, PARTS, publish_demo, world_of
from tests.matrix.orders import ORDERS
from tests.matrix.room import opened
from tests.matrix.run import Ended, Subject, matrix, named
from tests.matrix.variants import VARIANTS

SECONDS: Final = 20


async def run(subjects: Sequence[Subject], at_once: int, progress: Progress) -> list[Ended]:
    """On a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="motcua-matrix-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name).resolve()
        async with Stack(folder / "stack", parts=PARTS) as running:
            await publish_demo(running.env["MOTCUA_OWNER_DATABASE_URL"])
            world = await world_of(running.env, folder)
            async with opened(world, folder, SECONDS) as room:
                task = progress.add_task("matrix", total=len(subjects))
                return await matrix(room, subjects, at_once, lambda: progress.advance(task))


def main() -> int:
    """Exit code 0 if all held."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--seed", type=int, default=16, help="of what --only draws (%(default)s)")
    parser.add_argument("--only", type=int, metavar="N", help="only N of them, drawn by the seed")
    parser.add_argument("--named", metavar="TEXT", help="only those whose name has this: 'expiry poll', 'vnpay: twice'")
    at_once = "filings at a time (%(default)s); fewer on a busy machine"
    parser.add_argument("--at-once", type=int, default=20, metavar="N", help=at_once)
    given = parser.parse_args()
    subjects: Sequence[Subject] = (*ORDERS, *VARIANTS)
    if given.named is not None:
        subjects = tuple(one for one in subjects if given.named in named(one))
    if given.only is not None:
        subjects = random.Random(given.seed).sample(subjects, min(given.only, len(subjects)))
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        ended = asyncio.run(run(subjects, given.at_once, progress))
    failed = [one for one in ended if one.wrong]
    report = {
        "taken": len(subjects),
        "wrong": [{"which": named(one.subject), "why": one.wrong} for one in failed],
        "again, since the machine was too slow": sum(one.again for one in ended),
        "seconds": round(time.monotonic() - began),
    }
    said = json.dumps(report, ensure_ascii=False, indent=1)
    print(said)  # noqa: T201 -- its result
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
