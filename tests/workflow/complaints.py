"""Complaints about acts of a filing: submitted, taken up by an officer, answered, sent."""

from typing import Any, Final

from schemas.complaint.commands import AnswerComplaint, SendAnswer, TakeUp
from schemas.complaint.state import ComplaintStart
from schemas.filing import commands as cm
from schemas.filing.events import Outcome
from schemas.filing.state import Stage
from schemas.ids import complaint_workflow
from schemas.people import Role
from tests.acting import VIA, Play, eventually, officer, posted
from tests.conftest import World

SECOND: Final = officer(Role.LEADER, n=2)
UPHELD: Final = {"outcome": "upheld", "reason": "giấy tờ hợp lệ", "legal_basis": "Luật 02/2011, Đ31"}


def complaint(play: Play, about: int, n: int = 1, **said: Any) -> ComplaintStart:
    given = {"filing_id": play.filing, "n": n, "about": about, "words": "xem xét lại"}
    return ComplaintStart.model_validate(given | {"actor": play.submission.actor, "via": VIA} | said)


async def seq_of(play: Play, kind: str) -> int:
    return max(n for n, found in enumerate(await play.kinds(), 1) if found == kind)


async def complained(play: Play, kind: str, n: int = 1) -> str:
    """Complains about the last event of this kind; returns the name of the complaint's stream."""
    await play.world.client.complain(complaint(play, await seq_of(play, kind), n))
    return complaint_workflow(play.filing, n)


async def answered(play: Play, stream: str, how: dict[str, Any]) -> None:
    """Claims the complaint, takes it up, decides it, and sends the decision."""
    await play.give(stream, cm.Claim, SECOND)
    await play.give(stream, TakeUp, SECOND)
    await play.give(stream, AnswerComplaint, SECOND, **how)
    await play.give(stream, SendAnswer, officer(Role.CLERK), how="trực tuyến")


async def reopened(play: Play, times: int = 1) -> None:
    await eventually(play.kinds, lambda kinds: kinds.count("reopened") == times)


async def refused(world: World, **said: Any) -> Play:
    """Returns a closed filing that was refused on the merits."""
    play = await Play.accepted(world, posted(**said))
    await play.review(Outcome.REFUSED, "sai tên")
    await play.at(Stage.CLOSED)
    return play
