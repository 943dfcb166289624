"""The back office for agencies that run none of their own: `python -m workers.backoffice`."""

import uvloop

from motcua.backoffice import run
from workers.telemetry import configure_engine, configure_logging

if __name__ == "__main__":
    configure_logging()
    configure_engine()
    uvloop.run(run())
