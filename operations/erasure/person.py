"""All data held about a person: their own filings, and other people's filings that name them."""

from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from activities.ledger.vault import Vault
from console.operators import see_role
from console.speaking import via_of
from motcua.cli.running import plain
from operations.erasure.requests import Progress
from operations.store.named_files import COLUMNS, Reference, named_files
from rules.rule import refuse
from rules.streams import KINDS
from schemas.errors import problem
from schemas.ids import filing_workflow
from schemas.privacy import AnswerExport, AskExport, ExportRequest
from schemas.reading import AskAccess
from views.access import access
from views.log import Connection, Log


class Named(NamedTuple):
    """Another person's filing that contains this person's id number: its dossier code and procedure."""

    code: str
    procedure: str


async def own(connection: Connection, vault: Vault, id_number: str) -> list[asyncpg.Record]:
    """Returns the filings in the name of the person with this id number. Erased filings are not among them."""
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
    """Returns a filing of the person, decrypted, as plain data; and the filing's files. Raises `UnfoldableError`."""
    streams: dict[str, Any] = {}
    for row in await log.connection.fetch(_STREAMS, filing["filing_id"], list(KINDS)):
        streams[row["stream"]] = [
            {"seq": one.seq, "at": one.at.isoformat(), "actor": plain(one.actor), "event": plain(one.event)}
            for one in (await log.read(row["stream"])).events
        ]
    contents = await named_files(log.connection, vault, await log.connection.fetch(_OF_FILING, filing["filing_id"]))
    files = list(dict.fromkeys(reference for _, reference in contents.files))
    about = {name: str(filing[name]) for name in ("code", "filing_id", "agency", "procedure", "version")}
    stream = filing_workflow(filing["filing_id"])
    looks: list[Any] = []
    page_of: AskAccess | None = AskAccess(stream=stream)
    while page_of is not None:
        page = await access(log, page_of, vault.find)
        looks += map(plain, page.rows)
        page_of = page_of.model_copy(update={"after": page.next}) if page.next else None
    listed = [reference._asdict() for reference in files]
    return about | {"streams": streams, "looks": looks, "files": listed}, files


async def ask_export(connection: Connection, asked: AskExport) -> int:
    """Records a request for a person's data, and returns the request's number. Raises `RefusalError`."""
    async with connection.transaction():
        via = await via_of(connection, asked)
        await see_role(connection, asked.actor)
        return int(await connection.fetchval(_ASK_EXPORT, asked.reason, asked.actor.subject, asked.actor.agency, via))


async def see_export(connection: Connection, answer: AnswerExport) -> str | None:
    """Checks the answer to a person's request. Returns the signing program; None while no program is registered.

    Raises `RefusalError` unless the request for a person's data is open and the officer may answer the request.
    """
    via = await via_of(connection, answer)
    await see_role(connection, answer.actor)
    if not await connection.fetchval(_WAITS, answer.n):
        raise refuse(problem("n", "no_export_asked"))
    return via


async def answer_export(connection: Connection, answer: AnswerExport) -> None:
    """Records that the data were handed out, or that the request was declined. Raises `RefusalError`."""
    async with connection.transaction():
        via = await see_export(connection, answer)
        await connection.execute(_ANSWER_EXPORT, answer.n, answer.actor.subject, answer.declined, via)


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
_ASK_EXPORT: Final = "insert into export_request (reason, officer, agency, via) values ($1, $2, $3, $4) returning n"
_WAITS: Final = "select true from export_request where n = $1 and given is null for update"
_ANSWER_EXPORT: Final = """
update export_request
set given = $3::text is null, answered_by = $2, answered_at = clock_timestamp(), declined_because = $3,
    answered_via = $4
where n = $1
"""
_EXPORTS: Final = "select * from export_request order by n"
