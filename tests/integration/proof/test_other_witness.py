"""A witness that others have written, that of Sigsum, cosigns what grows, and refuses what contradicts it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from activities.checkpoints.place import CheckpointError, Fault
from activities.partners.witness import Witness
from rules.proof.note import Kind, Signer, Verifier, signers
from tests.acting import eventually
from tests.integration.proof.conftest import LOG, Record
from tests.programs import program
from verifier.checkpoint import verify

TREE: Final = f"sigsum.org/v1/tree/{sha256(LOG.verifier.public).hexdigest()}"
"""The one name under which this witness knows a log."""


def written(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n"


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def sigsum_witness(folder: Path) -> AsyncIterator[tuple[str, Verifier]]:
    """Where it answers, and its key. It knows our log."""
    key, file, log = Ed25519PrivateKey.generate(), folder / "key", folder / "log.pub"
    public = key.public_key().public_bytes_raw()
    file.touch(0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    log.write_bytes(written(Ed25519PublicKey.from_public_bytes(LOG.verifier.public)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("-k", file, "--log-key", log, "--state-file", folder / "state", f"127.0.0.1:{port}")
    # As Debian builds it, it takes the patterns of its own addresses for plain ones, unless it is told.
    process = await asyncio.create_subprocess_exec(
        program("sigsum-witness"), *options, env={"GODEBUG": "httpmuxgo121=0"}
    )
    try:
        await eventually(lambda: asyncio.to_thread(is_listening, port), bool)
        name = f"sigsum.org/v1/witness/{sha256(public).hexdigest()}"
        yield f"http://127.0.0.1:{port}", Verifier(name, Kind.WITNESS, public)
    finally:
        process.terminate()
        await process.wait()


async def test_it_cosigns_what_grows_and_refuses_what_was_rewritten(record: Record, tmp_path: Path) -> None:
    record.signer = Signer.of(TREE, Kind.LOG, LOG.secret)
    async with sigsum_witness(tmp_path) as (url, key), httpx.AsyncClient(trust_env=False) as client:
        record.witnesses, record.quorum = [Witness(client, url, key)], 1
        for more in (3, 297, 400):
            await record.grow(more)
            made = await record.checkpoint()
            assert [one.by for one in signers(made.note, [key])] == [key]
        assert made.checkpoint.size == 700
        found = await verify(record.connection, record.place, record.trust)
        assert (found.verified, found.cosigned) == (True, (key.name,))

        record.folder = tmp_path / "rewritten"
        await record.connection.execute("update event set hash = sha256('another') where seq = 2")
        with pytest.raises(CheckpointError) as error:
            await record.checkpoint()
        assert error.value.fault is Fault.CONTRADICTED
