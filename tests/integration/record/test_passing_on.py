"""Filings pass to another agency: one filing by a leader's command, or all filings of a closed agency."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from activities.ledger.authority.officers import in_their_place
from motcua import Document
from operations.doctor.record.long_waits import nobody
from operations.passing_on import pass_all_on
from publishing.authoring.procedures import seed_directory
from rules.time.working_time import VIETNAM
from schemas import ids
from schemas.backoffice import IssueRequest
from schemas.complaint.commands import TakeUp
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import parcel_workflow, referral_workflow, result_workflow
from schemas.parcel.commands import ClaimCompensation
from schemas.people import Actor, Role
from schemas.referral.commands import AnswerPart
from schemas.refund.commands import ApproveRefund
from schemas.result.commands import RevokeResult
from tests.acting import (
    ADDRESS,
    EXTRACT,
    LEAD,
    NEVER_PAYS,
    PAYS_TWICE,
    POLICE,
    Play,
    broken,
    eventually,
    extract,
    officer,
    posted,
    publish_changed,
    refer,
)
from tests.conftest import DIRECTORY, Signed, World
from tests.passing import TO, WHY, money, theirs
from tests.restarting import lose, lost_and_restarted, restart
from tests.shell import Shell
from tests.sound import sound
from tests.waits import around
from tests.workflow.complaints import complained

TAX: Final = "H01.50"
OWN_QUEUE: Final = "agency.H01.13"
OPERATOR: Final = ("--as", f"operator:{officer(Role.OPERATOR, LEAD).subject}@{LEAD}", "--json")
FEE: Final = 16_000


async def passed(play: Play) -> Play:
    await play.act(cm.PassOn, play.officer(Role.LEADER), to=TO, **WHY)
    return theirs(play)


async def registered(shell: Shell, agency: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Returns the filings in an agency's register of this year, each with its moves from one agency to another."""
    told = (await shell("papers", "register", agency, f"{datetime.now(VIETNAM):%Y}", "--json")).json
    assert told["filings"] == len(told["lines"])
    return [(line["code"], [(one["origin"], one["to"]) for one in line["passed"]]) for line in told["lines"]]


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
    assert [await registered(shell, agency) for agency in (LEAD, TO, TAX)] == [[(play.code, [(LEAD, TO)])]] * 2 + [[]]
    await sound(office)
    assert (await shell("ledger", "export", str(play.code), "--out", "bundle.json")).code == 0
    assert (await shell("ledger", "verify", "bundle.json", "--json")).json["problems"] == []


async def test_a_parcel_that_its_filing_begins_anew_stays_with_the_agency_that_sent_it(office: World) -> None:
    never_leaves = ADDRESS | {"postcode": "99912"}
    play = await Play.accepted(office, posted(agency=LEAD, address=never_leaves))
    await play.review()
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    other, filing, parcel = await passed(play), ids.filing_workflow(play.filing), parcel_workflow(play.filing, 1)
    for stream in (parcel, filing):
        await lose(office, stream)
    await restart(office, filing)
    await other.act(cm.CancelParcel, other.officer(Role.HANDOVER))
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_ended" in kinds)
    agencies = await office.fetch("select distinct agency from event where stream = $1", parcel)
    assert [row["agency"] for row in agencies] == [LEAD]
    await sound(office)


SILENT: Final = {"legal_basis": "Luật 1/2026", "officers": ["h01.12-leader-1"], "source": "unconfirmed"}


async def test_an_approval_by_silence_is_kept_and_nothing_goes_where_nobody_leads(office: World) -> None:
    version = await publish_changed(office, EXTRACT, lambda fields: fields.update(silent_approval=SILENT))
    play = await Play.accepted(office, extract(agency=LEAD, version=version))
    await play.at(Stage.REVIEW)
    other = await passed(play)
    stands = "select convert_from(body, 'UTF8')::jsonb #>> '{accountable,silent}' from event where kind = 'passed_on'"
    assert await office.fetchval(stands) == "h01.13-leader-1", "the first leader there, as the procedure names none"
    await office.execute("update officer set active = false where agency = $1 and role = 'leader'", LEAD)
    back = other.act(cm.PassOn, other.officer(Role.LEADER), to=LEAD, **WHY)
    assert await broken(back) == [("to", "no_leader_there")]


class Own(Signed):
    """The successor's own back office; `made` are the codes of the filings whose results it made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[str] = []

    async def issue(self, request: IssueRequest) -> bytes | Document:
        self.made.append(request.dossier.code)
        return await super().issue(request)


class KilledError(Exception):
    """Stands for a kill of the command after its first filing."""


def killed(_: int, __: int) -> None:
    raise KilledError


CLOSING: Final = {"day": "2026-01-01", "successor": TO, "document": "15/2026/NQ-HĐND"}


def closed(*agencies: str, **officers: dict[str, str]) -> bytes:
    """Returns the directory with these agencies closed, and their successor with a back office of its own.

    If the police is closed, its officers have left. `officers` are further fields of the successor's officers, by the
    last part of their identity.
    """
    directory = yaml.safe_load(DIRECTORY)
    for agency in directory["agencies"]:
        if agency["agency"] in agencies:
            agency["closed"] = dict(CLOSING)
        if agency["agency"] == POLICE in agencies:
            agency["officers"] = [one | {"active": False} for one in agency["officers"]]
        if agency["agency"] == TO:
            agency["queue"] = OWN_QUEUE
            for one in agency["officers"]:
                one.update(officers.get(one["subject"].removeprefix("h01.13-").replace("-", "_"), {}))
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
    file.write_bytes(closed(LEAD))
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
    await sound(office)


def heir(role: Role, n: int = 1, *, of: str = LEAD) -> Actor:
    """Returns an officer of the successor, who acts for the closed agency."""
    return officer(role, TO, n).model_copy(update={"agency": of})


async def test_officers_of_the_successor_finish_what_a_closed_agency_has_in_streams_of_every_kind(
    office: World,
) -> None:
    refunded = await Play.accepted(office, extract(agency=LEAD, payer_account=PAYS_TWICE))
    disputed = await Play.accepted(office, extract(agency=LEAD, submission_id="disputed"))
    await disputed.at(Stage.REVIEW)
    complaint = await complained(disputed, "accepted")
    parted = await refer(office)
    lost = await Play.accepted(
        office, posted(agency=LEAD, submission_id="lost", address=ADDRESS | {"postcode": "99903"})
    )
    await lost.review()
    issued = await Play.accepted(office, extract(agency=LEAD, submission_id="issued"))
    await issued.review()
    await issued.at(Stage.CLOSED)
    await eventually(lambda: lost.kinds("parcel", 1), lambda kinds: "consignment_ended" in kinds)
    await eventually(lambda: refunded.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)

    approving: dict[str, Any] = {"command": ApproveRefund, "actor": heir(Role.LEADER), "n": 1002, "case": 1}
    assert await broken(refunded.refund(**approving)) == [("actor", "not_in_directory")]
    own = {"id_number": disputed.submission.applicant.id_number}
    await seed_directory(office.owner_dsn, closed(LEAD, POLICE, leader_2=own), office.publisher)
    assert [one.health for one in await nobody(around(office))] == ["ok"], "its tasks are the successor's officers'"

    await refunded.refund(**approving)
    assert await broken(disputed.give(complaint, cm.Claim, heir(Role.LEADER, 2))) == [("actor.subject", "own_filing")]
    for command in (cm.Claim, TakeUp):
        await disputed.give(complaint, command, heir(Role.LEADER))
    new = await complained(disputed, "fee_paid", 2)
    assert await office.fetchval("select agency from stream where stream = $1", new) == TO
    part, specialist = referral_workflow(parted.filing, 1), heir(Role.SPECIALIST, of=POLICE)
    await parted.give(part, cm.Claim, specialist)
    await parted.give(part, AnswerPart, specialist, outcome="approved")
    await lost.give(parcel_workflow(lost.filing, 1), ClaimCompensation, heir(Role.HANDOVER), reference="12/YC")
    revoking = {"reason": "sai tên", "legal_basis": "NĐ 123/2015"}
    await issued.give(result_workflow(issued.filing, 1), RevokeResult, heir(Role.CLERK), **revoking)
    await disputed.act(cm.Recuse, heir(Role.LEADER), reason="cháu ruột của người nộp")
    other = await passed(disputed)
    stopping = other.act(cm.Stop, officer(Role.LEADER, TO), mode="suspend", reason="chờ", legal_basis="Đ19")
    assert await broken(stopping) == [("actor.subject", "own_filing")], (
        "who has recused themselves at the closed agency"
    )
    await eventually(lambda: refunded.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    await parted.until(lambda view: view.parts[0].outcome is not None)
    assert await money(office) == {LEAD: 4 * FEE}
    await sound(office)


async def test_of_a_line_of_closed_agencies_the_last_one_has_what_they_had(office: World) -> None:
    heirs = "select heir_of(agency) from unnest(array['H01.12', 'H01.13', 'H01.30', 'H99.99', null]) as agency"
    assert [row[0] for row in await office.fetch(heirs)] == [None] * 5
    later = yaml.safe_load(closed(LEAD))
    for agency in later["agencies"]:
        if agency["agency"] == TO:
            agency["closed"] = CLOSING | {"successor": "H01.30", "day": "2026-02-01"}
    await seed_directory(office.owner_dsn, yaml.safe_dump(later).encode(), office.publisher)
    assert [row[0] for row in await office.fetch(heirs)] == ["H01.30", "H01.30", None, None, None]
    new = office.client.submit(extract(agency=LEAD))
    assert await broken(new) == [("agency", "agency_closed")]
    first, second = (officer(Role.LEADER, "H01.30", n).subject for n in (1, 2))
    days = date(2026, 1, 1), date(2026, 1, 9)
    await office.execute("insert into absence values ('H01.30', $1, 'leader', $2, $3, $4)", first, *days, second)
    async with office.connection() as connection:
        stands_in = [
            await in_their_place(connection, LEAD, [second], [first], day) for day in (*days, date(2026, 1, 10))
        ]
    assert stands_in == [True, True, False], "two officers are needed, and these are one"
    await office.execute('update agency set closed = closed || \'{"day": "2999-01-01"}\' where agency = $1', TO)
    assert [row[0] for row in await office.fetch(heirs)] == [TO, None, None, None, None], "it is not closed yet"
