"""`motcua up`: the whole platform in this folder."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import typer

from console.database import LOST, OWNER, while_away
from deploy.stack import Stack, StackError
from deploy.stack import up as hold
from deploy.stack.registering import let_speak, publisher
from motcua.cli.language import in_words
from motcua.cli.running import Exit, fail, out
from motcua.errors import MotcuaError
from publishing.authoring import procedures
from publishing.authoring.calendars import CALENDAR, has_calendar, publish_calendar
from publishing.authoring.provinces import PROVINCES, publish_province
from publishing.record.publishing import Publisher, take_over
from schemas.errors import RefusalError
from schemas.translate import said

app = typer.Typer()


@app.command()
def up() -> None:
    try:
        asyncio.run(hold(Stack(ui=True, stock=_stock, progress=say)))
    except (StackError, TimeoutError, MotcuaError, RefusalError) as error:
        fail(said("stack.not_started"), Exit.REFUSED, detail=reason(error))
    except LOST as error:
        fail(said("stack.database_lost"), Exit.UNREACHABLE, detail=type(error).__name__)


async def _stock(stack: Stack) -> None:
    """Publishes the first catalogue and directory in a new database, and registers the stack's programs.

    Existing data stay unchanged. Afterwards, the stack accepts filings.
    """
    await while_away(lambda: _fill(stack.env[OWNER], publisher(stack.env)))
    await let_speak(stack.env)
    say(in_words(said("stack.stocked")))


async def _fill(owner: str, by: Publisher) -> None:
    await take_over(owner, by)
    if not await procedures.has_directory(owner):
        await procedures.seed_directory(owner, procedures.DIRECTORY.read_bytes(), by)
    if not await has_calendar(owner):
        await publish_calendar(owner, CALENDAR.read_bytes())
    for file in sorted(procedures.PROCEDURES.glob("*.yaml")):
        await _published(file, procedures.publish(owner, file))
    for file in sorted(PROVINCES.glob("*.yaml")):
        await _published(file, publish_province(owner, file.read_bytes(), by))


async def _published(file: Path, publishing: Coroutine[Any, Any, object]) -> None:
    """Waits for the publishing of a file; prints the reason if it fails."""
    try:
        await publishing
    except (procedures.VersionPublishedError, procedures.MistakesFoundError) as error:
        say(f"{file.name}: {error}")


def reason(error: Exception) -> str:
    """Returns the reason why a stack does not start."""
    return str(error) or "another stack is starting or stopping in this folder"


def say(line: str) -> None:
    """Prints one line of the stack's progress."""
    out().print(line, markup=False)
