"""`motcua exports`: the register of persons' requests for all data held about them."""

from typing import Any, Final

from console.addresses import OWNER
from console.database import ask
from motcua.cli.answer import columns, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import AsJson, Asked, ImpersonalReason, Operator, order
from motcua.cli.running import plain
from operations.erasure import exports
from schemas.privacy.exports import AnswerExport, AskExport

app = group("exports")


@app.command("ask")
def ask_for(*, reason: ImpersonalReason, actor: Operator, as_json: AsJson = False) -> None:
    n = asked(actor, reason)
    _show(n, "waiting", {"n": n}, as_json=as_json)


@app.command("list")
def list_requests(*, as_json: AsJson = False) -> None:
    found = ask(exports.exports)
    data = [dict(plain(one)) | {"state": one.state} for one in found]
    show_all(found, _REQUESTS, as_json=as_json, data=data)


@app.command()
def decline(n: Asked, *, reason: ImpersonalReason, actor: Operator, as_json: AsJson = False) -> None:
    answer = order(AnswerExport, actor, n=n, declined=reason)
    ask(lambda connection: exports.answered(connection, answer), OWNER)
    _show(n, "declined", {"n": n, "state": "declined"}, as_json=as_json)


def asked(actor: str, reason: str) -> int:
    """Records a request and returns its number, or ends the command."""
    said_so = order(AskExport, actor, reason=reason)
    return ask(lambda connection: exports.ask(connection, said_so), OWNER)


_REQUESTS: Final = columns("n when:asked_at reason officer answered_by state|export_state answered:answered_at")


def _show(n: int, state: str, data: dict[str, Any], *, as_json: bool) -> None:
    show_one({"n": n, "state": state}, columns("n state|export_state"), as_json=as_json, data=data)
