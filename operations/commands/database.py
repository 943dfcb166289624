"""Where the record is, and how a command asks it: an answer, or one line and an exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg

from activities.keys.manager import KeysUnavailableError
from motcua.cli.running import Exit, fail, note, refuse
from operations.addresses import APPLICATION, find_address
from operations.patience import while_away
from schemas.errors import RefusalError
from views.log import DATABASE_ERRORS

TIMEOUT: Final = 10.0
"""Seconds for connecting, and for each statement."""

_SCHEMES: Final = ("postgresql://", "postgres://")

T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def address(variable: str) -> str:
    """The database's address, or the end of the command."""
    found = find_address(variable)
    if found and not found.startswith(_SCHEMES):
        fail(f"{variable} phải có dạng / is written postgresql://user:password@host/name", Exit.USAGE)
    if not found:
        fail(
            f"chưa biết cơ sở dữ liệu: đặt {variable}, hoặc chạy `motcua up` ở thư mục này / "
            f"no database: set {variable} (postgresql://user:password@host/name), or run `motcua up` in this folder",
            Exit.USAGE,
        )
    return found


def ask(work: Callable[[Connection], Awaitable[T]], variable: str = APPLICATION) -> T:
    """What `work` returns, given a connection."""
    dsn = address(variable)

    async def within() -> T:
        connection: Connection = await asyncpg.connect(dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=TIMEOUT)

    return answered(within, variable)


def answered(work: Callable[[], Coroutine[Any, Any, T]], variable: str = APPLICATION) -> T:
    """What `work` returns; a refusal, or a database that fails it, ends the command.

    The database's own words may quote values: they are never shown.

    While the database is started again, `work` is repeated: it must be safe to.
    """
    try:
        return asyncio.run(while_away(work, told=say_away))
    except RefusalError as error:
        refuse(error.refusal)
    except asyncpg.DiskFullError:
        fail(f"đĩa của cơ sở dữ liệu đã đầy / the disk of the database in {variable} is full", Exit.UNREACHABLE)
    except asyncpg.UndefinedTableError:
        fail(
            f"cơ sở dữ liệu chưa có bảng: chạy `motcua migrate` / the database in {variable} has no tables of ours: "
            "run `motcua migrate`",
            Exit.REFUSED,
        )
    except asyncpg.InsufficientPrivilegeError:
        fail(
            f"không đủ quyền / the role in {variable} may not do this; a read needs the application role, a change "
            "the owner",
            Exit.REFUSED,
        )
    except KeysUnavailableError as error:
        fail(f"không hỏi được nơi giữ khóa / {error}; see `motcua doctor`", Exit.UNREACHABLE)
    except (OSError, TimeoutError, *DATABASE_ERRORS) as error:
        fail(
            f"không kết nối được cơ sở dữ liệu / the database in {variable} refused or did not answer: "
            f"{type(error).__name__}; run the command again once it is there, see `motcua doctor`",
            Exit.UNREACHABLE,
        )


def say_away(seconds: float) -> None:
    """Say that the database is waited for."""
    note(f"cơ sở dữ liệu chưa trả lời, chờ / the database does not answer, waiting up to {seconds:.0f} s")
