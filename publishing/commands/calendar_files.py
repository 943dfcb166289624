"""`motcua calendar check` and `show`: a calendar file's mistakes and doubtful days; each day and its source."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from motcua.cli.answer import Column, columns, show_all
from motcua.cli.language import in_words
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, fail, print_json, problem_line
from publishing.authoring.calendar_file import check_bytes
from publishing.authoring.due import NATIONAL, RefusedLineError, named_file
from publishing.calendars.calendar_facts import Doubtful, Fact, doubtful, facts
from publishing.commands.calendar import app as app
from publishing.commands.mistakes import FINDINGS, Files, Finding, at, mistake_row, mistaken
from rules.source import Mistake
from rules.time.working_time import VIETNAM
from schemas.publishing.calendar import CalendarFile, DayStatus
from schemas.translate import said


class _Looked(NamedTuple):
    """A file with its mistakes, or with its doubtful days, each with its line."""

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
    return _Looked(path, checked.mistakes, list(_doubts(checked.calendar, checked.lines, today)))


def _doubts(file: CalendarFile | None, lines: dict[str, int], today: date) -> Iterator[tuple[Doubtful, int | None]]:
    if file is not None:
        for doubt in doubtful(file, today):
            yield doubt, lines.get(doubt.fact.path)


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
