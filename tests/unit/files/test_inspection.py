"""Accepted and refused files, all made here, each with the rule that it breaks."""

import re
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable
from functools import cache, partial
from typing import Any, Final, NamedTuple

import pikepdf
import pytest
import pytest_asyncio
from asn1crypto import cms
from pikepdf import Array, Dictionary, Name, Stream, String

from activities.files.inspection import Inspector
from activities.files.protocol import Rule
from activities.forms.printing import printed
from rules.forms.sheet import blank, forms_of
from schemas.files import LARGEST_FILE
from schemas.translate import said
from tests import uploads as u
from tests.unit.forms.dossiers import AT, RESIDENCE_FILE, procedure
from tests.walking import walked

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[Inspector]:
    async with Inspector() as inspector:
        yield inspector


async def judged(inspector: Inspector, data: bytes, media_type: str, name: str | None = None) -> str | None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return await inspector.inspect(file.fileno(), media_type, name)


class Case(NamedTuple):
    """A file, and the rule that it breaks; None if it is accepted."""

    about: str
    rule: str | None
    media_type: str
    make: Callable[[], bytes]


def form() -> bytes:
    of = procedure(RESIDENCE_FILE)
    key, paper = next(iter(forms_of(of).items()))
    return printed(blank(of, key, paper), AT)


def pdf(**root: Any) -> Callable[[], bytes]:
    return lambda: u.saved(u.paper(**root))


def plain() -> bytes:
    return u.saved(u.paper())


def apart(kind: str) -> bytes:
    """Returns a PDF with an action whose type is named in a separate object."""
    made = u.paper()
    made.Root.OpenAction = Dictionary(S=made.make_indirect(Name(f"/{kind}")), F=String("other"))
    return u.saved(made)


def annotated(subtype: str) -> bytes:
    made = u.paper()
    made.pages[0].Annots = Array([made.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name(f"/{subtype}")))])
    return u.saved(made)


def xfa() -> bytes:
    made = u.paper()
    made.Root.AcroForm = Dictionary(XFA=Array([String("template"), Stream(made, b"<template/>")]))
    return u.saved(made)


def two_in_one(between: bytes = b"") -> bytes:
    """Returns a PDF and, after it, a second one that revises the first and has correct offsets."""
    return u.revised({4: b"<< /A 1 >>"}, between=between + b"%PDF-1.5\n")


def revised_for_the_web() -> bytes:
    """Returns a linearised PDF with a further, empty revision."""
    made = u.saved(u.paper(), linearize=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    last = re.findall(rb"startxref\n(\d+)\n%%EOF", made)[-1]
    [trailer] = re.findall(rb"trailer (<<.*?)/Prev", made)
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer %s /Prev %s >>\n" % (trailer, last)
    return made + table + b"startxref\n%d\n%%%%EOF\n" % len(made)


def contents() -> bytes:
    signed = {
        "version": "v1",
        "digest_algorithms": [],
        "encap_content_info": {"content_type": "data"},
        "signer_infos": [],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())


def counted(more: int) -> bytes:
    """Returns a PDF whose stated number of objects is too high by `more`."""
    return re.sub(rb"/Size (\d+)", lambda said: b"/Size %d" % (int(said[1]) + more), u.by_hand(u.PAGES))


def cut(make: Callable[[], bytes], by: int) -> Callable[[], bytes]:
    return lambda: make()[:-by]


def grown(make: Callable[[], bytes], tail: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: make() + tail()


jpeg, png = (partial(u.picture, kind) for kind in ("JPEG", "PNG"))


@cache
def deflated(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def text(kind: bytes, before: bytes) -> Callable[[], bytes]:
    return lambda: u.png_with(u.chunk(kind, before + deflated(100_000_000)))


def uri(**more: Any) -> Dictionary:
    return Dictionary(S=Name.URI, URI=String("https://dichvucong.gov.vn"), **more)


def on_page(**entries: Any) -> bytes:
    made = u.paper()
    for name, value in entries.items():
        made.pages[0].obj[f"/{name}"] = value
    return u.saved(made)


def shown_from(**entries: Any) -> bytes:
    """Returns a PDF with a form XObject (a picture drawn by instructions) that has these entries."""
    return u.with_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), **entries)


def goes_to(page: int, **more: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        made = u.paper()
        made.Root.OpenAction = Dictionary(S=Name.GoTo, D=Array([made.pages[page].obj, Name.Fit]), **more)
        return u.saved(made)

    return make


def clicked() -> bytes:
    """Returns a PDF with a link and a bookmark, each with an action that a click starts."""
    made = u.paper()
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=uri(Next=uri()))
    made.pages[0].Annots = Array([made.make_indirect(link)])
    made.Root.Outlines = Dictionary(First=Dictionary(Title=String("x"), A=uri()))
    return u.saved(made)


def letters_that_name_no_action() -> bytes:
    """Returns a PDF with names that mean an action only in other places, and texts that only mention actions."""
    made = u.paper()
    made.Root.Fonts = Dictionary(JS=Dictionary(Type=Name.Font), EF=Dictionary(Type=Name.Font), XFA=Dictionary())
    made.Root.More = Dictionary(
        AA=Dictionary(Type=Name.Font, Encoding=Dictionary()), Ref=Dictionary(), OPI=Dictionary()
    )
    made.Root.Words = String("(/JavaScript) /Launch")
    made.Root.Elements = Array([Dictionary(S=Name.P), Dictionary(S=Name.URI, URI=String("https://dichvucong.gov.vn"))])
    return u.saved(made)


GOOD: Final = (
    Case("the form of a procedure", None, u.PDF, form),
    Case("a plain page", None, u.PDF, plain),
    Case("more objects counted than there are", None, u.PDF, lambda: counted(7)),
    Case("objects in streams", None, u.PDF, lambda: u.in_object_streams(u.paper())),
    Case("made for the web", None, u.PDF, lambda: u.saved(u.paper(), linearize=True)),
    Case("a scanned page", None, u.PDF, lambda: u.scanned(jpeg(), 640, 480)),
    Case("a line feed behind the end", None, u.PDF, grown(plain, lambda: b"\r\n\n")),
    Case("names that are no actions", None, u.PDF, letters_that_name_no_action),
    Case("links", None, u.PDF, clicked),
    Case("opens at a place in itself", None, u.PDF, goes_to(0)),
    Case("opens at a place in itself, without an action", None, u.PDF, pdf(OpenAction=Array([0, Name.Fit]))),
    Case("a further revision", None, u.PDF, lambda: u.revised({4: b"<< /A 1 >>"})),
    Case("a further revision behind a comment", None, u.PDF, lambda: u.revised({4: b"<< /A 1 >>"}, between=b"%x\n")),
    Case("a further revision of one made for the web", None, u.PDF, revised_for_the_web),
    Case("a stream of 150 MB", None, u.PDF, lambda: u.with_stream(deflated(150_000_000), Name.FlateDecode)),
    Case("JPEG", None, u.JPEG, jpeg),
    Case("JPEG from a camera", None, u.JPEG, u.from_a_camera),
    Case("JPEG with the smaller one it announces", None, u.JPEG, u.several_in_one),
    Case("JPEG from a Samsung phone", None, u.JPEG, u.from_samsung),
    Case("JPEG of 99 million pixels", None, u.JPEG, lambda: u.picture("JPEG", (11_000, 9_000))),
    Case("PNG", None, u.PNG, png),
    Case("PNG of 99 million pixels", None, u.PNG, lambda: u.picture("PNG", (11_000, 9_000))),
    Case("PNG with a long word", None, u.PNG, lambda: u.png_with(u.chunk(b"zTXt", b"a\0\0" + deflated(1000)))),
    Case("CMS", None, u.CMS, contents),
)

BAD: Final = (
    Case("nothing", "file_empty", u.PDF, bytes),
    Case("zip bomb by its type", "file_type_not_accepted", "application/zip", u.zip_bomb),
    Case("zip bomb as PDF", "file_is_something_else", u.PDF, u.zip_bomb),
    Case("GIF as PDF", "file_is_something_else", u.PDF, lambda: u.picture("GIF")),
    Case("GIF before PDF", "file_is_something_else", u.PDF, lambda: u.picture("GIF") + plain()),
    Case("program as JPEG", "file_is_something_else", u.JPEG, lambda: b"MZ" + bytes(500)),
    Case("PEM as CMS", "file_is_something_else", u.CMS, lambda: b"-----BEGIN PKCS7-----"),
    Case("cut PDF", "file_damaged", u.PDF, cut(plain, 9)),
    Case("cut revision of a PDF", "file_damaged", u.PDF, grown(plain, lambda: b"9 0 obj\n<< /A ")),
    Case("PDF without pages", "file_damaged", u.PDF, lambda: u.saved(pikepdf.new())),
    Case("table that leads nowhere", "file_damaged", u.PDF, lambda: plain().replace(b"startxref\n", b"startxref\n1")),
    Case("fewer objects counted than there are", "file_damaged", u.PDF, lambda: counted(-1)),
    Case("script behind a wrong table", "file_damaged", u.PDF, u.hidden_behind_a_wrong_table),
    Case("tables in a circle", "file_damaged", u.PDF, lambda: u.by_hand(u.PAGES, b"/Prev %TABLE")),
    Case(
        "pages in a circle",
        "file_damaged",
        u.PDF,
        lambda: u.by_hand({**u.PAGES, 2: b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1 >>"}),
    ),
    Case("pages 60,000 deep", "file_damaged", u.PDF, lambda: u.deep_pages(60_000)),
    Case("arrays 100,000 deep", "file_damaged", u.PDF, lambda: u.by_hand({**u.PAGES, 4: b"[" * 100_000})),
    Case("JPEG without an end", "file_damaged", u.JPEG, cut(jpeg, 2)),
    Case("PNG without an end", "file_damaged", u.PNG, cut(png, 12)),
    Case("PNG with a flipped bit", "file_damaged", u.PNG, lambda: png()[:-30] + b"\x99" + png()[-29:]),
    Case("PNG with too few pixels", "file_damaged", u.PNG, lambda: u.png_of(800, 800, bytes(99))),
    Case("cut CMS", "file_damaged", u.CMS, cut(contents, 1)),
    Case("DER that is no CMS", "file_damaged", u.CMS, lambda: b"0\x03\x02\x01\x01"),
    Case("ZIP behind PDF", "file_holds_more", u.PDF, grown(plain, u.archive)),
    Case(
        "ZIP that ends like a PDF behind PDF",
        "file_holds_more",
        u.PDF,
        grown(plain, lambda: u.archive(b"\nstartxref\n9\n%%EOF")),
    ),
    Case("ZIP in a PDF", "file_holds_more", u.PDF, lambda: u.with_stream(u.archive())),
    Case("words behind PDF", "file_holds_more", u.PDF, grown(plain, lambda: b"hello")),
    Case("words before PDF", "file_holds_more", u.PDF, lambda: b"hello\n" + plain()),
    Case("words between revisions", "file_holds_more", u.PDF, lambda: plain() + b"hello\nstartxref\n9\n%%EOF\n"),
    Case("PDF behind JPEG", "file_holds_more", u.JPEG, grown(jpeg, plain)),
    Case("PDF in a word of a JPEG", "file_holds_more", u.JPEG, lambda: u.picture("JPEG", comment=b"%PDF-1.7\n1 0 obj")),
    Case("words behind two JPEGs", "file_holds_more", u.JPEG, lambda: u.several_in_one(tail=b"hello")),
    Case("words before the facts of a phone", "file_holds_more", u.JPEG, lambda: u.from_samsung(between=b"hello")),
    Case("film from a phone", "file_holds_more", u.JPEG, lambda: u.from_samsung(block=bytes(100_000))),
    Case("ZIP in the facts of a phone", "file_holds_more", u.JPEG, lambda: u.from_samsung(block=u.archive())),
    Case("ZIP behind PNG", "file_holds_more", u.PNG, grown(png, u.archive)),
    Case("PNG that moves", "file_holds_more", u.PNG, u.animated),
    Case("line feed behind CMS", "file_holds_more", u.CMS, grown(contents, lambda: b"\n")),
    Case("PDF with a password", "file_encrypted", u.PDF, lambda: u.encrypted("user")),
    Case("PDF that may only be read", "file_encrypted", u.PDF, lambda: u.encrypted("")),
    Case("script on opening", "file_active", u.PDF, pdf(OpenAction=u.script())),
    Case("script in an object stream", "file_active", u.PDF, lambda: u.in_object_streams(u.paper(AA=u.script()))),
    Case(
        "script that nothing refers to",
        "file_active",
        u.PDF,
        lambda: u.by_hand({**u.PAGES, 4: b"<< /S /Java#53cript /J#53 (app.alert\\(1\\)) >>"}),
    ),
    Case("script deep inside", "file_active", u.PDF, pdf(A=Array([Dictionary(B=Array([Array([u.script()])]))]))),
    Case("script by its words alone", "file_active", u.PDF, pdf(A=Dictionary(JS=String("app.alert(1)")))),
    *(
        Case(kind, "file_active", u.PDF, pdf(OpenAction=u.action(kind)))
        for kind in ("Launch", "SubmitForm", "ImportData", "GoToR", "GoToE", "Rendition", "Movie", "Sound")
    ),
    Case("Launch named apart", "file_active", u.PDF, lambda: apart("Launch")),
    Case("address on opening", "file_active", u.PDF, pdf(OpenAction=uri())),
    Case("address after a place", "file_active", u.PDF, goes_to(0, Next=uri())),
    Case("address after places", "file_active", u.PDF, goes_to(0, Next=Array([Dictionary(S=Name.GoTo), uri()]))),
    Case("address on a page's opening", "file_active", u.PDF, lambda: on_page(AA=Dictionary(O=uri()))),
    Case("address named apart", "file_active", u.PDF, lambda: apart("URI")),
    Case("printed on opening", "file_active", u.PDF, pdf(OpenAction=Dictionary(S=Name.Named, N=Name.Print))),
    *(
        Case(
            f"{kind} by itself", "file_active", u.PDF, partial(on_page, AA=Dictionary(C=Dictionary(S=Name(f"/{kind}"))))
        )
        for kind in ("Hide", "SetOCGState", "ResetForm", "Trans", "GoTo3DView", "Unheard")
    ),
    Case("thread in another file", "file_active", u.PDF, pdf(A=Dictionary(S=Name.Thread, F=String("other.pdf")))),
    Case("page of another file", "file_active", u.PDF, lambda: shown_from(Ref=Dictionary(F=String("a.pdf"), Page=0))),
    Case("print of another file", "file_active", u.PDF, lambda: shown_from(OPI=Dictionary({"/2.0": Dictionary()}))),
    Case("cover for other documents", "file_holds_more", u.PDF, pdf(Collection=Dictionary(View=Name.D))),
    Case("PDF behind PDF", "file_holds_more", u.PDF, two_in_one),
    Case("PDF behind PDF and a comment", "file_holds_more", u.PDF, lambda: two_in_one(b"%x\n%y\n")),
    Case(
        "revision that knows of nothing before it",
        "file_holds_more",
        u.PDF,
        lambda: u.revised({**u.PAGES, 4: b"<< /A 1 >>"}, earlier=False),
    ),
    *(
        Case(kind, "file_active", u.PDF, partial(annotated, kind))
        for kind in ("RichMedia", "FileAttachment", "Screen", "3D")
    ),
    Case("attachment", "file_active", u.PDF, u.with_attachment),
    Case("XFA", "file_active", u.PDF, xfa),
    Case("stream in another file", "file_active", u.PDF, lambda: u.with_stream(b"", F=String("/etc/passwd"))),
    Case("JPEG of 50,000 pixels", "file_image_too_large", u.JPEG, lambda: u.picture("JPEG", (50_000, 8))),
    Case("JPEG of 110 million pixels", "file_image_too_large", u.JPEG, lambda: u.jpeg_that_says(11_000, 10_000)),
    Case("PNG of 50,000 pixels", "file_image_too_large", u.PNG, lambda: u.png_of(50_000, 50_000, b"")),
    Case("10^18 pixels in a PDF", "file_image_too_large", u.PDF, lambda: u.with_image(width=10**18)),
    Case(
        "JPEG in a PDF larger than it is said to be",
        "file_image_too_large",
        u.PDF,
        lambda: u.with_image(u.picture("JPEG", (30_000, 8)), Name.DCTDecode),
    ),
    Case("fewer than no pixels in a PDF", "file_damaged", u.PDF, lambda: u.with_image(width=-5)),
    Case("JPEG in a PDF that is none", "file_damaged", u.PDF, lambda: u.with_image(b"x", Name.DCTDecode)),
    Case("stream bomb", "file_bomb", u.PDF, lambda: u.with_stream(deflated(300_000_000), Name.FlateDecode)),
    Case(
        "stream bomb in a bomb",
        "file_bomb",
        u.PDF,
        lambda: u.with_stream(zlib.compress(deflated(300_000_000), 9), u.NESTED),
    ),
    Case(
        "stream behind more filters than anybody uses",
        "file_bomb",
        u.PDF,
        lambda: u.by_hand({**u.PAGES, 4: b"<</Length 2 /Filter [%s]>>stream\n7A\nendstream" % (b"/AHx " * 9)}),
    ),
    Case("object stream bomb", "file_bomb", u.PDF, lambda: u.object_stream({4: b"<< >>"}, 300_000_000)),
    Case("run length bomb", "file_too_hard", u.PDF, lambda: u.with_stream(b"\x81x" * 9_000_000, Name.RunLengthDecode)),
    Case("pixel bomb in PNG", "file_bomb", u.PNG, lambda: u.png_of(8, 8, bytes(300_000_000))),
    Case("bomb in zTXt", "file_bomb", u.PNG, text(b"zTXt", b"a\0\0")),
    Case("bomb in iTXt", "file_bomb", u.PNG, text(b"iTXt", b"a\0\1\0vi\0\0")),
    Case("bomb in iCCP", "file_bomb", u.PNG, text(b"iCCP", b"a\0\0")),
    Case(
        "a million objects",
        "file_too_hard",
        u.PDF,
        lambda: u.object_stream(dict.fromkeys(range(4, 1000000), b"<</A[[]]>>"), 0),
    ),
)


@walked("case", [*GOOD, *BAD], ids=lambda case: case.about, exactly=121, parts=4)
async def test_each_file_is_judged_by_its_rule(inspector: Inspector, case: Case) -> None:
    assert await judged(inspector, case.make(), case.media_type) == case.rule


async def test_each_rule_has_a_file_that_breaks_it_and_a_sentence() -> None:
    assert set(Rule) - {case.rule for case in BAD} == {"file_wrong_extension"}  # of names, below
    assert all(said(rule) for rule in Rule)


@walked(
    ("name", "media_type", "rule"),
    [
        ("giấy khai sinh.pdf", u.PDF, None),
        ("n" * 200, u.PDF, "file_wrong_extension"),
        ("scan.pdf.exe", u.PDF, "file_wrong_extension"),
        ("scan.jpg", u.PDF, "file_wrong_extension"),
        (None, "APPLICATION/PDF", "file_type_not_accepted"),
        ("scan.pdf", "application/pdf; charset=x", "file_type_not_accepted"),
        (
            "scan.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "file_type_not_accepted",
        ),
    ],
    exactly=7,
)
async def test_names_and_types_are_taken_as_they_are_written(
    inspector: Inspector, name: str | None, media_type: str, rule: str | None
) -> None:
    assert await judged(inspector, plain(), media_type, name) == rule


async def test_a_file_is_read_from_its_beginning_and_left_as_it_is(inspector: Inspector) -> None:
    data = plain()
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        assert await inspector.inspect(file.fileno(), u.PDF) is None
        assert file.tell() == len(data)
        file.seek(0)
        assert file.read() == data


async def test_a_file_larger_than_any_is_not_even_looked_at(inspector: Inspector) -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(LARGEST_FILE + 1)
        with pytest.raises(ValueError, match="at most"):
            await inspector.inspect(file.fileno(), u.PDF)
