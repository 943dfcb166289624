"""`motcua exports`: the register of those who have asked for all that is held about them."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

import typer

from motcua.cli.answer import columns, show_all, show_one
from motcua.cli.filings import actor_of
from motcua.cli.running import AsJson, parse, plain
from operations.addresses import OWNER
from operations.commands.database import ask
from operations.commands.erasures import Operator, Reason
from operations.commands.help_words import group
from operations.erasure import exports
from schemas.base import StrictModel
from schemas.exports import AnswerExport, AskExport

C = TypeVar("C", bound=StrictModel)
T = TypeVar("T")

app = group("exports")

Asked = Annotated[int, typer.Argument(metavar="N", min=1, help="The number of the request.")]


@app.command("ask")
def ask_for(*, reason: Reason, actor: Operator, as_json: AsJson = False) -> None:
    """Record that somebody has asked for what is held about them; from then on their hours run.

    Whose it is stands nowhere. What is asked for is given by `motcua person export --request N`.

    Example: `motcua exports ask --reason "asked for on paper, 14/PYC" --as operator:h01.12-operator-1@H01.12`
    """
    n = asked(actor, reason)
    _show(n, "waiting", {"n": n}, as_json=as_json)


@app.command("list")
def list_requests(*, as_json: AsJson = False) -> None:
    """List the requests: when each was made, who recorded it, when it was given.

    Example: `motcua exports list`
    """
    found = ask(exports.exports)
    data = [dict(plain(one)) | {"state": one.state} for one in found]
    show_all(found, _REQUESTS, as_json=as_json, data=data)


@app.command()
def decline(n: Asked, *, reason: Reason, actor: Operator, as_json: AsJson = False) -> None:
    """Record that a request can't be granted: nobody could show who they are, or it was taken back.

    Example: `motcua exports decline 3 --reason "nobody came with a card" --as operator:h01.12-operator-1@H01.12`
    """
    answer = model(AnswerExport, actor, n=n, declined=reason)
    ask(lambda connection: exports.answered(connection, answer), OWNER)
    _show(n, "declined", {"n": n, "state": "declined"}, as_json=as_json)


def asked(actor: str, reason: str) -> int:
    """Record a request; its number, or the end of the command."""
    said_so = model(AskExport, actor, reason=reason)
    return ask(lambda connection: exports.ask(connection, said_so), OWNER)


def model(of: type[C], actor: str, **say: Any) -> C:
    """What an officer says."""
    return parse(of, {"actor": actor_of(actor)} | say)


_REQUESTS: Final = columns("n when:asked_at reason officer answered_by state|export_state answered:answered_at")


def _show(n: int, state: str, data: dict[str, Any], *, as_json: bool) -> None:
    show_one({"n": n, "state": state}, columns("n state|export_state"), as_json=as_json, data=data)
