"""Verifies the tokens of a certified OpenID provider, npm's `oidc-provider`: `python -m tests.openid NODE_MODULES`.

Not part of the suite: it needs Node.js, and a folder in which `npm install oidc-provider` was done. The exit code is 0
if the door recognises a person (by code with PKCE) and a program (by `private_key_jwt`) from tokens of each algorithm,
and again after the provider has changed its keys.
"""

import argparse
import asyncio
import hashlib
import json
import secrets
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from pydantic import TypeAdapter

from activities.partners.http import partner_client
from gateway.door.identity.issuers import Algorithm, ConfiguredIssuers
from gateway.door.identity.jwks import AGAIN
from gateway.door.identity.tokens import Issuers
from schemas.people import Actor, Role
from tests.conftest import ROOT
from tests.sandboxes import free_port

ALGORITHMS: Final = get_args(Algorithm)
BACK: Final = "http://127.0.0.1:9/back"
ACTOR: Final = Actor(subject="npm|an", role=Role.SPECIALIST, agency="H01.12")
MACHINE: Final = ECKey.generate_key("P-256")


def jwks() -> dict[str, Any]:
    """Returns new private keys of all kinds."""
    keys = (RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519"))
    return {"keys": [key.as_dict(private=True) | {"kid": secrets.token_hex(4), "use": "sig"} for key in keys]}


@asynccontextmanager
async def provider(modules: Path, folder: Path, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Runs the provider with new keys; yields a client of it."""
    (folder / "keys.json").write_text(json.dumps(jwks()), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    settings = {"url": url, "back": BACK, "machine": MACHINE.as_dict(private=False)}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    program = ROOT / "tests" / "openid.mjs"
    (folder / program.name).write_bytes(program.read_bytes())  # modules are looked for beside the program
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(modules.resolve())
    process = await asyncio.create_subprocess_exec("node", program.name, cwd=folder, stdout=DEVNULL)
    try:
        async with partner_client(url) as client, asyncio.timeout(20):
            while process.returncode is None:
                try:
                    await client.get("/jwks")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    break
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def by_code(client: httpx.AsyncClient, resource: str) -> str:
    """Returns the token of a person who signs in at the provider's pages."""
    verifier = secrets.token_urlsafe(32)
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "client_id": "portal", "redirect_uri": BACK, "scope": "openid"}
    asked |= {"code_challenge": challenge, "code_challenge_method": "S256", "resource": resource}
    client.cookies.clear()
    answer = await client.get("/auth", params=asked)
    for _ in range(20):
        if answer.status_code == httpx.codes.OK:  # a page: the log-in, or the consent
            prompt = "login" if 'value="login"' in answer.text else "consent"
            answer = await client.post(answer.url, data={"prompt": prompt, "login": "an", "password": "x"})
        elif (place := urljoin(str(answer.url), answer.headers["location"])).startswith(BACK):
            [code] = parse_qs(urlsplit(place).query)["code"]
            form = {"grant_type": "authorization_code", "code": code, "client_id": "portal", "redirect_uri": BACK}
            return await _token(client, form | {"code_verifier": verifier, "resource": resource})
        else:
            answer = await client.get(place)
    raise RuntimeError("it never came back")


async def by_key(client: httpx.AsyncClient, resource: str) -> str:
    """Returns the token of a program that authenticates itself by its key."""
    said = {"iss": "machine", "sub": "machine", "aud": str(client.base_url).rstrip("/"), "jti": secrets.token_hex(8)}
    now = int(time.time())
    assertion = jwt.encode({"alg": "ES256"}, said | {"iat": now, "exp": now + 60}, MACHINE)
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"grant_type": "client_credentials", "client_assertion_type": kind, "client_assertion": assertion}
    return await _token(client, form | {"resource": resource})


async def _token(client: httpx.AsyncClient, form: Mapping[str, str]) -> str:
    answer = await client.post("/token", data=form)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


async def tried(client: httpx.AsyncClient, door: Issuers) -> bool:
    """Returns True if the door recognises the person and the program by tokens of each algorithm."""
    good = True
    for alg in ALGORITHMS:
        person = await door.caller(f"Bearer {await by_code(client, f'urn:motcua:{alg}')}")
        program = await door.caller(f"Bearer {await by_key(client, f'urn:motcua:{alg}')}")
        print(alg, person, program, sep="\n  ")  # noqa: T201 -- its result
        good = good and (person.actor, person.client, program.actor) == (ACTOR, "portal-1", None)
        good = good and program.client == "machine-1" and person.amr == ("pwd",)
    return good


async def main(modules: Path) -> bool:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    clients = {"portal": "portal-1", "machine": "machine-1"}
    npm = {"issuer": url, "audience": "motcua", "algorithms": ALGORITHMS, "officers": ["*"], "programs": True}
    configured = TypeAdapter(ConfiguredIssuers).validate_json(json.dumps({"npm": npm | {"clients": clients}}))
    elapsed = 0.0
    with tempfile.TemporaryDirectory(prefix="motcua-") as folder:
        async with partner_client() as web:
            door = Issuers(configured, web, elapsed=lambda: elapsed)
            outcomes = []
            for _ in range(2):
                elapsed += AGAIN
                async with provider(modules, Path(folder), port) as client:
                    outcomes.append(await tried(client, door))
    return all(outcomes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", type=Path, help="the folder node_modules")
    sys.exit(0 if asyncio.run(main(parser.parse_args().modules)) else 1)
