"""`motcua calendar`: computes the end of a time limit; checks, shows and publishes calendars; shows their effect."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from pydantic_core import PydanticCustomError
from rich.markup import escape

from console.database import APPLICATION, OWNER, address, answered, master_key
from motcua.cli.answer import Column, columns, in_figures, progress, say, show_all, show_one
from motcua.cli.help import group
from motcua.cli.language import in_words, language
from motcua.cli.options import AsJson, MaybeOperator
from motcua.cli.running import Exit, exit_if, fail, note, out, print_json, problem_line, refusing, use_stack_here
from motcua.errors import MotcuaError
from publishing.authoring import calendars
from publishing.authoring.due import (
    NATIONAL,
    Case,
    RefusedLineError,
    answer_of,
    case_in,
    instant,
    named_file,
    problem_of,
)
from publishing.calendars.calendar_changes import Doubt, Fact, changes, doubtful, facts
from publishing.commands.mistakes import FINDINGS, File, Files, Finding, at, mistake_row, mistaken, refuse_for
from publishing.commands.publisher import published as published_when
from publishing.commands.publisher import publisher, recorded
from publishing.effects.calendar_rollout import turn
from publishing.effects.what_if import WhatIf
from publishing.effects.what_if import what_if as project
from rules.source import Mistake
from rules.time.working_time import VIETNAM, TimeError
from schemas.publishing.calendar import CalendarFile, DayStatus
from schemas.stream.reprojection import workflow_id
from schemas.translate import said
from views.log import UnfoldableError

app = group("calendar")


@app.command()
def due(  # noqa: PLR0913 -- one argument for each part of a case
    *,
    received: Annotated[str | None, typer.Option("--received", metavar="INSTANT", help="option.due.received")] = None,
    limit: Annotated[str | None, typer.Option("--limit", metavar="LIMIT", help="option.due.limit")] = None,
    calendar: Annotated[str, typer.Option("--calendar", metavar="NAME|FILE", help="option.due.calendar")] = NATIONAL,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="option.due.agency")] = None,
    pause: Annotated[list[str] | None, typer.Option("--pause", metavar="BEGIN/END", help="option.due.pause")] = None,
    file: Annotated[typer.FileBinaryRead | None, typer.Option("--from", metavar="FILE", help="option.due.from")] = None,
    as_json: AsJson = False,
) -> None:
    asked = {"received": received, "limit": limit, "calendar": calendar, "agency": agency}
    asked = {name: value for name, value in asked.items() if value is not None}
    if file is not None:
        if received or limit or pause:
            fail(said("refused.due.from"), Exit.USAGE)
        _answer_lines(file, asked, as_json=as_json)
        return
    try:
        answer = answer_of(Case.model_validate({**asked, "pauses": [each.split("/") for each in pause or ()]}))
    except (ValidationError, TimeError, RefusedLineError) as error:
        found = problem_of(error)
        if not as_json:
            fail(problem_line(found), Exit.REFUSED)
        print_json({"error": found.model_dump(mode="json")})
        raise typer.Exit(Exit.REFUSED) from None
    if as_json:
        print_json(answer)
        return
    for line in answer["reasoning"]:
        out().print(escape(line[language()]))
    out().print(f"[bold]{answer['due']}[/]")


def _answer_lines(lines: typer.FileBinaryRead, usual: dict[str, Any], *, as_json: bool) -> None:
    answers = typer.get_text_stream("stdout")
    for line in lines:
        try:
            answer = answer_of(case_in(line, usual))
            words = answer["due"]
        except (ValidationError, TimeError, RefusedLineError) as error:
            found = problem_of(error)
            answer = {"error": found.model_dump(mode="json")}
            words = f"error: {found.field}: {found.message.en} [{found.rule}]"
        answers.write(json.dumps(answer, ensure_ascii=False) if as_json else words)
        answers.write("\n")


@app.command()
def check(files: Files, *, as_json: AsJson = False) -> None:
    today = datetime.now(VIETNAM).date()
    mistakes: list[tuple[Path, Mistake]] = []
    doubts, rows = [], []
    for path in files:
        checked = calendars.check_bytes(path.read_bytes(), today)
        mistakes += [(path, entry) for entry in checked.mistakes]
        if checked.calendar is None:
            continue
        rows.append(Finding(at(path, None, "green"), "", "", "ok"))
        for one in doubtful(checked.calendar, today):
            fact, line = one.fact, checked.lines.get(one.fact.path)
            where = {"file": path, "path": fact.path, "line": line, "doubt": one.doubt}
            doubts.append(where | {"message": one.words} | _fact_row(fact))
            words = f"{in_words(one.words)} ({fact.source or '-'})"
            rows.append(Finding(at(path, line, "yellow"), in_figures(fact.day), one.doubt, words))
    if as_json:
        print_json({"mistakes": [mistake_row(*entry) for entry in mistakes], "facts": doubts})
    else:
        show_all([*(mistaken(*entry) for entry in mistakes), *rows], FINDINGS)
    exit_if([*mistakes, *_undecided(doubts)])


def _undecided(doubts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in doubts if one["doubt"] is Doubt.UNDECIDED]


@app.command()
def show(calendar: Annotated[str, typer.Argument(metavar="NAME|FILE")] = NATIONAL, *, as_json: AsJson = False) -> None:
    try:
        file = named_file(calendar)
    except RefusedLineError as error:
        fail(problem_line(error.problem), Exit.REFUSED)
    ends = {"valid_from": file.valid_from, "valid_until": file.valid_until}
    found = facts(file)
    data = {"calendar": file.name} | ends | {"days": [_fact_row(fact) for fact in found]}
    title = said("command.calendar.from_until", calendar=file.name, first=file.valid_from, last=file.valid_until)
    show_all(found, _FACTS, as_json=as_json, data=data, title=title)


_FACTS: Final = columns(
    "day agency",
    Column("hours", lambda fact: ", ".join(map(str, fact.hours)) or said("command.calendar.off")),
    Column("state", lambda fact: said("command.calendar.proposed") if fact.status is DayStatus.PROPOSED else None),
    Column("source", lambda fact: said("command.calendar.library") if fact.source is None else fact.source),
)


def _fact_row(fact: Fact) -> dict[str, Any]:
    return {
        "date": fact.day,
        "agency": fact.agency,
        "hours": [str(hours) for hours in fact.hours],
        "status": fact.status.value,
        "source": fact.source,
        "checked": fact.checked,
    }


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
    with refusing(calendars.CalendarTakenError, Exit.REFUSED, said("refused.not_published")):
        published = recorded(lambda: calendars.publish_calendar(address(OWNER), data, publisher(by)))
    if not calendar.valid_from <= datetime.now(VIETNAM).date() <= calendar.valid_until:
        note(said("refused.calendar.outside", first=calendar.valid_from, last=calendar.valid_until))
    try:
        done = answered(lambda: turn(record, published, patience))
    except MotcuaError as error:
        fail(said("refused.calendar.not_projected", calendar=published.name, error=error), Exit.UNREACHABLE)
    if as_json:
        print_json(published._asdict() | asdict(done))
    else:
        turned = ", ".join(f"{in_figures(n)} {kind}" for kind, n in done.turned.items())
        state = (Column("state", "already", published_when), Column("calendar", "name"))
        show_one(published, (*state, Column("projected_again", lambda _: turned)))
    if done.streams:
        counts = {"left": in_figures(sum(done.left.values())), "streams": ", ".join(done.streams)}
        batch = workflow_id(published.name)
        fail(said("refused.calendar.left", calendar=published.name, batch=batch, **counts), Exit.NOT_AVAILABLE)


@app.command("what-if")
def what_if(
    file: File,
    *,
    moment: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="option.at")] = None,
    as_json: AsJson = False,
) -> None:
    calendar = _checked(file, file.read_bytes(), as_json=as_json)
    dsn, master = address(APPLICATION), master_key()
    try:
        asked = datetime.now(UTC) if moment is None else instant(moment)
    except PydanticCustomError as error:
        fail(f"--at: {error.message()} [{error.type}]", Exit.USAGE)
    in_force = answered(lambda: calendars.file_in_force(dsn))
    days = [] if in_force is None else changes(in_force, calendar)
    if in_force is None:
        note(said("refused.calendar.no_file"))
    with (
        progress(what=said("label.filings")) as moved,
        refusing(UnfoldableError, Exit.REFUSED, said("refused.calendar.no_projection")),
    ):
        answer = answered(lambda: project(dsn, master, calendar, asked, moved))
    if as_json:
        whole = {"calendar": answer.calendar, "at": answer.at, "filings": answer.filings}
        rows = [
            {
                "agency": one.agency,
                "date": one.day,
                "change": one.change,
                "hours": [str(hours) for hours in one.hours],
                "message": one.words,
            }
            for one in days
        ]
        print_json(whole | {"days": rows, "by": list(_by_procedure(answer)), "moved": answer.moved})
    else:
        for one in days:
            say(one.words)
        _show_effect(answer)


def _by_procedure(answer: WhatIf) -> Iterator[dict[str, Any]]:
    """Yields a row for each agency and procedure: the numbers of clocks that move, become late, or cease to be late."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for moved in answer.moved:
        group = groups.setdefault((moved.agency, moved.procedure), Counter())
        group.update(moved=1, becomes_late=moved.becomes_late, no_longer_late=moved.no_longer_late)
    for (agency, procedure), group in sorted(groups.items()):
        yield {"agency": agency, "procedure": procedure, **group}


def _show_effect(answer: WhatIf) -> None:
    if by_procedure := list(_by_procedure(answer)):
        show_all(by_procedure, columns("agency procedure moved becomes_late no_longer_late"))
    if late := [moved for moved in answer.moved if moved.becomes_late or moved.no_longer_late]:
        show_all(late, columns("code clock becomes_late due would_be_due"))
    say(said("command.what_if.calendar", filings=answer.filings, calendar=answer.calendar, at=answer.at))


@app.command("list")
def list_published(*, as_json: AsJson = False) -> None:
    entries = answered(lambda: calendars.published_calendars(address(APPLICATION)))
    shown = columns("calendar:name published:published_at sha256")
    show_all(entries, shown, as_json=as_json, data=[entry._asdict() for entry in entries])


def _checked(file: Path, data: bytes, *, as_json: bool) -> CalendarFile:
    """Returns the calendar in a file; if the file has mistakes, prints every mistake and ends the command."""
    checked = calendars.check_bytes(data)
    if checked.calendar is None:
        refuse_for([(file, entry) for entry in checked.mistakes], as_json=as_json)
    return checked.calendar
