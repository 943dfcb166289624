"""Timers of hours, days and weeks: each event comes once, at its exact minute."""

from typing import Final

from motcua import Accept, Apologise, RequestSupplement, Role, Status, SupplementItem, TargetKind
from tests.acting import EXTRACT, Play, birth, eventually
from tests.time.conftest import BEGIN, Virtual, land

WATCH: Final = """
create table seen (n bigint generated always as identity, name text, role text, overdue boolean,
    unique (name, role, overdue));
create function see() returns trigger language plpgsql security definer as $$
begin
    insert into seen (name, role, overdue) values (new.name, new.role, new.overdue) on conflict do nothing;
    return null;
end $$;
create trigger see after insert or update on task for each row execute function see();
"""
"""The SQL that notes every task in the order in which the queues first showed it."""


async def waiting(virtual: Virtual) -> Play:
    """Returns a filing at level 3 that waits at intake."""
    form = {"kind": "birth", "person_name": "Nguyễn Thị Bình Minh", "copies": 2}
    sent = birth(procedure=EXTRACT, version="2026-12", form=form, papers=[], result_channel="counter")
    return await Play.begin(virtual.world, sent)


async def seen(virtual: Virtual) -> list[tuple[str, str, bool]]:
    """Returns name, role and lateness of every task that the queues have shown, the earliest first."""
    rows = await virtual.world.fetch("select name, role, overdue from seen order by n")
    return [(row["name"], row["role"], row["overdue"]) for row in rows]


async def test_an_intake_that_nobody_takes_up_is_reminded_of_and_overdue_once(virtual: Virtual) -> None:
    """Eight working hours from Monday 09:00: half of them end on Monday at 15:00, all of them on Tuesday at 09:00."""
    async with virtual.world.platform():
        await waiting(virtual)
        await virtual.until("2030-03-04 14:59")
        assert await virtual.recorded_events() == []
        await virtual.until("2030-03-05 08:59")
        assert await virtual.recorded_events() == [("2030-03-04 15:00", "reminded intake")]
        await virtual.until("2030-05-06 09:00")
    assert await virtual.recorded_events() == [
        ("2030-03-04 15:00", "reminded intake"),
        ("2030-03-05 09:00", "overdue intake"),
    ]


async def test_a_supplement_that_never_comes_ends_the_filing_on_its_day(virtual: Virtual) -> None:
    """Ten working days from Monday 4 March end with Monday 18 March; a desk may still record papers on Tuesday."""
    async with virtual.world.platform():
        play = await waiting(virtual)
        item = SupplementItem(target=TargetKind.FIELD, code="registered_on", note="Cần ngày đăng ký")
        await play.act(RequestSupplement, play.officer(Role.RECEPTION), items=(item,), legal_basis="NĐ 61/2018")
        await virtual.until("2030-03-19 16:59")
        assert await virtual.recorded_events() == [(BEGIN, "supplement_requested")]
        await virtual.until("2030-03-19 17:01")
        assert await virtual.recorded_events() == [
            (BEGIN, "supplement_requested"),
            ("2030-03-19 17:00", "supplement_expired"),
        ]
        assert (await play.view()).status is Status.NOT_ACCEPTED


async def test_what_came_while_no_worker_was_there_is_told_once_and_in_order(virtual: Virtual) -> None:
    """The filing is due on 18 March, its first step on 7 March: too late to postpone, so an apology is drafted."""
    await virtual.world.execute(WATCH)
    async with virtual.platform():
        play = await Play.begin(virtual.world, land())
        await play.act(Accept, play.officer(Role.RECEPTION))
    await virtual.until_without_worker("2030-03-06 17:00", "2030-03-25 09:00")
    assert await virtual.recorded_events() == [(BEGIN, "accepted"), (BEGIN, "step_started")]
    async with virtual.platform():
        # Asked of the record itself: a question that this server gives to the worker that is gone holds all time up.
        missed = await eventually(virtual.recorded_events, lambda told: told[-1][1] == "overdue processing")
        await play.act(Apologise, play.officer(Role.LEADER), reason="thiếu cán bộ")
        await virtual.until("2030-06-24 09:00")
    late = ["reminded step", "overdue step", "apology_drafted processing", "reminded processing", "overdue processing"]
    assert missed[2:] == [("2030-03-25 09:00", what) for what in late]
    again = ("2030-04-08 17:00", "apology_drafted processing")
    assert (await virtual.recorded_events())[7:] == [("2030-03-25 09:00", "apologised processing"), again]
    assert await seen(virtual) == [
        ("intake", "reception", False),
        ("verify", "specialist", False),
        ("reminder:step", "specialist", False),
        ("reminder:step", "leader", False),
        ("verify", "specialist", True),
        ("verify", "team_lead", True),
        ("apology:processing", "leader", False),
        ("reminder:processing", "specialist", False),
        ("reminder:processing", "leader", False),
        ("apology:processing", "leader", True),
    ]
