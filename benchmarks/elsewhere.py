"""Runs another checkout of the project, such as an older commit, as a side of a comparison.

That side has its own processes, Python, stack, workers and client. `benchmarks/driver.py` plays its filings and
measures them with our `benchmarks/load.py`.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from benchmarks.asking import SideProcess, running_side
from deploy.stack.child import CHECKOUT

BEFORE: Final = "before"


class NoCheckoutError(Exception):
    """The folder is not a checkout that a benchmark can run."""


def elsewhere(checkout: Path, *what: str) -> AbstractAsyncContextManager[SideProcess]:
    """Starts the other checkout as a side. If it plays whole filings, `begun` has the fields of one filing's `History`.

    Raises `NoCheckoutError`, `AskedError`.
    """
    folder = check(checkout)
    return _driven(BEFORE, _python(folder), folder, *what)


def here(name: str, *what: str) -> AbstractAsyncContextManager[SideProcess]:
    """Starts this checkout as a side, in the same way as `elsewhere`. Raises `AskedError`."""
    return _driven(name, Path(sys.executable), CHECKOUT, *what)


def _driven(name: str, python: Path, folder: Path, *what: str) -> AbstractAsyncContextManager[SideProcess]:
    # -P: the driver's own folder is ours, and Python must not search it for modules.
    command: tuple[str | Path, ...] = (python, "-P", Path(__file__).with_name("driver.py"), folder, *what)
    return running_side(name, command, folder, {**os.environ, "PYTHONPATH": str(folder)})


def check(checkout: Path) -> Path:
    """Returns the checkout's absolute path. Raises `NoCheckoutError` if a benchmark can't run it."""
    if not (checkout / "benchmarks" / "stage.py").is_file():
        raise NoCheckoutError(
            f"{checkout} is no checkout of this project with a benchmark: no benchmarks/stage.py there"
        )
    if not _python(checkout).is_file():
        raise NoCheckoutError(f"{checkout} has no .venv of its own yet; run: make -C {checkout} setup")
    return checkout.absolute()


def _python(checkout: Path) -> Path:
    return checkout / ".venv" / "bin" / "python"
