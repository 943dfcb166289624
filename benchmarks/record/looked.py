"""Makes one pass over a log, in a process of its own: `python -m benchmarks.record.looked verify|bindings|rebuild`.

It prints its seconds and the number of problems as a line of JSON. `verify` checks everything that needs no key,
`bindings` everything that needs the master key; the addresses and the master key are in the environment.
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
from operations import rebuilding
from operations.evidence.bindings import unbound
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
    rebuilt = await rebuilding.rebuild(os.environ["MOTCUA_OWNER_DATABASE_URL"], masters, lambda *_: None)
    return sum(rebuilt.changed.values())


LOOKS: Final[Mapping[str, Callable[[MasterKeys], Awaitable[int]]]] = {
    "verify": _verify,
    "bindings": _bindings,
    "rebuild": _rebuild,
}
"""The passes by name. Each returns the number of problems; `rebuild` returns the number of wrong rows."""


def _cpu() -> float:
    """Returns the CPU seconds of this process and of its ended children."""
    return sum(os.times()[:4])


async def main(look: str) -> None:
    cpu, began = _cpu(), time.perf_counter()
    wrong = await LOOKS[look](master_keys(os.environ["MOTCUA_MASTER_KEY"]))
    took = {"seconds": time.perf_counter() - began, "cpu": _cpu() - cpu, "wrong": wrong}
    sys.stdout.write(f"{json.dumps(took)}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
