"""One stack for all trials: says its addresses as a line of JSON, and ends when nobody listens any more."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from deploy.stack import Stack
from tests.conftest import PARTS, publish_demo


async def _run() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        async with Stack(Path(folder).resolve(), parts=PARTS) as running:
            await publish_demo(running.env["MOTCUA_OWNER_DATABASE_URL"])
            sys.stdout.write(json.dumps(dict(running.env)) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_run())
