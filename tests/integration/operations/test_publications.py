"""Publications are streams: a change that bypasses them is found, and an act of two people waits for both."""

import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import date
from typing import Any, Final

import asyncpg
import pytest
import yaml

from activities.ledger.vault import Vault
from console.comparing import Why
from console.database import Connection
from operations.doctor.check import Health
from operations.doctor.record.tables import publications as look
from publishing.authoring.absences import Absence, erase_officer, record_absence
from publishing.authoring.approving import approve, decline, history, require_two, waiting
from publishing.authoring.calendars import CALENDAR, check_bytes, publish_calendar
from publishing.authoring.paper_templates import Slot, publish_template
from publishing.authoring.procedures import publish, seed_directory
from publishing.authoring.provinces import publish_province
from publishing.record.folding import Compared, compare, rebuild
from publishing.record.log import Dated, NameKeyGoneError, key_of, stored
from publishing.record.publications import place_of
from publishing.record.publishing import NoKeyError, Publisher, WaitsError, publishing, take_over
from rules.require import require
from schemas.errors import RefusalError
from schemas.papers.state import PaperKind
from schemas.people import Actor, Role
from schemas.privacy import ERASED_WORDS
from schemas.publishing.events import OfficerErased, ProcedurePublished, PublicationAsked
from tests.acting import broken
from tests.conftest import DIRECTORY, World
from tests.integration.operations.templates import OURS
from tests.provinces import EXTRACT_FILE, UNCONFIRMED, changed, overlay
from tests.shell import Shell
from tests.sound import problems
from tests.waits import around
from verifier import ledger as ledger_verifier

AGENCY: Final = "H01.12"
AWAY: Final = Absence(
    AGENCY, "h01.12-specialist-1", "specialist", date(2026, 12, 1), date(2026, 12, 9), "h01.12-specialist-2"
)
SIGNED: Final = [{"place": "signature", "officer": "h01.12-leader-1", "role": "leader", "number": "001080000777"}]
NAME: Final = "Trần Văn Bình"


@pytest.fixture
async def owner(world: World) -> AsyncIterator[Connection]:
    """Yields an owner's connection with one publication of each kind; the database already has the demo's directory."""
    async with world.connection(world.owner_dsn) as connection:
        await publish(connection, EXTRACT_FILE.read_bytes())
        desks = [{"agency": AGENCY, "receives_for": ["H01.13"], **UNCONFIRMED}]
        await publish_province(connection, overlay("H01", "1", 5000, desks=desks))
        await publish_template(connection, OURS.encode(), Slot(AGENCY, PaperKind.RECEIPT))
        await record_absence(connection, AWAY)
        yield connection


async def comparison(world: World, *, names: bool = True) -> Compared:
    async with world.connection(world.app_dsn) as connection:
        return await compare(connection, Vault(world.settings.master) if names else None)


async def differences(world: World) -> set[tuple[str, str, Why, tuple[str, ...]]]:
    return {(one.table, one.row, one.why, one.columns) for one in (await comparison(world)).differences}


async def test_no_name_stands_in_the_log_but_sealed(world: World, owner: Connection) -> None:
    entry = yaml.safe_load(DIRECTORY)["agencies"][0]
    entry["officers"] = [{"subject": "o-77", "name": "Võ Thị Bảy", "roles": ["leader"], "number": "001080000777"}]
    entry["signing"] = SIGNED
    await seed_directory(owner, yaml.safe_dump({"agencies": [entry]}).encode(), world.publisher)
    rows = await owner.fetch("select stream, convert_from(body, 'UTF8') as body from event where filing_id is null")
    told = "\n".join(f"{row['stream']} {row['body']}" for row in rows)
    assert "o-77" in told
    assert not any(secret in told for secret in (NAME, "Võ Thị Bảy", "001080000777"))
    assert (await comparison(world)).differences == []
    assert await owner.fetchval("select count(*) from event where filing_id is null and sealed is null") > 0


async def test_what_stands_already_is_not_recorded_again(world: World, owner: Connection) -> None:
    events = await owner.fetchval("select count(*) from event")
    await seed_directory(owner, DIRECTORY, world.publisher)
    await publish(owner, EXTRACT_FILE.read_bytes())
    await publish_calendar(owner, CALENDAR.read_bytes())
    assert await record_absence(owner, AWAY)
    assert await owner.fetchval("select count(*) from event") == events


LEADER: Final = "officer H01.12 h01.12-leader-1 leader"
VN: Final = require(check_bytes(CALENDAR.read_bytes()).calendar).name
TAMPERINGS: Final = {
    "update procedure set rules = convert_to(replace(convert_from(rules, 'UTF8'), '8000', '9000'), 'UTF8') "
    "where version = '2026-12' and code = '2.000635'": "procedure 2.000635 2026-12 differs rules",
    "insert into procedure (code, version, sha256, source, rules, demo) values ('9.000001', '1', '-', '', '', true)": (
        "procedure 9.000001 1 extra"
    ),
    "update procedure set published_at = published_at - interval '1 day' where version = '2026-12'": (
        "procedure 2.000635 2026-12 differs published_at"
    ),
    "update calendar set body = body || ' '::bytea where agency = ''": f"calendar {VN} '' differs body",
    "delete from province_overlay": "province_overlay H01 1 missing",
    "update agency set receives_for = '{*}' where agency = 'H01.12'": "agency H01.12 differs receives_for",
    "update agency set merchants = '{mine}' where agency = 'H01.12'": "agency H01.12 differs merchants",
    "insert into officer (agency, subject, role, name) values ('H01.12', 'h01.12-specialist-1', 'leader', '-')": (
        "officer H01.12 h01.12-specialist-1 leader extra"
    ),
    "update officer set active = false where subject = 'h01.12-leader-1'": f"{LEADER} differs active",
    "update officer set name = 'x', number = '001080000777' where subject = 'h01.12-leader-1'": (
        f"{LEADER} differs name number"
    ),
    "delete from absence": "absence H01.12 h01.12-specialist-1 specialist 2026-12-01 missing",
    "update publication_state set by_two = true": "publication_state True differs by_two",
}


@pytest.mark.usefixtures("owner")
async def test_whoever_changes_a_table_is_found_out_and_it_is_mended(world: World) -> None:
    told: dict[str, str] = {}
    async with world.connection() as superuser, world.connection(world.owner_dsn) as connection:
        for statement in TAMPERINGS:
            await superuser.execute(statement)
            [one] = await differences(world)
            told[statement] = " ".join((one[0], one[1], str(one[2]), *one[3]))
            assert sum((await rebuild(connection, Vault(world.settings.master))).values()) == 1
            assert await differences(world) == set()
    assert told == TAMPERINGS


async def test_a_changed_or_missing_key_is_found_and_never_replaced(world: World, owner: Connection) -> None:
    named = "select min(stream) from event where filing_id is null and key_id is not null"
    stream = await world.fetchval(named)
    changed_key = "update filing_key set wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))"
    await world.execute(f"{changed_key} where filing_id = $1", key_of(stream))
    assert await differences(world) == {("filing_key", stream, Why.UNREADABLE, ())}
    await world.execute("delete from filing_key")
    assert {(one[0], one[2]) for one in await differences(world)} == {("filing_key", Why.MISSING)}
    with pytest.raises(NameKeyGoneError):
        await seed_directory(owner, DIRECTORY.replace(NAME.encode(), "Trần Văn Bảo".encode()), world.publisher)


async def test_who_left_is_erased_by_two_once_it_is_time_and_the_log_goes_on(world: World, owner: Connection) -> None:
    one, other = (
        world.publisher._replace(actor=Actor(subject=f"h01.12-operator-{n}", role=Role.OPERATOR, agency=AGENCY))
        for n in (1, 2)
    )
    entry = next(entry for entry in yaml.safe_load(DIRECTORY)["agencies"] if entry["agency"] == AGENCY)
    who = {"subject": "o-77", "name": "Võ Thị Bảy", "roles": ["leader", "clerk"], "number": "001080000777"}
    second = {"subject": "h01.12-operator-2", "name": "Lý Thị Tám", "roles": ["operator"]}

    async def enter(*officers: Mapping[str, object], by: Publisher = world.publisher) -> None:
        await seed_directory(owner, yaml.safe_dump({"agencies": [entry | {"officers": list(officers)}]}).encode(), by)

    async def refused(subject: str, years: int = 0) -> list[str]:
        return await rules_of(erase_officer(owner, AGENCY, subject, "15/PYC", years, one))

    await enter(second)
    await require_two(owner, one, on=True)
    with pytest.raises(WaitsError):
        await enter(who, by=one)
    await approve(owner, 1, other)
    assert await refused("o-77") == ["officer_in_office"]
    assert await refused("o-78") == ["nothing_recorded"]
    await enter(who | {"active": False})
    assert await refused("o-77", 1) == ["officer_kept"]
    assert await refused("o-77") == ["officer_kept"], "not on the day on which they leave"

    await world.execute("alter table event disable trigger all")
    moved = "update event set occurred_at = occurred_at - interval '2 days' where stream = $1"
    stream = place_of(OfficerErased(agency=AGENCY, subject="o-77", roles=(), reason="-")).stream
    await world.execute(moved, stream)
    with pytest.raises(WaitsError) as waits:
        await erase_officer(owner, AGENCY, "o-77", "15/PYC", 0, one)
    with pytest.raises(RefusalError):
        await approve(owner, waits.value.n, one)
    await approve(owner, waits.value.n, other)

    rows = await owner.fetch("select role, name, number, active from officer where subject = 'o-77' order by role")
    assert [tuple(row.values()) for row in rows] == [(role, ERASED_WORDS, None, False) for role in ("clerk", "leader")]
    asked = "publication:asked:1"
    keys = "select count(*) from filing_key where filing_id = any($1)"
    assert await owner.fetchval(keys, [key_of(stream), key_of(asked)]) == 0
    assert (await comparison(world)).differences == []
    assert sum((await rebuild(owner, Vault(world.settings.master))).values()) == 0
    assert await refused("o-77") == ["erased"]
    with pytest.raises(NameKeyGoneError, match="was erased"):
        await enter(who | {"active": False})


@pytest.mark.usefixtures("owner")
async def test_another_key_in_the_place_of_one_is_found_though_it_is_sound(world: World) -> None:
    """Only data proves that a key is the right one: another stream's key and a new key both fail to decrypt it."""
    async with world.connection() as superuser:
        named = """select stream, array_agg(seq) as seqs from event
            where filing_id is null and key_id is not null group by stream order by stream limit 2"""
        one, other = await superuser.fetch(named)
        key, wrapped = await Vault(world.settings.master).new(key_of(one["stream"]))
        await superuser.execute(
            "update filing_key set (key_id, wrapped, wrapped_by) = ($2, $3, $4) where filing_id = $1",
            *(key_of(one["stream"]), key.key_id, wrapped.data, wrapped.by),
        )
        unread = {("event", f"{one['stream']} {seq}") for seq in one["seqs"]}
        assert {tell[:2] for tell in await differences(world)} >= unread
        await superuser.execute("delete from filing_key where filing_id = $1", key_of(one["stream"]))
        moved = "update filing_key set filing_id = $1 where filing_id = $2"
        await superuser.execute(moved, key_of(one["stream"]), key_of(other["stream"]))
        assert {tell[:2] for tell in await differences(world)} >= unread | {("filing_key", other["stream"])}


@pytest.mark.usefixtures("owner")
async def test_a_receipt_and_an_epoch_that_were_changed_are_found(world: World) -> None:
    fee, agency = "publication:procedure:2.000635", "publication:agency:H01.12"
    await world.execute("alter table stream disable trigger all")
    await world.execute(
        """update receipt set digest = repeat('0', 64), body = convert_to(
                jsonb_set(convert_from(body, 'UTF8')::jsonb, '{digest}', to_jsonb(repeat('0', 64)))::text, 'UTF8'
            ) where stream = $1 and seq = 1""",
        fee,
    )
    await world.execute("update stream set epoch = 2 where stream = $1", agency)
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []
    seen = await differences(world)
    assert seen == {("receipt", f"{fee} 1", Why.DIFFERS, ("digest",)), ("stream", agency, Why.DIFFERS, ("epoch",))}


WRITES: Final = (
    "insert into stream (stream, agency) values ('publication:agency:X', 'X')",
    "update stream set epoch = epoch + 1 where stream = 'publication:agency:H01.12'",
    """
    insert into event (stream, seq, event_id, agency, kind, version, body, command_id, actor, via, occurred_at,
        recorded_at, prev_hash, hash)
    select 'publication:two', 1, gen_random_uuid(), agency, kind, 1, body, 'c', actor, via, now(), now(), hash, hash
    from event limit 1
    """,
)


@pytest.mark.usefixtures("owner")
async def test_nobody_but_the_publisher_writes_these_streams(world: World) -> None:
    async with world.connection() as connection:
        for role in ("motcua_app", "motcua_owner", "postgres"):
            await connection.execute(f"set role {role}")
            for statement in WRITES:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_the_publisher_writes_no_other_stream(world: World) -> None:
    async with world.connection() as connection:
        await connection.execute("set role motcua_publisher")
        filing = "insert into stream (stream, filing_id, agency) values ('filing:1', gen_random_uuid(), 'X')"
        for statement in (filing, "update task set agency = 'X'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_what_stood_there_before_is_taken_over(world: World, owner: Connection) -> None:
    await world.execute("alter table event disable trigger all")
    await world.execute(
        "delete from event; delete from receipt; delete from stream; delete from filing_key; "
        "truncate unpositioned; alter table position disable trigger all; truncate position; "
        "update sequencer set last = 0; "
        "update publication_state set taken_over = false"
    )
    assert await differences(world) == {("publication_state", "taken_over", Why.MISSING, ())}
    before = await owner.fetch("select code, version, published_at from procedure order by code, version")
    await publish(owner, changed(EXTRACT_FILE.read_bytes(), version="2027-01"))
    assert await differences(world) == {("publication_state", "taken_over", Why.MISSING, ())}
    assert sum((await rebuild(owner, Vault(world.settings.master))).values()) == 0

    assert await take_over(world.owner_dsn, world.publisher)
    assert not await take_over(world.owner_dsn, world.publisher)
    assert await differences(world) == set()
    assert await problems(world.app_dsn) == []
    after = await owner.fetch("select code, version, published_at from procedure order by code, version")
    assert set(before) < set(after)
    taken = "select count(*) from event where convert_from(body, 'UTF8') like '%\"taken_over\":true%'"
    assert await owner.fetchval(taken) == await owner.fetchval("select count(*) - 2 from event")


async def test_the_doctor_says_which_rows_differ(world: World, owner: Connection) -> None:
    assert [one.health for one in await look(around(world))] == [Health.OK]
    await owner.execute("delete from absence")
    [finding] = await look(around(world))
    assert finding.health is Health.FAIL
    assert "absence H01.12 h01.12-specialist-1 specialist 2026-12-01 (missing)" in finding.what.en


NEW: Final = changed(EXTRACT_FILE.read_bytes(), version="2027-01")
ONE, OTHER = (Actor(subject=f"h01.12-operator-{n}", role=Role.OPERATOR, agency=AGENCY) for n in (1, 2))


@pytest.fixture
async def strict(world: World) -> AsyncIterator[Connection]:
    async with world.connection(world.owner_dsn) as connection:
        found = [officer for officer in yaml.safe_load(DIRECTORY)["agencies"] if officer["agency"] == AGENCY]
        operator = {"subject": OTHER.subject, "name": "Lý Thị Tám", "roles": ["operator"]}
        more = {"agencies": [found[0] | {"officers": [operator]}]}
        await seed_directory(connection, yaml.safe_dump(more).encode(), world.publisher)
        await require_two(connection, by(world, ONE), on=True)
        yield connection


def by(world: World, actor: Actor) -> Publisher:
    return world.publisher._replace(actor=actor)


async def rules_of(call: Awaitable[Any]) -> list[str]:
    return [rule for _, rule in await broken(call, RefusalError)]


async def versions(strict: Connection) -> set[str]:
    rows = await strict.fetch("select version from procedure where code = '2.000635' and not demo")
    return {row["version"] for row in rows}


async def test_what_one_asks_for_takes_effect_when_another_approves_it(world: World, strict: Connection) -> None:
    assert await rules_of(publish(strict, NEW)) == ["role_not_allowed"]
    with pytest.raises(WaitsError) as waits:
        await publish(strict, NEW, by=by(world, ONE))
    assert waits.value.n == 1
    assert await versions(strict) == set()
    [one] = await waiting(strict)
    assert (one.n, one.officer, one.agency, one.events[0]["version"]) == (1, ONE.subject, AGENCY, "2027-01")

    assert await rules_of(approve(strict, 1, by(world, ONE))) == ["needs_another"]
    assert await rules_of(approve(strict, 2, by(world, OTHER))) == ["no_publication_asked"]
    await approve(strict, 1, by(world, OTHER))
    assert await rules_of(approve(strict, 1, by(world, OTHER))) == ["no_publication_asked"]
    assert (await versions(strict), await waiting(strict)) == ({"2027-01"}, [])
    told = [(each.kind, each.officer, each.asked) for each in await history(strict)]
    assert told[-2:] == [("publication_approved", OTHER.subject, 1), ("procedure_published", ONE.subject, 1)]
    assert (await compare(strict, Vault(world.settings.master))).differences == []
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []


async def test_who_records_it_past_the_other_is_found(world: World, strict: Connection) -> None:
    """The event, its hashes, head, receipt and row agree; only the second person's command is missing."""
    with pytest.raises(WaitsError):
        await publish(strict, NEW, by=by(world, ONE))
    async with publishing(strict, by(world, ONE)) as now:
        [asked] = [one async for one in stored(strict, {}, ["publication:asked:1"])]
        assert isinstance(asked.event, PublicationAsked)
        event = ProcedurePublished.model_validate_json(asked.event.events[0])
        await now.record([Dated(event.model_copy(update={"asked": 1}), now.at)])
    assert await versions(strict) == {"2027-01"}
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []
    [found] = (await compare(strict, Vault(world.settings.master))).differences
    assert (found.table, found.why) == ("event", Why.UNAPPROVED)
    assert found.row.rpartition(" ")[0] == "publication:procedure:2.000635"


async def test_what_is_declined_is_nothing_and_what_changed_is_asked_anew(world: World, strict: Connection) -> None:
    async def request_number() -> int:
        with pytest.raises(WaitsError) as waits:
            await publish(strict, NEW, by=by(world, ONE))
        return waits.value.n

    for n, who in ((1, OTHER), (2, ONE)):
        assert await request_number() == n
        await decline(strict, n, "chưa có quyết định", by(world, who))
    assert (await versions(strict), await waiting(strict)) == (set(), [])
    assert [await request_number(), await request_number()] == [3, 4]
    await approve(strict, 3, by(world, OTHER))
    assert await rules_of(approve(strict, 4, by(world, OTHER))) == ["changed_since"]


async def test_a_role_waits_with_its_name_sealed_and_a_leaving_does_not(world: World, strict: Connection) -> None:
    entry = next(one for one in yaml.safe_load(DIRECTORY)["agencies"] if one["agency"] == AGENCY)

    async def publish_officer(**officer: object) -> None:
        file = yaml.safe_dump({"agencies": [entry | {"officers": [officer]}]}).encode()
        await seed_directory(strict, file, by(world, ONE))

    await publish_officer(subject="h01.12-leader-3", name="Tên Mới", roles=["leader"])
    await publish_officer(subject="h01.12-leader-3", name="Tên Mới", roles=["leader"], active=False)
    with pytest.raises(WaitsError):
        await publish_officer(subject="h01.12-specialist-1", name="Võ Thị Bảy", roles=["leader"])
    asked = "select convert_from(body, 'UTF8') from event where stream = 'publication:asked:1' and seq = 1"
    body = await strict.fetchval(asked)
    assert ("h01.12-specialist-1" in body, "Võ Thị Bảy" in body) == (True, False)
    with pytest.raises(NoKeyError):
        await approve(strict, 1, Publisher(OTHER))
    await approve(strict, 1, by(world, OTHER))
    name = "select name from officer where subject = 'h01.12-specialist-1' and role = 'leader'"
    assert await strict.fetchval(name) == "Võ Thị Bảy"
    assert (await compare(strict, Vault(world.settings.master))).differences == []


async def test_an_absence_that_no_longer_fits_is_refused_when_it_is_approved(world: World, strict: Connection) -> None:
    days = (date(2026, 12, 1), date(2026, 12, 9))
    first, second = "h01.12-specialist-1", "h01.12-specialist-2"
    for away, substitute in ((first, second), (second, first)):
        with pytest.raises(WaitsError):
            await record_absence(strict, Absence(AGENCY, away, "specialist", *days, substitute), by(world, ONE))
    await approve(strict, 1, by(world, OTHER))
    assert "substitute_absent" in await rules_of(approve(strict, 2, by(world, OTHER)))


@pytest.mark.usefixtures("strict")
async def test_by_the_command(shell: Shell) -> None:
    async def run(*arguments: str) -> tuple[int, Any]:
        done = await shell(*arguments, "--json")
        return done.code, json.loads(done.out or "null")

    one, other = (f"operator:{actor.subject}@{AGENCY}" for actor in (ONE, OTHER))
    code, told = await run("procedures", "publish", str(EXTRACT_FILE), "--as", one)
    assert (code, told) == (3, [{"file": str(EXTRACT_FILE), "asked": 1, "waits": told[0]["waits"]}])
    assert (await run("publications", "list"))[0] == 0
    approved = {"asked": 1, "published": ["procedure_published"]}
    assert await run("publications", "approve", "1", "--as", other) == (0, approved)
    assert (await run("publications", "by-two", "off", "--as", one))[0] == 3
    assert (await run("publications", "decline", "2", "--reason", "không", "--as", other))[0] == 0
    assert await run("publications", "take-over") == (0, {"taken_over": False})
    code, verified = await run("ledger", "verify")
    assert code == 0, verified
    assert (await run("publications", "list", "--all"))[0] == 0
