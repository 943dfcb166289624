"""`motcua filing erase`, `motcua erasures`: erasure of filings' personal data, by an operator and an auditor."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from activities.ledger.vault import Vault
from console.database import OWNER, Connection, address, ask, connected, find_setting, master_key
from console.speaking import signed
from motcua.cli.answer import Column, columns, lines, progress, say, show_all, show_one, tell
from motcua.cli.help import group
from motcua.cli.options import AsJson, Auditor, ImpersonalReason, MaybeFiling, Operator, RequestNumber, order
from motcua.cli.running import Exit, WorkRefusedError, exit_if, fail, plain, print_json, refusing, use_stack_here
from motcua.connection import configured_address, connect
from motcua.errors import MotcuaError
from motcua.files.store import NoStoreError
from operations.commands.documents.store import done, object_store
from operations.erasure import requests, retention
from operations.erasure.erasing import Back, back
from operations.erasure.sinks import LEFT
from operations.erasure.working import Outside, Worked, work_off
from recovery.checkpoint_store import SecondPlace
from rules.streams import KINDS
from schemas.privacy import ApproveErasure, AskErasure, DeclineErasure, ErasureCause, ErasureRequest
from schemas.translate import said
from views.log import Log

CHECKPOINTS: Final = "MOTCUA_CHECKPOINTS"

filings = typer.Typer()
app = group("erasures")


@filings.command()
def erase(
    which: MaybeFiling = None,
    *,
    due: Annotated[bool, typer.Option("--due", help="option.erase.due")] = False,
    again: Annotated[bool, typer.Option("--again", help="option.erase.again")] = False,
    reason: ImpersonalReason,
    actor: Operator,
    as_json: AsJson = False,
) -> None:
    if [which is not None, due, again].count(True) != 1:
        fail(said("refused.erase.which"), Exit.USAGE)
    cause = ErasureCause.RETENTION if due else ErasureCause.FILING
    if which is not None:
        filings: tuple[str, ...] = (which,)
    else:
        filings = (
            tuple(ask(lambda connection: retention.due(connection, datetime.now(UTC)))) if due else _brought_back()
        )
    if not filings:
        tell(said("command.erasures.none"), None, as_json=as_json)
        return
    order_, master = signed(order(AskErasure, actor, cause=cause, reason=reason, filings=filings)), master_key()
    with progress(what=said("label.filings")) as moved:

        async def work(connection: Connection) -> requests.RecordedRequest:
            return await requests.ask(Log(connection, Vault(master).find, KINDS), order_, moved)

        asked = ask(work, OWNER)
    if as_json:
        print_json(shown(asked.request) | {"not_yet": not_yet(asked)})
    else:
        print_request(asked.request, as_json=False)
        say_not_yet(asked)


def _brought_back() -> tuple[str, ...]:
    place = second_place()
    if place is None:
        fail(said("refused.erase.no_second_place", name=CHECKPOINTS), Exit.USAGE)

    async def work() -> list[Back]:
        async with connected(address(OWNER)) as connection:
            return await back(connection, place)

    return tuple(one.code for one in done(work) if not one.asked)


@app.command("list")
def list_requests(*, as_json: AsJson = False) -> None:
    found = ask(requests.requests)
    show_all(found, _REQUESTS, as_json=as_json, data=[shown(one) for one in found])


@app.command()
def approve(n: RequestNumber, *, actor: Auditor, as_json: AsJson = False) -> None:
    _answered(order(ApproveErasure, actor, asked=n))
    _work_off(as_json=as_json)


@app.command()
def decline(n: RequestNumber, *, reason: ImpersonalReason, actor: Auditor, as_json: AsJson = False) -> None:
    print_request(_answered(order(DeclineErasure, actor, asked=n, reason=reason)), as_json=as_json)


@app.command()
def finish(*, as_json: AsJson = False) -> None:
    _work_off(as_json=as_json)


def _answered(told: ApproveErasure | DeclineErasure) -> ErasureRequest:
    act = signed(told)
    return ask(lambda connection: requests.answer(connection, act), OWNER)


def print_request(one: ErasureRequest, *, as_json: bool) -> None:
    """Prints a request to erase filings, and its state."""
    show_one(one, _REQUESTS, as_json=as_json, data=shown(one))


_NOT_ERASED: Final = columns("code:0 why_not:1")
_REQUESTS: Final = columns(
    "n when:at reason officer answered_by",
    Column("state", lambda one: lines([said(f"erasure_state.{one.state}"), *one.problems])),
    Column("erased", lambda one: f"{one.erased}/{one.filings}"),
)


def shown(one: ErasureRequest) -> dict[str, Any]:
    """Returns a request to erase filings as plain data, with its state."""
    return dict(plain(one)) | {"state": one.state}


def not_yet(asked: requests.RecordedRequest) -> list[dict[str, Any]]:
    """Returns the filings of a request that can't be erased yet, as plain data, each with every reason."""
    return [{"code": code, "problems": all_} for code, all_ in asked.left_out.items()]


def say_not_yet(asked: requests.RecordedRequest) -> None:
    """Prints, for people, the filings of a request that can't be erased yet."""
    if asked.left_out:
        show_all(((code, why.message) for code, all_ in asked.left_out.items() for why in all_), _NOT_ERASED)


def left() -> list[Any]:
    """Returns the kinds of copies that the platform can't erase, as plain data."""
    return [said(f"erasure_left.{name}") for name in LEFT]


def say_left() -> None:
    """Prints, as a table for people, the kinds of copies that the platform can't erase."""
    show_all((said(f"erasure_left.{name}") for name in LEFT), (Column("not_erased_here", lambda text: text),))


def _work_off(*, as_json: bool) -> None:
    """Carries out the approved erasures. Prints the results, and the kinds of copies that the platform can't erase."""
    use_stack_here()
    dsn, master, store, elsewhere = address(OWNER), master_key(), object_store(), second_place()
    with progress(what=said("label.filings")) as moved:

        async def work() -> Worked:
            outside = Outside(store, await connect(), elsewhere)
            return await work_off(dsn, master, outside, moved)

        try:
            worked = done(work)
        except WorkRefusedError as error:
            fail(said("refused.erase.not_erased"), Exit.REFUSED, detail=error)
        except MotcuaError as error:
            fail(said("refused.temporal", where=configured_address()), Exit.UNREACHABLE, detail=error)
    if as_json:
        refused = [{"code": code, "problems": plain(why)["problems"]} for code, why in worked.refused.items()]
        failed = [{"code": code, "problem": problem} for code, problem in worked.failed.items()]
        counted = {"finished": worked.finished, "files": worked.files, "executions": worked.executions}
        print_json(counted | {"refused": refused, "failed": failed, "left": left()})
    else:
        _say(worked)
    exit_if(worked.refused or worked.failed)


def second_place() -> SecondPlace | None:
    """Returns the second place (the store of checkpoints); None if it is not set. A bad address ends the command."""
    url = find_setting(CHECKPOINTS)
    with refusing(NoStoreError, Exit.USAGE):
        return SecondPlace.at(url) if url else None


def _say(worked: Worked) -> None:
    refused = [(code, why.message) for code, refusal in worked.refused.items() for why in refusal.problems]
    failed = [(code, said("command.erasures.not_done", problem=problem)) for code, problem in worked.failed.items()]
    if refused or failed:
        show_all([*refused, *failed], _NOT_ERASED)
    counts = {"files": worked.files, "executions": worked.executions}
    say(said("command.erasures.erased", filings=len(worked.finished), **counts))
    if worked.finished:
        say_left()
