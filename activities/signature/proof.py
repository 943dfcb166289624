"""What is kept of a check, time-stamped, so that it can be relied on when nobody can check the file any more."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import datetime
from typing import Final

from asn1crypto import cms
from pyhanko.sign.timestamps import TimeStamper

from schemas.ids import canonical
from schemas.signature import SignatureProof, SignatureVerdict, Unstamped

LONGEST: Final = 2.0
"""Seconds that a time-stamp is waited for: a proof without one is better than a filing that waits."""


async def proof_of(verdict: SignatureVerdict, stamper: TimeStamper | None) -> bytes:
    """The `SignatureProof` of a verdict as RFC 8785 JSON, with a time-stamp if there is one to be had."""
    digest = hashlib.sha256(canonical(verdict.model_dump(mode="json", exclude_none=True))).digest()
    stamp = None if stamper is None else await _stamp(stamper, digest)
    missing = Unstamped.NO_AUTHORITY if stamper is None else Unstamped.NO_ANSWER
    proof = SignatureProof(
        verdict=verdict,
        sha256=digest.hex(),
        token=None if stamp is None else base64.b64encode(stamp[0]).decode(),
        stamped_at=None if stamp is None else stamp[1],
        unstamped=missing if stamp is None else None,
    )
    return canonical(proof.model_dump(mode="json", exclude_none=True))


async def _stamp(stamper: TimeStamper, digest: bytes) -> tuple[bytes, datetime] | None:
    """The token over `digest` and its time; none if there is no answer in time, or one over something else."""
    try:
        async with asyncio.timeout(LONGEST):
            token: cms.ContentInfo = await stamper.async_timestamp(digest, "sha256")
        told = token["content"]["encap_content_info"]["content"].parsed
        if told["message_imprint"]["hashed_message"].native != digest:
            return None
        return token.dump(), told["gen_time"].native
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None
