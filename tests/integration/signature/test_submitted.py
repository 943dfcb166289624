"""The check of a submission's signature: over the reprinted form or the canonical JSON, by a permitted signer."""

import asyncio
import hashlib
import json
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unicodedata import normalize

import asyncpg
import pytest
from asn1crypto import cms, pem, x509
from pyhanko.sign.timestamps import TimeStamper

from activities.ledger.database import Pool
from activities.partners.http import partner_client
from activities.procedures import Procedures
from activities.signature.certificate_subject import Identity
from activities.signature.proof import proof_of
from activities.signature.revocation import Answers, Asking
from activities.signature.signing import sign_detached, sign_pdf
from activities.signature.submitted import DETACHED, SubmittedSignatures, prepared
from publishing.authoring.procedures import publish
from publishing.authoring.provinces import publish_province
from rules.forms.sheet import forms_of
from rules.require import require
from rules.time.working_time import VIETNAM
from schemas.base import Version
from schemas.files import FileRef
from schemas.filing.submission import Submission, signed_content
from schemas.signature import SignatureProof, SignatureVerdict, record_of
from tests.acting import extract
from tests.conftest import ROOT, World
from tests.integration.signature import party as p
from tests.programs import program
from tests.provinces import EXTRACT_FILE, overlay
from tests.unit.forms.dossiers import residence
from tests.walking import walked
from workers.trust import submitted_signatures

DEMO = "2026-12-demo"
APPLICANT = Identity("person", extract().applicant.id_number)
PREPARED_AT = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)


@dataclass
class Desk:
    world: World
    pool: Pool
    party: p.Party
    signatures: SubmittedSignatures

    async def prepared(
        self, submission: Submission, key: str | None = None, version: Version = DEMO, at: datetime = PREPARED_AT
    ) -> bytes:
        of = require(await Procedures(self.pool).find(submission.procedure, version))
        return prepared(of, key or next(iter(forms_of(of))), submission, at).file

    async def signed(self, form: bytes, who: Identity = APPLICANT, *, lasting: bool = True) -> bytes:
        stamping = self.party.lasting() if lasting else None
        return await sign_pdf(form, p.FIELD, self.party.signer, p.person(who), stamping)

    async def detached(self, submission: Submission, who: Identity = APPLICANT) -> bytes:
        return await sign_detached(signed_content(submission), self.party.signer, p.person(who), self.party.stamper)

    async def check(
        self, submission: Submission, file: bytes, version: Version = DEMO, asking: Asking | None = None
    ) -> SignatureVerdict:
        signatures = self.signatures if asking is None else self.asking(asking)
        return await signatures.check(with_signature(submission, file), file, datetime.now(UTC), version)

    async def judged(
        self, submission: Submission, file: bytes, version: Version = DEMO, asking: Asking | None = None
    ) -> str:
        return outcome_of(await self.check(submission, file, version, asking))

    def asking(self, asking: Asking, *roots: bytes, seconds: float = 20) -> SubmittedSignatures:
        return SubmittedSignatures(Procedures(self.pool), roots or [self.party.root.dump()], asking, seconds=seconds)


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with (
        asyncpg.create_pool(world.app_dsn, min_size=1, max_size=2) as pool,
        partner_client(world.env["MOTCUA_TRUST_URL"]) as client,
        submitted_signatures(world.settings, pool) as signatures,
    ):
        party = await p.Party.meet(client)
        yield Desk(world, pool, party, signatures)
        await party.faults()


def reference(file: bytes) -> FileRef:
    media = "application/pdf" if file[:5] == b"%PDF-" else DETACHED
    digest = hashlib.sha256(file).hexdigest()
    return FileRef(key=f"files/{digest}", sha256=digest, size=len(file) or 1, media_type=media)


def with_signature(submission: Submission, file: bytes) -> Submission:
    return submission.model_copy(update={"signature": reference(file)})


def with_paper(submission: Submission, code: str, file: bytes) -> Submission:
    papers = (*submission.papers, {"code": code, "file": reference(file)})
    return Submission.model_validate(submission.model_dump() | {"papers": papers})


def outcome_of(verdict: SignatureVerdict) -> str:
    """Returns the outcome and its rules; checks that each rule is about a field of the submission."""
    assert all(one.field == "signature" or one.rule == "form_paper_is_other" for one in verdict.problems)
    return p.outcome_of(verdict)


async def test_a_prepared_form_is_signed_and_valid(desk: Desk) -> None:
    submission = extract()
    file = await desk.signed(await desk.prepared(submission))
    verdict = await desk.check(submission, file)
    assert outcome_of(verdict) == "valid"
    assert verdict.file == hashlib.sha256(file).hexdigest()
    assert verdict.content == hashlib.sha256(signed_content(submission)).hexdigest()
    record = record_of(verdict, None)
    assert (record.outcome, record.rules, record.stamped_at) == ("valid", (), record.judged_at)
    assert await desk.judged(submission, await desk.signed(await desk.prepared(submission), lasting=False)) == "valid"


async def test_an_organisation_signs_with_its_tax_code(desk: Desk) -> None:
    applicant = {"subject": "company-1", "kind": "organisation", "name": "Công ty Ước Mơ", "id_number": "0101234567"}
    submission = Submission.model_validate(extract().model_dump() | {"applicant": applicant})
    company = Identity("organisation", "0101234567")
    assert await desk.judged(submission, await desk.signed(await desk.prepared(submission), company)) == "valid"
    assert await desk.judged(submission, await desk.detached(submission, company)) == "valid"
    assert await desk.judged(submission, await desk.detached(submission)) == "refused signer_is_other"


async def test_a_detached_signature_is_over_all_of_the_submission(desk: Desk) -> None:
    submission = with_paper(residence(), "declaration", b"%PDF- filled in by hand")
    who = Identity("person", submission.applicant.id_number)
    file = await desk.detached(submission, who)
    verdict = await desk.check(submission, file)
    assert (outcome_of(verdict), verdict.content) == ("valid", hashlib.sha256(signed_content(submission)).hexdigest())
    another = with_paper(residence(), "declaration", b"%PDF- another")
    for other in (residence(), another, submission.model_copy(update={"submission_id": "s-2"})):
        assert await desk.judged(other, file) == "refused signature_of_other_content"
    without = await sign_detached(signed_content(submission, "declaration"), desk.party.signer, p.person(who))
    assert await desk.judged(submission, without) == "refused signature_of_other_content"
    assert await desk.judged(submission, b"no signature at all") == "refused signature_unreadable"


async def test_the_signed_form_lies_in_the_dossier_as_the_paper_that_it_is(desk: Desk) -> None:
    submission = residence()
    form = await desk.prepared(submission)
    file = await desk.signed(form, Identity("person", submission.applicant.id_number))
    assert await desk.judged(submission, file) == "valid"
    assert await desk.judged(with_paper(submission, "declaration", file), file) == "valid"
    # Prepared once the unsigned form lay there, it has the same digest: nobody has signed what lies there.
    unsigned = await desk.check(with_paper(submission, "declaration", form), file)
    assert outcome_of(unsigned) == "refused form_paper_is_other"
    assert [problem.field for problem in unsigned.problems] == ["papers.declaration"]
    other = with_paper(submission, "ownership", file)
    assert await desk.judged(other, file) == "refused signature_of_another_submission"


async def test_any_form_of_a_procedure_that_has_several_may_be_signed(desk: Desk) -> None:
    form = {"parcel": "12", "address": "Số 1", "transfer": "gift"}
    fields = residence().model_dump() | {"procedure": "1.013833", "form": form, "papers": ()}
    submission = Submission.model_validate(fields)
    who = Identity("person", submission.applicant.id_number)
    of = require(await Procedures(desk.pool).find("1.013833", DEMO))
    named = forms_of(of)
    assert len(named) == 2
    for key, paper in named.items():
        assert paper is not None
        file = await desk.signed(await desk.prepared(submission, key), who)
        assert await desk.judged(submission, file) == "valid"
        assert await desk.judged(with_paper(submission, paper.code, file), file) == "valid"
        swapped = next(other.code for other in named.values() if other is not None and other.code != paper.code)
        assert (await desk.check(with_paper(submission, swapped, file), file)).outcome == "refused"


async def test_composed_and_decomposed_letters_are_the_same_form(desk: Desk) -> None:
    submission = extract()
    apart = Submission.model_validate_json(normalize("NFD", submission.model_dump_json()))
    assert apart != submission
    assert await desk.judged(apart, await desk.signed(await desk.prepared(submission))) == "valid"
    assert await desk.judged(submission, await desk.signed(await desk.prepared(apart))) == "valid"
    assert await desk.judged(submission, await desk.detached(apart)) == "valid"


async def test_without_a_version_the_form_is_that_of_the_version_in_force_in_the_province(desk: Desk) -> None:
    await publish(desk.world.owner_dsn, EXTRACT_FILE)
    await publish_province(desk.world.owner_dsn, overlay("H56", "1", 5000))
    submission = extract(version=None)
    of = require(await Procedures(desk.pool).governing(submission, datetime.now(VIETNAM).date()))
    assert of.version == "2026-12.H56.1"
    file = await desk.signed(await desk.prepared(submission, version=of.version))
    assert await desk.judged(submission, file, of.version) == "valid"
    assert await desk.judged(submission, file, "2026-12") == "refused signed_form_not_ours"
    with pytest.raises(LookupError):
        await desk.judged(submission, file, "1999")


async def test_a_form_of_another_submission_is_refused(desk: Desk) -> None:
    submission, again = extract(), extract(submission_id="another")
    file = await desk.signed(await desk.prepared(submission))
    assert await desk.judged(again, file) == "refused signature_of_another_submission"
    dearer = extract(form=submission.form | {"copies": 3}, submission_id=submission.submission_id)
    assert await desk.judged(dearer, file) == "refused signature_of_another_submission"
    assert await desk.judged(submission, p.printed()) == "refused signature_of_another_submission"


async def test_only_the_form_as_it_is_made_here_will_do(desk: Desk) -> None:
    submission = extract()
    content = hashlib.sha256(signed_content(submission)).hexdigest()
    assert await desk.judged(submission, await desk.signed(p.form(content))) == "refused signed_form_not_ours"
    form = await desk.prepared(submission)
    shown = extract(form=submission.form | {"copies": 1})
    dressed_up = _with(await desk.prepared(shown), hashlib.sha256(signed_content(shown)).hexdigest(), content)
    assert await desk.judged(submission, await desk.signed(dressed_up)) == "refused signed_form_not_ours"
    for moment in (r"D\07220261126", r"D\07200010101", r"X\07220261127"):
        dated = _with(form, r"CreationDate (D\07220261127", f"CreationDate ({moment}")
        assert await desk.judged(submission, await desk.signed(dated)) == "refused signed_form_not_ours"
    later = await desk.prepared(submission, at=datetime.now(UTC))
    assert await desk.judged(submission, await desk.signed(later)) == "valid"


def _with(form: bytes, was: str, now: str) -> bytes:
    """Returns the form with another text of the same length."""
    assert was.encode() in form
    return form.replace(was.encode(), now.encode())


class _Nobody:
    """A responder that never answers, and notes the event loop of each query."""

    def __init__(self) -> None:
        self.loops: list[asyncio.AbstractEventLoop] = []

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:  # noqa: ARG002 -- a protocol
        self.loops.append(asyncio.get_running_loop())
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_check_ends_in_time_and_leaves_the_event_loop_free(desk: Desk) -> None:
    submission, nobody = extract(), _Nobody()
    file = await desk.signed(await desk.prepared(submission))
    signatures = desk.asking(nobody, seconds=1.5)
    checking = asyncio.create_task(signatures.check(with_signature(submission, file), file, datetime.now(UTC), DEMO))
    turns = 0
    while not nobody.loops:  # all that is reckoned before somebody is asked
        turns += 1
        await asyncio.sleep(0)
    verdict = await checking
    assert outcome_of(verdict) == "undetermined signature_check_too_slow"
    assert verdict.file == hashlib.sha256(file).hexdigest()
    assert turns > 100
    assert set(nobody.loops) == {asyncio.get_running_loop()}


async def test_without_roots_an_officer_decides_what_is_not_refused_anyway(desk: Desk) -> None:
    settings = desk.world.settings.model_copy(update={"signature_roots": None})
    submission = extract()
    file = await desk.signed(await desk.prepared(submission))
    async with submitted_signatures(settings, desk.pool) as signatures:

        async def judged(submission: Submission, file: bytes) -> str:
            return outcome_of(await signatures.check(with_signature(submission, file), file, datetime.now(UTC), DEMO))

        assert await judged(submission, file) == "undetermined no_trust_roots"
        assert await judged(submission, await desk.detached(submission)) == "undetermined no_trust_roots"
        assert await judged(submission, p.changed(file, p.another_page)) == "refused signed_form_changed"
        assert await judged(extract(submission_id="x"), file) == "refused signature_of_another_submission"


@walked("roots", ["/nowhere/roots.pem", str(ROOT / "README.md"), "own"], exactly=3)
async def test_roots_that_are_none_are_not_worked_with(desk: Desk, tmp_path: Path, roots: str) -> None:
    if roots == "own":  # a certificate, and of nobody who may issue any
        (own, _) = await desk.party.signer.certificates(APPLICANT.number, "person", "A")
        (tmp_path / "own.pem").write_bytes(pem.armor("CERTIFICATE", own))
        roots = str(tmp_path / "own.pem")
    settings = desk.world.settings.model_copy(update={"signature_roots": roots})
    with pytest.raises(RuntimeError, match="MOTCUA_SIGNATURE_ROOTS"):
        async with submitted_signatures(settings, desk.pool):
            pass


def commands(heading: str) -> str:
    """Returns the commands that the documentation gives under a heading."""
    text = (ROOT / "docs" / "signatures.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```\n(.*?)```", section, flags=re.DOTALL))


async def test_what_is_kept_can_be_verified_as_the_documentation_says(desk: Desk, tmp_path: Path) -> None:
    submission = extract()
    file = await desk.signed(await desk.prepared(submission))
    verdict = await desk.check(submission, file)
    kept = await desk.signatures.proof(verdict)
    proof = SignatureProof.model_validate_json(kept)
    assert proof.verdict == verdict
    assert proof.unstamped is None
    assert proof.stamped_at is not None
    assert abs(proof.stamped_at - datetime.now(UTC)) < timedelta(minutes=1)

    (tmp_path / "proof.json").write_bytes(kept)
    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", desk.party.root.dump()))
    (tmp_path / "to-khai.signed.pdf").write_bytes(file)
    for name in ("openssl", "jq"):
        program(name)
    done = _bash(tmp_path, commands("What is kept"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = [done.stdout.count(words) for words in ("Verification: OK", "signer.pem: OK", "signer.pem: good")]
    assert (found[0], min(found[1:]) > 0) == (1, True), done.stdout

    changed = kept.replace(b'"outcome":"valid"', b'"outcome":"refused"')
    assert changed != kept
    (tmp_path / "proof.json").write_bytes(changed)
    assert _bash(tmp_path, commands("What is kept")).returncode != 0


def _bash(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


class _OfAnother(TimeStamper):
    """A time-stamper that stamps other data than requested."""

    def __init__(self, stamper: TimeStamper) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # the library left it out
        self._stamper = stamper

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:  # noqa: ARG002 -- the library's own
        return await self._stamper.async_timestamp(bytes(32), md_algorithm)


async def test_a_representative_signs_under_an_authorisation_and_nobody_by_being_named_in_one(desk: Desk) -> None:
    number = "001099000077"
    mandate = reference(p.printed()).model_dump() | {"principal": extract().applicant.id_number, "id_number": number}
    own = Submission.model_validate(extract().model_dump() | {"authorisation": mandate})
    represented = Submission.model_validate(own.model_dump() | {"actor": {"subject": "b", "role": "representative"}})
    file = await desk.signed(await desk.prepared(represented), Identity("person", number))
    assert await desk.judged(represented, file) == "valid"
    assert await desk.judged(own, file) == "refused signer_is_other"
    company = await desk.detached(represented, Identity("organisation", "0101234567"))
    assert await desk.judged(represented, company) == "refused signer_is_other"


class _Stumbling:
    """A responder that fails with an unexpected error."""

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        raise RuntimeError(certificate.subject.human_friendly, issuer)


async def test_what_the_check_trips_over_is_no_reason_to_try_for_ever_and_stands_in_no_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    submission = extract()
    file = await desk.detached(submission)
    number = submission.applicant.id_number.encode()
    assert b"CCCD:" + number in file
    nameless = file.replace(b"CCCD:" + number, b"\xff" * (5 + len(number)))
    assert await desk.judged(submission, nameless) == "refused signature_unreadable"
    assert await desk.judged(submission, file.replace(_SHA256, _SHA256[:-1] + b"\x63")) == "refused signature_weak"
    assert await desk.judged(submission, file, asking=_Stumbling()) == "undetermined signature_check_failed"
    assert "RuntimeError" in caplog.text
    assert submission.applicant.name not in caplog.text


_SHA256 = bytes.fromhex("0609608648016503040201")
"""The identifier of the algorithm in DER."""


async def test_without_a_time_stamp_the_proof_says_so_and_nobody_waits(desk: Desk) -> None:
    verdict = await desk.check(extract(), p.printed())
    without = json.loads(await proof_of(verdict, None))
    assert (without["unstamped"], "token" in without) == ("no_authority", False)
    lying = json.loads(await proof_of(verdict, _OfAnother(desk.party.stamper)))
    assert (lying["unstamped"], "token" in lying) == ("no_answer", False)
    for fault in ("down", "silent"):
        await desk.party.faults(tsa=fault)
        began = asyncio.get_running_loop().time()
        kept = json.loads(await desk.signatures.proof(verdict))
        assert (kept["unstamped"], kept["verdict"]["outcome"]) == ("no_answer", "refused")
        assert asyncio.get_running_loop().time() - began < 3
