"""The setting that turns traces on, and the tracer of this process."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Final

from motcua.errors import SettingsError

if TYPE_CHECKING:
    from temporalio.client import Interceptor

    from .spans import Spans

TRACES: Final = "MOTCUA_TRACES"
"""The setting with the address of the collector."""

_ADDRESS: Final = re.compile(r"https?://([\w.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?/?")
_API: Final = "opentelemetry.trace"


def called(name: str) -> None:
    """Sets this process's name in its spans, unless OpenTelemetry's own setting does. Only with `TRACES`."""
    if os.environ.get(TRACES):
        os.environ.setdefault("OTEL_SERVICE_NAME", name)


def interceptors() -> list[Interceptor]:
    """Returns the tracing interceptor for a connection; empty if this process is not traced. Raises `SettingsError`."""
    spans = spans_here()
    if spans is None:
        return []
    from .interceptor import Tracing  # noqa: PLC0415 -- an extra of the kit

    return [Tracing(spans)]


def spans_here() -> Spans | None:
    """Returns the `Spans` of this process; None if the process is not traced.

    The spans go to the collector that `MOTCUA_TRACES` names. Without it they belong to the tracer that the program
    itself has set up for OpenTelemetry, if it has one.

    Raises:
        SettingsError: The setting is no address, or the extra is not installed.
    """
    address = os.environ.get(TRACES)
    if address:
        return _sent_to(address)
    api = sys.modules.get(_API)
    if api is None or isinstance(api.get_tracer_provider(), api.ProxyTracerProvider):
        return None
    from .spans import Spans  # noqa: PLC0415 -- an extra of the kit

    return Spans(api.get_tracer("motcua"))


def send_rest() -> None:
    """Sends the pending spans. To be called before `os._exit`, which skips Python's own cleanup."""
    if _sent_to.cache_info().currsize and (spans := spans_here()) is not None:
        spans.close()


@cache
def _sent_to(address: str) -> Spans:
    if not _ADDRESS.fullmatch(address):
        raise SettingsError(f"{TRACES} is a collector's address, such as http://collector:4318; /v1/traces is added")
    try:
        from .exporting import exported  # noqa: PLC0415 -- an extra of the kit
    except ModuleNotFoundError:
        raise SettingsError(f"{TRACES} needs an extra: pip install 'motcua[traces]'") from None
    called("motcua")
    return exported(address.rstrip("/"))
