"""The checks of services outside the database and the engine: bank, post, gateway, files, virus scanner."""

import asyncio
import os
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx

from activities.files.scanner import Clamd, ScannerDownError
from activities.partners.http import partner_client
from motcua.files.store import NoStoreError, Store, open_store
from operations.doctor.check import SECONDS, Finding, Surroundings, fail, ok, warn
from schemas.base import Text
from schemas.translate import said


async def bank(around: Surroundings) -> list[Finding]:
    """Checks that the bank answers."""
    return [await _partner(around, "MOTCUA_BANK_URL", said("doctor.partner.bank"))]


async def post(around: Surroundings) -> list[Finding]:
    """Checks that the post answers."""
    return [await _partner(around, "MOTCUA_POST_URL", said("doctor.partner.post"))]


async def gateway(around: Surroundings) -> list[Finding]:
    """Checks that the gateway reports that it can receive callbacks."""
    try:
        async with partner_client(around.settings["MOTCUA_GATEWAY_URL"]) as client:
            answer = await client.get("/healthz", timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = type(error).__name__
    else:
        if answer.is_success:
            return [ok("doctor.gateway.well")]
        why = str(answer.status_code)
    return [fail("doctor.gateway.down", why=why)]


async def _partner(around: Surroundings, name: str, partner: Text) -> Finding:
    """Checks that a partner answers its root page, with any status except a server error."""
    try:
        async with partner_client(around.settings[name]) as client:
            answer = await client.get("/", timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = type(error).__name__
        return fail("doctor.partner.silent", partner=partner, why=why, setting=name)
    if answer.is_server_error:
        return warn("doctor.partner.failing", partner=partner, status=answer.status_code)
    return ok("doctor.partner.well", partner=partner)


async def objects(around: Surroundings) -> list[Finding]:
    """Checks that a file can be put into the store, read back and removed."""
    url = around.settings["MOTCUA_OBJECTS"]
    folder = url2pathname(urlsplit(url).path)
    if url.startswith("file:") and not await asyncio.to_thread(os.path.isdir, folder):
        return [warn("doctor.objects.no_folder", folder=folder)]
    try:
        same = await Store(open_store(url)).works()
    except NoStoreError as error:
        return [_no_store("as_is", value=error)]
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        return [_no_store("doctor.objects.failing", why=type(error).__name__)]
    if not same:
        return [_no_store("doctor.objects.differing")]
    return [ok("doctor.objects.well")]


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
