"""`motcua directory`: the agencies and their officers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.running import AsJson, Exit, fail, note, out, print_json
from operations.addresses import OWNER
from operations.commands.database import Connection, address, ask
from operations.commands.help_words import GROUPS
from operations.commands.printing import wide
from operations.commands.publishing.publisher import By, publisher, recorded
from operations.publishing.catalogue import MistakesFoundError, seed_directory
from schemas.names import AGENCY_KIND_NAMES

AGENCIES: Final = """
select agency, name_vi, name_en, kind, province, namespace, queue, receives_for from agency order by agency
"""
OFFICERS: Final = """
select agency, subject, name, array_agg(role order by role) as roles, bool_or(active) as active, (
    select coalesce(json_agg(to_jsonb(absence) - 'agency' - 'subject' order by first_day, role), '[]') from absence
    where (absence.agency, absence.subject) = (officer.agency, officer.subject)
        and last_day >= cast(now() at time zone 'Asia/Ho_Chi_Minh' as date)
) as absences
from officer group by agency, subject, name order by agency, subject
"""

app = typer.Typer(
    name="directory",
    help=GROUPS["directory"],
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)],
    *,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Add and update the agencies and officers of a file, in the form of `deploy/directory.yaml`; nobody is removed.

    Needs MOTCUA_OWNER_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder: names are sealed in the log.

    Example: `motcua directory load agencies.yaml`
    """
    data, dsn = file.read_bytes(), address(OWNER)
    try:
        directory = recorded(lambda: seed_directory(dsn, data, publisher(by)))
    except MistakesFoundError as found:
        for mistake in found.mistakes:
            place = f"{file}:{mistake.line}" if mistake.line else str(file)
            note(f"{place} {mistake.path}: {mistake.message.vi}: {mistake.fix.vi} / {mistake.fix.en} ({mistake.rule})")
        fail(f"{file}: {len(found.mistakes)} lỗi, chưa nạp gì / mistakes, nothing was loaded", Exit.REFUSED)
    officers = sum(len(agency.officers) for agency in directory.agencies)
    if as_json:
        print_json({"agencies": len(directory.agencies), "officers": officers})
    else:
        out().print(
            f"[green]đã nạp / loaded[/] {len(directory.agencies)} cơ quan / agencies, {officers} cán bộ / officers"
        )


@app.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """List agencies, where their machine work goes, their officers, and who of them is or will be absent.

    Examples: `motcua directory list`, `motcua directory list --json`
    """
    agencies = ask(_read)
    if as_json:
        print_json(agencies)
        return
    table = Table(
        "Cơ quan / Agency",
        "Tên / Name",
        "Loại / Kind",
        "Nhận hộ / Receives for",
        "Hàng đợi / Queue",
        "Cán bộ / Officer",
        "Vai trò / Roles",
    )
    for agency in agencies:
        names = f"{agency['name_vi']} / {agency['name_en']}"
        kind = AGENCY_KIND_NAMES[agency["kind"]].vi if agency["kind"] else ""
        queue = f"{agency['namespace']}/{agency['queue']}"
        served = ", ".join(agency["receives_for"])
        table.add_row(*map(escape, (agency["agency"], names, kind, served, queue)), "", "")
        for officer in agency["officers"]:
            words = f"{officer['name']} ({officer['subject']})" + ("" if officer["active"] else " – đã nghỉ / inactive")
            table.add_row("", "", "", "", "", escape(words), ", ".join(officer["roles"]))
            for away in officer["absences"]:
                table.add_row("", "", "", "", "", escape(f"  vắng mặt / absent: {absence_words(away)}"), away["role"])
    wide().print(table)


async def _read(connection: Connection) -> list[dict[str, Any]]:
    agencies = [dict(row) | {"officers": []} for row in await connection.fetch(AGENCIES)]
    by_code = {agency["agency"]: agency["officers"] for agency in agencies}
    for row in await connection.fetch(OFFICERS):
        officer = dict(row) | {"absences": json.loads(row["absences"])}
        by_code[officer.pop("agency")].append(officer)
    return agencies


def absence_words(away: Mapping[str, Any]) -> str:
    """An absence on one line."""
    return f"{away['first_day']} – {away['last_day']}, người thay / substitute: {away['substitute']}"
