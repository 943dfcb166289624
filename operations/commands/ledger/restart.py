"""`motcua filing restart`: restarts from the log workflows that Temporal has lost, or that are behind the log."""

from typing import Annotated, Final

import typer

from console.addresses import APPLICATION
from console.database import address, answered
from motcua.cli.answer import Column, columns, show_all
from motcua.cli.options import AsJson, MaybeFiling
from motcua.cli.running import Exit, exit_if, fail, note, refusing, use_stack_here
from motcua.errors import MotcuaError
from operations.restarting import counts_of, restart_streams, still_wrong
from rules.streams import KINDS
from schemas.reading import FilingRecord
from schemas.translate import said

app = typer.Typer()


@app.command()
def restart(
    which: MaybeFiling = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="option.restart.force")] = False,
    all_missing: Annotated[bool, typer.Option("--all-missing", help="option.restart.all_missing")] = False,
    all_behind: Annotated[bool, typer.Option("--all-behind", help="option.restart.all_behind")] = False,
    as_json: AsJson = False,
) -> None:
    if [which is not None, all_missing, all_behind].count(True) != 1 or (force and which is None):
        fail(said("refused.restart.which"), Exit.USAGE)
    use_stack_here()
    dsn = address(APPLICATION)
    with refusing(MotcuaError, Exit.UNREACHABLE, said("refused.temporal")):
        row, tallies = answered(lambda: restart_streams(dsn, which, force=force, all_behind=all_behind))
    data = {f"{kind.removesuffix('s')}s": counts_of(tally) for kind, tally in tallies.items()}
    rows = [{"kind": (KINDS[kind].title or kind), **counts_of(tally)} for kind, tally in tallies.items()]
    show_all(rows, _TALLY, as_json=as_json, data=data)
    if (wrong := list(still_wrong(tallies))) and not as_json:
        show_all(wrong, columns("stream:0 problem:1"))
    failed = any(tally.failed or tally.wrong for tally in tallies.values())
    if row is not None and not (failed or any(tally.restarted for tally in tallies.values())):
        _nothing_to_do(row)
    exit_if(failed)


def _nothing_to_do(row: FilingRecord) -> None:
    code = row.code
    if row.closed_at is not None:
        fail(said("refused.restart.ended", filing=code, outcome=row.outcome), Exit.REFUSED)
    note(said("refused.restart.runs", filing=code))


_TALLY: Final = columns(
    "kind unfinished running missing behind_by_seq behind_by_epoch restarted",
    Column("still_wrong", lambda row: len(row["still_wrong"])),
)
