"""Results by the template of their procedure: printed by the platform, with no back office there to be asked."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from motcua.files.store import Store, open_store
from publishing.authoring.procedures import publish
from schemas.files import FileRef
from schemas.filing.events import Outcome
from schemas.filing.state import Stage
from schemas.ids import result_workflow
from schemas.result.commands import CorrectResult
from tests.acting import Play, eventually, extract
from tests.conftest import World
from tests.locked import signing
from tests.printed import keywords, raw_text
from tests.sound import sound
from tests.workflow.results import LEADER, PROCEDURE, SIGNED, VERSION, WHY, act, register, set_up, signers

NO_FOOT: Final = "$."


@pytest.fixture
async def printing(world: World) -> AsyncIterator[World]:
    """A platform, and no back office of any agency."""
    await publish(world.owner_dsn, PROCEDURE.encode())
    signed = await signing(world)
    async with signed.platform():
        yield signed


async def decided(world: World, *judged: Any) -> Play:
    play = await Play.begin(world, extract(version=VERSION))
    await play.accept()
    await play.review(*judged)
    return play


async def text(play: Play, file: FileRef | None) -> str:
    assert file is not None
    return raw_text(await Store(open_store(play.world.objects)).get(file), NO_FOOT)


async def test_the_platform_prints_what_its_template_says_of_the_filing(printing: World) -> None:
    play = await decided(printing)
    view = await play.at(Stage.CLOSED)
    assert view.result is not None
    assert view.result.media_type == "application/pdf"
    said = await text(play, view.result)
    assert f"Cấp cho {play.submission.applicant.name}: Nguyễn Văn An, 2 bản. Mã {play.code}." in said
    file = await Store(open_store(printing.objects)).get(view.result)
    assert re.fullmatch("[0-9a-f]{32}", str(keywords(file))), "nobody prints it again without the filing's key"
    assert await register(play) == [("K0000001", "in_force")]
    await sound(printing)


async def test_a_refusal_is_a_notice_with_its_reason_and_not_by_the_template(printing: World) -> None:
    play = await decided(printing, Outcome.REFUSED, "không có trong sổ đăng ký")
    said = await text(play, (await play.at(Stage.CLOSED)).result)
    assert "THÔNG BÁO TỪ CHỐI GIẢI QUYẾT HỒ SƠ" in said
    assert "Lý do: không có trong sổ đăng ký" in said
    assert "Cấp cho" not in said


async def test_officers_sign_what_the_platform_has_printed_under_the_number_that_it_bears(printing: World) -> None:
    await set_up(printing, signers())
    play = await decided(printing)
    view = await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == ["result_entered", "result_made", *SIGNED * 3, "result_released"]
    said = await text(play, view.result)
    assert "-K0000001. Cấp cho" in said
    assert said.count("(ký số)") == len(signers())

    await act(play, CorrectResult, LEADER, **WHY)
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-2:] == _REPLACED)
    async with printing.connection() as connection:
        body = await connection.fetchval(_RELEASED, result_workflow(play.filing, 1))
    corrected = await text(play, FileRef.model_validate(json.loads(body)["result"]))
    assert re.search(r"-K0000002\. Cấp cho .* Thay cho \S+-K0000001\.", corrected)
    await sound(printing)


_REPLACED: Final = ["result_replaced", "result_released"]
_RELEASED: Final = """
select convert_from(body, 'UTF8') from event where stream = $1 and kind = 'result_released' order by seq desc limit 1
"""
