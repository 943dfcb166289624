"""`motcua publications`: lists publications, approves or declines requests, sets whether two operators are needed."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from pydantic_core import to_jsonable_python

from console.database import OWNER, address, ask
from motcua.cli.answer import Column, columns, lines, show_all, show_one, tell
from motcua.cli.help import group
from motcua.cli.options import AsJson, OnOff, Operator, Reason, RequestNumber, Switch
from publishing.authoring import approving
from publishing.commands.publisher import publisher, recorded, recorded_now
from publishing.record import publishing as publications
from schemas.translate import said

_LONG: Final = {"source", "rules", "days", "kind", "sha256"}
"""Fields of an event that are not printed in the event's line."""

app = group("publications")


@app.command("list")
def list_waiting(
    *, all_: Annotated[bool, typer.Option("--all", help="option.publications.all")] = False, as_json: AsJson = False
) -> None:
    found: list[Any] = ask(approving.history) if all_ else ask(approving.waiting)
    rows = [to_jsonable_python(one._asdict()) for one in found]
    show_all(found, _HISTORY if all_ else _WAITING, as_json=as_json, data=rows)


@app.command()
def approve(asked: RequestNumber, *, actor: Operator, as_json: AsJson = False) -> None:
    events = recorded(lambda: approving.approve(address(OWNER), asked, publisher(actor)))
    kinds = [one.kind for one in events]
    data = {"asked": asked, "published": kinds}
    show_one({"published": sorted(set(kinds))}, columns("published"), as_json=as_json, data=data)


@app.command()
def decline(asked: RequestNumber, *, actor: Operator, reason: Reason, as_json: AsJson = False) -> None:
    recorded(lambda: approving.decline(address(OWNER), asked, reason, publisher(actor)))
    tell(said("command.publish.declined", asked=asked), {"asked": asked, "published": []}, as_json=as_json)


@app.command("by-two")
def require_two(switch: Switch, *, actor: Operator, as_json: AsJson = False) -> None:
    recorded(lambda: approving.require_two(address(OWNER), publisher(actor), on=switch is OnOff.ON))
    tell(said("command.publish.by_two", switch=switch), {"by_two": switch is OnOff.ON}, as_json=as_json)


@app.command("take-over")
def take_over(*, as_json: AsJson = False) -> None:
    taken = recorded(lambda: publications.take_over(address(OWNER), publisher(None)))
    tell(recorded_now(already=not taken), {"taken_over": taken}, as_json=as_json)


def _line(event: Mapping[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in event.items() if name not in _LONG)
    return f"{event['kind']}: {facts}"


_WAITING: Final = columns("n when:at officer agency", Column("change", lambda one: lines(map(_line, one.events))))
_HISTORY: Final = columns("when:at officer agency change:kind asked stream n:seq")
