"""One stack for all trials: says its addresses as a line of JSON, and ends when nobody listens any more."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.stack import Stack
from tests.conftest import PARTS, publish_demo

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a folder of a random name in it
"""Where a database for each test is made five times as fast as on a disk. Nothing of it is to outlive the trials."""
_MANY_NAMESPACES: Final = {
    "frontend.rps.namespaceReplicationInducingAPIs": "1000",
    "worker.perNamespaceWorkerCount": "0",
}
"""One a test, and thousands of tests: as many a second as they like, and nothing that runs for each of them."""


async def _run() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        async with Stack(Path(folder).resolve(), parts=PARTS, temporal=_MANY_NAMESPACES) as running:
            await publish_demo(running.env)
            sys.stdout.write(json.dumps(dict(running.env)) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_run())
