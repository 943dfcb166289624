"""`motcua filing erase`, `motcua erasures`: an operator asks for who filed to be erased, an auditor approves it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import typer

from activities.ledger.vault import Vault
from motcua.cli.answer import Column, columns, lines, say, show_all, show_one
from motcua.cli.filings import actor_of
from motcua.cli.language import in_words
from motcua.cli.running import AsJson, Exit, fail, parse, plain, print_json, use_stack_here
from motcua.client import command_id
from motcua.connection import connect
from motcua.errors import MotcuaError
from motcua.store import NoStoreError
from operations.addresses import OWNER, find_address
from operations.commands.database import Connection, address, ask
from operations.commands.help_words import group
from operations.commands.masters import master_key
from operations.commands.printing import bar
from operations.commands.store import done, object_store
from operations.erasure import requests
from operations.erasure.elsewhere import Back, NotErasedError, back
from operations.erasure.outside import Outside
from operations.erasure.retention import due as due_by
from operations.erasure.sinks import LEFT
from operations.erasure.working import Worked, work_off
from operations.owner import connected
from recovery.second_place import SecondPlace
from rules.streams import KINDS
from schemas.erasure import (
    ApproveErasure,
    AskErasure,
    DeclineErasure,
    ErasureCause,
    ErasureCommand,
    ErasureRequest,
)
from schemas.saying import said
from views.log import Log

C = TypeVar("C", bound=ErasureCommand)

CHECKPOINTS: Final = "MOTCUA_CHECKPOINTS"

filings = typer.Typer()
app = group("erasures")

Operator = Annotated[
    str, typer.Option("--as", "--actor", metavar="operator:SUBJECT@AGENCY", help="Which operator asks.")
]
Auditor = Annotated[
    str, typer.Option("--as", "--actor", metavar="auditor:SUBJECT@AGENCY", help="Which auditor answers.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why. It stays for ever: name no person in it.")]
Asked = Annotated[int, typer.Argument(metavar="N", min=1, help="The number of the request.")]


@filings.command()
def erase(
    which: Annotated[
        str | None, typer.Argument(metavar="[CODE|FILING_ID]", help="The dossier code, or the filing's id.")
    ] = None,
    *,
    due: Annotated[bool, typer.Option("--due", help="All whose time to be kept is over (docs/procedures.md).")] = False,
    again: Annotated[bool, typer.Option("--again", help="All that were erased and a backup has brought back.")] = False,
    reason: Reason,
    actor: Operator,
    as_json: AsJson = False,
) -> None:
    """Ask for a filing to be erased: who filed, and all that they gave. It waits for an auditor's `approve`.

    It is refused while the filing is open, while money is unsettled or may still come, while a complaint may be made,
    and while it has to be kept. The events stay, with their hashes; what was sealed in them nobody can open any more.

    What was erased is told at the second place of checkpoints (MOTCUA_CHECKPOINTS), by its id alone, so that it can be
    asked for `--again` after a backup of before was brought back.

    Examples: `motcua filing erase H01.12-20261125-0000001 --reason "asked for, 12/PYC" --as operator:…@H01.12`,
    `motcua filing erase --due --reason "retention, November" --as operator:…@H01.12`,
    `motcua filing erase --again --reason "the backup of 27 November was brought back" --as operator:…@H01.12`
    """
    if [which is not None, due, again].count(True) != 1:
        fail("nêu một hồ sơ, hoặc --due, hoặc --again / name a filing, or say --due or --again", Exit.USAGE)
    cause = ErasureCause.RETENTION if due else ErasureCause.FILING
    filings = (which,) if which is not None else tuple(ask(_due)) if due else _brought_back()
    if not filings:
        if as_json:
            print_json(None)
        else:
            say(said("command.erasures.none"))
        return
    asked = ask_for(command(AskErasure, actor, {"cause": cause, "reason": reason, "filings": filings}))
    if as_json:
        print_json(shown(asked.request) | {"not_yet": not_yet(asked)})
    else:
        print_request(asked.request, as_json=False)
        say_not_yet(asked)


async def _due(connection: Connection) -> list[str]:
    return await due_by(connection, datetime.now(UTC))


def _brought_back() -> tuple[str, ...]:
    place = _second_place()
    if place is None:
        fail(f"{CHECKPOINTS} chưa đặt / is not set: it is where erased filings are told", Exit.USAGE)

    async def work() -> list[Back]:
        async with connected(address(OWNER)) as connection:
            return await back(connection, place)

    return tuple(one.code for one in done(work) if not one.asked)


@app.command("list")
def list_requests(*, as_json: AsJson = False) -> None:
    """List the requests, and what became of each.

    Example: `motcua erasures list`
    """
    found = ask(requests.requests)
    show_all(found, _REQUESTS, as_json=as_json, data=[shown(one) for one in found])


@app.command()
def approve(n: Asked, *, actor: Auditor, as_json: AsJson = False) -> None:
    """Approve a request, and work it off: in the record, in the object store, in Temporal. There is no way back.

    Ended in the middle, it is done by the next `finish`.

    Example: `motcua erasures approve 3 --as auditor:h01.12-auditor-1@H01.12`
    """
    told = command(ApproveErasure, actor, {"asked": n})
    _answered(told)
    _work_off(as_json=as_json)


@app.command()
def decline(n: Asked, *, reason: Reason, actor: Auditor, as_json: AsJson = False) -> None:
    """Decline a request.

    Example: `motcua erasures decline 3 --reason "a court has asked for it" --as auditor:h01.12-auditor-1@H01.12`
    """
    print_request(_answered(command(DeclineErasure, actor, {"asked": n, "reason": reason})), as_json=as_json)


@app.command()
def finish(*, as_json: AsJson = False) -> None:
    """Work off what was approved and is not done: a run was ended, or a filing failed, or could not be erased yet.

    A filing that fails holds up no other: it is named with the kind of the error, here and by `motcua doctor`, until it
    is done, and the exit code is 1.

    What was erased before there was a second place (MOTCUA_CHECKPOINTS) is told there.

    Example: `motcua erasures finish`
    """
    _work_off(as_json=as_json)


def command(model: type[C], actor: str, say: dict[str, Any]) -> C:
    """What an officer says."""
    return parse(model, {"command_id": command_id(), "actor": actor_of(actor)} | say)


def ask_for(asked: AskErasure) -> requests.Asked:
    """Record a request, or the end of the command."""
    master = master_key()
    with bar() as progress:
        task = progress.add_task(in_words(said("label.filings")))

        def looked_at(filings: int, of: int) -> None:
            progress.update(task, completed=filings, total=of)

        async def work(connection: Connection) -> requests.Asked:
            return await requests.ask(Log(connection, Vault(master).find, KINDS), asked, looked_at)

        return ask(work, OWNER)


def _answered(told: ApproveErasure | DeclineErasure) -> ErasureRequest:
    return ask(lambda connection: requests.answer(connection, told), OWNER)


def print_request(one: ErasureRequest, *, as_json: bool) -> None:
    """How it stands with a request."""
    show_one(one, _REQUESTS, as_json=as_json, data=shown(one))


def _state(one: ErasureRequest) -> str:
    return lines([said(f"erasure_state.{one.state}"), *one.problems])


_REQUESTS: Final = columns(
    "n when:at reason officer answered_by",
    Column("state", _state),
    Column("erased", lambda one: f"{one.erased}/{one.filings}"),
)


def shown(one: ErasureRequest) -> dict[str, Any]:
    """As JSON, with how it stands."""
    return dict(plain(one)) | {"state": one.state}


def not_yet(asked: requests.Asked) -> list[dict[str, Any]]:
    """What can't be erased yet, as JSON: each filing with every reason."""
    return [{"code": code, "problems": [plain(why) for why in all_]} for code, all_ in asked.left_out.items()]


_NOT_ERASED: Final = columns("code:0 why_not:1")


def say_not_yet(asked: requests.Asked) -> None:
    """The same for people."""
    if asked.left_out:
        show_all(((code, why.message) for code, all_ in asked.left_out.items() for why in all_), _NOT_ERASED)


def left() -> list[Any]:
    """What nobody can erase from here, as JSON."""
    return [plain(said(f"erasure_left.{name}")) for name in LEFT]


def say_left() -> None:
    """The same for people."""
    show_all((said(f"erasure_left.{name}") for name in LEFT), (Column("not_erased_here", lambda text: text),))


def _work_off(*, as_json: bool) -> None:
    """Erase what was approved, and say what was done and what nobody can do from here."""
    use_stack_here()
    dsn, master, store, elsewhere = address(OWNER), master_key(), object_store(), _second_place()
    with bar() as progress:
        task = progress.add_task(in_words(said("label.filings")))

        async def work() -> Worked:
            outside = Outside(store, await connect(), elsewhere)
            return await work_off(
                dsn, master, outside, lambda now, of: progress.update(task, completed=now, total=max(of, 1))
            )

        try:
            worked = done(work)
        except NotErasedError as error:
            fail(f"chưa xóa / not erased: {error}", Exit.REFUSED)
        except MotcuaError as error:
            fail(f"không kết nối được Temporal / Temporal: {error}", Exit.UNREACHABLE)
    if as_json:
        refused = [{"code": code, "problems": plain(why)["problems"]} for code, why in worked.refused.items()]
        failed = [{"code": code, "problem": problem} for code, problem in worked.failed.items()]
        counted = {"finished": worked.finished, "files": worked.files, "executions": worked.executions}
        print_json(counted | {"refused": refused, "failed": failed, "left": left()})
    else:
        _say(worked)
    if worked.refused or worked.failed:
        raise typer.Exit(Exit.REFUSED)


def _second_place() -> SecondPlace | None:
    """Where the record is checkpointed, if it is; or the end of the command."""
    url = find_address(CHECKPOINTS)
    try:
        return SecondPlace.at(url) if url else None
    except NoStoreError as error:
        fail(str(error), Exit.USAGE)


def _say(worked: Worked) -> None:
    refused = [(code, why.message) for code, refusal in worked.refused.items() for why in refusal.problems]
    failed = [(code, said("command.erasures.not_done", problem=problem)) for code, problem in worked.failed.items()]
    if refused or failed:
        show_all([*refused, *failed], _NOT_ERASED)
    counts = {"files": worked.files, "executions": worked.executions}
    say(said("command.erasures.erased", filings=len(worked.finished), **counts))
    if worked.finished:
        say_left()
