"""A new version of a procedure is published while filings run, as by hand with five hundred (`new_version`)."""

from __future__ import annotations

from pathlib import Path

from tests.acting import Doubtful
from tests.conftest import World
from tests.faults.new_version import CHANGES, prove


async def test_filings_keep_the_version_that_they_were_received_under(world: World, tmp_path: Path) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        proof = await prove(world, tmp_path, filings=10, sample=3)
    assert proof.wrong == []
    assert (proof.named_by_what_if, proof.unmoved, proof.named_by_diff) == (10, 10, len(CHANGES))
    assert (proof.ended_by_the_old_rules, proof.ended_by_the_new_rules) == (3, 3)
