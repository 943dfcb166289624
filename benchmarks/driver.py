"""Plays filings with the code of another checkout, for a benchmark here (`benchmarks/elsewhere.py`).

Run as `driver.py FOLDER`, or as `driver.py FOLDER appends` for the appends alone. The other checkout's Python runs it
in that checkout's folder, which is first on the path: so `import benchmarks` finds the other checkout's stack, workers
and client. The measuring code is ours, from the files beside this one. A line of JSON on stdin requests a round, and a
line on stdout answers; the end of stdin ends the program.
"""

from __future__ import annotations

import asyncio
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import benchmarks
from benchmarks.stage import scene


async def appends() -> None:
    """Sets up a log, then plays the requested rounds: each makes only the appends of filings."""
    answers, load = _ours("peer/asked").Answers(), _ours("load")
    async with _ours("record/appends").appending() as (side, pids):
        await answers.serve({}, lambda concurrency, seconds: load.measure(side, concurrency, seconds, pids))


async def main() -> None:
    """Sets everything up, reports the Temporal history of one filing, and plays the requested rounds."""
    asked, load, history, ending = _ours("peer/asked"), _ours("load"), _ours("history"), _ours("ending")
    answers = asked.Answers()
    async with scene() as on:
        side = on.sides[0]
        filed = await side.file()
        await on.client.get_workflow_handle(filed.workflows[0]).result()
        found = await history.history(on.client, filed.workflows)
        await ending.end(on.client, filed.workflows[1:])

        async def play(concurrency: int, seconds: float) -> Any:
            played = await load.measure(side, concurrency, seconds, on.pids[side.name])
            await ending.end(on.client, (workflow for each in played.filed for workflow in each.workflows[1:]))
            return played

        await answers.serve({"events": found.events, "size": found.size, "kinds": dict(found.kinds)}, play)


def _ours(name: str) -> Any:
    """Loads a module of our checkout: `import` would find the module of that name in the other checkout."""
    spec = spec_from_file_location(f"measuring_{Path(name).stem}", Path(__file__).parent / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    if not Path(str(benchmarks.__file__)).is_relative_to(sys.argv[1]):
        sys.exit(f"{benchmarks.__file__} would be measured, which is not of {sys.argv[1]}")
    asyncio.run(appends() if sys.argv[2:] == ["appends"] else main())
