"""Answers of the gateway that refuse a request (RFC 9457)."""

from collections.abc import Mapping

from fastapi.responses import JSONResponse, Response


def problem_response(status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    """Returns the answer to a refused request. `code`: the stable name of the reason."""
    body = {"type": "about:blank", "status": status, "code": code}
    return JSONResponse(body, status, headers, media_type="application/problem+json")
