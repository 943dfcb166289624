"""A filing, its bundles and a checkpoint store, made by `docs/ledger.md` and C2SP alone, without the product's code.

`python -m tests.unit.verifier.made` writes them to `vectors/made.json`; random values are fixed here.
"""

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Json = dict[str, Any]

FILE: Final = Path(__file__).with_name("vectors") / "made.json"
FILING: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")
CODE: Final = "H01.12-20261125-0000001"
KEY: Final = bytes(range(32))
AT: Final = int(datetime(2026, 11, 25, 1, 50, tzinfo=UTC).timestamp()) * 1_000_000
LOG: Final = "record.example/log"
WITNESS: Final = "witness.example"
PAPER: Final = {"key": "files/1", "sha256": hashlib.sha256(b"paper").hexdigest(), "size": 5}
# Stream, kind, body, command, and the data to seal.
EVENTS: Final[list[tuple[str, str, Json, str, Json | None]]] = [
    (
        "filing",
        "submitted",
        {"code": CODE, "paper_digests": {"form": PAPER["sha256"]}},
        "submit",
        {"actor": "012345678901", "event": {"papers": [{"code": "form", "file": PAPER}]}},
    ),
    ("filing", "fee_requested", {"amount": 50_000, "channel": "online", "n": 1}, "accept", None),
    ("filing", "accepted", {}, "accept", None),
    ("payment", "payment_requested", {"amount": 50_000, "n": 1, "number": "H01.12-20261125-P0000001"}, "request", None),
    ("payment", "payment_captured", {"amount": 50_000, "owed": True}, "capture", None),
    ("filing", "fee_paid", {"amount": 50_000, "channel": "online", "n": 1}, "paid", None),
]
NAMES: Final = {"filing": f"filing:{FILING}", "payment": f"payment:{FILING}:1"}


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def base64(content: bytes) -> str:
    return b64encode(content).decode()


def digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def mac(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()


def number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def field(content: Any) -> bytes:
    return b"\xff\xff\xff\xff" if content is None else len(content).to_bytes(4, "big") + content


def event(place: int, seq: int, before: str) -> tuple[Json, Json | None]:
    """Returns an event as in a bundle that contains the key; and the receipt, if the event is its command's last."""
    of, kind, body, command, private = EVENTS[place]
    stream, at = NAMES[of], AT + place * 1_000_000
    is_last = place + 1 == len(EVENTS) or EVENTS[place + 1][3] != command
    receipt = {"command_id": command, "digest": digest(command.encode()).hex(), "seq": seq}
    bound: Json = {"epoch": 1}
    if seq == 1:
        bound["key"] = digest(b"\x10" + KEY).hex()
    if is_last:
        bound["receipt"] = mac(f"receipt\n{stream}\n{command}\n{receipt['digest']}")
    actor: Json = {"role": "system", "subject": "system"}
    sealed = None
    if private is not None:
        actor = {"role": "applicant", "subject": f"p-{mac(private['actor'])[:32]}"}
        nonce = digest(stream.encode())[:12]
        sealed = nonce + AESGCM(KEY).encrypt(nonce, written(private), f"{stream}\n{seq}".encode())
    id_, key_id, via = uuid5(FILING, f"{stream} {seq}"), "m-1:1" if sealed else None, "portal/web"
    parts = [
        *(stream.encode(), number(seq), id_.bytes, FILING.bytes, b"H01.12", kind.encode(), number(1)),
        *(digest(written(body)), sealed and digest(sealed), key_id and key_id.encode()),
        *(command.encode(), written(actor), via.encode(), number(at), number(at + 7), bytes.fromhex(before)),
        written(bound),
    ]
    made = {
        "stream": stream,
        "seq": seq,
        "event_id": str(id_),
        "filing_id": str(FILING),
        "agency": "H01.12",
        "kind": kind,
        "version": 1,
        "body": base64(written(body)),
        "sealed": sealed and base64(sealed),
        "sealed_sha256": sealed and digest(sealed).hex(),
        "key_id": key_id,
        "command_id": command,
        "actor": base64(written(actor)),
        "via": via,
        "occurred_at": at,
        "recorded_at": at + 7,
        "prev_hash": before,
        "bound": base64(written(bound)),
        "hash": digest(b"\x02" + b"".join(map(field, parts))).hex(),
    }
    said = {"at": f"2026-11-25T01:50:{place:02d}Z"} | receipt
    if of == "filing":
        said["code"] = CODE
    return made, receipt | {"body": base64(written(said))} if is_last else None


def mth(hashes: list[bytes]) -> bytes:
    """Returns the root of a tree, literally as in section 2.1 of RFC 6962."""
    if len(hashes) < 2:
        return hashes[0] if hashes else digest(b"")
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return digest(b"\x01" + mth(hashes[:k]) + mth(hashes[k:]))


def path(m: int, hashes: list[bytes]) -> list[bytes]:
    """Returns the inclusion path of leaf `m`, literally as in section 2.1.1 of RFC 6962."""
    if len(hashes) < 2:
        return []
    k = 1 << (len(hashes) - 1).bit_length() - 1
    left, right = hashes[:k], hashes[k:]
    return [*path(m, left), mth(right)] if m < k else [*path(m - k, right), mth(left)]


def signed(text: str, name: str, kind: int) -> tuple[str, str]:
    """Returns the signature line of a log (`kind` 1) or a witness (4), and the public key as text."""
    secret = Ed25519PrivateKey.from_private_bytes(bytes([kind]) * 32)
    public = bytes([kind]) + secret.public_key().public_bytes_raw()
    id_, at = digest(name.encode() + b"\n" + public)[:4], 1_795_569_600
    value = secret.sign(text.encode())
    if kind != 1:
        value = at.to_bytes(8, "big") + secret.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
    return f"— {name} {base64(id_ + value)}\n", f"{name}+{id_.hex()}+{base64(public)}"


def checkpoint(size: int, root: bytes) -> str:
    text = f"{LOG}\n{size}\n{base64(root)}\n"
    return f"{text}\n{signed(text, LOG, 1)[0]}{signed(text, WITNESS, 4)[0]}"


def made() -> Json:
    streams: dict[str, Json] = {}
    leaves, places = [], []
    for number_of, (of, *_) in enumerate(EVENTS):
        name = NAMES[of]
        stream = streams.setdefault(name, {"stream": name, "head_hash": "0" * 64, "events": [], "receipts": []})
        one, receipt = event(number_of, len(stream["events"]) + 1, stream["head_hash"])
        stream["events"].append(one)
        stream["receipts"] += [receipt] if receipt else []
        stream |= {"head_seq": one["seq"], "head_hash": one["hash"]}
        places.append((name, one["seq"]))
        leaves.append(b"".join(map(field, (name.encode(), number(one["seq"]), bytes.fromhex(one["hash"])))))
    hashes = [digest(b"\x00" + leaf) for leaf in leaves]
    notes = {size: checkpoint(size, mth(hashes[:size])) for size in (4, 6)}
    proofs = []
    for index in (5, 4):
        lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *map(base64, path(index, hashes)), "", notes[6]]
        name, seq = places[index]
        proofs.append({"stream": name, "seq": seq, "proof": base64("\n".join(lines).encode())})
    bundle = {
        "format": "motcua.bundle/1",
        "filing_id": str(FILING),
        "code": CODE,
        "proofs": proofs,
        "key": {"key_id": "m-1:1", "secret": base64(KEY)},
        "streams": [streams[name] for name in sorted(streams)],
        "files": [{"stream": NAMES["filing"], "seq": 1, "what": "paper:form"} | PAPER],
    }
    texts = {f"1/checkpoints/{size}": note for size, note in notes.items()} | {"1/checkpoint": notes[6]}
    tiles = {
        **{f"1/tile/0/000.p/{size}": b"".join(hashes[:size]) for size in (4, 6)},
        **{
            f"1/tile/entries/000.p/{size}": b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves[:size])
            for size in (4, 6)
        },
    }
    return {
        "bundle": bundle | {"digest": digest(written(bundle)).hex()},
        "policy": f"log {signed('', LOG, 1)[1]}\nwitness w {signed('', WITNESS, 4)[1]}\nquorum w\n",
        "places": places,
        "files": {name: base64(note.encode()) for name, note in texts.items()}
        | {name: base64(tile) for name, tile in tiles.items()},
    }


if __name__ == "__main__":
    parts = [f"{json.dumps(name)}: {json.dumps(part)}" for name, part in made().items()]
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
