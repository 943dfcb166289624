"""The table of processes, a row for each: the platform's, and the servers and stand-ins that a stack runs beside them.

The embedded stack, the units of systemd and the doctor take the processes from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from console.database import APPLICATION, DOOR, OWNER
from console.home import setting_of
from gateway.door.settings import DoorSettings
from gateway.settings import GatewaySettings
from motcua.configured_speaker import INSTALLATION, PRINCIPAL
from motcua.health import READY_FILE as READY_FILE
from motcua.payloads.key_ring import CODEC_KEYS
from motcua.signing import AGENT, KEY, KEY_FILE
from motcua.tracing.setting import TRACES
from workers.settings import RelaySettings, WorkerSettings

IDENTITY: Final = "MOTCUA_IDENTITY"
OBJECTS: Final = "MOTCUA_OBJECTS"
PROVIDERS: Final = "MOTCUA_PROVIDERS"
METRICS: Final = "MOTCUA_METRICS"
ENGINE: Final = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", CODEC_KEYS})
"""The settings of a process that uses Temporal."""


def settings_of(*models: type[BaseSettings]) -> frozenset[str]:
    """Returns the names of the settings that these models read."""
    return frozenset(setting_of(name) for model in models for name in model.model_fields)


def _secrets(models: Iterable[type[BaseSettings]]) -> frozenset[str]:
    fields = ((name, field) for model in models for name, field in model.model_fields.items())
    return frozenset(setting_of(name) for name, field in fields if field.annotation in {SecretStr, SecretStr | None})


MODELS: Final = (WorkerSettings, RelaySettings, GatewaySettings, DoorSettings)
S3_SECRET: Final = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 -- a name
"""The setting with the S3 library's secret, for each process that has the setting `OBJECTS`."""
SECRETS: Final = _secrets(MODELS) | {OWNER, DOOR, PROVIDERS, CODEC_KEYS, KEY}
"""The settings that hold secrets: passwords, keys, and the providers with their keys."""


class Kind(StrEnum):
    """The kinds of processes, in the order in which a stack stops them."""

    PLATFORM = "platform"
    """the platform's own, in the image"""
    STAND_IN = "stand-in"
    """a stand-in of a partner, for trials"""
    SERVER = "server"
    """a server of others, such as PostgreSQL"""


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process: its start, and its settings, ports and prerequisites.

    A stack has the command if there is no `module`. A process that runs `once` ends when its work is done. Any other
    is ready when it has created the file `READY_FILE`; a server or stand-in, when it answers at its port.
    """

    name: str
    kind: Kind = Kind.PLATFORM
    module: str = ""
    """the module that a stack runs by `python -m`"""
    command: tuple[str, ...] = ()
    """the command line for an operator's supervisor; the installation's programs must be on the path"""
    settings: frozenset[str] = frozenset()
    ports: Mapping[str, int] = field(default_factory=dict)
    """port numbers by setting, if the process has a machine of its own; in a stack it gets free ports"""
    metrics: str = ""
    """the key in `ports` of the port with the metrics"""
    after: frozenset[str] = frozenset()
    """the processes that must be ready first"""
    once: bool = False
    grace: float = 10
    """seconds for a clean end after the stop signal"""

    @property
    def role(self) -> str | None:
        """The role in PostgreSQL; None if the process does not use PostgreSQL."""
        roles = {APPLICATION: "motcua_app", OWNER: "motcua_owner", DOOR: "motcua_gateway"}
        return next((role for setting, role in roles.items() if setting in self.settings), None)

    @property
    def secrets(self) -> frozenset[str]:
        """The settings of the process that hold secrets."""
        return self.settings & SECRETS | ({S3_SECRET} if OBJECTS in self.settings else frozenset())

    @property
    def metrics_url(self) -> str:
        """The setting with the address of the metrics, written by a stack."""
        return setting_of(f"{self.name}-metrics-url")


PROCESSES: Final = (
    Process(name="postgres", kind=Kind.SERVER, ports={"postgres": 5432}, grace=30),
    Process(name="temporal", kind=Kind.SERVER, ports={"temporal": 7233, "temporal-ui": 8233}),
    Process(
        name="migrations",
        command=("motcua", "migrate"),
        settings=frozenset({OWNER}),
        after=frozenset({"postgres"}),
        once=True,
    ),
    Process(name="bank", kind=Kind.STAND_IN, module="sandbox.bank", ports={"bank": 8801}),
    Process(name="post", kind=Kind.STAND_IN, module="sandbox.post", ports={"post": 8802}),
    Process(name="trust", kind=Kind.STAND_IN, module="sandbox.trust", ports={"trust": 8803}),
    Process(name="issuer", kind=Kind.STAND_IN, module="sandbox.issuer", ports={"issuer": 8804}),
    Process(
        name="worker",
        module="workers.platform",
        command=("motcua", "worker"),
        settings=ENGINE | settings_of(WorkerSettings),
        ports={"worker": 9464},
        metrics="worker",
        # A worker needs the sandbox's root certificate, which the trust makes as it starts.
        after=frozenset({"migrations", "temporal", "trust"}),
        grace=15,
    ),
    Process(
        name="back-office",
        module="workers.backoffice",
        command=("python", "-m", "workers.backoffice"),  # with metrics, unlike an agency's `motcua back-office`
        settings=ENGINE
        | {INSTALLATION, PRINCIPAL, AGENT, KEY_FILE, KEY, IDENTITY, OBJECTS, READY_FILE, METRICS, TRACES},
        ports={"back-office": 9465},
        metrics="back-office",
        after=frozenset({"temporal"}),
        grace=15,
    ),
    Process(
        name="relay",
        module="workers.relay",
        command=("motcua", "relay"),
        settings=settings_of(RelaySettings),
        ports={"relay": 9467},
        metrics="relay",
        after=frozenset({"migrations", "trust"}),
        grace=15,
    ),
    Process(
        name="gateway",
        module="gateway.server",
        command=("motcua", "gateway"),
        settings=ENGINE | settings_of(GatewaySettings),
        ports={"gateway": 8080, "gateway-metrics": 9466},
        metrics="gateway-metrics",
        # Not after Temporal: without Temporal the gateway can store callbacks.
        after=frozenset({"migrations"}),
        grace=15,
    ),
    Process(
        name="door",
        module="gateway.door.server",
        command=("motcua", "door"),
        settings=ENGINE | (settings_of(DoorSettings) - {APPLICATION}) | {DOOR, PRINCIPAL, AGENT, KEY_FILE, KEY},
        ports={"door": 8090, "door-metrics": 9468},
        metrics="door-metrics",
        after=frozenset({"migrations"}),
        grace=15,
    ),
)
"""All processes. Each comes after the processes that it needs."""
WITH_PORT: Final = tuple(port for process in PROCESSES for port in process.ports)
"""The ports of all processes."""
