"""`motcua files`: what was sent with a filing, and pictures of it."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from PIL import Image

from activities.files.inspection import Inspector
from activities.reception import Reception
from motcua.files.store import Store, open_store
from schemas.files import ScanState, file_key
from schemas.ids import filing_id
from tests import uploads as u
from tests.acting import Doubtful, Play, birth, eventually
from tests.any_files import Orders
from tests.conftest import World
from tests.faults.processes import Ended, motcua
from tests.workflow.reception import Scanning, Verdicts


def kept(world: World, submission_id: str, data: bytes) -> dict[str, object]:
    """The reference of a file that the store has for a filing which is about to be made."""
    digest = hashlib.sha256(data).hexdigest()
    key = file_key(filing_id("sample", submission_id), digest)
    path = Path(url2pathname(urlsplit(world.objects).path)) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"key": key, "sha256": digest, "size": len(data), "media_type": u.PDF, "name": "giấy chứng sinh.pdf"}


async def test_files_of_a_filing_are_listed_and_their_pages_drawn(running: World, tmp_path: Path) -> None:
    async def asked(*arguments: str, code: int = 0) -> Ended:
        ended = await motcua(running.process_env, "files", *arguments, folder=tmp_path)
        assert ended.code == code, ended.err
        return ended

    notice = u.scanned(u.picture("JPEG"), 640, 480)
    file = kept(running, "1", notice)
    play = await Play.begin(running, birth(submission_id="1", papers=[{"code": "birth_notice", "file": file}]))
    code = str(play.code)

    [row] = json.loads((await asked("list", code, "--json")).out)
    assert row == {"paper": "birth_notice", "seq": 1} | file
    assert "giấy chứng sinh.pdf" in (await asked("list", code)).out

    told = json.loads((await asked("preview", code, "birth_notice", "--out", "pages", "--json")).out)
    assert told == {"paper": "birth_notice", "sha256": file["sha256"], "pages": ["pages/birth_notice-1.png"]}
    made = (tmp_path / "pages" / "birth_notice-1.png").read_bytes()
    assert Image.open(BytesIO(made)).size == (1240, 1755)

    assert "birth_notice" in (await asked("preview", code, "other", "--out", "x", code=3)).err
    await asked("list", "H01.12-20200101-0000001", code=3)

    path = Path(url2pathname(urlsplit(running.objects).path)) / str(file["key"])
    path.write_bytes(notice[:-1] + b"x")
    await asked("preview", code, "birth_notice", "--out", "x", code=1)
    path.unlink()
    await asked("preview", code, "birth_notice", "--out", "x", code=1)
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
