"""The repository of backups, from which pgBackRest restores."""

import os
import pwd
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import which

from deploy.drill.scratch import Scratch
from motcua.cli.running import WorkRefusedError


@dataclass(frozen=True)
class Repository:
    """A stanza of a pgBackRest configuration. Nothing is ever written to it."""

    config: Path
    stanza: str

    @property
    def owner(self) -> str | None:
        """The owner of the configuration, the system user for pgBackRest and PostgreSQL; None if we are not root."""
        return pwd.getpwuid(self.config.stat().st_uid).pw_name if os.geteuid() == 0 else None

    async def restore(self, to: Scratch, at: datetime) -> None:
        """Restores the files of the last backup before `at`, to be recovered up to `at`. Raises `WorkRefusedError`."""
        program = which("pgbackrest")
        if program is None:
            raise WorkRefusedError("pgbackrest is not installed")
        beside = self.config.parent / "conf.d"
        process = await to.run(
            *(program, f"--config={self.config}", f"--stanza={self.stanza}", f"--pg1-path={to.data}"),
            *((f"--config-include-path={beside}",) if beside.is_dir() else ()),
            *("--type=time", f"--target={at.isoformat(sep=' ')}", "--target-action=promote", "--archive-mode=off"),
            *(f"--tablespace-map-all={to.folder / 'tablespaces'}", "restore"),
        )
        if await process.wait():
            raise WorkRefusedError(to.last_words("ERROR"))
