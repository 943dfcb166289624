"""`motcua procedures`: check, publish and read the catalogue."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from console.addresses import OWNER
from console.database import address, answered
from motcua.cli.answer import Column, columns, show_all
from motcua.cli.help import group
from motcua.cli.options import AsJson, MaybeOperator
from motcua.cli.running import Exit, exit_if, fail
from publishing.authoring.procedures import Listed, MistakesFoundError, VersionPublishedError, check_bytes
from publishing.authoring.procedures import publish as publish_file
from publishing.authoring.procedures import published as published_versions
from publishing.commands.check_report import Quiet, report_looks
from publishing.commands.mistakes import Files, refuse_for
from publishing.commands.procedure_page import PAGE, rows
from publishing.commands.publisher import in_force, publish_state, publisher, recorded_or_waits, row_of, waits_words
from publishing.record.publishing import WaitsError
from rules.source import Mistake, published_procedure
from rules.time.working_time import VIETNAM
from rules.wording.fee_statement import described
from rules.wording.prose import filled
from schemas.base import Text
from schemas.publishing.procedure import Procedure
from schemas.translate import said

app = group("procedures")


Demo = Annotated[bool, typer.Option("--demo", help="option.procedures.demo")]


@app.command()
def check(files: Files, *, demo: Demo = False, quiet: Quiet = False, as_json: AsJson = False) -> None:
    def mistakes(data: bytes, today: date) -> list[Mistake]:
        return check_bytes(data, allow_seconds=demo, today=today).mistakes

    report_looks(files, mistakes, quiet=quiet, as_json=as_json)


@app.command()
def publish(files: Files, *, demo: Demo = False, by: MaybeOperator = None, as_json: AsJson = False) -> None:
    dsn = address(OWNER)
    contents = {path: path.read_bytes() for path in files}
    found = [
        (path, entry)
        for path, data in contents.items()
        for entry in check_bytes(data, allow_seconds=demo, today=_today()).mistakes
    ]
    if found:
        refuse_for(found, as_json=as_json)
    outcomes = [_publish_one(dsn, path, data, demo=demo, by=by) for path, data in contents.items()]
    show_all(outcomes, _OUTCOMES, as_json=as_json, data=outcomes)
    exit_if(any("error" in outcome for outcome in outcomes))
    exit_if(any("asked" in outcome for outcome in outcomes), Exit.NOT_AVAILABLE)


@app.command("list")
def list_published(*, as_json: AsJson = False) -> None:
    entries = answered(lambda: published_versions(address(OWNER)), OWNER)
    show_all(entries, _LISTED, as_json=as_json, data=[row_of(entry) for entry in entries])


@app.command()
def show(
    named: Annotated[str, typer.Argument(metavar="CODE[@VERSION]")],
    *,
    source: Annotated[bool, typer.Option("--source", help="option.source")] = False,
    as_json: AsJson = False,
) -> None:
    entry = _find(named)
    if source:
        typer.get_binary_stream("stdout").write(entry.source)
        return
    procedure = filled(_procedure(entry))
    data = row_of(entry) | {"procedure": procedure.model_dump(mode="json"), "inputs": described(procedure)}
    title = said("command.procedures.version", version=f"{entry.code}@{entry.version}", standing=_standing(entry))
    show_all(rows(_procedure(entry)), PAGE, as_json=as_json, data=data, title=title)


def _today() -> date:
    return datetime.now(VIETNAM).date()


def _find(named: str) -> Listed:
    """Returns the version `CODE@VERSION`, or for `CODE` alone the one in force; ends the command if there is none."""
    code, _, version = named.partition("@")
    entries = answered(lambda: published_versions(address(OWNER), code, version or None), OWNER)
    if not entries:
        fail(said("refused.procedures.not_there", named=named), Exit.NOT_AVAILABLE)
    return next((entry for entry in entries if entry.in_force and entry.province is None), entries[0])


def published_version(named: str) -> Procedure:
    """Returns the procedure `CODE@VERSION`, or for `CODE` alone the one in force; ends the command if there is none."""
    return _procedure(_find(named))


def _publish_one(dsn: str, path: Path, data: bytes, *, demo: bool, by: str | None) -> dict[str, Any]:
    try:
        done = recorded_or_waits(lambda: publish_file(dsn, data, demo=demo, by=publisher(by)))
    except (MistakesFoundError, VersionPublishedError) as error:
        return {"file": str(path), "error": str(error)}
    if isinstance(done, WaitsError):
        return {"file": str(path), "asked": done.n, "waits": waits_words(done)}
    return {"file": str(path), **done._asdict()}


_OUTCOMES: Final = columns(Column("state", publish_state), "code version sha256 asked file why_not:error")


def _procedure(entry: Listed) -> Procedure:
    return published_procedure(entry.source, entry.published_at.date())


def _standing(entry: Listed) -> Text:
    """Returns whether a version is in force, future, over, or for demonstrations only, in words."""
    if entry.demo:
        return said("command.procedures.demo")
    if not entry.in_force and entry.valid_from is not None and entry.valid_from > _today():
        return said("command.procedures.from", day=entry.valid_from)
    return in_force(entry.in_force)


_LISTED: Final = columns(
    "code version",
    Column("level", lambda entry: int(_procedure(entry).level)),
    Column("name", lambda entry: filled(_procedure(entry)).name),
    "published:published_at province",
    Column("state", _standing),
)
