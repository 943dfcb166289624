"""The moment at which a signature is judged: what a trusted time-stamp proves, else when it was received."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, x509
from pyhanko.sign.general import SignedDataCerts, extract_certificate_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker, validate_tst_signed_data

from activities.signature.revocation import NOTHING, Answers
from activities.signature.trust import UNDETERMINED, Standing, Trust

StandingOf = Callable[[SignedDataCerts, datetime], Awaitable[Standing]]


@dataclass(frozen=True)
class Moment:
    """When, and what proves it. `doubtful`: there is a time-stamp, and nobody could say whether it can be relied on."""

    judged_at: datetime
    stamped_at: datetime | None = None
    token: bytes | None = None
    answers: Answers = NOTHING
    others: tuple[x509.Certificate, ...] = ()
    doubtful: bool = False


async def moment_of(
    signed: cms.SignedData, trust: Trust, received_at: datetime, standing_of: StandingOf | None = None
) -> Moment:
    """The moment of the one signature in `signed`. A time-stamp that is broken or of a stranger proves nothing.

    `standing_of` says how whoever stamped stood; unless given, as it is known at `received_at`.
    """
    signer = signed["signer_infos"][0]
    doubtful = False
    for token in extract_tst_data_iter(signer, signed=False):
        certificates = extract_certificate_info(token)
        others = certificates.other_certs
        try:
            seen = await validate_tst_signed_data(
                token, trust.context(others, received_at), message_imprint_checker(signer)
            )
        except SignatureValidationError:
            continue
        if not (seen["intact"] and seen["valid"]) or seen["timestamp"] > received_at:
            continue
        if standing_of is None:
            standing = await trust.vouch(certificates.signer_cert, others, "time_stamping", received_at, NOTHING)
        else:
            standing = await standing_of(certificates, seen["timestamp"])
        if standing.rule is None:
            at = seen["timestamp"]
            return Moment(at, at, token.dump(), standing.answers, tuple(others))
        doubtful = doubtful or standing.rule in UNDETERMINED
    return Moment(received_at, doubtful=doubtful)
