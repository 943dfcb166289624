"""One stack for all trials: prints its addresses as a line of JSON, and ends when its input is closed."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.stack import Stack
from tests.conftest import PARTS, publish_demo

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a folder of a random name in it
"""The folder of the stack: databases are made five times as fast here as on a disk, and are not needed afterwards."""
_MANY_NAMESPACES: Final = {
    "frontend.rps.namespaceReplicationInducingAPIs": "1000",
    "worker.perNamespaceWorkerCount": "0",
}
"""Settings for thousands of namespaces, one for each test: no rate limit, and no workers for each namespace."""


async def _run() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        async with Stack(Path(folder).resolve(), parts=PARTS, temporal=_MANY_NAMESPACES) as running:
            await publish_demo(running.env)
            sys.stdout.write(json.dumps(dict(running.env)) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_run())
