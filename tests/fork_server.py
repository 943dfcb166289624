"""Imports and checks everything once, in the process that `tests/forked.py` copies for each program."""

import asyncio
import gc
import sys
from importlib import import_module
from pkgutil import walk_packages
from typing import Final
from unittest.mock import patch

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import _Definition

import deploy.commands
import operations.commands
from tests.checked_once import check_once
from workers.build import own_build
from workers.wiring import WORKFLOWS

PROGRAMS: Final = (
    *("motcua.command", "workers.platform", "workers.relay", "gateway.server", "sandbox.bank", "sandbox.post"),
    *("sandbox.trust", "sandbox.issuer", "sandbox.receipts", "sandbox.transit", "tests.faults.any_files_worker"),
    "gateway.door.server",
)
LATE: Final = (
    *("anyio._backends._asyncio", "sandbox.bank.server", "sandbox.trust.server", "httpcore", "tests.forked"),
    *("uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto"),
)
"""Modules that the programs import only at run time."""


async def check() -> None:
    """Validates the workflows in the sandbox, inside an event loop, as in a worker."""
    for workflow in WORKFLOWS:
        check_once(SandboxedWorkflowRunner(), _Definition.must_from_class(workflow))


for name in (*PROGRAMS, "motcua.cli.app", "deploy.command", "demo.command", *LATE):
    import_module(name)
for package in (operations.commands, deploy.commands):
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        import_module(found.name)
for name in PROGRAMS:
    del sys.modules[name]  # a copy runs it as `__main__`
patch.object(SandboxedWorkflowRunner, "prepare_workflow", check_once).start()
asyncio.run(check())
own_build()
gc.freeze()
