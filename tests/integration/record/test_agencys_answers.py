"""Where identity is required, the log takes an agency's answer only from the agency's program."""

from __future__ import annotations

from typing import Any, Final

from activities.ledger.findings import Findings
from activities.ledger.vault import Vault
from rules.filing.evidence import printed
from rules.streams import KINDS
from schemas.backoffice import CHECK, ISSUE, CheckAnswer, IssueAnswer
from schemas.files import file_key
from schemas.ids import digest
from schemas.stream.ledger import AgencyAnswer, Appended
from tests.conftest import World
from tests.found import FindingLedger
from tests.integration.record.appends import ASKED, Log, opened
from tests.locked import AUDIENCE, MACHINE, back_office, now_in_force, register, with_office

ACCEPTED: Final = {"kind": "accepted", "automatic": True}
REQUEST: Final = {"request_id": "check:1", "dossier": {"code": "1"}}
DONE: Final = "accept:automatic"


def answered(world: World, log: Log, answer: Any, act: str = CHECK, **other: Any) -> AgencyAnswer:
    """Returns the default back office's answer; `other` replaces fields of the answer."""
    assert world.office is not None
    request = REQUEST | {"request_id": "issue:1"} if act == ISSUE else REQUEST
    told = world.office.answer(f"filing:{log.filing}", act, request, answer).model_dump(mode="json", exclude_none=True)
    given = {"act": act, "request_id": request["request_id"], "request": digest(request), "answer": told}
    return AgencyAnswer.model_validate(given | other)


def kinds(answer: Appended) -> list[str]:
    return [one.event["kind"] for one in answer.stored]


async def locked(world: World, log: Log) -> World:
    """Returns the world with the default back office; the log now requires identity."""
    log.ledger = FindingLedger(log.pool, Vault(world.settings.master), KINDS, log.meter, AUDIENCE)
    await log.append(ASKED)
    return await with_office(world)


async def test_a_standing_order_accepts_what_the_agencys_program_has_found_complete(world: World) -> None:
    async with opened(world) as log:
        world = await locked(world, log)
        complete = answered(world, log, CheckAnswer(complete=True))
        nobody = complete.model_copy(update={"answer": {"complete": True}})
        incomplete = answered(world, log, CheckAnswer(complete=False))
        of_the_result = answered(world, log, CheckAnswer(complete=True), act=ISSUE)
        asked_otherwise = complete.model_copy(update={"request": digest({"dossier": {}})})
        for said in (None, nobody, incomplete, of_the_result, asked_otherwise):
            assert (await log.append(ACCEPTED, answered=said)).unfounded
        revoked = now_in_force(MACHINE, revoked_at=now_in_force(MACHINE).valid_from)
        await register(world, back_office(MACHINE).model_copy(update={"keys": (revoked,)}))
        assert (await log.append(ACCEPTED, answered=complete)).unfounded
        assert (await log.append(answered=incomplete)).unfounded
        await register(world, back_office(MACHINE))
        assert (await log.append(answered=nobody)).unfounded
        assert (await log.append(answered=incomplete)).unfounded is None
        batch = log.batch(ACCEPTED, answered=complete, command_id=DONE)
        assert kinds(await log.append(*batch.events, answered=complete, command_id=DONE)) == ["accepted"]
        unsigned = batch.model_copy(update={"answered": None})
        assert kinds(await log.ledger.append(unsigned)) == ["accepted"], "a repeat is found, whatever it rests on"
        [known] = (await log.append(ACCEPTED, command_id=DONE)).receipts
        assert known.command_id == DONE


async def test_of_a_filing_that_was_passed_on_the_new_agencys_program_answers(world: World) -> None:
    async with opened(world) as log:
        world = await locked(world, log)
        await world.execute("update agency set queue = 'agency.H01.13' where agency = 'H01.13'")
        complete = answered(world, log, CheckAnswer(complete=True))
        why = {"reason": "thửa đất ở xã khác", "legal_basis": "NĐ 118/2025"}
        passed = {"kind": "passed_on", "officer": "leader", "origin": "H56.30", "to": "H01.13"} | why
        await log.append(passed, agency="H01.13")
        assert (await log.append(ACCEPTED, answered=complete, agency="H01.13")).unfounded
        await world.execute("update agency set queue = 'backoffice' where agency = 'H01.13'")
        assert kinds(await log.append(ACCEPTED, answered=complete, agency="H01.13")) == ["accepted"]


async def test_a_result_is_the_agencys_or_the_platforms_own_print(world: World) -> None:
    async with opened(world) as log:
        world = await locked(world, log)
        sha256 = digest("a result")
        file = {"key": file_key(log.filing, sha256), "sha256": sha256, "size": 1, "media_type": "application/pdf"}
        issued = {"kind": "result_issued", "result": file, "number": None}
        answer = IssueAnswer.model_validate({"result": file})
        assert (await log.append(issued)).unfounded, "that the file is there is not enough"
        other = answered(world, log, answer.model_copy(update={"copies": 2}), act=ISSUE)
        assert (await log.append(issued, answered=other)).unfounded
        assert kinds(await log.append(issued, answered=answered(world, log, answer, act=ISSUE))) == ["result_issued"]
        await Findings(log.pool).keep(f"filing:{log.filing}", printed(answer))
        assert kinds(await log.append(issued)) == ["result_issued"]


async def test_without_identity_everybody_is_believed(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        assert kinds(await log.append(ACCEPTED)) == ["accepted"]
