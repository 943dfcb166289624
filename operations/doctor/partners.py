"""The checks of external services: bank, post, gateway, object store, scanner, roots, time-stamps; acts in our name."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
from cryptography import x509
from pydantic import TypeAdapter, ValidationError

from activities.files.scanner import Clamd, ScannerDownError
from activities.partners.http import RejectedError, partner_client
from motcua.files.store import NoStoreError, Store, open_store
from operations import reconciling as rc
from operations.doctor.certificates import ending
from operations.doctor.check import SECONDS, Finding, Health, Surroundings, ends, fail, ok, skipped, warn
from schemas.base import Text
from schemas.stream.ledger import About
from schemas.translate import said

if TYPE_CHECKING:
    from activities.signature.policy import Policy


async def gateway(around: Surroundings) -> list[Finding]:
    """Checks that the gateway reports that it can receive callbacks."""
    try:
        async with partner_client(around.settings["MOTCUA_GATEWAY_URL"]) as client:
            answer = await client.get("/healthz", timeout=SECONDS)
        why = None if answer.is_success else str(answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = type(error).__name__
    return [ok("doctor.gateway.well") if why is None else fail("doctor.gateway.down", why=why)]


async def partner(name: str, partner: Text, around: Surroundings) -> list[Finding]:
    """Checks that the partner at the address in the setting `name` answers, with any status except a server error."""
    try:
        async with partner_client(around.settings[name]) as client:
            answer = await client.get("/", timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return [fail("doctor.partner.silent", partner=partner, why=type(error).__name__, setting=name)]
    if answer.is_server_error:
        return [warn("doctor.partner.failing", partner=partner, status=answer.status_code)]
    return [ok("doctor.partner.well", partner=partner)]


async def objects(around: Surroundings) -> list[Finding]:
    """Checks that a file can be put into the store, read back and removed."""
    url = around.settings["MOTCUA_OBJECTS"]
    folder = url2pathname(urlsplit(url).path)
    if url.startswith("file:") and not await asyncio.to_thread(os.path.isdir, folder):
        return [warn("doctor.objects.no_folder", folder=folder)]
    try:
        store = Store(open_store(url))
        same = await store.works()
        await store.expect_kept()
    except NoStoreError as error:
        return [_no_store("as_is", value=error)]
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        return [_no_store("doctor.objects.failing", why=type(error).__name__)]
    return [ok("doctor.objects.well") if same else _no_store("doctor.objects.differing")]


def _no_store(key: str, **values: object) -> Finding:
    return fail(key, fix="doctor.objects.mend", **values)


async def scanner(around: Surroundings) -> list[Finding]:
    """Checks that a virus scanner is set and answers."""
    socket = around.settings.get("MOTCUA_CLAMD")
    if not socket:
        return [warn("doctor.scanner.none")]
    try:
        await Clamd(socket, seconds=SECONDS).ping()
    except ScannerDownError as error:
        return [fail("doctor.scanner.down", why=error)]
    return [ok("doctor.scanner.well", socket=socket)]


ROOTS: Final = "MOTCUA_SIGNATURE_ROOTS"
SOON: Final = timedelta(days=60)
"""A trusted root that expires within this time is reported: getting a new root takes some weeks."""


async def roots(around: Surroundings) -> list[Finding]:
    """Checks that trusted root certificates are set and readable, and reports when they expire."""
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
        return ends("doctor.signature_roots.ending", until - now, fix=fix, name=name, until=until)
    return ok("doctor.signature_roots.well", name=name, until=until)


NEEDED_TO_SIGN: Final = ("MOTCUA_SIGNER_URL", ROOTS, "MOTCUA_TSA_URL")


async def signer(around: Surroundings) -> list[Finding]:
    """Checks that a remote signer answers, and that all other settings that signing needs are present."""
    missing = [name for name in NEEDED_TO_SIGN if not around.settings.get(name)]
    if missing:
        return [warn("doctor.signer.none", settings=", ".join(missing))]
    return await partner(NEEDED_TO_SIGN[0], said("doctor.partner.signer"), around)


async def time_stamps(around: Surroundings) -> list[Finding]:
    """Checks that the authority issues a valid time-stamp, and reports if its certificate ends soon."""
    from pyhanko.sign.general import extract_certificate_info  # noqa: PLC0415 -- slow to load: no other check needs it

    from activities.signature.signing import HttpStamper  # noqa: PLC0415 -- slow to load: no other check needs it

    try:
        async with httpx.AsyncClient(timeout=SECONDS) as client:
            stamper = HttpStamper(client, around.settings["MOTCUA_TSA_URL"])
            token = (await stamper.async_timestamp(bytes(32), "sha256"))["content"]
        weak = _policy(around).fault(token)
        end = ending("MOTCUA_TSA_URL", extract_certificate_info(token).signer_cert.not_valid_after)
    except (OSError, ValueError, TypeError, LookupError, httpx.InvalidURL) as error:
        return [warn("doctor.time_stamps.none", why=type(error).__name__)]
    well = ok("doctor.time_stamps.well") if weak is None else fail("doctor.time_stamps.weak")
    return [well] if end.health is Health.OK else [well, end]


def _policy(around: Surroundings) -> Policy:
    """Returns the configured signature policy; if it can't be read, the default: another check reports that fault."""
    from activities.signature.policy import POLICY, Policy  # noqa: PLC0415 -- slow to load: no other check needs it

    try:
        return TypeAdapter(Policy).validate_json(around.settings.get("MOTCUA_SIGNATURE_POLICY", "{}"))
    except ValidationError:
        return POLICY


async def sandbox(around: Surroundings) -> list[Finding]:
    """Checks that the sandbox's trust service answers."""
    try:
        async with partner_client(around.settings["MOTCUA_TRUST_URL"]) as client:
            (await client.get("/root.pem", timeout=SECONDS)).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [warn("doctor.trust.down", why=type(error).__name__)]
    return [ok("doctor.trust.well")]


SHOWN: Final = 5


async def acts(around: Surroundings) -> list[Finding]:
    """Reports acts of bank and post that no event requested. Acts on unknown filings may be another installation's."""
    listed: list[rc.Act] = []
    silent = 0
    for name, ask in ((rc.BANK, rc.listed_by_bank), (rc.POST, rc.listed_by_post)):
        if url := around.settings.get(name):
            try:
                theirs = await ask(url)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                theirs = None
            silent += theirs is None
            listed += theirs or ()
    if silent and not listed:
        return [skipped("doctor.acts.unlisted")]
    async with around.record() as connection:
        found = await rc.unordered(connection, listed)
    ours = [one for one in found if one.ours]
    told = _not_ordered(ours)
    if strange := len(found) - len(ours):
        told.append(warn("doctor.acts.not_known", count=strange))
    return told or [ok("doctor.acts.well", count=len(listed))]


def _not_ordered(found: Sequence[rc.Unordered]) -> list[Finding]:
    if not found:
        return []
    keys = ", ".join(f"{one.act.deed} {one.act.key}" for one in found[:SHOWN])
    more = f" (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
    return [fail("doctor.acts.not_ordered", keys=keys, more=more)]


async def signatures(around: Surroundings) -> list[Finding]:
    """Checks the newest signatures against the record, if the signing service lists them."""
    found: list[rc.UnorderedSignature] = []
    try:
        async with around.record() as connection:
            async for page in rc.listed_by_signer(around.settings["MOTCUA_SIGNER_URL"]):
                found += await rc.unordered_signatures(connection, page)
    except RejectedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return [skipped("doctor.unordered_signatures.unlisted")]
    return findings(found)


def findings(found: Sequence[rc.UnorderedSignature]) -> list[Finding]:
    """Returns the findings for signatures that the log does not confirm."""
    by_wrong = {wrong: [one.order for one in found if one.wrong is wrong] for wrong in rc.Wrong}
    wrongs = [_finding(wrong, orders) for wrong, orders in by_wrong.items() if orders]
    return wrongs or [ok("doctor.unordered_signatures.well")]


def _finding(wrong: rc.Wrong, orders: list[About]) -> Finding:
    named = ", ".join(f"{one.stream} {one.seq}" for one in orders[:SHOWN])
    more = " …" if len(orders) > SHOWN else ""
    report = fail if wrong is rc.Wrong.NOT_ORDERED else warn
    what = said(f"doctor.signature.{wrong.name.lower()}")
    return report("doctor.unordered_signatures.some", count=len(orders), what=what, named=named, more=more)
