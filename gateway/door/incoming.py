"""The body of a request, within its bounds of size and time."""

import asyncio
import re
from typing import Final

from starlette.requests import ClientDisconnect, Request

from gateway.door.refusals import HttpError
from gateway.problems import HttpCode
from schemas.errors import problem

BODY_SECONDS: Final = 10.0
"""The maximum seconds for receiving a body."""
_ETAG: Final = re.compile(r'"([1-9][0-9]{0,9})"')
"""A strong ETag of ours: the number of an event, or of the save of a draft."""


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


def only_at(request: Request) -> dict[str, int]:
    """Returns `only_at` from the header `If-Match`; empty without it. Raises `HttpError` for a malformed ETag."""
    given = request.headers.get("if-match")
    if given is None:
        return {}
    found = _ETAG.fullmatch(given)
    if found is None:
        raise HttpError(HttpCode.BAD_REQUEST, problem("only_at", "if_match", says="door.if_match"))
    return {"only_at": int(found[1])}


def peer(request: Request) -> str:
    """Returns the address from which a request comes."""
    return "" if request.client is None else request.client.host
