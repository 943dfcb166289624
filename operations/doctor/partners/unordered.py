"""The check for acts of bank, post or signing service in our name that no event of the log requested."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import httpx

from activities.partners.http import RejectedError
from operations import reconciling as rc
from operations.doctor.check import Finding, Surroundings, fail, ok, skipped, warn
from schemas.stream.ledger import About
from schemas.translate import said

SHOWN: Final = 5


async def acts(around: Surroundings) -> list[Finding]:
    """Reports acts that no event requested. An act about an unknown filing may belong to another installation."""
    listed: list[rc.Act] = []
    silent = 0
    for name, ask in ((rc.BANK, rc.listed_by_bank), (rc.POST, rc.listed_by_post)):
        if url := around.settings.get(name):
            try:
                theirs = await ask(url)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                theirs = None
            silent += theirs is None
            listed += theirs or ()
    if silent and not listed:
        return [skipped("doctor.acts.unlisted")]
    async with around.record() as connection:
        found = await rc.unordered(connection, listed)
    ours = [one for one in found if one.ours]
    told = _not_ordered(ours)
    if strange := len(found) - len(ours):
        told.append(warn("doctor.acts.not_known", count=strange))
    return told or [ok("doctor.acts.well", count=len(listed))]


def _not_ordered(found: Sequence[rc.Unordered]) -> list[Finding]:
    if not found:
        return []
    keys = ", ".join(f"{one.act.deed} {one.act.key}" for one in found[:SHOWN])
    more = f" (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
    return [fail("doctor.acts.not_ordered", keys=keys, more=more)]


async def signatures(around: Surroundings) -> list[Finding]:
    """Checks the newest signatures against the record, if the signing service lists them."""
    found: list[rc.UnorderedSignature] = []
    try:
        async with around.record() as connection:
            async for page in rc.listed_by_signer(around.settings["MOTCUA_SIGNER_URL"]):
                found += await rc.unordered_signatures(connection, page)
    except RejectedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return [skipped("doctor.unordered_signatures.unlisted")]
    return findings(found)


def findings(found: Sequence[rc.UnorderedSignature]) -> list[Finding]:
    """Returns the findings for signatures that the log does not confirm."""
    by_wrong = {wrong: [one.order for one in found if one.wrong is wrong] for wrong in rc.Wrong}
    wrongs = [_found(wrong, orders) for wrong, orders in by_wrong.items() if orders]
    return wrongs or [ok("doctor.unordered_signatures.well")]


def _found(wrong: rc.Wrong, orders: list[About]) -> Finding:
    named = ", ".join(f"{one.stream} {one.seq}" for one in orders[:SHOWN])
    more = " …" if len(orders) > SHOWN else ""
    report = fail if wrong is rc.Wrong.NOT_ORDERED else warn
    what = said(f"doctor.signature.{wrong.name.lower()}")
    return report("doctor.unordered_signatures.some", count=len(orders), what=what, named=named, more=more)
