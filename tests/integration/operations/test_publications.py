"""What is published is a stream: whoever changes the catalogue or the directory by other means is found out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import yaml

from activities.ledger.vault import Vault
from console.comparing import Why
from console.home import Home
from operations.doctor.finding import Health
from operations.doctor.record.publications import publications as look
from operations.doctor.surroundings import Surroundings
from publishing.authoring.absences import Absence, record_absence, withdraw_absence
from publishing.authoring.approving import approve, require_two
from publishing.authoring.calendar_file import check_bytes
from publishing.authoring.calendars import CALENDAR, publish_calendar
from publishing.authoring.leaving import erase_officer
from publishing.authoring.paper_templates import Slot, publish_template
from publishing.authoring.procedures import publish, seed_directory
from publishing.authoring.provinces import publish_province
from publishing.record.folding import Compared, compare, rebuild
from publishing.record.keys import NameKeyGoneError, key_of
from publishing.record.publications import place_of
from publishing.record.publishing import NoKeyError, Publisher, WaitsError, take_over
from schemas.errors import RefusalError
from schemas.papers.state import PaperKind
from schemas.people import Actor, Role
from schemas.privacy.erasure import ERASED_WORDS
from schemas.publishing.events import OfficerErased
from tests.conftest import DIRECTORY, World
from tests.integration.operations.templates import OURS
from tests.provinces import EXTRACT_FILE, UNCONFIRMED, changed, overlay
from verifier import ledger as ledger_verifier

AGENCY: Final = "H01.12"
AWAY: Final = Absence(
    AGENCY, "h01.12-specialist-1", "specialist", date(2026, 12, 1), date(2026, 12, 9), "h01.12-specialist-2"
)
SIGNED: Final = [
    {"place": "signature", "officer": "h01.12-leader-1", "role": "leader", "number": "001080000777"},
]
NAME: Final = "Trần Văn Bình"
Found = set[tuple[str, str, Why, tuple[str, ...]]]


def calendar_name() -> str:
    checked = check_bytes(CALENDAR.read_bytes()).calendar
    assert checked is not None
    return checked.name


@pytest.fixture
async def owner(world: World) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """An owner of everything that can be published; the clone of a database begins with the directory of the demo."""
    async with world.connection(world.owner_dsn) as connection:
        await publish(connection, EXTRACT_FILE.read_bytes())
        desks = [{"agency": AGENCY, "receives_for": ["H01.13"], **UNCONFIRMED}]
        await publish_province(connection, overlay("H01", "1", 5000, desks=desks))
        await publish_template(connection, OURS.encode(), Slot(AGENCY, PaperKind.RECEIPT))
        await record_absence(connection, AWAY)
        yield connection


async def found(world: World, *, names: bool = True) -> Compared:
    async with world.connection(world.app_dsn) as connection:
        return await compare(connection, Vault(world.settings.master) if names else None)


async def differences(world: World) -> Found:
    return {(one.table, one.row, one.why, one.columns) for one in (await found(world)).differences}


@pytest.mark.usefixtures("owner")
async def test_the_tables_are_what_the_streams_come_to(world: World) -> None:
    assert await found(world) == Compared([], taken_over=True, names=True)
    assert await found(world, names=False) == Compared([], taken_over=True, names=False)
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []


async def test_no_name_stands_in_the_log_but_sealed(world: World, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    entry = yaml.safe_load(DIRECTORY)["agencies"][0]
    entry["officers"] = [{"subject": "o-77", "name": "Võ Thị Bảy", "roles": ["leader"], "number": "001080000777"}]
    entry["signing"] = SIGNED
    file = yaml.safe_dump({"agencies": [entry]}).encode()
    await seed_directory(owner, file, world.publisher)

    rows = await owner.fetch("select stream, convert_from(body, 'UTF8') as body from event where filing_id is null")
    told = "\n".join(f"{row['stream']} {row['body']}" for row in rows)
    assert "o-77" in told
    assert not any(secret in told for secret in (NAME, "Võ Thị Bảy", "001080000777"))
    assert (await found(world)).differences == []
    assert await owner.fetchval("select count(*) from event where filing_id is null and sealed is null") > 0


async def test_what_stands_already_is_not_recorded_again(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    events = await owner.fetchval("select count(*) from event")
    await seed_directory(owner, DIRECTORY, world.publisher)
    await publish(owner, EXTRACT_FILE.read_bytes())
    await publish_calendar(owner, CALENDAR.read_bytes())
    assert await record_absence(owner, AWAY)
    assert await owner.fetchval("select count(*) from event") == events


async def test_an_absence_that_is_taken_back_is_gone(world: World, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    assert await withdraw_absence(owner, *AWAY[:4])
    assert not await withdraw_absence(owner, *AWAY[:4])
    assert (await found(world)).differences == []


LEADER: Final = "H01.12 h01.12-leader-1 leader"
TAMPERINGS: Final[dict[str, Found]] = {
    "update procedure set rules = convert_to(replace(convert_from(rules, 'UTF8'), '8000', '9000'), 'UTF8') "
    "where version = '2026-12' and code = '2.000635'": {("procedure", "2.000635 2026-12", Why.DIFFERS, ("rules",))},
    "insert into procedure (code, version, sha256, source, rules, demo) values ('9.000001', '1', '-', '', '', true)": {
        ("procedure", "9.000001 1", Why.EXTRA, ())
    },
    "update procedure set published_at = published_at - interval '1 day' where version = '2026-12'": {
        ("procedure", "2.000635 2026-12", Why.DIFFERS, ("published_at",))
    },
    "update calendar set body = body || ' '::bytea where agency = ''": {
        ("calendar", f"{calendar_name()} ''", Why.DIFFERS, ("body",))
    },
    "delete from province_overlay": {("province_overlay", "H01 1", Why.MISSING, ())},
    "update agency set receives_for = '{*}' where agency = 'H01.12'": {
        ("agency", "H01.12", Why.DIFFERS, ("receives_for",))
    },
    "update agency set merchants = '{mine}' where agency = 'H01.12'": {
        ("agency", "H01.12", Why.DIFFERS, ("merchants",))
    },
    "insert into officer (agency, subject, role, name) values ('H01.12', 'h01.12-specialist-1', 'leader', '-')": {
        ("officer", "H01.12 h01.12-specialist-1 leader", Why.EXTRA, ())
    },
    "update officer set active = false where subject = 'h01.12-leader-1'": {
        ("officer", LEADER, Why.DIFFERS, ("active",))
    },
    "update officer set name = 'x', number = '001080000777' where subject = 'h01.12-leader-1'": {
        ("officer", LEADER, Why.DIFFERS, ("name", "number"))
    },
    "delete from absence": {("absence", "H01.12 h01.12-specialist-1 specialist 2026-12-01", Why.MISSING, ())},
    "update publication_state set by_two = true": {("publication_state", "True", Why.DIFFERS, ("by_two",))},
}


@pytest.mark.usefixtures("owner")
async def test_whoever_changes_a_table_is_found_out_and_it_is_mended(world: World) -> None:
    told: dict[str, Found] = {}
    mended: list[tuple[int, Found]] = []
    async with world.connection() as superuser, world.connection(world.owner_dsn) as connection:
        for statement in TAMPERINGS:
            await superuser.execute(statement)
            told[statement] = await differences(world)
            rows = await rebuild(connection, Vault(world.settings.master))
            mended.append((sum(rows.values()), await differences(world)))
    assert told == TAMPERINGS
    assert mended == [(1, set())] * len(TAMPERINGS)


async def test_a_key_that_was_changed_or_taken_away_is_found_and_never_replaced(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    async with world.connection() as superuser:
        stream = await superuser.fetchval(
            "select min(stream) from event where filing_id is null and key_id is not null"
        )
        changed_key = "update filing_key set wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))"
        await superuser.execute(f"{changed_key} where filing_id = $1", key_of(stream))
        assert await differences(world) == {("filing_key", stream, Why.UNREADABLE, ())}
        await superuser.execute("delete from filing_key")
    assert {(one[0], one[2]) for one in await differences(world)} == {("filing_key", Why.MISSING)}
    renamed = DIRECTORY.replace(NAME.encode(), "Trần Văn Bảo".encode())
    with pytest.raises(NameKeyGoneError):
        await seed_directory(owner, renamed, world.publisher)


async def test_who_left_is_erased_by_two_once_it_is_time_and_the_log_goes_on(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
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
        with pytest.raises(RefusalError) as no:
            await erase_officer(owner, AGENCY, subject, "15/PYC", years, one)
        return [why.rule for why in no.value.refusal.problems]

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

    async with world.connection() as superuser:
        await superuser.execute("alter table event disable trigger all")
        moved = "update event set occurred_at = occurred_at - interval '2 days' where stream = $1"
        stream = place_of(OfficerErased(agency=AGENCY, subject="o-77", roles=(), reason="-")).stream
        await superuser.execute(moved, stream)
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
    assert (await found(world)).differences == []
    assert sum((await rebuild(owner, Vault(world.settings.master))).values()) == 0
    assert await refused("o-77") == ["erased"]
    with pytest.raises(NameKeyGoneError, match="was erased"):
        await enter(who | {"active": False})


_NAMED: Final = """
select stream, array_agg(seq) as seqs from event where filing_id is null and key_id is not null
group by stream order by stream limit 2
"""


@pytest.mark.usefixtures("owner")
async def test_another_key_in_the_place_of_one_is_found_though_it_is_sound(world: World) -> None:
    """Nothing binds the key but what it seals: that of another stream does not open it, nor does a new one."""
    async with world.connection() as superuser:
        one, other = await superuser.fetch(_NAMED)
        vault = Vault(world.settings.master)
        key, wrapped = await vault.new(key_of(one["stream"]))
        await superuser.execute(
            "update filing_key set (key_id, wrapped, wrapped_by) = ($2, $3, $4) where filing_id = $1",
            *(key_of(one["stream"]), key.key_id, wrapped.data, wrapped.by),
        )
        unread = {("event", f"{one['stream']} {seq}") for seq in one["seqs"]}
        assert {tell[:2] for tell in await differences(world)} >= unread
        await superuser.execute("delete from filing_key where filing_id = $1", key_of(one["stream"]))
        await superuser.execute(
            "update filing_key set filing_id = $1 where filing_id = $2", key_of(one["stream"]), key_of(other["stream"])
        )
        told = {tell[:2] for tell in await differences(world)}
        assert told >= unread | {("filing_key", other["stream"])}


@pytest.mark.usefixtures("owner")
async def test_a_receipt_and_an_epoch_that_were_changed_are_found(world: World) -> None:
    fee, agency = "publication:procedure:2.000635", "publication:agency:H01.12"
    async with world.connection() as superuser:
        await superuser.execute("alter table stream disable trigger all")
        await superuser.execute(
            """update receipt set digest = repeat('0', 64), body = convert_to(
                jsonb_set(convert_from(body, 'UTF8')::jsonb, '{digest}', to_jsonb(repeat('0', 64)))::text, 'UTF8'
            ) where stream = $1 and seq = 1""",
            fee,
        )
        await superuser.execute("update stream set epoch = 2 where stream = $1", agency)
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []
    assert await differences(world) == {
        ("receipt", f"{fee} 1", Why.DIFFERS, ("digest",)),
        ("stream", agency, Why.DIFFERS, ("epoch",)),
    }


@pytest.mark.usefixtures("owner")
async def test_an_event_that_was_rewritten_is_found(world: World) -> None:
    async with world.connection() as superuser:
        await superuser.execute("alter table event disable trigger all")
        await superuser.execute(
            "update event set body = convert_to(replace(convert_from(body, 'UTF8'), '8000', '9000'), 'UTF8') "
            "where stream = 'publication:procedure:2.000635' and seq = 1"
        )
    report = await ledger_verifier.verify(world.app_dsn)
    assert [(one.stream, one.seq, one.rule) for one in report.problems] == [
        ("publication:procedure:2.000635", 1, ledger_verifier.Rule.HASH)
    ]


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
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "insert into stream (stream, filing_id, agency) values ('filing:1', gen_random_uuid(), 'X')"
            )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("update task set agency = 'X'")


async def test_nobody_is_named_without_the_master_key(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    renamed = DIRECTORY.replace(NAME.encode(), "Trần Văn Bảo".encode())
    with pytest.raises(NoKeyError):
        await seed_directory(owner, renamed, Publisher())
    assert await owner.fetchval("select count(*) from officer where name = 'Trần Văn Bảo'") == 0


async def test_what_stood_there_before_is_taken_over(world: World, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    async with world.connection() as superuser:
        await superuser.execute("alter table event disable trigger all")
        await superuser.execute(
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
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []
    after = await owner.fetch("select code, version, published_at from procedure order by code, version")
    assert set(before) < set(after)
    said = await owner.fetchval(
        "select count(*) from event where filing_id is null and convert_from(body, 'UTF8') like '%\"taken_over\":true%'"
    )
    assert said == await owner.fetchval("select count(*) - 2 from event")


async def test_the_doctor_says_which_rows_differ(
    world: World, owner: asyncpg.Connection[asyncpg.Record], tmp_path: Path
) -> None:
    around = Surroundings({"MOTCUA_DATABASE_URL": world.app_dsn}, {}, Home(tmp_path))
    assert [one.health for one in await look(around)] == [Health.OK]
    await owner.execute("delete from absence")
    [finding] = await look(around)
    assert finding.health is Health.FAIL
    assert "absence H01.12 h01.12-specialist-1 specialist 2026-12-01 (missing)" in finding.what.en
