"""How a process ends: told to stop, it finishes what is under way, and is gone in ten seconds whatever hangs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from datetime import timedelta
from typing import Final

GRACE: Final = timedelta(seconds=8)
"""How long what is under way may take to end when the process is told to stop."""

LONGEST: Final = 9.5
"""Seconds after which a process that was told to stop ends all the same, with exit code 1."""

_log = logging.getLogger("motcua.stopping")


def on_stop_signals(stop: asyncio.Event) -> None:
    """Set `stop` at SIGTERM or SIGINT, and see to it that the process ends in time."""

    def told() -> None:
        if not stop.is_set():
            stop.set()
            last_resort = threading.Timer(LONGEST, _end)
            last_resort.daemon = True
            last_resort.start()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the process all the same
            loop.add_signal_handler(number, told)


def _end() -> None:
    _log.error("process.cut_short")
    os._exit(1)
