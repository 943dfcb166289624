"""What the process imports of which `tests/forked.py` makes copies."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pkgutil import walk_packages
from typing import Final

from temporalio.worker._worker import load_default_build_id

import deploy.commands
import operations.commands

PROGRAMS: Final = (
    "motcua.command",
    "workers.platform",
    "workers.relay",
    "gateway.server",
    "deploy.sandbox.bank",
    "deploy.sandbox.post",
    "deploy.sandbox.trust",
    "tests.faults.any_files_worker",
)
COMMANDS: Final = ("motcua.cli.app", "deploy.command")

for name in (*PROGRAMS, *COMMANDS):
    import_module(name)
for package in (operations.commands, deploy.commands):
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        import_module(found.name)
for name in PROGRAMS:
    del sys.modules[name]  # a copy runs it as `__main__`
load_default_build_id()  # reads all code once more; every worker of a copy would
gc.freeze()
