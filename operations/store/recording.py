"""The means of renewal: the time-stamper, and the recorder in a result's stream."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
from asn1crypto import x509

from activities.signature.revocation import Remembering, Responders
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.trust import Trust, roots_in
from motcua import contract as c
from motcua.cli.running import Exit, fail
from motcua.client import FilingClient
from operations.results.signature_settings import policy_set, subjects_set
from operations.store.renewing import Issued, Records
from schemas.translate import said

TEMPORAL_PATIENCE: Final = 15.0


@asynccontextmanager
async def stamping() -> AsyncIterator[Lasting]:
    file, authority = os.environ.get("MOTCUA_SIGNATURE_ROOTS"), os.environ.get("MOTCUA_TSA_URL")
    if not file or not authority:
        fail(said("refused.set", names="MOTCUA_SIGNATURE_ROOTS, MOTCUA_TSA_URL"), Exit.USAGE)
    try:
        roots = [x509.Certificate.load(one) for one in roots_in(Path(file).read_bytes())]  # noqa: ASYNC240 -- before all
    except (OSError, ValueError) as error:
        fail(f"MOTCUA_SIGNATURE_ROOTS: {type(error).__name__}", Exit.USAGE)
    async with httpx.AsyncClient(timeout=5) as client:
        trust = Trust(roots, Remembering(Responders(client)), policy_set())
        yield Lasting(HttpStamper(client, authority), trust, subjects_set())


@asynccontextmanager
async def records_of(who: c.Actor | None, *, dry_run: bool) -> AsyncIterator[Records]:
    if who is None or dry_run:
        yield _nothing
        return
    async with await FilingClient.connect(patience=TEMPORAL_PATIENCE) as client:
        yield recorded_by(client, who)


def recorded_by(client: FilingClient, who: c.Actor) -> Records:
    """Returns the recorder of renewals in a result's stream, in this operator's name. Idempotent for the same file."""

    async def told(issued: Issued, file: c.FileRef) -> None:
        common = {"command_id": f"renew:{issued.sha256[:48]}", "actor": who, "via": {"principal": "motcua"}}
        order = c.RenewResult.model_validate(common | {"registered": issued.number, "result": file})
        await client.act(f"result:{issued.filing_id}:{issued.n}", order)

    return told


async def _nothing(_: Issued, __: c.FileRef) -> None:
    """Records nothing: for a dry run."""
