"""Proofs that the streams of a bundle are in the newest checkpoint (C2SP tlog-proof)."""

from base64 import b64encode
from typing import Any, Final

from activities.checkpoints.log import Log, newest_log
from activities.checkpoints.place import CheckpointError, Fault, Place
from rules.proof.checkpoint import Checkpoint, evidence
from rules.proof.note import Verifier
from rules.proof.tiles import WIDTH
from rules.proof.tree import Leaf, leaf_hash
from verifier.tree import root_by
from views.log import Connection

Json = dict[str, Any]

_LAST: Final = "select position, seq from position where stream = $1 and position <= $2 order by seq desc limit 1"


async def proofs_of(connection: Connection, place: Place, key: Verifier, streams: list[Json]) -> list[Json]:
    """Returns, for each stream, the proof of its last event in the newest checkpoint; none for a newer stream.

    `key` is the log's, under the name of the first log. Raises `CheckpointError`, also if the record has another event
    at that position.
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
            path = await _path(log, index, newest.checkpoint, _leaf(stream, seq))
            proof = b64encode(evidence(index, path, newest.note)).decode()
            proofs.append({"stream": stream["stream"], "seq": seq, "proof": proof})
    return proofs


def _leaf(stream: Json, seq: int) -> Leaf:
    hashes = [event["hash"] for event in stream["events"] if event["seq"] == seq]
    if not hashes:
        raise CheckpointError(Fault.OTHER_EVENTS, f"{stream['stream']} seq {seq} has a position, and is not there")
    return Leaf(stream["stream"], seq, bytes.fromhex(hashes[0]))


async def _path(log: Log, index: int, checkpoint: Checkpoint, leaf: Leaf) -> list[bytes]:
    there = (await log.entries(index // WIDTH, checkpoint.size))[index % WIDTH]
    if there != leaf.data:
        message = f"{leaf.stream} seq {leaf.seq} is not what was checkpointed; see: motcua ledger verify --checkpoints"
        raise CheckpointError(Fault.OTHER_EVENTS, message)
    path = await log.inclusion(index, checkpoint.size)
    if root_by(path, leaf_hash(there), index, checkpoint.size) != checkpoint.root:
        raise CheckpointError(Fault.DAMAGED, "the tiles at the second place do not give the checkpoint")
    return path
