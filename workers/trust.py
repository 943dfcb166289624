"""How the check of submitted signatures is put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from activities.ledger.database import Pool
from activities.procedures import Procedures
from activities.signature.revocation import Responders
from activities.signature.signing import HttpStamper
from activities.signature.submitted import SubmittedSignatures
from activities.signature.trust import roots_in
from workers.settings import RecordSettings


@asynccontextmanager
async def submitted_signatures(settings: RecordSettings, pool: Pool) -> AsyncIterator[SubmittedSignatures]:
    """The check as it is set up, with the client that asks authorities. Raises `RuntimeError` for unfit roots."""
    roots = _roots(settings.signature_roots)
    async with httpx.AsyncClient(timeout=5) as client:
        signatures = SubmittedSignatures(
            Procedures(pool),
            roots,
            Responders(client),
            HttpStamper(client, settings.tsa_url) if settings.tsa_url else None,
            settings.signature_subjects,
        )
        try:
            yield signatures
        finally:
            signatures.close()


def _roots(file: str | None) -> tuple[bytes, ...]:
    try:
        return roots_in(Path(file).read_bytes()) if file else ()
    except (OSError, ValueError) as error:
        msg = f"MOTCUA_SIGNATURE_ROOTS is no PEM file of root certificates that can be read: {type(error).__name__}"
        raise RuntimeError(msg) from None
