"""The checks of this machine: Python, programs, ports, disk, settings, and the stack of this folder."""

import asyncio
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import psutil
from pydantic import ValidationError

from console.home import PORTS, port_setting
from console.processes import WITH_PORT
from motcua.cli.running import STACK
from operations.doctor.check import NEEDED, SETTINGS, Finding, Surroundings, fail, ok, shown, warn
from operations.programs import POSTGRES, find_program
from workers.settings import WorkerSettings

PYTHON: Final = (3, 11)
GIB: Final = 2**30
ROOM: Final = 2 * GIB
"""Free bytes below which the disk is reported: a full disk stops the whole platform."""
NO_ROOM: Final = GIB // 5


async def python(_: Surroundings) -> list[Finding]:
    """Checks that this Python is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON:
        return [ok("as_is", value=f"Python {version}")]
    return [fail("doctor.python.old", version=version)]


async def programs(_: Surroundings) -> list[Finding]:
    """Checks that the programs installed with wheels exist and run."""
    return list(await asyncio.gather(*map(_program, ("temporal", "postgres", "dbmate"))))


async def _program(name: str) -> Finding:
    path = str(POSTGRES / "postgres") if name == "postgres" else find_program(name)
    if path is None:
        return _no_program("doctor.programs.missing", name)
    try:
        process = await asyncio.create_subprocess_exec(
            path, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        return _no_program("doctor.programs.broken", name, why=error.strerror)
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        return _no_program("doctor.programs.failed", name, status=process.returncode)
    version = said.decode(errors="replace").strip().splitlines()[:1]
    return ok("as_is", value=f"{name}: {' '.join(version)}")


def _no_program(key: str, name: str, **values: object) -> Finding:
    report = fail if name == "dbmate" else warn  # the servers may run elsewhere, with programs of their own
    return report(key, fix="doctor.programs.setup", name=name, **values)


async def stack(around: Surroundings) -> list[Finding]:
    """Checks whether a stack runs in this folder with all its parts."""
    parts = {file.stem: _lives(file) for file in around.home.run.glob("*.pid")} if around.home.run.is_dir() else {}
    start = "doctor.stack.start"
    if around.home.env_file.exists():
        try:
            around.home.read_env()
        except (OSError, ValueError) as error:
            return [fail("as_is", fix="doctor.stack.user", value=f"{STACK}: {type(error).__name__}")]
        if not parts:
            return [fail("doctor.stack.all_died", fix=start)]
        if dead := sorted(name for name, lives in parts.items() if not lives):
            return [fail("doctor.stack.died", fix=start, names=", ".join(dead))]
        return [ok("doctor.stack.running", names=", ".join(sorted(parts)))]
    if set(NEEDED) <= around.settings.keys():
        return [ok("doctor.stack.elsewhere")]
    return [warn("doctor.stack.none", fix=start)]


def _lives(pid_file: Path) -> bool:
    try:
        process = psutil.Process(int(pid_file.read_text()))
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.Error):
        return False


async def ports(around: Surroundings) -> list[Finding]:
    """Checks that each port set for the stack is free, or used by the running stack or by an address in a setting."""
    chosen = (name for name in map(port_setting, WITH_PORT) if name in around.settings)
    found = [_port(around, name, around.settings[name]) for name in chosen]
    return found or [ok("doctor.ports.free_ones", ports=f"{PORTS.start}-{PORTS.stop - 1}")]


def _port(around: Surroundings, name: str, value: str) -> Finding:
    fix = "doctor.ports.mend"
    if not value.isdecimal() or not 0 < int(value) < 2**16:
        return fail("doctor.ports.no_port", fix=fix, name=name)
    addresses = (*(around.home.read_env() or {}).values(), *around.settings.values())
    if any(f":{value}" in address for address in addresses):
        return ok("doctor.ports.own", name=name, value=value)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except OSError as error:
            return fail("doctor.ports.taken", fix=fix, name=name, value=value, why=error.strerror)
    return ok("doctor.ports.free", name=name, value=value)


async def disk(around: Surroundings) -> list[Finding]:
    """Reports the free disk space of the stack and of the object store."""
    places = {_there(around.home.root)}
    objects = around.settings.get("MOTCUA_OBJECTS", "")
    if objects.startswith("file:"):
        places.add(_there(Path(url2pathname(urlsplit(objects).path))))
    return [room(place) for place in sorted(places)]


def _there(path: Path) -> Path:
    """Returns the path if it exists, else the nearest parent folder that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def room(place: Path) -> Finding:
    """Reports the free space on the disk of `place`. Raises `OSError`."""
    left = shutil.disk_usage(place).free
    if left >= ROOM:
        return ok("doctor.disk.free", place=place, gib=left / GIB)
    report = fail if left < NO_ROOM else warn
    return report("doctor.disk.free", place=place, gib=left / GIB)


async def settings(around: Surroundings) -> list[Finding]:
    """Reports the settings with their sources, and the missing, unknown and invalid settings."""
    found = []
    for source in sorted(set(around.sources.values())):
        names = sorted(name for name, where in around.sources.items() if where == source)
        words = ", ".join(f"{name}={shown(name, around.settings[name])}" for name in names)
        found.append(ok("as_is", value=f"{source}: {words}"))
    ours = {name for name in around.settings if name.startswith("MOTCUA_")}
    found += [warn("doctor.settings.unknown", name=name) for name in sorted(ours - SETTINGS)]
    return [*found, *_wrong(around)]


def _wrong(around: Surroundings) -> Iterator[Finding]:
    if missing := [name for name in NEEDED if not around.settings.get(name)]:
        yield fail("doctor.settings.missing", names=", ".join(missing))
    given = {field: around.settings.get(f"MOTCUA_{field.upper()}") for field in WorkerSettings.model_fields}
    try:
        WorkerSettings.model_validate({field: value for field, value in given.items() if value is not None})
    except ValidationError as error:
        for wrong in error.errors(include_input=False):
            name = f"MOTCUA_{str(wrong['loc'][0]).upper()}"
            if name in around.settings:
                yield fail("doctor.settings.wrong", name=name, why=wrong["msg"])
