"""`motcua access report`: what is out of the ordinary among the looks of a record, and nothing that is not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from schemas.people import Role
from tests.acting import AGENCY, Doubtful, Play, birth, officer
from tests.conftest import World
from tests.shell import Shell

MONDAY: Final = datetime.fromisoformat("2026-11-23T10:00:00+07:00")
SINCE: Final = ("--since", "2026-11-01", "--json")
LOOK: Final = """
insert into access (look, filing_id, agency, stream, question, role, actor_agency, subject, principal, key_id,
    statement, at)
values ($1, $2, $3, 'filing:' || $2::uuid, $4, $5, $6, $7, 'desk', 'k', 's', $8)
"""


async def looked(
    world: World, at: datetime, role: Role | None, *filings: UUID, n: int = 1, question: str = "filing"
) -> None:
    """An officer of this role has looked at these filings, or a program by itself has."""
    who: Any = None if role is None else officer(role, n=n)
    async with world.connection() as connection:
        for filing in filings:
            said = (who and who.role, who and who.agency, who and who.subject)
            await connection.execute(LOOK, uuid4(), filing, AGENCY, question, *said, at)


async def test_nothing_is_out_of_the_ordinary_where_nobody_has_looked(shell: Shell) -> None:
    found = (await shell("access", "report", *SINCE)).json
    assert [found[kind] for kind in ("looks", "busy_days", "out_of_hours", "not_theirs", "by_itself")] == [
        0,
        *([] for _ in range(4)),
    ]
    assert "0 looks since" in (await shell("access", "report")).out


async def test_a_day_is_busy_against_the_officers_own_days(world: World, shell: Shell) -> None:
    for day, many in enumerate((3, 3, 2, 10, 9)):
        await looked(world, MONDAY + timedelta(days=day), Role.CLERK, *(uuid4() for _ in range(many)))
        await looked(world, MONDAY + timedelta(days=day), Role.LEADER, *(uuid4() for _ in range(12)))
        await looked(world, MONDAY + timedelta(days=day), Role.CLERK, *(uuid4() for _ in range(50)), question="tasks")
    found = (await shell("access", "report", *SINCE)).json["busy_days"]
    clerk = {"agency": AGENCY, "officer": officer(Role.CLERK).subject, "median": 3.0}
    assert found == [clerk | {"day": "2026-11-26", "filings": 10}]
    assert (await shell("access", "report", "--agency", "H01.12", *SINCE)).json["busy_days"] == []


async def test_looks_while_the_office_is_closed(world: World, shell: Shell) -> None:
    filing = uuid4()
    for hours in (0, 10, 11, 24 * 5):  # Monday at 10, 20 and 21 o'clock; Saturday
        await looked(world, MONDAY + timedelta(hours=hours), Role.CLERK, filing)
    await looked(world, MONDAY + timedelta(hours=10), None, filing)
    found = (await shell("access", "report", *SINCE)).json["out_of_hours"]
    assert [(one["day"], one["looks"]) for one in found] == [("2026-11-23", 2), (date(2026, 11, 28).isoformat(), 1)]
    assert {one["officer"] for one in found} == {officer(Role.CLERK).subject}


async def test_looks_at_what_is_no_business_of_theirs_and_by_nobody(world: World, shell: Shell) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, birth())
        await play.accept()
    filing = play.filing
    for role in (Role.RECEPTION, Role.SPECIALIST, Role.AUDITOR, Role.OPERATOR):
        await looked(world, MONDAY, role, filing)
    await looked(world, MONDAY, Role.CASHIER, filing, filing)
    await looked(world, MONDAY, Role.HANDOVER, filing, question="tasks")
    await looked(world, MONDAY, None, filing, uuid4())
    found = (await shell("access", "report", *SINCE)).json
    [cashier] = found["not_theirs"]
    assert (cashier["officer"], cashier["code"], cashier["looks"]) == (officer(Role.CASHIER).subject, play.code, 2)
    [program] = found["by_itself"]
    assert (program["principal"], program["looks"], program["filings"]) == ("desk", 2, 2)
    shown = (await shell("access", "report", "--since", "2026-11-01")).out
    assert str(play.code) in shown
    assert "By programs, for nobody" in shown
