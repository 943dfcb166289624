"""Ends the processes that a killed supervisor has left running."""

import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil

from console.home import Home

HOME_VARIABLE = "MOTCUA_HOME"
GRACE = 10.0
POLL = 0.02


def end_leftovers(home: Home) -> None:
    """Ends the processes recorded in `run/` that belong to this home, and deletes the records.

    Needs the home's lock.
    """
    processes = list(_recorded(home))
    for process, stop in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(stop)
    deadline = time.monotonic() + GRACE
    for process, _ in processes:
        while _is_alive(process):
            if time.monotonic() > deadline:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(POLL)
    for file in (*home.run.glob("*.pid"), *home.run.glob("*.ready")):
        file.unlink()


def _recorded(home: Home) -> Iterator[tuple[psutil.Process, signal.Signals]]:
    for file in home.run.glob("*.pid"):
        with suppress(ValueError, psutil.Error):
            process = psutil.Process(int(file.read_text()))
            if _is_ours(process, home):
                yield process, signal.SIGINT if file.stem == "postgres" else signal.SIGTERM


def _is_alive(process: psutil.Process) -> bool:
    # A zombie stays if process 1 does not reap it, as in some containers.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_ours(process: psutil.Process, home: Home) -> bool:
    """Whether the process belongs to this home: by its environment, or for PostgreSQL, by its data folder."""
    return process.environ().get(HOME_VARIABLE) == str(home.root) or str(home.root / "postgres") in process.cmdline()
