"""One look at a whole log, in a process of its own: `python -m benchmarks.looked verify|bindings|rebuild`.

What it took and what it found is a line of JSON on stdout. `verify` is the log as anybody sees it, `bindings` what
needs the master key besides; the addresses and that key stand in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import asyncpg

from activities.keys.masters import MasterKeys, master_keys
from activities.ledger.vault import Vault
from operations import rebuild as rebuilding
from operations.bindings import unbound
from verifier import ledger as ledger_verifier


async def _verify(_: MasterKeys) -> int:
    return len((await ledger_verifier.verify(os.environ["MOTCUA_DATABASE_URL"])).problems)


async def _bindings(masters: MasterKeys) -> int:
    connection = await asyncpg.connect(os.environ["MOTCUA_DATABASE_URL"])
    try:
        return len(await unbound(connection, Vault(masters)))
    finally:
        await connection.close()


async def _rebuild(masters: MasterKeys) -> int:
    await rebuilding.rebuild(os.environ["MOTCUA_OWNER_DATABASE_URL"], masters, lambda *_: None)
    return 0


LOOKS: Final[Mapping[str, Callable[[MasterKeys], Awaitable[int]]]] = {
    "verify": _verify,
    "bindings": _bindings,
    "rebuild": _rebuild,
}
"""Each tells how much it has found to be wrong; what can't be rebuilt raises."""


def _cpu() -> float:
    """Seconds of this process and of those that it has started, which have ended."""
    return sum(os.times()[:4])


async def main(look: str) -> None:
    """Look, and say so."""
    cpu, began = _cpu(), time.perf_counter()
    wrong = await LOOKS[look](master_keys(os.environ["MOTCUA_MASTER_KEY"]))
    took = {"seconds": time.perf_counter() - began, "cpu": _cpu() - cpu, "wrong": wrong}
    sys.stdout.write(f"{json.dumps(took)}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
