"""`motcua provinces`: check, publish and read the differences of a province."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from console.database import OWNER, address, answered
from motcua.cli.answer import Column, columns, lines, show_all
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, MaybeOperator
from motcua.cli.running import Exit, exit_if, fail
from publishing.authoring import provinces as authoring
from publishing.authoring.procedure_file import MistakesFoundError
from publishing.authoring.procedures import PROCEDURES
from publishing.changes import Place, Values
from publishing.commands.mistakes import Files, Quiet, mistake_row, print_mistakes, report_looks
from publishing.commands.procedures import PAGE, Row, rows_of
from publishing.commands.publisher import in_force, publish_state, publisher, recorded_or_waits, row_of, waits_words
from publishing.record.publishing import WaitsError
from rules.source import parse
from schemas.base import Text
from schemas.publishing.province import ProvinceOverlay
from schemas.translate import said

app = group("provinces")


@app.command()
def check(
    files: Files,
    *,
    catalogue: Annotated[
        Path, typer.Option("--catalogue", metavar="DIR", help="option.provinces.catalogue")
    ] = PROCEDURES,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    known = authoring.known_from(file.read_bytes() for file in sorted(catalogue.glob("*.yaml")))
    report_looks(
        files, lambda data, today: authoring.check_province(data, known, today).mistakes, quiet=quiet, as_json=as_json
    )


@app.command()
def publish(files: Files, *, by: MaybeOperator = None, as_json: AsJson = False) -> None:
    dsn = address(OWNER)
    outcomes = [_publish_one(dsn, path, by, as_json=as_json) for path in files]
    show_all(outcomes, _OUTCOMES, as_json=as_json, data=outcomes)
    exit_if(any("published" not in outcome and "asked" not in outcome for outcome in outcomes))
    exit_if(any("asked" in outcome for outcome in outcomes), Exit.NOT_AVAILABLE)


def _publish_one(dsn: str, path: Path, by: str | None, *, as_json: bool) -> dict[str, Any]:
    """Publishes one file, prints its mistakes unless `as_json`, and returns the outcome."""
    try:
        done = recorded_or_waits(lambda: authoring.publish_province(dsn, path.read_bytes(), publisher(by)))
    except MistakesFoundError as error:
        found = [(path, entry) for entry in error.mistakes]
        if not as_json:
            print_mistakes(found)
        return {"file": str(path), "mistakes": [mistake_row(*one) for one in found]}
    except authoring.VersionPublishedError as error:
        return {"file": str(path), "error": str(error)}
    if isinstance(done, WaitsError):
        return {"file": str(path), "asked": done.n, "waits": waits_words(done)}
    return {"file": str(path), "published": done._asdict()}


_LISTED: Final = columns("province version name published:published_at", Column("state", "in_force", in_force))
_OUTCOMES: Final = columns(
    Column("state", publish_state),
    "province:published.province version:published.version",
    Column("procedures", "published.procedures", lines),
    "sha256:published.sha256 asked file why_not:error",
)


@app.command("list")
def list_published(*, as_json: AsJson = False) -> None:
    entries = answered(lambda: authoring.published_provinces(address(OWNER)), OWNER)
    show_all(entries, _LISTED, as_json=as_json, data=[row_of(entry) for entry in entries])


@app.command()
def show(
    province: Annotated[str, typer.Argument(metavar="PROVINCE[@VERSION]")],
    *,
    source: Annotated[bool, typer.Option("--source", help="option.source")] = False,
    as_json: AsJson = False,
) -> None:
    code, _, version = province.partition("@")
    entries = answered(lambda: authoring.published_provinces(address(OWNER), code, version or None), OWNER)
    if not entries:
        fail(said("refused.provinces.none", province=province), Exit.NOT_AVAILABLE)
    entry = entries[0]
    if source:
        typer.get_binary_stream("stdout").write(entry.source)
        return
    overlay = ProvinceOverlay.model_validate(parse(entry.source).value)  # even if present checks would refuse it
    data = row_of(entry) | {"overlay": overlay.model_dump(mode="json")}
    show_all(_rows(overlay), PAGE, as_json=as_json, data=data)


class _Labels(dict[str, Text]):
    """Labels of form fields, by code. Each label is the code itself, since only the procedure has the names."""

    def __missing__(self, code: str) -> Text:
        return Text(vi=code, en=code)


def _rows(overlay: ProvinceOverlay) -> Iterator[Row]:
    yield Row("name", in_words(overlay.name))
    for code, fee in overlay.fees.items():
        for row in rows_of(Values(_Labels()), Place().key("fee"), fee, {}):
            yield row._replace(where=f"fees.{code}{row.where.removeprefix('fee')}")
    for n, own in enumerate(overlay.own):
        yield Row(f"own[{n}]", own.code, own.source)
    for n, desk in enumerate(overlay.desks):
        yield Row(f"desks[{n}]", f"{desk.agency}: {', '.join(desk.receives_for)}", desk.source)
