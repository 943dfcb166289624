"""Migrations expand: the build before a migration still reads and writes beside the build after it.

If a migration takes something away, a line `-- contract of <migration>` in it names the earlier migration since which
no build needs that thing.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import pytest

from console.database import Connection
from operations.doctor.record.tables import OPEN, UNGUARDED
from operations.evidence.structure import Structure, there
from operations.schema_version import MIGRATIONS
from tests.conftest import World, database_url
from tests.walking import walked

BEGINS: Final = "20261201000009_signals"
"""The last migration from before this rule; it dropped a table."""
CONTRACT: Final = re.compile(r"^-- contract of (\S+)$", re.MULTILINE)
NAMES: Final = re.compile(r"\w+")
COLUMN: Final = "column "
NEW_ROLE: Final = "{motcua_gateway}"
"""The role of a policy that can't affect a build from before the role existed."""


def narrowings(before: Structure, after: Structure) -> list[str]:
    """Returns the changes of a database that may break a build which knows only the structure `before`."""
    found = []
    for name, parts in before.items():
        now = after.get(name, {})
        found += [f"{name}: {part}" for part, was in parts.items() if not _holds(part, was, now)]
        columns = {part.removeprefix("column ") for part in parts if part.startswith("column ")}
        new = {part: now[part] for part in now.keys() - parts.keys()}
        found += [f"{name}: new {part}" for part in new if _binds(part, new, columns)]
    return sorted(found)


def _holds(part: str, was: str, parts: dict[str, str]) -> bool:
    """Returns whether a part is unchanged. A grant may grow, and a function may have another body.

    Row security may be forced upon the owner, if a policy shows the owner every row.
    """
    now = parts.get(part)
    if part.startswith("grants") and now is not None:
        return set(was.split()) <= set(now.split())
    if (part, was, now) == ("row security", "tf", "tt"):
        return "t * {motcua_owner} true" in parts.values()
    return now is not None and (part == "function" or was == now)


def _binds(part: str, new: dict[str, str], columns: set[str]) -> bool:
    """Returns whether a new part of a table may refuse or hide the rows of a build that knows only these `columns`."""
    kind, definition = part.split(maxsplit=1)[0], new[part]
    match kind:
        case "column":
            return definition.endswith(" not null")
        case "constraint" | "unique" | "policy" if NEW_ROLE not in definition:
            return bool(columns & set(NAMES.findall(definition.partition(" REFERENCES ")[0])))
        case "row":  # without a policy nobody sees a row
            return not any(name.startswith("policy ") and NEW_ROLE not in what for name, what in new.items())
        case "trigger":
            return " AFTER " not in definition
        case "rule":
            return True
    return False


def up_of(migration: Path) -> str:
    """Returns the part of a migration that applies it."""
    return migration.read_text("utf-8").partition("-- migrate:up")[2].partition("-- migrate:down")[0]


def unmarked(migration: Path, changes: list[str]) -> list[str]:
    """Returns the changes that remove something, unless the migration names an earlier one that it completes."""
    named = CONTRACT.search(up_of(migration))
    earlier = {file.stem for file in MIGRATIONS.glob("*.sql") if file.stem < migration.stem}
    return [] if named and named[1] in earlier else changes


@pytest.fixture
async def empty(world: World) -> AsyncIterator[Connection]:
    name = f"t{uuid4().hex[:12]}"
    maintenance = await asyncpg.connect(database_url(world.superuser_dsn, "postgres"))
    await maintenance.execute(f"create database {name} owner motcua_owner")
    owner = await asyncpg.connect(database_url(world.owner_dsn, name))
    await owner.execute("create table schema_migrations (version varchar primary key)")
    try:
        yield owner
    finally:
        await owner.close()
        await maintenance.execute(f"drop database {name} with (force)")
        await maintenance.close()


async def test_each_migration_expands_or_names_what_it_completes(empty: Connection) -> None:
    before: Structure = {}
    found: dict[str, list[str]] = {}
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        await empty.execute(up_of(migration))
        if migration.stem >= BEGINS:
            after = await there(empty)
            if wrong := unmarked(migration, narrowings(before, after)):
                found[migration.stem] = wrong
            before = after
    assert (bool(before), found) == (True, {})


@walked(
    ("sql", "narrows"),
    [
        ("alter table officer drop column title", ["officer: column title"]),
        ("alter table officer rename column title to rank", ["officer: column title"]),
        ("alter table officer alter column title set not null", ["officer: column title"]),
        ("alter table agency alter column phone type varchar(9)", ["agency: column phone"]),
        ("alter table agency alter column namespace drop default", ["agency: column namespace"]),
        ("alter table officer add column x text not null", ["officer: new column x"]),
        ("alter table officer add check (title <> '')", ["officer: new constraint officer_title_check"]),
        ("alter table officer add unique (title)", ["officer: new constraint officer_title_key"]),
        ("create unique index one on officer (title)", ["officer: new unique index one"]),
        ("alter table generation enable row level security", ["generation: new row security"]),
        (
            "alter table generation enable row level security; create policy p on generation to motcua_gateway",
            ["generation: new row security"],
        ),
        ("drop policy keys_of_owner on filing_key", ["filing_key: policy keys_of_owner"]),
        ("alter table filing_key no force row level security", ["filing_key: row security"]),
        ("create policy p on filing_key using (wrapped is not null)", ["filing_key: new policy p"]),
        (
            "create trigger t before insert on officer for each row execute function refuse_change()",
            ["officer: new trigger t"],
        ),
        ("drop function heir_of(text)", [f"public.heir_of(text): {p}" for p in ("function", "grants", "owner")]),
        ("drop table neighbour", ["neighbour: column x", "neighbour: owner"]),
        ("revoke insert on filing from motcua_app", ["filing: grants to motcua_app"]),
        ("alter table officer add column x text", []),
        ("alter table officer add column x text not null default '' check (x <> 'y')", []),
        ("alter table officer add column x text references agency (agency)", []),
        ("create table x (y text not null check (y <> ''))", []),
        ("grant delete on filing to motcua_app", []),
        ("create policy p on filing as restrictive to motcua_gateway using (filing_id is null)", []),
    ],
    exactly=24,
)
async def test_what_a_build_needs_is_seen_to_go(empty: Connection, sql: str, narrows: list[str]) -> None:
    if await empty.fetchval("select to_regclass('public.event')") is None:
        for migration in sorted(MIGRATIONS.glob("*.sql")):
            await empty.execute(up_of(migration))
        await empty.execute("create table neighbour (x text)")
    before = await there(empty)
    change = empty.transaction()
    await change.start()
    try:
        await empty.execute(sql)
        assert narrowings(before, await there(empty)) == narrows
    finally:
        await change.rollback()


@walked(
    ("sql", "opens"),
    [
        ("select", []),
        ("grant select on payment to motcua_gateway", ["payment"]),
        ("grant select (state) on payment to motcua_gateway", ["payment"]),
        ("alter table event no force row level security", ["event"]),
        ("alter table event disable row level security", ["event"]),
        ("drop policy of_readers on filing_key", ["filing_key"]),
        ("alter policy of_readers on stream to motcua_gateway, motcua_app", ["stream"]),
        ("create table payee (x text); grant insert on payee to motcua_gateway", ["payee"]),
    ],
    exactly=8,
)
async def test_a_table_that_shows_the_door_the_filings_of_others_is_seen(
    empty: Connection, sql: str, opens: list[str]
) -> None:
    if await empty.fetchval("select to_regclass('public.event')") is None:
        for migration in sorted(MIGRATIONS.glob("*.sql")):
            await empty.execute(up_of(migration))
    change = empty.transaction()
    await change.start()
    try:
        await empty.execute(sql)
        assert [row["name"] for row in await empty.fetch(OPEN, UNGUARDED)] == opens
    finally:
        await change.rollback()


def test_a_contract_names_an_earlier_migration(tmp_path: Path) -> None:
    newest = max(MIGRATIONS.glob("*.sql")).stem
    for name, marked in ((newest, True), ("20991231000000_itself", False), ("none", False)):
        migration = tmp_path / "20991231000000_itself.sql"
        migration.write_text(f"-- migrate:up\n-- contract of {name}\ndrop table x;\n-- migrate:down\n")
        assert (unmarked(migration, ["x: owner"]) == []) is marked, name
