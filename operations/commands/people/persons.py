"""`motcua person` and `motcua exports`: the data held about a person, and the register of requests for them."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from obstore.store import ObjectStore

from activities.keys.masters import MasterKeys
from activities.ledger.vault import IndexKeyGoneError, Vault
from console.database import APPLICATION, OWNER, address, ask, connected, master_key
from console.speaking import signed
from motcua.cli.answer import columns, progress, say, show_all, show_one
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, ImpersonalReason, Operator, RequestNumber, order
from motcua.cli.running import Exit, fail, json_text, parse, plain, print_json, refusing
from operations.commands.documents.store import done, object_store
from operations.commands.people.erasures import left, not_yet, print_request, say_left, say_not_yet, shown
from operations.erasure import person, requests
from operations.store.named_files import Reference
from rules.streams import KINDS
from schemas.base import Model
from schemas.people import IdNumber
from schemas.privacy import AnswerExport, AskErasure, AskExport, ErasureCause
from schemas.translate import said
from views.log import Log

app = group("person")

Number = Annotated[str | None, typer.Option("--id", metavar="NUMBER", help="option.person.id")]


class _Who(Model):
    id_number: IdNumber


def _who(id_number: str | None) -> str:
    """Returns the given id number, else a number entered at a prompt. A malformed number ends the command."""
    asked = in_words(said("command.person.id_number"))
    return parse(_Who, {"id_number": id_number or typer.prompt(asked)}).id_number


@app.command()
def erase(*, id_number: Number = None, reason: ImpersonalReason, actor: Operator, as_json: AsJson = False) -> None:
    who, master = _who(id_number), master_key()

    async def work(
        log: Log, vault: Vault, moved: requests.Progress
    ) -> tuple[requests.RecordedRequest | None, list[person.Named]]:
        request = None
        if theirs := tuple(row["code"] for row in await person.own(log.connection, vault, who)):
            command = signed(order(AskErasure, actor, cause=ErasureCause.PERSON, reason=reason, filings=theirs))
            request = await requests.ask(log, command)
        return request, await person.others(log.connection, vault, who, moved)

    asked, theirs = _within(OWNER, master, work)
    if as_json:
        about = {"request": asked and shown(asked.request), "not_yet": [] if asked is None else not_yet(asked)}
        print_json(about | {"named_in": [one._asdict() for one in theirs], "left": left()})
        return
    if asked is None:
        say(said("command.person.no_filing"))
    else:
        print_request(asked.request, as_json=False)
        say_not_yet(asked)
    if theirs:
        show_all(theirs, columns("code procedure"), title=said("command.person.named_in"))
    say_left()


@app.command()
def export(
    *,
    id_number: Number = None,
    to: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, help="option.person.out")],
    request: Annotated[int | None, typer.Option("--request", metavar="N", min=1, help="option.person.request")] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="option.person.reason")] = None,
    actor: Operator,
    as_json: AsJson = False,
) -> None:
    if (request is None) == (reason is None):
        fail(said("refused.person.why"), Exit.USAGE)
    who, master, store = _who(id_number), master_key(), object_store()
    if to.exists():
        fail(said("refused.file_there", file=to), Exit.USAGE)
    n = request or record_request(actor, str(reason))
    given = order(AnswerExport, actor, n=n)
    ask(lambda connection: person.see_export(connection, signed(given)), OWNER)
    try:
        to.mkdir(mode=0o700, parents=True)
    except OSError as error:
        fail(f"{to}: {error.strerror}; --request {n}", Exit.USAGE)

    async def work(log: Log, vault: Vault, moved: requests.Progress) -> dict[str, Any]:
        filings = []
        for row in await person.own(log.connection, vault, who):
            about, files = await person.held(log, vault, row)
            filings.append(about | {"missing": await _copy(store, files, to)})
        named = await person.others(log.connection, vault, who, moved)
        return {"filings": filings, "named_in": [one._asdict() for one in named], "elsewhere": left()}

    exported = _within(APPLICATION, master, work) | {"request": n}
    file = to / "held.json"
    file.touch(mode=0o600)
    file.write_text(json_text(exported) + "\n", encoding="utf-8")
    ask(lambda connection: person.answer_export(connection, signed(given)), OWNER)
    counted = {"filings": len(exported["filings"]), "named_in": len(exported["named_in"])}
    answer = {"folder": to, "request": n} | counted
    show_one(counted | {"file": file}, columns("file filings"), as_json=as_json, data=answer)


def _within(variable: str, master: MasterKeys, work: Any) -> Any:
    dsn = address(variable)
    with progress(what=said("label.events")) as moved:

        async def within() -> Any:
            vault = Vault(master)
            async with connected(dsn) as connection:
                if not await vault.opens(connection):
                    fail(said("refused.wrong_master_key"), Exit.REFUSED)
                with refusing(IndexKeyGoneError, Exit.REFUSED, said("refused.person.not_told_apart")):
                    return await work(Log(connection, vault.find, KINDS), vault, moved)

        return done(within)


async def _copy(store: ObjectStore, files: list[Reference], to: Path) -> list[str]:
    """Copies files, and returns the keys of the files that the store does not have."""
    missing = []
    for reference in files:
        try:
            data = bytes(await (await store.get_async(reference.key)).bytes_async())
        except FileNotFoundError:
            missing.append(reference.key)
            continue
        file = to / reference.sha256
        file.touch(mode=0o600)
        file.write_bytes(data)
    return missing


requests_app = group("exports")


@requests_app.command("ask")
def ask_for(*, reason: ImpersonalReason, actor: Operator, as_json: AsJson = False) -> None:
    n = record_request(actor, reason)
    show_one({"n": n, "state": "waiting"}, _STATE, as_json=as_json, data={"n": n})


@requests_app.command("list")
def list_requests(*, as_json: AsJson = False) -> None:
    found = ask(person.exports)
    data = [dict(plain(one)) | {"state": one.state} for one in found]
    show_all(found, _REQUESTS, as_json=as_json, data=data)


@requests_app.command()
def decline(n: RequestNumber, *, reason: ImpersonalReason, actor: Operator, as_json: AsJson = False) -> None:
    answer = signed(order(AnswerExport, actor, n=n, declined=reason))
    ask(lambda connection: person.answer_export(connection, answer), OWNER)
    now = {"n": n, "state": "declined"}
    show_one(now, _STATE, as_json=as_json, data=now)


def record_request(actor: str, reason: str) -> int:
    """Records a request for a person's data and returns the request's number, or ends the command."""
    given = signed(order(AskExport, actor, reason=reason))
    return ask(lambda connection: person.ask_export(connection, given), OWNER)


_REQUESTS: Final = columns("n when:asked_at reason officer answered_by state|export_state answered:answered_at")
_STATE: Final = columns("n state|export_state")
