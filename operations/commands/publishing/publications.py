"""`motcua publications`: what was published, what waits for a second operator, and whether two are needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from pydantic_core import to_jsonable_python

from motcua.cli.answer import Column, columns, lines, say, show_all, show_one
from motcua.cli.running import AsJson, print_json
from operations.addresses import OWNER
from operations.commands.database import address, ask
from operations.commands.help_words import group
from operations.commands.principals import Actor, Reason, Switch
from operations.commands.publishing.publisher import publisher, recorded, recorded_now
from operations.publications import publishing as publications
from operations.publishing import approving
from schemas.saying import said

_LONG: Final = {"source", "rules", "days", "kind", "sha256"}
"""Fields of an event that are not shown in a line."""

app = group("publications")

Asked = Annotated[int, typer.Argument(metavar="N", min=1, help="The number of what waits.")]


@app.command("list")
def list_waiting(*, as_json: AsJson = False) -> None:
    """List what waits until a second operator approves it.

    Examples: `motcua publications list`, `motcua publications list --json`
    """
    found = ask(approving.waiting)
    show_all(found, _WAITING, as_json=as_json, data=[to_jsonable_python(one._asdict()) for one in found])


@app.command()
def history(*, as_json: AsJson = False) -> None:
    """List everything that was published: when, by whom, in which stream of the log.

    `motcua` stands for whoever had the owner's password and has not said who they are.

    Examples: `motcua publications history`, `motcua publications history --json`
    """
    found = ask(approving.history)
    show_all(found, _HISTORY, as_json=as_json, data=[to_jsonable_python(one._asdict()) for one in found])


@app.command()
def approve(asked: Asked, *, actor: Actor, as_json: AsJson = False) -> None:
    """Approve what another operator wants to publish: it takes effect.

    What people are named in needs MOTCUA_MASTER_KEY. After a calendar, run `motcua calendar publish` with its file
    again: it has what is running projected on it.

    Example: `motcua publications approve 3 --as operator:h01.12-operator-1@H01.12`
    """
    events = recorded(lambda: approving.approve(address(OWNER), asked, publisher(actor)))
    kinds = [one.kind for one in events]
    told = {"published": sorted(set(kinds))}
    show_one(told, columns("published"), as_json=as_json, data={"asked": asked, "published": kinds})


@app.command()
def decline(asked: Asked, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    """Decline what another operator, or oneself, wants to publish: nothing comes of it.

    Example: `motcua publications decline 3 --reason "…" --as operator:h01.12-operator-1@H01.12`
    """
    recorded(lambda: approving.decline(address(OWNER), asked, reason, publisher(actor)))
    if as_json:
        print_json({"asked": asked, "published": []})
    else:
        say(said("command.publish.declined", asked=asked))


@app.command("by-two")
def require_two(
    switch: Annotated[Switch, typer.Argument(help="Whether two are needed.")],
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Let whatever changes fees, limits or roles wait for another operator's `approve`, or no longer.

    That is every version of a procedure, a province and a calendar, a substitute, and of the directory all but names
    and officers who leave. `on` takes effect at once; `off`, while it is on, waits for another operator itself.

    Example: `motcua publications by-two on --as operator:h01.12-operator-1@H01.12`
    """
    recorded(lambda: approving.require_two(address(OWNER), publisher(actor), on=switch is Switch.ON))
    if as_json:
        print_json({"by_two": switch is Switch.ON})
    else:
        say(said("command.publish.by_two", switch=switch))


@app.command("take-over")
def take_over(*, as_json: AsJson = False) -> None:
    """Record what stood in the catalogue and the directory before they were recorded. Safe to repeat.

    The first command that publishes after an upgrade does it by itself, as `motcua up` and `motcua migrate` do. Needs
    MOTCUA_OWNER_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder.

    Example: `motcua publications take-over`
    """
    taken = recorded(lambda: publications.take_over(address(OWNER), publisher(None)))
    if as_json:
        print_json({"taken_over": taken})
    else:
        say(recorded_now(already=not taken))


def _line(event: Mapping[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in event.items() if name not in _LONG)
    return f"{event['kind']}: {facts}"


_WAITING: Final = columns(
    "n when:at officer agency",
    Column("change", lambda one: lines(map(_line, one.events))),
)
_HISTORY: Final = columns("when:at officer agency change:kind asked stream n:seq")
