"""The log's streams as rows of the read models: read, opened and folded by the rules, as their workflows do."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any, Final
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag

from activities.intake import CALENDAR
from activities.ledger import event_rows
from activities.ledger.database import Connection
from activities.ledger.vault import FilingKey, Vault
from rules import parcel, payment
from rules.filing import lifecycle, projections
from schemas.filing.events import Submitted
from schemas.filing.state import Filing
from schemas.parcel import ConsignmentRequested, Parcel
from schemas.payment import Payment, PaymentRequested
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure import ProcedureRules
from schemas.stream.ledger import Recorded
from schemas.stream.rows import Rows

_KEYS: Final = "select filing_id, key_id, wrapped from filing_key where filing_id = any($1)"
_PROCEDURE: Final = "select rules from procedure where code = $1 and version = $2 and sha256 = $3"


class UnfoldableError(Exception):
    """Why a stream can't be folded. Names the stream, and the seq where one event is to blame; nothing personal."""


class Folder:
    """Folds streams of one log. Published procedures and calendars never change: each is read once."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault
        self._procedures: dict[tuple[str, ...], ProcedureRules] = {}
        self._calendars: dict[tuple[str, str], Calendar] = {}

    async def keys(self, filings: Iterable[UUID]) -> dict[UUID, FilingKey]:
        """The keys of these filings, as far as there are any. Raises `UnfoldableError` for another master key."""
        rows = await self._connection.fetch(_KEYS, list(filings))
        try:
            return {row["filing_id"]: self._vault.unwrap(row["key_id"], row["wrapped"]) for row in rows}
        except InvalidTag:
            raise UnfoldableError("a filing's key can't be unwrapped: it was changed, or wrapped otherwise") from None

    async def events(self, stream: asyncpg.Record, key: FilingKey | None) -> list[Recorded]:
        """Every event of a row of `stream`, opened. Raises `UnfoldableError`."""
        name = stream["stream"]
        rows = await self._connection.fetch(event_rows.SELECT, name, 1)
        if [row["seq"] for row in rows] != list(range(1, len(rows) + 1)) or len(rows) < stream["head_seq"]:
            raise UnfoldableError(f"{name}: events are missing; see: motcua ledger verify")
        if key is None:
            raise UnfoldableError(f"{name}: the key of its filing is not there")
        return [_opened(name, row, key) for row in rows]

    async def filing(self, stream: asyncpg.Record, events: list[Recorded]) -> Filing:
        """The filing after these events, the first of which hands it in. Raises `UnfoldableError`."""
        first: Any = events[0].event
        before = Filing(
            filing_id=stream["filing_id"],
            agency=stream["agency"],
            procedure=await self._procedure(stream["stream"], first),
            calendar=await self._calendar(stream, first),
        )
        try:
            return reduce(lifecycle.evolve, events, before)
        except (LookupError, TypeError, ValueError) as error:
            raise _unfoldable(stream["stream"], error) from None

    async def rows(self, stream: asyncpg.Record, events: list[Recorded]) -> Rows:
        """What the read models show of the stream after these events. Raises `UnfoldableError`."""
        first: Any = events[0].event
        who = {"filing_id": stream["filing_id"], "agency": stream["agency"]}
        try:
            match first:
                case Submitted():
                    return projections.filing_rows(await self.filing(stream, events))
                case PaymentRequested(n=n):
                    return projections.payment_rows(reduce(payment.evolve, events, Payment(n=n, **who)))
                case ConsignmentRequested(n=n):
                    return projections.parcel_rows(reduce(parcel.evolve, events, Parcel(n=n, **who)))
        except (LookupError, TypeError, ValueError) as error:
            raise _unfoldable(stream["stream"], error) from None
        raise UnfoldableError(f"{stream['stream']} seq 1: no stream begins with {first.kind}")

    def submitted(self, first: Any) -> dict[str, Any]:
        """What the ledger adds to a filing's row when it is handed in, beside what its workflow knows."""
        return {"person": self._vault.person(first.applicant.id_number)} if isinstance(first, Submitted) else {}

    async def _procedure(self, name: str, first: Submitted) -> ProcedureRules:
        """The published rules that the submission pinned.

        Whose standing order it was is not in them: that stands in the events.
        """
        pinned = (first.procedure, first.version, first.procedure_sha256)
        if pinned not in self._procedures:
            rules = await self._connection.fetchval(_PROCEDURE, *pinned)
            if rules is None:
                what = f"{first.procedure}@{first.version} with sha256 {first.procedure_sha256}"
                raise UnfoldableError(f"{name} seq 1: {what} is not published here")
            self._procedures[pinned] = ProcedureRules.model_validate_json(rules)
        return self._procedures[pinned]

    async def _calendar(self, stream: asyncpg.Record, first: Submitted) -> Calendar:
        """The calendar that was in force at the submission."""
        wanted = (first.calendar, stream["agency"])
        if wanted not in self._calendars:
            body = await self._connection.fetchval(CALENDAR, *wanted)
            if body is None:
                raise UnfoldableError(f"{stream['stream']} seq 1: the calendar {first.calendar} is not published here")
            self._calendars[wanted] = Calendar.model_validate_json(body)
        return self._calendars[wanted]


def _unfoldable(name: str, error: Exception) -> UnfoldableError:
    return UnfoldableError(f"{name}: its events do not fold: {type(error).__name__}")


def _opened(name: str, row: asyncpg.Record, key: FilingKey) -> Recorded:
    try:
        return event_rows.recorded_in(name, row, key)
    except InvalidTag:
        why = "its sealed part can't be opened: it was changed, or sealed by another key; see: motcua ledger verify"
    except ValueError:
        why = "no event that this version can read"
    raise UnfoldableError(f"{name} seq {row['seq']}: {why}")
