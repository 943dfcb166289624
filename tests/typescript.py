"""Runs the program of docs/integrators-typescript.md without and with encryption: `python -m tests.typescript`.

Not part of the suite: it needs Node.js, and a folder in which `npm install @temporalio/client tsx` was done. Exit code
0 if the program completed both times, got the same answers when it ran again, and Temporal stored its applicant's name
only in the run without encryption.
"""

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from console.home import CODEC, Home
from motcua.testing import PAPER
from tests.conftest import ROOT
from tests.faults.processes import ENV, up

APPLICANT: Final = "Trần Văn Bình"


def of_page(name: str) -> str:
    """Returns the TypeScript code of a page."""
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    (found,) = re.findall(r"^```typescript\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(found)


async def node(folder: Path, env: Mapping[str, str]) -> str:
    """Returns the program's output. Raises `RuntimeError` if it fails."""
    process = await asyncio.create_subprocess_exec(
        *("node", "--import", "tsx", "filing.mts"), cwd=folder, env={**ENV, **env}, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    if process.returncode:
        raise RuntimeError(said.decode())
    return said.decode()


async def tried(modules: Path, folder: Path, *, sealed: bool) -> bool:
    """Returns True if the program works as on the page, with a stack that runs only for it."""
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text("{}", encoding="utf-8")
    (folder / "filing.mts").write_text(of_page("integrators-typescript.md"), encoding="utf-8")
    (folder / "application.pdf").write_bytes(PAPER)
    if sealed:
        (folder / "codec.mts").write_text(of_page("codec.md"), encoding="utf-8")
    home = Home(folder / ".motcua")
    async with up(folder, {CODEC: "on" if sealed else "off"}, seconds=120) as env:
        first, again = [await node(folder, env) for _ in range(2)]
        kept = b"".join(file.read_bytes() for file in home.root.rglob("temporal.db*"))
    print(f"sealed: {sealed}\n{first}")  # noqa: T201 -- its result
    ended = first.splitlines()[-1].startswith("approved ")
    return ended and first.splitlines()[-1] == again.splitlines()[-1] and (APPLICANT.encode() in kept) is not sealed


def main() -> int:
    """Returns exit code 0 if both runs succeeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.typescript")
    parser.add_argument("modules", type=Path, metavar="NODE_MODULES")
    given = parser.parse_args()
    if shutil.which("node") is None:
        print("there is no node", file=sys.stderr)  # noqa: T201 -- a command
        return 2

    async def both() -> list[bool]:
        held = []
        for sealed in (False, True):
            with tempfile.TemporaryDirectory(prefix="motcua-typescript-") as name:
                held.append(await tried(given.modules.resolve(), Path(name).resolve(), sealed=sealed))
        return held

    return 0 if all(asyncio.run(both())) else 1


if __name__ == "__main__":
    sys.exit(main())
