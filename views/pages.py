"""Keyset pages: a page begins after the key of the previous page's last row."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from schemas.errors import RefusalCode, problem, refused
from schemas.reading import Page

T = TypeVar("T")


def key_of(cursor: str | None, *parts: Callable[[str], str]) -> tuple[str, ...] | None:
    """Returns the key in a cursor, parsed by `parts`; None without a cursor. Raises `RefusalError` if malformed."""
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return tuple(read(part) for read, part in zip(parts, key, strict=True))
    except (AttributeError, TypeError, ValueError):
        raise refused(RefusalCode.BAD_COMMAND, problem("after", "no_such_page")) from None


def text(part: str) -> str:
    """Returns the text if PostgreSQL can store it. Raises `AttributeError` or `ValueError`."""
    if b"\0" in part.encode():
        raise ValueError
    return part


def uuid(part: str) -> str:
    """Returns a UUID as text. Raises `AttributeError` or `ValueError`."""
    return str(UUID(part))


def instant(part: str) -> str:
    """Returns an instant as text, or `infinity`. Raises `TypeError` or `ValueError`."""
    return part if part == "infinity" else str(datetime.fromisoformat(part))


def page(
    model: type[Page[T]],
    as_of: datetime,
    found: Sequence[asyncpg.Record],
    limit: int,
    shown: Callable[[asyncpg.Record], dict[str, Any]],
    key: Callable[[asyncpg.Record], Sequence[Any]],
) -> Page[T]:
    """Returns the first `limit` rows of `found` as a page. A further row in `found` means that there is a next page.

    `shown`: returns the fields of an entry.
    """
    rows = found[:limit]
    cursor = json.dumps([str(part) for part in key(rows[-1])]) if len(found) > limit else None
    following = None if cursor is None else base64.urlsafe_b64encode(cursor.encode()).decode()
    return model.model_validate({"as_of": as_of, "rows": list(map(shown, rows)), "next": following})
