"""The public keys of an issuer of tokens (JWKS, RFC 7517): fetched over HTTPS, kept for a while, and bounded."""

import asyncio
import time
import warnings
from collections.abc import Callable
from typing import Any, Final

import httpx
import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key
from pydantic import TypeAdapter

from gateway.door.identity.issuers import Address, Issuer
from gateway.door.strict_json import object_in

DISCOVERY: Final = "/.well-known/openid-configuration"
FRESH: Final = 300.0
"""Seconds after which keys are fetched again; a key that its issuer has withdrawn stays valid that long."""
AGAIN: Final = 5.0
"""The shortest time between two fetches, in seconds, however many unknown keys are named meanwhile."""
SECONDS: Final = 3.0
"""The longest time of a fetch, discovery included; shorter than `AGAIN`, so that only one fetch runs at a time."""
MOST_BYTES: Final = 65_536
MOST_KEYS: Final = 32
_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_ADDRESS: Final = TypeAdapter[str](Address)
_log = structlog.stdlib.get_logger("motcua.door")


class NoSuchKeyError(Exception):
    """The issuer has no such key."""


class IssuerAwayError(Exception):
    """The issuer's keys are not known, or were fetched too long ago."""


class Keys:
    """The keys of one issuer. `clock` returns seconds, and never goes back."""

    def __init__(
        self, name: str, issuer: Issuer, client: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._issuer = issuer
        self._client = client
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Key:
        """Returns the key of this id; waits for a fetch only if the key is not known.

        Raises `NoSuchKeyError`, or `IssuerAwayError` if the issuer may have such a key but does not answer.
        """
        if not self._holds(kid, FRESH):
            self._fetch_again()
        if not self._holds(kid, self._issuer.longest) and self._fetching is not None:
            await asyncio.shield(self._fetching)
        if self._age() > self._issuer.longest:
            raise IssuerAwayError
        if kid not in self._keys:
            raise NoSuchKeyError
        return self._keys[kid]

    def _holds(self, kid: str, age: float) -> bool:
        return kid in self._keys and self._age() <= age

    def _age(self) -> float:
        return self._clock() - self._fetched

    def _fetch_again(self) -> None:
        if self._clock() - self._tried >= AGAIN:
            self._tried = self._clock()
            self._fetching = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                self._keys = _usable(await self._get(self._issuer.jwks or await self._discovered()))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            _log.warning("issuer.no_keys", part=self._name, reason=type(error).__name__)
        else:
            self._fetched = self._clock()

    async def _discovered(self) -> str:
        document = await self._get(f"{self._issuer.issuer.rstrip('/')}{DISCOVERY}")
        if document.get("issuer") != self._issuer.issuer:
            raise ValueError("this is the document of another issuer")
        return _ADDRESS.validate_python(document.get("jwks_uri"))

    async def _get(self, address: str) -> dict[str, Any]:
        """Returns the JSON object at an address. Redirections are not followed; a compressed answer is not read."""
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        body = bytearray()
        async with self._client.stream("GET", address, headers=headers, follow_redirects=False) as response:
            response.raise_for_status()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise ValueError("the answer is too long")
        return object_in(bytes(body))


def _usable(jwks: dict[str, Any]) -> dict[str, Key]:
    """Returns the public keys for signatures in a JWKS, by id. Raises `ValueError` for too many keys, or none."""
    members = jwks.get("keys")
    if not isinstance(members, list) or len(members) > MOST_KEYS:
        raise ValueError("this is no set of keys")
    keys = {key.kid: key for member in members if (key := _key(member)) is not None and key.kid}
    if not keys:
        raise ValueError("no key is usable")
    return keys


def _key(member: Any) -> Key | None:
    """Returns a key for signatures; None for a secret, weak or unreadable key, or a key for another use."""
    try:
        if not isinstance(member, dict) or member.get("kty") not in _TYPES or member.get("use", "sig") != "sig":
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)
            return JWKRegistry.import_key(member)
    except (JoseError, SecurityWarning, ValueError, TypeError, KeyError):
        return None
