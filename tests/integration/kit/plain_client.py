"""Runs the programs of the integrators' page with Temporal's client and without this project."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
from pathlib import Path
from typing import Final

from tests.conftest import ROOT, World

PAGE: Final = (ROOT / "docs" / "integrators.md").read_text()
# Packages alone, without the .pth files among them: so the checkout is not on the path.
BARE: Final = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n"
NOTHING_OF_OURS: Final = """
import importlib.util
assert not [name for name in ("motcua", "schemas", "workflows", "rules") if importlib.util.find_spec(name)]
"""


async def run(program: str, folder: Path, world: World, **more: str) -> str:
    """Runs a program with Temporal's client and without this project; returns its output. It must print no errors."""
    env = {key: world.process_env[key] for key in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE")} | more
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", BARE + NOTHING_OF_OURS + program),
        cwd=folder,
        env=env | {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        said, complained = await process.communicate()
    assert (process.returncode, complained.decode()) == (0, "")
    return said.decode()
