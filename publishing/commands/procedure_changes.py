"""`motcua procedures diff` and `what-if`: the changes of another version, and the open filings that they affect."""

import re
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic_core import to_jsonable_python

from activities.keys.masters import MasterKeys
from console.addresses import APPLICATION, master_key
from console.database import address, answered
from motcua.cli.answer import Column, columns, lines, progress, say, show_all
from motcua.cli.language import in_words
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail, out, plain, print_json, refusing
from publishing.authoring.procedures import MistakesFoundError, check_bytes
from publishing.changes.change_words import told
from publishing.commands.mistakes import Files, refuse_for
from publishing.commands.procedures import app as app
from publishing.commands.procedures import published_version
from publishing.effects.what_if import Touched, VersionWhatIf, version_what_if
from rules.amounts import money
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import rules_of
from schemas.translate import said
from views.log import UnfoldableError

_CODE: Final = re.compile(r"[0-9]\.[0-9]{6}")

Which = Annotated[str, typer.Argument(metavar="FILE|CODE[@VERSION]")]


@app.command()
def diff(was: Which, now: Which, *, as_json: AsJson = False) -> None:
    before, after = version_named(was, as_json=as_json), version_named(now, as_json=as_json)
    found = told(before, after)
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
    """Returns the procedure in a file, or a published version; else ends the command."""
    path = Path(which)
    if path.is_file():
        return _checked(path, path.read_bytes(), as_json=as_json)[0]
    if _CODE.match(which) is None:
        fail(said("refused.no_file"), Exit.USAGE, detail=which)
    return published_version(which)


def _checked(path: Path, source: bytes, *, as_json: bool) -> tuple[Procedure, str]:
    """Returns the procedure in a file's bytes and its digest; if it has mistakes, prints them and ends the command."""
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
    answers = [_asked(dsn, master, source, *version) for source, version in zip(sources, versions, strict=True)]
    if as_json:
        print_json([_answer_row(answer) for answer in answers])
    else:
        for answer in answers:
            _show(answer, limit)


def _asked(dsn: str, master: MasterKeys, source: bytes, procedure: Procedure, sha256: str) -> VersionWhatIf:
    """Compares the open filings with this version, as if received now, or at the start of the version's first day."""
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


def _show(answer: VersionWhatIf, limit: int) -> None:
    stay = ", ".join(f"{version}: {n:,}" for version, n in sorted(answer.stay.items()))
    shown = answer.touched[:limit]
    counts = {"stay": answer.stay.total(), "touched": len(answer.touched)}
    say(said("command.what_if.open", version=f"{answer.procedure}@{answer.version}", **counts), "bold")
    if stay:
        out().print(stay, markup=False)
    show_all(shown, columns("code version stage|stage", Column("otherwise", lambda one: lines(_otherwise(one)))))
    if days := _days_until(answer):
        say(said("command.what_if.in_force_in", days=days))
    if len(shown) < len(answer.touched):
        out().print(f"{len(shown):,} / {len(answer.touched):,} (--limit)")


def _otherwise(one: Touched) -> Iterator[str]:
    anew = one.anew
    if anew.fee != anew.fee_then:
        yield f"{in_words(said('label.fee'))}: {in_words(money(anew.fee))} → {in_words(money(anew.fee_then))}"
    if anew.processing != anew.processing_then:
        limits = f"{in_words(anew.processing.words)} → {in_words(anew.processing_then.words)}"
        yield f"{in_words(said('label.limit'))}: {limits}"
    for found in anew.problems:
        yield f"{found.field}: {in_words(found.message)}"
