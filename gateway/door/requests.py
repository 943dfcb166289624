"""What a request says: the fields of its message, from address, query and body, read strictly."""

import asyncio
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request

from gateway.door.operations import FILING, Group, Operation
from gateway.door.problems import DoorCode, DoorError
from gateway.door.strict_json import object_in
from schemas.base import Model
from schemas.errors import RefusalCode, problem, refused, shape_refusal
from schemas.filing.submission import MAX_SUBMISSION_BYTES, Submission
from schemas.ids import StreamId, filing_workflow
from schemas.stream.edge import command_from
from schemas.text import AT_THE_EDGE

BODY_SECONDS: Final = 10.0
"""The maximum seconds in which a body must have come."""
_LONGEST_NAME: Final = 64


def stream_in(operation: Operation, request: Request) -> str | None:
    """Returns the stream in the address; None for an operation without one. Raises `RefusalError` for no name of one.

    The refusal is the one for a stream that does not exist.
    """
    if operation.kind is None:
        return None
    named = request.path_params
    rest = "" if operation.kind == FILING else f":{named['n']}"
    name = f"{operation.kind}:{named['filing_id'].lower()}{rest}"
    try:
        return str(StreamId.parse(name))
    except ValueError:
        raise refused(RefusalCode.NOT_FOUND, problem("stream", "nothing_recorded")) from None


async def fields_in(operation: Operation, request: Request) -> dict[str, Any]:
    """Returns the fields of the message in the body, or in the query of a GET. Raises `DoorError`, `RefusalError`."""
    if operation.method == "GET":
        return _query(operation, request)
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise DoorError(DoorCode.MEDIA_TYPE)
    try:
        return object_in(await _body(request))
    except ValueError:
        raise DoorError(DoorCode.MALFORMED) from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_SUBMISSION_BYTES:
                    raise DoorError(DoorCode.TOO_LARGE)
    except (TimeoutError, ClientDisconnect):
        raise DoorError(DoorCode.TIMEOUT) from None
    return bytes(body)


def _query(operation: Operation, request: Request) -> dict[str, Any]:
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    for name in names:
        if name not in operation.query:
            raise refused(RefusalCode.BAD_COMMAND, problem(_shown(name), "extra_forbidden", says="door.extra"))
        if names.count(name) > 1:
            raise refused(RefusalCode.BAD_COMMAND, problem(name, "repeated", says="door.repeated"))
    return dict(given)


def _shown(name: str) -> str:
    """Returns a name that a caller has invented, if it may stand in an answer; else nothing."""
    return name if name.isidentifier() and name.isascii() and len(name) <= _LONGEST_NAME else ""


def message_from(operation: Operation, fields: dict[str, Any]) -> Model:
    """Returns the message with these fields. Raises `RefusalError`, which lists each wrong one, for others."""
    if operation.method == "GET":
        return _from_texts(operation.message, fields)
    if operation.message is Submission:
        return _submission(fields)
    return command_from(operation.message, fields)


def _from_texts(model: type[Model], fields: dict[str, Any]) -> Model:
    try:
        return model.model_validate_strings(fields, strict=True, context=AT_THE_EDGE)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None


def _submission(fields: dict[str, Any]) -> Submission:
    try:
        return Submission.model_validate_json(to_json(fields), strict=True, extra="forbid", context=AT_THE_EDGE)
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_SUBMISSION, error) from None


def about(operation: Operation, message: Model) -> str | None:
    """Returns the stream of a filing that a message without one in its address is about; None if it begins one."""
    if operation.group is Group.QUESTION:
        return getattr(message, "stream", None)
    filing = getattr(message, "filing_id", None)
    return None if filing is None else filing_workflow(filing)
