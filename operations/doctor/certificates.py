"""The check of certificates: those that servers present over TLS, and the one that this client presents to Temporal."""

import asyncio
import ssl
import struct
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from temporalio.service import TLSConfig

from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY
from motcua.connection import configured_address, configured_tls
from motcua.errors import MotcuaError
from operations.doctor.check import ADDRESSES, SECONDS, SOON, Finding, Surroundings, ends, ok
from workers.database_hosts import hosts_of

_TEMPORAL: Final = "TEMPORAL_ADDRESS"
_VAULT: Final = "vault:"
_START_TLS: Final = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's request to speak TLS."""


class _Server(NamedTuple):
    setting: str
    host: str
    port: int
    is_postgres: bool = False


async def certificates(around: Surroundings) -> list[Finding]:
    """Reports the end of each certificate. Other checks report servers that do not answer."""
    servers = [*{server[1:]: server for server in _servers(around)}.values()]
    presented = await asyncio.gather(*map(_presented, servers))
    found = [(server.setting, one) for server, one in zip(servers, presented, strict=True) if one is not None]
    if (tls := _tls()) is not None and tls.client_cert is not None:
        found += (("TEMPORAL_TLS_CLIENT_CERT", one) for one in x509.load_pem_x509_certificates(tls.client_cert))
    return [ending(setting, one.not_valid_after_utc) for setting, one in found] or [ok("doctor.certificates.none")]


def ending(setting: str, until: datetime) -> Finding:
    """Returns the finding about a certificate that ends at `until`. `setting`: the setting that leads to it."""
    left = until - datetime.now(UTC)
    if left >= SOON:
        return ok("doctor.certificates.until", setting=setting, until=until)
    return ends("doctor.certificates.until", left, setting=setting, until=until)


def _tls() -> TLSConfig | None:
    try:
        return configured_tls()
    except MotcuaError:  # the check of Temporal reports it
        return None


def _servers(around: Surroundings) -> Iterator[_Server]:
    names = {MASTER_KEY, *WITH_MASTER_KEY, *ADDRESSES} & around.settings.keys()
    addresses = {name: around.settings[name] for name in names}
    if _tls() is not None:
        addresses[_TEMPORAL] = f"https://{configured_address()}"
    for name, address in sorted(addresses.items(), reverse=True):
        with suppress(ValueError):  # the checks of the settings and of Temporal report it
            yield from _of(name, address.removeprefix(_VAULT))


def _of(name: str, value: str) -> Iterator[_Server]:
    if name.endswith("DATABASE_URL"):
        for one in hosts_of(value):
            parts = urlsplit(f"//{one}")
            if parts.hostname:  # not a socket of this machine
                yield _Server(name, parts.hostname, parts.port or 5432, is_postgres=True)
    elif value.startswith("https:"):
        parts = urlsplit(value)
        yield _Server(name, parts.hostname or "", parts.port or 443)


async def _presented(server: _Server) -> x509.Certificate | None:
    """Returns the certificate that the server presents; None if it does not answer or speaks no TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only its end is read
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(
                server.host, server.port, ssl=None if server.is_postgres else context
            )
            try:
                if server.is_postgres:
                    writer.write(_START_TLS)
                    if await reader.readexactly(1) != b"S":
                        return None
                    await writer.start_tls(context)
                presented = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    return x509.load_der_x509_certificate(presented)
