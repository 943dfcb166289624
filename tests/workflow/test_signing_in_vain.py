"""Signatures that can't be had: the record and the doctor say why, and it goes on once somebody has mended it."""

from __future__ import annotations

from typing import Final

from motcua import BackOffice, Document, IssueRequest
from operations.doctor.finding import Health
from schemas.filing.state import Stage
from schemas.people import Role
from tests.acting import AGENCY, eventually, officer
from tests.conftest import World
from tests.sound import sound
from tests.workflow.results import EXPIRED, LEADER, SIGNED, decided, looked, register, set_up, signers, tasks_of, told

OTHER: Final = officer(Role.LEADER, n=2)
ENTERED: Final = ["result_entered", "result_made"]


async def test_a_certificate_that_has_expired_is_told_once_and_another_signer_goes_on(running: World) -> None:
    assert (await looked(running)).health is Health.OK
    await set_up(running, signers(leader=EXPIRED))
    play = await decided(running)
    await told(play)
    finding = await looked(running)
    assert finding.health is Health.WARN
    for named in (AGENCY, "signature", LEADER.subject, "certificate_expired"):
        assert named in finding.what.en
    assert await tasks_of(play, Role.TEAM_LEAD) == [("machine:issue", None, ())]
    initials, leader, seal = signers()
    await set_up(running, [initials, leader | {"officer": OTHER.subject}, seal])
    await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == [
        *(*ENTERED, *SIGNED, "signature_requested", "machine_work_failing"),
        *("machine_work_answered", *SIGNED, *SIGNED, "result_released"),
    ]
    assert (await looked(running)).health is Health.OK
    assert await tasks_of(play, Role.TEAM_LEAD) == []
    await sound(running)


async def test_whoever_has_another_certificate_signs_without_being_asked_again(running: World) -> None:
    await set_up(running, signers(leader=EXPIRED))
    play = await decided(running)
    await told(play)
    await set_up(running, signers())
    await play.at(Stage.CLOSED)
    kinds = await play.kinds("result", 1)
    assert kinds.count("signature_requested") == 3
    assert kinds[5:8] == ["machine_work_failing", "machine_work_answered", "result_signed"]
    assert await register(play) == [("K0000001", "in_force")]
    await sound(running)


async def test_who_is_not_in_the_directory_any_more_signs_nothing(running: World) -> None:
    await set_up(running, signers(leader=EXPIRED))
    play = await decided(running)
    await told(play)
    await set_up(running, [one for one in signers() if one["place"] != "signature"])
    assert (await looked(running)).health is Health.WARN
    await set_up(running, signers())
    await play.at(Stage.CLOSED)
    await sound(running)


class Office(BackOffice):
    """Makes what is no PDF, until somebody has mended it."""

    def __init__(self) -> None:
        self.asked = 0
        self.mended = False

    async def issue(self, request: IssueRequest) -> bytes | Document:
        self.asked += 1
        return await super().issue(request) if self.mended else b"%PDF-1.7 nothing else"


async def test_a_file_that_nobody_can_sign_is_told_once_and_asked_for_less_and_less_often(world: World) -> None:
    await set_up(world, signers())
    office = Office()
    async with world.platform(), world.back_office(office):
        play = await decided(world)
        await told(play)
        await eventually(lambda: counted(office), lambda asked: asked >= 3)
        assert await play.kinds("result", 1) == ["result_entered", "machine_work_failing"]
        assert "not_signable" in (await looked(world)).what.en
        office.mended = True
        await play.at(Stage.CLOSED)
        assert (await looked(world)).health is Health.OK
    assert (await play.kinds("result", 1)).count("machine_work_failing") == 1
    await sound(world)


async def counted(office: Office) -> int:
    return office.asked
