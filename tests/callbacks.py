"""A receiver of a sandbox bank's callbacks in tests without a gateway, and the worker's settings for that bank."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import ConfigDict, TypeAdapter

from activities.ledger.vault import Vault
from activities.partners.money.merchants import Merchants, door
from activities.partners.money.provider import About, Line, NewDemand, Notice, Received, Refused
from gateway import inbox
from sandbox.bank.merchants import as_settings
from tests.conftest import World
from workers.wiring import open_pool

MERCHANTS: Final[TypeAdapter[Merchants]] = TypeAdapter(Merchants, config=ConfigDict(hide_input_in_errors=True))
"""The parser of `MOTCUA_PROVIDERS`, as in the settings."""

Answer = Callable[[str, Received], tuple[int, bytes]]
"""A function that makes the answer to a merchant's callback: the status and the body."""


class Bank(Protocol):
    """A sandbox bank, in this process or in a process of its own."""

    data: Path
    url: str


def providers(bank: Bank) -> str:
    """Returns the value of `MOTCUA_PROVIDERS` for this bank."""
    return json.dumps(as_settings(bank.data, bank.url, "http://portal.test/back"))


def merchants_of(bank: Bank) -> Merchants:
    """Returns the parsed value of `MOTCUA_PROVIDERS` for this bank."""
    return MERCHANTS.validate_json(providers(bank))


def verified_notice(merchants: Merchants, name: str, received: Received) -> Notice | Refused:
    """Returns the verified notice of a callback to this merchant, or its refusal."""
    return door(name, merchants[name]).verified(received, datetime.now(UTC))


async def kept(world: World, notice: Notice) -> None:
    """Stores a notice about money, as the gateway does before it notifies a payment."""
    async with open_pool(world.settings) as pool, pool.acquire() as connection, connection.transaction():
        await inbox.keep(connection, Vault(world.settings.master), notice)


@contextmanager
def called_back(answer: Answer) -> Iterator[str]:
    """Runs a server for callbacks; yields its address. A merchant's callbacks go to `<address>/<merchant>`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(query=query.encode("latin-1"), body=body, headers=headers)
            status, content = answer(path.rsplit("/", 1)[1], received)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callbacks"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def new_demand(key: str, amount: int, made: datetime, lasts: timedelta) -> NewDemand:
    """Returns a demand for a fee in the form that a provider's adapter receives."""
    return NewDemand(
        key=key,
        amount=amount,
        description="Lệ phí đổi giấy phép lái xe",
        made=made,
        expires=made + lasts,
        about=About(
            procedure="1.002835",
            procedure_name="Đổi giấy phép lái xe",
            agency="H01.12",
            agency_name="Sở Xây dựng",
            filing="H01.12-20261127-0000001",
            lines=(Line(code="licence", name="Lệ phí", amount=amount),),
        ),
    )
