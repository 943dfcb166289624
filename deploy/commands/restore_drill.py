"""`motcua restore-drill`: restores a backup into a scratch folder, and reports its faults and losses."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from obstore.exceptions import BaseError
from pydantic import AwareDatetime, TypeAdapter

from console.database import answered
from deploy.drill.drill import Drill, run
from deploy.drill.repository import Repository
from deploy.drill.sources import Sources, forget
from deploy.stack import StackError
from motcua.cli.answer import Column, Marked, columns, show_all, show_one
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, WorkRefusedError, exit_if, fail, kind_of, plain, refusing
from motcua.files.store import StoreFailedError
from operations.drills import note
from schemas.translate import said

app = typer.Typer()

CONFIG: Final = Path("/etc/pgbackrest/pgbackrest.conf")
EXAMPLE: Final = "2026-12-01T10:30:00+07:00"
_AWARE: Final = TypeAdapter(AwareDatetime)


@app.command("restore-drill")
def restore_drill(
    at: Annotated[str, typer.Option("--at", metavar="INSTANT", help="option.drill.at")],
    *,
    config: Annotated[
        Path, typer.Option("--config", exists=True, dir_okay=False, resolve_path=True, help="option.drill.config")
    ] = CONFIG,
    stanza: Annotated[str, typer.Option("--stanza", help="option.drill.stanza")] = "motcua",
    as_json: AsJson = False,
) -> None:
    cut, sources = _instant(at), Sources.here()
    forget()
    logging.disable()  # of a worker that reaches no bank and no post
    with (
        refusing((WorkRefusedError, StackError), Exit.REFUSED, said("refused.drill.not_done")),
        refusing((BaseError, StoreFailedError, ValueError), Exit.UNREACHABLE, said("refused.drill.not_done"), kind_of),
    ):
        drill = _held(lambda: run(Repository(config, stanza), sources, cut))
        if sources.place is not None:
            asyncio.run(note(sources.place, drill.noted))
    _show(drill, as_json=as_json)
    exit_if(drill.problems)


def _held(work: Callable[[], Coroutine[Any, Any, Drill]]) -> Drill:
    try:
        return answered(work)
    except asyncio.CancelledError:
        fail(said("refused.drill.not_done"), Exit.REFUSED, detail="SIGTERM")


def _instant(text: str) -> datetime:
    with refusing(ValueError, Exit.USAGE, said("refused.written", option="--at", example=EXAMPLE), None):
        return _AWARE.validate_python(text)


def _show(drill: Drill, *, as_json: bool) -> None:
    data: dict[str, Any] = asdict(drill) | {"well": not drill.problems, "noted": plain(drill.noted)}
    if not as_json:
        if drill.problems:
            show_all(drill.problems, _PROBLEMS, title=said("command.drill.problems"))
        if drill.lost:
            show_all(drill.lost, _LOST, title=said("command.drill.lost"))
    show_one(drill, _DRILL, as_json=as_json, data=data)


_PROBLEMS: Final = columns("check|drill_check place rule")
_LOST: Final = columns("filing:code published whole events receipts")
_DRILL: Final = columns(
    Column(
        "state",
        "problems",
        lambda found: Marked(
            said("command.drill.not_well" if found else "command.drill.well"), "red" if found else "green"
        ),
    ),
    "cut last_event events generation withheld started",
    Column("lost_filings", lambda drill: sum(one.whole for one in drill.lost)),
    Column("lost_receipts", lambda drill: sum(len(one.receipts) for one in drill.lost)),
    "seconds_restore:seconds.restore seconds_recovery:seconds.recovery",
    "seconds_verify:seconds.verify seconds_engine:seconds.engine seconds:noted.seconds",
)
