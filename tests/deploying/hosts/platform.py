"""The platform's processes on three hosts, and outside of them Temporal, the proxy, and the stand-ins of partners."""

import asyncio
import json
import secrets
import sys
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from console.home import CODEC, Home
from console.processes import PROCESSES, PROVIDERS, READY_FILE, Kind, Process
from deploy.stack import keys
from deploy.stack.child import Part, at_once
from deploy.stack.postgres import APP, OWNER, SUPERUSER
from deploy.stack.temporal import CONFIG, PRAGMAS, RUNTIME
from gateway.app import CALLBACKS
from gateway.pages import RETURNED
from operations.programs import find_program
from sandbox.bank.merchants import as_settings, own_settings
from sandbox.trust import AUTHORITY, ROOT
from schemas.payment.state import DEFAULT_PROVIDER
from tests.acting import eventually
from tests.deploying.hosts.cluster import FILES, dsn
from tests.deploying.hosts.machine import LONG, Machine, listens
from tests.deploying.hosts.network import ADDRESSES, CLIENTS, OUTSIDE, path_of, run, within
from tests.faults.processes import ENV
from workers.build import build_of

ROWS: Final = {process.name: process for process in PROCESSES}
PLACES: Final = {
    "h1": ("worker", "relay", "gateway"),
    "h2": ("worker", "back-office", "gateway"),
    "h3": ("relay", "back-office", "gateway"),
}
"""The platform's processes on each host: any host may be lost."""
OUT: Final = f"http://{ADDRESSES[OUTSIDE]}"
PARTNERS: Final = ("bank", "post", "trust")
PROXY: Final = f"{OUT}:8080"
BRIEF: Final = 1.5
"""The minutes until a payment request expires: few, since stories wait for it, but longer than any fault."""
ROOM: Final = "size=24m"
"""The mount option that limits the size of a host's temporary files."""


class Platform:
    """The platform's processes on the hosts, from any checkout. `home`: the folder of the keys and of the stand-ins."""

    def __init__(self, machines: Mapping[str, Machine], home: Home) -> None:
        self._machines = machines
        self._home = home
        self.env = _env(home)

    async def start_outside(self) -> None:
        """Starts Temporal, the proxy and the partners, and waits for them."""
        outside = self._machines[OUTSIDE]
        for name in PARTNERS:
            outside.start(self._partner(ROWS[name]), self.env)
        outside.start(Part(ROWS["temporal"], command=_temporal(outside.home), ready=at_once), RUNTIME)
        command = [path_of("haproxy"), "-db", "-f", str(FILES / "haproxy.cfg")]
        proxy = Part(Process(name="haproxy", kind=Kind.SERVER), command=command, ready=at_once)
        outside.start(proxy, {"GATEWAY_BIND": f"{ADDRESSES[OUTSIDE]}:8080"})
        for port in (7233, 8080, *(ROWS[name].ports[name] for name in PARTNERS)):
            await eventually(partial(listens, OUTSIDE, port), bool, LONG)

    async def start(self, host: str, checkout: Path) -> None:
        """Starts the processes of a host, and waits until each is ready."""
        for name in PLACES[host]:
            self.begin(host, name, checkout)
        for name in PLACES[host]:
            await self._machines[host].ready(named(name, checkout))

    def begin(self, host: str, name: str, checkout: Path) -> None:
        machine, row = self._machines[host], ROWS[name]
        process = Process(name=named(name, checkout), grace=LONG)
        ready = machine.home.ready_file(process.name)

        async def is_ready() -> bool:
            return await asyncio.to_thread(ready.exists)

        env = {setting: value for setting, value in self.env.items() if setting in row.settings}
        env |= keys.speaker_of_office(self.env) if name == "back-office" else {}
        env |= {"MOTCUA_GATEWAY_HOST": ADDRESSES[host]} if name == "gateway" else {}
        env |= {READY_FILE: str(ready), "TMPDIR": str(temporary(machine))}
        command = [path_of("env"), "-C", str(checkout), sys.executable, "-m", row.module]
        machine.start(Part(process, command=command, ready=is_ready), env)

    def office_of(self, agency: str, host: str) -> None:
        """Starts an agency's own back office on a host."""
        command = [sys.executable, "-m", "motcua.command", "back-office", "--agency", agency]
        office = Part(Process(name=f"office-{agency}"), command=command, ready=at_once)
        self._machines[host].start(office, {**self.env, **keys.speaker_of_office(self.env)})

    async def command(self, *words: str, checkout: Path) -> tuple[int, str]:
        """Runs a `motcua` command in the clients' namespace; returns its exit code and its output."""
        told = (sys.executable, "-m", "motcua.command", *words)
        process = await asyncio.create_subprocess_exec(
            *within(CLIENTS),
            *told,
            cwd=checkout,
            env={**ENV, **self.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    def _partner(self, process: Process) -> Part:
        name = process.name
        words = [
            "--host",
            ADDRESSES[OUTSIDE],
            "--port",
            str(process.ports[name]),
            "--data",
            str(self._home.folder(name)),
        ]
        words += ["--callbacks", f"{PROXY}{CALLBACKS}"] if name == "bank" else []
        return Part(process, command=[sys.executable, "-m", process.module, *words], ready=at_once)


def temporary(machine: Machine) -> Path:
    """Returns the folder of a host's temporary files, which has a size limit; makes it if it is missing."""
    folder = machine.home.root / "tmp"
    if not folder.exists():
        folder.mkdir()
        run("mount", "-t", "tmpfs", "-o", ROOM, "tmpfs", str(folder))
    return folder


def named(name: str, checkout: Path) -> str:
    """Returns the name that a process of this checkout has on its host."""
    return f"{name}-{build_of(checkout)}"


def _env(home: Home) -> dict[str, str]:
    """Returns all settings of the platform; an address names all hosts that may answer."""
    urls = {name: f"{OUT}:{ROWS[name].ports[name]}" for name in PARTNERS}
    merchants = as_settings(home.folder("bank"), urls["bank"], f"{PROXY}{RETURNED}")
    own: Mapping[str, Any] = own_settings(home.folder("bank"), urls["bank"])
    return {
        "MOTCUA_DATABASE_URL": dsn(APP),
        "MOTCUA_OWNER_DATABASE_URL": dsn(OWNER),
        "MOTCUA_SUPERUSER_DATABASE_URL": dsn(SUPERUSER),
        "MOTCUA_STANDBY": "true",
        "MOTCUA_MASTER_KEY": home.secret("master_key", _key),
        "MOTCUA_OBJECTS": home.objects.as_uri(),
        "MOTCUA_FILES_KEY": home.secret("files_key", _key),
        "MOTCUA_FILES_URL": PROXY,
        "MOTCUA_GATEWAY_URL": PROXY,
        "MOTCUA_GATEWAY_CONNECTIONS_OF_ONE": "1000",
        **{f"MOTCUA_{name.upper()}_URL": url for name, url in urls.items()},
        PROVIDERS: json.dumps(
            {**merchants, "platform": {**merchants["platform"], "minutes": BRIEF}, DEFAULT_PROVIDER: own}
        ),
        "MOTCUA_SIGNATURE_ROOTS": str(home.folder("trust") / AUTHORITY / ROOT),
        "MOTCUA_TSA_URL": f"{urls['trust']}/tsa",
        "MOTCUA_SIGNER_URL": urls["trust"],
        "TEMPORAL_ADDRESS": f"{ADDRESSES[OUTSIDE]}:7233",
        "TEMPORAL_NAMESPACE": "default",
        **keys.speaker_of_stack(home, {}),
        **keys.ring_of_stack(home, {CODEC: "on"}, keeps_plain=False),
        **keys.checkpoints_of_stack(home, {}),
    }


def _key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


def _temporal(home: Home) -> list[str]:
    command = [str(find_program("temporal")), "server", "start-dev", "--disable-config-file", "--headless"]
    # Its own services find each other at no other address.
    command += ["--ip", "0.0.0.0", "--db-filename", str(home.root / "temporal.db"), "--log-level", "warn"]  # noqa: S104 -- of its namespace
    command += [word for name, value in PRAGMAS.items() for word in ("--sqlite-pragma", f"{name}={value}")]
    return command + [word for name, value in CONFIG.items() for word in ("--dynamic-config-value", f"{name}={value}")]
