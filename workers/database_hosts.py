"""The hosts in an address of PostgreSQL, which may name several."""

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from motcua.connection import is_loopback


def hosts_of(address: str) -> list[str]:
    """Returns each host in the address of a database, as `host`, `host:port` or the folder of a socket.

    Empty if neither the address nor `PGHOST` names a host: the driver then looks on this machine. Raises `ValueError`.
    """
    parts = urlsplit(address)
    named = unquote(parts.netloc.rpartition("@")[2]) or dict(parse_qsl(parts.query)).get("host")
    return [host for host in (named or os.environ.get("PGHOST", "")).split(",") if host]


def is_here(address: str) -> bool:
    """Whether every host of a database is this machine. Raises `ValueError`."""
    return all(host.startswith("/") or is_loopback(host) for host in hosts_of(address))
