"""HTTP with partners: one client, and two kinds of errors. The texts of the errors never quote the request."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

TIMEOUT_S: Final = 5.0
TRANSIENT: Final = frozenset({408, 425, 429})


class PartnerResponse(BaseModel):
    """A partner's answer. Unknown fields are ignored, so a partner may add some."""

    model_config = ConfigDict(frozen=True)


A = TypeVar("A", bound=PartnerResponse)


class AnyFields(PartnerResponse):
    """A message whose field names are not declared here."""

    model_config = ConfigDict(extra="allow")


class UnreachableError(Exception):
    """No usable answer: transport failure, timeout, 5xx, 408/425/429, bad body. The request may have had its effect."""

    def __init__(self, system: str, reason: str) -> None:
        super().__init__(f"{system} gave no answer: {reason}")


class RejectedError(Exception):
    """The partner refused (4xx). `code` is the partner's stable code, or `http_<status>` if it gave none."""

    def __init__(self, system: str, status: int, code: str) -> None:
        super().__init__(f"{system} refused: {code} ({status})")
        self.status = status
        self.code = code


class Partner:
    """An external system reached over HTTP. `client` has the base URL; the code that creates it also closes it."""

    def __init__(self, system: str, client: httpx.AsyncClient) -> None:
        self._system = system
        self._client = client

    async def call(
        self,
        method: str,
        path: str,
        answer: type[A],
        body: PartnerResponse | Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        authorization: str | None = None,
    ) -> A:
        """Sends one request and returns the answer.

        Raises `RejectedError`, or `UnreachableError` if there is no usable answer within 5 s. A `body` that is a
        mapping is sent as a form, any other as JSON.
        """
        content = body.model_dump_json(by_alias=True) if isinstance(body, PartnerResponse) else None
        form = None if isinstance(body, PartnerResponse) else body
        headers = {"content-type": "application/json"} if content else {}
        headers |= {"authorization": authorization} if authorization else {}
        try:
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._client.request(
                    method, path, content=content, data=form, params=query, headers=headers
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise UnreachableError(self._system, type(error).__name__) from error
        status = response.status_code
        if response.is_client_error and status not in TRANSIENT:
            raise RejectedError(self._system, status, _code(response))
        if not response.is_success:
            raise UnreachableError(self._system, f"HTTP {status}")
        try:
            return answer.model_validate_json(response.content, strict=True)
        except ValidationError:
            # Not chained: the validation error quotes the answer.
            raise UnreachableError(self._system, "unreadable answer") from None


def partner_client(base_url: str = "") -> httpx.AsyncClient:
    """Returns a client for one partner, with the platform's timeouts. It is an async context manager."""
    # A shorter idle time than the partners' (5 s and more), so that no request uses a closing connection.
    limits = httpx.Limits(keepalive_expiry=2.0)
    return httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_S, limits=limits, verify=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    """Returns the trusted certificate authorities, cached, since loading them takes longer than most requests."""
    return httpx.create_ssl_context()


def segment(key: str) -> str:
    """Returns a business key, encoded as one segment of a URL path."""
    return quote(key, safe=":")


def _code(response: httpx.Response) -> str:
    try:
        code = response.json().get("code")
    except (ValueError, AttributeError):
        code = None
    return code if isinstance(code, str) else f"http_{response.status_code}"
