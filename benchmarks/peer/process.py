"""Starts the process that plays filings on DBOS, and a PostgreSQL for it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.asking import SideProcess, running_side
from deploy.stack import Stack
from deploy.stack.child import CHECKOUT

NAME: Final = "dbos"
DSN: Final = "MOTCUA_OWNER_DATABASE_URL"


@asynccontextmanager
async def playing() -> AsyncIterator[SideProcess]:
    """Starts the DBOS side. `begun` has one filing's `appends` by workflow, and the number of steps `recorded` for it.

    The side has a PostgreSQL of its own with the product's settings, so that deferred work of one side, such as
    checkpoints and vacuum, is not counted for another. Raises `AskedError`.
    """
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        async with Stack(Path(folder), parts=("postgres",)) as stack:
            command = (sys.executable, "-m", "benchmarks.peer.player", str(stack.pid("postgres")))
            async with running_side(NAME, command, CHECKOUT, {**os.environ, DSN: stack.env[DSN]}) as side:
                yield side
