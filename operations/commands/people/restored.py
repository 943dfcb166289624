"""`motcua ledger restored`: must be run first after the restore of a backup."""

import typer
from obstore.exceptions import BaseError

from console.database import OWNER, Connection, ask
from motcua.cli.answer import columns, show_one
from motcua.cli.options import AsJson, ImpersonalReason
from motcua.cli.running import Exit, kind_of, refusing
from operations import restored
from operations.commands.people.erasures import second_place
from operations.erasure.erasing import erased_filings
from schemas.translate import said

app = typer.Typer()


@app.command("restored")
def begin(*, reason: ImpersonalReason, as_json: AsJson = False) -> None:
    place = second_place()

    async def work(connection: Connection) -> restored.Restored:
        erased = set() if place is None else await erased_filings(place)
        return await restored.begin(connection, reason, erased)

    with refusing((BaseError, ValueError), Exit.UNREACHABLE, said("refused.checkpoint.second_place"), kind_of):
        done = ask(work, OWNER)
    show_one(done, columns("generation after_position:after withheld"), as_json=as_json, data=done._asdict())
