"""The sandbox issuer as a part of a stack, over HTTP: a person signs in on a page, and a program with its key."""

import hashlib
import secrets
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import TypeAdapter

from activities.partners.http import partner_client
from deploy.stack import Stack
from deploy.stack.keys import HERE, SECOND
from gateway.door.identity.issuers import ConfiguredIssuers
from gateway.door.identity.tokens import Issuers
from sandbox.issuer import CLIENTS
from sandbox.issuer.server import ASSERTION
from schemas.people import Actor, Role

BACK: Final = "http://127.0.0.1:9/back"


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        async with Stack(Path(folder).resolve(), parts=("issuer",)) as running:
            yield running


async def test_a_person_by_code_a_program_by_key_and_anybody_by_one_request(stack: Stack) -> None:
    url = stack.env["MOTCUA_ISSUER_URL"]
    configured = TypeAdapter(ConfiguredIssuers).validate_json(stack.env["MOTCUA_ISSUERS"])
    async with partner_client() as web, partner_client(url) as client:
        door = Issuers(configured, web)
        person = await door.caller(f"Bearer {await _by_code(client)}")
        actor = Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency="H01.12")
        assert (person.client, person.actor) == (HERE, actor)
        program = await door.caller(f"Bearer {await _by_key(client, stack.home.root / 'issuer' / CLIENTS)}")
        assert (program.client, program.actor) == (SECOND, None)
        answer = await client.post("/dev/token", data={"person": "nguyen-van-an", "client": HERE})
        token = answer.json()["access_token"]
        applicant = (await door.caller(f"Bearer {token}")).actor
        ended = await client.post("/dev/logout-token", data={"person": "nguyen-van-an"})
        logout = await door.logout(ended.json()["logout_token"])
    assert applicant == Actor(subject="nguyen-van-an", role=Role.APPLICANT)
    assert (logout.issuer, logout.sub) == ("trial", "nguyen-van-an")


async def _by_code(client: httpx.AsyncClient) -> str:
    verifier = secrets.token_urlsafe(32)
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "client_id": HERE, "redirect_uri": BACK, "state": "s"}
    asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    discovered = (await client.get("/.well-known/openid-configuration")).json()
    person = {"person": "h01.12-reception-1 reception"}
    chosen = await client.post(discovered["authorization_endpoint"], params=asked, data=person)
    [code] = parse_qs(urlsplit(chosen.headers["location"]).query)["code"]
    form = {"grant_type": "authorization_code", "code": code, "client_id": HERE, "redirect_uri": BACK}
    answer = await client.post(discovered["token_endpoint"], data=form | {"code_verifier": verifier})
    return str(answer.json()["access_token"])


async def _by_key(client: httpx.AsyncClient, keys: Path) -> str:
    key = ECKey.import_key((keys / f"{SECOND}.pem").read_bytes())
    said = {"iss": SECOND, "sub": SECOND, "aud": str(client.base_url).rstrip("/"), "jti": secrets.token_urlsafe(8)}
    assertion = jwt.encode({"alg": "ES256"}, said | {"exp": int(time.time()) + 60}, key)
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion}
    return str((await client.post("/token", data=form)).json()["access_token"])
