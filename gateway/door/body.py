"""Builds the message of a request: from a strict JSON body, text parameters, and values that the door adds.

The message's own model validates the shape, as the workflows do at their edge.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote
from uuid import UUID

from pydantic import ValidationError

from gateway.door.operations import Operation, Place
from gateway.door.strict_json import StrictJsonError, object_in, unique
from schemas.base import Model, Problem
from schemas.complaint.state import ComplaintStart
from schemas.errors import NOT_FOUND, RefusalCode, RefusalError, problem, refused, shape_refusal
from schemas.filing.submission import Submission
from schemas.ids import StreamId
from schemas.text import AT_THE_EDGE

__all__ = ["Request", "UnreadableError", "message", "stream"]

DEEPEST: Final = 16
"""The maximum nesting of a body's values, the body itself included; no message of the contract is as deep."""

_UNFIT: Final = {Submission: RefusalCode.BAD_SUBMISSION, ComplaintStart: RefusalCode.BAD_START}


class UnreadableError(Exception):
    """The request can't be read, or can be read in more than one way.

    Attributes:
        problem: The broken rule: `too_large`, `unreadable`, `unreadable_query`, `duplicate_key`, `too_deep` or `nul`.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.rule)
        self.problem = problem


class Request(NamedTuple):
    """The parts of a request that may contain fields of the message, as received.

    `reason` is the value of the header `Motcua-Reason`: percent-encoded UTF-8.
    """

    path: Mapping[str, str]
    query: bytes = b""
    reason: bytes | None = None
    body: bytes = b""


def message(operation: Operation, request: Request, of_door: Mapping[str, Any]) -> Model:
    """Returns the message of the request.

    `of_door`: values by field that the door adds, such as `via`; those without a field in the message are left out, and
    the body may give another `actor`. Raises `UnreadableError`; or `RefusalError`, also for an address that no stream
    can have.
    """
    with fitting(_UNFIT.get(operation.message, RefusalCode.BAD_COMMAND)):
        return _read(operation, request, of_door)


@contextmanager
def fitting(unfit: RefusalCode) -> Iterator[None]:
    """Raises `RefusalError` with this code if the block reads a message that does not fit its model or has a NUL."""
    try:
        yield
    except ValidationError as error:
        raise shape_refusal(unfit, error) from None
    except UnreadableError as error:
        if error.problem is not _NUL:
            raise
        raise refused(unfit, _NUL) from None  # it can be read, and no schema forbids it


def _read(operation: Operation, request: Request, of_door: Mapping[str, Any]) -> Model:
    parameters = _only(operation, Place.QUERY, _parameters(request.query))
    named = _in_path(operation, request.path)
    if operation.method != "POST":
        texts = {**named, **parameters, **_reason(request.reason)}
        return operation.message.model_validate_strings(texts, strict=True, extra="forbid", context=AT_THE_EDGE)
    body = _only(operation, Place.BODY, json_object(request.body, operation.limit))
    known = {name: value for name, value in of_door.items() if name in operation.places}
    given = json.dumps({**parameters, **known, **body, **named})
    return operation.message.model_validate_json(given, strict=True, extra="forbid", context=AT_THE_EDGE)


def stream(operation: Operation, path: Mapping[str, str]) -> StreamId | None:
    """Returns the stream that the request's path names; None if the paths of this operation name no stream.

    Raises `RefusalError` if the values in the path can't name a stream.
    """
    if operation.kind is None:
        return None
    try:
        found = StreamId(operation.kind, UUID(path["filing_id"]), int(path.get("n", 0)))
    except ValueError:
        raise RefusalError(NOT_FOUND) from None
    if str(found.filing) != path["filing_id"] or ("n" in path and (found.n < 1 or str(found.n) != path["n"])):
        raise RefusalError(NOT_FOUND)
    return found


def json_object(body: bytes, limit: int) -> dict[str, Any]:
    """Returns the JSON object in a body, an empty one for an empty body. Raises `UnreadableError`."""
    if len(body) > limit:
        raise UnreadableError(problem("", "too_large", most=limit))
    try:
        value = object_in(body or b"{}")
        _see(value)
    except StrictJsonError as error:
        raise UnreadableError(_BY_RULE[error.rule]) from None
    except ValueError:
        raise UnreadableError(_NOT_JSON) from None
    return value


def _see(value: Any) -> None:
    """Raises `UnreadableError` or `ValueError` for a NUL, a lone surrogate, an infinite number, or too deep nesting."""
    level = [value]
    for _ in range(DEEPEST):
        for one in level:
            _see_leaf(one)
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise UnreadableError(_TOO_DEEP)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _see_leaf(value: Any) -> None:
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise UnreadableError(_NUL)
    elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
        raise UnreadableError(_NOT_JSON)


def _only(operation: Operation, place: Place, found: dict[str, Any]) -> dict[str, Any]:
    """Returns `found`. Raises `RefusalError` if a field belongs in another place; the model refuses unknown fields."""
    if strays := [name for name in found if operation.places.get(name, place) is not place]:
        why = (problem(name, "extra_forbidden", says="misfit.extra_forbidden") for name in strays)
        raise refused(_UNFIT.get(operation.message, RefusalCode.BAD_COMMAND), *why)
    return found


def _in_path(operation: Operation, path: Mapping[str, str]) -> dict[str, str]:
    named = dict(path) | {"stream": str(stream(operation, path))}
    return {name: named[name] for name in operation.at(Place.PATH)}


def _parameters(query: bytes) -> dict[str, Any]:
    try:
        found = unique(parse_qsl(query.decode(), keep_blank_values=True, strict_parsing=True, errors="strict"))
    except StrictJsonError:
        raise UnreadableError(_TWICE) from None
    except ValueError:
        raise UnreadableError(_NO_QUERY) from None
    _see(found)
    return found


def _reason(header: bytes | None) -> dict[str, str]:
    if header is None:
        return {}
    try:
        found = {"reason": unquote(header.decode("ascii"), errors="strict")}
    except ValueError:
        raise UnreadableError(_NO_REASON) from None
    _see(found)
    return found


_NOT_JSON: Final = problem("", "unreadable")
_NO_QUERY: Final = problem("", "unreadable_query")
_NO_REASON: Final = problem("reason", "unreadable_reason")
_TWICE: Final = problem("", "duplicate_key")
_TOO_DEEP: Final = problem("", "too_deep", most=DEEPEST)
_NUL: Final = problem("", "nul")
_BY_RULE: Final = {one.rule: one for one in (_NOT_JSON, _TWICE, _TOO_DEEP)}
