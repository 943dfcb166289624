"""Uploads of local files to the object store: `--attach CODE=PATH`, and `motcua attach`."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from motcua import contract as c
from motcua.cli.options import filing_id_of
from motcua.cli.running import Exit, end_well, fail, owes_json, print_json, read_file, read_json
from motcua.files.store import FileNotTakenError, Store

Attach = Annotated[list[str] | None, typer.Option("--attach", metavar="CODE=PATH", help="option.attach")]

NO_FILE_YET: Final = {"key": "files", "sha256": "0" * 64, "size": 1}
"""Placeholder for an authorisation's file until it is in the store."""

app = typer.Typer()


def papers_wanted(given: Iterable[str]) -> dict[str, Path]:
    """Returns the files of `--attach CODE=PATH` by paper code; ends the command on a mistake."""
    found: dict[str, Path] = {}
    for text in given:
        code, equals, path = text.partition("=")
        if not equals or not path:
            fail(c.said("refused.attach.form"), Exit.USAGE)
        if code in found:
            fail(c.said("refused.attach.twice", paper=code), Exit.USAGE)
        try:
            c.Paper(code=code)
        except c.UnfitError as error:
            fail(f"--attach {code}: {error}", Exit.USAGE)
        found[code] = Path(path)
    return found


def with_files(submission: c.Submission, papers: Mapping[str, Path], alone: Mapping[str, Path]) -> c.Submission:
    """Puts files into the store and returns `submission` with them. `papers`: by paper code; `alone`: by field name."""
    filing_id = c.filing_id(submission.client_id, submission.submission_id)
    files = put_in(filing_id, {f"papers.{code}": path for code, path in papers.items()} | dict(alone))
    update: dict[str, Any] = {field: files[field] for field in alone}
    if "authorisation" in update and submission.authorisation is not None:
        update["authorisation"] = submission.authorisation.model_copy(update=dict(update["authorisation"]))
    update["papers"] = with_papers(submission.papers, {code: files[f"papers.{code}"] for code in papers})
    return submission.model_copy(update=update)


def with_their_papers(supplement: c.Supplement, filing_id: UUID, papers: Mapping[str, Path]) -> c.Supplement:
    """Puts files, by paper code, into the store and returns `supplement` with them as papers."""
    files = put_in(filing_id, {f"papers.{code}": path for code, path in papers.items()})
    held = with_papers(supplement.papers, {code: files[f"papers.{code}"] for code in papers})
    return supplement.model_copy(update={"papers": held})


def with_papers(papers: Iterable[c.Paper], files: Mapping[str, c.FileRef]) -> tuple[c.Paper, ...]:
    """Returns `papers` with these files: a paper of the same code is replaced, others are appended."""
    named = {paper.code: paper for paper in papers}
    return tuple((named | {code: c.Paper(code=code, file=file) for code, file in files.items()}).values())


def put_in(filing_id: UUID, wanted: Mapping[str, Path]) -> dict[str, c.FileRef]:
    """Puts files into the store, with a progress bar. A failure ends the command, and the error names no path."""
    return end_well(_put_in(filing_id, wanted)) if wanted else {}


async def _put_in(filing_id: UUID, wanted: Mapping[str, Path]) -> dict[str, c.FileRef]:
    store = Store.from_environment()
    found: dict[str, c.FileRef] = {}
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    hidden = owes_json.get() or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("", total=sum(map(_size, wanted.values())))
        for place, path in wanted.items():
            bar.update(task, description=place)
            before = sum(file.size for file in found.values())
            try:
                found[place] = await store.attach(filing_id, path, progress=_moving(bar, task, before))
            except FileNotTakenError as error:
                raise FileNotTakenError(error.problem.model_copy(update={"field": place})) from None
    return found


def _moving(bar: Progress, task: TaskID, before: int) -> Callable[[int], None]:
    return lambda size: bar.update(task, completed=before + size)


def _size(path: Path) -> int:
    """Returns a file's size in bytes; 0 if it can't be read: the error is reported when the file is read later."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


@app.command()
def attach(
    whose: Annotated[str, typer.Argument(metavar="CODE|FILING_ID|SUBMISSION.json", help="option.attach.whose")],
    files: Annotated[list[Path], typer.Argument(metavar="PATH…", help="option.attach.files")],
) -> None:
    try:
        filing_id = filing_id_of(whose)
    except typer.BadParameter:
        content = read_json(read_file(whose), whose)
        ids = [content.get(name) for name in ("client_id", "submission_id")]
        if not all(isinstance(one, str) for one in ids):
            fail(c.said("refused.attach.whose", file=whose), Exit.USAGE)
        filing_id = c.filing_id(*map(str, ids))
    found = put_in(filing_id, {f"file {n}": path for n, path in enumerate(files, 1)})
    print_json([*found.values()])
