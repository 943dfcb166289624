"""What an officer sees: pictures of the pages, and nothing of the file itself."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from activities.files.children import Children
from activities.files.preview import MOST_PAGES, NotDrawnError, pages
from tests import uploads as u
from tests.walking import walked

SECRET = b"somewhere in Ha Noi"


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    async with Children(1, patience=20) as children:
        yield children


async def drawn(children: Children, data: bytes, media_type: str, first: int = 0, count: int = 5) -> list[Image.Image]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        made = await pages(children, file.fileno(), media_type, first, count)
    return [Image.open(BytesIO(one), formats=["PNG"]) for one in made]


async def test_pages_of_a_pdf_are_drawn_as_many_as_are_asked_for(children: Children) -> None:
    document = pikepdf.new()
    for number in range(7):
        page = document.add_blank_page(page_size=(595, 842 if number else 3))
        page.Contents = pikepdf.Stream(document, b"1 0 0 rg 0 0 300 842 re f")
    data = u.saved(document)
    some = await drawn(children, data, u.PDF, 1, 3)
    assert [one.size for one in some] == [(1240, 1755)] * 3
    assert some[0].getpixel((100, 100)) == (255, 0, 0)
    assert some[0].getpixel((1200, 100)) == (255, 255, 255)
    assert len(await drawn(children, data, u.PDF, 5, MOST_PAGES)) == 2
    assert await drawn(children, data, u.PDF, 7, 1) == []


async def test_no_page_is_too_large_to_be_drawn(children: Children) -> None:
    document = pikepdf.new()
    document.add_blank_page(page_size=(14_400, 3))
    [one] = await drawn(children, u.saved(document), u.PDF)
    assert max(one.size) <= 2000


async def test_a_picture_is_upright_smaller_and_without_what_it_carried(children: Children) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SECRET.decode()
    taken = u.picture("JPEG", (5000, 3000), exif=exif, comment=SECRET, icc_profile=SECRET)
    [one] = await drawn(children, taken, u.JPEG)
    assert one.size == (1200, 2000)
    assert one.info == {}
    assert await drawn(children, u.picture("JPEG"), u.JPEG, first=1) == []
    with tempfile.TemporaryFile() as file:
        file.write(u.png_with(u.chunk(b"tEXt", b"Comment\0" + SECRET)))
        file.flush()
        [made] = await pages(children, file.fileno(), u.PNG, 0, 1)
    assert SECRET not in made


@walked("mode", ["1", "L", "P", "LA", "RGBA", "I;16"], exactly=6)
async def test_every_kind_of_png_is_drawn_on_white(children: Children, mode: str) -> None:
    [one] = await drawn(children, u.picture("PNG", (300, 200), mode), u.PNG)
    assert (one.mode, one.size) == ("RGB", (300, 200))


async def test_what_cant_be_drawn_says_so_and_the_next_one_is(children: Children) -> None:
    for data in (b"%PDF-1.7 hello", u.encrypted("user"), u.saved(u.paper())[:200]):
        with pytest.raises(NotDrawnError):
            await drawn(children, data, u.PDF)
    with pytest.raises(NotDrawnError):
        await drawn(children, b"hello", u.PNG)
    with pytest.raises(ValueError, match="pkcs7"):
        await drawn(children, b"hello", u.CMS)
    with pytest.raises(ValueError, match="21"):
        await drawn(children, b"hello", u.PDF, 0, MOST_PAGES + 1)
    assert len(await drawn(children, u.saved(u.paper()), u.PDF)) == 1
