"""`motcua ledger checkpoint` and `checkpoint-key`: checkpoints of the whole record, their key and proofs."""

import os
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from obstore.exceptions import BaseError
from pydantic import ValidationError

from activities.checkpoints.log import CheckpointError, Fault, Log, Place, Published, log_name, newest_log
from activities.checkpoints.making import begin_anew, make
from activities.keys.masters import MasterKeys
from activities.signature.proof import stamped_at
from console.database import ask, stack_beside
from console.home import write_new
from motcua.cli.answer import Column, Marked, columns, in_figures, progress, show_all, show_one, tell
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail, refusing
from motcua.errors import MotcuaError
from operations.evidence import bundle as bundles
from recovery.checkpoint_store import SecondPlace
from rules.proof.checkpoint import Checkpoint, evidence
from rules.proof.note import Kind, NoteError, Signer, Verifier, read_note
from rules.proof.tiles import WIDTH
from rules.proof.tree import Leaf, leaf_hash
from rules.require import require
from schemas.translate import said
from verifier import checkpoint as checkpoint_verifier
from verifier import notes
from verifier.checkpoint import Finding, Report, Trust
from verifier.tree import root_by
from views.log import Connection
from workers.checkpoints import authorities_in, checkpointing, policy_in, signer_in
from workers.settings import CheckpointSettings

Json = dict[str, Any]
T = TypeVar("T")

_LAST: Final = "select position, seq from position where stream = $1 and position <= $2 order by seq desc limit 1"

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
            there = require(setup)
            return await (begin_anew(connection, there, reason) if reason else make(connection, there))

    made = _result_of(lambda: ask(work))
    if made is None:
        tell(said("command.checkpoint.no_event"), None, as_json=as_json)
        return
    found = made.checkpoint
    data = {
        "origin": found.origin,
        "size": found.size,
        "root": found.root.hex(),
        "extensions": found.extensions,
        "signed_by": [one.name for one in made.note.signatures],
    }
    show_one(data, columns("origin events:size root extensions signed_by"), as_json=as_json, data=data)


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
    """Verifies the record against checkpoints newer than the one in the file `since`; writes the newest to it."""
    settings = settings_set()
    log = notes.Key.read(str(log_of(settings)), notes.LOG)
    policy = notes.Policy(Path(settings.witnesses).read_text(encoding="utf-8") if settings.witnesses else "quorum none")
    with refusing(RuntimeError, Exit.USAGE):
        authorities = authorities_in(settings.signature_roots)
    trust = Trust(log, policy, None if authorities is None else partial(stamped_at, trust=authorities))
    before = checkpoint_before(since)

    async def work(connection: Connection) -> Report:
        place = SecondPlace.at(settings.checkpoints or "")
        with progress() as moved:
            return await checkpoint_verifier.verify(
                connection, place, trust, before, lambda what, done, of: moved(done, of, what=said(f"label.{what}"))
            )

    report = _result_of(lambda: ask(work))
    if since is not None and report.newest is not None:
        since.write_bytes(report.newest)
    return report


def exported(which: str, master: MasterKeys | None) -> dict[str, Any] | None:
    """Returns the bundle of a filing, with proofs if checkpoints are set up. Raises the errors of `bundle.export`."""
    settings = settings_here()
    if settings.checkpoints is None:
        return ask(lambda connection: bundles.export(connection, which, master))
    log, place = log_of(settings), SecondPlace.at(settings.checkpoints)

    async def prove(connection: Connection, streams: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return await proofs_of(connection, place, log, streams)

    return _result_of(lambda: ask(lambda connection: bundles.export(connection, which, master, prove)))


def show(report: Report) -> None:
    """Prints a report for people."""
    if report.findings:
        show_all(report.findings, columns(Column("place", _where), "message rule"))
    show_one(report, _AGAINST)


_AGAINST: Final = columns(
    Column(
        "checkpoints",
        "verified",
        lambda well: Marked(
            said("command.checkpoint.agree" if well else "command.checkpoint.not_agree"), "green" if well else "red"
        ),
    ),
    "origin since events:size succeeds cosigned no_answer:unasked",
    Column(
        "time_stamped",
        lambda one: one.stamped if one.stamped is None else " / ".join(map(in_figures, (one.stamped, one.checkpoints))),
    ),
)


def plain(report: Report) -> dict[str, Any]:
    """Returns a report as plain data, without its newest checkpoint."""
    return {name: value for name, value in asdict(report).items() if name != "newest"}


def _where(finding: Finding) -> str:
    place = "" if finding.position is None else f"position {finding.position}"
    event = "" if finding.stream is None else f"{finding.stream} seq {finding.seq}"
    return " ".join(part for part in (event, place) if part)


def _result_of(work: Callable[[], T]) -> T:
    try:
        return work()
    except CheckpointError as error:
        fail(said("refused.checkpoint.fault", fault=error.fault), Exit.REFUSED, detail=error)
    except (BaseError, MotcuaError) as error:
        fail(said("refused.checkpoint.second_place"), Exit.UNREACHABLE, detail=type(error).__name__)
    except RuntimeError as error:
        fail(str(error), Exit.USAGE)


async def proofs_of(connection: Connection, place: Place, key: Verifier, streams: list[Json]) -> list[Json]:
    """Returns, for each stream with events in the newest checkpoint, the proof of the stream's last event there.

    `key` is the public key of the logs, with the name of the first log. Raises `CheckpointError`, for example if the
    checkpoint has another event at that position.
    """
    log = await newest_log(place, key.name)
    newest = await log.newest(Verifier(log.origin, key.kind, key.public))
    if newest is None:
        return []
    proofs = []
    for stream in streams:
        row = await connection.fetchrow(_LAST, stream["stream"], newest.checkpoint.size)
        if row is not None:
            index, seq = row["position"] - 1, row["seq"]
            path = await _path(log, newest.checkpoint, index, stream, seq)
            proof = b64encode(evidence(index, path, newest.note)).decode()
            proofs.append({"stream": stream["stream"], "seq": seq, "proof": proof})
    return proofs


async def _path(log: Log, checkpoint: Checkpoint, index: int, stream: Json, seq: int) -> list[bytes]:
    hashes = [event["hash"] for event in stream["events"] if event["seq"] == seq]
    if not hashes:
        raise CheckpointError(Fault.OTHER_EVENTS, f"{stream['stream']} seq {seq} has a position, and is not there")
    leaf = Leaf(stream["stream"], seq, bytes.fromhex(hashes[0]))
    there = (await log.entries(index // WIDTH, checkpoint.size))[index % WIDTH]
    if there != leaf.data:
        message = f"{leaf.stream} seq {leaf.seq} is not what was checkpointed; see: motcua ledger verify --checkpoints"
        raise CheckpointError(Fault.OTHER_EVENTS, message)
    path = await log.inclusion(index, checkpoint.size)
    if root_by(path, leaf_hash(there), index, checkpoint.size) != checkpoint.root:
        raise CheckpointError(Fault.DAMAGED, "the tiles at the second place do not give the checkpoint")
    return path


def settings_set() -> CheckpointSettings:
    settings = settings_here()
    if settings.checkpoints is None:
        fail(said("refused.not_set", name="MOTCUA_CHECKPOINTS"), Exit.USAGE)
    return settings


def settings_here() -> CheckpointSettings:
    for name, value in stack_beside().items():
        os.environ.setdefault(name, value)
    try:
        return CheckpointSettings()
    except ValidationError:
        fail(said("refused.not_set", name="MOTCUA_CHECKPOINT_MINUTES"), Exit.USAGE)


def log_of(settings: CheckpointSettings) -> Verifier:
    """Returns the log's public key, from the policy, else from the file of the signing key."""
    with refusing(RuntimeError, Exit.USAGE):
        logs = policy_in(settings.witnesses).logs
        return logs[0] if logs else signer_in(settings.checkpoint_key).verifier


def checkpoint_before(since: Path | None) -> notes.Checkpoint | None:
    if since is None or not since.exists():
        return None
    try:
        read = Checkpoint.read(read_note(since.read_bytes()).text)
    except (OSError, NoteError) as error:
        fail(f"{since}: {getattr(error, 'strerror', None) or error}", Exit.USAGE)
    return notes.Checkpoint(read.origin, read.size, read.root)
