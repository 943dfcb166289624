"""Renews the time-stamp of an issued file before the last one expires, while the file can still be verified."""

import asyncio
from datetime import datetime
from io import BytesIO

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfTimeStamper
from pyhanko.sign.general import SignedDataCerts, extract_certificate_info
from pyhanko.sign.signers.pdf_signer import TimestampDSSContentSettings

from activities.signature.revisions import MALFORMED
from activities.signature.revocation import NOTHING
from activities.signature.signing import Lasting
from activities.signature.verified import verify_official
from schemas.signature import SignatureOutcome


class NotRenewedError(Exception):
    """The file was not changed, because of `rule`. The rule `no_gain`: the new time-stamp would not last longer."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"not renewed: {rule}")
        self.rule = rule


def holds_until(pdf: bytes) -> datetime | None:
    """Returns when the certificate behind the file's newest time-stamp expires; None if there is no time-stamp."""
    try:
        newest = _newest(PdfFileReader(BytesIO(pdf)))
    except MALFORMED:
        newest = None
    return None if newest is None else newest.signer_cert.not_valid_after


async def renewed(pdf: bytes, lasting: Lasting, now: datetime) -> bytes:
    """Returns `pdf` with one more revision: revocation data of the last and the new time-stamp, and the new stamp.

    Raises `NotRenewedError` if the file is not validly signed or the new time-stamp is no better, and `OSError` if no
    time-stamp is obtained.
    """
    verdict = await verify_official(pdf, lasting.trust, at=now, subjects=lasting.subjects)
    if verdict.outcome is not SignatureOutcome.VALID:
        raise NotRenewedError(verdict.problems[0].rule)
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    last = _newest(writer.prev)
    if last is None:
        raise NotRenewedError("signed_file_rolled_back")
    token = (await lasting.stamper.async_dummy_response("sha256"))["content"]
    if lasting.trust.policy.fault(token):
        raise NotRenewedError("timestamp_weak")
    new = extract_certificate_info(token)
    if new.signer_cert.not_valid_after <= last.signer_cert.not_valid_after:
        raise NotRenewedError("no_gain")
    vouched = (
        lasting.trust.vouch(one.signer_cert, one.other_certs, "time_stamping", now, NOTHING) for one in (last, new)
    )
    standings = await asyncio.gather(*vouched)
    for standing in standings:
        if standing.rule is not None:
            raise NotRenewedError(standing.rule)
    answers = sum((standing.answers for standing in standings), NOTHING)
    context = lasting.trust.context([*last.other_certs, *new.other_certs], now, answers)
    output = BytesIO()
    # The stamp covers the revocation data, since they come before it in the same revision.
    before = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)
    stamper = PdfTimeStamper(lasting.stamper)
    await stamper.async_timestamp_pdf(writer, "sha256", context, output=output, dss_settings=before)
    return output.getvalue()


def _newest(reader: PdfFileReader) -> SignedDataCerts | None:
    stamps = reader.embedded_timestamp_signatures
    return extract_certificate_info(stamps[-1].signed_data) if stamps else None
