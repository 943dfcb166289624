"""The back office of the agencies that run none of their own: `python -m workers.backoffice`."""

from __future__ import annotations

import uvloop

from motcua.backoffice import run
from workers.telemetry import configure_engine, configure_logging

if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(run())
