"""`motcua person`: what is held about a person is given to them, or erased."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from obstore.store import ObjectStore

from activities.keys.masters import MasterKeys
from activities.ledger.vault import IndexKeyGoneError, Vault
from motcua.cli.answer import columns, say, show_all, show_one
from motcua.cli.running import AsJson, Exit, fail, parse, print_json
from operations.addresses import APPLICATION, OWNER
from operations.commands.database import address, ask
from operations.commands.erasures import (
    Operator,
    Reason,
    command,
    left,
    not_yet,
    print_request,
    say_left,
    say_not_yet,
    shown,
)
from operations.commands.exports import asked, model
from operations.commands.help_words import group
from operations.commands.masters import master_key
from operations.commands.printing import bar
from operations.commands.store import done, object_store
from operations.erasure import exports, person, requests
from operations.owner import connected
from operations.store.named import Reference
from rules.streams import KINDS
from schemas.base import Model
from schemas.erasure import AskErasure, ErasureCause
from schemas.exports import AnswerExport
from schemas.people import IdNumber
from schemas.saying import said
from views.log import Log

app = group("person")

Number = Annotated[
    str, typer.Option("--id", metavar="NUMBER", prompt="Số định danh / Id number", help="Asked for if left out.")
]


class _Who(Model):
    id_number: IdNumber


@app.command()
def erase(*, id_number: Number, reason: Reason, actor: Operator, as_json: AsJson = False) -> None:
    """Ask for all filings of a person to be erased. It waits for an auditor: `motcua erasures approve`.

    Those that can't be erased yet are named with the reason, and stay. So are filings of others that name the person,
    which are those others'; and what nobody can erase from here.

    Example: `motcua person erase --reason "asked for on paper, 12/PYC" --as operator:h01.12-operator-1@H01.12`
    """
    who, master = parse(_Who, {"id_number": id_number}).id_number, master_key()

    async def work(log: Log, vault: Vault, progress: person.Progress) -> _Told:
        filings = await person.own(log.connection, vault, who)
        if not filings:
            return None, await person.others(log.connection, vault, who, progress)
        say = {"cause": ErasureCause.PERSON, "reason": reason, "filings": tuple(row["code"] for row in filings)}
        asked = await requests.ask(log, command(AskErasure, actor, say))
        return asked, await person.others(log.connection, vault, who, progress)

    asked, others = _within(OWNER, master, work)
    if as_json:
        print_json(_plain(asked, others))
    else:
        _say(asked, others)


@app.command()
def export(
    *,
    id_number: Number,
    to: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, help="A folder that is not there yet.")],
    request: Annotated[
        int | None, typer.Option("--request", metavar="N", min=1, help="What this gives: `motcua exports list`.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Or why it was asked for just now: name no person.")
    ] = None,
    actor: Operator,
    as_json: AsJson = False,
) -> None:
    """Give a person all that is held about them: each event with what was sealed, files, who has looked at it.

    `held.json` and the files go to a folder that only you read. Filings of others that name the person are listed by
    their codes: what stands in them is those others' too. The register says when it was asked for and given, not whose
    it is.

    Examples: `motcua person export --out an --request 3 --as operator:h01.12-operator-1@H01.12`,
    `motcua person export --out an --reason "asked for at the desk, 14/PYC" --as operator:h01.12-operator-1@H01.12`
    """
    if (request is None) == (reason is None):
        fail("nêu --request hoặc --reason / say --request or --reason", Exit.USAGE)
    who, master, store = parse(_Who, {"id_number": id_number}).id_number, master_key(), object_store()
    if to.exists():
        fail(f"{to} đã có / is there already", Exit.USAGE)
    n = request or asked(actor, str(reason))
    given = model(AnswerExport, actor, n=n)
    ask(lambda connection: exports.may_answer(connection, given), OWNER)
    try:
        to.mkdir(mode=0o700, parents=True)
    except OSError as error:
        fail(f"{to}: {error.strerror}; --request {n}", Exit.USAGE)

    async def work(log: Log, vault: Vault, progress: person.Progress) -> dict[str, Any]:
        filings = []
        for row in await person.own(log.connection, vault, who):
            about, files = await person.held(log, vault, row)
            filings.append(about | {"missing": await _copy(store, files, to)})
        others = await person.others(log.connection, vault, who, progress)
        return {"filings": filings, "named_in": [one._asdict() for one in others], "elsewhere": left()}

    held = _within(APPLICATION, master, work) | {"request": n}
    file = to / "held.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(held, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    ask(lambda connection: exports.answered(connection, given), OWNER)
    counted = {"filings": len(held["filings"]), "named_in": len(held["named_in"])}
    told = {"folder": str(to), "request": n} | counted
    show_one(counted | {"file": file}, columns("file filings"), as_json=as_json, data=told)


_Told = tuple[requests.Asked | None, list[person.Named]]


def _within(variable: str, master: MasterKeys, work: Any) -> Any:
    """What `work` returns, given a log, its vault, and a bar."""
    dsn = address(variable)
    with bar() as progress:
        task = progress.add_task("")

        def looked_at(events: int, of: int) -> None:
            progress.update(task, completed=events, total=max(of, 1), description=f"{events:,} / {of:,}")

        async def within() -> Any:
            vault = Vault(master)
            async with connected(dsn) as connection:
                if not await vault.opens(connection):
                    fail("MOTCUA_MASTER_KEY không phải khóa của sổ này / is not the key of this record", Exit.REFUSED)
                try:
                    return await work(Log(connection, vault.find, KINDS), vault, looked_at)
                except IndexKeyGoneError as error:
                    fail(f"không phân biệt được ai là ai / {error}", Exit.REFUSED)

        return done(within)


async def _copy(store: ObjectStore, files: list[Reference], to: Path) -> list[str]:
    """Copy files; the keys of those that are not there (any more)."""
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


def _plain(asked: requests.Asked | None, others: list[person.Named]) -> dict[str, Any]:
    return {
        "request": asked and shown(asked.request),
        "not_yet": [] if asked is None else not_yet(asked),
        "named_in": [one._asdict() for one in others],
        "left": left(),
    }


def _say(asked: requests.Asked | None, others: list[person.Named]) -> None:
    if asked is None:
        say(said("command.person.no_filing"))
    else:
        print_request(asked.request, as_json=False)
        say_not_yet(asked)
    if others:
        show_all(others, columns("code procedure"), title=said("command.person.named_in"))
    say_left()
