"""`motcua forms`: blank forms to fill in by hand, forms to sign, the form of a filing, a form as JSON Schema."""

import asyncio
import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from activities.forms.printing import printed
from activities.procedures import Procedures
from console.database import OWNER, TIMEOUT, address, answered
from motcua.cli.answer import columns, show_one
from motcua.cli.attaching import NO_FILE_YET, Attach, each, papers_wanted, with_files
from motcua.cli.help import group
from motcua.cli.options import AsJson, WhichFiling
from motcua.cli.running import (
    Exit,
    end_well,
    fail,
    note,
    plain,
    print_json,
    problem_line,
    read_file,
    read_json,
    write_file,
)
from motcua.files.transfer import measured
from operations.commands.ledger.record import read
from publishing.commands.procedures import published_version, version_named
from rules.filing.submission.admission import dossier_problems
from rules.forms.json_schema import json_schema
from rules.forms.sheet import Sheet, blank, blank_at, filled_in, forms_of
from rules.time.working_time import VIETNAM
from rules.wording.rule_words import filled
from schemas.base import Problem
from schemas.errors import RefusalCode, RefusalError, problem, shape_refusal
from schemas.files import FileRef, file_key
from schemas.filing.submission import Submission
from schemas.ids import filing_id
from schemas.level import Level
from schemas.publishing.procedure import PaperRule, Procedure
from schemas.publishing.procedure_rules import rules_of
from schemas.stream.edge import strictly
from schemas.translate import said
from views import primary

_NO_FILE: Final = "0" * 64
"""A placeholder for the digest of a procedure's file, for uses that need only the procedure's rules."""

app = group("forms")

OfProcedure = Annotated[str, typer.Argument(metavar="FILE|CODE[@VERSION]")]
Target = Annotated[Path, typer.Option("--out", metavar="FILE.pdf", help="option.forms.out")]
Key = Annotated[str | None, typer.Option("--form", metavar="KEY", help="option.forms.form")]


@app.command("blank")
def make_blank(procedure: OfProcedure, *, target: Target, key: Key = None, as_json: AsJson = False) -> None:
    of = _readable(version_named(procedure, as_json=as_json))
    name, paper = _form(of, key)
    _print(target, blank(of, name, paper), blank_at(of), as_json=as_json)


@app.command()
def prepare(
    file: Annotated[str, typer.Argument(metavar="SUBMISSION.json|-", help="option.forms.submission")],
    *,
    target: Target,
    key: Key = None,
    attach: Attach = None,
    authorisation: Annotated[
        Path | None, typer.Option("--authorisation", metavar="PATH", help="option.authorisation")
    ] = None,
    as_json: AsJson = False,
) -> None:
    from activities.signature.submitted import prepared  # noqa: PLC0415 -- slow to load: no other command needs it

    submission = _submission(file, to_come=authorisation is not None)
    papers = papers_wanted(attach or ())
    now = datetime.now(VIETNAM)
    of = _readable(_governing(submission, now.date()))
    name, _ = _form(of, key)
    rules = rules_of(of, _NO_FILE)
    wrong = [one for one in dossier_problems(rules, submission, now.date()) if one.field.startswith("form.")]
    if wrong:
        _refuse(wrong)

    async def named(path: Path, _: object) -> FileRef:
        file = await asyncio.to_thread(measured, path, None, None)
        filing = filing_id(submission.client_id, submission.submission_id)
        return file.model_copy(update={"key": file_key(filing, file.sha256)})

    alone = {"authorisation": authorisation} if authorisation else {}
    whole = with_files(submission, papers, alone, lambda wanted: end_well(each(wanted, named)))
    try:
        made = prepared(of, name, whole, now)
    except RefusalError as error:
        _refuse(list(error.refusal.problems))
    _write(target, made.sheet, made.file, as_json=as_json)


@app.command("print")
def print_filing(which: WhichFiling, *, target: Target, key: Key = None, as_json: AsJson = False) -> None:
    record, _, filing = read(which)
    of = _readable(published_version(f"{filing.procedure.code}@{filing.procedure.version}"))
    name, paper = _form(of, key)
    _print(target, filled_in(of, name, paper, filing, code=filing.code), record.submitted_at, as_json=as_json)


@app.command()
def schema(procedure: OfProcedure, *, as_json: AsJson = False) -> None:
    print_json(json_schema(filled(version_named(procedure, as_json=as_json))))


def _readable(procedure: Procedure) -> Procedure:
    """Returns the procedure with its rules' values filled into its texts; ends the command if it has no forms."""
    if procedure.level is Level.INFORMATION:
        _refuse([problem("procedure", "no_forms")])
    return filled(procedure)


def _form(procedure: Procedure, key: str | None) -> tuple[str, PaperRule | None]:
    """Returns a form's key and paper rule; without `key`, the first form's. Ends the command if there is none."""
    forms = forms_of(procedure)
    name = next(iter(forms)) if key is None else key
    if name not in forms:
        _refuse([problem("form", "no_such_form", forms=", ".join(forms))])
    return name, forms[name]


def _submission(file: str, *, to_come: bool) -> Submission:
    """Returns the submission in a file; or ends the command. `to_come`: whether an authorisation may lack its file."""
    content = read_json(read_file(file), file)
    unknown = sorted(content.keys() - Submission.model_fields.keys())
    if unknown:
        fail(said("refused.submission.unknown", names=", ".join(unknown)), Exit.USAGE)
    if to_come:
        content["authorisation"] = NO_FILE_YET | (content.get("authorisation") or {})
    try:
        return strictly(Submission, content)
    except ValidationError as error:
        _refuse(list(shape_refusal(RefusalCode.BAD_SUBMISSION, error).refusal.problems))


def _governing(submission: Submission, day: date) -> Procedure:
    """Returns the version of the procedure that applies to the submission; ends the command if there is none."""

    async def look() -> Procedure | None:
        async with primary.create_pool(address(OWNER), min_size=1, max_size=1, timeout=TIMEOUT) as pool:
            return await Procedures(pool).governing(submission, day)

    try:
        found = answered(look, OWNER)
    except ApplicationError as error:
        fail(said("refused.forms.not_now"), Exit.UNREACHABLE, detail=error.message)
    if found is None:
        fail(said("refused.procedures.not_there", named=submission.procedure), Exit.NOT_AVAILABLE)
    return found


def _print(target: Path, sheet: Sheet, at: datetime, *, as_json: bool) -> None:
    try:
        made = printed(sheet, at)
    except RefusalError as error:
        _refuse(list(error.refusal.problems))
    _write(target, sheet, made, as_json=as_json)


def _write(target: Path, sheet: Sheet, made: bytes, *, as_json: bool) -> None:
    write_file(target, made)
    row = {"file": str(target), "form": sheet.key, "procedure": sheet.procedure}
    row["sha256"] = hashlib.sha256(made).hexdigest()
    if sheet.digest is not None:
        row["digest"] = sheet.digest
    show_one(row, columns("file form procedure sha256 signed_digest:digest"), as_json=as_json, data=row)


def _refuse(wrong: list[Problem]) -> NoReturn:
    for one in wrong:
        note(problem_line(one))
    told = {"code": RefusalCode.BAD_SUBMISSION, "problems": [plain(one) for one in wrong]}
    fail(said("refused.forms.not_made"), Exit.REFUSED, told, detail=len(wrong))
