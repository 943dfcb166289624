"""The published procedures that are in force, with the items of their public pages (Circular 32/2017 art. 5)."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from activities.ledger.database import Connection, Pool, acquired
from gateway.door.operations import VERSION
from rules.forms.sheet import forms_of, is_form_of
from rules.source import published_procedure
from rules.time.working_time import VIETNAM
from rules.wording.rule_words import filled
from schemas.base import Model, ShortText, Text
from schemas.errors import NOT_FOUND, RefusalError
from schemas.level import Channel, Level
from schemas.publishing.fact import AgencyKind
from schemas.publishing.fee import FeeRule
from schemas.publishing.procedure import Information, PaperRule, Procedure
from schemas.publishing.time_limits import Limits
from views.public import COVERING_FIRST, COVERS

PAGE: Final = 50
"""The number of procedures on a page of the list."""
FORM_PATH: Final = f"{VERSION}/procedures/{{code}}/forms/{{name}}"
"""The address of a blank form."""
_MOST_KNOWN: Final = 1_000


class ListedProcedure(Model):
    """A procedure in the list."""

    code: str
    """code of the national database of procedures, such as 1.001193"""
    version: str
    name: Text
    level: Level
    decided_by: tuple[AgencyKind, ...]
    """kinds of the deciding agencies; empty: any"""


class Catalogue(Model):
    """A page of the list, by code."""

    procedures: tuple[ListedProcedure, ...]
    after: str | None = None
    """code after which the next page begins; not set on the last page"""


class BlankForm(Model):
    """A blank form of a procedure."""

    key: str
    """key of the form, as papers name it, such as forms/1.004222/to-khai.pdf"""
    address: str
    """address of its PDF on this server, such as /v1/procedures/1.004222/forms/to-khai"""


class ProcedurePage(ListedProcedure):
    """The public page of a procedure: its eleven items."""

    agency: Text
    """name of the responsible agency"""
    information: Information
    """steps, ways to carry it out, number of sets, eligible applicants, agency, conditions, places"""
    papers: tuple[PaperRule, ...]
    """papers of the dossier, with the keys of their blank forms"""
    forms: tuple[BlankForm, ...]
    """blank forms, also one that is no paper's; empty at level 1"""
    limits: Limits
    """time limits of the stages"""
    fee: FeeRule | None = None
    """the fee; not set if there is none"""
    result: Text
    """name of the result"""
    channels: tuple[Channel, ...]
    """possible channels of the result"""
    legal_basis: tuple[ShortText, ...]


class Procedures:
    """Answers from the catalogue: for each code, the version for a filing of today, without provinces' differences."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[str, ProcedurePage] = {}

    async def listed(self, request: Request) -> Response:
        """Returns a page of the list; `after` is the code before its first procedure."""
        after = request.query_params.get("after", "")
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_LIST, _today(), after.replace("\0", ""), PAGE + 1)
            pages = await self._pages(connection, rows[:PAGE])
        names = tuple(ListedProcedure(**{name: getattr(one, name) for name in _LISTED}) for one in pages)
        answer = Catalogue(procedures=names, after=names[-1].code if len(rows) > PAGE else None)
        return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")

    async def one(self, request: Request) -> Response:
        """Returns a procedure's page; 304 if the client has it already. Raises `RefusalError`, `not_found`."""
        _, page = await self.governing(request.path_params["code"])
        return unless_known(request, page.model_dump_json(exclude_none=True).encode(), "application/json")

    async def governing(self, code: str) -> tuple[str, ProcedurePage]:
        """Returns the SHA-256 and the page of a procedure's version. Raises `RefusalError`, `not_found`."""
        async with acquired(self._pool) as connection:
            row = None if "\0" in code else await connection.fetchrow(_ONE, _today(), code)
            if row is None:
                raise RefusalError(NOT_FOUND)
            [page] = await self._pages(connection, [row])
        return row["sha256"], page

    async def whole(self, page: ProcedurePage) -> Procedure:
        """Returns the procedure of a page, with the values of its rules in its texts."""
        async with acquired(self._pool) as connection:
            [(source, published_on, _)] = await connection.fetch(_SOURCES, [page.code], [page.version])
        return await asyncio.to_thread(_read, source, published_on)

    async def _pages(self, connection: Connection, rows: Sequence[Any]) -> list[ProcedurePage]:
        if len(self._known) + len(rows) > _MOST_KNOWN:
            self._known.clear()
        if new := [(row["code"], row["version"]) for row in rows if row["sha256"] not in self._known]:
            for source, published_on, sha256 in await connection.fetch(_SOURCES, *map(list, zip(*new, strict=True))):
                self._known[sha256] = await asyncio.to_thread(_made, source, published_on)
        return [self._known[row["sha256"]] for row in rows]


def unless_known(request: Request, body: bytes, media_type: str, **headers: str) -> Response:
    """Returns an answer whose ETag is the digest of its body; 304 if the client has this body already."""
    headers |= {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "Cache-Control": "no-cache"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _read(source: bytes, published_on: date) -> Procedure:
    return filled(published_procedure(source, published_on))


def _made(source: bytes, published_on: date) -> ProcedurePage:
    procedure = _read(source, published_on)
    said = {name: getattr(procedure, name) for name in ProcedurePage.model_fields.keys() & type(procedure).model_fields}
    kinds = procedure.decided_by.kinds if procedure.decided_by else ()
    of_result = {"result": procedure.result.name, "channels": procedure.result.channels}
    return ProcedurePage(**said | of_result | {"decided_by": kinds, "forms": tuple(_forms(procedure))})


def _forms(procedure: Procedure) -> Iterator[BlankForm]:
    for key in forms_of(procedure) if procedure.level > Level.INFORMATION else ():
        if is_form_of(procedure.code, key):
            name = key.rpartition("/")[2].removesuffix(".pdf")
            yield BlankForm(key=key, address=FORM_PATH.format(code=procedure.code, name=name))


def _today() -> date:
    return datetime.now(VIETNAM).date()


_LISTED: Final = tuple(ListedProcedure.model_fields)
_FIRST: Final = f"""
select distinct on (code) code, version, sha256 from procedure
where province is null and not demo and {COVERS.format(day="$1")} and {{which}}
order by code, {COVERING_FIRST.format(day="$1")}
"""  # noqa: S608 -- words of ours
_LIST: Final = _FIRST.format(which="code > $2") + "limit $3"
_ONE: Final = _FIRST.format(which="code = $2")
_SOURCES: Final = """
select source, (published_at at time zone 'Asia/Ho_Chi_Minh')::date, sha256 from procedure
join unnest($1::text[], $2::text[]) as one (code, version) using (code, version)
"""
