"""The body of a request, within its bounds of size and time."""

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from gateway.door.refusals import HttpError
from gateway.problems import HttpCode

BODY_SECONDS: Final = 10.0
"""The maximum seconds for receiving a body."""


async def body_of(request: Request, media_type: str, limit: int) -> bytes:
    """Returns a request's body; if it exceeds the limit, only the part read so far. Raises `HttpError`."""
    kind = request.headers.get("content-type", media_type).partition(";")[0].strip().lower()
    if kind != media_type:
        raise HttpError(HttpCode.UNSUPPORTED_MEDIA_TYPE)
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                read += piece
                if len(read) > limit:
                    break
    except (TimeoutError, ClientDisconnect):
        raise HttpError(HttpCode.TIMEOUT) from None
    return bytes(read)


def peer(request: Request) -> str:
    """Returns the address from which a request comes."""
    return "" if request.client is None else request.client.host
