"""`motcua keys`: the keys by which what passes Temporal is sealed, and the master key of the record."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from activities.keys.masters import MASTER_KEY, OTHER_MASTER_KEY
from motcua.cli.answer import Column, columns, say, show_all
from motcua.cli.language import in_words
from motcua.cli.running import AsJson, Exit, fail, print_json, use_stack_here
from motcua.key_ring import CODEC_KEYS, Keys, RingError, ring_here, ring_of
from operations import rotation
from operations.addresses import OWNER, running_stack
from operations.commands.database import address, answered
from operations.commands.help_words import group
from operations.commands.masters import master_key
from operations.commands.printing import bar
from operations.new_keys import new_ring, with_new_key, write_new
from schemas.saying import said

R = TypeVar("R")

Old = Annotated[Path, typer.Argument(help="Tệp của vòng khóa đang dùng / The file of the ring.")]
File = Annotated[Path, typer.Argument(help="Tệp mới, chưa có / A new file, not there yet.")]

app = group("keys")


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """Show the ids of the keys in MOTCUA_CODEC_KEYS, and what each is for; never a key.

    Also what MOTCUA_MASTER_KEY is called, if it is set: that wraps the keys of filings in the record.

    Examples: `motcua keys list`, `motcua keys list --json`
    """
    use_stack_here()
    ring, record = _read(ring_here), _of_record()
    if ring is None:
        fail(f"{CODEC_KEYS} is not set: what passes Temporal is not sealed", Exit.NOT_AVAILABLE)
    rows = [*_rows(ring, None), *(row for queue, keys in sorted(ring.queues.items()) for row in _rows(keys, queue))]
    below = [said("command.keys.plain")] if ring.plain else []
    below += [said("command.keys.record", master=record)] if record is not None else []
    show_all(rows, _ROWS, *below, as_json=as_json, data={"keys": rows, "plain": ring.plain, "record": record})


_ROWS: Final = columns(
    "key", Column("use", lambda row: said("command.keys.current" if row["current"] else "command.keys.opens")), "queue"
)


@app.command()
def new(file: File) -> None:
    """Write a ring with a first key into a file that is not there yet and that only its owner reads.

    Example: `motcua keys new ring.json`
    """
    _write(file, new_ring())


@app.command()
def add(old: Old, file: File) -> None:
    """Write the ring of a file, with one key more that only opens so far, into another file that is not there yet.

    Give it to every process; once all have it, make the new key "current" and give it to every process again.

    Example: `motcua keys add ring.json ring-2027.json`
    """
    _write(file, with_new_key(_read(lambda: ring_of(old))))


@app.command()
def rotate(*, as_json: AsJson = False) -> None:
    """Wrap every key of the record anew by MOTCUA_MASTER_KEY, while work goes on; exit 1 if some are left.

    MOTCUA_OTHER_MASTER_KEY opens what was wrapped before. Needs MOTCUA_OWNER_DATABASE_URL too. Ended at any moment it
    goes on when it is called again. Once every process has the new key and nothing is left, the old one can go.

    Examples: `motcua keys rotate`, `motcua keys rotate --json`
    """
    dsn, masters = address(OWNER), master_key()
    with bar() as progress:
        task = progress.add_task(in_words(said("label.keys")))

        def wrapped(done: int, of: int) -> None:
            progress.update(
                task, completed=done, total=of, description=f"{done:,} / {of:,} {in_words(said('label.keys'))}"
            )

        try:
            report = answered(lambda: rotation.rotate(dsn, masters, wrapped), OWNER)
        except rotation.NotRotatedError as error:
            fail(f"chưa bọc lại khóa nào / nothing was wrapped anew: {error}", Exit.REFUSED)
    if as_json:
        print_json(asdict(report))
    else:
        say(said("command.keys.rotated", keys=report.rotated, by=report.by))
    if report.left:
        left = ", ".join(f"{count:,} ({by})" for by, count in sorted(report.left.items()))
        fail(
            f"còn khóa do khóa chính khác bọc / still wrapped by other master keys: {left}; run it again, and if they "
            f"stay, set {OTHER_MASTER_KEY} to the one that opens them",
            Exit.REFUSED,
        )


def _of_record() -> str | None:
    """What the master key is called: of 32 random bytes a digest, which tells nothing."""
    if not (os.environ.get(MASTER_KEY) or running_stack().get(MASTER_KEY)):
        return None
    return master_key().current.name


def _rows(keys: Keys, queue: str | None) -> list[dict[str, str | bool | None]]:
    return [{"key": name, "current": name == keys.current, "queue": queue} for name in sorted(keys.keys)]


def _read(ring: Callable[[], R]) -> R:
    try:
        return ring()
    except RingError as error:
        fail(str(error), Exit.USAGE)


def _write(file: Path, text: str) -> None:
    try:
        write_new(file, text)
    except FileExistsError:
        fail(f"{file} is there already, and is left as it is", Exit.USAGE)
    except OSError as error:
        fail(f"can't write {file}: {type(error).__name__}", Exit.USAGE)
    typer.echo(str(file))
