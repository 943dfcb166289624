"""The platform worker, with one change: it accepts any file. `python -m tests.faults.any_files_worker`."""

import asyncio

from tests.any_files import any_file_activities
from workers import platform
from workers.telemetry import configure_engine, configure_logging


async def main() -> None:
    vars(platform)["activities"] = any_file_activities
    await platform.main()


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    asyncio.run(main())
