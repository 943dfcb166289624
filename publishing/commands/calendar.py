"""`motcua calendar due`: the end of a time limit, and the reasoning."""

import json
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.markup import escape

from motcua.cli.help import group
from motcua.cli.language import language
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail, out, print_json, problem_line
from publishing.authoring.due import NATIONAL, Case, RefusedLineError, answer_of, case_in, problem_of
from rules.time.working_time import TimeError
from schemas.errors import Problem
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
