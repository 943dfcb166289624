"""A record that was brought back from a backup of yesterday: what is found, what is said, and what goes on."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from activities.checkpoints.making import begin_anew, make
from activities.checkpoints.place import CheckpointError, Fault
from tests.acting import Play, extract
from tests.conftest import World
from tests.histories import with_fee
from tests.integration.proof.conftest import LOG, NAME, Record, copied, witness_at
from verifier import notes
from verifier.checkpoint import Rule, verify


async def test_a_backup_of_yesterday(world: World, tmp_path: Path) -> None:
    async with witness_at(tmp_path / "w1", LOG.verifier, LOG.named(f"{NAME}/2").verifier) as witness:
        async with world.platform(), world.back_office():
            await Play.begin(world, with_fee())
        record = Record(world, await asyncpg.connect(world.superuser_dsn), tmp_path / "second", [witness.witness], 1)
        yesterday = (await record.checkpoint()).checkpoint
        await record.connection.close()
        async with copied(world, f"{world.namespace}_old") as backup:
            async with world.platform(), world.back_office():
                lost = await Play.begin(world, extract())
            today = await asyncpg.connect(world.superuser_dsn)
            last = await make(today, record.setup)
            await today.close()
            assert last is not None
            assert last.checkpoint.size > yesterday.size

            restored = await asyncpg.connect(backup)
            report = await verify(restored, record.place, record.trust)
            assert {one.rule for one in report.findings} == {Rule.EVENT_MISSING}
            assert f"filing:{lost.filing}" in {one.stream for one in report.findings}, "what was lost is named"
            with pytest.raises(CheckpointError) as refusal:
                await make(restored, record.setup)
            assert refusal.value.fault is Fault.FEWER_EVENTS

            new = await begin_anew(restored, record.setup, "the disk of the database was lost")
            assert new is not None
            assert new.checkpoint.size == yesterday.size
            assert (
                new.checkpoint.extensions[0] == f"succeeds {NAME} {last.checkpoint.size} {last.checkpoint.root.hex()}"
            )
            report = await verify(restored, record.place, record.trust)
            assert (report.verified, report.cosigned) == (True, (witness.key.name,))
            assert report.succeeds[1] == "reason the disk of the database was lost"
            before = notes.Checkpoint(NAME, last.checkpoint.size, last.checkpoint.root)
            report = await verify(restored, record.place, record.trust, before)
            assert {one.rule for one in report.findings} == {Rule.CHECKPOINT}, "who knew the old log is told"
            await restored.close()
