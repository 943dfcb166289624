"""`motcua calendar due`, `check` and `show`: the end of a time limit; a calendar file's mistakes and days."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from pydantic import ValidationError
from rich.markup import escape

from motcua.cli.answer import Column, columns, show_all
from motcua.cli.help import group
from motcua.cli.language import in_words, language
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, fail, out, print_json, problem_line
from publishing.authoring.calendars import check_bytes
from publishing.authoring.due import NATIONAL, Case, RefusedLineError, answer_of, case_in, named_file, problem_of
from publishing.calendars.calendar_changes import Doubtful, Fact, doubtful, facts
from publishing.commands.mistakes import FINDINGS, Files, Finding, at, mistake_row, mistaken
from rules.source import Mistake
from rules.time.working_time import VIETNAM, TimeError
from schemas.errors import Problem
from schemas.publishing.calendar import DayStatus
from schemas.translate import said

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
        print_json(_error(found))
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
        except (ValidationError, TimeError, RefusedLineError) as error:
            answer = _error(problem_of(error))
        answers.write(json.dumps(answer, ensure_ascii=False) if as_json else answer.get("due") or _said(answer))
        answers.write("\n")


def _error(found: Problem) -> dict[str, Any]:
    return {"error": found.model_dump(mode="json")}


def _said(answer: dict[str, Any]) -> str:
    error = answer["error"]
    return f"error: {error['field']}: {error['message']['en']} [{error['rule']}]"


class _Looked(NamedTuple):
    path: Path
    mistakes: list[Mistake]
    doubts: list[tuple[Doubtful, int | None]]


@app.command()
def check(files: Files, *, as_json: AsJson = False) -> None:
    looked = [_look(path, datetime.now(VIETNAM).date()) for path in files]
    mistakes = [(one.path, entry) for one in looked for entry in one.mistakes]
    if as_json:
        doubts = [_doubt_row(one.path, *entry) for one in looked for entry in one.doubts]
        print_json({"mistakes": [mistake_row(*entry) for entry in mistakes], "facts": doubts})
    else:
        rows = [mistaken(*entry) for entry in mistakes]
        for one in looked:
            if not one.mistakes:
                rows.append(Finding(at(one.path, None, "green"), "", "", "ok"))
            rows += [_doubtful(one.path, *entry) for entry in one.doubts]
        show_all(rows, FINDINGS)
    exit_if(mistakes)


@app.command()
def show(calendar: Annotated[str, typer.Argument(metavar="NAME|FILE")] = NATIONAL, *, as_json: AsJson = False) -> None:
    try:
        file = named_file(calendar)
    except RefusedLineError as error:
        fail(problem_line(error.problem), Exit.REFUSED)
    ends = {"valid_from": file.valid_from, "valid_until": file.valid_until}
    data = {"calendar": file.name} | ends | {"days": [_fact_row(fact) for fact in facts(file)]}
    title = said("command.calendar.from_until", calendar=file.name, first=file.valid_from, last=file.valid_until)
    show_all(facts(file), _FACTS, as_json=as_json, data=data, title=title)


_FACTS: Final = columns(
    "day agency",
    Column("hours", lambda fact: ", ".join(map(str, fact.hours)) or said("command.calendar.off")),
    Column("state", lambda fact: said("command.calendar.proposed") if fact.status is DayStatus.PROPOSED else None),
    Column("source", lambda fact: said("command.calendar.library") if fact.source is None else fact.source),
)


def _look(path: Path, today: date) -> _Looked:
    checked = check_bytes(path.read_bytes(), today)
    doubts = [] if checked.calendar is None else doubtful(checked.calendar, today)
    return _Looked(path, checked.mistakes, [(doubt, checked.lines.get(doubt.fact.path)) for doubt in doubts])


def _fact_row(fact: Fact) -> dict[str, Any]:
    return {
        "date": fact.day,
        "agency": fact.agency,
        "hours": [str(hours) for hours in fact.hours],
        "status": fact.status.value,
        "source": fact.source,
        "checked": fact.checked,
    }


def _doubt_row(path: Path, doubt: Doubtful, line: int | None) -> dict[str, Any]:
    where = {"file": path, "path": doubt.fact.path, "line": line, "doubt": doubt.doubt}
    return where | {"message": doubt.words} | _fact_row(doubt.fact)


def _doubtful(path: Path, doubt: Doubtful, line: int | None) -> Finding:
    problem = f"{in_words(doubt.words)} ({doubt.fact.source or '-'})"
    return Finding(at(path, line, "yellow"), doubt.fact.day.isoformat(), doubt.doubt, problem)
