"""Reads everything that is shown of filings: the answers to all questions about them, the registers, the bundles."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.ledger.vault import Vault
from operations.erasure.person import held
from operations.evidence import bundle
from rules.papers.register import period
from rules.require import require
from rules.streams import KINDS
from rules.time.working_time import VIETNAM
from schemas.errors import RefusalCode, RefusalError
from schemas.ids import filing_workflow
from schemas.people import SYSTEM, Actor, Role
from schemas.reading import AskAccess, Audience
from verifier import bundle as bundle_verifier
from views import access, applicant, auditor, officer, operator
from views.log import Connection, Log
from views.registers import filings as register
from views.registers import papers, results
from views.timeline import timeline

OF_A_STREAM: Final = {"payment": applicant.payment, "parcel": applicant.parcel, "referral": applicant.referral}


async def read(connection: Connection, vault: Vault, filing: UUID) -> list[Any]:
    log, stream = Log(connection, vault.find, KINDS), filing_workflow(filing)
    answers: list[Any] = [
        await applicant.filing(log, stream),
        await applicant.clocks(log, stream),
        await applicant.delivery(log, stream),
        await applicant.changes(log, stream, 0),
        *[await timeline(log, stream, audience) for audience in Audience],
        await papers.papers(log, stream),
        await applicant.complaints(log, stream),
        await papers.control_slip(log, stream, None),
        await papers.receipts_of(connection, filing),
        await auditor.events(connection, filing),
        await access.access(log, AskAccess(stream=stream), vault.find),
    ]
    try:
        answers.append(await applicant.result(log, stream))
    except RefusalError as error:
        if error.refusal.code not in {RefusalCode.NOT_ALLOWED, RefusalCode.NOT_READY}:
            raise
    row = require(await operator.row_of(connection, str(filing)))
    answers.append(await results.of_filing(connection, row["code"]))
    whose = [
        (role, Actor(subject="somebody", role=role, agency=row["agency"])) for role in Role if role is not Role.SYSTEM
    ]
    for one in await connection.fetch(_STREAMS, filing):
        name = one["stream"].partition(":")[0]
        if name in KINDS:
            answers.extend([await officer.actions(log, one["stream"], actor) for _, actor in [(None, SYSTEM), *whose]])
        if name in OF_A_STREAM:
            answers.append(await OF_A_STREAM[name](log, one["stream"]))
    return answers


async def bundled(connection: asyncpg.Connection[asyncpg.Record], filing: UUID) -> list[Any]:
    """Returns a filing's id and the problems that the verifier finds in its bundle; an empty list if it finds none."""
    made = require(await bundle.export(connection, str(filing), None))
    report = bundle_verifier.verify(bundle_verifier.canonical(made))
    return [] if report.verified else [filing, *report.problems]


async def registers(connection: Connection, vault: Vault) -> int:
    """Reads the registers of every agency for this month; returns the number of their lines."""
    log, now = Log(connection, vault.find, KINDS), datetime.now(UTC).astimezone(VIETNAM)
    month, lines = require(period(f"{now:%Y-%m}")), 0
    for row in await connection.fetch("select agency from agency"):
        await register.register(connection, row["agency"], month)
        async for page in register.entries(log, row["agency"], month):
            lines += len(page)
        lines += len((await papers.receipts(connection, row["agency"], month)).receipts)
    return lines


async def whole(connection: Connection, vault: Vault, filings: Collection[UUID]) -> dict[UUID, Any]:
    log, rows = Log(connection, vault.find, KINDS), await connection.fetch(_FILINGS, list(filings))
    told = {row["filing_id"]: (await held(log, vault, row))[0] for row in rows}
    return {filing: one["streams"] | {"files": one["files"]} for filing, one in told.items()}


def lacking(before: dict[UUID, Any], after: dict[UUID, Any]) -> list[str]:
    """Returns the data of filings that was there before and is missing now; additions are allowed."""
    return [
        f"{filing} {name}"
        for filing, told in before.items()
        for name, there in told.items()
        if after.get(filing, {}).get(name, [])[: len(there)] != there
    ]


_STREAMS: Final = "select stream from stream where filing_id = $1 and head_seq > 0 order by stream"
_FILINGS: Final = "select * from filing where filing_id = any($1)"
