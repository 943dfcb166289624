"""`motcua complain`, `complaints`: what is said against an act of the agency, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from motcua import contract as c
from motcua.cli.answer import show_all
from motcua.cli.filings import VIA, ActorText, FilingId, actor_of, print_receipt
from motcua.cli.running import PATIENCE, AsJson, Patience, ask, note, parse, read_json
from motcua.cli.showing import COMPLAINTS
from motcua.client import FilingClient
from motcua.errors import Unavailable

app = typer.Typer()


@app.command()
def complain(  # noqa: PLR0913 -- a command line has many options
    filing_id: FilingId,
    *,
    about: Annotated[int, typer.Option(metavar="SEQ", help="The filing's event, as its timeline numbers them.")],
    words: Annotated[str, typer.Option(metavar="TEXT", help="What the complainant says.")],
    actor: ActorText,
    document: Annotated[
        str | None, typer.Option(metavar="JSON", help="From the desk: the file that the complainant signed.")
    ] = None,
    n: Annotated[int | None, typer.Option(help="Its number; without it the next one.")] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    """Complain about an event of a filing, and print the receipt.

    Example: motcua complain FILING_ID --about 9 --words "the papers fit" --actor applicant:vneid-1
    """
    said: dict[str, Any] = {"filing_id": filing_id, "n": n or 1, "about": about, "words": words}
    said |= {"actor": actor_of(actor), "via": VIA}
    said |= {"document": read_json(document, "--document")} if document else {}
    complaint = parse(c.ComplaintStart, said)

    async def send(client: FilingClient) -> c.Receipt:
        theirs = client.as_(complaint.actor, complaint.via)
        number = n or len(await theirs.complaints(filing_id)) + 1
        try:
            return await client.complain(complaint.model_copy(update={"n": number}))
        except Unavailable:
            note(f"send it again with --n {number}: it is recorded once")
            raise

    print_receipt(filing_id, ask(send, patience), as_json=as_json)


@app.command()
def complaints(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    """Show the complaints about a filing, and their answers.

    Example: motcua complaints FILING_ID
    """
    found = ask(lambda client: client.complaints(filing_id), patience)
    show_all(found, COMPLAINTS, as_json=as_json)
