"""Time-stamps over an issued file, renewed again and again, and what is known of it decades later."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.signature.official import INITIALS, SEAL, SIGNATURE, SignatureField, with_fields
from activities.signature.proof import proof_of
from activities.signature.renewal import NotRenewedError, holds_until, renewed
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.trust import Trust
from activities.signature.verified import verify_official
from schemas.signature import SignatureProof
from tests.integration.signature import party as p

PAPER = with_fields(p.printed(), [SignatureField(name) for name in (INITIALS, SIGNATURE, SEAL)])
YEAR = timedelta(days=365)


def lasting(party: p.Party) -> Lasting:
    """As whoever begins at that moment has it: which certificate stamps is asked anew."""
    return Lasting(HttpStamper(party.client, "/tsa"), Trust([party.root], party.asking))


async def told(party: p.Party, file: bytes, at: datetime, *, online: bool, kept: SignatureProof | None = None) -> str:
    trust = Trust([party.root], party.asking)
    verdict = await verify_official(file, trust, at=at, online=online, kept=kept)
    return " ".join([verdict.outcome, *sorted({problem.rule for problem in verdict.problems})])


async def test_renewed_in_time_it_is_valid_when_all_that_signed_it_has_expired(party: p.Party) -> None:
    began = datetime.now(UTC)
    first = await p.issued(party, PAPER)
    proof = await proof_of(await verify_official(first, Trust([party.root], party.asking)), party.stamper)
    files = [first]
    for years in (2, 4, 6):
        at = began + years * YEAR
        await party.clock(at)
        files.append(await renewed(files[-1], lasting(party), at))
        assert files[-1].startswith(files[-2])
    ends = [holds_until(file) for file in files]
    assert ends == sorted(filter(None, ends))
    at = began + 8 * YEAR
    await party.clock(at)
    kept = SignatureProof.model_validate_json(proof)
    for online in (True, False):
        assert await told(party, files[-1], at, online=online) == "valid"
        for earlier in files[:-1]:
            assert await told(party, earlier, at, online=online) == "undetermined timestamp_unknown"
            assert await told(party, earlier, at, online=online, kept=kept) == "valid"
    assert PdfFileReader(BytesIO(files[-1])).total_revisions == PdfFileReader(BytesIO(first)).total_revisions + 3
    altered = files[-1].replace(b"200", b"300", 1)
    assert (await told(party, altered, at, online=False)).startswith("refused")
    assert await told(party, p.changed(files[-1], p.annotation), at, online=False) == "refused signed_form_changed"


async def test_what_is_broken_expired_or_holds_as_long_is_left_as_it_is(party: p.Party) -> None:
    began = datetime.now(UTC)
    file = await p.issued(party, PAPER)
    for wrong, at, rule in (
        (file, began, "no_gain"),
        (file.replace(b"200", b"300", 1), began, "signed_form_changed"),
        (p.printed(), began, "signature_missing"),
        (file, began + 4 * YEAR, "timestamp_unknown"),
    ):
        await party.clock(at)
        with pytest.raises(NotRenewedError) as left:
            await renewed(wrong, lasting(party), at)
        assert left.value.rule == rule


async def test_without_answers_or_a_stamp_nothing_is_renewed(party: p.Party) -> None:
    file, at = await p.issued(party, PAPER), datetime.now(UTC) + 2 * YEAR
    await party.clock(at)
    await party.faults(ocsp="down", crl="down")
    with pytest.raises(NotRenewedError, match="timestamp_unknown"):
        await renewed(file, lasting(party), at)
    await party.faults(tsa="down")
    with pytest.raises(OSError, match="no time-stamp"):
        await renewed(file, lasting(party), at)
    await party.faults()


def test_what_has_no_time_stamp_ends_nowhere() -> None:
    assert [holds_until(file) for file in (p.printed(), PAPER, b"", b"%PDF-1.7")] == [None] * 4
