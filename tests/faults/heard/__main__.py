"""Kills the worker at each point of a command, then forbids it in each way: `python -m tests.faults.heard --rounds 30`.

Each round plays the stories of the demo in a world of its own, and first tries the cases that were tried least; with
`--resume heard.json`, earlier runs are counted too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.faults.heard.figures import Figures
from tests.faults.heard.lab import say
from tests.faults.heard.plays import play_stories, stories
from workers.settings import Identity


async def run(given: argparse.Namespace) -> Figures:
    """Plays this number of rounds, and writes the figures after each; returns them."""
    figures = Figures()
    if given.resume is not None:
        figures.resume(given.resume)
    chosen = [one for one in stories() if not given.stories or one.name in given.stories]
    for n in range(given.rounds):
        with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
            await play_stories(Path(folder).resolve(), figures, given.identity, chosen=chosen, suggest=given.suggest)
        given.out.write_text(figures.as_json(), encoding="utf-8")
        say(f"round {n + 1} of {given.rounds}: {len(figures.cells)} cells, {figures.cells.total()} tries")
    return figures


def main() -> int:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--rounds", type=int, default=1)
    said.add_argument("--identity", type=Identity, default=Identity.REQUIRED, help="required, or off")
    said.add_argument("--suggest", type=int, help="runs make way after so many events")
    said.add_argument("--stories", nargs="*", help="the names of some, instead of all")
    said.add_argument("--out", type=Path, default=Path("heard.json"))
    said.add_argument("--resume", type=Path, help="what an earlier run has written by --out; its cells count as seen")
    given = said.parse_args()
    os.environ.setdefault("MOTCUA_IDENTITY", "off")  # of the stack itself, which has no worker
    figures = asyncio.run(run(given))
    say(figures.as_json())
    say(figures.summary())
    return 1 if figures.violations else 0


if __name__ == "__main__":
    sys.exit(main())
