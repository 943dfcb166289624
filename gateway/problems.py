"""Answers of the gateway that refuse a request (RFC 9457)."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field
from starlette.responses import JSONResponse, Response

from schemas.base import Model, Problem, unset
from schemas.errors import Offer, Refusal, RefusalCode
from schemas.translate import said

__all__ = ["STATUS", "HttpCode", "HttpProblem", "Language", "language_of", "problem_response", "refusal_response"]

MEDIA_TYPE: Final = "application/problem+json"

Language = Literal["vi", "en"]


class HttpCode(StrEnum):
    """Stable codes of refusals that only HTTP has, beside those of `RefusalCode`."""

    BAD_REQUEST = "bad_request"
    NOT_AUTHENTICATED = "not_authenticated"
    NO_SUCH_ADDRESS = "no_such_address"
    FILING_NOT_AVAILABLE = "filing_not_available"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TIMEOUT = "timeout"
    FILING_CLOSED = "filing_closed"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNAVAILABLE = "unavailable"


Code = RefusalCode | HttpCode

STATUS: Final[Mapping[Code, int]] = {
    HttpCode.BAD_REQUEST: 400,
    HttpCode.NOT_AUTHENTICATED: 401,
    RefusalCode.NOT_AUTHORISED: 403,
    RefusalCode.NOT_FOUND: 404,
    HttpCode.NO_SUCH_ADDRESS: 404,
    HttpCode.FILING_NOT_AVAILABLE: 404,
    HttpCode.METHOD_NOT_ALLOWED: 405,
    HttpCode.TIMEOUT: 408,
    RefusalCode.NOT_ALLOWED: 409,
    RefusalCode.NOT_READY: 409,
    RefusalCode.LEDGER_CONFLICT: 409,
    HttpCode.FILING_CLOSED: 409,
    RefusalCode.CHANGED_MEANWHILE: 412,
    HttpCode.TOO_LARGE: 413,
    HttpCode.UNSUPPORTED_MEDIA_TYPE: 415,
    RefusalCode.BAD_START: 422,
    RefusalCode.BAD_COMMAND: 422,
    RefusalCode.BAD_SUBMISSION: 422,
    RefusalCode.SAME_ID_OTHER_CONTENT: 422,
    RefusalCode.TOO_MANY: 429,
    RefusalCode.INTERNAL: 500,
    HttpCode.UNAVAILABLE: 503,
}
"""The HTTP status of each code. Several codes have one status: a client tells refusals apart by their code."""


class HttpProblem(Model):
    """A refused request. `title` and `detail` are in the language of the request, `problems` in both."""

    type: str
    """URI of the kind of problem, made from its code"""
    title: str
    """the kind of problem in words"""
    status: int
    """status of the answer"""
    code: str
    """stable code of the refusal"""
    detail: str
    """each error and its remedy, in words"""
    problems: tuple[Problem, ...] = ()
    """each error, with the wrong field and the remedy"""
    allowed: tuple[str, ...] = Field(default=(), exclude_if=unset)
    """names of the commands that the actor could give now"""
    offer: Offer | None = None
    """a way to file the submission without the required signature"""
    again_in: float | None = None
    """seconds after which the request may be sent again"""
    request_id: str
    """id of the request, for questions to the operator"""


def refusal_response(
    code: Code, why: Refusal | tuple[Problem, ...], language: Language, request_id: str, again_in: float | None = None
) -> Response:
    """Returns the answer to a request that is refused with this code, for these reasons."""
    refusal, problems = (why, why.problems) if isinstance(why, Refusal) else (None, why)
    title: str = getattr(said(f"http.{code}"), language)
    again = refusal.again_in if refusal else again_in
    body = HttpProblem(
        type=f"urn:motcua:problem:{code}",
        title=title,
        status=STATUS[code],
        code=code,
        detail="; ".join(getattr(one.message, language) for one in problems) or title,
        problems=problems,
        allowed=refusal.allowed if refusal else (),
        offer=refusal.offer if refusal else None,
        again_in=again,
        request_id=request_id,
    )
    headers = {"Content-Language": language} | ({} if again is None else {"Retry-After": str(math.ceil(again))})
    written = body.model_dump_json(exclude_none=True)
    return Response(written, body.status, headers, media_type=MEDIA_TYPE)


def language_of(accepted: str | None) -> Language:
    """Returns the language that the header `Accept-Language` prefers: Vietnamese, unless English comes before it."""
    best: tuple[float, Language] = (0.0, "vi")
    for one in (accepted or "").lower()[:_LONGEST].split(","):
        tag, _, quality = (part.strip() for part in one.partition(";"))
        name = tag.split("-")[0]
        weight = _weight(quality)
        if name in {"vi", "en"} and weight > best[0]:
            best = weight, "vi" if name == "vi" else "en"
    return best[1]


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


_LONGEST: Final = 200
"""The number of characters of `Accept-Language` that are read."""


def problem_response(status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    """Returns the answer to a refused request of a program, without sentences. `code`: the reason's stable name."""
    body = {"type": "about:blank", "status": status, "code": code}
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)
