"""A copy of the verifiers' folder with a few libraries, where Python can import nothing else."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from tests.conftest import ROOT

CRYPTOGRAPHY: Final = ("cryptography", "cffi", "_cffi_backend")


def libpq(dsn: str) -> dict[str, str]:
    """Returns a database address as libpq's environment variables."""
    address = urlsplit(dsn)
    host = address.hostname or parse_qs(address.query)["host"][0]
    place = {"PGHOST": host, "PGPORT": str(address.port or 5432), "PGDATABASE": address.path[1:]}
    return place | {"PGUSER": address.username or "postgres", "PGPASSWORD": address.password or ""}


@dataclass(frozen=True)
class Alone:
    folder: Path

    @classmethod
    def in_folder(cls, folder: Path, *libraries: str) -> Self:
        """Copies the folder of the verifiers, with `cryptography` and these libraries."""
        shutil.copytree(ROOT / "verifier", folder / "verifier", ignore=shutil.ignore_patterns("__pycache__"))
        copied = cls(folder)
        copied.add(*CRYPTOGRAPHY, *libraries)
        return copied

    def add(self, *libraries: str) -> None:
        for name in libraries:
            spec = importlib.util.find_spec(name)
            assert spec is not None
            assert spec.origin is not None
            place = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
            (self.folder / place.name).symlink_to(place)

    def run(self, *command: str, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Runs `python -m` with only this folder; returns exit code, stdout and stderr."""
        python = (sys.executable, "-E", "-s", "-S", "-m")
        ended = subprocess.run(
            [*python, *command], cwd=self.folder, env=env or {}, capture_output=True, text=True, timeout=60, check=False
        )
        return ended.returncode, ended.stdout, ended.stderr
