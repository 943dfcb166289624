"""Access tokens (RFC 9068): the caller that a token proves, and logout tokens (OpenID Connect Back-Channel Logout)."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Final, Protocol, TypeVar

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from activities.ledger.database import Connection
from gateway.door.identity.issuers import ConfiguredIssuers, Issuer
from gateway.door.identity.jwks import IssuerAwayError, Keys, NoSuchKeyError
from gateway.door.strict_json import object_in
from schemas.base import Subject, UnfitError
from schemas.identity.statement import Acr, Method, Seconds
from schemas.people import OFFICERS, Actor, Role
from schemas.text import AT_THE_EDGE

LEEWAY: Final = 30
"""The allowed difference between the clocks of issuer and door, in seconds."""
LONGEST: Final = 8192
"""The maximum length of a token, in characters."""
ACCESS: Final = frozenset({"at+jwt", "application/at+jwt"})
LOGOUT: Final = frozenset({"logout+jwt", "application/logout+jwt"})
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
BY_A_KEY: Final = ("swk",)
"""The method of authentication of a program, unless its token names others (RFC 8176)."""
_PARTS: Final = 3
_SUBJECT: Final = TypeAdapter[str](Subject)


class Reason(StrEnum):
    """The rule that a token breaks."""

    MISSING = "token_missing"
    TOO_LONG = "token_too_long"
    MALFORMED = "token_malformed"
    TYPE = "token_type"
    ISSUER = "token_issuer"
    ALGORITHM = "token_algorithm"
    KEY = "token_key"
    SIGNATURE = "token_signature"
    CLAIM = "token_claim"
    AUDIENCE = "token_audience"
    EXPIRED = "token_expired"
    NOT_YET_VALID = "token_not_yet_valid"
    CLIENT = "token_client"
    SUBJECT = "token_subject"
    ROLE = "token_role"
    AGENCY = "token_agency"
    SIGNED_OUT = "token_signed_out"
    ISSUER_AWAY = "issuer_away"
    """the only reason that is not the token's fault: the issuer's keys can't be fetched"""


class NotAuthenticatedError(Exception):
    """The request has no valid access token. `claim`: the claim's name if the reason is `CLAIM`."""

    def __init__(self, reason: Reason, claim: str | None = None) -> None:
        super().__init__(reason if claim is None else f"{reason}: {claim}")
        self.reason = reason
        self.claim = claim


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller that a token proves.

    Attributes:
        issuer: The issuer's short name.
        client: The id of the registered principal whose program has the token.
        actor: The person; None for a program that acts for no person.
        acr: How reliably the person or the program was authenticated, "1" to "4".
        amr: The methods of authentication.
        auth_time: The time of the authentication.
        token: The token's SHA-256, in hexadecimal digits.
    """

    issuer: str
    client: str
    actor: Actor | None
    acr: Acr
    amr: tuple[str, ...]
    auth_time: int
    token: str

    def as_representative(self) -> "Caller":
        """Returns the same applicant in the role of a representative. Raises `ValueError` for any other caller."""
        if self.actor is None or self.actor.role is not Role.APPLICANT:
            raise ValueError("only an applicant may act as a representative")
        return replace(self, actor=self.actor.model_copy(update={"role": Role.REPRESENTATIVE}))


@dataclass(frozen=True, slots=True)
class Verified:
    """The claims of a valid token, whose person may have signed out since. `sub`: the subject at the issuer."""

    caller: Caller
    sub: str


class SignedOut(Protocol):
    """The persons who have signed out everywhere."""

    async def since(self, issuer: str, sub: str, by: "Connection | None" = None, /) -> int | None:
        """Returns the time of a person's last logout by the issuer's clock, in seconds since 1970; None without one.

        `issuer`: the issuer's short name; `sub`: the person's subject there; `by`: the connection to read by, if any.
        """


@dataclass(frozen=True, slots=True)
class Logout:
    """A person's logout from all sessions: the issuer's short name, the subject there, and the time."""

    issuer: str
    sub: str
    at: int


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True)

    aud: str | list[str]
    iat: Seconds
    exp: Seconds
    nbf: Seconds | None = None
    sub: str


class _AccessClaims(_Claims):
    client_id: str
    acr: str | None = None
    amr: Annotated[list[Method], Field(min_length=1, max_length=8)] | None = None
    auth_time: Seconds | None = None


class _LogoutClaims(_Claims):
    jti: str
    events: dict[str, dict[str, Any]]


C = TypeVar("C", bound=_Claims)


class Issuers:
    """Verifies tokens of all configured issuers. `client` fetches the issuers' keys; `clock` returns the time.

    Without `signed_out`, a token is valid until it expires, even after a logout.
    """

    def __init__(
        self,
        configured: ConfiguredIssuers,
        client: httpx.AsyncClient,
        signed_out: SignedOut | None = None,
        clock: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known = {
            one.issuer: _Known(name, one, Keys(name, one, client, elapsed)) for name, one in configured.items()
        }
        self._signed_out = signed_out
        self._clock = clock

    async def caller(self, authorization: str | None) -> Caller:
        """Returns the caller of a request with this `Authorization` header. Raises `NotAuthenticatedError`."""
        return await self.signed_in(await self.verified(authorization))

    async def verified(self, authorization: str | None) -> Verified:
        """Returns the token in this `Authorization` header, without a look at the record.

        Raises `NotAuthenticatedError`.
        """
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise NotAuthenticatedError(Reason.MISSING)
        known, claims = await self._verified(text, ACCESS, _AccessClaims)
        _expect_for(claims, {known.issuer.audience})
        return Verified(known.caller(claims, hashlib.sha256(text.encode()).hexdigest()), claims.sub)

    async def signed_in(self, token: Verified, by: "Connection | None" = None) -> Caller:
        """Returns the token's caller. Raises `NotAuthenticatedError` if the person has signed out since the token.

        `by`: the connection to read by; if None, one is taken from the pool.
        """
        caller = token.caller
        if caller.actor is not None and self._signed_out is not None:
            since = await self._signed_out.since(caller.issuer, token.sub, by)
            if since is not None and caller.auth_time <= since:
                raise NotAuthenticatedError(Reason.SIGNED_OUT)
        return caller

    async def logout(self, token: str) -> Logout:
        """Returns the logout that a logout token orders. Raises `NotAuthenticatedError`.

        Raises that error also for a token that names no person: the logout of a single session is not supported.
        """
        known, claims = await self._verified(token, LOGOUT, _LogoutClaims)
        _expect_for(claims, {known.issuer.audience, *known.issuer.clients})
        if LOGOUT_EVENT not in claims.events:
            raise NotAuthenticatedError(Reason.CLAIM, "events")
        if "nonce" in (claims.model_extra or {}):
            raise NotAuthenticatedError(Reason.CLAIM, "nonce")
        return Logout(known.name, claims.sub, claims.iat)

    async def _verified(self, text: str, types: frozenset[str], model: type[C]) -> tuple["_Known", C]:
        """Returns the issuer of a token, and its claims once signature and times are verified."""
        header, payload = _parsed(text)
        if str(header.get("typ")).lower() not in types:
            raise NotAuthenticatedError(Reason.TYPE)
        named = payload.get("iss")
        known = self._known.get(named) if isinstance(named, str) else None
        if known is None:
            raise NotAuthenticatedError(Reason.ISSUER)
        await known.verify(text, header)
        try:
            claims = model.model_validate(payload)
        except ValidationError as error:
            raise NotAuthenticatedError(Reason.CLAIM, str(error.errors()[0]["loc"][0])) from None
        now = self._clock()
        if claims.exp <= now - LEEWAY:
            raise NotAuthenticatedError(Reason.EXPIRED)
        if max(claims.iat, claims.nbf or 0) > now + LEEWAY:
            raise NotAuthenticatedError(Reason.NOT_YET_VALID)
        return known, claims


def _parsed(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the header and the payload of a compact JWS, not verified yet."""
    if len(text) > LONGEST:
        raise NotAuthenticatedError(Reason.TOO_LONG)
    try:
        parts = text.encode("ascii").split(b".")
        header, payload = (object_in(urlsafe_b64decode(part)) for part in parts[:2])
    except ValueError:
        raise NotAuthenticatedError(Reason.MALFORMED) from None
    # No extension is understood here (RFC 7515, 4.1.11).
    if len(parts) != _PARTS or "crit" in header:
        raise NotAuthenticatedError(Reason.MALFORMED)
    return header, payload


def _expect_for(claims: _Claims, audiences: set[str]) -> None:
    named = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
    if not named & audiences:
        raise NotAuthenticatedError(Reason.AUDIENCE)


class _Known:
    """One issuer with its keys."""

    def __init__(self, name: str, issuer: Issuer, keys: Keys) -> None:
        self.name = name
        self.issuer = issuer
        self._keys = keys
        self._registry = jws.JWSRegistry(algorithms=issuer.algorithms, strict_check_header=False)

    async def verify(self, text: str, header: Mapping[str, Any]) -> None:
        """Checks algorithm, key and signature of a token."""
        if header.get("alg") not in self.issuer.algorithms:
            raise NotAuthenticatedError(Reason.ALGORITHM)
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise NotAuthenticatedError(Reason.KEY)
        try:
            key = await self._keys.key(kid)
        except NoSuchKeyError:
            raise NotAuthenticatedError(Reason.KEY) from None
        except IssuerAwayError:
            raise NotAuthenticatedError(Reason.ISSUER_AWAY) from None
        try:
            jws.deserialize_compact(text, key, registry=self._registry)
        except (JoseError, ValueError):
            raise NotAuthenticatedError(Reason.SIGNATURE) from None

    def caller(self, claims: _AccessClaims, token: str) -> Caller:
        """Returns the caller of a verified token."""
        client = self.issuer.clients.get(claims.client_id)
        if client is None:
            raise NotAuthenticatedError(Reason.CLIENT)
        acr = self.issuer.acr.get(claims.acr or "", "1")
        if self._is_of_a_program(claims):
            return Caller(self.name, client, None, acr, tuple(claims.amr or BY_A_KEY), claims.iat, token)
        # Else it would not be known when, or how, the person was authenticated: `iat` is that of a renewed token, too.
        if claims.auth_time is None or claims.auth_time > claims.iat + LEEWAY:
            raise NotAuthenticatedError(Reason.CLAIM, "auth_time")
        if claims.amr is None:
            raise NotAuthenticatedError(Reason.CLAIM, "amr")
        return Caller(self.name, client, self._actor(claims), acr, tuple(claims.amr), claims.auth_time, token)

    def _is_of_a_program(self, claims: _AccessClaims) -> bool:
        if claims.sub != claims.client_id and self.issuer.has_persons:
            return False
        # A person could have chosen the name of a program, but only a person signs in (RFC 9068, 5).
        if (self.issuer.has_persons and claims.auth_time is not None) or not self.issuer.programs:
            raise NotAuthenticatedError(Reason.SUBJECT)
        return True

    def _actor(self, claims: _AccessClaims) -> Actor:
        more = claims.model_extra or {}
        role, agency = more.get(self.issuer.role_claim, Role.APPLICANT), more.get(self.issuer.agency_claim)
        subject = self._subject(claims.sub)
        if role != Role.APPLICANT:
            return self._officer(subject, role, agency)
        if not self.issuer.applicants:
            raise NotAuthenticatedError(Reason.ROLE)
        if agency is not None:
            raise NotAuthenticatedError(Reason.AGENCY)
        return Actor(subject=subject, role=Role.APPLICANT)

    def _officer(self, subject: str, role: Any, agency: Any) -> Actor:
        if not isinstance(role, str) or role not in OFFICERS or not self.issuer.officers:
            raise NotAuthenticatedError(Reason.ROLE)
        try:
            actor = Actor(subject=subject, role=Role(role), agency=agency)
        except UnfitError:
            raise NotAuthenticatedError(Reason.AGENCY) from None
        if actor.agency is None or not self.issuer.has_officers_of(actor.agency):
            raise NotAuthenticatedError(Reason.AGENCY)
        return actor

    def _subject(self, sub: str) -> str:
        if not sub or (not self.issuer.namespaced and "|" in sub):
            raise NotAuthenticatedError(Reason.SUBJECT)
        try:
            subject = f"{self.name}|{sub}" if self.issuer.namespaced else sub
            return _SUBJECT.validate_python(subject, context=AT_THE_EDGE)
        except ValidationError:
            raise NotAuthenticatedError(Reason.SUBJECT) from None
