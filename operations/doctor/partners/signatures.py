"""The checks of the parts that verify applicants' signatures: trusted roots, time-stamps, the sandbox trust."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from cryptography import x509
from pydantic import TypeAdapter, ValidationError

from activities.partners.http import partner_client
from operations.doctor.check import SECONDS, Finding, Surroundings, fail, ok, warn

if TYPE_CHECKING:
    from activities.signature.policy import Policy

ROOTS: Final = "MOTCUA_SIGNATURE_ROOTS"
SOON: Final = timedelta(days=60)
"""A trusted root that ends within this time is reported: getting a new root takes some weeks."""


async def roots(around: Surroundings) -> list[Finding]:
    """Checks that trusted roots are set and readable, and reports when they end."""
    file = around.settings.get(ROOTS)
    if not file:
        return [warn("doctor.signature_roots.none")]
    from activities.signature.policy import key_of  # noqa: PLC0415 -- slow to load: no other check needs it
    from activities.signature.trust import roots_in  # noqa: PLC0415

    policy = _policy(around)
    try:
        found = roots_in(await asyncio.to_thread(Path(file).read_bytes))
    except (OSError, ValueError) as error:
        return [fail("doctor.signature_roots.unreadable", why=type(error).__name__)]
    return [
        _root(x509.load_der_x509_certificate(one), datetime.now(UTC), counts=policy.key_allowed(key_of(one)))
        for one in found
    ]


def _root(root: x509.Certificate, now: datetime, *, counts: bool) -> Finding:
    name, until = root.subject.rfc4514_string(), root.not_valid_after_utc
    fix = "doctor.signature_roots.replace"
    if not counts:
        return fail("doctor.signature_roots.not_counting", fix=fix, name=name)
    if until <= now:
        return fail("doctor.signature_roots.expired", fix=fix, name=name, until=until)
    if until - now < SOON:
        return warn("doctor.signature_roots.ending", fix=fix, name=name, until=until)
    return ok("doctor.signature_roots.well", name=name, until=until)


async def time_stamps(around: Surroundings) -> list[Finding]:
    """Checks that the authority issues a valid time-stamp."""
    from activities.signature.signing import HttpStamper  # noqa: PLC0415 -- slow to load: no other check needs it

    try:
        async with httpx.AsyncClient(timeout=SECONDS) as client:
            stamper = HttpStamper(client, around.settings["MOTCUA_TSA_URL"])
            token = (await stamper.async_timestamp(bytes(32), "sha256"))["content"]
        weak = _policy(around).fault(token)
    except (OSError, ValueError, TypeError, LookupError, httpx.InvalidURL) as error:
        return [warn("doctor.time_stamps.none", why=type(error).__name__)]
    if weak is not None:
        return [fail("doctor.time_stamps.weak")]
    return [ok("doctor.time_stamps.well")]


def _policy(around: Surroundings) -> Policy:
    """Returns the policy that is set. If it can't be read, returns the default: another check reports that."""
    from activities.signature.policy import POLICY, Policy  # noqa: PLC0415 -- slow to load: no other check needs it

    try:
        return TypeAdapter(Policy).validate_json(around.settings.get("MOTCUA_SIGNATURE_POLICY", "{}"))
    except ValidationError:
        return POLICY


async def sandbox(around: Surroundings) -> list[Finding]:
    """Checks that the sandbox trust answers."""
    try:
        async with partner_client(around.settings["MOTCUA_TRUST_URL"]) as client:
            (await client.get("/root.pem", timeout=SECONDS)).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [warn("doctor.trust.down", why=type(error).__name__)]
    return [ok("doctor.trust.well")]
