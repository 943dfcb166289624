"""`motcua person` and `motcua exports`: all data held about a person, and the register of requests for them."""

from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import typer
from obstore.store import ObjectStore

from activities.keys.masters import MasterKeys
from activities.ledger.vault import IndexKeyGoneError, Vault
from console.database import APPLICATION, OWNER, address, ask, connected, master_key
from console.operators import see_role
from motcua.cli.answer import columns, progress, say, show_all, show_one
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, Asked, ImpersonalReason, Operator, order
from motcua.cli.running import Exit, fail, json_text, parse, plain, print_json, refusing
from operations.commands.documents.store import done, object_store
from operations.commands.people.erasures import left, not_yet, print_request, say_left, say_not_yet, shown
from operations.erasure import requests
from operations.erasure.requests import Progress
from operations.store.named_files import COLUMNS, Reference, told
from rules.rule import refuse
from rules.streams import KINDS
from schemas.base import Model
from schemas.errors import problem
from schemas.ids import filing_workflow
from schemas.people import IdNumber
from schemas.privacy import AnswerExport, AskErasure, AskExport, ErasureCause, ExportRequest
from schemas.reading import AskAccess
from schemas.translate import said
from views.access import access
from views.log import Connection, Log
from views.operator import parked


class Named(NamedTuple):
    """Another person's filing that contains this person's id number: its dossier code and procedure."""

    code: str
    procedure: str


async def own(connection: Connection, vault: Vault, id_number: str) -> list[asyncpg.Record]:
    """Returns the filings in the name of the person with this id number. An erased filing is in nobody's name."""
    return list(await connection.fetch(_OWN, await vault.person(connection, id_number)))


async def others(connection: Connection, vault: Vault, id_number: str, progress: Progress) -> list[Named]:
    """Returns other people's filings that contain this id number. Decrypts the whole log.

    `progress(events, of)` is called after each page.
    """
    of, seen, found = int(await connection.fetchval(_EVENTS)), 0, set[UUID]()
    last: tuple[str, int] = ("", 0)
    while page := await connection.fetch(_SEALED, *last, _PAGE):
        last = (page[-1]["stream"], page[-1]["seq"])
        await vault.learn(connection, {row["filing_id"] for row in page})
        for row in page:
            key = vault.known(row["filing_id"])
            if key and id_number.encode() in key.unseal(row["sealed"], f"{row['stream']}\n{row['seq']}"):
                found.add(row["filing_id"])
        seen += len(page)
        progress(seen, of)
    rows = await connection.fetch(_NAMED, list(found), await vault.person(connection, id_number))
    return [Named(**row) for row in rows]


async def held(log: Log, vault: Vault, filing: asyncpg.Record) -> tuple[dict[str, Any], list[Reference]]:
    """Returns one of the person's filings, decrypted, as plain data, and its files. Raises `UnfoldableError`."""
    streams: dict[str, Any] = {}
    for row in await log.connection.fetch(_STREAMS, filing["filing_id"], list(KINDS)):
        streams[row["stream"]] = [
            {"seq": one.seq, "at": one.at.isoformat(), "actor": plain(one.actor), "event": plain(one.event)}
            for one in (await log.read(row["stream"])).events
        ]
    said = await told(log.connection, vault, await log.connection.fetch(_OF_FILING, filing["filing_id"]))
    files = list(dict.fromkeys(reference for _, reference in said.files))
    about = {name: str(filing[name]) for name in ("code", "filing_id", "agency", "procedure", "version")}
    stream = filing_workflow(filing["filing_id"])
    looks: list[Any] = []
    asked: AskAccess | None = AskAccess(stream=stream)
    while asked is not None:
        page = await access(log, asked, vault.find)
        looks += map(plain, page.rows)
        asked = asked.model_copy(update={"after": page.next}) if page.next else None
    unread = [one.model_dump(mode="json") for one in await parked(log, stream)]
    listed = [reference._asdict() for reference in files]
    return about | {"streams": streams, "looks": looks, "signals": unread, "files": listed}, files


async def see_export(connection: Connection, answer: AnswerExport) -> None:
    """Raises `RefusalError` unless the request for a person's data is open and the officer may answer the request."""
    await see_role(connection, answer.actor)
    if not await connection.fetchval(_WAITS, answer.n):
        raise refuse(problem("n", "no_export_asked"))


async def answer_export(connection: Connection, answer: AnswerExport) -> None:
    """Records that the data were handed out, or that the request was declined. Raises `RefusalError`."""
    async with connection.transaction():
        await see_export(connection, answer)
        await connection.execute(_ANSWER_EXPORT, answer.n, answer.actor.subject, answer.declined)


async def exports(connection: Connection) -> list[ExportRequest]:
    """Returns all requests for persons' data, in the order of their numbers."""
    return [ExportRequest.model_validate(dict(row)) for row in await connection.fetch(_EXPORTS)]


_PAGE: Final = 1000
_OWN: Final = "select * from filing where person = $1 order by submitted_at, code"
_EVENTS: Final = "select count(*) from event where sealed is not null and filing_id is not null"
_SEALED: Final = """
select stream, seq, filing_id, sealed from event
where sealed is not null and filing_id is not null and (stream, seq) > ($1, $2) order by stream, seq limit $3
"""
_NAMED: Final = """
select code, procedure from filing where filing_id = any($1) and person is distinct from $2 order by code
"""
_STREAMS: Final = """
select stream from stream
where filing_id = $1 and head_seq > 0 and split_part(stream, ':', 1) = any($2) order by stream
"""
_OF_FILING: Final = f"select {COLUMNS} from event where filing_id = $1 order by stream, seq"  # noqa: S608 -- names of ours
_ASK_EXPORT: Final = "insert into export_request (reason, officer, agency) values ($1, $2, $3) returning n"
_WAITS: Final = "select true from export_request where n = $1 and given is null for update"
_ANSWER_EXPORT: Final = """
update export_request
set given = $3::text is null, answered_by = $2, answered_at = clock_timestamp(), declined_because = $3 where n = $1
"""
_EXPORTS: Final = "select * from export_request order by n"


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

    async def work(log: Log, vault: Vault, progress: Progress) -> tuple[requests.Asked | None, list[Named]]:
        asked = None
        if theirs := tuple(row["code"] for row in await own(log.connection, vault, who)):
            said_ = order(AskErasure, actor, cause=ErasureCause.PERSON, reason=reason, filings=theirs)
            asked = await requests.ask(log, said_)
        return asked, await others(log.connection, vault, who, progress)

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
    n = request or asked(actor, str(reason))
    given = order(AnswerExport, actor, n=n)
    ask(lambda connection: see_export(connection, given), OWNER)
    try:
        to.mkdir(mode=0o700, parents=True)
    except OSError as error:
        fail(f"{to}: {error.strerror}; --request {n}", Exit.USAGE)

    async def work(log: Log, vault: Vault, progress: Progress) -> dict[str, Any]:
        filings = []
        for row in await own(log.connection, vault, who):
            about, files = await held(log, vault, row)
            filings.append(about | {"missing": await _copy(store, files, to)})
        named = await others(log.connection, vault, who, progress)
        return {"filings": filings, "named_in": [one._asdict() for one in named], "elsewhere": left()}

    exported = _within(APPLICATION, master, work) | {"request": n}
    file = to / "held.json"
    file.touch(mode=0o600)
    file.write_text(json_text(exported) + "\n", encoding="utf-8")
    ask(lambda connection: answer_export(connection, given), OWNER)
    counted = {"filings": len(exported["filings"]), "named_in": len(exported["named_in"])}
    told = {"folder": to, "request": n} | counted
    show_one(counted | {"file": file}, columns("file filings"), as_json=as_json, data=told)


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
    n = asked(actor, reason)
    show_one({"n": n, "state": "waiting"}, _STATE, as_json=as_json, data={"n": n})


@requests_app.command("list")
def list_requests(*, as_json: AsJson = False) -> None:
    found = ask(exports)
    data = [dict(plain(one)) | {"state": one.state} for one in found]
    show_all(found, _REQUESTS, as_json=as_json, data=data)


@requests_app.command()
def decline(n: Asked, *, reason: ImpersonalReason, actor: Operator, as_json: AsJson = False) -> None:
    answer = order(AnswerExport, actor, n=n, declined=reason)
    ask(lambda connection: answer_export(connection, answer), OWNER)
    now = {"n": n, "state": "declined"}
    show_one(now, _STATE, as_json=as_json, data=now)


def asked(actor: str, reason: str) -> int:
    """Records a request for a person's data and returns the request's number, or ends the command."""
    given = order(AskExport, actor, reason=reason)

    async def record(connection: Connection) -> int:
        await see_role(connection, given.actor)
        return int(await connection.fetchval(_ASK_EXPORT, given.reason, given.actor.subject, given.actor.agency))

    return ask(record, OWNER)


_REQUESTS: Final = columns("n when:asked_at reason officer answered_by state|export_state answered:answered_at")
_STATE: Final = columns("n state|export_state")
