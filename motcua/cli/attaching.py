"""Uploads of local files: `--attach CODE=PATH`, and `motcua attach`."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from motcua import contract as c
from motcua.cli.options import PATIENCE, VIA, Patience, filing_id_of
from motcua.cli.running import Exit, ask, fail, owes_json, parse, print_json, read_file, read_json
from motcua.client import FilingClient
from motcua.files.store import FileNotTakenError
from motcua.files.store import Progress as Moved

Attach = Annotated[list[str] | None, typer.Option("--attach", metavar="CODE=PATH", help="option.attach")]

NO_FILE_YET: Final = {"key": "files", "sha256": "0" * 64, "size": 1}
"""A placeholder for the reference to an authorisation's file, until the file is in the store."""

Put = Callable[[Mapping[str, Path]], Mapping[str, c.FileRef]]
"""Attaches local files, each named by its place in the message, and returns their references by the same names."""

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


def with_files(
    submission: c.Submission, papers: Mapping[str, Path], alone: Mapping[str, Path], put: Put
) -> c.Submission:
    """Uploads files, and returns `submission` with them. `papers`: paths by paper code; `alone`: paths by field."""
    files = put({f"papers.{code}": path for code, path in papers.items()} | dict(alone))
    update: dict[str, Any] = {field: files[field] for field in alone}
    if "authorisation" in update and submission.authorisation is not None:
        update["authorisation"] = submission.authorisation.model_copy(update=dict(update["authorisation"]))
    update["papers"] = with_papers(submission.papers, {code: files[f"papers.{code}"] for code in papers})
    return submission.model_copy(update=update)


def with_their_papers(supplement: c.Supplement, papers: Mapping[str, Path], put: Put) -> c.Supplement:
    """Uploads files (`papers`: paths by paper code), and returns `supplement` with them as papers."""
    files = put({f"papers.{code}": path for code, path in papers.items()})
    held = with_papers(supplement.papers, {code: files[f"papers.{code}"] for code in papers})
    return supplement.model_copy(update={"papers": held})


def with_papers(papers: Iterable[c.Paper], files: Mapping[str, c.FileRef]) -> tuple[c.Paper, ...]:
    """Returns `papers` with these files: a paper with the same code is replaced, any other paper is appended."""
    named = {paper.code: paper for paper in papers}
    return tuple((named | {code: c.Paper(code=code, file=file) for code, file in files.items()}).values())


def uploading(
    filing_id: UUID, actor: c.Actor | None, via: c.Via, patience: float, ids: tuple[str, str] | None = None
) -> Put:
    """Returns the function that uploads a filing's files for `actor`; if `actor` is None, for the program itself.

    `ids`: the `client_id` and `submission_id` of a filing that is not submitted yet. A failure ends the command.
    """

    def put(wanted: Mapping[str, Path]) -> dict[str, c.FileRef]:
        async def work(client: FilingClient) -> dict[str, c.FileRef]:
            speaking = client if actor is None else client.as_(actor, via)
            return await each(wanted, lambda path, moved: speaking.attach(filing_id, path, ids=ids, progress=moved))

        return ask(work, patience) if wanted else {}

    return put


async def each(
    wanted: Mapping[str, Path], attach: Callable[[Path, Moved], Awaitable[c.FileRef]]
) -> dict[str, c.FileRef]:
    """Attaches files one by one, with a progress bar. An error names a file's field, never its path."""
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
                found[place] = await attach(path, _moving(bar, task, before))
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
    *,
    patience: Patience = PATIENCE,
) -> None:
    ids, actor, via = None, None, VIA
    try:
        filing_id = filing_id_of(whose)
    except typer.BadParameter:
        content = read_json(read_file(whose), whose)
        client_id, submission_id = (content.get(name) for name in ("client_id", "submission_id"))
        if not (isinstance(client_id, str) and isinstance(submission_id, str)):
            fail(c.said("refused.attach.whose", file=whose), Exit.USAGE)
        ids, filing_id = (client_id, submission_id), c.filing_id(client_id, submission_id)
        if "actor" in content:
            actor, via = parse(c.Actor, content["actor"]), parse(c.Via, content.get("via", VIA.model_dump()))
    put = uploading(filing_id, actor, via, patience, ids)
    print_json([*put({f"file {n}": path for n, path in enumerate(files, 1)}).values()])
