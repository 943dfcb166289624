"""The HTTP interface of the sandbox issuer: discovery, keys, authorization code with PKCE, client credentials.

`POST /dev/token` gives a token at once, `POST /dev/logout-token` one that signs a person out everywhere, and
`POST /dev/rotate` changes the key. Codes are forgotten at a restart.
"""

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.issuer import AUDIENCE
from sandbox.issuer.keys import ALGORITHM, IssuerKeys, client_keys
from sandbox.issuer.people import Account, account, accounts, page
from sandbox.store import KEY

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CODE_SECONDS: Final = 60
TOKEN_SECONDS: Final = 900
LOGOUT_SECONDS: Final = 120
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_ASSERTION_SECONDS: Final = 300
_LEVELS: Final = frozenset("1234")
_USUAL_LEVEL: Final = "2"
_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class OAuthError(Exception):
    """A refusal in the form of RFC 6749, section 5.2. `error`: the error code."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


class _Assertion(BaseModel):
    model_config = ConfigDict(strict=True)

    iss: str
    sub: str
    aud: str
    exp: int
    jti: str


@dataclass(frozen=True)
class _Code:
    """A person's sign-in at a client's request, until the client redeems its code."""

    account: Account
    request: Mapping[str, str]
    at: int


class IssuerServer:
    """The handlers of one issuer at this address, with these clients."""

    def __init__(self, data: Path, url: str, clients: Iterable[str]) -> None:
        self._url = url
        self._keys = IssuerKeys(data)
        self._clients = client_keys(data, clients)
        self._codes: dict[str, _Code] = {}
        self._assertions: dict[str, int] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self.discovery, methods=["GET"]),
            Route("/jwks", self.jwks, methods=["GET"]),
            Route("/authorize", self.choose, methods=["GET"]),
            Route("/authorize", self.chosen, methods=["POST"]),
            Route("/token", self.token, methods=["POST"]),
            Route("/dev/token", self.at_once, methods=["POST"]),
            Route("/dev/logout-token", self.sign_out, methods=["POST"]),
            Route("/dev/rotate", self.rotate, methods=["POST"]),
        ]

    async def discovery(self, _request: Request) -> Response:
        document = {
            "issuer": self._url,
            "authorization_endpoint": f"{self._url}/authorize",
            "token_endpoint": f"{self._url}/token",
            "jwks_uri": f"{self._url}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "subject_types_supported": ["public"],
            "acr_values_supported": sorted(_LEVELS),
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(document)

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse(self._keys.public())

    async def choose(self, request: Request) -> Response:
        self._authorization(request)
        return HTMLResponse(page(accounts()))

    async def chosen(self, request: Request) -> Response:
        """Sends the person back to the client with a code."""
        query = self._authorization(request)
        sub, _, role = (await _form(request)).get("person", "").partition(" ")
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(_account(sub, role or None), query, int(time.time()))
        back = {"code": code, "iss": self._url} | ({"state": query["state"]} if "state" in query else {})
        joint = "&" if urlsplit(query["redirect_uri"]).query else "?"
        return RedirectResponse(f"{query['redirect_uri']}{joint}{urlencode(back)}", 303)

    def _authorization(self, request: Request) -> dict[str, str]:
        query = dict(request.query_params)
        if query.get("client_id") not in self._clients:
            raise OAuthError("invalid_client")
        if urlsplit(query.get("redirect_uri", "")).hostname not in _HERE:
            raise OAuthError("invalid_request")
        if query.get("response_type") != "code":
            raise OAuthError("unsupported_response_type")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise OAuthError("invalid_request")
        return query

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form)
            case "client_credentials":
                return self._answer(self._authenticated(form), None)
        raise OAuthError("unsupported_grant_type")

    async def at_once(self, request: Request) -> Response:
        """Answers with a token: a `person`'s, in the named role or else the first; without one, the program's."""
        form = await _form(request)
        if form.get("client") not in self._clients:
            raise OAuthError("invalid_client")
        person = _account(form["person"], form.get("role")) if form.get("person") else None
        return self._answer(form["client"], person, form)

    async def sign_out(self, request: Request) -> Response:
        """Answers with the logout token of a `person`, which the caller sends to the door (the HTTP interface)."""
        now, person = int(time.time()), _account((await _form(request)).get("person", ""))
        about = {"iss": self._url, "aud": AUDIENCE, "sub": person.sub, "iat": now, "exp": now + LOGOUT_SECONDS}
        claims = about | {"jti": secrets.token_urlsafe(12), "events": {LOGOUT_EVENT: {}}}
        return JSONResponse({"logout_token": self._keys.signed(claims, "logout+jwt")})

    async def rotate(self, _request: Request) -> Response:
        self._keys.rotate()
        return Response(status_code=204)

    def _by_code(self, form: Mapping[str, str]) -> Response:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or time.time() > code.at + CODE_SECONDS:
            raise OAuthError("invalid_grant")
        hashed = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        same = all(form.get(name) == code.request[name] for name in ("client_id", "redirect_uri"))
        if not same or not secrets.compare_digest(hashed.encode(), code.request["code_challenge"].encode()):
            raise OAuthError("invalid_grant")
        return self._answer(form["client_id"], code.account, code.request, code.at)

    def _authenticated(self, form: Mapping[str, str]) -> str:
        """Returns the client that signed the assertion (RFC 7523), which is accepted only once."""
        now = int(time.time())
        self._assertions = {one: until for one, until in self._assertions.items() if until >= now}
        try:
            assertion = _Assertion.model_validate_json(jws.extract_compact(form["client_assertion"].encode()).payload)
            jws.deserialize_compact(form["client_assertion"], self._clients[assertion.sub], algorithms=[ALGORITHM])
        except (JoseError, ValueError, KeyError):
            raise OAuthError("invalid_client", 401) from None
        once = f"{assertion.sub} {assertion.jti}"
        about = assertion.iss == assertion.sub and assertion.aud in (self._url, f"{self._url}/token")
        timely = now < assertion.exp <= now + _ASSERTION_SECONDS and once not in self._assertions
        if form.get("client_assertion_type") != ASSERTION or not (about and timely):
            raise OAuthError("invalid_client", 401)
        self._assertions[once] = assertion.exp
        return assertion.sub

    def _answer(
        self,
        client: str,
        person: Account | None,
        query: Mapping[str, str] = MappingProxyType({}),
        at: int | None = None,
    ) -> Response:
        """Answers with the tokens of a program, or of a person who signed in at the time `at`."""
        now = int(time.time())
        level = query.get("acr_values", _USUAL_LEVEL)
        if level not in _LEVELS:
            raise OAuthError("invalid_request")
        token: dict[str, Any] = {"iss": self._url, "iat": now, "exp": now + TOKEN_SECONDS, "acr": level}
        if person is None:
            token |= {"sub": client, "amr": ["swk"]}
        else:
            token |= {**person.claims, "amr": ["pwd", "otp"], "auth_time": at or now}
        access = {**token, "aud": AUDIENCE, "client_id": client, "jti": secrets.token_urlsafe(12)}
        answer = {
            "access_token": self._keys.signed(access, "at+jwt"),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
        }
        if person is not None and "openid" in query.get("scope", "").split():
            nonce = {"nonce": query["nonce"]} if "nonce" in query else {}
            identity = {**token, "aud": client, "name": person.name, **nonce}
            answer["id_token"] = self._keys.signed(identity, "JWT")
        return JSONResponse(answer, headers={"cache-control": "no-store"})


def _account(sub: str, role: str | None = None) -> Account:
    person = account(sub, role) if KEY.fullmatch(sub) else None
    if person is None:
        raise OAuthError("access_denied")
    return person


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace")))


async def _on_refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OAuthError)  # noqa: S101 -- registered for this class only; narrows the type
    return JSONResponse({"error": error.error}, error.status)


def issuer(data: Path, url: str, clients: Iterable[str]) -> Starlette:
    """Returns the sandbox issuer over the folder `data`. `url`: its address, and the `iss` of its tokens."""
    return Starlette(routes=IssuerServer(data, url, clients).routes(), exception_handlers={OAuthError: _on_refusal})
