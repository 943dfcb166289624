"""The public verification of an issued file, unchanged, altered, renewed or years later; other programs agree."""

import asyncio
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pytest
from asn1crypto import pem, x509
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter as Writer
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfTimeStamper
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

from activities.signature.certificate_subject import Identity
from activities.signature.official import INITIALS, SEAL, SIGNATURE, SignatureField, with_fields
from activities.signature.proof import proof_of
from activities.signature.renewal import NotRenewedError, holds_until, renewed
from activities.signature.signing import HttpStamper, Lasting, sign_pdf
from activities.signature.trust import Trust
from activities.signature.verified import verify_official
from schemas.signature import SignatureProof, SignatureVerdict
from tests.integration.signature import party as p
from tests.programs import program
from tests.walking import walked

PAPER = with_fields(p.printed(text="1 000 000"), [SignatureField(name) for name in (INITIALS, SIGNATURE, SEAL)])
WHO = {INITIALS: p.CLERK, SIGNATURE: p.LEADER, SEAL: p.AGENCY}
YEAR = timedelta(days=365)


class Issued(NamedTuple):
    """A file with three signatures, and the stored proof of an earlier verification."""

    file: bytes
    proof: SignatureProof


@pytest.fixture(scope="module")
def kept() -> list[Issued]:
    return []


@pytest.fixture
async def issued(party: p.Party, kept: list[Issued]) -> Issued:
    """A file with its proof, made once for all tests."""
    if not kept:
        file = await p.issued(party, PAPER)
        verdict = await verify_official(file, trust(party))
        kept.append(Issued(file, SignatureProof.model_validate_json(await proof_of(verdict, party.stamper))))
    return kept[0]


def trust(party: p.Party) -> Trust:
    return Trust([party.root], party.asking)


def outcome_of(verdict: SignatureVerdict) -> str:
    return " ".join([verdict.outcome, *sorted({problem.rule for problem in verdict.problems})])


async def judged(party: p.Party, file: bytes, **asked: object) -> str:
    return outcome_of(await verify_official(file, trust(party), **asked))  # type: ignore[arg-type]


async def test_a_whole_file_says_who_signed_who_sealed_and_when(party: p.Party, issued: Issued) -> None:
    before = datetime.now(UTC)
    verdict = await verify_official(issued.file, trust(party), expected=WHO)
    assert outcome_of(verdict) == "valid"
    stamp, *signed = verdict.evidence
    assert [one.field for one in signed] == [INITIALS, SIGNATURE, SEAL]
    moments = [one.stamped_at for one in (*signed, stamp)]
    assert moments == sorted(filter(None, moments))
    assert before - timedelta(minutes=10) < min(filter(None, moments))
    assert SignatureVerdict.model_validate_json(verdict.model_dump_json()) == verdict
    assert await judged(party, issued.file, online=False) == "valid"


async def test_a_changed_byte_is_found_wherever_it_stands(party: p.Party, issued: Issued) -> None:
    signatures = PdfFileReader(BytesIO(issued.file)).embedded_signatures
    holes = [range(one.byte_range[1], one.byte_range[2]) for one in signatures]
    places = [at for at in range(40, len(issued.file) - 40, 997) if not any(at in hole for hole in holes)]
    assert len(places) > 20
    for at in places:
        altered = issued.file[:at] + bytes([issued.file[at] ^ 1]) + issued.file[at + 1 :]
        assert (await judged(party, altered, online=False)).startswith("refused"), at


async def test_a_changed_signature_is_found(party: p.Party, issued: Issued) -> None:
    for one in PdfFileReader(BytesIO(issued.file)).embedded_signatures:
        for at in range(one.byte_range[1] + 1, one.byte_range[1] + 4000, 997):
            digit = b"0" if issued.file[at : at + 1] != b"0" else b"1"
            altered = issued.file[:at] + digit + issued.file[at + 1 :]
            assert (await judged(party, altered, online=False)).startswith("refused"), (one.field_name, at)


def other_contents(writer: Writer) -> None:
    page = p.first_page(writer)
    page[pdf_name("/Contents")] = writer.add_object(StreamObject(stream_data=b"BT (2 000 000) Tj ET"))
    writer.update_container(page)


def turned(writer: Writer) -> None:
    page = p.first_page(writer)
    page[pdf_name("/Rotate")] = NumberObject(180)
    writer.update_container(page)


def attachment(writer: Writer) -> None:
    writer.root[pdf_name("/AF")] = ArrayObject([writer.add_object(StreamObject(stream_data=b"more"))])
    writer.update_root()


def other_title(writer: Writer) -> None:
    writer.set_info(DictionaryObject({pdf_name("/Title"): TextStringObject("another license")}))


def updated(writer: Writer) -> None:
    writer.update_root()


@walked("change", [*p.CHANGES, other_contents, turned, attachment, other_title, updated], exactly=11)
async def test_a_changing_revision_is_refused(party: p.Party, issued: Issued, change: Callable[[Writer], None]) -> None:
    assert await judged(party, p.changed(issued.file, change)) == "refused signed_form_changed"


async def stamped(party: p.Party, file: bytes) -> bytes:
    output = BytesIO()
    await PdfTimeStamper(party.stamper).async_timestamp_pdf(Writer(BytesIO(file)), "sha256", None, output=output)
    return output.getvalue()


@walked(
    ("moved", "rule"),
    [
        ((0, 0, 0, -1), "signature_broken"),
        ((0, -1, 0, 0), "signature_covers_part"),
        ((1, -1, 0, 0), "signature_covers_part"),
    ],
    exactly=3,
)
async def test_a_signature_that_covers_less(party: p.Party, issued: Issued, moved: tuple[int, ...], rule: str) -> None:
    for one in p.BYTE_RANGE.finditer(issued.file):
        covered = tuple(int(number) + by for number, by in zip(one.groups(), moved, strict=True))
        said = (b"/ByteRange [%d %d %d %d" % covered).ljust(len(one.group()) - 1) + b"]"
        file = issued.file[: one.start()] + said + issued.file[one.end() :]
        assert await judged(party, file) == f"refused {rule}", one.group()


async def test_a_file_that_another_program_has_saved(party: p.Party, issued: Issued) -> None:
    saved = BytesIO()
    with pikepdf.open(BytesIO(issued.file)) as pdf:
        pdf.save(saved)
    assert await judged(party, saved.getvalue()) == "refused signature_covers_part"


async def test_the_seal_of_a_stranger_s_authority(party: p.Party, tmp_path: Path) -> None:
    made = await p.official(party, await p.official(party, PAPER, INITIALS, p.CLERK), SIGNATURE, p.LEADER)
    made = await sign_pdf(made, SEAL, p.LocalSigner(tmp_path / "stranger"), p.person(p.AGENCY))
    assert await judged(party, await stamped(party, made)) == "refused certificate_foreign"


async def test_a_change_that_somebody_signed_is_refused_too(party: p.Party, issued: Issued) -> None:
    file = await sign_pdf(p.changed(issued.file, p.annotation), "more", party.signer, p.person(p.SPOUSE))
    assert await judged(party, file) == "refused signed_form_changed"
    file = await sign_pdf(issued.file, "more", party.signer, p.person(p.SPOUSE))
    assert await judged(party, file) == "refused signature_in_other_field"
    file = await stamped(party, p.changed(issued.file, other_title))
    assert await judged(party, file) == "refused signed_form_changed"


async def test_every_earlier_state_is_refused(party: p.Party, issued: Issued) -> None:
    ends = [at + 6 for at in range(len(issued.file)) if issued.file.startswith(b"%%EOF\n", at)]
    assert ends[-1] == len(issued.file)
    answers = [await judged(party, issued.file[:end]) for end in ends[:-1]]
    assert answers[0] == "refused signature_missing"
    assert set(answers[1:]) == {"refused signed_file_rolled_back"}
    assert len(answers) == 6


async def test_what_hangs_on_or_lacks_the_end_is_refused(party: p.Party, issued: Issued) -> None:
    assert await judged(party, issued.file + b"approved") == "refused signed_form_has_more"
    assert (await judged(party, b"approved" + issued.file)).startswith("refused")
    for lacks in (1, 10, 100, 300, 1000, 50_000):
        cut_off = await judged(party, issued.file[:-lacks])
        assert cut_off in {"refused signature_covers_part", "refused signature_unreadable"}, lacks
    for file in (b"", b"%PDF-1.7", p.printed(), p.encrypted()):
        assert (await judged(party, file)).startswith("refused")


async def test_a_strangers_authority_counts_for_nothing_nor_does_another_agencys_seal(
    party: p.Party, issued: Issued, tmp_path: Path
) -> None:
    other = {**WHO, SEAL: Identity("organisation", "0100000001")}
    assert await judged(party, issued.file, expected=other) == "refused signer_is_other"
    assert await judged(party, issued.file, expected={**WHO, "second": p.LEADER}) == "refused signed_file_rolled_back"
    *_, root = await p.LocalSigner(tmp_path).certificates("1", "person", "A")
    foreign = Trust([x509.Certificate.load(root)], party.asking)
    assert outcome_of(await verify_official(issued.file, foreign)) == "refused certificate_foreign"
    assert outcome_of(await verify_official(issued.file, Trust([], party.asking))) == "undetermined no_trust_roots"


async def test_certificates_may_expire_while_the_time_stamp_holds(party: p.Party, issued: Issued) -> None:
    at = datetime.now(UTC) + 2 * YEAR
    await party.clock(at)
    assert await judged(party, issued.file, at=at) == "valid"
    assert await judged(party, issued.file, at=at, online=False) == "valid"


async def test_when_the_last_time_stamp_has_expired_the_kept_verdict_counts(party: p.Party, issued: Issued) -> None:
    at = datetime.now(UTC) + 4 * YEAR
    await party.clock(at)
    for online in (True, False):
        assert await judged(party, issued.file, at=at, online=online) == "undetermined timestamp_unknown"
        verdict = await verify_official(issued.file, trust(party), at=at, online=online, kept=issued.proof)
        assert outcome_of(verdict) == "valid"
        assert verdict.received_at == issued.proof.verdict.received_at


async def test_a_kept_verdict_counts_only_as_it_was_stamped(party: p.Party, issued: Issued) -> None:
    at = datetime.now(UTC) + 4 * YEAR
    proof = issued.proof
    elsewhere = proof.verdict.model_copy(update={"file": "0" * 64})
    stamped_elsewhere = SignatureProof.model_validate_json(await proof_of(elsewhere, party.stamper))
    for wrong in (
        proof.model_copy(update={"token": None}),
        proof.model_copy(update={"verdict": proof.verdict.model_copy(update={"received_at": at})}),
        stamped_elsewhere,
        stamped_elsewhere.model_copy(update={"token": proof.token}),
        proof.model_copy(update={"token": stamped_elsewhere.token}),
        proof.model_copy(update={"token": "AAAA"}),
    ):
        found = await judged(party, issued.file, at=at, online=False, kept=wrong)
        assert found == "undetermined timestamp_unknown"


def lasting(party: p.Party) -> Lasting:
    """Returns new parts for a long-term signature, which query the stamping certificate again, as in a new process."""
    return Lasting(HttpStamper(party.client, "/tsa"), trust(party))


async def test_renewed_in_time_it_is_valid_when_all_that_signed_it_has_expired(party: p.Party, issued: Issued) -> None:
    began = datetime.now(UTC)
    files = [issued.file]
    for years in (2, 4, 6):
        at = began + years * YEAR
        await party.clock(at)
        files.append(await renewed(files[-1], lasting(party), at))
        assert files[-1].startswith(files[-2])
    ends = [holds_until(file) for file in files]
    assert ends == sorted(filter(None, ends))
    at = began + 8 * YEAR
    await party.clock(at)
    for online in (True, False):
        assert await judged(party, files[-1], at=at, online=online) == "valid"
        for earlier in files[:-1]:
            assert await judged(party, earlier, at=at, online=online) == "undetermined timestamp_unknown"
            assert await judged(party, earlier, at=at, online=online, kept=issued.proof) == "valid"
    assert PdfFileReader(BytesIO(files[-1])).total_revisions == PdfFileReader(BytesIO(issued.file)).total_revisions + 3
    assert (await judged(party, files[-1].replace(b"200", b"300", 1), at=at, online=False)).startswith("refused")
    assert await judged(party, p.changed(files[-1], p.annotation), at=at, online=False) == "refused signed_form_changed"


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


async def test_without_answers_or_a_stamp_nothing_is_renewed(party: p.Party, issued: Issued) -> None:
    file, at = issued.file, datetime.now(UTC) + 2 * YEAR
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


async def test_revoked_before_the_signing_is_refused_and_after_it_is_not(party: p.Party) -> None:
    leader = Identity("person", "001099000077")
    file = with_fields(p.printed(), [SignatureField(SIGNATURE)])
    file = await p.official(party, file, SIGNATURE, leader, last=True)
    assert await judged(party, file) == "valid"
    await party.revoke(leader, (datetime.now(UTC) + timedelta(seconds=1)).isoformat())  # not in the second of the stamp
    assert await judged(party, file) == "valid"
    await party.revoke(leader, (datetime.now(UTC) - timedelta(hours=1)).isoformat())
    assert await judged(party, file) == "refused certificate_revoked"
    assert await judged(party, file, online=False) == "valid"  # as was known when it was signed


async def test_who_is_asked_and_does_not_answer_has_not_said_that_it_holds(party: p.Party, issued: Issued) -> None:
    await party.faults(ocsp="down", crl="down")
    at = datetime.now(UTC) + timedelta(days=1)
    assert await judged(party, issued.file, at=at) == "undetermined revocation_unknown"


async def test_others_see_the_same(party: p.Party, issued: Issued, tmp_path: Path) -> None:
    (tmp_path / "f.pdf").write_bytes(issued.file)
    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", party.root.dump()))
    reader = PdfFileReader(BytesIO(issued.file))

    def put(one: Any) -> None:
        start, before, after, length = one.byte_range
        (tmp_path / "content").write_bytes(issued.file[start:before] + issued.file[after : after + length])
        (tmp_path / "token").write_bytes(one.pkcs7_content)

    stamps = [[*extract_tst_data_iter(one.signer_info, signed=False)] for one in reader.embedded_regular_signatures]
    assert [len(found) for found in stamps] == [1, 1, 1]
    assert (await ran(tmp_path, "pdfsig", "-nocert", "f.pdf")).count("Signature is Valid.") == 3
    for one in reader.embedded_regular_signatures:
        put(one)
        verify = "cms -verify -binary -inform DER -in token -content content -CAfile root.pem -purpose any -out out"
        await ran(tmp_path, "openssl", *verify.split())
    (stamp,) = reader.embedded_timestamp_signatures
    put(stamp)
    stamped = ["ts", "-verify", "-token_in", "-in", "token", "-data", "content", "-CAfile", "root.pem"]
    await ran(tmp_path, "openssl", *stamped)
    (tmp_path / "content").write_bytes(b"other")
    with pytest.raises(subprocess.CalledProcessError):
        await ran(tmp_path, "openssl", *stamped)


async def ran(folder: Path, name: str, *words: str) -> str:
    done = await asyncio.to_thread(
        subprocess.run, [program(name), *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return str(done.stdout)
