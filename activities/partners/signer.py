"""The interface to the remote signer, which keeps people's keys and signs a digest if the person agrees."""

import asyncio
import base64
import logging
import re
from typing import Final, Literal, Protocol

import httpx

from activities.partners.http import Partner, PartnerResponse, segment
from schemas.stream.ledger import About

Holding = Literal["person", "organisation"]
Reason = Literal["declined", "not_yet", "no_signer"]

POLL_S: Final = 0.2

log = logging.getLogger(__name__)


def key_of(order: About | None, digest: bytes) -> str:
    """Returns the key of a request to sign this digest: fixed for a digest and its `order` (None for a trial)."""
    place = "" if order is None else f"{order.stream}:{order.seq}:"
    return f"sign:{place}{digest.hex()}"


def order_of(key: str) -> About | None:
    """Returns the event that ordered the signature request with this key; None if the key names no event."""
    found = _ORDERED.fullmatch(key)
    return found and About(stream=found["stream"], seq=int(found["seq"]))


_ORDERED: Final = re.compile(r"sign:(?P<stream>[a-z]+:[0-9a-f-]{36}(:\d{1,18})?):(?P<seq>\d{1,18}):[0-9a-f]{64}")


class NotSignedError(Exception):
    """No signature: the person has `declined` or has not agreed yet (`not_yet`), or no signer is set (`no_signer`)."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"not signed: {reason}")
        self.reason = reason


class Signer(Protocol):
    """A remote signer for people. Raises `UnreachableError` and `RejectedError`, like every partner."""

    async def certificates(self, number: str, kind: Holding, name: str) -> tuple[bytes, ...]:
        """Returns a number's certificate, then its chain to the root (DER). Raises `NotSignedError` if none exists."""

    async def sign(self, key: str, number: str, digest: bytes) -> bytes:
        """Returns the signature over a SHA-256 digest, the same for the same `key`. Raises `NotSignedError`."""


class NoSigner:
    """Used if no signer is set up: logs each request, and signs nothing."""

    async def certificates(self, number: str, kind: Holding, name: str) -> tuple[bytes, ...]:  # noqa: ARG002 -- nothing is signed
        log.warning("no signer is set up: nothing is signed")
        raise NotSignedError("no_signer")

    async def sign(self, key: str, number: str, digest: bytes) -> bytes:  # noqa: ARG002 -- nothing is signed
        log.warning("no signer is set up: nothing is signed")
        raise NotSignedError("no_signer")


class _NewHolder(PartnerResponse):
    name: str
    kind: Holding


class _Holder(PartnerResponse):
    certificates: tuple[str, ...]


class _NewSignature(PartnerResponse):
    number: str
    digest: str


class _SignatureStatus(PartnerResponse):
    status: Literal["waiting", "signed", "declined"]
    signature: str | None = None


class RemoteSigner:
    """A `Signer` that calls the sandbox's JSON API. It waits at most `patience` seconds for a person's consent."""

    def __init__(self, client: httpx.AsyncClient, patience: float = 60.0) -> None:
        self._partner = Partner("signer", client)
        self._patience = patience

    async def certificates(self, number: str, kind: Holding, name: str) -> tuple[bytes, ...]:
        new = _NewHolder(name=name, kind=kind)
        found = await self._partner.call("PUT", f"/people/{segment(number)}", _Holder, new)
        return tuple(map(base64.b64decode, found.certificates))

    async def sign(self, key: str, number: str, digest: bytes) -> bytes:
        path = f"/requests/{segment(key)}"
        asked = await self._partner.call(
            "PUT", path, _SignatureStatus, _NewSignature(number=number, digest=digest.hex())
        )
        try:
            async with asyncio.timeout(self._patience):
                while asked.status == "waiting":
                    await asyncio.sleep(POLL_S)
                    asked = await self._partner.call("GET", path, _SignatureStatus)
        except TimeoutError:
            raise NotSignedError("not_yet") from None
        if asked.signature is None:
            raise NotSignedError("declined")
        return base64.b64decode(asked.signature)
