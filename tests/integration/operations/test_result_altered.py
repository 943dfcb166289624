"""Results that somebody has meddled with, at `motcua result verify`: each is refused, with a sentence that says why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfTimeStamper

from activities.signature.official import INITIALS, SEAL, SIGNATURE, SignatureField, with_fields
from activities.signature.signing import sign_pdf
from tests.conftest import World
from tests.integration.operations.verified import file, nobody, registered, verified, visitor
from tests.integration.signature import party as p
from tests.shell import Shell

__all__ = ["file", "nobody"]

FIELDS = [SignatureField(name) for name in (INITIALS, SIGNATURE, SEAL)]
Writer = IncrementalPdfFileWriter


async def refused(nobody: Shell, file: Path) -> str:
    """The rule by which the file is refused, once it is seen to be told in both languages."""
    told = {language: await verified(nobody, file, "--lang", language) for language in ("vi", "en")}
    ended = await verified(nobody, file, "--json")
    assert (told["vi"].code, ended.code, ended.json["signatures"], ended.json["in_force"]) == (1, 1, "refused", False)
    [wrong] = ended.json["problems"]
    assert all(wrong["message"][language] in shown.out for language, shown in told.items())
    return str(wrong["rule"])


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


def nothing(writer: Writer) -> None:
    writer.update_root()


@pytest.mark.parametrize("change", [other_contents, turned, attachment, other_title, nothing])
async def test_a_revision_after_the_last_time_stamp(
    nobody: Shell, file: Path, change: Callable[[Writer], None]
) -> None:
    file.write_bytes(p.changed(file.read_bytes(), change))
    assert await refused(nobody, file) == "signed_form_changed"


async def test_another_title_that_somebody_had_time_stamped(nobody: Shell, party: p.Party, file: Path) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(p.changed(file.read_bytes(), other_title)))
    stamped = BytesIO()
    await PdfTimeStamper(party.stamper).async_timestamp_pdf(writer, "sha256", None, output=stamped)
    file.write_bytes(stamped.getvalue())
    assert await refused(nobody, file) == "signed_form_changed"


@pytest.mark.parametrize(
    ("moved", "rule"),
    [
        ((0, 0, 0, -1), "signature_broken"),
        ((0, -1, 0, 0), "signature_covers_part"),
        ((1, -1, 0, 0), "signature_covers_part"),
    ],
)
async def test_a_signature_that_says_it_covers_something_else(
    nobody: Shell, file: Path, moved: tuple[int, ...], rule: str
) -> None:
    whole = file.read_bytes()
    for one in p.BYTE_RANGE.finditer(whole):
        covered = tuple(int(number) + by for number, by in zip(one.groups(), moved, strict=True))
        told = (b"/ByteRange [%d %d %d %d" % covered).ljust(len(one.group()) - 1) + b"]"
        file.write_bytes(whole[: one.start()] + told + whole[one.end() :])
        assert await refused(nobody, file) == rule, one.group()


@pytest.mark.parametrize("lacks", [1, 10, 100, 1000, 50_000])
async def test_a_file_that_is_cut_off(nobody: Shell, file: Path, lacks: int) -> None:
    file.write_bytes(file.read_bytes()[:-lacks])
    assert await refused(nobody, file) in {"signature_covers_part", "signature_unreadable"}


async def test_a_file_that_another_program_has_saved(nobody: Shell, file: Path) -> None:
    with pikepdf.open(file, allow_overwriting_input=True) as pdf:
        pdf.save(file)
    assert await refused(nobody, file) == "signature_covers_part"


async def test_the_seal_of_a_stranger_s_authority(nobody: Shell, party: p.Party, file: Path, tmp_path: Path) -> None:
    made = with_fields(p.printed(), FIELDS)
    for field, who in ((INITIALS, p.CLERK), (SIGNATURE, p.LEADER)):
        made = await p.official(party, made, field, who)
    made = await sign_pdf(made, SEAL, p.LocalSigner(tmp_path / "stranger"), p.person(p.AGENCY))
    stamped = BytesIO()
    writer = IncrementalPdfFileWriter(BytesIO(made))
    await PdfTimeStamper(party.stamper).async_timestamp_pdf(writer, "sha256", None, output=stamped)
    file.write_bytes(stamped.getvalue())
    assert await refused(nobody, file) == "certificate_foreign"


async def test_the_signatures_of_another_result_and_its_bytes(
    world: World, nobody: Shell, party: p.Party, file: Path
) -> None:
    shell, whole = visitor(nobody, world), file.read_bytes()
    other = await p.issued(party, with_fields(p.printed("1e" * 32), FIELDS))
    await registered(world, hashlib.sha256(whole).hexdigest())
    pairs = zip(*(PdfFileReader(BytesIO(one)).embedded_signatures for one in (whole, other)), strict=True)
    for ours, theirs in pairs:
        (_, begin, end, _), (_, first, last, _) = ours.byte_range, theirs.byte_range
        file.write_bytes(whole[:begin] + other[first:last] + whole[end:])
        assert (await verified(shell, file)).code == 1, ours.field_name
    file.write_bytes(other)
    ended = await verified(shell, file, "--json")
    assert (ended.code, ended.json["signatures"], ended.json["register"]["answer"]) == (1, "valid", "not_registered")
    assert "the register does not know this file" in (await verified(shell, file)).out
    file.write_bytes(whole)
    assert (await verified(shell, file)).code == 0


async def test_what_was_revoked_is_so_from_that_moment_on(world: World, nobody: Shell, file: Path) -> None:
    shell, now = visitor(nobody, world), datetime.now(UTC)
    issued, revoked = now - timedelta(hours=2), now - timedelta(hours=1)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    await registered(world, digest, issued_at=issued, state="revoked", ended_at=revoked)
    second = timedelta(seconds=1)
    moments = [issued - second, issued, revoked - second, revoked, now]
    ended = [await verified(shell, file, "--json", "--at", moment.isoformat()) for moment in moments]
    answers = [(one.code, one.json["register"]["answer"], one.json["in_force"]) for one in ended]
    in_force, gone = (0, "in_force", True), (1, "revoked", False)
    assert answers == [(1, "not_issued", False), in_force, in_force, gone, gone]
    told = (await verified(shell, file)).out
    assert "valid" in told.split()
    assert "revoked" in told
