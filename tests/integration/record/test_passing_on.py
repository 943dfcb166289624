"""Filings that go to another agency while they run: by a leader, and all at once from an agency that is closed."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from motcua import Document
from operations.passing_on import pass_all_on
from schemas import ids
from schemas.backoffice import IssueRequest
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.refund.commands import ApproveRefund
from tests.acting import LEAD, NEVER_PAYS, PAYS_TWICE, Play, broken, eventually, extract, officer, record
from tests.conftest import DIRECTORY, Signed, World
from tests.restarting import lost_and_restarted
from tests.shell import Shell

TO: Final = "H01.13"
TAX: Final = "H01.50"
OWN_QUEUE: Final = "agency.H01.13"
OPERATOR: Final = ("--as", f"operator:{officer(Role.OPERATOR, LEAD).subject}@{LEAD}", "--json")
WHY: Final = {"reason": "thửa đất ở xã khác", "legal_basis": "NĐ 118/2025"}
FEE: Final = 16_000


def theirs(play: Play) -> Play:
    """Returns the same filing, acted on by the officers of the new agency."""
    return replace(play, submission=play.submission.model_copy(update={"agency": TO}))


async def passed(play: Play) -> Play:
    await play.act(cm.PassOn, play.officer(Role.LEADER), to=TO, **WHY)
    return theirs(play)


async def money(world: World) -> dict[str, int]:
    """Returns the sum of the money that each agency has taken and not returned, in đồng."""
    rows = await world.fetch("select agency, sum(captured - refunded)::int as kept from payment group by agency")
    return {row["agency"]: row["kept"] for row in rows}


async def sound(world: World, shell: Shell) -> None:
    """Checks that the record is in order, and that the read models come out equal when they are made anew."""
    assert (await shell("ledger", "verify", "--json")).json["problems"] == []
    before = await record(world)
    assert (await shell("ledger", "rebuild", "--json")).code == 0
    assert await record(world) == before


async def test_passed_on_with_a_paid_fee_it_is_decided_there_and_the_money_stays(office: World, shell: Shell) -> None:
    play = await Play.accepted(office, extract(agency=LEAD, payer_account=PAYS_TWICE))
    await play.at(Stage.REVIEW)
    leader = play.officer(Role.LEADER)
    assert await broken(play.act(cm.PassOn, leader, to=TAX, **WHY)) == [("to", "not_competent")]
    assert await broken(play.act(cm.PassOn, leader, to="H99.99", **WHY)) == [("to", "unknown_agency")]
    assert await broken(play.act(cm.PassOn, play.officer(Role.OPERATOR), to=TO, **WHY)) == [("to", "not_the_successor")]
    other, due = await passed(play), (await play.view()).timers
    assert await broken(play.act(cm.Claim, play.officer(Role.SPECIALIST))) == [("actor.agency", "other_agency")]
    await lost_and_restarted(office, ids.filing_workflow(play.filing))
    assert {(one.agency, one.role) for one in (await other.view()).tasks} == {(TO, Role.SPECIALIST)}
    assert (await other.view()).timers == due
    await other.review()
    await other.at(Stage.CLOSED)
    [number] = [row["number"] for row in await office.fetch("select number from result where agency = $1", TO)]
    assert number.startswith(f"{TO}-")
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
    stranger = other.refund(ApproveRefund, other.officer(Role.LEADER), 1002, case=1)
    assert await broken(stranger) == [("actor.agency", "other_agency")]
    await play.approve_refund(1002)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    assert await money(office) == {LEAD: FEE}
    await sound(office, shell)
    assert (await shell("ledger", "export", str(play.code), "--out", "bundle.json")).code == 0
    assert (await shell("ledger", "verify", "bundle.json", "--json")).json["problems"] == []


class Own(Signed):
    """The successor's own back office; `made` are the filings whose results it made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[str] = []

    async def issue(self, request: IssueRequest) -> bytes | Document:
        self.made.append(request.dossier.code)
        return await super().issue(request)


class KilledError(Exception):
    """The command is killed after its first filing."""


def killed(_: int, __: int) -> None:
    raise KilledError


def closed(**closing: str) -> bytes:
    """Returns the directory with the agency closed, and its successor with a back office of its own."""
    directory = yaml.safe_load(DIRECTORY)
    for agency in directory["agencies"]:
        if agency["agency"] == LEAD:
            agency["closed"] = closing
        if agency["agency"] == TO:
            agency["queue"] = OWN_QUEUE
    return yaml.safe_dump(directory, allow_unicode=True).encode()


async def test_all_filings_of_a_closed_agency_go_to_its_successor_and_a_repeat_goes_on(
    office: World, shell: Shell, tmp_path: Path
) -> None:
    paid = await Play.accepted(office, extract(agency=LEAD))
    await paid.at(Stage.REVIEW)
    owing = await Play.accepted(office, extract(agency=LEAD, submission_id="owing", payer_account=NEVER_PAYS))
    await eventually(lambda: owing.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    early = await shell("filings", "pass-on", LEAD, *OPERATOR)
    assert (early.code, [one["rule"] for one in early.json["problems"]]) == (1, ["not_closed"])

    file = tmp_path / "directory.yaml"
    file.write_bytes(closed(day="2026-01-01", successor=TO, document="15/2026/NQ-HĐND"))
    assert (await shell("directory", "load", file)).code == 0
    new = office.client.submit(extract(agency=LEAD, submission_id="new"))
    assert await broken(new) == [("agency", "agency_closed")]

    async with office.connection(office.app_dsn) as connection:
        with pytest.raises(KilledError):
            await pass_all_on(connection, office.client, LEAD, officer(Role.OPERATOR, LEAD), killed)
    first, again = [await shell("filings", "pass-on", LEAD, *OPERATOR) for _ in range(2)]
    assert (first.code, again.code) == (0, 0)
    told: list[dict[str, Any]] = [first.json, again.json]
    assert [(one["successor"], one["passed_on"], one["kept"]) for one in told] == [(TO, 1, []), (TO, 0, [])]
    await eventually(lambda: owing.kinds("payment", 1), lambda kinds: "payment_cancelled" in kinds)
    await eventually(lambda: owing.kinds("payment", 2), bool)
    rows = await office.fetch("select stream, agency from payment where filing_id = $1 order by n", owing.filing)
    assert [row["agency"] for row in rows] == [LEAD, TO]
    other = theirs(paid)
    own = Own()
    async with office.back_office(own, OWN_QUEUE):
        await other.review()
        await other.at(Stage.CLOSED)
    assert own.made == [paid.code], "the office of the agency that has it now"
    await theirs(owing).withdraw()
    assert (await money(office))[LEAD] == FEE
    await sound(office, shell)
