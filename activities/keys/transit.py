"""A master key in the transit engine of Vault, or of OpenBao with the same API. The key never leaves the engine.

The wrapped text contains the key followed by the key's id, because the engine binds no id to the keys that it rewraps.
"""

import asyncio
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from activities.keys.master_key import KEY_BYTES, KeysUnavailableError, Wrapped
from schemas.base import Model

SECONDS: Final = 2.0
"""Timeout of one request in seconds. It is short: an attempt to append has 5 s in all."""
AT_ONCE: Final = 250
"""Maximum number of keys in one request."""
_KEPT: Final = httpx.Limits(keepalive_expiry=60.0)
"""The seconds after which an idle connection is closed."""


class _Result(Model):
    """The result for one key of a batch. If both fields are None, the key could not be handled."""

    ciphertext: str | None = None
    plaintext: str | None = None


class _Data(Model):
    batch_results: tuple[_Result, ...] = ()
    latest_version: int = 0


class _Answer(Model):
    data: _Data | None = None


class Transit:
    """The master key at `<scheme>://<host>/<mount>/<key>`; the token is read from its file for each request."""

    def __init__(self, address: str, token_file: Path) -> None:
        """Raises `ValueError` unless the address is `<scheme>://<host>/<mount>/<key>`."""
        parts = urlsplit(address)
        mount, _, key = parts.path.strip("/").rpartition("/")
        if parts.scheme not in {"http", "https"} or not parts.hostname or not (mount and key):
            raise ValueError("a key in Vault is at vault:https://<host>/<mount>/<key>")
        self.name = f"{mount}/{key}"
        self._root = f"{parts.scheme}://{parts.netloc}/v1/{mount}"
        self._key = key
        self._token_file = token_file
        self._kept: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keeps connections open during the block; outside the block each request has a connection of its own."""
        async with self._client() as client:
            self._kept = client
            try:
                yield
            finally:
                self._kept = None

    def has_wrapped(self, by: str) -> bool:
        return by.rpartition("@")[0] == self.name

    async def version(self) -> str:
        found = await self._ask("GET", f"keys/{self._key}")
        return f"{self.name}@{found.latest_version}"

    async def wrap(self, secrets: Mapping[str, bytes]) -> list[Wrapped]:
        plain = [{"plaintext": b64encode(secret + key_id.encode()).decode()} for key_id, secret in secrets.items()]
        results = await self._of_many("encrypt", plain)
        wrapped = [self._wrapped(key_id, one) for key_id, one in zip(secrets, results, strict=True)]
        if None in wrapped:
            raise KeysUnavailableError("the key manager did not wrap a key")
        return [one for one in wrapped if one is not None]

    async def unwrap(self, wrapped: Sequence[Wrapped]) -> list[bytes | None]:
        results = await self._of_many("decrypt", [{"ciphertext": _ciphertext(one)} for one in wrapped])
        return [_opened(one, found.plaintext) for one, found in zip(wrapped, results, strict=True)]

    async def rewrap(self, wrapped: Sequence[Wrapped]) -> list[Wrapped | None]:
        """Returns the keys, wrapped with the master key's newest version, without revealing them to this process."""
        results = await self._of_many("rewrap", [{"ciphertext": _ciphertext(one)} for one in wrapped])
        return [self._wrapped(one.key_id, found) for one, found in zip(wrapped, results, strict=True)]

    def _wrapped(self, key_id: str, found: _Result) -> Wrapped | None:
        """Returns the wrapped key in a ciphertext `vault:v<version>:<base64>`; None for a failed result."""
        if found.ciphertext is None:
            return None
        version = found.ciphertext.split(":")[1].removeprefix("v")
        return Wrapped(key_id, found.ciphertext.encode(), f"{self.name}@{version}")

    async def _of_many(self, verb: str, items: Sequence[Mapping[str, str]]) -> list[_Result]:
        results: list[_Result] = []
        for start in range(0, len(items), AT_ONCE):
            page = items[start : start + AT_ONCE]
            found = await self._ask("POST", f"{verb}/{self._key}", {"batch_input": page})
            if len(found.batch_results) != len(page):
                raise KeysUnavailableError("the key manager gave an unreadable answer")
            results.extend(found.batch_results)
        return results

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> _Data:
        """Returns Vault's answer. An answer with an HTTP error counts only if it lists the results of a batch."""
        try:
            token = self._token_file.read_text(encoding="utf-8").strip()
            async with asyncio.timeout(SECONDS), nullcontext(self._kept) if self._kept else self._client() as client:
                headers = {"x-vault-token": token}
                request = client.build_request(method, f"{self._root}/{path}", json=body, headers=headers)
                try:
                    response = await client.send(request)
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                    # The server was just closing the connection. All requests are idempotent.
                    response = await client.send(request)
        except (OSError, httpx.HTTPError, TimeoutError) as error:
            raise KeysUnavailableError(f"the key manager can't be asked: {type(error).__name__}") from None
        try:
            data = _Answer.model_validate_json(response.content).data
        except ValidationError:
            data = None
        if data is None or not (response.is_success or data.batch_results):
            raise KeysUnavailableError(f"the key manager refused: HTTP {response.status_code}")
        return data

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._tls, timeout=SECONDS, limits=_KEPT)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()


def _ciphertext(one: Wrapped) -> str:
    return one.data.decode("ascii", errors="replace")


def _opened(one: Wrapped, plaintext: str | None) -> bytes | None:
    """Returns the opened key if the plaintext ends with the key's id, else None."""
    plain = b64decode(plaintext or "")
    secret, key_id = plain[:KEY_BYTES], plain[KEY_BYTES:]
    return secret if key_id == one.key_id.encode() else None
