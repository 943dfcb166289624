"""Officers see files as pictures of the pages, also by `motcua files`, and get no byte of the file itself."""

import hashlib
import json
import tempfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pikepdf
import pytest
from PIL import Image

from activities.files.inspection import MOST_PAGES, Inspector, NotDrawnError
from activities.reception import Reception
from motcua.files.store import Store, open_store
from schemas.files import ScanState, file_key
from schemas.ids import filing_id
from tests import uploads as u
from tests.acting import Doubtful, Play, birth, eventually
from tests.any_files import Orders
from tests.conftest import World
from tests.faults.processes import Ended, motcua
from tests.walking import walked
from tests.workflow.reception import Scanning, Verdicts

SECRET = b"somewhere in Ha Noi"


@pytest.fixture
async def inspector() -> AsyncIterator[Inspector]:
    async with Inspector(1, patience=20) as inspector:
        yield inspector


async def drawn(
    inspector: Inspector, data: bytes, media_type: str, first: int = 0, count: int = 5
) -> list[Image.Image]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        made = await inspector.pages(file.fileno(), media_type, first, count)
    return [Image.open(BytesIO(one), formats=["PNG"]) for one in made]


async def test_pages_of_a_pdf_are_drawn_as_many_as_are_asked_for(inspector: Inspector) -> None:
    document = pikepdf.new()
    for number in range(7):
        page = document.add_blank_page(page_size=(595, 842 if number else 3))
        page.Contents = pikepdf.Stream(document, b"1 0 0 rg 0 0 300 842 re f")
    data = u.saved(document)
    some = await drawn(inspector, data, u.PDF, 1, 3)
    assert [one.size for one in some] == [(1240, 1755)] * 3
    assert some[0].getpixel((100, 100)) == (255, 0, 0)
    assert some[0].getpixel((1200, 100)) == (255, 255, 255)
    assert len(await drawn(inspector, data, u.PDF, 5, MOST_PAGES)) == 2
    assert await drawn(inspector, data, u.PDF, 7, 1) == []


async def test_no_page_is_too_large_to_be_drawn(inspector: Inspector) -> None:
    document = pikepdf.new()
    document.add_blank_page(page_size=(14_400, 3))
    [one] = await drawn(inspector, u.saved(document), u.PDF)
    assert max(one.size) <= 2000


async def test_a_picture_is_upright_smaller_and_without_what_it_carried(inspector: Inspector) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SECRET.decode()
    taken = u.picture("JPEG", (5000, 3000), exif=exif, comment=SECRET, icc_profile=SECRET)
    [one] = await drawn(inspector, taken, u.JPEG)
    assert one.size == (1200, 2000)
    assert one.info == {}
    assert await drawn(inspector, u.picture("JPEG"), u.JPEG, first=1) == []
    with tempfile.TemporaryFile() as file:
        file.write(u.png_with(u.chunk(b"tEXt", b"Comment\0" + SECRET)))
        file.flush()
        [made] = await inspector.pages(file.fileno(), u.PNG, 0, 1)
    assert SECRET not in made


@walked("mode", ["1", "L", "P", "LA", "RGBA", "I;16"], exactly=6)
async def test_every_kind_of_png_is_drawn_on_white(inspector: Inspector, mode: str) -> None:
    [one] = await drawn(inspector, u.picture("PNG", (300, 200), mode), u.PNG)
    assert (one.mode, one.size) == ("RGB", (300, 200))


async def test_what_cant_be_drawn_says_so_and_the_next_one_is(inspector: Inspector) -> None:
    bad = [(data, u.PDF) for data in (b"%PDF-1.7 hello", u.encrypted("user"), u.saved(u.paper())[:200])]
    for data, media_type in (*bad, (b"hello", u.PNG)):
        with pytest.raises(NotDrawnError):
            await drawn(inspector, data, media_type)
    with pytest.raises(ValueError, match="pkcs7"):
        await drawn(inspector, b"hello", u.CMS)
    with pytest.raises(ValueError, match="21"):
        await drawn(inspector, b"hello", u.PDF, 0, MOST_PAGES + 1)
    assert len(await drawn(inspector, u.saved(u.paper()), u.PDF)) == 1


# `motcua files`: what was sent with a filing, and pictures of it.


def kept(world: World, submission_id: str, data: bytes) -> dict[str, object]:
    """Stores a file for a filing that will be submitted; returns the reference of the file."""
    digest = hashlib.sha256(data).hexdigest()
    key = file_key(filing_id("sample", submission_id), digest)
    path = Path(url2pathname(urlsplit(world.objects).path)) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"key": key, "sha256": digest, "size": len(data), "media_type": u.PDF, "name": "giấy chứng sinh.pdf"}


async def test_files_of_a_filing_are_listed_and_their_pages_drawn(running: World, tmp_path: Path) -> None:
    async def run_files(*arguments: str, code: int = 0) -> Ended:
        ended = await motcua(running.process_env, "files", *arguments, folder=tmp_path)
        assert ended.code == code, ended.err
        return ended

    notice = u.scanned(u.picture("JPEG"), 640, 480)
    file = kept(running, "1", notice)
    play = await Play.begin(running, birth(submission_id="1", papers=[{"code": "birth_notice", "file": file}]))
    code = str(play.code)

    [row] = json.loads((await run_files("list", code, "--json")).out)
    assert row == {"paper": "birth_notice", "seq": 1} | file
    assert "giấy chứng sinh.pdf" in (await run_files("list", code)).out

    told = json.loads((await run_files("preview", code, "birth_notice", "--out", "pages", "--json")).out)
    assert told == {"paper": "birth_notice", "sha256": file["sha256"], "pages": ["pages/birth_notice-1.png"]}
    assert Image.open(BytesIO((tmp_path / "pages" / "birth_notice-1.png").read_bytes())).size == (1240, 1755)

    assert "birth_notice" in (await run_files("preview", code, "other", "--out", "x", code=3)).err
    await run_files("list", "H01.12-20200101-0000001", code=3)

    path = Path(url2pathname(urlsplit(running.objects).path)) / str(file["key"])
    path.write_bytes(notice[:-1] + b"x")
    await run_files("preview", code, "birth_notice", "--out", "x", code=1)
    path.unlink()
    await run_files("preview", code, "birth_notice", "--out", "x", code=1)
    assert not (tmp_path / "x").exists()


async def test_nobody_is_shown_what_waits_for_the_scanner_or_has_a_virus(world: World, tmp_path: Path) -> None:
    notice, scanner = u.scanned(u.picture("JPEG"), 640, 480), Scanning(down=True)
    scanner.infected = {notice}
    file = kept(world, "1", notice)
    async with Inspector() as inspector:
        store = open_store(world.objects)
        reception = Reception(store, Orders(world.settings), Store(store).put, inspector, scanner, Verdicts())
        async with world.platform(reception), world.back_office(Doubtful()):
            play = await Play.begin(world, birth(submission_id="1", papers=[{"code": "birth_notice", "file": file}]))
            preview = ["files", "preview", str(play.code), "birth_notice", "--out", "pages"]

            async def kept_back() -> bool:
                ended = await motcua(world.process_env, *preview, folder=tmp_path)
                return ended.code == 1 and "chưa quét xong" in ended.err

            assert (await play.view()).scan is ScanState.PENDING
            assert await kept_back()
            scanner.down = False
            await eventually(play.view, lambda view: view.scan is ScanState.INFECTED)
            assert await kept_back()
    assert not (tmp_path / "pages").exists()
