"""The gateway's HTTP server: verifies a callback and stores it, and only then answers it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from temporalio.common import MetricMeter

from activities.ledger.database import Pool
from activities.ledger.health import record_works
from activities.ledger.vault import Vault
from activities.partners.money.merchants import Merchants, door
from activities.partners.money.provider import CALLBACK_BYTES, Door, Notice, Received, Refused, Reply, Verdict
from activities.support.failpoint import failpoint
from gateway import inbox
from gateway.problems import problem_response
from views.log import DATABASE_ERRORS
from views.standby import waits_uncut

CALLBACKS: Final = "/callbacks"
"""The path of callbacks. Each provider's path ends with the provider's name in the settings."""

BODY_SECONDS: Final = 10.0
"""The timeout for reading a request's body, in seconds."""

PASSING: Final = (*DATABASE_ERRORS, OSError, TimeoutError)
"""The types of errors raised if the record can't be reached. The errors' texts may quote values."""

_SECONDS: Final = 6.0
"""The maximum seconds to wait for a database connection: even if many callers come at once, none waits longer."""

_UNTOLD: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Switches FastAPI's own telemetry off: it would export queries of callbacks and of files' addresses, and stack
traces."""

_log = structlog.stdlib.get_logger("motcua.gateway")


class CallbackReceiver:
    """Handles the callbacks of payment providers. Counts them by verdict and by the provider's name in the settings.

    Sets the event `kept` after storing a callback, which may then be delivered.
    """

    def __init__(self, pool: Pool, vault: Vault, merchants: Merchants, meter: MetricMeter, kept: asyncio.Event) -> None:
        self._pool = pool
        self._vault = vault
        self._doors: Mapping[str, Door] = {name: door(name, merchant) for name, merchant in merchants.items()}
        self._kept = kept
        self._callbacks = meter.create_counter("motcua_gateway_callbacks_total", "Callbacks by what they were answered")
        for provider in merchants:
            for verdict in Verdict:
                # An alert on a rise misses the first increment of a counter that did not exist before.
                self._callbacks.add(0, {"provider": provider, "verdict": verdict})

    async def answer(self, provider: str, received: Received) -> Reply | None:
        """Returns the answer to a callback, in the provider's own format; None if no such provider is set up."""
        door_of_provider = self._doors.get(provider)
        if door_of_provider is None:
            return None
        try:
            verdict = await self._verdict(provider, door_of_provider.verified(received, datetime.now(UTC)))
        except Exception as error:  # noqa: BLE001 -- any other error is our fault, and they must call again
            _log.warning("callback.not_kept", part=provider, reason=type(error).__name__)
            verdict = Verdict.NOT_KEPT
        self._callbacks.add(1, {"provider": provider, "verdict": verdict})
        return door_of_provider.reply(verdict)

    async def _verdict(self, provider: str, found: Notice | Refused) -> Verdict:
        if isinstance(found, Refused) and found.verdict is Verdict.BAD_SIGNATURE:
            return found.verdict
        async with self._pool.acquire(timeout=_SECONDS) as connection:
            if isinstance(found, Refused):
                return await inbox.refused(connection, provider, found)
            async with waits_uncut(connection), connection.transaction():
                verdict = await inbox.keep(connection, self._vault, found)
                failpoint("callback.keeping")
        failpoint("callback.kept")
        self._kept.set()
        return verdict


def application(pool: Pool, vault: Vault, receiver: CallbackReceiver) -> FastAPI:
    """Returns the routes, without a documentation page: only providers and health checks call them."""
    app = FastAPI(openapi_url=None, telemetry=_UNTOLD)

    @app.api_route(f"{CALLBACKS}/{{merchant}}", methods=["GET", "POST"])
    async def callback(merchant: str, request: Request) -> Response:
        try:
            body = b""  # a longer one than the longest callback is cut, so that no signature fits it
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in request.stream():
                    body = (body + piece)[: CALLBACK_BYTES + 1]
                    if len(body) > CALLBACK_BYTES:
                        break
        except (TimeoutError, ClientDisconnect):
            raise HTTPException(408) from None
        received = Received(query=request.scope["query_string"], body=body, headers=dict(request.headers))
        reply = await receiver.answer(merchant, received)
        if reply is None:
            raise HTTPException(404)
        return JSONResponse(dict(reply.body), reply.status)

    @app.get("/healthz")
    async def healthz() -> Response:
        """Reports whether a callback could be stored."""
        if not await record_works(pool, vault):
            return problem_response(503, "no_record")
        return JSONResponse({"status": "ok"})

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return problem_response(error.status_code, f"http_{error.status_code}")

    return app
