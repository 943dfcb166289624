"""A real clamd for tests: no official database, one signature, a socket in a folder of the test."""

import asyncio
from pathlib import Path
from typing import Final, Self

from activities.files.scanner import Clamd, ScannerDownError
from schemas.files import LARGEST_FILE
from tests.programs import program

EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless test file that every scanner must report as a virus."""


class OwnClamd:
    """A clamd that the test starts and stops; by default it accepts a stream as large as the largest file."""

    def __init__(self, folder: Path, largest: int = LARGEST_FILE) -> None:
        self.socket = str(folder / "clamd.sock")
        self._config = folder / "clamd.conf"
        database = folder / "database"
        database.mkdir()
        (database / "own.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
        self._config.write_text(
            f"DatabaseDirectory {database}\nLocalSocket {self.socket}\nForeground yes\nStreamMaxLength {largest}\n"
            "FixStaleSocket yes\nMaxThreads 2\nLogTime no\n"
        )
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        nowhere = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            program("clamd"), "-c", str(self._config), stdout=nowhere, stderr=nowhere
        )
        async with asyncio.timeout(30):
            while not await self._answers():
                assert self._process.returncode is None, "clamd ended at once"
                await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _answers(self) -> bool:
        try:
            await Clamd(self.socket, seconds=1).ping()
        except ScannerDownError:
            return False
        return True
