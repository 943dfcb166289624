"""The register of persons' requests for all data held about them.

Each step is one transaction under the role of the database's owner.
"""

from typing import Final

from operations.erasure.requests import see
from rules.rule import refuse
from schemas.errors import problem
from schemas.people import Role
from schemas.privacy.exports import AnswerExport, AskExport, ExportRequest
from views.log import Connection


async def ask(connection: Connection, asked: AskExport) -> int:
    """Records a request. Returns its number. Raises `RefusalError`."""
    await see(connection, asked.actor, Role.OPERATOR)
    return int(await connection.fetchval(_ASK, asked.reason, asked.actor.subject, asked.actor.agency))


async def may_answer(connection: Connection, answer: AnswerExport) -> None:
    """Raises `RefusalError` unless the request is still open and this officer may answer it."""
    await see(connection, answer.actor, Role.OPERATOR)
    if not await connection.fetchval(_WAITS, answer.n):
        raise refuse(problem("n", "no_export_asked"))


async def answered(connection: Connection, answer: AnswerExport) -> None:
    """Records that the data were handed out, or that the request was declined. Raises `RefusalError`."""
    async with connection.transaction():
        await may_answer(connection, answer)
        await connection.execute(_ANSWER, answer.n, answer.actor.subject, answer.declined)


async def exports(connection: Connection) -> list[ExportRequest]:
    """Returns every request, in order."""
    return [ExportRequest.model_validate(dict(row)) for row in await connection.fetch(_ALL)]


_ASK: Final = "insert into export_request (reason, officer, agency) values ($1, $2, $3) returning n"
_WAITS: Final = "select true from export_request where n = $1 and given is null for update"
_ANSWER: Final = """
update export_request
set given = $3::text is null, answered_by = $2, answered_at = clock_timestamp(), declined_because = $3 where n = $1
"""
_ALL: Final = "select * from export_request order by n"
