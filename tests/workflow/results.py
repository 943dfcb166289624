"""Results of filings: slow or failing signers, and commands on the results."""

import json
from typing import Any, Final
from uuid import UUID

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.service import RPCError

from activities.partners.http import partner_client, segment
from console.home import Home
from operations.doctor.check import Finding, Surroundings
from operations.doctor.record.long_waits import signing
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import result_workflow
from schemas.people import Actor, Role
from schemas.reading import AskTasks
from tests.acting import AGENCY, Play, eventually, extract, officer
from tests.conftest import ROOT, World
from views.registers.results import of_filing

LEADER: Final = officer(Role.LEADER)
INITIALS: Final = officer(Role.SPECIALIST)
CLERK: Final = officer(Role.CLERK)
WHY: Final = {"reason": "sai ngày sinh", "legal_basis": "NĐ 123/2015 Đ33"}
SIGNED: Final = ["signature_requested", "result_signed"]
RELEASED: Final = ["result_entered", "result_made", *SIGNED * 3, "result_released"]
STARTED: Final = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
PLACES: Final = ("initials", "signature", "seal")
SLOW: Final = "001085009902"
SLOW_AGENCY: Final = "0109999902"
EXPIRED: Final = "001085009904"
VERSION: Final = "2026-12-template"
TEMPLATE: Final = """\
      #import "/parts.typ": *
      #show: paper
      #letterhead
      #title
      Số #d.number. Cấp cho #d.holder.name: #d.values.person_name.vi, #d.values.copies.vi bản. Mã #d.code.
      #if d.corrects != none [Thay cho #d.corrects.]
      #signatures
"""
PROCEDURE: Final = (
    (ROOT / "procedures" / "2.000635@2026-12.yaml")
    .read_text()
    .replace('version: "2026-12"', f'version: "{VERSION}"')
    .replace("[online, counter, post]\n  source", f"[online, counter, post]\n  template: |\n{TEMPLATE}  source")
)


def signers(leader: str = "001085000012") -> list[dict[str, str]]:
    return [
        {
            "place": "initials",
            "officer": INITIALS.subject,
            "role": "specialist",
            "number": "001085000011",
        },
        {"place": "signature", "officer": LEADER.subject, "role": "leader", "number": leader},
        {"place": "seal", "officer": CLERK.subject, "role": "clerk", "number": "0109999999", "holder": "organisation"},
    ]


async def set_up(world: World, signing: list[dict[str, str]]) -> None:
    await world.execute("update agency set signing = $2 where agency = $1", AGENCY, json.dumps(signing))


async def act(play: Play, command: type[cm.Command], actor: Actor, **said: Any) -> None:
    await play.give(result_workflow(play.filing, 1), command, actor, **said)


async def decided(world: World, **said: Any) -> Play:
    play = await Play.accepted(world, extract(**said))
    await play.review()
    return play


async def register(play: Play) -> list[tuple[str, str]]:
    """Returns every number of the filing's results, without agency and year, with its state."""
    async with play.world.connection() as connection:
        found = await of_filing(connection, str(play.code))
    return [(one.number.rpartition("-")[2], one.state.value) for one in found]


async def tasks_of(play: Play, role: Role) -> list[tuple[str, str | None, tuple[str, ...]]]:
    found = await play.world.client.tasks(AskTasks(agency=AGENCY, role=role))
    return [(one.name, one.officer, one.actions) for one in found.rows if one.stream.startswith("result:")]


async def asked_of_signer(world: World, filing: UUID) -> list[str]:
    """Returns the keys of the requests to the signer for a filing, the newest first."""
    async with partner_client(world.env["MOTCUA_SIGNER_URL"]) as client:
        answer = await client.get("/requests")
    return [one["key"] for one in answer.raise_for_status().json()["requests"] if str(filing) in one["key"]]


async def waits_for(world: World, place: str) -> Play:
    """Returns a filing whose result waits at this place for the signer, half a minute unless `hurried` is called."""
    slow = {"signature": SLOW, "seal": SLOW_AGENCY}[place]
    await set_up(world, [one | ({"number": slow} if one["place"] == place else {}) for one in signers()])
    play = await decided(world)
    asked = PLACES.index(place) + 1
    await eventually(lambda: asked_of_signer(world, play.filing), lambda keys: len(keys) == asked)
    return play


async def hurried(play: Play) -> None:
    """Makes the slow signers sign at once."""
    async with partner_client(play.world.env["MOTCUA_SIGNER_URL"]) as client:
        for key in await asked_of_signer(play.world, play.filing):
            (await client.post(f"/requests/{segment(key)}/hurry")).raise_for_status()


async def waiting_for_signer(world: World, workflow_id: str) -> list[str]:
    """Returns the ids of the activities of a workflow's newest run that wait for the signing service."""
    try:
        described = await world.temporal.get_workflow_handle(workflow_id).describe()
    except RPCError:  # the workflow does not exist yet
        return []
    pending = described.raw_description.pending_activities
    return [one.activity_id for one in pending if (one.activity_type.name, one.state) == ("result.sign", STARTED)]


async def signed_once(play: Play) -> None:
    """Makes all signers sign, the slow ones at once; checks that each got exactly one request."""
    await hurried(play)
    await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == RELEASED
    stream = result_workflow(play.filing, 1)
    places = [seq for seq, kind in enumerate(RELEASED, 1) if kind == "signature_requested"]
    keys = sorted(await asked_of_signer(play.world, play.filing))
    assert [key.rpartition(":")[0] for key in keys] == [f"sign:{stream}:{seq}" for seq in places]


async def looked(world: World) -> Finding:
    [finding] = await signing(Surroundings({"MOTCUA_DATABASE_URL": world.app_dsn}, {}, Home.__new__(Home)))
    return finding


async def await_reported_failure(play: Play) -> None:
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-1:] == ["machine_work_failing"])
