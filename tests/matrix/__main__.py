"""All orders in which the facts about one payment may become known: `make matrix`. docs/testing.md says more.

It exits 0 only if every order ended as expected. If it is interrupted, it prints the results so far.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.stack import Stack
from tests.conftest import MEMORY, PARTS, publish_demo, world_of
from tests.matrix.orders import ORDERS
from tests.matrix.room import opened
from tests.matrix.run import matrix
from tests.matrix.showing import Showing, Subject, named
from tests.matrix.variants import VARIANTS

SECONDS: Final = 20


async def run(subjects: Sequence[Subject], at_once: int, shown: Showing) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory(prefix="motcua-matrix-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name).resolve()
        async with Stack(folder / "stack", parts=PARTS) as running:
            await publish_demo(running.env)
            async with opened(await world_of(running.env, folder), folder, SECONDS, at_once) as room:
                shown.open()
                await matrix(room, subjects, at_once, shown)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--seed", type=int, default=16, help="of what --only draws (%(default)s)")
    parser.add_argument("--only", type=int, metavar="N", help="only N of them, drawn by the seed")
    texts = "only those whose name has this, or another: 'expiry poll', 'vnpay: twice'"
    parser.add_argument("--named", metavar="TEXT", action="append", help=texts)
    at_once = "filings of which something is done at a time (%(default)s); fewer on a busy machine"
    parser.add_argument("--at-once", type=int, default=16, metavar="N", help=at_once)
    given = parser.parse_args()
    subjects: Sequence[Subject] = (*ORDERS, *VARIANTS)
    if given.named is not None:
        subjects = tuple(one for one in subjects if any(text in named(one) for text in given.named))
    if given.only is not None:
        subjects = random.Random(given.seed).sample(subjects, min(given.only, len(subjects)))
    cut_off, shown = False, Showing(len(subjects))
    try:
        asyncio.run(run(subjects, given.at_once, shown))
    except (KeyboardInterrupt, asyncio.CancelledError):
        cut_off = True
    print(json.dumps(shown.report() | {"cut off": cut_off}, ensure_ascii=False, indent=1))  # noqa: T201 -- its result
    return 1 if shown.wrong or cut_off else 0


if __name__ == "__main__":
    sys.exit(main())
