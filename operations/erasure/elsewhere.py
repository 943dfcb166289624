"""Which filings were erased, kept at the second place by their ids alone.

A backup of before, once it is brought back, has them again with their keys, and knows nothing of their erasure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from obstore.exceptions import BaseError

from activities.checkpoints.place import Place
from operations.erasure.retention import ASKED_FOR
from views.log import Connection

FOLDER: Final = "erased"
"""Beside the folders of the logs: an empty file for each filing."""


class NotErasedError(Exception):
    """Why nothing was erased."""


class Back(NamedTuple):
    """A filing that was erased and is not so in the record; whether its erasure is asked for."""

    code: str
    asked: bool


async def tell(place: Place, filings: Iterable[UUID]) -> None:
    """Keep that these are erased. Raises `NotErasedError` if the second place fails."""
    try:
        for filing in filings:
            await place.add(f"{FOLDER}/{filing}", b"")
    except (BaseError, OSError) as error:
        msg = f"the second place (MOTCUA_CHECKPOINTS) can't keep that it is: {type(error).__name__}"
        raise NotErasedError(msg) from None


async def tell_all(connection: Connection, place: Place) -> None:
    """The same of all that are erased in the record and are not there yet: those of before there was a second place."""
    try:
        there = await _there(place)
    except (BaseError, OSError, ValueError) as error:
        msg = f"the second place (MOTCUA_CHECKPOINTS) can't be read: {type(error).__name__}"
        raise NotErasedError(msg) from None
    erased = {row["filing_id"] for row in await connection.fetch(_ERASED)}
    await tell(place, sorted(erased - there))


async def back(connection: Connection, place: Place) -> list[Back]:
    """The filings that a backup has brought back. Raises what asyncpg and obstore raise, and `ValueError`."""
    return [Back(**row) for row in await connection.fetch(_BACK, sorted(await _there(place)))]


async def _there(place: Place) -> set[UUID]:
    return {UUID(name) for name in await place.names(FOLDER)}


_ERASED: Final = "select filing_id from filing where erased_at is not null"
_BACK: Final = f"""
select code, {ASKED_FOR} as asked from filing where filing_id = any($1) and erased_at is null order by code
"""  # noqa: S608 -- a constant
