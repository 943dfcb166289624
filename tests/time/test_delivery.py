"""A result that nobody fetches, and one that nobody reads, on virtual time."""

from __future__ import annotations

from typing import Final

import yaml

from operations.publishing.catalogue import publish
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from tests.acting import BIRTH, Play, birth
from tests.conftest import ROOT
from tests.time.conftest import Virtual

LIMITS: Final = {"reading": "5 working days", "pickup": "30 calendar days", "unclaimed": "10 calendar days"}


async def publish_waited_for(dsn: str) -> str:
    """The catalogue's registration of a birth, whose result is waited for; its version."""
    procedure = yaml.safe_load((ROOT / "procedures" / f"{BIRTH}@2026-12.yaml").read_bytes())
    procedure["limits"] |= LIMITS
    procedure["limits_source"] |= dict.fromkeys(LIMITS, "unconfirmed")
    changed = procedure | {"version": "2026-12-waits"}
    return (await publish(dsn, yaml.safe_dump(changed, allow_unicode=True).encode())).version


async def issued(virtual: Virtual, channel: str) -> Play:
    version = await publish_waited_for(virtual.world.owner_dsn)
    form = birth().form | {"child_birth_date": "2030-02-20"}
    play = await Play.begin(virtual.world, birth(version=version, form=form, result_channel=channel))
    await play.at(Stage.PICKUP if channel == "counter" else Stage.READING)
    return play


async def test_the_applicant_is_reminded_of_a_result_until_the_time_for_it_is_over(virtual: Virtual) -> None:
    async with virtual.world.platform(), virtual.world.back_office():
        play = await issued(virtual, "counter")
        await virtual.until("2030-03-14 23:59")
        reminded = [task.role for task in (await play.view()).tasks if task.name == "reminder:pickup"]
        assert reminded == ["applicant"]
        await virtual.until("2030-04-10 09:00")
        view = await play.view()
        assert (view.overdue, view.status) == (("pickup",), Status.PROCESSED)
        await play.hand_over()
        told = [(at[:10], kind) for at, kind in await virtual.told()]
    assert told[-5:] == [
        ("2030-03-04", "pickup_offered"),
        ("2030-03-14", "reminded pickup"),
        ("2030-03-25", "reminded pickup"),
        ("2030-04-03", "overdue pickup"),
        ("2030-04-10", "handed_over"),
    ]


async def test_a_link_expires_in_working_days_and_another_one_is_read(virtual: Virtual) -> None:
    async with virtual.world.platform(), virtual.world.back_office():
        play = await issued(virtual, "online")
        await virtual.until("2030-03-12 09:00")
        assert (await play.view()).overdue == ("reading",)
        await play.act(cm.RenewLink, play.submission.actor)
        link = (await virtual.world.client.delivery(play.filing)).link
        await virtual.until("2030-03-14 09:00")
        await play.act(cm.AcknowledgeResult, play.submission.actor, link=link)
        told = (await virtual.told())[-4:]
    assert [kind for _, kind in told] == ["result_offered", "overdue reading", "result_offered", "handed_over"]
    assert told[1][0] == "2030-03-11 17:00"
