"""The doctor's findings about restore drills, from the files in the second storage place."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.home import Home
from operations.doctor.check import Health, Surroundings
from operations.doctor.drills import DAYS, drills
from operations.drills import Noted, newest, note
from recovery.checkpoint_store import SecondPlace


async def test_the_doctor_says_when_the_newest_drill_was_and_how_it_ended(tmp_path: Path) -> None:
    url = (tmp_path / "second").as_uri()
    around, place = Surroundings({"MOTCUA_CHECKPOINTS": url}, {}, Home(tmp_path / ".motcua")), SecondPlace.at(url)
    now = datetime.now(UTC)

    async def finding() -> tuple[Health, str]:
        [found] = await drills(around)
        assert found.fix is not None or found.health in {Health.OK, Health.SKIPPED}
        return found.health, found.what.en

    async def held(days: int, problems: int = 0) -> None:
        at = now - timedelta(days=days)
        await note(place, Noted(at=at, cut=at - timedelta(hours=1), seconds=12.5, problems=problems, lost=3))

    assert await finding() == (Health.WARN, "no backup was ever restored for trial")
    await held(DAYS + 1)
    assert (await finding())[0] is Health.WARN
    await held(2, problems=1)
    health, what = await finding()
    assert (health, "found 1 faults" in what) == (Health.FAIL, True)
    await held(1)
    health, what = await finding()
    assert (health, "1 days ago, found no fault" in what) == (Health.OK, True)
    last = await newest(place)
    assert last is not None
    assert (last.seconds, last.lost) == (12.5, 3)
    await place.add("drills/99991231T000000Z", b"{")
    assert (await finding())[0] is Health.FAIL
    around.home.create()
    around.home.write_env({})
    assert (await finding())[0] is Health.SKIPPED
