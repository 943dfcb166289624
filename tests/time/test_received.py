"""Messages stored in a limit's last minute, while Temporal is away, count at their own times; timers wait for them."""

from datetime import datetime
from typing import Final

from motcua import RequestSupplement, Role, Status, Supplement, SupplementItem, TargetKind
from motcua.signing import Speaker
from schemas.identity.statement import UNNAMED
from schemas.ids import filing_workflow
from tests.acting import EXTRACT, VIA, Play, birth
from tests.at_the_door import ago, at_the_door
from tests.locked import PORTAL
from tests.speaking import private_key
from tests.time.conftest import Virtual, instant, local

ITEM: Final = SupplementItem(target=TargetKind.FIELD, code="registered_on", note="Cần ngày đăng ký")


async def waiting_filing(virtual: Virtual, n: int) -> Play:
    """Returns a filing that waits for a supplement until the end of Monday 18 March."""
    form = {"kind": "birth", "person_name": "Nguyễn Thị Bình Minh", "copies": 2}
    sent = birth(
        procedure=EXTRACT, version="2026-12", form=form, papers=[], result_channel="counter", submission_id=f"s-{n}"
    )
    play = await Play.begin(virtual.world, sent)
    await play.act(RequestSupplement, play.officer(Role.RECEPTION), items=(ITEM,), legal_basis="NĐ 61/2018")
    return play


def supplement(play: Play) -> Supplement:
    said = {"command_id": "late", "actor": play.submission.actor, "via": VIA}
    return Supplement.model_validate(said | {"form": {"registered_on": "2020-01-01"}})


async def last_event(virtual: Virtual, play: Play) -> tuple[str, datetime]:
    """Returns the kind and the time of a filing's last event."""
    query = "select kind, occurred_at from event where stream = $1 order by seq desc limit 1"
    [row] = await virtual.world.fetch(query, filing_workflow(play.filing))
    return row["kind"], row["occurred_at"]


async def test_a_supplement_of_the_last_minute_is_in_time_and_the_end_of_the_limit_waits_for_it(
    virtual: Virtual,
) -> None:
    """The limit ends with 18 March; the filing would end on the 19th at 17:00, after the desk has recorded all."""
    speaker = Speaker("portal-1", private_key(PORTAL), UNNAMED)
    last = instant("2030-03-18 23:59").replace(second=30)
    later = "update received set next_try = clock_timestamp() + interval '1 hour' where stream = $1"
    async with virtual.platform(), at_the_door(virtual.world, speaker) as door:
        in_time, waiting, without = [await waiting_filing(virtual, n) for n in range(3)]
        await virtual.until("2030-03-19 00:10")
        kept = [
            await door.keep(filing_workflow(play.filing), supplement(play), ago(last)) for play in (in_time, waiting)
        ]
        assert {local(one.received_at) for one in kept} == {"2030-03-18 23:59"}
        await virtual.world.execute(later, filing_workflow(waiting.filing))
        assert await door.delivery.some()
        assert await last_event(virtual, in_time) == ("supplemented", kept[0].received_at)
        await virtual.until("2030-03-19 17:30")
        assert local((await last_event(virtual, without))[1]) == "2030-03-19 17:00"
        assert (await without.view()).status is Status.NOT_ACCEPTED
        assert (await last_event(virtual, waiting))[0] == "supplement_requested"
        await virtual.world.execute("update received set next_try = clock_timestamp()")
        assert await door.delivery.some()
        assert await last_event(virtual, waiting) == ("supplemented", kept[1].received_at)
        await virtual.until("2030-03-20 09:00")
        assert "supplement_expired" not in await waiting.kinds()
        assert (await waiting.view()).status is Status.REGISTERED
