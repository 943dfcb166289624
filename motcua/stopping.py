"""Stops a process: after a signal, the process finishes its work, and ends within ten seconds even if work hangs."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from datetime import timedelta
from typing import Final

GRACE: Final = timedelta(seconds=8)
"""The time that running work has to finish after a stop signal."""

LONGEST: Final = 9.5
"""The seconds after a stop signal until a process that still runs is ended, with exit code 1."""

_log = logging.getLogger("motcua.stopping")


def on_stop_signals(stop: asyncio.Event) -> None:
    """Sets `stop` at SIGTERM or SIGINT, and forces the process to end after `LONGEST` seconds."""

    def end_soon() -> None:
        if not stop.is_set():
            stop.set()
            last_resort = threading.Timer(LONGEST, _end)
            last_resort.daemon = True
            last_resort.start()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the process all the same
            loop.add_signal_handler(number, end_soon)


def _end() -> None:
    _log.error("process.cut_short")
    os._exit(1)
