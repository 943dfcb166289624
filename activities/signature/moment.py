"""The moment as of which a signature is judged: that of a trusted time-stamp, else its time of receipt."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asn1crypto import cms, x509
from pyhanko.sign.general import SignedDataCerts, extract_certificate_info
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker

from activities.signature.reading import stamp_of
from activities.signature.revocation import NOTHING, Answers
from activities.signature.trust import UNDETERMINED, Standing, Trust

_CROOKED: Final[Mapping[str, str]] = {
    "certificate_weak": "timestamp_weak",
    "certificate_unsuitable": "timestamp_broken",
}
"""The rules for a signature whose time-stamp is by an unfit certificate of a trusted authority."""

StandingOf = Callable[[SignedDataCerts, datetime], Awaitable[Standing]]


@dataclass(frozen=True)
class Moment:
    """The moment, and its proof. `doubtful`: it could not be determined whether the time-stamp is reliable.

    `rule`: why none of the time-stamps can count, even if their authority is trusted.
    """

    judged_at: datetime
    stamped_at: datetime | None = None
    token: bytes | None = None
    answers: Answers = NOTHING
    others: tuple[x509.Certificate, ...] = ()
    doubtful: bool = False
    rule: str | None = None


async def moment_of(
    signed: cms.SignedData, trust: Trust, received_at: datetime, standing_of: StandingOf | None = None
) -> Moment:
    """Returns the moment of the one signature in `signed`. An unknown authority's time-stamp proves nothing.

    `standing_of` returns the standing of a time-stamp's authority; by default it is judged as of `received_at`.
    """
    signer = signed["signer_infos"][0]
    doubtful, rule = False, None
    for token in extract_tst_data_iter(signer, signed=False):
        at = await stamp_of(token, trust, message_imprint_checker(signer))
        if isinstance(at, str):
            rule = rule or at
            continue
        if at > received_at:
            continue
        certificates = extract_certificate_info(token)
        others = certificates.other_certs
        if standing_of is None:
            standing = await trust.vouch(certificates.signer_cert, others, "time_stamping", received_at, NOTHING)
        else:
            standing = await standing_of(certificates, at)
        standing = await trust.vouch_for(token, None, "time_stamping", standing)
        if standing.rule is None:
            return Moment(at, at, token.dump(), standing.answers, tuple(others))
        doubtful = doubtful or standing.rule in UNDETERMINED
        rule = rule or _CROOKED.get(standing.rule)
    return Moment(received_at, doubtful=doubtful, rule=rule)
