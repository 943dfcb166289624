"""`motcua complain`, `complaints`: complaints against acts of the agency, and their outcome."""

from typing import Annotated, Any

import typer

from motcua import contract as c
from motcua.cli.answer import show_all
from motcua.cli.filings import print_receipt
from motcua.cli.options import PATIENCE, Actor, AsJson, FilingId, Patience, order
from motcua.cli.running import ask, note, read_json
from motcua.cli.showing import COMPLAINTS
from motcua.client import FilingClient
from motcua.errors import Unavailable

app = typer.Typer()


@app.command()
def complain(  # noqa: PLR0913 -- a command line has many options
    filing_id: FilingId,
    *,
    about: Annotated[int, typer.Option(metavar="SEQ", help="option.complain.about")],
    words: Annotated[str, typer.Option(metavar="TEXT", help="option.complain.words")],
    actor: Actor,
    document: Annotated[str | None, typer.Option(metavar="JSON", help="option.complain.document")] = None,
    n: Annotated[int | None, typer.Option(help="option.complain.n")] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    fields: dict[str, Any] = {"filing_id": filing_id, "n": n or 1, "about": about, "words": words}
    fields |= {"document": read_json(document, "--document")} if document else {}
    complaint = order(c.ComplaintStart, actor, **fields)

    async def send(client: FilingClient) -> c.Receipt:
        theirs = client.as_(complaint.actor, complaint.via)
        number = n or len(await theirs.complaints(filing_id)) + 1
        try:
            return await client.complain(complaint.model_copy(update={"n": number}))
        except Unavailable:
            note(c.said("refused.again", option=f"--n {number}"))
            raise

    print_receipt(filing_id, ask(send, patience), as_json=as_json)


@app.command()
def complaints(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    found = ask(lambda client: client.complaints(filing_id), patience)
    show_all(found, COMPLAINTS, as_json=as_json)
