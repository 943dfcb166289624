"""After the erasure of an applicant, the disk has no byte of the applicant's data left.

The search covers the databases, the store, the logs, the second place of checkpoints, and their witness.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from activities.checkpoints.log import Published
from activities.checkpoints.making import Setup, make
from activities.partners.witness import Witness
from deploy.stack import Stack
from motcua.files.store import Store, open_store
from recovery.checkpoint_store import SecondPlace
from rules.proof.policy import Group, Known, Policy
from tests.acting import eventually
from tests.conftest import PARTS, World, publish_demo, world_of
from tests.integration.operations.erasure import approved, code_of, ended, let_it_pass, request_erasure, worked
from tests.integration.proof.conftest import LOG, witness_at

MARKS: Final = (b"canary", b"Canary", b"CANARY")
OF_OTHERS: Final = ("bank", "post", "trust")
"""The sandboxes whose copies the platform can't erase, as it reports after an erasure."""


@pytest.mark.timeout(400)
async def test_no_byte_of_who_was_erased_is_left_on_the_disk() -> None:
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        folder = Path(name).resolve()
        second = folder / "second"
        async with Stack(folder, parts=PARTS) as stack, witness_at(folder / "witness", LOG.verifier) as witness:
            await publish_demo(stack.env)
            world = await world_of(stack.env, folder)
            async with world.platform(), world.back_office():
                play = await ended(world)
                await world.client.timeline(play.filing)
            await Store(open_store(world.objects)).put(play.filing, b"canary in a file", "application/pdf")
            await let_it_pass(world, play)
            before = await checkpoint(world, second, witness.witness)
            await world.execute("checkpoint")
            assert marked_files(folder), "or else nobody would see that it is gone"
            await approved(world, (await request_erasure(world, await code_of(world, play))).n)
            assert (await worked(world)).executions >= 2
            await eventually(lambda: in_temporal(folder), lambda nodes: nodes == 0, within=90)
            assert (await checkpoint(world, second, witness.witness)).checkpoint.size > before.checkpoint.size
            assert named(second, f"filing:{play.filing}") >= 2, "the filing stands in what was laid there both times"
            await world.execute("vacuum full")
            await world.execute("checkpoint")
        for database in folder.rglob("temporal*.db"):
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("vacuum")
                connection.execute("pragma wal_checkpoint(truncate)")
        assert marked_files(folder) == []


async def checkpoint(world: World, second: Path, witness: Witness) -> Published:
    """Makes a checkpoint of the whole record, with tiles at the second place and a witness's signature; returns it."""
    policy = Policy((), {"w": Known(witness.key, witness.url)}, {"all": Group(1, ("w",))}, "all")
    async with world.connection() as connection:
        made = await make(connection, Setup(SecondPlace.at(second.as_uri()), LOG, policy, (witness,)))
    assert made is not None
    return made


async def in_temporal(folder: Path) -> int:
    """Returns the number of nodes in Temporal's history tables that contain one of `MARKS`.

    Temporal deletes the nodes some time after it has confirmed the deletion.
    """
    [database] = folder.rglob("temporal.db")
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        nodes = connection.execute("select data from history_node").fetchall()
    return sum(any(mark in data for mark in MARKS) for (data,) in nodes)


def named(folder: Path, stream: str) -> int:
    """Returns the number of files that contain a stream's name."""
    return sum(stream.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def marked_files(folder: Path) -> list[str]:
    """Returns the files with one of the marks, without those of `OF_OTHERS`."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(OF_OTHERS)]
    return sorted(str(path.relative_to(folder)) for path in files if any(mark in path.read_bytes() for mark in MARKS))
