"""Why a filing could not be erased, kept with what was asked for, so that it is seen until it is done."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import Final
from uuid import UUID

from operations.erasure.elsewhere import NotErasedError
from schemas.errors import RefusalError
from views.log import Connection, UnfoldableError

REFUSED: Final = "refused: "
"""With this begins what is kept of a filing that can't be erased yet; the rules follow."""


def why(error: Exception) -> str:
    """The kind of an error, and the line that raised it; its own words only where they can name nobody."""
    match error:
        case RefusalError(refusal=refusal):
            return REFUSED + ", ".join(one.rule for one in refusal.problems)
        case NotErasedError() | UnfoldableError():
            return str(error)
        case _:
            *_, last = extract_tb(error.__traceback__)
            return f"{type(error).__name__} ({Path(last.filename).name}:{last.lineno})"


async def keep(connection: Connection, filing: UUID, problem: str) -> None:
    """Keep why this filing could not be erased, in place of what was kept before."""
    await connection.execute(_KEEP, filing, problem)


_KEEP: Final = """
update erasure set problem = $2 from erasure_deed as answer
where answer.asked = request and answer.deed = 'approve' and filing_id = $1 and finished_at is null
"""
