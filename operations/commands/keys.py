"""`motcua keys`: the keys that encrypt payloads in Temporal, and the master key of the record."""

from pathlib import Path
from typing import Annotated, Final

import typer

from activities.keys.masters import OTHER_MASTER_KEY
from console.database import OWNER, address, answered, master_key, master_key_at_hand
from console.home import write_new
from motcua.cli.answer import Column, columns, in_figures, progress, show_all, tell
from motcua.cli.help import group
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, WorkRefusedError, fail, refusing, use_stack_here
from motcua.payloads.key_ring import CODEC_KEYS, Keys, RingError, ring_here, ring_of
from operations import key_rotation
from schemas.translate import said

Old = Annotated[Path, typer.Argument(help="option.keys.old")]
File = Annotated[Path, typer.Argument(help="option.keys.new")]

app = group("keys")


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    use_stack_here()
    with refusing(RingError, Exit.USAGE):
        ring = ring_here()
    masters = master_key_at_hand()
    if ring is None:
        fail(said("refused.keys.not_set", name=CODEC_KEYS), Exit.NOT_AVAILABLE)
    rows = [*_rows(ring, None), *(row for queue, keys in sorted(ring.queues.items()) for row in _rows(keys, queue))]
    below = [said("command.keys.plain")] if ring.plain else []
    record = None if masters is None else masters.current.name
    below += [said("command.keys.record", master=record)] if record is not None else []
    show_all(rows, _ROWS, *below, as_json=as_json, data={"keys": rows, "plain": ring.plain, "record": record})


_ROWS: Final = columns(
    "key", Column("use", lambda row: said("command.keys.current" if row["current"] else "command.keys.opens")), "queue"
)


@app.command()
def new(file: File) -> None:
    _write(file, key_rotation.new_ring())


@app.command()
def add(old: Old, file: File) -> None:
    with refusing(RingError, Exit.USAGE):
        ring = ring_of(old)
    _write(file, key_rotation.with_new_key(ring))


@app.command()
def rotate(*, as_json: AsJson = False) -> None:
    dsn, masters = address(OWNER), master_key()
    with (
        progress(what=said("label.keys")) as moved,
        refusing(WorkRefusedError, Exit.REFUSED, said("refused.keys.none_wrapped")),
    ):
        report = answered(lambda: key_rotation.rotate(dsn, masters, moved), OWNER)
    tell(said("command.keys.rotated", keys=report.rotated, by=report.by), report, as_json=as_json)
    if report.left:
        left = ", ".join(f"{in_figures(count)} ({by})" for by, count in sorted(report.left.items()))
        fail(said("refused.keys.left", left=left, name=OTHER_MASTER_KEY), Exit.REFUSED)


def _rows(keys: Keys, queue: str | None) -> list[dict[str, str | bool | None]]:
    return [{"key": name, "current": name == keys.current, "queue": queue} for name in sorted(keys.keys)]


def _write(file: Path, text: str) -> None:
    try:
        write_new(file, text)
    except FileExistsError:
        fail(said("refused.file_there", file=file), Exit.USAGE)
    except OSError as error:
        fail(said("refused.not_written", file=file), Exit.USAGE, detail=type(error).__name__)
    typer.echo(str(file))
