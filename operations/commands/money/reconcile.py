"""`motcua reconcile`: checks that an event of the log requested each act of a bank, post or signer in our name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import httpx
import typer

from console.database import Connection, ask, find_setting
from motcua.cli.answer import columns, say, show_all
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, exit_if, fail, print_json, use_stack_here
from operations import reconciling as rc
from schemas.translate import said

app = typer.Typer()

Statement = Annotated[
    Path | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="option.reconcile.file")
]


@app.command()
def reconcile(statement: Statement = None, *, as_json: AsJson = False) -> None:
    use_stack_here()

    async def compared(connection: Connection) -> tuple[int, list[rc.Unordered], list[rc.UnorderedSignature]]:
        listed = await _listed() if statement is None else _read(statement)
        signatures = [one for one in listed if isinstance(one, rc.Signature)]
        acts = [one for one in listed if isinstance(one, rc.Act)]
        return len(listed), await rc.unordered(connection, acts), await rc.unordered_signatures(connection, signatures)

    count, found, signed = ask(compared)
    if as_json:
        signatures = [{"order": str(one.order), "wrong": one.wrong} for one in signed]
        acts = [one.model_dump(mode="json", exclude_none=True) for one in found]
        print_json({"acts": count, "unordered": acts, "signatures": signatures})
    elif not (found or signed):
        say(said("command.reconcile.all_ordered", acts=count))
    else:
        if found:
            show_all(found, columns("act:act.deed key:act.key amount:act.amount|dong their_number:act.number ours"))
        if signed:
            show_all(signed, columns("stream:order.stream n:order.seq problem:wrong"), title=said("label.signatures"))
    exit_if(found or signed)


def _read(statement: Path) -> Sequence[rc.Act | rc.Signature]:
    try:
        return rc.acts_in(statement.read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        fail(f"{statement}: {error}", Exit.USAGE)


async def _listed() -> Sequence[rc.Act | rc.Signature]:
    acts: list[rc.Act] = []
    lists = 0
    for name, listed in ((rc.BANK, rc.listed_by_bank), (rc.POST, rc.listed_by_post)):
        url = find_setting(name)
        try:
            found = await listed(url) if url else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            fail(f"{name}: {type(error).__name__}", Exit.UNREACHABLE)
        lists += found is not None
        acts += found or ()
    if not lists:
        fail(said("refused.reconcile.no_list", bank=rc.BANK, post=rc.POST), Exit.USAGE)
    return acts
