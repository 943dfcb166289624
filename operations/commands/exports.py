"""`motcua exports`: the register of those who have asked for all that is held about them."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.answer import when
from motcua.cli.filings import actor_of
from motcua.cli.running import AsJson, out, parse, plain, print_json
from operations.addresses import OWNER
from operations.commands.database import ask
from operations.commands.erasures import Operator, Reason
from operations.commands.help_words import GROUPS
from operations.commands.printing import wide
from operations.erasure import exports
from schemas.base import StrictModel
from schemas.exports import AnswerExport, AskExport, ExportRequest
from schemas.saying import said

C = TypeVar("C", bound=StrictModel)
T = TypeVar("T")

app = typer.Typer(
    name="exports",
    help=GROUPS["exports"],
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Asked = Annotated[int, typer.Argument(metavar="N", min=1, help="The number of the request.")]


@app.callback()
def _group() -> None:
    """Yêu cầu cung cấp dữ liệu cá nhân / Requests for what is held about somebody."""


@app.command("ask")
def ask_for(*, reason: Reason, actor: Operator, as_json: AsJson = False) -> None:
    """Record that somebody has asked for what is held about them; from then on their hours run.

    Whose it is stands nowhere. What is asked for is given by `motcua person export --request N`.

    Example: `motcua exports ask --reason "asked for on paper, 14/PYC" --as operator:h01.12-operator-1@H01.12`
    """
    n = asked(actor, reason)
    if as_json:
        print_json({"n": n})
    else:
        out().print(f"{n}. {_state('waiting')}", highlight=False)


@app.command("list")
def list_requests(*, as_json: AsJson = False) -> None:
    """List the requests: when each was made, who recorded it, when it was given.

    Example: `motcua exports list`
    """
    found = ask(exports.exports)
    if as_json:
        print_json([dict(plain(one)) | {"state": one.state} for one in found])
        return
    table = Table("#", "Lúc / When", "Vì sao / Why", "Ai / Who", "Trạng thái / State", "Lúc / When")
    for one in found:
        table.add_row(*map(escape, _cells(one)))
    wide().print(table)


@app.command()
def decline(n: Asked, *, reason: Reason, actor: Operator, as_json: AsJson = False) -> None:
    """Record that a request can't be granted: nobody could show who they are, or it was taken back.

    Example: `motcua exports decline 3 --reason "nobody came with a card" --as operator:h01.12-operator-1@H01.12`
    """
    answer = model(AnswerExport, actor, n=n, declined=reason)
    ask(lambda connection: exports.answered(connection, answer), OWNER)
    if as_json:
        print_json({"n": n, "state": "declined"})
    else:
        out().print(f"{n}. {_state('declined')}", highlight=False)


def asked(actor: str, reason: str) -> int:
    """Record a request; its number, or the end of the command."""
    said_so = model(AskExport, actor, reason=reason)
    return ask(lambda connection: exports.ask(connection, said_so), OWNER)


def model(of: type[C], actor: str, **say: Any) -> C:
    """What an officer says."""
    return parse(of, {"actor": actor_of(actor)} | say)


def _cells(one: ExportRequest) -> tuple[str, ...]:
    who = f"{one.officer}{f' · {one.answered_by}' if one.answered_by else ''}"
    answered_at = when(one.answered_at) if one.answered_at else ""
    return str(one.n), when(one.asked_at), one.reason, who, _state(one.state), answered_at


def _state(state: str) -> str:
    words = said(f"export_state.{state}")
    return f"{words.vi} / {words.en}"
