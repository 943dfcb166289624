"""Another checkout of the project, such as that of an older commit: its filings, played by its own code.

It runs in processes of its own, with its own Python, stack, workers and client; `benchmarks/driver.py` plays it and
measures, as `benchmarks/load.py` does here.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from benchmarks.asking import Asked, asked
from deploy.stack.child import CHECKOUT

BEFORE: Final = "before"
DRIVER: Final = Path(__file__).with_name("driver.py")


class NoCheckoutError(Exception):
    """There is nothing that could be played."""


def elsewhere(checkout: Path, *what: str) -> AbstractAsyncContextManager[Asked]:
    """The other checkout, set up beside us; of whole filings it begins with their `History`.

    Raises `NoCheckoutError`, `AskedError`.
    """
    folder = check(checkout)
    return _driven(BEFORE, _python(folder), folder, *what)


def here(name: str, *what: str) -> AbstractAsyncContextManager[Asked]:
    """This checkout, driven in the same way. Raises `AskedError`."""
    return _driven(name, Path(sys.executable), CHECKOUT, *what)


def _driven(name: str, python: Path, folder: Path, *what: str) -> AbstractAsyncContextManager[Asked]:
    # -P: the driver's own folder is ours and must not be where modules are looked for.
    command: tuple[str | Path, ...] = (python, "-P", DRIVER, folder, *what)
    return asked(name, command, folder, {**os.environ, "PYTHONPATH": str(folder)})


def check(checkout: Path) -> Path:
    """Its whole path. Raises `NoCheckoutError` unless this is a checkout that can be played."""
    if not (checkout / "benchmarks" / "stage.py").is_file():
        raise NoCheckoutError(
            f"{checkout} is no checkout of this project with a benchmark: no benchmarks/stage.py there"
        )
    if not _python(checkout).is_file():
        raise NoCheckoutError(f"{checkout} has no .venv of its own yet; run: make -C {checkout} setup")
    return checkout.absolute()


def _python(checkout: Path) -> Path:
    """Its own, with the libraries that its lock names."""
    return checkout / ".venv" / "bin" / "python"
