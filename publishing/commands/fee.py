"""`motcua fee`: the fee of a filing, and the reasons for the fee."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from pydantic import TypeAdapter, ValidationError

from console.database import OWNER, address, answered
from motcua.cli.answer import Column, columns, dong, say, show_all
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, fail, print_json, problem_line, there
from publishing.authoring.procedures import Listed, published
from publishing.commands.procedures import version_named
from rules.filing.conditions import Case, Of
from rules.filing.fees.inputs import APPLICANT
from rules.source import published_procedure
from rules.time.working_time import VIETNAM
from rules.wording.fee_statement import Question, stated
from rules.wording.rule_words import filled
from schemas.errors import Problem, RefusalError, problem
from schemas.level import Channel
from schemas.people import PersonKind
from schemas.publishing.procedure import FieldKind, Procedure
from schemas.publishing.province import ProvinceCode
from schemas.text import FormValue
from schemas.translate import said

app = typer.Typer()

_PROVINCE: Final[TypeAdapter[str]] = TypeAdapter(ProvinceCode)
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")

Arrives = Annotated[Channel | None, typer.Option("--channel", help="option.fee.channel")]
Province = Annotated[str | None, typer.Option("--province", metavar="CODE", help="option.fee.province")]
Day = Annotated[datetime | None, typer.Option("--at", metavar="DATE", formats=["%Y-%m-%d"], help="option.fee.at")]
Values = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="option.fee.set")]
Waiver = Annotated[str | None, typer.Option("--waiver", metavar="CODE", help="option.fee.waiver")]


@app.command()
def fee(  # noqa: PLR0913 -- a command line has many options
    which: Annotated[str, typer.Argument(metavar="PROCEDURE")],
    *,
    channel: Arrives = None,
    province: Province = None,
    at: Day = None,
    values: Values = None,
    waiver: Waiver = None,
    as_json: AsJson = False,
) -> None:
    day = at.date() if at else datetime.now(VIETNAM).date()
    procedure, of_province = _version(which, province, day, as_json=as_json)
    case = _case(procedure, channel, values or [])
    try:
        answer = stated(procedure, Question(case, day, waiver))
    except RefusalError as error:
        _refuse(error.refusal.problems, Exit.REFUSED)
    if as_json:
        named = {"procedure": procedure.code, "version": procedure.version, "province": of_province}
        print_json(named | {"at": day, "channel": channel} | answer.model_dump(mode="json"))
    else:
        if answer.total is not None:
            title = said("command.fee.version", version=f"{procedure.code}@{procedure.version}", day=day)
            shown = columns("item:rule name kind|fee_kind amount|dong reason source")
            show_all(answer.lines, shown, said("command.fee.total", amount=dong(answer.total)), title=title)
        for one in answer.missing:
            say(said("command.fee.missing", field=one.field, message=one.message, rule=one.rule), "yellow")
        if answer.waivers:
            percent = Column("percent", lambda waiver: f"−{waiver.percent}%")
            shown = columns("code name", percent, "approver evidence")
            show_all(answer.waivers, shown, title=said("command.fee.waivers"))
    exit_if(answer.total is None)


def _version(which: str, province: str | None, day: date, *, as_json: bool) -> tuple[Procedure, str | None]:
    """Returns the version that `which` names, or the one in force on `day`, and the version's province if it has one.

    Ends the command if there is no such version.
    """
    if Path(which).is_file():
        if province is not None:
            fail(said("refused.fee.no_province"), Exit.USAGE)
        return filled(version_named(which, as_json=as_json)), None
    if province is not None:
        try:
            _PROVINCE.validate_python(province)
        except ValidationError:
            fail(said("refused.fee.province_code"), Exit.USAGE, detail=province)
    code, _, version = which.partition("@")
    entries = answered(lambda: published(address(OWNER), code, day=day), OWNER)
    entry = there(_chosen(entries, version, province), said("refused.fee.not_in_force", day=day, named=which))
    return filled(published_procedure(entry.source, entry.published_at.date())), entry.province


def _chosen(entries: Iterable[Listed], version: str, province: str | None) -> Listed | None:
    """Returns the entry of `version`, or if `version` is empty, of the version in force; None if there is none.

    The province's own version is preferred to the country's.
    """
    fitting = [one for one in entries if (version in {one.version, one.base} if version else one.in_force)]
    named = next((one for one in fitting if province is None and one.version == version), None)
    own = next((one for one in fitting if province is not None and one.province == province), None)
    return named or own or next((one for one in fitting if one.province is None), None)


def _case(procedure: Procedure, channel: Channel | None, pairs: list[str]) -> Case:
    """Returns the filing's facts that the options state; a mistake in the options ends the command."""
    split = [pair.partition("=") for pair in pairs]
    if any(not separator for _, separator, _ in split):
        fail(said("refused.fee.set"), Exit.USAGE)
    if twice := [key for key, count in Counter(key for key, *_ in split).items() if count > 1]:
        _refuse([problem(key, "field_given_twice") for key in twice], Exit.USAGE)
    kinds = {field.code: field.kind for field in procedure.form}
    form = {key: _value(kinds.get(key), written) for key, _, written in split if key != APPLICANT}
    return Case(form, channel, next((_applicant(written) for key, _, written in split if key == APPLICANT), None))


def _value(kind: FieldKind | None, written: str) -> FormValue:
    """Returns the value in the type of its field. A value that does not fit stays text, which the rules refuse."""
    if kind is FieldKind.INTEGER and _WHOLE.fullmatch(written):
        return int(written)
    return {"true": True, "false": False}.get(written, written) if kind is FieldKind.BOOLEAN else written


def _applicant(written: str) -> Of:
    try:
        return Of(PersonKind(written))
    except ValueError:
        _refuse([problem(APPLICANT, "not_a_choice", choices=", ".join(PersonKind))], Exit.REFUSED)


def _refuse(problems: Sequence[Problem], code: Exit) -> NoReturn:
    people = "\n".join(map(problem_line, problems))
    line = "; ".join(f"{one.field}: {one.message.en} [{one.rule}]" for one in problems)
    fail(line, code, {"problems": problems}, people)
