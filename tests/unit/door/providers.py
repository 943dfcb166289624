"""Identity providers in memory: their keys, their tokens, and an HTTP client that reaches their keys."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, cast

import httpx
from hypothesis import strategies as st
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from pydantic import TypeAdapter
from starlette.types import Receive, Scope, Send

from gateway.door.app import Door
from gateway.door.drafts.routes import Drafts
from gateway.door.identity.issuers import ConfiguredIssuers
from gateway.door.identity.tokens import Issuers, SignedOut
from gateway.door.public.by_hand import Public

NOW: Final = 1_790_000_000
NEW_KEYS: Final[Mapping[str, Callable[[], ECKey | OKPKey | RSAKey]]] = {
    "ES256": lambda: ECKey.generate_key("P-256"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
    "RS256": lambda: RSAKey.generate_key(2048),
    "PS256": lambda: RSAKey.generate_key(2048),
}

JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
"""A strategy for small JSON values of every kind."""


def part(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def signed(header: bytes, payload: bytes, alg: str, key: Key) -> str:
    """Returns a compact JWS with exactly these bytes as header and payload."""
    text = part(header) + b"." + part(payload)
    return (text + b"." + part(JWSRegistry.algorithms[alg].sign(text, key))).decode()


@dataclass
class Provider:
    """An identity provider with one key; `claims` are the claims of a valid token."""

    url: str
    alg: str
    claims: dict[str, Any]
    key: ECKey | OKPKey | RSAKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = NEW_KEYS[self.alg]()
        self.claims = {
            "iss": self.url,
            "aud": "motcua",
            "iat": NOW,
            "exp": NOW + 600,
            "client_id": "portal",
        } | self.claims

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.key.thumbprint()}]}

    def header(self, **changed: Any) -> dict[str, Any]:
        return {"alg": self.alg, "typ": "at+jwt", "kid": self.key.thumbprint()} | changed

    def token(self, header: Mapping[str, Any] | None = None, without: str = "", **changed: Any) -> str:
        """Returns a valid token with these header members and these changed claims, but without the claim `without`."""
        claims = {name: value for name, value in (self.claims | changed).items() if name != without}
        said = json.dumps(self.header(**(header or {}))).encode()
        return signed(said, json.dumps(claims).encode(), self.alg, self.key)


@dataclass
class Web:
    """An ASGI application: serves `bodies` by address, adds requested addresses to `fetched`; `silent` ones hang."""

    bodies: dict[str, Any] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        host = dict(scope["headers"])[b"host"].decode()
        address = f"{scope['scheme']}://{host}{scope['path']}"
        self.fetched.append(address)
        if address in self.silent:
            await asyncio.Event().wait()
        said = self.bodies.get(address)
        status = 404 if said is None else 200
        headers: list[tuple[bytes, bytes]] = []
        if isinstance(said, str):  # the address to which it redirects
            status, headers, said = 302, [(b"location", said.encode())], b""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self))


def persons(sub: str = "an") -> dict[str, Any]:
    return {"sub": sub, "amr": ["pwd", "otp"], "auth_time": NOW - 60}


class Town:
    """Three reachable identity providers: one of an agency's officers, one of citizens, and one of programs."""

    def __init__(self) -> None:
        officer = persons() | {"role": "specialist", "agency": "H01.12"}
        self.agency = Provider("https://agency.example", "ES256", officer)
        self.citizens = Provider("https://citizens.example/realm", "RS256", persons() | {"acr": "urn:face"})
        self.programs = Provider("https://programs.example", "Ed25519", {"sub": "service-account-7"})
        self.all = {"agency": self.agency, "citizens": self.citizens, "programs": self.programs}
        self.web = Web({f"{one.url}/jwks": one.jwks for one in self.all.values()})
        of: dict[str, dict[str, Any]] = {
            "agency": {"officers": ["H01.12"]},
            "citizens": {"applicants": True},
            "programs": {"programs": True},
        }
        self.settings: dict[str, dict[str, Any]] = {
            name: {
                "issuer": one.url,
                "audience": "motcua",
                "algorithms": [one.alg],
                "jwks": f"{one.url}/jwks",
                "clients": {"portal": f"portal-of-{name}"},
                "acr": {"urn:face": "3"},
                **of[name],
            }
            for name, one in self.all.items()
        }
        self.now = float(NOW)
        self.elapsed = 0.0

    def issuers(self, signed_out: SignedOut | None = None) -> Issuers:
        configured = TypeAdapter(ConfiguredIssuers).validate_json(json.dumps(self.settings))
        return Issuers(configured, self.web.client(), signed_out, lambda: self.now, lambda: self.elapsed)

    def door(self) -> Door:
        """Returns a door that has only these issuers: a request that needs more than its token fails.

        It has connections that can do nothing, since a question takes one before its parts are read.
        """
        nothing = cast("Any", None)
        reads = cast("Any", SimpleNamespace(pool=SimpleNamespace(acquire=lambda **_: nullcontext())))
        public, drafts = Public.over(nothing, self.issuers(), nothing), Drafts(self.issuers(), nothing, nothing)
        return Door(self.issuers(), reads, nothing, nothing, public, drafts)
