"""The sandbox transit engine: keeps keys, and encrypts and decrypts with them, as Vault does at `/v1/transit`.

Run as `python -m sandbox.transit --port N --data DIR --token TEXT`. `POST /v1/transit/keys/NAME` makes a key, and
`…/NAME/rotate` a new version of the key. `PUT /outage` with `{"fault": "sealed"}` makes it answer 503, `"forbidden"`
403; after `"hang"` it executes requests but does not answer; `"none"` ends the outage.
"""

import asyncio
import base64
import binascii
import hmac
import json
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.store import HANDLERS, Message, arguments, parse, serve

Fault = Literal["none", "sealed", "forbidden", "hang"]
Answer = dict[str, str]

_NONCE: Final = 12
_SEALED: Final = (503, "Vault is sealed")
_FORBIDDEN: Final = (403, "permission denied")


class Outage(Message):
    """Body of `PUT /outage`: the fault that begins; `none` ends it."""

    fault: Fault


class Item(Message):
    """An item of a batch: the plaintext in base64 to encrypt, or the ciphertext to decrypt or rewrap."""

    plaintext: str | None = None
    ciphertext: str | None = None


Verb = Callable[[str, Item], Answer]


class Batch(Message):
    """Body of `POST /v1/transit/{encrypt,decrypt,rewrap}/NAME`."""

    batch_input: Annotated[tuple[Item, ...], Field(strict=False, min_length=1)]


class NotDoneError(Exception):
    """An item of a batch failed. The message is the reason."""


class Keys:
    """The keys by name, with all versions of each, stored in one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys: dict[str, list[str]] = json.loads(file.read_text()) if file.exists() else {}

    def version(self, name: str) -> int:
        """Returns the newest version of a key; 0 if there is no such key."""
        return len(self._keys.get(name, ()))

    def add(self, name: str) -> None:
        """Makes a new version of a key; the first version if the key is new."""
        self._keys.setdefault(name, []).append(base64.b64encode(secrets.token_bytes(32)).decode())
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(self._keys))
        written.replace(self._file)

    def encrypt(self, name: str, plain: bytes) -> str:
        """Returns the ciphertext of `plain`, made with the newest version of a key."""
        nonce, version = os.urandom(_NONCE), self.version(name)
        sealed = nonce + self._cipher(name, version).encrypt(nonce, plain, None)
        return f"vault:v{version}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, name: str, ciphertext: str) -> bytes:
        """Returns the plaintext of a ciphertext made with any version of a key. Raises `NotDoneError`."""
        try:
            prefix, version, data = ciphertext.split(":")
            sealed = base64.b64decode(data, validate=True)
            if (prefix, version[:1]) != ("vault", "v") or not 1 <= int(version[1:]) <= self.version(name):
                raise NotDoneError("invalid ciphertext: no such version")
            return self._cipher(name, int(version[1:])).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except (ValueError, InvalidTag):
            raise NotDoneError("invalid ciphertext: unable to decrypt") from None

    def _cipher(self, name: str, version: int) -> AESGCM:
        return AESGCM(base64.b64decode(self._keys[name][version - 1]))


class TransitEngine:
    """The HTTP interface of the transit engine."""

    def __init__(self, keys: Keys, token: str) -> None:
        self._keys = keys
        self._token = token
        self._fault: Fault = "none"
        self._over = asyncio.Event()

    def routes(self) -> list[Route]:
        root, changing = "/v1/transit", ["POST", "PUT"]
        verbs: dict[str, Verb] = {"encrypt": self._encrypt, "decrypt": self._decrypt, "rewrap": self._rewrap}
        return [
            Route("/outage", self.outage, methods=["PUT"]),
            Route(f"{root}/keys/{{name}}", self.read, methods=["GET"]),
            Route(f"{root}/keys/{{name}}", self.add, methods=changing),
            Route(f"{root}/keys/{{name}}/rotate", self.add, methods=changing),
            *(
                Route(f"{root}/{verb}/{{name}}", partial(self.many, does=does), methods=changing)
                for verb, does in verbs.items()
            ),
        ]

    async def outage(self, request: Request) -> Response:
        self._fault = (await parse(request, Outage)).fault
        self._over.set()
        self._over = asyncio.Event()
        return JSONResponse({"fault": self._fault})

    async def many(self, request: Request, does: Verb) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        name = request.path_params["name"]
        if not self._keys.version(name):
            return _error(400, "encryption key not found")
        results = [_one(does, name, item) for item in (await parse(request, Batch)).batch_input]
        # As Vault does: one failed item makes the batch a bad request, with the results of the others.
        status = 400 if any("error" in each for each in results) else 200
        return await self._respond(JSONResponse({"data": {"batch_results": results}}, status))

    async def read(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        name = request.path_params["name"]
        if not self._keys.version(name):
            return _error(404)
        data = {"name": name, "type": "aes256-gcm96", "latest_version": self._keys.version(name)}
        return await self._respond(JSONResponse({"data": data}))

    async def add(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        self._keys.add(request.path_params["name"])
        return await self._respond(Response(status_code=204))

    def _refused(self, request: Request) -> Response | None:
        if self._fault == "sealed":
            return _error(*_SEALED)
        known = hmac.compare_digest(request.headers.get("x-vault-token", ""), self._token)
        return None if known and self._fault != "forbidden" else _error(*_FORBIDDEN)

    async def _respond(self, response: Response) -> Response:
        if self._fault == "hang":
            await self._over.wait()
        return response

    def _encrypt(self, name: str, item: Item) -> Answer:
        return {"ciphertext": self._keys.encrypt(name, base64.b64decode(item.plaintext or "", validate=True))}

    def _decrypt(self, name: str, item: Item) -> Answer:
        plain = self._keys.decrypt(name, item.ciphertext or "")
        return {"plaintext": base64.b64encode(plain).decode()}

    def _rewrap(self, name: str, item: Item) -> Answer:
        return {"ciphertext": self._keys.encrypt(name, self._keys.decrypt(name, item.ciphertext or ""))}


def _one(does: Verb, name: str, item: Item) -> Answer:
    try:
        return does(name, item)
    except (NotDoneError, binascii.Error) as error:
        return {"error": str(error)}


def _error(status: int, *errors: str) -> JSONResponse:
    return JSONResponse({"errors": list(errors)}, status)


def transit(data: Path, token: str) -> Starlette:
    """Returns the engine over `data/keys.json`. `token`: the Vault token that callers must send."""
    routes = TransitEngine(Keys(data / "keys.json"), token).routes()
    return Starlette(routes=routes, exception_handlers=HANDLERS)


def main() -> None:
    parser = arguments("Sandbox transit")
    parser.add_argument("--token", required=True, help="what who asks has to send")
    options = parser.parse_args()
    serve(transit(options.data, options.token), options)


if __name__ == "__main__":
    main()
