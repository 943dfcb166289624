"""The door's HTTP server: a route for each operation of the contract."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, cast
from uuid import UUID, uuid4

import structlog
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.exceptions import ApplicationError

from gateway.door.acting import identities, with_caller
from gateway.door.operations import OPERATIONS, ROOT, Group, Operation
from gateway.door.problems import DoorCode, DoorError, answer_to, is_expected
from gateway.door.reads import Reads
from gateway.door.requests import fields_in, message_from, stream_in
from gateway.door.tokens import Caller, Issuers
from gateway.door.writes import Writes
from schemas.complaint.state import ComplaintStart
from schemas.errors import NOT_FOUND, RefusalCode, RefusalError, problem, refused
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.people import Actor

REQUEST_ID: Final = "X-Request-Id"
_PLAIN: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_AWAY: Final = frozenset({"ledger_unavailable", "keys_unavailable"})
"""The types of `ApplicationError` while the record, or the manager of its keys, can't be reached."""
_OF_ROUTING: Final = {404: DoorCode.NO_ADDRESS, 405: DoorCode.METHOD}

_log = structlog.stdlib.get_logger("motcua.door")

Handler = Callable[[Request, Caller], Awaitable[Response]]


@dataclass(frozen=True)
class Door:
    """The parts of a door: the verification of tokens, the reads and the writes."""

    issuers: Issuers
    reads: Reads
    writes: Writes

    async def do(self, operation: Operation, request: Request, caller: Caller) -> Response:
        """Carries out one operation for a caller. Raises the errors that `answer_to` knows."""
        fields, stream = await fields_in(operation, request), stream_in(operation, request)
        if operation.group is Group.QUESTION:
            return await self._ask(operation, fields, stream, caller)
        fields = with_caller(fields, caller)
        _expect_key(request, fields)
        if operation.group is Group.COMMAND:
            return await self._act(operation, fields, str(stream), caller)
        message = message_from(operation, fields)
        if isinstance(message, Submission):
            _expect_uuid(message.submission_id)
            receipt = await self.writes.submit(_as(caller, message.actor), message)
        else:
            complaint = cast("ComplaintStart", message)
            receipt = await self.writes.complain(_as(caller, complaint.actor), complaint)
        return _json(receipt, operation.status)

    async def _act(self, operation: Operation, fields: dict[str, Any], stream: str, caller: Caller) -> Response:
        kind: str = operation.message.model_fields["kind"].default
        command = cast("Command", message_from(operation, {**fields, "kind": kind}))
        return _json(await self.writes.act(_as(caller, command.actor), stream, command), operation.status)

    async def _ask(self, operation: Operation, fields: dict[str, Any], stream: str | None, caller: Caller) -> Response:
        """Answers a question. A person asks as an applicant and, if that finds no filing, as a representative."""
        fields |= {} if stream is None else {"stream": stream}
        names_actor = "actor" in operation.message.model_fields
        askers = [caller] if caller.actor is None else [_as(caller, one) for one in identities(caller.actor)]
        refusal = RefusalError(NOT_FOUND)
        for asker in askers:
            own = with_caller(fields, asker) if names_actor else fields
            own.pop("via", None)
            question: Any = message_from(operation, own)
            try:
                return _json(await self.reads.answer(asker, question), operation.status)
            except RefusalError as error:
                if error.refusal.code is not RefusalCode.NOT_FOUND:
                    raise
                refusal = error
        raise refusal


def application(door: Door, works: Callable[[], Awaitable[bool]]) -> Starlette:
    """Returns the server. `works`: whether the record can be read now."""

    async def healthz(_: Request) -> Response:
        if not await works():
            raise DoorError(DoorCode.UNAVAILABLE)
        return _json({"status": "ok"}, 200)

    async def me(_: Request, caller: Caller) -> Response:
        person = None if caller.actor is None else caller.actor.model_dump(mode="json", exclude_none=True)
        about = {"client": caller.client, "issuer": caller.issuer, "acr": caller.acr, "amr": caller.amr}
        return _json(about | {"auth_time": caller.auth_time} | ({} if person is None else {"actor": person}), 200)

    routes = [
        Route(one.path, _guarded(door, partial(door.do, one)), methods=[one.method], name=one.name)
        for one in OPERATIONS
    ]
    routes += [Route(f"{ROOT}/me", _guarded(door, me), methods=["GET"]), Route("/healthz", _answered(healthz))]
    return Starlette(routes=routes, exception_handlers={HTTPException: _of_routing})


def _guarded(door: Door, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def for_caller(request: Request) -> Response:
        caller = await door.issuers.caller(request.headers.get("authorization"))
        return await handler(request, caller)

    return _answered(for_caller)


def _answered(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Returns the handler, with an answer to each error, and the headers that every answer has."""

    async def answered(request: Request) -> Response:
        request_id = str(uuid4())
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 -- each gets an answer; one of ours is logged
            response = _problem(error, request, request_id)
        response.headers.update(_PLAIN | {REQUEST_ID: request_id})
        return response

    return answered


def _problem(error: Exception, request: Request, request_id: str) -> Response:
    away = isinstance(error, ApplicationError) and error.type in _AWAY
    known = DoorError(DoorCode.UNAVAILABLE) if away else error
    if not is_expected(known):
        _log.error("door.failed", request_id=request_id, reason=type(error).__name__)
    return answer_to(known, _language(request), request_id)


async def _of_routing(request: Request, error: Exception) -> Response:
    """Returns the answer to a request that no route takes."""
    code = _OF_ROUTING.get(cast("HTTPException", error).status_code, DoorCode.MALFORMED)

    async def raising(_: Request) -> Response:
        raise DoorError(code)

    return await _answered(raising)(request)


def _language(request: Request) -> str:
    """Returns `en` if the caller prefers English to Vietnamese; else `vi`."""
    weights: dict[str, float] = {}
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, quality = part.partition(";q=")
        try:
            weights[tag.strip().lower().partition("-")[0]] = float(quality or 1)
        except ValueError:
            continue
    return "en" if weights.get("en", 0) > weights.get("vi", weights.get("*", 0)) else "vi"


def _as(caller: Caller, actor: Actor) -> Caller:
    return replace(caller, actor=actor)


def _expect_uuid(submission_id: str) -> None:
    """Raises `RefusalError` for a submission's id that could be guessed: whether it is taken must tell nothing."""
    try:
        UUID(submission_id)
    except ValueError:
        why = problem("submission_id", "submission_uuid", says="door.submission_uuid")
        raise refused(RefusalCode.BAD_SUBMISSION, why) from None


def _expect_key(request: Request, fields: Mapping[str, Any]) -> None:
    """Raises `DoorError` if the header `Idempotency-Key` is not the id in the body."""
    key = request.headers.get("idempotency-key")
    own = fields.get("command_id", fields.get("submission_id"))
    if key is not None and own is not None and key != own:
        raise DoorError(DoorCode.MALFORMED, problem("command_id", "idempotency_key", says="door.idempotency_key"))


def _json(answer: Any, status: int) -> Response:
    """Returns an answer as JSON. Its ETag is the number of the last event that it shows, if it has one."""
    seq = answer.get("seq") if isinstance(answer, dict) else getattr(answer, "seq", None)
    headers = {} if seq is None else {"ETag": f'"{seq}"'}
    return Response(to_json(answer, exclude_none=True), status, headers, media_type="application/json")
