"""The reason why a filing could not be erased, stored with the request, and visible until the erasure is done."""

from pathlib import Path
from traceback import extract_tb
from typing import Final
from uuid import UUID

from operations.erasure.elsewhere import NotErasedError
from schemas.errors import RefusalError
from views.log import Connection, UnfoldableError

REFUSED: Final = "refused: "
"""The prefix of the reason if a filing can't be erased yet; the names of the rules follow it."""


def why(error: Exception) -> str:
    """Returns an error's type and the line that raised it. Its message is included only if it can't be personal."""
    match error:
        case RefusalError(refusal=refusal):
            return REFUSED + ", ".join(one.rule for one in refusal.problems)
        case NotErasedError() | UnfoldableError():
            return str(error)
        case _:
            *_, last = extract_tb(error.__traceback__)
            return f"{type(error).__name__} ({Path(last.filename).name}:{last.lineno})"


async def keep(connection: Connection, filing: UUID, problem: str) -> None:
    """Stores the reason why this filing could not be erased. It replaces the previous reason."""
    await connection.execute(_KEEP, filing, problem)


_KEEP: Final = """
update erasure set problem = $2 from erasure_deed as answer
where answer.asked = request and answer.deed = 'approve' and filing_id = $1 and finished_at is null
"""
