"""This machine: Python, programs, ports, disk, settings, and the stack of this folder."""

from __future__ import annotations

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

from motcua.cli.running import STACK
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import NEEDED, SETTINGS, Surroundings, shown
from operations.home import PORTS, WITH_PORT, port_setting
from operations.programs import POSTGRES, find_program
from workers.settings import WorkerSettings

PYTHON: Final = (3, 11)
GIB: Final = 2**30
ROOM: Final = 2 * GIB
"""Below this, a disk soon stops everything."""
NO_ROOM: Final = GIB // 5

SETUP_VI: Final = "chạy `make setup` trong mã nguồn"
SETUP_EN: Final = "run `make setup` in the checkout"


async def python(_: Surroundings) -> list[Finding]:
    """Whether this Python is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON:
        return [ok(f"Python {version}", f"Python {version}")]
    return [
        fail(
            f"Python {version} quá cũ",
            f"Python {version} is too old",
            fix_vi="cần 3.11 trở lên: make PYTHON=python3.12 setup",
            fix_en="3.11 or later is needed: make PYTHON=python3.12 setup",
        )
    ]


async def programs(_: Surroundings) -> list[Finding]:
    """Whether the programs that came with wheels are there and run."""
    return list(await asyncio.gather(*map(_program, ("temporal", "postgres", "dbmate"))))


async def _program(name: str) -> Finding:
    path = str(POSTGRES / "postgres") if name == "postgres" else find_program(name)
    if path is None:
        return _no_program(name, "không có", "missing")
    try:
        process = await asyncio.create_subprocess_exec(
            path, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        return _no_program(name, f"không chạy được: {error.strerror}", f"can't be run: {error.strerror}")
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        return _no_program(name, f"kết thúc với mã {process.returncode}", f"ends with {process.returncode}")
    version = said.decode(errors="replace").strip().splitlines()[:1]
    return ok(f"{name}: {' '.join(version)}", f"{name}: {' '.join(version)}")


def _no_program(name: str, vi: str, en: str) -> Finding:
    report = fail if name == "dbmate" else warn  # the servers may be somebody else's
    return report(f"{name} {vi}", f"{name} {en}", fix_vi=SETUP_VI, fix_en=SETUP_EN)


async def stack(around: Surroundings) -> list[Finding]:
    """Whether a stack runs in this folder, and all its parts."""
    parts = {file.stem: _lives(file) for file in around.home.run.glob("*.pid")} if around.home.run.is_dir() else {}
    start = {"fix_vi": "chạy `make up` trong thư mục này", "fix_en": "run `make up` in this folder"}
    if around.home.env_file.exists():
        try:
            around.home.read_env()
        except (OSError, ValueError) as error:
            why = f"{STACK}: {type(error).__name__}"
            return [
                fail(why, why, fix_vi="chạy dưới tài khoản của nền tảng", fix_en="run as the user that runs the stack")
            ]
        dead = sorted(name for name, lives in parts.items() if not lives)
        if parts and not dead:
            names = ", ".join(sorted(parts))
            return [ok(f"đang chạy: {names}", f"running: {names}")]
        names = ", ".join(dead) or "tất cả / all"
        return [fail(f"đã chết: {names}", f"has died: {names}", **start)]
    if set(NEEDED) <= around.settings.keys():
        return [ok("không chạy ở đây; dùng máy chủ theo thiết lập", "none here; servers are set by settings")]
    return [warn("không chạy trong thư mục này", "none runs in this folder", **start)]


def _lives(pid_file: Path) -> bool:
    try:
        process = psutil.Process(int(pid_file.read_text()))
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.Error):
        return False


async def ports(around: Surroundings) -> list[Finding]:
    """Whether the ports that were chosen for the stack are free, or taken by the stack itself."""
    chosen = (name for name in map(port_setting, WITH_PORT) if name in around.settings)
    found = [_port(around, name, around.settings[name]) for name in chosen]
    whole = f"{PORTS.start}-{PORTS.stop - 1}"
    return found or [ok(f"tự chọn trong {whole}", f"none is set: free ones in {whole} are taken")]


def _port(around: Surroundings, name: str, value: str) -> Finding:
    fix = {"fix_vi": f"đặt {name} là một cổng trống, hoặc bỏ đi", "fix_en": f"set {name} to a free port, or unset it"}
    if not value.isdecimal() or not 0 < int(value) < 2**16:
        return fail(f"{name} không phải là cổng", f"{name} is no port", **fix)
    if any(f":{value}" in address for address in (around.home.read_env() or {}).values()):
        return ok(f"{name}={value}: của nền tảng này", f"{name}={value}: this stack's own")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except OSError as error:
            return fail(f"{name}={value}: {error.strerror}", f"{name}={value}: {error.strerror}", **fix)
    return ok(f"{name}={value}: còn trống", f"{name}={value}: free")


async def disk(around: Surroundings) -> list[Finding]:
    """How much room is left where the stack and the object store are."""
    places = {_there(around.home.root)}
    objects = around.settings.get("MOTCUA_OBJECTS", "")
    if objects.startswith("file:"):
        places.add(_there(Path(url2pathname(urlsplit(objects).path))))
    return [room(place) for place in sorted(places)]


def _there(path: Path) -> Path:
    """The path, or what there is of it."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def room(place: Path) -> Finding:
    """How much room is left on the disk of `place`. Raises `OSError`."""
    left = shutil.disk_usage(place).free
    words = f"{place}: {left / GIB:,.1f} GiB"
    if left >= ROOM:
        return ok(f"{words} còn trống", f"{words} free")
    report = fail if left < NO_ROOM else warn
    return report(
        f"{words} còn trống", f"{words} free", fix_vi="giải phóng hoặc thêm đĩa", fix_en="free some, or add a disk"
    )


async def settings(around: Surroundings) -> list[Finding]:
    """What is set and from where, what is missing, and what nobody reads."""
    return [*_set(around), *_unknown(around), *_missing(around), *_wrong(around)]


def _set(around: Surroundings) -> Iterator[Finding]:
    for source in sorted(set(around.sources.values())):
        names = sorted(name for name, where in around.sources.items() if where == source)
        words = ", ".join(f"{name}={shown(name, around.settings[name])}" for name in names)
        yield ok(f"{source}: {words}", f"{source}: {words}")


def _unknown(around: Surroundings) -> Iterator[Finding]:
    ours = (name for name in around.settings if name.startswith("MOTCUA_"))
    for name in sorted(set(ours) - SETTINGS):
        yield warn(
            f"không ai đọc {name}",
            f"nobody reads {name}",
            fix_vi="sửa tên theo docs/operations.md",
            fix_en="mend its name: docs/operations.md lists all",
        )


def _missing(around: Surroundings) -> Iterator[Finding]:
    missing = [name for name in NEEDED if not around.settings.get(name)]
    if missing:
        names = ", ".join(missing)
        yield fail(
            f"chưa đặt {names}",
            f"not set: {names}",
            fix_vi="chạy `make up` trong thư mục này, hoặc đặt theo docs/operations.md",
            fix_en="run `make up` in this folder, or set them: docs/operations.md",
        )


def _wrong(around: Surroundings) -> Iterator[Finding]:
    given = {field: around.settings.get(f"MOTCUA_{field.upper()}") for field in WorkerSettings.model_fields}
    try:
        WorkerSettings.model_validate({field: value for field, value in given.items() if value is not None})
    except ValidationError as error:
        for wrong in error.errors(include_input=False):
            name = f"MOTCUA_{str(wrong['loc'][0]).upper()}"
            if name in around.settings:
                yield fail(f"{name} sai", f"{name}: {wrong['msg']}", fix_vi="sửa lại giá trị", fix_en="mend its value")
