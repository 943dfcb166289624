"""Measures an agency's seal on a paper, as the relay makes it, with the sandbox's signer, time-stamps and revocation.

Revocation answers about authorities and the time-stamp's certificate are cached, as the relay caches them.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from asn1crypto import pem, x509

from activities.partners.http import partner_client
from activities.partners.signer import RemoteSigner, Signer
from activities.signature.certificate_subject import Identity
from activities.signature.official import SEAL, SignatureField, sign_official, with_fields
from activities.signature.revocation import Remembering, Responders
from activities.signature.signing import HttpStamper, Lasting, Person
from activities.signature.trust import Trust
from schemas.stream.ledger import About

_AGENCY: Final = Person(Identity("organisation", "0101234567"), "Ủy ban nhân dân phường Hồng Hà")
_AT: Final = datetime(2026, 11, 27, 2, tzinfo=UTC)
_ORDER: Final = About(stream="filing:00000000-0000-5000-8000-000000000000", seq=1)
_START_S: Final = 60.0


async def sealed(papers: Sequence[bytes], folder: Path, progress: Callable[[int], None]) -> float:
    """Seals papers one after the other; returns the average seconds per paper. Calls `progress(1)` after each paper."""
    async with _trust(folder) as address, partner_client(address) as client:
        _, _, root = pem.unarmor((await client.get("/root.pem")).content)
        trust = Trust([x509.Certificate.load(root)], Remembering(Responders(client)))
        lasting, signer = Lasting(HttpStamper(client, "/tsa"), trust), RemoteSigner(client)
        await _sealed(papers[0], signer, lasting)
        began = time.perf_counter()
        for paper in papers:
            await _sealed(paper, signer, lasting)
            progress(1)
        return (time.perf_counter() - began) / len(papers)


async def _sealed(paper: bytes, signer: Signer, lasting: Lasting) -> bytes:
    ready = with_fields(paper, [SignatureField(SEAL)])
    return await sign_official(ready, SEAL, signer, _AGENCY, lasting, last=False, at=_AT, order=_ORDER)


@asynccontextmanager
async def _trust(folder: Path) -> AsyncIterator[str]:
    """Runs the sandbox trust in a process of its own; yields its address."""
    port = _free_port()
    command = ("-m", "sandbox.trust", "--port", str(port), "--data", str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    address = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(_START_S):
            await _up(address)
        yield address
    finally:
        process.terminate()
        await process.wait()


async def _up(address: str) -> None:
    async with httpx.AsyncClient() as client:
        while True:
            try:
                (await client.get(f"{address}/root.pem")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
