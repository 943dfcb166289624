"""The settings of checkpoints, and the proofs that the newest checkpoint has a bundle's streams (C2SP tlog-proof)."""

import os
from base64 import b64encode
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from activities.checkpoints.log import CheckpointError, Fault, Log, Place, newest_log
from activities.signature.proof import stamped_at
from console.addresses import stack_beside
from motcua.cli.running import Exit, fail, refusing
from rules.proof.checkpoint import Checkpoint, evidence
from rules.proof.note import NoteError, Verifier, read_note
from rules.proof.tiles import WIDTH
from rules.proof.tree import Leaf, leaf_hash
from schemas.translate import said
from verifier import notes
from verifier.checkpoint import Trust
from verifier.tree import root_by
from views.log import Connection
from workers.settings import CheckpointSettings
from workers.trust import authorities_in, policy_in, signer_in

Json = dict[str, Any]

_LAST: Final = "select position, seq from position where stream = $1 and position <= $2 order by seq desc limit 1"


async def proofs_of(connection: Connection, place: Place, key: Verifier, streams: list[Json]) -> list[Json]:
    """Returns, for each stream, the proof of its last event in the newest checkpoint; none for a newer stream.

    `key` is the log's public key, named after the first log. Raises `CheckpointError`, also if the checkpoint has
    another event at that position.
    """
    log = await newest_log(place, key.name)
    newest = await log.newest(Verifier(log.origin, key.kind, key.public))
    if newest is None:
        return []
    proofs = []
    for stream in streams:
        row = await connection.fetchrow(_LAST, stream["stream"], newest.checkpoint.size)
        if row is not None:
            index, seq = row["position"] - 1, row["seq"]
            path = await _path(log, newest.checkpoint, index, stream, seq)
            proof = b64encode(evidence(index, path, newest.note)).decode()
            proofs.append({"stream": stream["stream"], "seq": seq, "proof": proof})
    return proofs


async def _path(log: Log, checkpoint: Checkpoint, index: int, stream: Json, seq: int) -> list[bytes]:
    hashes = [event["hash"] for event in stream["events"] if event["seq"] == seq]
    if not hashes:
        raise CheckpointError(Fault.OTHER_EVENTS, f"{stream['stream']} seq {seq} has a position, and is not there")
    leaf = Leaf(stream["stream"], seq, bytes.fromhex(hashes[0]))
    there = (await log.entries(index // WIDTH, checkpoint.size))[index % WIDTH]
    if there != leaf.data:
        message = f"{leaf.stream} seq {leaf.seq} is not what was checkpointed; see: motcua ledger verify --checkpoints"
        raise CheckpointError(Fault.OTHER_EVENTS, message)
    path = await log.inclusion(index, checkpoint.size)
    if root_by(path, leaf_hash(there), index, checkpoint.size) != checkpoint.root:
        raise CheckpointError(Fault.DAMAGED, "the tiles at the second place do not give the checkpoint")
    return path


def settings_set() -> CheckpointSettings:
    settings = settings_here()
    if settings.checkpoints is None:
        fail(said("refused.not_set", name="MOTCUA_CHECKPOINTS"), Exit.USAGE)
    return settings


def settings_here() -> CheckpointSettings:
    for name, value in stack_beside().items():
        os.environ.setdefault(name, value)
    try:
        return CheckpointSettings()
    except ValidationError:
        fail(said("refused.not_set", name="MOTCUA_CHECKPOINT_MINUTES"), Exit.USAGE)


def trust_of(settings: CheckpointSettings) -> Trust:
    """Returns the log's key, the policy for witnesses, the time-stamp verifier. A faulty policy ends the command."""
    log = notes.Key.read(str(log_of(settings)), notes.LOG)
    written = Path(settings.witnesses).read_text(encoding="utf-8") if settings.witnesses else "quorum none"
    policy = notes.Policy(written)
    with refusing(RuntimeError, Exit.USAGE):
        authorities = authorities_in(settings.signature_roots)
    return Trust(log, policy, None if authorities is None else partial(stamped_at, trust=authorities))


def log_of(settings: CheckpointSettings) -> Verifier:
    """Returns the log's key: the one in the policy, else the one in the file of the signing key."""
    with refusing(RuntimeError, Exit.USAGE):
        logs = policy_in(settings.witnesses).logs
        return logs[0] if logs else signer_in(settings.checkpoint_key).verifier


def checkpoint_before(since: Path | None) -> notes.Checkpoint | None:
    if since is None or not since.exists():
        return None
    try:
        read = Checkpoint.read(read_note(since.read_bytes()).text)
    except (OSError, NoteError) as error:
        fail(f"{since}: {getattr(error, 'strerror', None) or error}", Exit.USAGE)
    return notes.Checkpoint(read.origin, read.size, read.root)
