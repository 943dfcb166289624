"""An officer who is absent is not waited for: their substitute signs, and record, file and verification say so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from asn1crypto import pem

from activities.ledger.vault import Vault
from activities.partners.http import partner_client
from activities.signature.certificate_subject import SubjectRules
from motcua.files.store import Store, open_store
from operations.results.checking import Asked, Hand, check, hands
from publishing.authoring.absences import Absence, record_absence
from publishing.record.publishing import Publisher, publishing
from rules.time.working_time import VIETNAM
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.publishing.events import OfficerEntered
from schemas.result.commands import DeclineSignature, SignAgain
from schemas.signature import SignatureOutcome
from tests.acting import AGENCY, Play, eventually, officer
from tests.conftest import World
from tests.sound import sound
from tests.workflow.results import (
    CLERK,
    EXPIRED,
    LEADER,
    SIGNED,
    SLOW,
    act,
    decided,
    looked,
    set_up,
    signers,
    tasks_of,
    told,
)

SECOND: Final = officer(Role.LEADER, n=2)
SECOND_CLERK: Final = officer(Role.CLERK, n=2)
NUMBER: Final = "001085000022"


async def away(world: World, who: str, role: Role, substitute: str, number: str | None = None) -> None:
    today = datetime.now(VIETNAM).date()
    at_work = {"name": "Vũ Thị Sáu", "roles": (role,), "active": True, "number": number}
    async with publishing(world.owner_dsn, Publisher(vault=Vault(world.settings.master))) as now:
        await now.publish([OfficerEntered(agency=AGENCY, subject=substitute, **at_work)])
    absence = Absence(AGENCY, who, role, today, today + timedelta(days=1), substitute)
    assert await record_absence(world.owner_dsn, absence) is False


async def who_signed(play: Play) -> dict[str, tuple[str, str | None]]:
    """By the record: in each place who signed, and in whose."""
    async with play.world.connection() as connection:
        rows = await connection.fetch(_SIGNED, f"result:{play.filing}:1")
    return {row["place"]: (row["officer"], row["acting_for"]) for row in rows}


_SIGNED: Final = """
select body ->> 'place' as place, body ->> 'officer' as officer, body ->> 'acting_for' as acting_for
from (select convert_from(body, 'UTF8')::jsonb as body from event where stream = $1 and kind = 'result_signed') as event
"""


async def verified(play: Play) -> list[Hand]:
    """By the file alone."""
    result = (await play.view()).result
    assert result is not None
    file = await Store(open_store(play.world.objects)).get(result)
    async with partner_client(play.world.env["MOTCUA_TRUST_URL"]) as client:
        _, _, root = pem.unarmor((await client.get("/root.pem")).content)
    asked = Asked([root], datetime.now(VIETNAM) + timedelta(minutes=1), online=True, kept=None, subjects=SubjectRules())
    verdict = await check(file, asked)
    assert verdict.outcome is SignatureOutcome.VALID
    return [hand for hand in hands(verdict, asked.subjects) if hand.field]


async def test_the_substitute_of_an_absent_officer_is_asked_and_signs_with_their_own_number(running: World) -> None:
    await set_up(running, signers())
    await away(running, LEADER.subject, Role.LEADER, SECOND.subject, NUMBER)
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
    async with running.connection() as connection:
        rows = await connection.fetch("select subject, name from officer where agency = $1", AGENCY)
    names = {row["subject"]: row["name"] for row in rows}
    assert initials.reason is None
    assert (signature.name, signature.reason) == (names[SECOND.subject], f"Ký thay {names[LEADER.subject]}")
    assert (seal.tax_code, seal.reason) == ("0109999999", f"Ký thay {names[CLERK.subject]}")
    await sound(running)


async def test_a_substitute_without_a_number_is_named_by_the_doctor_and_the_officer_is_asked(running: World) -> None:
    await set_up(running, signers())
    await away(running, LEADER.subject, Role.LEADER, SECOND.subject)
    assert SECOND.subject in (await looked(running)).what.en
    play = await decided(running)
    await play.at(Stage.CLOSED)
    assert (await who_signed(play))["signature"] == (LEADER.subject, None)


async def test_who_falls_ill_while_they_are_asked_is_stood_in_for(running: World) -> None:
    await set_up(running, signers(leader=EXPIRED))
    play = await decided(running)
    await told(play)
    await away(running, LEADER.subject, Role.LEADER, SECOND.subject, SLOW)
    whose = ("sign:signature", SECOND.subject, ("decline_signature",))
    await eventually(lambda: tasks_of(play, Role.LEADER), lambda tasks: tasks == [whose])
    await act(play, DeclineSignature, SECOND, reason="chưa xem hồ sơ")
    await set_up(running, [])
    await act(play, SignAgain, LEADER)
    await play.at(Stage.CLOSED)
    await sound(running)
