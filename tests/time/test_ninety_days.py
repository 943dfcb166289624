"""A filing that stays open for ninety days and more, on virtual time, and the ledger of its clocks."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from temporalio.client import WorkflowExecutionStatus

from motcua.errors import NotAllowed
from publishing.authoring.calendars import publish_calendar
from publishing.authoring.procedures import publish
from publishing.effects import calendar_rollout
from schemas.filing import commands as cm
from schemas.filing.state import ClockState, Stage, Status
from schemas.people import Role
from schemas.stream.reprojection import workflow_id
from tests.acting import Play
from tests.conftest import ROOT
from tests.time.conftest import LAND, Virtual, another, land, local

GOLDEN: Final = Path(__file__).with_name("golden") / "ninety_days.json"
CONSULT: Final = {
    "code": "consult",
    "name": {"vi": "Lấy ý kiến", "en": "Consult"},
    "role": "specialist",
    "act": "consult",
    "limit": "5 working days",
    "consult": {
        "parties": [
            {"code": "planning", "name": {"vi": "Quy hoạch", "en": "Planning"}},
            {"code": "commune", "name": {"vi": "Ủy ban nhân dân xã", "en": "Commune"}},
        ],
        "silence": "consent",
        "source": "unconfirmed",
    },
    "source": "unconfirmed",
}
"""A step of consultation, put in after the first step of the catalogue's version."""
SWAPPED: Final = (
    {"date": "2030-05-02", "kind": "off", "source": "Thông báo hoán đổi"},
    {"date": "2030-05-06", "kind": "off", "source": "Quốc tang"},
    {"date": "2030-05-11", "kind": "makeup", "replaces": "2030-05-02", "source": "Thông báo hoán đổi"},
)
"""The days off, and the make-up day, that are declared on 22 April."""
STORM: Final = {"date": "2030-05-08", "kind": "off", "source": "Công điện về bão"}
"""The day off that is declared on 7 May."""
TOLD: Final = {
    "2030-03-04 15:00": ["reminded intake"],
    "2030-03-05 08:30": ["accepted", "step_started"],
    "2030-03-06 10:15": ["claimed", "supplement_requested"],
    "2030-03-19 20:00": ["supplemented"],
    "2030-03-22 17:00": ["reminded step"],
    "2030-03-25 09:00": ["forwarded", "step_started"],
    "2030-03-27 14:00": ["claimed", "opinion_recorded"],
    "2030-03-29 17:00": ["reminded step"],
    "2030-04-01 17:00": ["apology_drafted processing", "consultation_closed", "step_started"],
    "2030-04-02 08:30": ["claimed", "obligation_referred"],
    "2030-04-04 14:00": ["obligation_demanded"],
    "2030-04-22 08:00": ["calendar_changed"],
    "2030-05-03 10:00": ["obligation_fulfilled", "step_started"],
    "2030-05-07 09:00": ["calendar_changed"],
    "2030-05-07 15:00": ["reappointed"],
    "2030-05-07 17:00": ["reminded step"],
    "2030-05-09 17:00": ["overdue step"],
    "2030-05-10 10:00": ["reassigned", "proposed", "step_started"],
    "2030-05-11 17:00": ["reminded step"],
    "2030-05-13 11:00": ["claimed", "decided", "result_issued", "finished_early", "pickup_offered"],
    "2030-06-06 09:30": ["handed_over"],
}
"""Every event after the submission on Monday 4 March at 09:00. The golden ledger of clocks has the reasons."""
INSTANT: Final = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")


async def publish_with_consultation(dsn: str) -> str:
    """Publishes the catalogue's registration of land with a consultation; returns the version's name."""
    procedure = yaml.safe_load((ROOT / "procedures" / f"{LAND}@2026-12.yaml").read_bytes())
    first, *others = procedure["review"]
    changed = procedure | {"version": "2026-12-consult", "review": [first, CONSULT, *others]}
    return (await publish(dsn, yaml.safe_dump(changed, allow_unicode=True).encode())).version


def readable(state: ClockState) -> dict[str, Any]:
    """Returns a run of a clock without its empty fields, and with its instants in Vietnam's time."""
    said: dict[str, Any] = _in_vietnam(state.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    return said


def _in_vietnam(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_vietnam(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_in_vietnam(part) for part in value]
    is_instant = isinstance(value, str) and INSTANT.match(value)
    return local(datetime.fromisoformat(value)) if is_instant else value


async def until_the_review(virtual: Virtual, play: Play) -> None:
    """The filing is accepted; the first step requests a supplement, which comes on the evening before its last day."""
    specialist = play.officer(Role.SPECIALIST)
    await virtual.until("2030-03-05 08:30")
    await play.accept()
    await virtual.until("2030-03-06 10:15")
    await play.act(cm.Claim, specialist)
    item = {"target": "field", "code": "contract_date", "note": "Cần ngày công chứng"}
    await play.act(cm.RequestSupplement, specialist, items=[item], legal_basis="NĐ 61/2018/NĐ-CP Đ19 k4")
    assert (await play.view()).status is Status.SUPPLEMENT
    await virtual.until("2030-03-19 20:00")
    await play.act(cm.Supplement, play.submission.actor, form={"contract_date": "2030-02-20"})


async def until_the_tax(virtual: Virtual, play: Play) -> None:
    """One of the two consulted bodies answers; the calendar changes while the filing waits for the tax."""
    specialist = play.officer(Role.SPECIALIST)
    await virtual.until("2030-03-25 09:00")
    await play.act(cm.Forward, specialist)
    await virtual.until("2030-03-27 14:00")
    await play.act(cm.Claim, specialist)
    await play.act(cm.RecordOpinion, specialist, party="planning", consent=True)
    await virtual.until("2030-04-02 08:30")
    await play.act(cm.Claim, specialist)
    await play.act(cm.ReferObligation, specialist, reference="01/PC")
    await virtual.until("2030-04-04 14:00")
    await play.act(cm.DemandObligation, specialist, reference="02/TB", amount=4_500_000)
    assert (await play.view()).status is Status.FINANCIAL_OBLIGATION
    await virtual.until("2030-04-22 08:00")
    published = await publish_calendar(virtual.world.owner_dsn, another("2030.2", *SWAPPED))
    await calendar_rollout.start(virtual.world.temporal, published.name)
    await virtual.until("2030-05-03 10:00")
    batch = await virtual.world.temporal.get_workflow_handle(workflow_id(published.name)).describe()
    assert batch.status is WorkflowExecutionStatus.COMPLETED
    await play.act(cm.FulfilObligation, play.officer(Role.CASHIER), reference="03/BL")


async def until_the_decision(virtual: Virtual, play: Play) -> None:
    """A storm moves the remaining limit; the appointment is postponed once, in time; the proposal is late."""
    leader = play.officer(Role.LEADER)
    await virtual.until("2030-05-07 09:00")
    await virtual.adopt(play, another("2030.3", *SWAPPED, STORM))
    await virtual.until("2030-05-07 15:00")
    await play.act(cm.Reappoint, leader, by="5 working days", reason="bão")
    with pytest.raises(NotAllowed, match="postponed_already"):
        await play.act(cm.Reappoint, leader, by="1 working days", reason="bão")
    await virtual.until("2030-05-10 10:00")
    other = play.officer(Role.SPECIALIST, 2)
    await play.act(cm.Reassign, play.officer(Role.TEAM_LEAD), officer=other.subject)
    await play.act(cm.Propose, other, outcome="approved")
    await virtual.until("2030-05-13 11:00")
    await play.act(cm.Claim, leader)
    await play.act(cm.Decide, leader, outcome="approved")


async def apology(virtual: Virtual) -> tuple[str, str]:
    """Returns the missed appointment, and the new one that the apology proposes.

    Twenty working days from Wed 20/3, without Fri 12/4, end on Thu 18/4.
    """
    body = json.loads(await virtual.world.fetchval("select body from event where kind = 'apology_drafted'"))
    return local(datetime.fromisoformat(body["due"])), local(datetime.fromisoformat(body["proposed"]))


async def test_a_filing_of_ninety_days_keeps_its_clocks(virtual: Virtual) -> None:
    version = await publish_with_consultation(virtual.world.owner_dsn)
    async with virtual.world.platform(), virtual.world.back_office():
        play = await Play.begin(virtual.world, land(version=version))
        await until_the_review(virtual, play)
        await until_the_tax(virtual, play)
        await until_the_decision(virtual, play)
        await play.at(Stage.PICKUP)
        await virtual.until("2030-06-06 09:30")
        await play.hand_over()
        view, clocks = await play.view(), await virtual.clocks(play)
    assert await virtual.recorded_events() == [(day, what) for day, events in TOLD.items() for what in events]
    assert view.closed
    assert await virtual.env.get_current_time() - view.submitted_at > timedelta(days=90)
    assert await apology(virtual) == ("2030-04-03 17:00", "2030-04-18 17:00")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert [readable(state) for state in clocks] == [entry["run"] for entry in golden]
