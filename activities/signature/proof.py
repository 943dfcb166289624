"""The time-stamped proof of a check, for the time when the file can't be checked any more."""

import asyncio
import base64
import hashlib
from datetime import datetime
from typing import Final

from asn1crypto import cms
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps import TimeStamper

from activities.signature.reading import stamp_of
from activities.signature.revisions import MALFORMED
from activities.signature.revocation import NOTHING
from activities.signature.trust import Trust
from schemas.ids import canonical
from schemas.signature import SignatureProof, SignatureVerdict, Unstamped

LONGEST: Final = 2.0
"""Timeout of a time-stamp in seconds: a proof without time-stamp is better than a filing that waits."""


async def proof_of(verdict: SignatureVerdict, stamper: TimeStamper | None) -> bytes:
    """Returns the `SignatureProof` of a verdict as RFC 8785 JSON, with a time-stamp if the authority gives one."""
    digest = hashlib.sha256(_written(verdict)).digest()
    token = None if stamper is None else await stamp(stamper, digest)
    missing = Unstamped.NO_AUTHORITY if stamper is None else Unstamped.NO_ANSWER
    proof = SignatureProof(
        verdict=verdict,
        sha256=digest.hex(),
        token=None if token is None else base64.b64encode(token[0]).decode(),
        stamped_at=None if token is None else token[1],
        unstamped=missing if token is None else None,
    )
    return canonical(proof.model_dump(mode="json", exclude_none=True))


def _written(verdict: SignatureVerdict) -> bytes:
    return canonical(verdict.model_dump(mode="json", exclude_none=True))


async def proved(proof: SignatureProof, trust: Trust) -> bool:
    """Returns whether a trusted time-stamp proves that the verdict existed at its stated time."""
    written = _written(proof.verdict)
    if proof.token is None or proof.sha256 != hashlib.sha256(written).hexdigest():
        return False
    try:
        token = base64.b64decode(proof.token)
    except ValueError:
        return False
    return await stamped_at(written, token, trust) is not None


async def stamped_at(content: bytes, token: bytes, trust: Trust) -> datetime | None:
    """Returns the time at which a then trusted authority stamped `content`; None if the token does not prove it."""
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        at: datetime = signed["encap_content_info"]["content"].parsed["gen_time"].native
        certificates = extract_certificate_info(signed)
        found = await stamp_of(signed, trust, lambda name: hashlib.new(name, content).digest())
    except MALFORMED:
        return None
    standing = await trust.offline().vouch(
        certificates.signer_cert, certificates.other_certs, "time_stamping", at, NOTHING
    )
    standing = await trust.vouch_for(signed, None, "time_stamping", standing)
    return at if found == at and standing.rule in {None, "revocation_unknown"} else None


async def stamp(stamper: TimeStamper, digest: bytes) -> tuple[bytes, datetime] | None:
    """Returns the token over `digest`, and the token's time; None if no valid answer comes within the timeout."""
    try:
        async with asyncio.timeout(LONGEST):
            token: cms.ContentInfo = await stamper.async_timestamp(digest, "sha256")
        told = token["content"]["encap_content_info"]["content"].parsed
        if told["message_imprint"]["hashed_message"].native != digest:
            return None
        return token.dump(), told["gen_time"].native
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None
