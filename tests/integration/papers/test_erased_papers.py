"""Who filed is erased from the stream of their official papers too."""

from __future__ import annotations

from operations.evidence.bundle import export
from rules.require import require
from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import Play, marriage
from tests.conftest import World
from tests.integration.operations.erasure import approved, asked, sound, worked
from tests.integration.papers.relays import Desk, at_work, desk, work
from verifier import bundle as bundle_verifier

__all__ = ["desk"]


async def test_a_filing_with_official_papers_is_erased_with_them(world: World, desk: Desk) -> None:
    item = {"target": "field", "code": "first_party_name", "note": "không đọc được"}
    async with at_work(world):
        play = await Play.begin(world, marriage())
        await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), items=[item], legal_basis="Đ15")
        await play.act(cm.Supplement, play.submission.actor, form={"first_party_name": "Nguyễn Thị Ước"})
        await play.withdraw()
        assert await work(desk.relay()) == 2
        code = str(play.code)
        await approved(world, (await asked(world, code)).n)
        done = await worked(world)
    assert (done.finished, done.refused) == ([code], {})
    assert await play.kinds("papers") == ["paper_made", "paper_made", "erased"]
    await sound(world)
    async with world.connection() as connection:
        bundle = require(await export(connection, code))
    assert bundle_verifier.verify(bundle_verifier.canonical(bundle)).problems == []
