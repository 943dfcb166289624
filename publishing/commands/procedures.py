"""`motcua procedures`: check, publish and read the catalogue; import drafts from a province's table."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from console.addresses import OWNER
from console.database import address, answered
from motcua.cli.answer import Column, columns, say, show_all
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, MaybeOperator
from motcua.cli.running import Exit, exit_if, fail, print_json, refusing, strerror
from publishing.authoring.procedures import Listed, MistakesFoundError, VersionPublishedError, check_bytes
from publishing.authoring.procedures import publish as publish_file
from publishing.authoring.procedures import published as published_versions
from publishing.changes.change_words import TOLD_BEFORE, Values, beside, is_entry, is_list_of_entries, title
from publishing.changes.procedure_changes import Place, key_of
from publishing.commands.mistakes import File, Files, Quiet, print_mistakes, refuse_for, report_looks
from publishing.commands.publisher import in_force, publish_state, publisher, recorded_or_waits, row_of, waits_words
from publishing.importing.drafts import Outcome, outcome_of, plain, refused_row
from publishing.importing.tables import MAX_BYTES, Table, TableRefusedError, read_table
from publishing.record.publishing import WaitsError
from rules.source import Mistake, published_procedure
from rules.time.working_time import VIETNAM
from rules.wording.fee_statement import described
from rules.wording.procedure_words import words_of
from rules.wording.prose import filled
from rules.wording.rule_words import Labels, labels_of
from schemas.base import Model, Text
from schemas.publishing.fact import Fact, Statement
from schemas.publishing.fee import FeeRule
from schemas.publishing.procedure import Procedure
from schemas.publishing.time_limits import LIMIT_SOURCES
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
    """Returns the status of a version in words: in force, in the future, no longer in force, or for demonstrations."""
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

Into = Annotated[Path, typer.Option("--into", metavar="DIR", file_okay=False, help="option.import.into")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="option.import.dry_run")]


@app.command("import")
def import_table(file: File, *, into: Into = Path("drafts"), dry_run: DryRun = False, as_json: AsJson = False) -> None:
    try:
        with file.open("rb") as source:
            table = read_table(source.read(MAX_BYTES + 1))
    except TableRefusedError as no:
        if as_json:
            rows = [refused_row(entry) for entry in no.mistakes]
            print_json({"drafts": [], "refused": rows, "unknown_columns": [], "skipped": []})
        else:
            print_mistakes([(file, entry) for entry in no.mistakes])
        raise typer.Exit(Exit.REFUSED) from None
    with refusing(OSError, Exit.NOT_AVAILABLE, said("refused.import.into", into=into), strerror):
        outcome = outcome_of(table, file, None if dry_run else into)
    if as_json:
        print_json(plain(outcome, table, into))
    else:
        _show(outcome, table, file, into)
    exit_if(outcome.refused)


def _show(outcome: Outcome, table: Table, file: Path, into: Path) -> None:
    print_mistakes([(file, entry) for entry in outcome.refused])
    rows = [(word, into / drafted.file, len(drafted.unsettled)) for drafted, word in outcome.drafts]
    if rows:
        show_all(rows, columns("state:0|command.import file:1 to_settle:2"))
    if table.headings.unknown:
        say(said("command.import.unknown_columns", columns="; ".join(table.headings.unknown)))
    if outcome.between:
        say(said("command.import.no_procedure", rows="; ".join(f"{row.row}: {row.words}" for row in outcome.between)))
    refused = len({entry.line for entry in outcome.refused})
    say(said("command.import.sums", drafts=len(outcome.drafts), refused=refused))


_ELSEWHERE: Final = frozenset({"code", "version", "limits_source"})
"""Keys that have no rows of their own, since the title or the limits show them."""


class Row(NamedTuple):
    """A fact: its place in the file, its words, and its source."""

    where: str
    what: str
    source: str = ""


PAGE: Final = columns("place:where says:what source")


def rows(raw: Procedure) -> Iterator[Row]:
    """Yields the facts of a procedure, in the order of its file, with texts filled in from its rules."""
    procedure = filled(raw)
    values = Values(labels_of(procedure.form))
    sources = {f"limits.{name}": one for name, one in {**LIMIT_SOURCES, **procedure.limits_source}.items()}
    for key, part in procedure:
        if key not in _ELSEWHERE:
            yield from _rows(values, Place().key(key), part, sources)


def fee_rows(fee: FeeRule, labels: Labels) -> Iterator[Row]:
    """Yields the facts of a fee; `labels` are the labels of the form's fields."""
    yield from _rows(Values(labels), Place().key("fee"), fee, {})


def _rows(values: Values, place: Place, part: Any, sources: Mapping[str, str]) -> Iterator[Row]:
    """Yields one row for each fact in `part`. A part without a source is split into its values."""
    if part is None or part == ():
        return
    if is_list_of_entries(part):
        for one in part:
            yield from _rows(values, place.entry(key_of(one), one), one, sources)
    elif isinstance(part, Fact) or place.listed:
        yield from _fact(values, place, part)
    elif is_entry(part):
        for key, value in part:
            yield from _rows(values, place.key(key), value, sources)
    else:
        one_by_one = part if isinstance(part, tuple) else (part,)
        words = (in_words(values.said(place.name, one)) for one in one_by_one)
        yield Row(place.where, "\n".join(words), sources.get(place.where, ""))


def _fact(values: Values, place: Place, fact: Model) -> Iterator[Row]:
    lines, inside = list(_titles(place, fact)), []
    for key, part in fact:
        below = place.key(key)
        if part is None or part == () or key in TOLD_BEFORE:
            continue
        if is_list_of_entries(part) or is_entry(part):
            inside.append((below, part))
        else:
            lines.append(in_words(beside(words_of(below.name), values.said(below.name, part))))
    called = words_of(place.name)
    yield Row(place.where, "\n".join(lines) or in_words(Text(vi=called.vi, en=called.en)), getattr(fact, "source", ""))
    for below, part in inside:
        yield from _rows(values, below, part, {})


def _titles(place: Place, entry: Any) -> Iterator[str]:
    if place.listed:
        code, name = str(key_of(entry)), in_words(title(entry))
        yield code if name == code else f"{code}: {name}"
    elif isinstance(getattr(entry, "name", None), Text):
        yield in_words(entry.name)
    if isinstance(entry, Statement):
        yield in_words(entry.text)
