"""The gateway's HTTP."""

import asyncio
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from activities.ledger.database import ACQUIRE_SECONDS, Pool
from activities.partners.money.provider import CALLBACK_BYTES, Received
from gateway.callback_handler import PASSING, Hearing
from schemas.translate import said

CALLBACKS: Final = "/callbacks"
"""The path under which each merchant sends its callbacks, followed by its name in the settings."""

RETURNED: Final = "/returned"
"""The page to which a payer's browser returns. Its query is not read: only the callback counts."""

BODY_SECONDS: Final = 10.0
"""Timeout of a request's body."""

_NOT_FOUND: Final = 404
_TOO_SLOW: Final = 408
_UNAVAILABLE: Final = 503

_log = structlog.stdlib.get_logger("motcua.gateway")


def application(pool: Pool, hearing: Hearing) -> FastAPI:
    """Returns the routes. They have no documentation page: only the providers call them."""
    app = FastAPI(openapi_url=None)

    @app.api_route(f"{CALLBACKS}/{{merchant}}", methods=["GET", "POST"])
    async def callback(merchant: str, request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            raise HTTPException(_TOO_SLOW) from None
        received = Received(query=request.scope["query_string"], body=body, headers=dict(request.headers))
        reply = await hearing.hear(merchant, received)
        if reply is None:
            raise HTTPException(_NOT_FOUND)
        return JSONResponse(dict(reply.body), reply.status)

    @app.get(RETURNED)
    async def returned() -> Response:
        text = said("payment.returned")
        return PlainTextResponse(f"{text.vi}\n\n{text.en}\n")

    @app.get("/healthz")
    async def healthz() -> Response:
        """Reports whether a callback could be stored."""
        try:
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                await connection.fetchval("select 1")
        except PASSING as error:
            _log.warning("health.no_record", reason=type(error).__name__)
            return _problem(_UNAVAILABLE, "no_record")
        return JSONResponse({"status": "ok"})

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return _problem(error.status_code, f"http_{error.status_code}")

    return app


async def _body(request: Request) -> bytes:
    """Returns the body. A body longer than the longest callback is cut, so that no signature fits it."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > CALLBACK_BYTES:
            break
    return body[: CALLBACK_BYTES + 1]


def _problem(status: int, code: str) -> Response:
    return JSONResponse(
        {"type": "about:blank", "status": status, "code": code}, status, media_type="application/problem+json"
    )
