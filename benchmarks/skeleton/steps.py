"""The skeleton's activities: each has the same kind, options and queue as the product's activity, but no real work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import asyncpg
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.partners.polling import nothing_new
from console.database import connected
from motcua.stopping import GRACE
from rules.payment.late_money import EARLY

Plain: TypeAlias = dict[str, Any]
"""A JSON object of at most 200 bytes."""
QUEUE: Final = "skeleton"
OFFICE_QUEUE: Final = "skeleton-office"
TABLE: Final = """
create table if not exists skeleton (stream text, seq integer, step text not null, body text not null,
                                     primary key (stream, seq));
grant select, insert on skeleton to motcua_app
"""
INSERT: Final = "insert into skeleton (stream, seq, step, body) values ($1, $2, $3, $4) on conflict do nothing"
_APPENDED: Final = "select array_agg(step order by seq) from skeleton where stream = $1"


async def appended(dsn: str, streams: Iterable[str]) -> list[list[str]]:
    async with connected(dsn) as connection:
        return [await connection.fetchval(_APPENDED, stream) for stream in streams]


class Steps:
    """The activities of the skeleton's filings and payments. The pool's connections keep prepared statements."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    def activities(self) -> list[Callable[..., Any]]:
        return [self.append, self.open, self.merchant, self.order, self.money, self.late_money, self.confirm]

    @activity.defn(name="skeleton.append")
    async def append(self, batch: Plain) -> Plain:
        await self._pool.execute(INSERT, batch["stream"], batch["seq"], batch["step"], batch["at"])
        return {"seq": batch["seq"], "step": batch["step"], "at": batch["at"]}

    @activity.defn(name="skeleton.open")
    async def open(self, wanted: Plain) -> Plain:
        return {"procedure": wanted["procedure"], "queue": OFFICE_QUEUE}

    @activity.defn(name="skeleton.merchant")
    async def merchant(self, agency: str) -> str | None:
        """Looks up the agency's merchant. Returns None, because no agency has a merchant here."""
        found: str | None = await self._pool.fetchval("select merchants[1] from agency where agency = $1", agency)
        return found

    @activity.defn(name="skeleton.order")
    async def order(self, request: Plain) -> Plain:
        return {"order_id": request["key"], "pay_url": "in-process:pay", "cancelled": False}

    @activity.defn(name="skeleton.money")
    async def money(self, request: Plain) -> Plain:
        return {"capture_id": request["key"], "amount": 16000}

    @activity.defn(name="skeleton.late_money")
    async def late_money(self, _: Plain) -> Plain:
        """Reports no money, so that Temporal retries this activity as in the first hour of the product's watch."""
        looks = activity.info().attempt
        raise nothing_new(EARLY[looks] - EARLY[looks - 1])

    @activity.defn(name="skeleton.confirm")
    async def confirm(self, file: Plain) -> bool:
        return bool(file)


@activity.defn(name="skeleton.issue")
async def issue(request: Plain) -> Plain:
    return {"key": request["request_id"], "sha256": "0" * 64, "size": 1, "media_type": "text/plain"}


def office(client: Client) -> Worker:
    """Returns the worker of the skeleton's back office. It has the same options as the client kit's back office."""
    return Worker(client, task_queue=OFFICE_QUEUE, activities=[issue], graceful_shutdown_timeout=GRACE)
