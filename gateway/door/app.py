"""The door's HTTP server: a route for each operation of the contract."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from time import monotonic
from typing import Any, Final, cast
from uuid import UUID, uuid4

import structlog
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from activities.ledger.database import Connection, acquired
from gateway.door import body
from gateway.door.acting import acting, expect_uuid, identities, known_of
from gateway.door.drafts.routes import Drafts
from gateway.door.identity.tokens import Caller, Issuers
from gateway.door.incoming import body_of, only_at
from gateway.door.kept.received import Message, Received, begun_by, is_kept
from gateway.door.openapi import document
from gateway.door.operations import OPERATIONS, VERSION, Operation
from gateway.door.pages.browser import FILES, browser
from gateway.door.pages.headers import REASON_HEADER
from gateway.door.pages.own import ME, OWN, RECEIVED, me_of
from gateway.door.public.by_hand import Handler, Public
from gateway.door.reads import Reads
from gateway.door.refusals import HttpError, answer_to, is_expected
from gateway.door.writes import Writes
from gateway.problems import HttpCode, language_of
from motcua.errors import Unavailable
from schemas.base import Model
from schemas.errors import NOT_FOUND, RefusalCode, RefusalError, problem
from schemas.filing.submission import Submission
from schemas.ids import StreamId

REQUEST_ID: Final = "X-Request-Id"
_PLAIN: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_OF_ROUTING: Final = {404: HttpCode.NO_SUCH_ADDRESS, 405: HttpCode.METHOD_NOT_ALLOWED}

_log = structlog.stdlib.get_logger("motcua.door")


@dataclass(frozen=True)
class Door:
    """The parts of a door: token verification, reads, writes, kept messages, routes that need no token, and drafts."""

    issuers: Issuers
    reads: Reads
    writes: Writes
    received: Received
    public: Public
    drafts: Drafts

    async def do(self, operation: Operation, request: Request) -> Response:
        """Carries out one operation. Raises the errors that `answer_to` turns into answers."""
        if operation.is_prompt:
            return await self._read(operation, request)
        began = monotonic()
        caller = await self.issuers.caller(request.headers.get("authorization"))
        parts = await _parts(operation, request)
        if operation.is_question:
            return _json(await self._answer(operation, parts, caller), operation.status)
        message = body.message(operation, parts, {**known_of(caller), **only_at(request)})
        _expect_key(request, message)
        stream = begun_by(message) if operation.location else str(body.stream(operation, parts.path))
        return await self._written(operation, cast("Message", message), stream, acting(caller, message), began)

    async def _written(
        self, operation: Operation, message: Message, stream: str, asker: Caller, began: float
    ) -> Response:
        """Sends a message. While Temporal is away, keeps the message instead, with the time of its receipt."""
        if isinstance(message, Submission):
            expect_uuid(message.submission_id)
        try:
            answer = _json(await self.writes.send(asker, stream, message), operation.status)
        except Unavailable:
            if not is_kept(message):
                raise
        else:
            if operation.location is not None:
                answer.headers["Location"] = operation.location.format(filing_id=StreamId.parse(stream).filing)
            return answer
        kept = await self.received.keep(asker, stream, message, timedelta(seconds=monotonic() - began))
        answer = _json(kept, 202)
        answer.headers["Location"] = RECEIVED.path.format(id=kept.id)
        return answer

    async def outcome(self, request: Request) -> Response:
        """Returns the outcome of a message that was kept for the caller."""
        caller = await self.issuers.caller(request.headers.get("authorization"))
        try:
            row_id = UUID(request.path_params["id"])
        except ValueError:
            raise RefusalError(NOT_FOUND) from None
        return _json(await self.received.outcome(caller, row_id), 200)

    async def _read(self, operation: Operation, request: Request) -> Response:
        """Answers a question by one connection: the last logout of the caller is read by it, too.

        The token is verified before, so that neither a stranger nor an issuer that is away occupies a connection.
        """
        token = await self.issuers.verified(request.headers.get("authorization"))
        parts = await _parts(operation, request)
        async with acquired(self.reads.pool) as connection:
            caller = await self.issuers.signed_in(token, connection)
            answer = await self._answer(operation, parts, caller, connection)
        return _json(answer, operation.status)

    async def _answer(
        self, operation: Operation, parts: body.Request, caller: Caller, by: "Connection | None" = None
    ) -> object:
        """Returns the answer to a question.

        An applicant asks as the applicant of a filing first; if no such filing is found, as a representative.
        """
        askers = (caller,) if caller.actor is None else (replace(caller, actor=one) for one in identities(caller.actor))
        for asker in askers:
            question: Any = body.message(operation, parts, known_of(asker))
            try:
                return await self.reads.answer(acting(asker, question), question, by)
            except RefusalError as error:
                if error.refusal.code is not RefusalCode.NOT_FOUND:
                    raise
        raise RefusalError(NOT_FOUND)


def application(door: Door, works: Callable[[], Awaitable[bool]]) -> Starlette:
    """Returns the server. `works`: whether the record can be read now."""

    async def healthz(_: Request) -> Response:
        if not await works():
            raise HttpError(HttpCode.UNAVAILABLE)
        return _json({"status": "ok"}, 200)

    async def me(request: Request) -> Response:
        return _json(me_of(await door.issuers.caller(request.headers.get("authorization"))), 200)

    async def openapi(_: Request) -> Response:
        return Response(await asyncio.to_thread(_specification), media_type="application/json")

    routes = [Route(one.path, _answered(partial(door.do, one)), methods=[one.method]) for one in OPERATIONS]
    beside = {ME.path: me, RECEIVED.path: door.outcome, f"{VERSION}/openapi.json": openapi, "/healthz": healthz}
    beside |= dict.fromkeys(FILES, browser)
    routes += [Route(path, _answered(handler), methods=["GET"]) for path, handler in beside.items()]
    described = (*door.public.routes(), *door.drafts.routes())
    routes += [Route(one.path, _answered(act), methods=[one.method]) for one, act in described]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_routed})


@cache
def _specification() -> bytes:
    """Returns the OpenAPI document. It is made at the first request for it, since that takes half a second."""
    return to_json(document((*OPERATIONS, *OWN)))


def _answered(handler: Handler) -> Handler:
    """Returns the handler, wrapped so that it answers every error, and adds the headers that every answer has."""

    async def answered(request: Request) -> Response:
        request_id = str(uuid4())
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 -- each gets an answer, and is logged if the fault is ours
            if not is_expected(error):
                _log.error("door.failed", request_id=request_id, reason=type(error).__name__)
            response = answer_to(error, language_of(request.headers.get("accept-language")), request_id)
        for name, value in (_PLAIN | {REQUEST_ID: request_id}).items():
            response.headers.setdefault(name, value)
        return response

    return answered


async def _not_routed(request: Request, error: Exception) -> Response:
    """Returns the answer to a request that no route takes, with the methods that its address allows."""
    code = _OF_ROUTING.get(cast("HTTPException", error).status_code, HttpCode.BAD_REQUEST)
    at_address = (one for one in request.app.routes if one.matches(request.scope)[0] is Match.PARTIAL)
    allowed = sorted({method for route in at_address for method in route.methods})

    async def refuse(_: Request) -> Response:
        raise HttpError(code)

    answer = await _answered(refuse)(request)
    if allowed:
        answer.headers["Allow"] = ", ".join(allowed)
    return answer


async def _parts(operation: Operation, request: Request) -> body.Request:
    """Returns the parts of a request that may contain fields of its message. Reads a body only up to the limit."""
    reason = request.headers.get(REASON_HEADER)
    query: bytes = request.scope["query_string"]
    read = b"" if operation.method == "GET" else await body_of(request, "application/json", operation.limit)
    return body.Request(request.path_params, query, None if reason is None else reason.encode("latin-1"), read)


def _expect_key(request: Request, message: Model) -> None:
    """Raises `HttpError` if the header `Idempotency-Key` is not the id in the body."""
    key = request.headers.get("idempotency-key")
    own = getattr(message, "command_id", None) or getattr(message, "submission_id", None)
    if key is not None and own is not None and key != own:
        why = problem("command_id", "idempotency_key", says="door.idempotency_key")
        raise HttpError(HttpCode.BAD_REQUEST, why)


def _json(answer: Any, status: int) -> Response:
    """Returns an answer as JSON. The ETag is the number of the last event that the answer shows, if any."""
    seq = answer.get("seq") if isinstance(answer, Mapping) else getattr(answer, "seq", None)
    headers = {} if seq is None else {"ETag": f'"{seq}"'}
    return Response(to_json(answer, exclude_none=True), status, headers, media_type="application/json")
