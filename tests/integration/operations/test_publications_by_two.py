"""Where two are needed, what changes fees, limits or roles waits until a second operator approves it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final

import asyncpg
import pytest
import yaml
from typer.testing import CliRunner

from activities.ledger.vault import Vault
from console.comparing import Why
from operations.command import app
from publishing.authoring.absences import Absence, record_absence
from publishing.authoring.approving import approve, decline, history, require_two, waiting
from publishing.authoring.procedures import publish, seed_directory
from publishing.record.folding import compare
from publishing.record.log import Dated, stored
from publishing.record.publishing import NoKeyError, Publisher, WaitsError, publishing
from schemas.errors import RefusalError
from schemas.people import Actor, Role
from schemas.publishing.events import ProcedurePublished, PublicationAsked
from tests.conftest import DIRECTORY, World
from tests.provinces import EXTRACT_FILE, changed
from verifier import ledger as ledger_verifier

AGENCY: Final = "H01.12"
NEW: Final = changed(EXTRACT_FILE.read_bytes(), version="2027-01")
ONE, OTHER = (Actor(subject=f"h01.12-operator-{n}", role=Role.OPERATOR, agency=AGENCY) for n in (1, 2))


@pytest.fixture
async def owner(world: World) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """An owner where two operators are needed."""
    async with world.connection(world.owner_dsn) as connection:
        found = [officer for officer in yaml.safe_load(DIRECTORY)["agencies"] if officer["agency"] == AGENCY]
        operator = {"subject": OTHER.subject, "name": "Lý Thị Tám", "roles": ["operator"]}
        more = {"agencies": [found[0] | {"officers": [operator]}]}
        await seed_directory(connection, yaml.safe_dump(more).encode(), world.publisher)
        await require_two(connection, by(world, ONE), on=True)
        yield connection


def by(world: World, actor: Actor) -> Publisher:
    return world.publisher._replace(actor=actor)


async def rules_of(refused: pytest.ExceptionInfo[RefusalError]) -> list[str]:
    return [one.rule for one in refused.value.refusal.problems]


async def versions(owner: asyncpg.Connection[asyncpg.Record]) -> set[str]:
    rows = await owner.fetch("select version from procedure where code = '2.000635' and not demo")
    return {row["version"] for row in rows}


async def test_somebody_of_whom_nothing_was_published_is_entered_when_another_approves_it(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    found = next(entry for entry in yaml.safe_load(DIRECTORY)["agencies"] if entry["agency"] == AGENCY)
    new = {"agencies": [found | {"officers": [{"subject": "o-88", "name": "Đỗ Thị Tư", "roles": ["clerk"]}]}]}
    with pytest.raises(WaitsError):
        await seed_directory(owner, yaml.safe_dump(new).encode(), by(world, ONE))
    await approve(owner, 1, by(world, OTHER))
    assert await owner.fetchval("select active from officer where subject = 'o-88'")


async def test_what_one_asks_for_takes_effect_when_another_approves_it(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    with pytest.raises(RefusalError) as nobody:
        await publish(owner, NEW)
    with pytest.raises(WaitsError) as waits:
        await publish(owner, NEW, by=by(world, ONE))
    assert waits.value.n == 1
    assert await versions(owner) == set()
    [one] = await waiting(owner)
    assert (one.n, one.officer, one.agency, one.events[0]["version"]) == (1, ONE.subject, AGENCY, "2027-01")

    with pytest.raises(RefusalError) as oneself:
        await approve(owner, 1, by(world, ONE))
    with pytest.raises(RefusalError) as unknown:
        await approve(owner, 2, by(world, OTHER))
    assert [await rules_of(one) for one in (nobody, oneself, unknown)] == [
        ["role_not_allowed"],
        ["needs_another"],
        ["no_publication_asked"],
    ]
    await approve(owner, 1, by(world, OTHER))
    with pytest.raises(RefusalError) as twice:
        await approve(owner, 1, by(world, OTHER))
    assert await rules_of(twice) == ["no_publication_asked"]
    assert await versions(owner) == {"2027-01"}
    assert await waiting(owner) == []
    told = [(each.kind, each.officer, each.asked) for each in await history(owner)]
    assert told[-2:] == [
        ("publication_approved", OTHER.subject, 1),
        ("procedure_published", ONE.subject, 1),
    ]
    assert (await compare(owner, Vault(world.settings.master))).differences == []
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []


async def test_who_records_it_past_the_other_is_found(world: World, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    """Event, hashes, head, receipt and row are as they must be."""
    with pytest.raises(WaitsError):
        await publish(owner, NEW, by=by(world, ONE))
    async with publishing(owner, by(world, ONE)) as now:
        [asked] = [one async for one in stored(owner, {}, ["publication:asked:1"])]
        assert isinstance(asked.event, PublicationAsked)
        event = ProcedurePublished.model_validate_json(asked.event.events[0])
        await now.record([Dated(event.model_copy(update={"asked": 1}), now.at)])
    assert await versions(owner) == {"2027-01"}
    assert (await ledger_verifier.verify(world.app_dsn)).problems == []
    [found] = (await compare(owner, Vault(world.settings.master))).differences
    assert (found.table, found.row.rpartition(" ")[0], found.why) == (
        "event",
        "publication:procedure:2.000635",
        Why.UNAPPROVED,
    )


async def test_what_is_declined_comes_to_nothing_and_may_be_asked_for_again(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    for n in (1, 2):
        with pytest.raises(WaitsError) as waits:
            await publish(owner, NEW, by=by(world, ONE))
        assert waits.value.n == n
        await decline(owner, n, "chưa có quyết định", by(world, OTHER if n == 1 else ONE))
    assert await versions(owner) == set()
    assert await waiting(owner) == []


async def test_what_was_changed_since_is_asked_for_again(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    for _ in range(2):
        with pytest.raises(WaitsError):
            await publish(owner, NEW, by=by(world, ONE))
    await approve(owner, 1, by(world, OTHER))
    with pytest.raises(RefusalError) as late:
        await approve(owner, 2, by(world, OTHER))
    assert await rules_of(late) == ["changed_since"]


async def test_a_role_waits_with_its_name_sealed_and_a_name_or_a_leaving_does_not(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    entry = next(one for one in yaml.safe_load(DIRECTORY)["agencies"] if one["agency"] == AGENCY)

    async def said(**officer: object) -> None:
        file = yaml.safe_dump({"agencies": [entry | {"officers": [officer]}]}).encode()
        await seed_directory(owner, file, by(world, ONE))

    await said(subject="h01.12-leader-1", name="Tên Mới", roles=["leader"])
    await said(subject="h01.12-leader-2", name="Tên Mới", roles=["leader"], active=False)
    with pytest.raises(WaitsError):
        await said(subject="h01.12-specialist-1", name="Võ Thị Bảy", roles=["leader"])
    body = await owner.fetchval(
        "select convert_from(body, 'UTF8') from event where stream = 'publication:asked:1' and seq = 1"
    )
    assert "h01.12-specialist-1" in body
    assert "Võ Thị Bảy" not in body
    with pytest.raises(NoKeyError):
        await approve(owner, 1, Publisher(OTHER))
    await approve(owner, 1, by(world, OTHER))
    name = "select name from officer where subject = 'h01.12-specialist-1' and role = 'leader'"
    assert await owner.fetchval(name) == "Võ Thị Bảy"
    assert (await compare(owner, Vault(world.settings.master))).differences == []


async def test_an_absence_that_no_longer_fits_is_refused_when_it_is_approved(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    days = (date(2026, 12, 1), date(2026, 12, 9))
    first, second = "h01.12-specialist-1", "h01.12-specialist-2"
    for away, substitute in ((first, second), (second, first)):
        with pytest.raises(WaitsError):
            await record_absence(owner, Absence(AGENCY, away, "specialist", *days, substitute), by(world, ONE))
    await approve(owner, 1, by(world, OTHER))
    with pytest.raises(RefusalError) as circle:
        await approve(owner, 2, by(world, OTHER))
    assert "substitute_absent" in await rules_of(circle)


async def test_that_two_are_needed_no_longer_waits_itself(
    world: World, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    with pytest.raises(WaitsError):
        await require_two(owner, by(world, ONE), on=False)
    await approve(owner, 1, by(world, OTHER))
    await publish(owner, NEW)
    assert await versions(owner) == {"2027-01"}
    assert (await compare(owner, Vault(world.settings.master))).differences == []


@pytest.mark.usefixtures("owner")
async def test_by_the_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_OWNER_DATABASE_URL", world.owner_dsn)
    monkeypatch.setenv("MOTCUA_DATABASE_URL", world.app_dsn)
    monkeypatch.setenv("MOTCUA_MASTER_KEY", world.env["MOTCUA_MASTER_KEY"])

    async def run(*arguments: str) -> tuple[int, Any]:
        done = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--json"])
        return done.exit_code, json.loads(done.stdout or "null")

    one, other = (f"operator:{actor.subject}@{AGENCY}" for actor in (ONE, OTHER))
    code, told = await run("procedures", "publish", str(EXTRACT_FILE), "--as", one)
    assert (code, told) == (3, [{"file": str(EXTRACT_FILE), "asked": 1, "waits": told[0]["waits"]}])
    assert (await run("publications", "list"))[0] == 0
    assert await run("publications", "approve", "1", "--as", other) == (
        0,
        {"asked": 1, "published": ["procedure_published"]},
    )
    assert (await run("publications", "by-two", "off", "--as", one))[0] == 3
    assert (await run("publications", "decline", "2", "--reason", "không", "--as", other))[0] == 0
    assert await run("publications", "take-over") == (0, {"taken_over": False})
    code, verified = await run("ledger", "verify")
    assert code == 0, verified
    assert (await run("publications", "list", "--all"))[0] == 0
