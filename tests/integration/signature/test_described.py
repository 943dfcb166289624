"""A signed form's metadata, changed by the signing or later; and signed filings from end to end."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.metadata.xmp_xml import MetadataStream
from pyhanko.sign import PdfTimeStamper
from pyhanko.sign.fields import SigFieldSpec

from activities.forms.printing import printed
from activities.signature.revisions import Form, declared
from activities.signature.signing import sign_pdf
from deploy.trial_signature import signed_as
from motcua import BadSubmission
from motcua.files.store import Store, open_store
from rules.forms.sheet import filled_in, forms_of
from rules.require import require
from schemas.filing.submission import Submission, signed_content, signed_digest
from schemas.signature import SignatureOutcome, SignatureProof
from tests.acting import Doubtful, Play, extract, of, plain
from tests.conftest import World
from tests.faults.processes import motcua
from tests.file_door import serving_files
from tests.integration.signature import party as p
from tests.unit.forms.dossiers import AT, RESIDENCE_FILE, procedure, residence
from tests.walking import walked

Writer = IncrementalPdfFileWriter
Change = Callable[[Writer], Any]


def real_form() -> tuple[str, bytes]:
    """Returns a submission's digest, and the catalogue's form that contains it; like all our forms, it has metadata."""
    of, submission = procedure(RESIDENCE_FILE), residence()
    ((key, paper),) = forms_of(of).items()
    digest = signed_digest(submission, "declaration")
    return digest, declared(printed(filled_in(of, key, paper, submission, digest=digest), AT), SigFieldSpec(p.FIELD))


DIGEST, FORM = real_form()


_SIGNED: Final[dict[bytes, bytes]] = {}
"""The signed form, by the root certificate under which it was signed."""


async def signed(party: p.Party, form: bytes = FORM) -> bytes:
    root = party.root.dump()
    if form is FORM and root in _SIGNED:
        return _SIGNED[root]
    file = await sign_pdf(form, p.FIELD, party.signer, p.person(p.APPLICANT), party.lasting())
    if form is FORM:
        _SIGNED[root] = file
    return file


async def judged(party: p.Party, file: bytes) -> str:
    return p.outcome_of(await party.check().pdf(file, Form(DIGEST, FORM), p.BY_APPLICANT, datetime.now(UTC)))


def quietly(file: bytes, change: Change) -> bytes:
    """Returns the file with one more revision, which contains only the change."""
    writer = Writer(BytesIO(file))
    writer._update_meta = lambda: None  # type: ignore[method-assign]
    change(writer)
    return p.written(writer)


def described(name: str, value: str) -> Change:
    def change(writer: Writer) -> None:
        reference = writer.trailer_view.raw_get("/Info")
        reference.get_object()[pdf_name(name)] = TextStringObject(value)
        writer.mark_update(reference)

    return change


def metadata(*changes: tuple[bytes, bytes]) -> Change:
    """Returns a change of texts in the XMP metadata; each old text must be there."""

    def change(writer: Writer) -> None:
        data = writer.root.raw_get("/Metadata").get_object().data
        for old, new in changes:
            assert old in data
            data = data.replace(old, new)
        kinds = {pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")}
        stream = writer.add_object(MetadataStream(dict_data=kinds, stream_data=data))
        root("/Metadata", stream)(writer)

    return change


def without_metadata(writer: Writer) -> None:
    del writer.root["/Metadata"]
    writer.update_root()


def root(name: str, value: Any) -> Change:
    def change(writer: Writer) -> None:
        writer.root[pdf_name(name)] = value
        writer.update_root()

    return change


TITLE: Final = (b"</dc:title>", b"</dc:title><dc:creator><rdf:Seq><rdf:li>A</rdf:li></rdf:Seq></dc:creator>")
FILES: Final = DictionaryObject({pdf_name("/Names"): ArrayObject()})

CHANGES: Final[dict[str, Change]] = {
    "title": described("/Title", "Another form"),
    "author": described("/Author", "Somebody"),
    "keywords": described("/Keywords", f"motcua sha256:{DIGEST} more"),
    "an entry of one's own": described("/Approved", "yes"),
    "when it was made": described("/CreationDate", "D:20200101000000Z"),
    "title in the metadata": metadata((b'<rdf:li xml:lang="x-default">', b'<rdf:li xml:lang="x-default">Another ')),
    "somebody in the metadata": metadata(TITLE),
    "no XML as metadata": metadata((b"</x:xmpmeta>", b"")),
    "an entity in the metadata": metadata(
        (b"<x:xmpmeta", b'<!DOCTYPE a [<!ENTITY b "c">]><x:xmpmeta'), (b"vi<", b"&b;<")
    ),
    "a claim in the metadata": metadata(
        (b"</dc:title>", b'</dc:title><a:part xmlns:a="http://www.aiim.org/pdfa/ns/id/">2</a:part>')
    ),
    "no metadata": without_metadata,
    "language": root("/Lang", TextStringObject("lo")),
    "marks": root("/MarkInfo", DictionaryObject({pdf_name("/Marked"): BooleanObject(value=False)})),
    "labels of pages": root("/PageLabels", DictionaryObject({pdf_name("/Nums"): ArrayObject()})),
    "layers": root("/OCProperties", DictionaryObject({pdf_name("/OCGs"): ArrayObject()})),
    "embedded files": root("/Names", DictionaryObject({pdf_name("/EmbeddedFiles"): FILES})),
    "how it is shown": root("/PageMode", NameObject("/UseAttachments")),
}


UNSIGNABLE: Final = frozenset({"no XML as metadata", "an entity in the metadata"})
"""Changes that make the library fail to sign, since it writes the metadata anew."""


@walked("what", CHANGES, exactly=17)
async def test_a_form_that_says_something_else_of_itself_is_refused(party: p.Party, what: str) -> None:
    assert await judged(party, quietly(await signed(party), CHANGES[what])) == "refused signed_form_changed"
    if what not in UNSIGNABLE:  # covered by the signature
        assert await judged(party, await signed(party, quietly(FORM, CHANGES[what]))) == "refused signed_form_changed"


async def test_what_was_put_back_was_changed_all_the_same(party: p.Party) -> None:
    title = str(Writer(BytesIO(FORM)).trailer_view["/Info"]["/Title"])
    there, back = described("/Title", "Another form"), described("/Title", title)
    assert await judged(party, quietly(quietly(await signed(party), there), back)) == "refused signed_form_changed"


TOOLS: Final[dict[str, Change]] = {
    "nothing": lambda writer: writer.update_root(),
    "producer": described("/Producer", "Signing software 1.0"),
    "date of change": described("/ModDate", "D:20261201080000+07'00'"),
    "producer and dates in the metadata": metadata(
        (b"</dc:title>", b"</dc:title><pdf:Producer>Signing software 1.0</pdf:Producer>"),
        (b"<xmp:ModifyDate>20", b"<xmp:ModifyDate>30"),
    ),
    "metadata written otherwise": metadata(
        (b"<dc:format>application/pdf</dc:format>", b""), (b'rdf:about=""', b'rdf:about="" dc:format="application/pdf"')
    ),
}


@walked("what", TOOLS, exactly=5)
async def test_what_tools_write_of_themselves_changes_nothing(party: p.Party, what: str) -> None:
    assert await judged(party, await signed(party, quietly(FORM, TOOLS[what]))) == "valid"
    if "metadata" not in what:  # which the signing has written otherwise
        assert await judged(party, quietly(await signed(party), TOOLS[what])) == "valid"


async def test_a_time_stamp_over_it_may_come_later(party: p.Party) -> None:
    output = BytesIO()
    writer = Writer(BytesIO(await signed(party)))
    await PdfTimeStamper(party.stamper).async_timestamp_pdf(writer, "sha256", None, output=output)
    assert await judged(party, output.getvalue()) == "valid"


# A signed filing from end to end: the form is prepared, signed, handed in, and its signature stands in the record.

DETACHED = "application/pkcs7-signature"


def applied(**changes: Any) -> Submission:
    """Returns a level-4 submission that still lacks its signature."""
    return extract(**{"signature": None, "level": 4} | changes)


def by(number: str) -> Submission:
    return applied(applicant=applied().applicant.model_copy(update={"id_number": number}).model_dump())


async def signed_form(world: World, submission: Submission, number: str | None = None) -> Submission:
    """Returns the submission with a detached signature over it, by the person with this number."""
    who = ("person", number or submission.applicant.id_number, submission.applicant.name)
    made = await signed_as(world.env["MOTCUA_TRUST_URL"], who, signed_content(submission), None)  # type: ignore[arg-type] # a literal
    file = await Store(open_store(world.objects)).put(of(submission), made, DETACHED)
    return submission.model_copy(update={"signature": file})


async def recorded(world: World) -> int:
    return int(await world.fetchval("select count(*) from event where stream like 'filing:%'"))


async def test_a_person_prepares_signs_and_files_by_command(world: World, tmp_path: Path) -> None:
    file, form = tmp_path / "extract.json", tmp_path / "form.pdf"
    submission = applied()
    file.write_text(json.dumps(plain(submission)), encoding="utf-8")
    env = world.process_env
    async with serving_files(world) as served, served.real_platform(), served.back_office(Doubtful()):
        refused = await motcua(env, "submit", str(file), folder=tmp_path)
        assert (refused.code, f"motcua submit {file} --level 3" in refused.err) == (1, True)
        assert "signature_required" in refused.err + refused.out
        assert await recorded(world) == 0

        made = await motcua(env, "forms", "prepare", str(file), "--out", str(form), folder=tmp_path)
        assert made.code == 0, made
        number = submission.applicant.id_number
        assert (await motcua(env, "dev", "sign", str(form), "--as", number, folder=tmp_path)).code == 0
        signature = tmp_path / "form.signed.pdf"
        filed = await motcua(env, "submit", str(file), "--signature", str(signature), "--json", folder=tmp_path)
        assert filed.code == 0, filed
        play = Play(world, submission)
        check = require((await play.view()).signature_check)
        assert (check.outcome, check.rules) == (SignatureOutcome.VALID, ())
        assert check.stamped_at == check.judged_at
        assert check.proof is not None
        proof = SignatureProof.model_validate_json(await Store(open_store(world.objects)).get(check.proof))
        assert (proof.verdict.outcome, proof.token is not None) == (SignatureOutcome.VALID, True)
        kept = tmp_path / "proof.json"
        shown = await motcua(env, "files", "proof", json.loads(filed.out)["code"], "--out", str(kept), folder=tmp_path)
        assert shown.code == 0, shown
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == check.proof.sha256
        await play.accept()

        other = applied()
        file.write_text(json.dumps(plain(other)), encoding="utf-8")
        lower = await motcua(env, "submit", str(file), "--level", "3", "--json", folder=tmp_path)
        assert lower.code == 0, lower
        view = await Play(world, other).view()
        code = json.loads(lower.out)["code"]
        unsigned = await motcua(env, "files", "proof", code, "--out", str(kept), folder=tmp_path)
        assert (unsigned.code, "không có chữ ký số" in unsigned.err) == (3, True), unsigned
        assert (view.level, view.signature_check) == (3, None)


async def test_a_signature_over_another_submission_or_of_a_file_that_is_none_is_refused(world: World) -> None:
    async with world.real_platform():
        first, second = applied(), applied(form={"kind": "birth", "person_name": "Trần Thị Bích", "copies": 9})
        signature = require((await signed_form(world, first)).signature)
        store = Store(open_store(world.objects))
        replayed = await store.put(of(second), await store.get(signature), DETACHED)
        for file, field, rule in (
            (replayed, "signature", "signature_of_other_content"),
            (await store.put(of(second), b"%PDF-1.4 is no signature", DETACHED), "signature", "file_is_something_else"),
        ):
            with pytest.raises(BadSubmission) as no:
                await world.client.submit(second.model_copy(update={"signature": file}))
            assert [(one.field, one.rule) for one in no.value.refusal.problems] == [(field, rule)]
        assert await recorded(world) == 0
        await world.client.submit(await signed_form(world, second))
