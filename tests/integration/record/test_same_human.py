"""All accounts of a person count as one: no officer handles their own filing, or a filing after their recusal."""

from collections.abc import Awaitable, Mapping
from itertools import product
from typing import Any, Final, get_args

import pytest
import yaml

from activities.ledger.vault import Vault
from motcua import RefusedError
from operations.doctor.record.long_waits import nobody
from operations.evidence import folded
from publishing.authoring.procedures import seed_directory
from publishing.record.folding import compare, rebuild
from rules.require import require
from rules.streams import KINDS
from schemas.filing import commands as cm
from schemas.people import OFFICERS, Actor, Applicant, Role
from tests.acting import AGENCY, AUTHORISATION, Play, contract, marriage, officer
from tests.conftest import DIRECTORY, World
from tests.contract.samples import EVENTS
from tests.integration.record.appends import batch, opened
from tests.waits import around

AN, BINH, LAN = "001090000001", "001090000002", "001090000077"
"""The citizen numbers of the samples' applicant, of the representative, and of a relative of theirs."""
FIRST, SECOND, THIRD = (officer(Role.SPECIALIST, n=n) for n in (1, 2, 3))
LEADER, OTHER_LEADER = officer(Role.LEADER), officer(Role.LEADER, n=2)
LEAD, RECEPTION = officer(Role.TEAM_LEAD), officer(Role.RECEPTION)
OWN: Final = [("actor.subject", "own_filing")]
ACTS: Final = {
    name: next(one for one in EVENTS if isinstance(one, get_args(kind.events)) and hasattr(one, "officer"))
    for name, kind in KINDS.items()
    if name != "filing" and kind.rules.writers & OFFICERS
}
"""One event by an officer for each kind of stream to which officers write, except the filing."""
LISTED: Final = """
insert into officer (agency, subject, role, name, person) values ($1, $2, $3, 'Bùi Thị Sáu', $4) on conflict do nothing
"""


async def numbered(world: World, numbers: Mapping[str, str | None]) -> None:
    """Publishes the agency's officers, with the citizen numbers in `numbers`, and a third specialist."""
    [entry] = [one for one in yaml.safe_load(DIRECTORY)["agencies"] if one["agency"] == AGENCY]
    third = {"subject": THIRD.subject, "name": "Vũ Thị Sáu", "roles": ["specialist"]}
    known = {subject: {"id_number": number} for subject, number in numbers.items()}
    officers = [one | known.get(one["subject"], {}) for one in (*entry["officers"], third)]
    file = yaml.safe_dump({"agencies": [entry | {"officers": officers}]}, allow_unicode=True)
    await seed_directory(world.owner_dsn, file.encode(), world.publisher)


async def refused(call: Awaitable[Any]) -> list[tuple[str, str]]:
    with pytest.raises(RefusedError) as no:
        await call
    return [(one.field, one.rule) for one in no.value.refusal.problems]


async def test_an_officers_number_is_sealed_in_the_log_and_hashed_in_the_table(world: World) -> None:
    events, persons = "select count(*) from event", "select person from officer where agency = $1 and subject = $2"
    async with world.connection() as superuser, world.connection(world.owner_dsn) as owner:
        vault = Vault(world.settings.master)
        await numbered(world, {FIRST.subject: LAN, OTHER_LEADER.subject: LAN})
        both = [await superuser.fetchval(persons, AGENCY, one.subject) for one in (FIRST, OTHER_LEADER)]
        assert both == [await vault.person(superuser, LAN)] * 2
        said = await superuser.fetchval("select string_agg(convert_from(body, 'UTF8'), '') from event")
        assert LAN not in said + str(await superuser.fetch("select * from officer"))
        before = await superuser.fetchval(events)
        await numbered(world, {FIRST.subject: LAN, OTHER_LEADER.subject: LAN})
        assert await superuser.fetchval(events) == before
        assert (await compare(superuser, vault)).differences == []
        await superuser.execute("update officer set person = null where subject = $1", FIRST.subject)
        [found] = (await compare(superuser, vault)).differences
        assert (found.row, found.columns) == (f"{AGENCY} {FIRST.subject} specialist", ("person",))
        await rebuild(owner, vault)
        assert await superuser.fetchval(persons, AGENCY, FIRST.subject) == both[0]
        await numbered(world, {OTHER_LEADER.subject: LAN})
        assert await superuser.fetchval(persons, AGENCY, FIRST.subject) is None


async def test_nobody_handles_their_own_filing_whichever_account_they_use(office: World) -> None:
    await numbered(office, {FIRST.subject: AN, SECOND.subject: BINH, LEADER.subject: AN, RECEPTION.subject: AN})
    assert await refused(Play.begin(office, contract())) == OWN
    represented = {"actor": {"subject": "binh", "role": "representative"}, "authorisation": AUTHORISATION}
    play = await Play.begin(office, marriage(**represented))
    assert await refused(play.act(cm.Accept, RECEPTION)) == OWN
    await numbered(office, {FIRST.subject: AN, SECOND.subject: BINH, LEADER.subject: AN})
    await play.act(cm.Accept, RECEPTION)
    for who in (FIRST, SECOND):
        assert await refused(play.act(cm.Claim, who)) == OWN
        assert await refused(play.act(cm.Reassign, LEAD, officer=who.subject)) == [("officer", "own_filing")]
    await play.act(cm.Claim, THIRD)
    stopping = {"mode": "suspend", "reason": "-", "legal_basis": "-", "awaits": "-"}
    assert await refused(play.act(cm.Stop, LEADER, **stopping)) == OWN


async def test_no_stream_takes_an_act_of_who_is_on_the_applicants_side_by_account_or_as_a_human(office: World) -> None:
    represented = {"actor": {"subject": "binh", "role": "representative"}, "authorisation": AUTHORISATION}
    play = await Play.begin(office, marriage(**represented))
    async with opened(office) as log, office.connection() as superuser:
        human = await Vault(office.settings.master).person(superuser, AN)
        accounts = {play.submission.applicant.subject: None, "binh": None, "human": human}
        for kind, act in ACTS.items():
            stream = f"{kind}:{play.filing}" + (":1" if kind != "papers" else "")
            for role, (subject, person) in product(KINDS[kind].rules.writers & OFFICERS, accounts.items()):
                await superuser.execute(LISTED, AGENCY, subject, role, person)
                actor = Actor(subject=subject, role=role, agency=AGENCY)
                answer = await log.ledger.append(batch(stream, act.model_dump(mode="json"), actor=actor))
                found = [(one.field, one.rule) for one in answer.refused.problems] if answer.refused else []
                assert found.count(*OWN) == 1, (kind, role, subject)
    assert ACTS.keys() == KINDS.keys() - {"filing", "payment"}


async def test_who_recuses_themselves_does_nothing_more_of_the_filing_in_any_account(office: World) -> None:
    await numbered(office, {FIRST.subject: LAN, SECOND.subject: LAN})
    play = await Play.accepted(office, marriage())
    await play.act(cm.Claim, FIRST)
    await play.act(cm.Recuse, FIRST, reason="chị ruột của người nộp")
    assert (await play.kinds())[-2:] == ["recused", "released"]
    for who in (FIRST, SECOND):
        assert await refused(play.act(cm.Claim, who)) == OWN
    await play.act(cm.Claim, THIRD)
    async with office.connection() as superuser:
        said = await superuser.fetchval("select string_agg(convert_from(body, 'UTF8'), '') from event")
        assert "chị ruột" not in said
        assert await folded.differences(superuser, Vault(office.settings.master)) == []


async def test_a_task_that_no_officer_may_do_is_reported_until_the_directory_has_one(office: World) -> None:
    await numbered(office, {FIRST.subject: LAN, SECOND.subject: LAN, THIRD.subject: LAN})
    play = await Play.accepted(office, marriage())
    assert [one.health for one in await nobody(around(office))] == ["ok"]
    await play.act(cm.Claim, FIRST)
    await play.act(cm.Recuse, FIRST, reason="chị ruột của người nộp")
    [found] = await nobody(around(office))
    assert (found.health, found.what.en.split(":")[0], "specialist" in found.what.en) == ("warn", AGENCY, True)
    await numbered(office, {FIRST.subject: LAN, SECOND.subject: LAN})
    assert [one.health for one in await nobody(around(office))] == ["ok"]


async def test_who_stands_for_an_organisation_handles_nothing_of_it_in_any_account(office: World) -> None:
    stands = {
        "kind": "organisation",
        "id_number": "0101234567",
        "stands_for_it": "giam-doc",
        "stands_for_it_number": LAN,
    }
    company = Applicant.model_validate(marriage().applicant.model_dump() | stands)
    await numbered(office, {RECEPTION.subject: LAN, FIRST.subject: LAN})
    assert await refused(Play.begin(office, contract(applicant=company))) == OWN
    play = await Play.begin(office, marriage(applicant=company))
    assert await refused(play.act(cm.Accept, RECEPTION)) == OWN
    await numbered(office, {FIRST.subject: LAN})
    await play.act(cm.Accept, RECEPTION)
    assert await refused(play.act(cm.Claim, FIRST)) == OWN
    await play.act(cm.Claim, SECOND)
    async with office.connection() as superuser:
        said = await superuser.fetchval("select string_agg(convert_from(body, 'UTF8'), '') from event")
        assert LAN not in said
        assert await folded.differences(superuser, Vault(office.settings.master)) == []


async def test_two_accounts_of_one_human_are_not_two_officers(office: World) -> None:
    await numbered(office, {FIRST.subject: LAN, LEADER.subject: LAN})
    play = await Play.accepted(office, marriage())
    await play.act(cm.Claim, FIRST)
    await play.act(cm.Forward, FIRST)
    await play.act(cm.Claim, FIRST)
    await play.act(cm.Propose, FIRST, outcome="approved")
    await play.act(cm.Claim, LEADER)
    assert await refused(play.act(cm.Decide, LEADER, outcome="approved")) == [("actor.subject", "same_human")]
    await play.act(cm.Release, LEADER)
    await play.act(cm.Claim, OTHER_LEADER)
    await play.act(cm.Decide, OTHER_LEADER, outcome="approved")
    assert require((await play.view()).decision).officer == OTHER_LEADER.subject
