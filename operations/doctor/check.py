"""The input and the result of a check: the settings and servers that are examined, and a finding."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from temporalio.client import Client

from activities.keys.masters import WITH_MASTER_KEY
from console.database import APPLICATION, Connection, stack_beside
from console.home import CODEC, Home, port_setting
from console.processes import MODELS, PROCESSES, SECRETS, WITH_PORT, settings_of
from motcua.cli.running import STACK, use_stack_here
from motcua.payloads.key_ring import CODEC_KEYS
from motcua.tracing.setting import TRACES
from rules.stream_kind import Kinds
from rules.streams import KINDS
from schemas.base import Text
from schemas.translate import said
from views import primary


class Health(StrEnum):
    """The health of a part of the platform. `SKIPPED`: the check was skipped, since it needs a part that is missing."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """The health of one checked part, and the remedy for a fault. Contains no secrets and no personal data.

    `verdict`: words for the verdict over all checks, if the number of findings is not enough.
    """

    health: Health
    what: Text
    fix: Text | None = None
    verdict: Text | None = None


def ok(key: str, **values: object) -> Finding:
    """Returns a finding of good health. `key`: the sentence in the catalogue; `values`: for its placeholders."""
    return Finding(Health.OK, said(key, **values))


def skipped(key: str, **values: object) -> Finding:
    """Returns the finding of a skipped check. `key`: the sentence with the reason."""
    return Finding(Health.SKIPPED, said(key, **values))


def warn(key: str, *, fix: str | None = None, **values: object) -> Finding:
    """Returns a warning that a part of the platform works badly, or will soon stop working.

    `fix`: the key of the sentence with the remedy; if None, the key is `<key>.fix`.
    """
    return Finding(Health.WARN, said(key, **values), said(fix or f"{key}.fix", **values))


def fail(key: str, *, fix: str | None = None, **values: object) -> Finding:
    """Returns a failure: with this fault the platform can't work. `fix`: the key of the remedy, as in `warn`."""
    return Finding(Health.FAIL, said(key, **values), said(fix or f"{key}.fix", **values))


SOON: Final = timedelta(days=30)
"""A key or certificate that ends within this time is reported."""
AT_ONCE: Final = timedelta(days=7)
"""A key or certificate that ends within this time is reported as a failure."""


def ends(key: str, left: timedelta, *, fix: str | None = None, **values: object) -> Finding:
    """Returns the finding about the end of a term: a failure within `AT_ONCE`, else a warning. `fix`: as in `warn`."""
    return (fail if left < AT_ONCE else warn)(key, fix=fix, **values)


SECONDS: Final = 3.0
"""Seconds for connecting, and for each statement."""

NEEDED: Final = (APPLICATION, "MOTCUA_MASTER_KEY", "MOTCUA_OBJECTS", "MOTCUA_BANK_URL", "MOTCUA_POST_URL")
"""The settings that a platform worker needs."""

SETTINGS: Final = frozenset(
    {
        *NEEDED,
        *WITH_MASTER_KEY,
        *settings_of(*MODELS),
        *("MOTCUA_OWNER_DATABASE_URL", "MOTCUA_SUPERUSER_DATABASE_URL", "MOTCUA_TRUST_URL", "MOTCUA_HOME"),
        *("MOTCUA_DOOR_DATABASE_URL", "MOTCUA_DOOR_URL", "MOTCUA_ISSUERS", "MOTCUA_ISSUER_URL"),
        *("MOTCUA_IDENTITY_PRINCIPAL", "MOTCUA_IDENTITY_ACR", "MOTCUA_IDENTITY_AMR", "MOTCUA_IDENTITY_KEY_FILE"),
        *("MOTCUA_IDENTITY_KEY", "MOTCUA_IDENTITY_AGENT", "MOTCUA_PERSON_HOURS", "MOTCUA_OFFICER_YEARS"),
        *("MOTCUA_FAILPOINTS", "MOTCUA_GATEWAY_URL", "MOTCUA_STANDBY", "MOTCUA_TEMPORAL_UI_URL"),
        *(process.metrics_url for process in PROCESSES if process.metrics),
        CODEC,
        CODEC_KEYS,
        *map(port_setting, WITH_PORT),
    }
)
"""Every setting of the platform. Any other name that begins with MOTCUA_ is a typing error."""

_OURS: Final = ("MOTCUA_", "TEMPORAL_")
_STORES: Final = frozenset({"MOTCUA_OBJECTS", "MOTCUA_CHECKPOINTS"})
ADDRESSES: Final = frozenset(name for name in SETTINGS if name.endswith("_URL")) | _STORES | {TRACES}
_OPEN: Final = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "TEMPORAL_TLS"}) | (
    SETTINGS - ADDRESSES - SECRETS
)


@dataclass
class Surroundings:
    """The input of the checks.

    `settings`: values by name; `sources`: the origin of each setting, by its name; `home`: the stack's folder, which
    may not exist; `temporal`: a client, None until Temporal has answered; `database`: whether PostgreSQL has answered.
    """

    settings: Mapping[str, str]
    sources: Mapping[str, str]
    home: Home
    temporal: Client | None = None
    database: bool = False
    kinds: Kinds = field(default_factory=lambda: KINDS)

    @classmethod
    def here(cls) -> Self:
        """Returns the settings of this process and folder, read as in every other command."""
        own = {name: value for name, value in os.environ.items() if name.startswith(_OURS)}
        try:
            beside = stack_beside()
            use_stack_here()
        except (OSError, ValueError):
            beside = {}  # another user's file, or a truncated one: the check of the stack reports it
        sources = dict.fromkeys(beside, str(STACK)) | dict.fromkeys(own, "environment")
        return cls(beside | own, sources, Home(Path(STACK.parents[1])))

    @asynccontextmanager
    async def record(self, variable: str = APPLICATION) -> AsyncIterator[Connection]:
        """Opens a connection to the record."""
        connection = await primary.connect(self.settings[variable], timeout=SECONDS, command_timeout=SECONDS)
        try:
            yield connection
        finally:
            connection.terminate()


def shown(name: str, value: str) -> str:
    """Returns a setting for display: an address without password, a harmless setting in full, dots for any other."""
    if name in _OPEN:
        return value
    if name not in ADDRESSES:
        return "•••"
    try:
        parts = urlsplit(value)
    except ValueError:
        return "•••"
    server = parts.netloc.rpartition("@")[2]
    if name.endswith("DATABASE_URL"):
        return f"{parts.scheme}://{parts.username or ''}@{server}{parts.path}"
    return f"{parts.scheme}://{server}{parts.path if name in _STORES else ''}"
