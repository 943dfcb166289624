"""The witness over HTTP: `POST /add-checkpoint`, and `GET /<sha256 of the origin>/checkpoint` for comparisons."""

import re
from collections.abc import Callable
from time import time
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from operations.witness.memory import Memory
from rules.proof.note import MOST_BYTES, Note, NoteError, Signer, lines
from rules.proof.witness import SIZE_TYPE, Refused, Request, judged

_HASH: Final = re.compile(r"[0-9a-f]{64}")


def application(memory: Memory, signer: Signer, now: Callable[[], float] = time) -> Starlette:
    """Returns the witness as an ASGI application. It judges one request at a time: there is no await in between."""

    async def add_checkpoint(request: HttpRequest) -> Response:
        try:
            asked = Request.read(await _body(request))
        except NoteError as error:
            return PlainTextResponse(f"{error}\n", 400)
        return _answer(memory, signer, asked, int(now()))

    async def newest(request: HttpRequest) -> Response:
        origin = request.path_params["origin"]
        content = memory.cosigned(origin) if _HASH.fullmatch(origin) else None
        return Response(status_code=404) if content is None else PlainTextResponse(content)

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin}/checkpoint", newest, methods=["GET"]),
        ]
    )


def _answer(memory: Memory, signer: Signer, asked: Request, now: int) -> Response:
    origin = asked.note.text.partition("\n")[0]
    logs = [one for one in memory.logs() if one.name == origin]
    found = judged(asked, logs, memory.seen(origin))
    if isinstance(found, Refused):
        content = "" if found.size is None else f"{found.size}\n"
        return Response(content, found.status, media_type=None if found.size is None else SIZE_TYPE)
    signature = signer.sign(asked.note.text, now)
    names = {(one.name, one.id) for one in logs}
    verified = tuple(one for one in asked.note.signatures if (one.name, one.id) in names)
    memory.remember(found, Note(asked.note.text, (*verified, signature)))
    return PlainTextResponse(lines([signature]))


async def _body(request: HttpRequest) -> bytes:
    """Returns the request's body. Raises `NoteError` if it is too long for a request."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise NoteError("too long for a request to a witness")
    return bytes(body)
