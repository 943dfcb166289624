"""The verdicts on signed forms, on detached signatures and on officers' signatures, all by the sandbox trust."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.partners.signer import Holding, NotSignedError, Signer
from activities.signature.certificate_subject import Identity, SubjectRules, identities
from activities.signature.check import Signatory
from activities.signature.official import INITIALS, SEAL, SIGNATURE, SignatureField, UnfitCertificateError, with_fields
from activities.signature.reading import MOST_REVISIONS
from activities.signature.revisions import Form
from activities.signature.revocation import NOTHING, Answers, Asking, Offline, Responders
from activities.signature.signing import sign_detached, sign_pdf
from schemas.signature import SignatureVerdict
from tests.integration.signature import party as p
from tests.walking import walked

FORM = p.form(text="Nguyễn Văn A")
SUBMISSION = b'{"procedure":"2.000635"}'
OF_APPLICANT = Signatory(frozenset({p.APPLICANT}))


def now() -> datetime:
    return datetime.now(UTC)


async def lasting(party: p.Party, who: Identity = p.APPLICANT, file: bytes = FORM) -> bytes:
    return await sign_pdf(file, p.FIELD, party.signer, p.person(who), party.lasting())


async def plain(party: p.Party, who: Identity = p.APPLICANT, file: bytes = FORM, field: str = p.FIELD) -> bytes:
    return await sign_pdf(file, field, party.signer, p.person(who))


async def judged(
    party: p.Party,
    file: bytes,
    form: Form = Form(p.CONTENT, FORM),  # noqa: B008 -- frozen
    who: Identity = p.APPLICANT,
    asking: Asking | None = None,
) -> str:
    signatories = (Signatory(frozenset({who}), p.FIELD),)
    return p.outcome_of(await party.check(asking).pdf(file, form, signatories, now()))


async def test_a_signed_form_is_valid_and_what_was_seen_is_kept(party: p.Party) -> None:
    verdict = await party.check().pdf(await lasting(party), Form(p.CONTENT, FORM), p.BY_APPLICANT, now())
    assert p.outcome_of(verdict) == "valid"
    (seen,) = verdict.evidence
    # Revocations of the signer and of the time-stamp, each with its issuer's.
    assert (seen.field, len(seen.certificates), len(seen.revocation)) == (p.FIELD, 3, 4)
    assert seen.stamped_at == seen.judged_at
    assert seen.timestamp is not None
    assert SignatureVerdict.model_validate_json(verdict.model_dump_json()) == verdict


async def test_without_a_time_stamp_it_is_judged_at_receipt(party: p.Party) -> None:
    received_at = now()
    verdict = await party.check().pdf(await plain(party), Form(p.CONTENT, FORM), p.BY_APPLICANT, received_at)
    assert p.outcome_of(verdict) == "valid"
    assert (verdict.evidence[0].judged_at, verdict.evidence[0].stamped_at) == (received_at, None)


async def test_a_certificate_of_a_foreign_root_is_refused(party: p.Party, tmp_path: Path) -> None:
    foreign = p.LocalSigner(tmp_path)
    file = await sign_pdf(FORM, p.FIELD, foreign, p.person(p.APPLICANT))
    assert await judged(party, file) == "refused certificate_foreign"
    signature = await sign_detached(SUBMISSION, foreign, p.person(p.APPLICANT))
    verdict = await party.check().detached(signature, SUBMISSION, OF_APPLICANT, now())
    assert p.outcome_of(verdict) == "refused certificate_foreign"


@walked("change", p.CHANGES, exactly=6)
async def test_a_form_changed_by_more_than_signatures_is_refused(party: p.Party, change: Callable[..., None]) -> None:
    assert await judged(party, p.changed(await lasting(party), change)) == "refused signed_form_changed"
    # Covered by the signature, and no longer as it was made.
    assert await judged(party, await plain(party, file=p.changed(FORM, change))) == "refused signed_form_changed"


@pytest.mark.parametrize("more", [b"x", b"<script>", b"\nstartxref\n9\n%%EOF\n"])
async def test_what_is_appended_to_the_file_is_refused(party: p.Party, more: bytes) -> None:
    file = await plain(party)
    assert (await judged(party, file + more)) in {"refused signed_form_has_more", "refused signature_unreadable"}
    assert await judged(party, file + b"\r\n") == "valid"
    old = b"\nstartxref\n%d\n%%%%EOF\n" % int(file.rsplit(b"startxref", 1)[1].split()[0])
    assert await judged(party, file + more + old) == "refused signed_form_has_more"


async def test_a_file_of_more_revisions_than_anybody_makes_is_refused_before_they_are_compared(party: p.Party) -> None:
    many = FORM
    for _ in range(MOST_REVISIONS):
        many = p.changed(many, lambda writer: writer.update_root())
    assert await judged(party, many) == "refused signed_form_has_more"


async def test_what_is_stuffed_into_the_room_of_a_signature_is_refused(party: p.Party) -> None:
    file = await plain(party)
    _, before, after, _ = p.ranges(file)
    assert file[after - 5 : after - 1] == b"0000"
    assert await judged(party, file[: after - 5] + b"4d5a" + file[after - 1 :]) == "refused signed_form_has_more"
    assert await judged(party, file[: before + 1] + b"0" * 40 + file[before + 41 :]) == "refused signature_unreadable"


async def test_rolled_back_to_before_the_second_signature_it_misses_one(party: p.Party) -> None:
    form = p.form(fields=(p.FIELD, "Spouse"))
    both = (*p.BY_APPLICANT, Signatory(frozenset({p.SPOUSE}), "Spouse"))
    second = await plain(party, p.SPOUSE, file=await plain(party, file=form), field="Spouse")
    check = party.check()
    for file, by, said in (
        (second, both, "valid"),
        (p.rolled_back(second, 0), both, "refused signature_missing"),
        (second, p.BY_APPLICANT, "refused signature_in_other_field"),
    ):
        assert p.outcome_of(await check.pdf(file, Form(p.CONTENT, form), by, now())) == said


async def test_a_signature_over_a_part_is_refused(party: p.Party) -> None:
    whole = await plain(party)
    start, before, after, length = p.ranges(whole)
    old = b"%d %d %d %d" % (start, before, after, length)
    for covered in (
        (start, before, after, length - 40),
        (start, before - 40, after, length),
        (start, before - 40, after, length + 40),  # the sum is that of the whole file
        (start, before - 40, after - 40, length + 40),  # so it is here, and every stretch exists
    ):
        part = whole.replace(old, (b"%d %d %d %d" % covered).ljust(len(old)))
        assert await judged(party, part) == "refused signature_covers_part"


async def test_a_changed_byte_breaks_the_signature(party: p.Party) -> None:
    whole = await plain(party)
    at = whole.rindex(b"/M (D") + len(b"/M (D....2")
    assert await judged(party, whole[:at] + b"1" + whole[at + 1 :]) == "refused signature_broken"


@walked(
    ("file", "verdict"),
    [
        (FORM, "refused signature_missing"),
        (b"", "refused signature_not_pdf"),
        (b"PK\x03\x04", "refused signature_not_pdf"),
        (b"%PDF-1.7\n", "refused signature_unreadable"),
        (FORM[:-200], "refused signature_unreadable"),
        (p.encrypted(), "refused signature_pdf_encrypted"),
    ],
    ids=["unsigned", "empty", "zip", "header", "truncated", "encrypted"],
    exactly=6,
)
async def test_what_is_no_signed_form_is_refused(party: p.Party, file: bytes, verdict: str) -> None:
    assert await judged(party, file) == verdict


async def test_revoked_before_signing_though_an_older_answer_is_embedded(party: p.Party) -> None:
    who = Identity("person", "001099000070")
    file = await lasting(party, who)
    assert await judged(party, file, who=who, asking=Offline()) == "valid"
    await party.revoke(who, (now() - timedelta(days=1)).isoformat())
    assert await judged(party, file, who=who) == "refused certificate_revoked"


async def test_revoked_after_signing_only_a_time_stamp_helps(party: p.Party) -> None:
    who = Identity("person", "001099000071")
    stamped, unstamped = await lasting(party, who), await plain(party, who)
    await asyncio.sleep(1.1)  # revocation is told in whole seconds
    await party.revoke(who)
    assert await judged(party, stamped, who=who) == "valid"
    assert await judged(party, unstamped, who=who) == "refused certificate_revoked"
    silent = _SilentAboutStamps(party.asking)
    assert await judged(party, stamped, who=who, asking=silent) == "undetermined timestamp_unknown"


class _SilentAboutStamps:
    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        stamps = certificate.extended_key_usage_value
        return NOTHING if stamps is not None else await self._asking.ask(certificate, issuer)


@pytest.mark.parametrize("fault", ["silent", "slow", "down"])
async def test_who_does_not_answer_leaves_it_to_an_officer_and_holds_nobody_up(party: p.Party, fault: str) -> None:
    file = await plain(party)
    assert await judged(party, file, asking=Offline()) == "undetermined revocation_unknown"
    await party.faults(ocsp=fault, crl=fault)
    began = asyncio.get_running_loop().time()
    hurried = Responders(party.client, seconds=0.5)
    assert await judged(party, file, asking=hurried) == "undetermined revocation_unknown"
    assert asyncio.get_running_loop().time() - began < 2
    assert await judged(party, file, who=p.SPOUSE, asking=hurried) == "refused signer_is_other"


async def test_a_list_will_do_where_no_responder_answers(party: p.Party) -> None:
    await party.faults(ocsp="down")
    assert await judged(party, await plain(party)) == "valid"
    who = Identity("person", "001099009905")
    assert await judged(party, await plain(party, who), who=who) == "refused certificate_revoked"


async def test_a_detached_signature_is_over_exactly_this_content(party: p.Party) -> None:
    signature = await sign_detached(SUBMISSION, party.signer, p.person(p.APPLICANT), party.stamper)
    check = party.check()
    verdict = await check.detached(signature, SUBMISSION, OF_APPLICANT, now())
    assert p.outcome_of(verdict) == "valid"
    assert verdict.evidence[0].stamped_at is not None
    for other in (SUBMISSION[:-1], SUBMISSION + b" ", b"", b'{"procedure":"1.001612"}'):
        of_other = await check.detached(signature, other, OF_APPLICANT, now())
        assert p.outcome_of(of_other) == "refused signature_of_other_content"
    by_other = Signatory(frozenset({p.SPOUSE}))
    assert p.outcome_of(await check.detached(signature, SUBMISSION, by_other, now())) == "refused signer_is_other"
    for broken in (b"", b"x", signature[:-1], signature + b"x", SUBMISSION):
        assert (
            p.outcome_of(await check.detached(broken, SUBMISSION, OF_APPLICANT, now()))
            == "refused signature_unreadable"
        )


async def test_a_subject_without_a_number_names_nobody(party: p.Party) -> None:
    (own, _) = await party.signer.certificates(p.APPLICANT.number, "person", "Nguyễn Văn A")
    certificate = x509.Certificate.load(own)
    assert identities(certificate, SubjectRules()) == {p.APPLICANT}
    assert identities(certificate, SubjectRules(prefixes={"ID:": "person"})) == frozenset()
    assert identities(certificate, SubjectRules(attribute="2.5.4.3")) == frozenset()


# Officers' signatures by the sandbox trust: fields, what locks them, how long they last, and who can't sign.

AT = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
FIELDS = [
    SignatureField(INITIALS, (20, 20, 60, 60)),
    SignatureField(SIGNATURE, (70, 20, 110, 60)),
    SignatureField(SEAL, (120, 20, 180, 60)),
]
BODY = p.printed()
PAPER = with_fields(BODY, FIELDS)


def test_fields_are_declared_in_one_revision_the_same_each_time() -> None:
    assert with_fields(BODY, FIELDS) == PAPER
    reader = PdfFileReader(BytesIO(PAPER))
    assert reader.total_revisions == 1
    fields = [one.get_object() for one in reader.root["/AcroForm"]["/Fields"]]
    assert [field["/T"] for field in fields] == [INITIALS, SIGNATURE, SEAL]
    assert [field["/Rect"][0] for field in fields] == [20, 70, 120]
    locks = [(field["/Lock"]["/Action"], list(field["/Lock"].get("/Fields", ()))) for field in fields]
    assert locks == [("/Exclude", [SIGNATURE, SEAL]), ("/Exclude", [SEAL]), ("/All", [])]


async def test_a_stamp_is_seen_and_asked_again_it_is_the_same_and_who_declines_signs_nothing(party: p.Party) -> None:
    asked = CountingSigner(party.signer)
    for _ in range(2):
        await p.official(party, PAPER, INITIALS, p.CLERK, signer=asked, stamp=BODY)
    await p.official(party, PAPER, INITIALS, p.CLERK, signer=asked, stamp=BODY, at=AT + timedelta(minutes=1))
    assert asked.keys[0] == asked.keys[1] != asked.keys[2]
    file = await p.official(party, PAPER, SEAL, p.AGENCY, last=True, stamp=BODY)
    fields = [one.get_object() for one in PdfFileReader(BytesIO(file)).root["/AcroForm"]["/Fields"]]
    look = next(one for one in fields if one["/T"] == SEAL)["/AP"]["/N"]
    assert list(look["/BBox"]) == [0, 40, 60, 0]
    assert "/Stamp" in look["/Resources"]["/XObject"]
    with pytest.raises(NotSignedError, match="declined"):
        await p.official(party, PAPER, SIGNATURE, Identity("person", "001099009901"))
    with pytest.raises(UnfitCertificateError, match="certificate_revoked"):
        await p.official(party, PAPER, SIGNATURE, Identity("person", "001099009905"))


async def test_without_revocation_or_a_time_stamp_nothing_is_signed(party: p.Party) -> None:
    await party.faults(ocsp="down", crl="down")
    with pytest.raises(UnfitCertificateError) as unfit:
        await p.official(party, PAPER, SIGNATURE, p.CLERK)
    assert (unfit.value.rule, unfit.value.passing) == ("revocation_unknown", True)
    await party.faults(tsa="down")
    with pytest.raises(OSError, match="no time-stamp"):
        await p.official((await p.Party.meet(party.client)), PAPER, SIGNATURE, p.CLERK)


async def test_a_field_is_signed_once_and_none_is_made_up(party: p.Party) -> None:
    for file, field in ((await p.official(party, PAPER, SIGNATURE, p.CLERK), SIGNATURE), (PAPER, "other")):
        with pytest.raises(LookupError, match=field):
            await p.official(party, file, field, p.CLERK)


class CountingSigner:
    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.keys: list[str] = []

    async def certificates(self, number: str, kind: Holding, name: str) -> tuple[bytes, ...]:
        return await self._signer.certificates(number, kind, name)

    async def sign(self, key: str, number: str, digest: bytes) -> bytes:
        self.keys.append(key)
        return await self._signer.sign(key, number, digest)
