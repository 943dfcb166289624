"""Refused requests, as problem documents (RFC 9457) in both languages; each code has one HTTP status."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic_core import to_json
from starlette.responses import Response

from gateway.door.tokens import NotAuthenticatedError, Reason
from motcua.errors import FilingClosed, FilingNotAvailable, RefusedError, Unavailable
from schemas.errors import NOT_FOUND, Problem, RefusalCode, RefusalError, problem

MEDIA_TYPE: Final = "application/problem+json"
AGAIN: Final = 5
"""The seconds after which a request may be repeated that found the platform away."""


class DoorCode(StrEnum):
    """The codes of refusals by the door itself, beside those of the platform (`RefusalCode`)."""

    NOT_AUTHENTICATED = "not_authenticated"
    MALFORMED = "malformed"
    NO_ADDRESS = "no_address"
    METHOD = "method_not_allowed"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    MEDIA_TYPE = "media_type"
    CLOSED = "filing_closed"
    UNAVAILABLE = "unavailable"


STATUS: Final[Mapping[str, int]] = {
    RefusalCode.BAD_START: 422,
    RefusalCode.BAD_COMMAND: 422,
    RefusalCode.BAD_SUBMISSION: 422,
    RefusalCode.SAME_ID_OTHER_CONTENT: 422,
    RefusalCode.NOT_ALLOWED: 409,
    RefusalCode.NOT_AUTHORISED: 403,
    RefusalCode.NOT_READY: 409,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.LEDGER_CONFLICT: 409,
    RefusalCode.TOO_MANY: 429,
    RefusalCode.INTERNAL: 500,
    DoorCode.NOT_AUTHENTICATED: 401,
    DoorCode.MALFORMED: 400,
    DoorCode.NO_ADDRESS: 404,
    DoorCode.METHOD: 405,
    DoorCode.TIMEOUT: 408,
    DoorCode.TOO_LARGE: 413,
    DoorCode.MEDIA_TYPE: 415,
    DoorCode.CLOSED: 409,
    DoorCode.UNAVAILABLE: 503,
}
"""The HTTP status of each code."""


class DoorError(Exception):
    """A refusal by the door itself. `why`: the problem, whose rule is the code unless it says more."""

    def __init__(self, code: DoorCode, why: Problem | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.why = why or problem("", code, says=f"door.{code}")


def answer_to(error: Exception, language: str, request_id: str) -> Response:
    """Returns the answer to a request that ended with this error.

    `language`: `vi` or `en`, for `detail`. An error that is not among the known ones is the platform's own fault.
    """
    found = _refusal_by_the_door(error)
    if found is not None:
        return _document(found.code, (found.why,), {}, language, request_id)
    if isinstance(error, FilingNotAvailable):
        error = RefusalError(NOT_FOUND)
    if isinstance(error, RefusalError | RefusedError):
        refusal = error.refusal
        more = refusal.model_dump(mode="json", include={"allowed", "offer", "again_in"}, exclude_none=True)
        return _document(refusal.code, refusal.problems, more, language, request_id)
    why = problem("", RefusalCode.INTERNAL, says="door.internal_error")
    return _document(RefusalCode.INTERNAL, (why,), {}, language, request_id)


def _refusal_by_the_door(error: Exception) -> DoorError | None:
    """Returns the refusal that an error stands for; None if it is no refusal by the door."""
    match error:
        case DoorError():
            return error
        case NotAuthenticatedError(reason=reason):
            code = DoorCode.UNAVAILABLE if reason is Reason.ISSUER_AWAY else DoorCode.NOT_AUTHENTICATED
            return DoorError(code, problem("authorization", reason, says=f"door.{reason}"))
        case FilingClosed():
            return DoorError(DoorCode.CLOSED)
        case Unavailable():
            return DoorError(DoorCode.UNAVAILABLE)
        case _:
            return None


def is_expected(error: Exception) -> bool:
    """Whether an error is the caller's, or a known state of the platform; if not, it is logged as a fault of ours."""
    refusals = RefusalError | RefusedError | FilingNotAvailable
    return isinstance(error, refusals) or _refusal_by_the_door(error) is not None


def _document(
    code: str, problems: tuple[Problem, ...], more: Mapping[str, Any], language: str, request_id: str
) -> Response:
    texts = [one.message.en if language == "en" else one.message.vi for one in problems]
    body = {
        "type": "about:blank",
        "status": STATUS[code],
        "code": code,
        "detail": "; ".join(texts),
        "problems": [one.model_dump(mode="json") for one in problems],
        "request_id": request_id,
        **more,
    }
    return Response(to_json(body), STATUS[code], _headers(code, more, language), media_type=MEDIA_TYPE)


def _headers(code: str, more: Mapping[str, Any], language: str) -> dict[str, str]:
    headers = {"Content-Language": language}
    if code == DoorCode.NOT_AUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if code == DoorCode.UNAVAILABLE:
        headers["Retry-After"] = str(AGAIN)
    if (again := more.get("again_in")) is not None:
        headers["Retry-After"] = str(math.ceil(again))
    return headers
