"""`motcua support-bundle`: a tar with facts about a running system, without personal data, for outside helpers."""

import asyncio
import json
import platform
import tarfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import distributions
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from console.database import Connection
from motcua.cli.answer import say
from motcua.cli.running import Exit, fail
from operations.commands.doctor import as_data, examine
from operations.doctor.check import Surroundings
from operations.schema_version import schema_version
from schemas.translate import said
from views.log import DATABASE_ERRORS
from views.registers.queues import queues
from workers.build import own_build

_COUNTS: Final = {
    "streams": "select kind, open, count(*) from standing group by kind, open order by kind, open",
    "events": "select max(position) as count from position",
    "findings": "select kind, count(*) from finding group by kind order by kind",
    "tasks": "select role, count(*) from task group by role order by role",
    "paper_problems": "select problem, count(*) from outbox where problem is not null group by problem order by 1",
}
_OFFICERS: Final = "select distinct subject from officer"

app = typer.Typer()


@app.command("support-bundle")
def support_bundle(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar", help="option.support_bundle.file")],
) -> None:
    found = examine()
    facts, officers = asyncio.run(_facts(Surroundings.here()))
    facts |= {"doctor": as_data(found)}
    try:
        with file.open("xb") as opened, tarfile.open(fileobj=opened, mode="w") as bundle:
            for name, content in facts.items():
                _add(bundle, f"{name}.json", _without(officers, json.dumps(content, ensure_ascii=False, indent=1)))
    except OSError as error:
        fail(f"{file}: {error.strerror}", Exit.USAGE)
    say(said("command.support_bundle.written", file=file, names=", ".join(f"{name}.json" for name in sorted(facts))))


async def _facts(around: Surroundings) -> tuple[dict[str, Any], list[str]]:
    """Returns the facts by name, and the accounts of all officers, to be removed from the doctor's findings."""
    versions: dict[str, Any] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "build": own_build(),
        "packages": {one.name: one.version for one in sorted(distributions(), key=lambda one: one.name)},
    }
    counts: dict[str, Any] = {}
    officers: list[str] = []
    with suppress(KeyError, OSError, TimeoutError, *DATABASE_ERRORS):  # the doctor's answer says so
        async with around.record() as connection:
            versions |= await _versions(connection)
            counts |= {name: [dict(row) for row in await connection.fetch(query)] for name, query in _COUNTS.items()}
            counts["queues"] = {name: queue._asdict() for name, queue in (await queues(connection)).items()}
            officers = [row["subject"] for row in await connection.fetch(_OFFICERS)]
    return {"versions": versions, "counts": counts, "settings": dict(sorted(around.sources.items()))}, officers


async def _versions(connection: Connection) -> Mapping[str, Any]:
    tables = await schema_version(connection)
    return {
        "postgres": await connection.fetchval("select current_setting('server_version')"),
        "tables": {"newest": tables.newest, "pending": tables.pending, "unknown": tables.unknown},
    }


def _without(officers: list[str], text: str) -> str:
    for subject in sorted(officers, key=len, reverse=True):
        text = text.replace(subject, "•••")
    return text


def _add(bundle: tarfile.TarFile, name: str, text: str) -> None:
    about, content = tarfile.TarInfo(name), text.encode()
    about.size, about.mtime = len(content), int(time.time())
    bundle.addfile(about, BytesIO(content))
