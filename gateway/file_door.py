"""Files of a folder store over HTTP: each is read or uploaded once its address proves the right to it."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.requests import ClientDisconnect

from gateway.problems import problem_response
from motcua.files.store import DamagedFileError, FileNotTakenError, Store, StoreFailedError
from schemas.files import EXTENSIONS, FileRef
from workers.file_addresses import Signed

UPLOAD_SECONDS: Final = 120.0
"""The maximum time of an upload, in seconds."""

AT_ONCE: Final = 20
"""The maximum number of uploads at the same time; further ones are refused, with a time to retry."""

_NO_PAGE: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}
"""Headers by which browsers neither cache a file nor show it as a page of this server."""

_AGAIN: Final = {"Retry-After": "5"}

_log = structlog.stdlib.get_logger("motcua.gateway")


def files(store: Store, key: bytes) -> APIRouter:
    """Returns the routes of the files in `store`. `key`: the secret that signs addresses."""
    router, turn = APIRouter(), asyncio.Semaphore(AT_ONCE)

    @router.api_route("/files/{place:path}", methods=["GET", "PUT"])
    async def file(place: str, request: Request) -> Response:
        right = Signed.of(request.method, f"files/{place}", request.query_params, key, datetime.now(UTC))
        if right is None:
            return problem_response(403, "address_not_valid")
        if right.method == "GET":
            return await _or_problem(_read(store, right.file), damaged=404)
        if turn.locked():
            return problem_response(503, "too_many_uploads", _AGAIN)
        async with turn:
            return await _or_problem(_upload(store, right.file, request), damaged=409)

    return router


async def _read(store: Store, file: FileRef) -> Response:
    ending = EXTENSIONS.get(file.media_type, ("",))[0]
    told = {
        "Content-Type": file.media_type,
        "Content-Length": str(file.size),
        "Content-Disposition": f'attachment; filename="{file.sha256}{ending}"',
    }
    return StreamingResponse(await store.stream(file), headers=_NO_PAGE | told)


async def _upload(store: Store, file: FileRef, request: Request) -> Response:
    async with asyncio.timeout(UPLOAD_SECONDS):
        is_new = await store.receive(file, request.stream())
    return Response(status_code=201 if is_new else 412)


async def _or_problem(answer: Awaitable[Response], *, damaged: int) -> Response:
    """Returns the answer; after an error, a problem. `damaged`: the status if the stored file is missing or differs."""
    try:
        return await answer
    except (TimeoutError, ClientDisconnect):
        return problem_response(408, "http_408")
    except FileNotTakenError as error:
        return problem_response(422, error.problem.rule)
    except DamagedFileError:
        return problem_response(damaged, "file_differs")
    except StoreFailedError:
        _log.warning("file.no_store")
        return problem_response(503, "store_failing", _AGAIN)
