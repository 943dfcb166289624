"""`motcua procedures`: check, publish, read and compare the catalogue; import drafts from a province's table."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from pydantic_core import to_jsonable_python

from activities.keys.masters import MasterKeys
from console.database import APPLICATION, OWNER, address, answered, master_key
from motcua.cli.answer import Column, columns, in_figures, lines, progress, say, show_all
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, MaybeOperator
from motcua.cli.running import Exit, exit_if, fail, out, plain, print_json, refusing, strerror
from publishing.authoring.procedures import Listed, MistakesFoundError, VersionPublishedError, check_bytes
from publishing.authoring.procedures import publish as publish_file
from publishing.authoring.procedures import published as published_versions
from publishing.changes import (
    TOLD_BEFORE,
    Place,
    Values,
    beside,
    change_sentences,
    is_entry,
    is_list_of_entries,
    key_of,
    title,
)
from publishing.commands.mistakes import File, Files, Quiet, print_mistakes, refuse_for, report_looks
from publishing.commands.publisher import in_force, publish_state, publisher, recorded_or_waits, row_of, waits_words
from publishing.effects.what_if import Touched, VersionWhatIf, version_what_if
from publishing.importing import MAX_TABLE_BYTES, Outcome, Table, as_data, outcome_of, read_table, refused_row
from publishing.record.publishing import WaitsError
from rules.source import Mistake, published_procedure
from rules.time.working_time import VIETNAM
from rules.wording.fee_statement import described
from rules.wording.procedure_words import words_of
from rules.wording.rule_words import filled, labels_of
from schemas.base import Model, Text
from schemas.publishing.fact import Fact, Statement
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import rules_of
from schemas.publishing.time_limits import LIMIT_SOURCES
from schemas.translate import in_dong, said
from views.log import UnfoldableError

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
    """Returns the version `CODE@VERSION`; for `CODE`, the one in force, else the newest; else ends the command."""
    code, _, version = named.partition("@")
    entries = answered(lambda: published_versions(address(OWNER), code, version or None), OWNER)
    if not entries:
        fail(said("refused.procedures.not_there", named=named), Exit.NOT_AVAILABLE)
    return next((entry for entry in entries if entry.in_force and entry.province is None), entries[0])


def published_version(named: str) -> Procedure:
    """Returns the procedure of the version that `_find` returns. Ends the command if there is none."""
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
            table = read_table(source.read(MAX_TABLE_BYTES + 1))
    except MistakesFoundError as no:
        if as_json:
            refused = [refused_row(entry) for entry in no.mistakes]
            print_json({"drafts": [], "refused": refused, "unknown_columns": [], "skipped": []})
        else:
            print_mistakes([(file, entry) for entry in no.mistakes])
        raise typer.Exit(Exit.REFUSED) from None
    with refusing(OSError, Exit.NOT_AVAILABLE, said("refused.import.into", into=into), strerror):
        outcome = outcome_of(table, file, None if dry_run else into)
    if as_json:
        print_json(as_data(outcome, table, into))
    else:
        _show_import(outcome, table, file, into)
    exit_if(outcome.refused)


def _show_import(outcome: Outcome, table: Table, file: Path, into: Path) -> None:
    print_mistakes([(file, entry) for entry in outcome.refused])
    drafts = [(word, into / drafted.file, len(drafted.unsettled)) for drafted, word in outcome.drafts]
    if drafts:
        show_all(drafts, columns("state:0|command.import file:1 to_settle:2"))
    if table.headings.unknown:
        say(said("command.import.unknown_columns", columns="; ".join(table.headings.unknown)))
    if outcome.between:
        say(said("command.import.no_procedure", rows="; ".join(f"{row.row}: {row.words}" for row in outcome.between)))
    refused = len({entry.line for entry in outcome.refused})
    say(said("command.import.sums", drafts=len(outcome.drafts), refused=refused))


_ELSEWHERE: Final = frozenset({"code", "version", "limits_source"})
"""Keys that have no rows of their own, since the title or the limits show them."""


class Row(NamedTuple):
    """A fact: its place in the file, the fact in words, and its source."""

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
            yield from rows_of(values, Place().key(key), part, sources)


def rows_of(values: Values, place: Place, part: Any, sources: Mapping[str, str]) -> Iterator[Row]:
    """Yields one row for each fact in `part`. A part without a source is split into its values."""
    if part is None or part == ():
        return
    if is_list_of_entries(part):
        for one in part:
            yield from rows_of(values, place.entry(key_of(one), one), one, sources)
    elif isinstance(part, Fact) or place.listed:
        yield from _fact(values, place, part)
    elif is_entry(part):
        for key, value in part:
            yield from rows_of(values, place.key(key), value, sources)
    else:
        one_by_one = part if isinstance(part, tuple) else (part,)
        words = (in_words(values.in_words(place.name, one)) for one in one_by_one)
        yield Row(place.where, "\n".join(words), sources.get(place.where, ""))


def _fact(values: Values, place: Place, fact: Model) -> Iterator[Row]:
    words, inside = list(_titles(place, fact)), []
    for key, part in fact:
        below = place.key(key)
        if part is None or part == () or key in TOLD_BEFORE:
            continue
        if is_list_of_entries(part) or is_entry(part):
            inside.append((below, part))
        else:
            words.append(in_words(beside(words_of(below.name), values.in_words(below.name, part))))
    called = words_of(place.name)
    yield Row(place.where, "\n".join(words) or in_words(Text(vi=called.vi, en=called.en)), getattr(fact, "source", ""))
    for below, part in inside:
        yield from rows_of(values, below, part, {})


def _titles(place: Place, entry: Any) -> Iterator[str]:
    if place.listed:
        code, name = str(key_of(entry)), in_words(title(entry))
        yield code if name == code else f"{code}: {name}"
    elif isinstance(getattr(entry, "name", None), Text):
        yield in_words(entry.name)
    if isinstance(entry, Statement):
        yield in_words(entry.text)


_CODE: Final = re.compile(r"[0-9]\.[0-9]{6}")

Which = Annotated[str, typer.Argument(metavar="FILE|CODE[@VERSION]")]


@app.command()
def diff(was: Which, now: Which, *, as_json: AsJson = False) -> None:
    before, after = version_named(was, as_json=as_json), version_named(now, as_json=as_json)
    found = change_sentences(before, after)
    named = f"{before.code}@{before.version} → {after.code}@{after.version}"
    below = () if found else (said("change.nothing"),)
    data = [
        {
            "where": change.place.where,
            "kind": change.kind,
            "group": change.group,
            "was": to_jsonable_python(change.was),
            "is": to_jsonable_python(change.now),
            "words": words,
        }
        for change, words in found
    ]
    shown = columns("kind:0.group|change.group place:0.place.where change:1")
    show_all(found, shown, *below, as_json=as_json, data=data, title=Text(vi=named, en=named))


def version_named(which: str, *, as_json: bool) -> Procedure:
    """Returns the procedure in the file `which`, or the published version `which`.

    Ends the command if there is neither.
    """
    path = Path(which)
    if path.is_file():
        return _checked(path, path.read_bytes(), as_json=as_json)[0]
    if _CODE.match(which) is None:
        fail(said("refused.no_file"), Exit.USAGE, detail=which)
    return published_version(which)


def _checked(path: Path, source: bytes, *, as_json: bool) -> tuple[Procedure, str]:
    """Returns the procedure in the bytes `source`, and their digest; or prints the mistakes and ends the command."""
    checked = check_bytes(source, allow_seconds=True)
    if checked.procedure is None:
        refuse_for([(path, entry) for entry in checked.mistakes], as_json=as_json)
    return checked.procedure, checked.sha256


@app.command("what-if")
def what_if(
    files: Files,
    *,
    limit: Annotated[int, typer.Option("--limit", min=0, metavar="N", help="option.what_if.limit")] = 50,
    as_json: AsJson = False,
) -> None:
    sources = [path.read_bytes() for path in files]
    versions = [_checked(path, source, as_json=as_json) for path, source in zip(files, sources, strict=True)]
    dsn, master = address(APPLICATION), master_key()
    answers = [_what_if(dsn, master, source, *version) for source, version in zip(sources, versions, strict=True)]
    if as_json:
        print_json([_answer_row(answer) for answer in answers])
    else:
        for answer in answers:
            _show_touched(answer, limit)


def _what_if(dsn: str, master: MasterKeys, source: bytes, procedure: Procedure, sha256: str) -> VersionWhatIf:
    """Returns the effect of this version on open filings, as if received now or, if later, at the version's start."""
    rules, received = rules_of(procedure, sha256), datetime.now(VIETNAM)
    if procedure.validity is not None and procedure.validity.valid_from is not None:
        received = max(received, datetime.combine(procedure.validity.valid_from, time(), VIETNAM))
    with (
        progress(what=said("label.filings")) as moved,
        refusing((MistakesFoundError, UnfoldableError), Exit.REFUSED, said("refused.procedures.no_what_if")),
    ):
        return answered(lambda: version_what_if(dsn, master, source, rules, received, moved))


def _days_until(answer: VersionWhatIf) -> int:
    return (answer.received.date() - datetime.now(VIETNAM).date()).days


def _answer_row(answer: VersionWhatIf) -> dict[str, Any]:
    return {
        "procedure": answer.procedure,
        "version": answer.version,
        "days_until_in_force": _days_until(answer),
        "open": answer.stay.total(),
        "stay": answer.stay,
        "touched": [
            {"code": one.code, "agency": one.agency, "stage": one.stage, "version": one.version} | plain(one.anew)
            for one in answer.touched
        ],
    }


def _show_touched(answer: VersionWhatIf, limit: int) -> None:
    stay = ", ".join(f"{version}: {in_figures(n)}" for version, n in sorted(answer.stay.items()))
    shown = answer.touched[:limit]
    counts = {"stay": answer.stay.total(), "touched": len(answer.touched)}
    say(said("command.what_if.open", version=f"{answer.procedure}@{answer.version}", **counts), "bold")
    if stay:
        out().print(stay, markup=False)
    show_all(shown, columns("code version stage|stage", Column("otherwise", lambda one: lines(_otherwise(one)))))
    if days := _days_until(answer):
        say(said("command.what_if.in_force_in", days=days))
    if len(shown) < len(answer.touched):
        out().print(f"{in_figures(len(shown))} / {in_figures(len(answer.touched))} (--limit)")


def _otherwise(one: Touched) -> Iterator[str]:
    anew = one.anew
    if anew.fee != anew.fee_then:
        yield f"{in_words(said('label.fee'))}: {in_words(in_dong(anew.fee))} → {in_words(in_dong(anew.fee_then))}"
    if anew.processing != anew.processing_then:
        limits = f"{in_words(anew.processing.words)} → {in_words(anew.processing_then.words)}"
        yield f"{in_words(said('label.limit'))}: {limits}"
    for found in anew.problems:
        yield f"{found.field}: {in_words(found.message)}"
