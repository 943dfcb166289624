"""Results that the platform prints, and officers' signatures: by substitutes, and after a delay."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

import pikepdf
import pytest
from asn1crypto import pem

from activities.ledger.vault import Vault
from activities.partners.http import partner_client
from activities.signature.certificate_subject import SubjectRules
from motcua import BackOffice, Document, IssueRequest
from motcua.files.store import Store, open_store
from operations.doctor.check import Health
from operations.result_checking import Hand, Terms, check, hands
from publishing.authoring.absences import Absence, record_absence
from publishing.authoring.procedures import publish
from publishing.record.publishing import Publisher, publishing
from rules.time.working_time import VIETNAM
from schemas.complaint.commands import LiftStay, StayAct, TakeUp
from schemas.files import FileRef
from schemas.filing.commands import Claim, Recuse
from schemas.filing.state import Stage
from schemas.ids import result_workflow
from schemas.people import Role
from schemas.publishing.events import OfficerEntered
from schemas.reading import AskTasks
from schemas.result.commands import CorrectResult
from schemas.signature import SignatureOutcome
from tests.acting import AGENCY, Play, eventually, extract, officer
from tests.conftest import World
from tests.locked import signing
from tests.printed import keywords, raw_text
from tests.sound import sound
from tests.workflow import results
from tests.workflow.complaints import complained
from tests.workflow.results import (
    CLERK,
    LEADER,
    SIGNED,
    VERSION,
    await_reported_failure,
    decided,
    looked,
    set_up,
    signers,
    tasks_of,
)


@pytest.fixture
async def printing(world: World) -> AsyncIterator[World]:
    """A platform that runs without any agency's back office."""
    await publish(world.owner_dsn, results.PROCEDURE.encode())
    signed = await signing(world)
    async with signed.platform():
        yield signed


async def text(play: Play, file: FileRef | None) -> str:
    assert file is not None
    return raw_text(await Store(open_store(play.world.objects)).get(file), "$.")


async def test_what_nobody_signs_is_not_issued_until_the_directory_names_who_signs(
    printing: World,
) -> None:
    play = await decided(printing, version=VERSION)
    kinds = await eventually(play.kinds, lambda kinds: kinds[-1] == "machine_work_failing")
    assert "result_issued" not in kinds
    assert await results.register(play) == []
    found = await printing.client.tasks(AskTasks(agency=AGENCY, role=Role.TEAM_LEAD))
    assert [one.name for one in found.rows] == ["machine_work:issue"]
    assert (await looked(printing)).health is Health.WARN
    for named in (AGENCY, "result_not_signed"):
        assert named in (await looked(printing)).what.en
    await set_up(printing, signers())
    view = await eventually(play.view, lambda view: view.stage is Stage.CLOSED, within=60)
    said = await text(play, view.result)
    assert f"Cấp cho {play.submission.applicant.name}: Nguyễn Văn An, 2 bản. Mã {play.code}." in said
    assert view.result is not None
    file = await Store(open_store(printing.objects)).get(view.result)
    assert re.fullmatch("[0-9a-f]{32}", str(keywords(file))), "nobody prints it again without the filing's key"
    assert await results.register(play) == [("K0000001", "in_force")]
    assert await play.kinds("result", 1) == results.RELEASED
    assert len(await verified(play)) == len(signers())
    assert (await looked(printing)).health is Health.OK
    await sound(printing)


async def test_a_filing_waits_if_its_agency_names_nobody_any_more(running: World) -> None:
    await set_up(running, signers())
    play = await Play.accepted(running, extract())
    await set_up(running, [])
    await play.review()
    await eventually(play.kinds, lambda kinds: kinds[-1] == "machine_work_failing")
    assert "nobody_signs" in (await looked(running)).what.en
    await set_up(running, signers())
    await eventually(play.view, lambda view: view.stage is Stage.CLOSED, within=60)
    assert await play.kinds("result", 1) == results.RELEASED


async def test_who_recused_themselves_signs_nothing_of_it_and_their_substitute_does(running: World) -> None:
    await set_up(running, signers())
    play = await Play.accepted(running, extract())
    await play.act(Recuse, CLERK, reason="người thân của người nộp")
    await play.review()
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-1:] == ["machine_work_failing"])
    assert "own_filing" in (await looked(running)).what.en
    await away(running, CLERK.subject, Role.CLERK, SECOND_CLERK.subject)
    await eventually(play.view, lambda view: view.stage is Stage.CLOSED, within=60)
    assert (await who_signed(play))["seal"] == (SECOND_CLERK.subject, CLERK.subject)


async def stayed(world: World) -> tuple[Play, str]:
    """Returns a decided filing that a complaint stops before its seal, and the name of the complaint's stream."""
    await set_up(world, signers())
    play = await Play.accepted(world, extract())
    await play.act(Recuse, CLERK, reason="người thân của người nộp")
    await play.review()
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-1:] == ["machine_work_failing"])
    stream = await complained(play, "accepted")
    for command in (Claim, TakeUp):
        await play.give(stream, command, SECOND)
    await play.give(stream, StayAct, SECOND, reason="hậu quả khó khắc phục")
    await play.at(Stage.STAYED)
    await away(world, CLERK.subject, Role.CLERK, SECOND_CLERK.subject)
    return play, stream


async def test_nothing_is_signed_while_a_complaint_stops_the_act(running: World) -> None:
    play, stream = await stayed(running)
    run = running.temporal.get_workflow_handle(result_workflow(play.filing, 1))

    async def failure_types() -> list[str]:
        pending = (await run.describe()).raw_description.pending_activities
        return [one.last_failure.application_failure_info.type for one in pending]

    await eventually(failure_types, lambda why: why == ["stayed"])
    await play.give(stream, LiftStay, SECOND, reason="đã rõ")
    await eventually(play.view, lambda view: view.stage is Stage.CLOSED, within=60)
    assert (await who_signed(play))["seal"] == (SECOND_CLERK.subject, CLERK.subject)


async def test_what_was_signed_in_the_same_instant_is_issued_once_the_act_goes_on(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_yet(*_: object) -> bool:
        return False

    monkeypatch.setattr("activities.results.signing.stands_still", not_yet)
    play, stream = await stayed(running)
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-1] == "result_released")
    assert (await play.view()).result is None
    await play.give(stream, LiftStay, SECOND, reason="đã rõ")
    await eventually(play.view, lambda view: view.stage is Stage.CLOSED, within=60)
    await sound(running)


async def test_officers_sign_what_the_platform_has_printed_under_the_number_that_it_bears(printing: World) -> None:
    await set_up(printing, signers())
    play = await decided(printing, version=VERSION)
    view = await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == ["result_entered", "result_made", *SIGNED * 3, "result_released"]
    said = await text(play, view.result)
    assert "-K0000001. Cấp cho" in said
    assert said.count("(ký số)") == 1
    await results.act(play, CorrectResult, LEADER, **results.WHY)
    await eventually(lambda: play.kinds("result", 1), lambda kinds: kinds[-2:] == _REPLACED)
    body = await printing.fetchval(_RELEASED, result_workflow(play.filing, 1))
    corrected = await text(play, FileRef.model_validate(json.loads(body)["result"]))
    assert re.search(r"-K0000002\. Cấp cho .* Thay cho \S+-K0000001\.", corrected)
    await sound(printing)


_REPLACED: Final = ["result_replaced", "result_released"]
_RELEASED: Final = """
select convert_from(body, 'UTF8') from event where stream = $1 and kind = 'result_released' order by seq desc limit 1
"""
SECOND: Final = officer(Role.LEADER, n=2)
SECOND_CLERK: Final = officer(Role.CLERK, n=2)


async def away(world: World, who: str, role: Role, substitute: str, number: str | None = None) -> None:
    today = datetime.now(VIETNAM).date()
    at_work = {"name": "Vũ Thị Sáu", "roles": (role,), "active": True, "number": number}
    async with publishing(world.owner_dsn, Publisher(vault=Vault(world.settings.master))) as now:
        await now.publish([OfficerEntered(agency=AGENCY, subject=substitute, **at_work)])
    absence = Absence(AGENCY, who, role, today, today + timedelta(days=1), substitute)
    assert await record_absence(world.owner_dsn, absence) is False


async def who_signed(play: Play) -> dict[str, tuple[str, str | None]]:
    """Returns for each signing position the signer, and the absent officer whom the signer replaced, by the record."""
    rows = await play.world.fetch(_SIGNED, f"result:{play.filing}:1")
    return {row["place"]: (row["officer"], row["acting_for"]) for row in rows}


_SIGNED: Final = """
select body ->> 'place' as place, body ->> 'officer' as officer, body ->> 'acting_for' as acting_for
from (select convert_from(body, 'UTF8')::jsonb as body from event where stream = $1 and kind = 'result_signed') as event
"""


async def verified(play: Play) -> list[Hand]:
    """Returns the signatures that a verification by the file alone finds."""
    result = (await play.view()).result
    assert result is not None
    file = await Store(open_store(play.world.objects)).get(result)
    async with partner_client(play.world.env["MOTCUA_TRUST_URL"]) as client:
        _, _, root = pem.unarmor((await client.get("/root.pem")).content)
    asked = Terms([root], datetime.now(VIETNAM) + timedelta(minutes=1), online=True, kept=None, subjects=SubjectRules())
    verdict = await check(file, asked)
    assert verdict.outcome is SignatureOutcome.VALID
    return [hand for hand in hands(verdict, asked.subjects) if hand.field]


async def test_the_substitute_of_an_absent_officer_is_asked_and_signs_with_their_own_number(running: World) -> None:
    await set_up(running, signers())
    await away(running, LEADER.subject, Role.LEADER, SECOND.subject, "001085000022")
    await away(running, CLERK.subject, Role.CLERK, SECOND_CLERK.subject)
    play = await decided(running)
    await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == ["result_entered", "result_made", *SIGNED * 3, "result_released"]
    assert await who_signed(play) == {
        "initials": (officer(Role.SPECIALIST).subject, None),
        "signature": (SECOND.subject, LEADER.subject),
        "seal": (SECOND_CLERK.subject, CLERK.subject),
    }
    initials, signature, seal = await verified(play)
    rows = await running.fetch("select subject, name from officer where agency = $1", AGENCY)
    names = {row["subject"]: row["name"] for row in rows}
    assert initials.reason is None
    assert (signature.name, signature.reason) == (names[SECOND.subject], None)
    assert (seal.tax_code, seal.reason) == ("0109999999", None)
    await sound(running)


async def test_a_certificate_that_has_expired_is_told_once_and_another_signer_goes_on(running: World) -> None:
    assert (await looked(running)).health is Health.OK
    await set_up(running, signers(leader=results.EXPIRED))
    play = await decided(running)
    await await_reported_failure(play)
    finding = await looked(running)
    assert finding.health is Health.WARN
    for named in (AGENCY, "signature", LEADER.subject, "certificate_expired"):
        assert named in finding.what.en
    assert await tasks_of(play, Role.TEAM_LEAD) == [("machine:issue", None, ())]
    initials, leader, seal = signers()
    await set_up(running, [initials, leader | {"officer": officer(Role.LEADER, n=2).subject}, seal])
    await play.at(Stage.CLOSED)
    assert await play.kinds("result", 1) == [
        *("result_entered", "result_made", *SIGNED, "signature_requested", "machine_work_failing"),
        *("machine_work_answered", *SIGNED, *SIGNED, "result_released"),
    ]
    assert (await looked(running)).health is Health.OK
    assert await tasks_of(play, Role.TEAM_LEAD) == []
    await sound(running)


def locked() -> bytes:
    """Returns a PDF that anybody may open, but nobody may change."""
    written = BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(written, encryption=pikepdf.Encryption(owner="x", user=""))
    return written.getvalue()


class Office(BackOffice):
    """A back office whose PDF can't be signed, until `mended` is true."""

    def __init__(self) -> None:
        self.asked = 0
        self.mended = False

    async def issue(self, request: IssueRequest) -> bytes | Document:
        self.asked += 1
        return await super().issue(request) if self.mended else locked()


async def test_a_file_that_nobody_can_sign_is_told_once_and_asked_for_less_and_less_often(world: World) -> None:
    await set_up(world, signers())
    office = Office()
    async with world.platform(), world.back_office(office):
        play = await decided(world)
        await await_reported_failure(play)
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
