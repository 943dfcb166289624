"""The list of erased filings at the second place, only by their ids.

If an older backup is restored, the record has these filings and their keys again, and does not know of their erasure.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from obstore.exceptions import BaseError

from activities.checkpoints.log import Place
from operations.erasure.retention import ASKED_FOR
from views.log import Connection

FOLDER: Final = "erased"
"""The folder, beside those of the logs, with an empty file for each erased filing."""


class NotErasedError(Exception):
    """The reason why nothing was erased."""


class Back(NamedTuple):
    """An erased filing that a backup has restored. `asked`: whether the record has a request for its erasure."""

    code: str
    asked: bool


async def tell(place: Place, filings: Iterable[UUID]) -> None:
    """Records at the second place that these filings are erased. Raises `NotErasedError` if that fails."""
    try:
        for filing in filings:
            await place.add(f"{FOLDER}/{filing}", b"")
    except (BaseError, OSError) as error:
        msg = f"the second place (MOTCUA_CHECKPOINTS) can't keep that it is: {type(error).__name__}"
        raise NotErasedError(msg) from None


async def tell_all(connection: Connection, place: Place) -> None:
    """Records at the second place all filings ever erased in the record. Raises `NotErasedError`."""
    try:
        there = await _there(place)
    except (BaseError, OSError, ValueError) as error:
        msg = f"the second place (MOTCUA_CHECKPOINTS) can't be read: {type(error).__name__}"
        raise NotErasedError(msg) from None
    erased = {row["filing_id"] for row in await connection.fetch(_ERASED)}
    await tell(place, sorted(erased - there))


async def back(connection: Connection, place: Place) -> list[Back]:
    """Returns the erased filings that a backup has restored. Raises asyncpg's and obstore's errors, `ValueError`."""
    return [Back(**row) for row in await connection.fetch(_BACK, sorted(await _there(place)))]


async def _there(place: Place) -> set[UUID]:
    return {UUID(name) for name in await place.names(FOLDER)}


_ERASED: Final = "select filing_id from filing where erased_at is not null"
_BACK: Final = f"""
select code, {ASKED_FOR} as asked from filing where filing_id = any($1) and erased_at is null order by code
"""  # noqa: S608 -- a constant
