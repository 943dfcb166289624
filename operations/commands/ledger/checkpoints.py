"""`motcua ledger checkpoint` and `checkpoint-key`: checkpoints of the whole record, and the key that signs them."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from obstore.exceptions import BaseError

from activities.checkpoints.log import CheckpointError, Published, log_name
from activities.checkpoints.making import begin_anew, make
from activities.keys.masters import MasterKeys
from console.database import Connection, ask
from motcua.cli.answer import Column, Marked, columns, progress, say, show_all, show_one
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail
from motcua.errors import MotcuaError
from operations.checkpointing import checkpoint_before, log_of, proofs_of, settings_here, settings_set, trust_of
from operations.evidence import bundle as bundles
from operations.key_rotation import write_new
from recovery.checkpoint_store import SecondPlace
from rules.proof.note import Kind, NoteError, Signer
from schemas.translate import said
from verifier import checkpoint as checkpoint_verifier
from verifier.checkpoint import Finding, Report
from workers.trust import checkpointing, signer_in

T = TypeVar("T")

app = typer.Typer()


@app.command()
def checkpoint(
    *,
    new_log: Annotated[bool, typer.Option("--new-log", help="option.checkpoint.new_log")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="option.checkpoint.reason")] = None,
    as_json: AsJson = False,
) -> None:
    if new_log != bool(reason):
        fail(said("refused.checkpoint.new_log"), Exit.USAGE)

    settings = settings_set()

    async def work(connection: Connection) -> Published | None:
        async with checkpointing(settings) as setup:
            if setup is None:
                raise AssertionError
            return await (begin_anew(connection, setup, reason) if reason else make(connection, setup))

    made = _told(lambda: ask(work))
    if made is None and not as_json:
        say(said("command.checkpoint.no_event"))
    else:
        show_one(
            _plain(made), columns("origin events:size root extensions signed_by"), as_json=as_json, data=_plain(made)
        )


def _plain(made: Published | None) -> dict[str, Any] | None:
    if made is None:
        return None
    found = made.checkpoint
    names = [one.name for one in made.note.signatures]
    return {
        "origin": found.origin,
        "size": found.size,
        "root": found.root.hex(),
        "extensions": found.extensions,
        "signed_by": names,
    }


@app.command("checkpoint-key")
def checkpoint_key(
    file: Annotated[Path, typer.Argument(help="option.checkpoint.file")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="option.checkpoint.name")] = None,
    log: Annotated[int, typer.Option("--log", min=1, help="option.checkpoint.log")] = 1,
) -> None:
    try:
        if name is not None:
            write_new(file, f"{Signer.new(name, Kind.LOG).written()}\n")
        signer = signer_in(str(file))
    except FileExistsError:
        fail(said("refused.file_there", file=file), Exit.USAGE)
    except (OSError, NoteError, RuntimeError) as error:
        fail(said("refused.checkpoint.key"), Exit.USAGE, detail=getattr(error, "strerror", None) or error)
    typer.echo(str(signer.named(log_name(signer.verifier.name, log)).verifier))


def held_against_checkpoints(since: Path | None) -> Report:
    """Verifies the record against its checkpoints after that in the file `since`; stores the newest in that file."""
    settings = settings_set()
    trust, before = trust_of(settings), checkpoint_before(since)

    async def work(connection: Connection) -> Report:
        place = SecondPlace.at(settings.checkpoints or "")
        with progress() as moved:
            return await checkpoint_verifier.verify(
                connection, place, trust, before, lambda what, done, of: moved(done, of, what=said(f"label.{what}"))
            )

    report = _told(lambda: ask(work))
    if since is not None and report.newest is not None:
        since.write_bytes(report.newest)
    return report


def exported(which: str, master: MasterKeys | None) -> dict[str, Any] | None:
    """Returns the bundle of a filing, with proofs if checkpoints are made. Raises the errors of `bundle.export`."""
    settings = settings_here()
    if settings.checkpoints is None:
        return ask(lambda connection: bundles.export(connection, which, master))
    log, place = log_of(settings), SecondPlace.at(settings.checkpoints)

    async def prove(connection: Connection, streams: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return await proofs_of(connection, place, log, streams)

    return _told(lambda: ask(lambda connection: bundles.export(connection, which, master, prove)))


def show(report: Report) -> None:
    """Prints a report for people."""
    if report.findings:
        show_all(report.findings, columns(Column("place", _where), "message rule"))
    show_one(report, _AGAINST)


_AGAINST: Final = columns(
    Column(
        "checkpoints",
        lambda one: (
            Marked(said("command.checkpoint.agree"), "green")
            if one.verified
            else Marked(said("command.checkpoint.not_agree"), "red")
        ),
    ),
    "origin since events:size succeeds cosigned no_answer:unasked",
    Column("time_stamped", lambda one: None if one.stamped is None else f"{one.stamped:,} / {one.checkpoints:,}"),
)


def plain(report: Report) -> dict[str, Any]:
    """Returns a report as plain data, without its newest checkpoint."""
    return {name: value for name, value in asdict(report).items() if name != "newest"}


def _where(finding: Finding) -> str:
    place = "" if finding.position is None else f"position {finding.position}"
    event = "" if finding.stream is None else f"{finding.stream} seq {finding.seq}"
    return " ".join(part for part in (event, place) if part)


def _told(work: Callable[[], T]) -> T:
    try:
        return work()
    except CheckpointError as error:
        fail(said("refused.checkpoint.fault", fault=error.fault), Exit.REFUSED, detail=error)
    except (BaseError, MotcuaError) as error:
        fail(said("refused.checkpoint.second_place"), Exit.UNREACHABLE, detail=type(error).__name__)
    except RuntimeError as error:
        fail(str(error), Exit.USAGE)
