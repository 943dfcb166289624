"""`motcua schemas`: the contract as JSON Schema, for every language."""

from operator import itemgetter
from pathlib import Path
from typing import Annotated, Final

import typer

from motcua.cli.answer import Column, show_all
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, note, refusing, strerror
from motcua.contract import said
from motcua.json_schema.documents import INDEX, documents, written

app = typer.Typer()


@app.command()
def schemas(
    *,
    folder: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="option.schemas.out")] = None,
    as_json: AsJson = False,
) -> None:
    made = documents()
    if folder is not None:
        with refusing(OSError, Exit.USAGE, said("refused.not_written", file=folder), strerror):
            folder.mkdir(parents=True, exist_ok=True)
            for name, document in made.items():
                (folder / name).write_text(written(document), encoding="utf-8", newline="\n")
        note(said("refused.schemas.written", files=len(made), folder=folder))
    show_all(made[INDEX]["schemas"], _COLUMNS, as_json=as_json, data=made[INDEX])


def _ways(wires: list[dict[str, str]]) -> str:
    """Returns, as text, the first operation by which a message is sent, and the number of its further operations."""
    first = wires[0]
    more = f" … +{len(wires) - 1}" if len(wires) > 1 else ""
    return f"{first['kind']} {first['name']}: {first['part']}{more}"


_COLUMNS: Final = (Column("message", itemgetter("name")), Column("passes_by", lambda entry: _ways(entry["wires"])))
