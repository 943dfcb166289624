"""An agency's seal on its papers: by what its entry of the directory says, also where its officers sign no results."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

import asyncpg
import pytest
import yaml
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.printing.refusal import SealRefusedError
from activities.results.entry import signers_of
from activities.results.sealing import AgencySeal
from activities.signature.certificate_subject import SubjectRules, identities
from publishing.authoring.procedures import seed_directory
from tests.acting import AGENCY
from tests.conftest import World
from tests.integration.signature import party as p
from tests.workflow.results import signers

AT: Final = datetime(2026, 11, 27, 2, tzinfo=UTC)
OWN: Final = "0109999998"


@pytest.fixture
def seal(pool: asyncpg.Pool[Any], party: p.Party) -> AgencySeal:
    return AgencySeal(pool, party.signer, party.lasting())


async def said(world: World, **said: Any) -> None:
    entry = {"agency": AGENCY, "name": {"vi": "Ủy ban nhân dân xã Hoằng Sơn", "en": "Hoang Son"}} | said
    file = yaml.safe_dump({"agencies": [entry]}, allow_unicode=True).encode()
    await seed_directory(world.owner_dsn, file, world.publisher)


async def sealed_by(seal: AgencySeal) -> set[str]:
    """The numbers in the certificate of the seal; none without one."""
    sealed = await seal.put_on(AGENCY, p.printed(), AT, p.ORDER)
    if sealed is None:
        return set()
    [one] = PdfFileReader(BytesIO(sealed)).embedded_regular_signatures
    assert one.field_name == "seal"
    return {identity.number for identity in identities(one.signer_cert, SubjectRules())}


async def test_a_seal_is_the_agencys_own_or_that_of_those_who_sign_results(
    world: World, pool: asyncpg.Pool[Any], seal: AgencySeal
) -> None:
    assert await sealed_by(seal) == set()
    await said(world, seal=OWN)
    assert await sealed_by(seal) == {OWN}
    async with pool.acquire() as connection:
        assert await signers_of(connection, AGENCY) == []
    await said(world, signing=signers())
    assert await sealed_by(seal) == {signers()[-1]["number"]}
    await said(world, signing=signers(), seal=OWN)
    assert await sealed_by(seal) == {OWN}


async def test_a_seal_whose_certificate_has_expired_is_refused_by_its_rule(world: World, seal: AgencySeal) -> None:
    await said(world, seal="0109999904")
    with pytest.raises(SealRefusedError, match="certificate_expired"):
        await sealed_by(seal)


async def test_what_passes_by_itself_is_no_refusal(world: World, party: p.Party, seal: AgencySeal) -> None:
    await said(world, seal=OWN)
    await party.faults(ocsp="down", crl="down")
    with pytest.raises(Exception, match="revocation_unknown") as raised:
        await sealed_by(seal)
    assert not isinstance(raised.value, SealRefusedError)
