"""The folder `.motcua/`: data, logs, secrets, and in `run/` the state of the running stack."""

import fcntl
import json
import os
import random
import shlex
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from motcua.env_file import settings_in

# Below the range of ports for outgoing connections (Linux: from 32768), so that no client's retry takes the port of a
# part that is restarting.
PORTS: Final = range(20000, 32000)

CODEC: Final = "MOTCUA_CODEC"
"""If `on`, payloads in a stack's Temporal are encrypted; from then on encryption can't be switched off."""


def setting_of(name: str) -> str:
    """Returns the name of the setting for `name`: `MOTCUA_<NAME>`."""
    return f"MOTCUA_{name.upper().replace('-', '_')}"


def port_setting(part: str) -> str:
    """Returns the name of the setting for a part's port: `MOTCUA_<PART>_PORT`."""
    return setting_of(f"{part}-port")


class Home:
    """Paths and small files in one folder. A write is atomic: a crash leaves either the old file or the new one."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.run = self.root / "run"
        self.logs = self.root / "log"
        self.secrets = self.root / "secrets"
        self.objects = self.root / "objects"
        self.env_file = self.run / "env"
        self._lock: int | None = None

    def create(self) -> None:
        for folder in (self.root, self.run, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        for name in ("secrets", "objects"):
            self.folder(name)

    def folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def pid_file(self, part: str) -> Path:
        return self.run / f"{part}.pid"

    def ready_file(self, part: str) -> Path:
        return self.run / f"{part}.ready"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def try_lock(self) -> bool:
        """Takes the lock of this home for as long as the process lives; False if another process holds the lock."""
        lock = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def secret(self, name: str, generate: Callable[[], str]) -> str:
        """Returns the secret of this name, generated on first use."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, generate())
        return path.read_text()

    def ports(self, parts: Iterable[str]) -> dict[str, int]:
        """Returns each part's port: `MOTCUA_<PART>_PORT`, else the last used port if it is free, else a free port."""
        file = self.run / "ports.json"
        known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        for part in parts:
            known[part] = _port(part, known.get(part), taken=known.values())
        write_private(file, json.dumps(known, indent=1))
        return known

    def write_env(self, env: Mapping[str, str]) -> None:
        """Writes the settings of the running stack in shell syntax."""
        write_private(self.env_file, "".join(f"{key}={shlex.quote(value)}\n" for key, value in env.items()))

    def read_env(self) -> dict[str, str] | None:
        """Returns the settings written by the running stack; None if there are none yet."""
        try:
            return settings_in(self.env_file.read_text())
        except FileNotFoundError:
            return None


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    write_new(draft, text)
    draft.replace(path)


def write_new(path: Path, text: str) -> None:
    """Writes a new file that only its owner can read. Raises `OSError`, also if the file exists."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _port(part: str, last: int | None, taken: Iterable[int]) -> int:
    chosen = os.environ.get(port_setting(part))
    if chosen:
        return int(chosen)
    if last is not None and _is_free(last):
        return last
    candidates = set(PORTS) - set(taken)
    return next(port for port in random.sample(sorted(candidates), len(candidates)) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections of the last run still in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
