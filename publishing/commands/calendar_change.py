"""`motcua calendar publish`, `what-if` and `list`: another calendar, and its effect on running filings."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic_core import PydanticCustomError

from console.addresses import APPLICATION, OWNER, master_key
from console.database import address, answered
from motcua.cli.answer import Column, columns, progress, say, show_all, show_one, when
from motcua.cli.options import AsJson, MaybeOperator
from motcua.cli.running import Exit, fail, note, print_json, refusing, use_stack_here
from motcua.errors import MotcuaError
from publishing.authoring.calendars import (
    CalendarTakenError,
    PublishedCalendar,
    check_bytes,
    file_in_force,
    publish_calendar,
    published_calendars,
)
from publishing.authoring.due import instant
from publishing.calendars.calendar_changes import DayChange, changes
from publishing.commands.calendar import app as app
from publishing.commands.mistakes import refuse_for
from publishing.commands.publisher import published as published_when
from publishing.commands.publisher import publisher, recorded
from publishing.effects.calendar_rollout import Turned, turn
from publishing.effects.what_if import WhatIf
from publishing.effects.what_if import what_if as project
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.publishing.calendar import CalendarFile
from schemas.stream.reprojection import workflow_id
from schemas.translate import said
from views.log import UnfoldableError

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]


@app.command()
def publish(
    file: File,
    *,
    patience: Annotated[
        float, typer.Option("--patience", min=1, metavar="SECONDS", help="option.calendar.patience")
    ] = 60,
    by: MaybeOperator = None,
    as_json: AsJson = False,
) -> None:
    data = file.read_bytes()
    calendar = _checked(file, data, as_json=as_json)
    use_stack_here()
    record = address(APPLICATION)
    with refusing(CalendarTakenError, Exit.REFUSED, said("refused.not_published")):
        published = recorded(lambda: publish_calendar(address(OWNER), data, publisher(by)))
    if not calendar.valid_from <= datetime.now(VIETNAM).date() <= calendar.valid_until:
        note(said("refused.calendar.outside", first=calendar.valid_from, last=calendar.valid_until))
    try:
        done = answered(lambda: turn(record, published, patience))
    except MotcuaError as error:
        fail(said("refused.calendar.not_projected", calendar=published.name, error=error), Exit.UNREACHABLE)
    if as_json:
        print_json(published._asdict() | asdict(done))
    else:
        counts = ", ".join(f"{n:,} {kind}" for kind, n in done.turned.items())
        show_one(published, (*_PUBLISHED, Column("projected_again", lambda _: counts)))
    if done.streams:
        fail(_left(published, done), Exit.NOT_AVAILABLE)


_PUBLISHED: Final = (Column("state", "already", published_when), Column("calendar", "name"))


def _left(published: PublishedCalendar, done: Turned) -> Text:
    counts = {"left": f"{sum(done.left.values()):,}", "streams": ", ".join(done.streams)}
    return said("refused.calendar.left", calendar=published.name, batch=workflow_id(published.name), **counts)


@app.command("what-if")
def what_if(
    file: File,
    *,
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="option.at")] = None,
    as_json: AsJson = False,
) -> None:
    calendar = _checked(file, file.read_bytes(), as_json=as_json)
    dsn, master = address(APPLICATION), master_key()
    try:
        asked = datetime.now(UTC) if at is None else instant(at)
    except PydanticCustomError as error:
        fail(f"--at: {error.message()} [{error.type}]", Exit.USAGE)
    in_force = answered(lambda: file_in_force(dsn))
    days = [] if in_force is None else changes(in_force, calendar)
    if in_force is None:
        note(said("refused.calendar.no_file"))
    with (
        progress(what=said("label.filings")) as moved,
        refusing(UnfoldableError, Exit.REFUSED, said("refused.calendar.no_projection")),
    ):
        answer = answered(lambda: project(dsn, master, calendar, asked, moved))
    if as_json:
        facts = {"calendar": answer.calendar, "at": answer.at, "filings": answer.filings}
        days_and_clocks = {"days": [_day_row(one) for one in days], "by": list(_by_procedure(answer))}
        print_json(facts | days_and_clocks | {"moved": answer.moved})
    else:
        for one in days:
            say(one.words)
        _show(answer)


def _day_row(one: DayChange) -> dict[str, Any]:
    facts = {"agency": one.agency, "date": one.day, "change": one.change}
    return facts | {"hours": [str(hours) for hours in one.hours], "message": one.words}


def _by_procedure(answer: WhatIf) -> Iterator[dict[str, Any]]:
    """Yields the number of clocks that move, become late, or are no longer late, by agency and procedure."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for moved in answer.moved:
        group = groups.setdefault((moved.agency, moved.procedure), Counter())
        group.update(moved=1, becomes_late=moved.becomes_late, no_longer_late=moved.no_longer_late)
    for (agency, procedure), group in sorted(groups.items()):
        yield {"agency": agency, "procedure": procedure, **group}


def _show(answer: WhatIf) -> None:
    if by_procedure := list(_by_procedure(answer)):
        show_all(by_procedure, columns("agency procedure moved becomes_late no_longer_late"))
    if late := [moved for moved in answer.moved if moved.becomes_late or moved.no_longer_late]:
        show_all(late, columns("code clock becomes_late due would_be_due"))
    say(said("command.what_if.calendar", filings=answer.filings, calendar=answer.calendar, at=when(answer.at)))


@app.command("list")
def list_published(*, as_json: AsJson = False) -> None:
    entries = answered(lambda: published_calendars(address(APPLICATION)))
    show_all(entries, _LISTED, as_json=as_json, data=[entry._asdict() for entry in entries])


_LISTED: Final = columns("calendar:name published:published_at sha256")


def _checked(file: Path, data: bytes, *, as_json: bool) -> CalendarFile:
    """Returns the calendar in a file; prints every mistake and ends the command if it has any."""
    checked = check_bytes(data)
    if checked.calendar is None:
        refuse_for([(file, entry) for entry in checked.mistakes], as_json=as_json)
    return checked.calendar
