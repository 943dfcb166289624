"""The HTTP answer to each error in which a request can end."""

from typing import Final

from starlette.responses import Response
from temporalio.exceptions import ApplicationError

from activities.ledger.authority.principals import PASSING
from gateway.door.body import UnreadableError
from gateway.door.identity.tokens import NotAuthenticatedError, Reason
from gateway.problems import HttpCode, Language, refusal_response
from motcua.errors import FilingClosed, FilingNotAvailable, RefusedError, Unavailable
from schemas.errors import NOT_FOUND, Problem, Refusal, RefusalCode, RefusalError, problem

AGAIN: Final = 5.0
"""Seconds after which a request that did not reach the platform may be sent again."""
_AWAY: Final = frozenset({"ledger_unavailable", "keys_unavailable"})
"""The types of an `ApplicationError` raised when the record, or the manager of its keys, can't be reached."""


class HttpError(Exception):
    """A refusal that only HTTP has, with the problems that are its reasons."""

    def __init__(self, code: HttpCode, *problems: Problem) -> None:
        super().__init__(code)
        self.code = code
        self.problems = problems


def token_problem(field: str, reason: Reason) -> Problem:
    """Returns the problem of a token in this part of a request."""
    return problem(field, reason, says=f"door.{reason}")


def answer_to(error: Exception, language: Language, request_id: str) -> Response:
    """Returns the answer to a request that ended with this error; an internal error for an unexpected one."""
    if (refusal := _refusal(error)) is not None:
        return refusal_response(refusal.code, refusal, language, request_id)
    refused = _by_http(error)
    if refused is None:
        return refusal_response(RefusalCode.INTERNAL, (), language, request_id)
    again = AGAIN if refused.code is HttpCode.UNAVAILABLE else None
    answer = refusal_response(refused.code, refused.problems, language, request_id, again)
    if refused.code is HttpCode.NOT_AUTHENTICATED:
        answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer


def is_expected(error: Exception) -> bool:
    """Whether an error is a refusal, or shows that a part of the platform is away; else the fault is ours."""
    return _refusal(error) is not None or _by_http(error) is not None


def _refusal(error: Exception) -> Refusal | None:
    """Returns the refusal in an error, `NOT_FOUND` for an unknown filing; None for any other error."""
    if isinstance(error, RefusalError | RefusedError):
        return None if _is_away(error) else error.refusal
    return NOT_FOUND if isinstance(error, FilingNotAvailable) else None


def _by_http(error: Exception) -> HttpError | None:
    match error:
        case HttpError():
            return error
        case NotAuthenticatedError(reason=reason):
            code = HttpCode.UNAVAILABLE if reason is Reason.ISSUER_AWAY else HttpCode.NOT_AUTHENTICATED
            return HttpError(code, token_problem("authorization", reason))
        case UnreadableError(problem=why):
            return HttpError(HttpCode.TOO_LARGE if why.rule == "too_large" else HttpCode.BAD_REQUEST, why)
        case FilingClosed():
            return HttpError(HttpCode.FILING_CLOSED)
        case _ if _is_away(error):
            return HttpError(HttpCode.UNAVAILABLE)
        case _:
            return None


def _is_away(error: Exception) -> bool:
    """Whether a part of the platform can't be reached, or this process can't read the registered programs now."""
    if isinstance(error, RefusalError | RefusedError):
        return any(one.rule in PASSING for one in error.refusal.problems)
    return isinstance(error, Unavailable) or (isinstance(error, ApplicationError) and error.type in _AWAY)
