"""An independent witness of one filing: checks a bundle, offline, against what `docs/ledger.md` promises.

Imports the standard library, and `cryptography` where a bundle holds sealed parts and their key; nothing of this
project. It asks no database and no setting.

Run as `python verifier/bundle.py BUNDLE [--files FOLDER] [--policy FILE]`, or call `verify`. What it cannot
find without a policy: that whoever made the bundle rewrote a stream, or cut off its end, before that, with every hash.
With one it asks for the proof that the streams stood so in a checkpoint which others have cosigned (`docs/ledger.md`).
"""

import argparse
import hashlib
import hmac
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

FORMAT: Final = "motcua.bundle/1"
NO_HASH: Final = "0" * 64
NONCE: Final = 12
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Json: TypeAlias = dict[str, Any]
Check: TypeAlias = Callable[[Any], bool]


class Rule(StrEnum):
    """What a problem breaks; `docs/ledger.md` says each in full."""

    SHAPE = "shape"
    DIGEST = "digest"
    SEQ = "seq"
    HASH = "hash"
    LINK = "link"
    BODY = "body"
    BOUND = "bound"
    EPOCH = "epoch"
    HEAD_DIFFERS = "head_differs"
    RECEIPT = "receipt"
    BELONGS = "belongs"
    SEALED = "sealed"
    FILES = "files"
    FILE_MISSING = "file_missing"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule. `stream` and `seq` say where; None where it does not apply."""

    stream: str | None
    seq: int | None
    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far a stream goes: compare it with that of another bundle, earlier or later."""

    stream: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at and what was found; `verified` means no problem.

    `sealed` counts the sealed parts that were opened, `files` those that were found in the folder, `proved` the events
    that stand in the checkpoint. Of that the origin and the size are told; `signed_by` are those of the policy who have
    signed it.
    """

    verified: bool
    code: str | None = None
    events: int = 0
    sealed: int = 0
    files: int = 0
    proved: int = 0
    checkpoint: str | None = None
    signed_by: list[str] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def verify(data: bytes, folder: Path | None = None, policy: str | None = None) -> Report:
    """Check a bundle; with `folder` also that the files which the filing refers to lie there, under any name.

    With `policy`, a text of C2SP tlog-policy, also that those whose word it asks for have signed the checkpoint.

    Raises `ValueError` for a policy that is none, `OSError` where the folder can't be read, and `ModuleNotFoundError`
    where sealed parts are to be opened without `cryptography`.
    """
    try:
        bundle = json.loads(data, parse_float=_refuse, parse_constant=_refuse)
        written = canonical(bundle)
    except (ValueError, RecursionError):
        return Report(verified=False, problems=[_broken("", "no JSON without fractions")])
    problems = list(_shape(bundle))
    if problems:
        return Report(verified=False, problems=problems)
    if written != data:
        problems.append(_broken("", "not written as RFC 8785 says"))
    if digest(bundle) != bundle["digest"]:
        problems.append(Problem(None, None, Rule.DIGEST, "the bundle's digest is not that of its content"))
    opened, proved = _Opened(bundle), _Proved(bundle, None if policy is None else _Policy(policy))
    for stream in bundle["streams"]:
        problems += _chain(stream)
        problems += _receipts(stream, bundle["code"])
        problems += _bindings(stream, bundle)
    problems += opened.problems
    problems += _belonging(bundle)
    problems += _listing(bundle, opened.parts)
    problems += proved.problems
    missing = [] if folder is None else list(_missing(bundle["files"], folder))
    problems += missing
    return Report(
        verified=not problems,
        code=bundle["code"],
        events=sum(len(stream["events"]) for stream in bundle["streams"]),
        sealed=len(opened.parts),
        files=0 if folder is None else len(bundle["files"]) - len(missing),
        proved=proved.events,
        checkpoint=proved.checkpoint,
        signed_by=proved.signed_by,
        heads=[Head(stream["stream"], stream["head_seq"], stream["head_hash"]) for stream in bundle["streams"]],
        problems=problems,
    )


def canonical(value: Any) -> bytes:
    """RFC 8785 JSON of what a bundle holds: texts, whole numbers below 2^53, keys of ASCII."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(bundle: Json) -> str:
    """The digest that `bundle` must hold, from everything else in it."""
    return hashlib.sha256(canonical({name: value for name, value in bundle.items() if name != "digest"})).hexdigest()


def event_hash(event: Json) -> str:
    """The hash that an event must hold, from its other columns."""
    bound = event.get("bound")
    hashed = [b"\x01" if bound is None else b"\x02"]
    for name, content in _HASHED.items():
        value = event[name]
        hashed.append(b"\xff\xff\xff\xff" if value is None else _field(content(value)))
    if bound is not None:
        hashed.append(_field(_decoded(bound)))
    return hashlib.sha256(b"".join(hashed)).hexdigest()


def opened(event: Json, secret: bytes) -> Json:
    """What an event seals. Raises `ValueError` if this key did not seal it for this place, or it is no JSON object."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- only a bundle with sealed parts needs it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    sealed = _decoded(event["sealed"])
    context = f"{event['stream']}\n{event['seq']}".encode()
    try:
        return _object(AESGCM(secret).decrypt(sealed[:NONCE], sealed[NONCE:], context))
    except InvalidTag:
        raise ValueError(event["stream"]) from None


def files_of(bundle: Json, sealed: Mapping[str, Json]) -> list[Json]:
    """The files that the filing refers to, in the order of events. `sealed` are opened parts by the event's hash."""
    found = []
    for stream in bundle["streams"]:
        for event in stream["events"]:
            place = {"stream": event["stream"], "seq": event["seq"]}
            said = sealed.get(event["hash"], {}).get("event", {})
            found += [place | file for file in _named(_body(event) or {}, said)]
    return found


def _named(body: Json, said: Json) -> Iterator[Json]:
    """The files that one event names: papers and the result openly, the applicant's own papers sealed."""
    papers = {paper["code"]: _file(paper["file"]) for paper in said.get("papers", []) if paper.get("file")}
    for code, sha256 in sorted((body.get("paper_digests") or {}).items()):
        if sha256 is not None:
            yield {"what": f"paper:{code}", "sha256": sha256} | papers.get(code, {})
    for what, where in (*((name, said) for name in _SEALED_FILES), ("result", body)):
        if where.get(what):
            yield {"what": what} | _file(where[what])
    if "paper" in body and "file" in body:
        yield {"what": f"official:{body['paper']}"} | _file(body["file"])


_SEALED_FILES: Final = ("authorisation", "signature", "read_back", "request", "draft", "document")


def _file(reference: Json) -> Json:
    return {name: reference[name] for name in ("key", "sha256", "size")}


# The hash of an event.


def _field(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def _digested(text: str) -> bytes:
    return hashlib.sha256(_decoded(text)).digest()


@lru_cache(maxsize=4096)
def _decoded(text: str) -> bytes:
    """What is written in base64. The shape, the hash and the meaning each ask for it."""
    return b64decode(text)


_BYTES: Final[Mapping[str, Callable[[Any], bytes]]] = {
    **dict.fromkeys(("seq", "version", "occurred_at", "recorded_at"), _number),
    **dict.fromkeys(("event_id", "filing_id"), lambda text: UUID(text).bytes),
    **dict.fromkeys(("sealed_sha256", "prev_hash"), bytes.fromhex),
    "body": _digested,
    "actor": _decoded,
}
_COLUMNS: Final = (
    *("stream", "seq", "event_id", "filing_id", "agency", "kind", "version", "body", "sealed_sha256", "key_id"),
    *("command_id", "actor", "via", "occurred_at", "recorded_at", "prev_hash"),
)
_HASHED: Final = {name: _BYTES.get(name, str.encode) for name in _COLUMNS}


# The shape of a bundle.


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _text(value: object) -> bool:
    return isinstance(value, str) and _SURROGATE.search(value) is None


_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _base64(value: object) -> bool:
    try:
        return isinstance(value, str) and b64encode(_decoded(value)).decode() == value
    except ValueError:
        return False


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


_sha256: Final = _matches(r"[0-9a-f]{64}")
_uuid: Final = _matches(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_BUNDLE: Final[dict[str, Check]] = {
    "format": lambda value: value == FORMAT,
    "filing_id": _uuid,
    "code": _text,
    "streams": lambda value: isinstance(value, list) and bool(value),
    "files": lambda value: isinstance(value, list),
    "digest": _sha256,
}
_KEY: Final[Mapping[str, Check]] = {
    "key_id": _text,
    "secret": lambda value: _base64(value) and len(b64decode(value)) in {16, 24, 32},
}
_STREAM: Final[Mapping[str, Check]] = {
    "stream": _text,
    "head_seq": _whole,
    "head_hash": _sha256,
    "events": lambda value: isinstance(value, list) and bool(value),
    "receipts": lambda value: isinstance(value, list),
}
_EVENT: Final[dict[str, Check]] = {
    **dict.fromkeys(("stream", "agency", "kind", "command_id", "via"), _text),
    **dict.fromkeys(("seq", "version", "occurred_at", "recorded_at"), _whole),
    **dict.fromkeys(("event_id", "filing_id"), _uuid),
    **dict.fromkeys(("body", "actor"), _base64),
    **dict.fromkeys(("prev_hash", "hash"), _sha256),
    "sealed_sha256": _or_null(_sha256),
    "key_id": _or_null(_text),
}
_RECEIPT: Final[Mapping[str, Check]] = {"command_id": _text, "digest": _sha256, "seq": _whole, "body": _base64}


_PROOF: Final[Mapping[str, Check]] = {"stream": _text, "seq": _whole, "proof": _base64}
_OPTIONAL: Final[dict[str, Check]] = {
    "key": lambda value: isinstance(value, dict),
    "proofs": lambda value: isinstance(value, list) and bool(value),
}


def _shape(bundle: Any) -> Iterator[Problem]:
    there = bundle.keys() & _OPTIONAL.keys() if isinstance(bundle, dict) else set()
    with_key = "key" in there
    yield from _fits(bundle, "", _BUNDLE | {name: _OPTIONAL[name] for name in there})
    for path, proof in _members(bundle, "", "proofs"):
        yield from _fits(proof, path, _PROOF)
    if with_key:
        yield from _fits(bundle["key"], "key", _KEY)
    event = _EVENT | ({"sealed": _or_null(_base64)} if with_key else {})
    for path, stream in _members(bundle, "", "streams"):
        yield from _fits(stream, path, _STREAM)
        for below, spec in (("events", event), ("receipts", _RECEIPT)):
            for place, value in _members(stream, f"{path}.", below):
                binds = below == "events" and isinstance(value, dict) and "bound" in value
                yield from _fits(value, place, {**spec, "bound": _base64} if binds else spec)


def _members(parent: Any, path: str, name: str) -> Iterator[tuple[str, Any]]:
    """The members of the array `name` of `parent`, with their paths; none where there is no such array."""
    values = parent.get(name) if isinstance(parent, dict) else None
    for n, value in enumerate(values if isinstance(values, list) else []):
        yield f"{path}{name}[{n}]", value


def _fits(value: Any, path: str, spec: Mapping[str, Check]) -> Iterator[Problem]:
    """An object with exactly these members, each as it must be."""
    if not isinstance(value, dict):
        yield _broken(path, "no JSON object")
        return
    if value.keys() == spec.keys() and all(check(value[name]) for name, check in spec.items()):
        return
    for name in sorted(value.keys() ^ spec.keys()):
        yield _broken(f"{path}.{name}".strip("."), "missing" if name in spec else "not part of the format")
    for name in sorted(value.keys() & spec.keys()):
        if not spec[name](value[name]):
            yield _broken(f"{path}.{name}".strip("."), "not as the format says")


def _broken(path: str, message: str) -> Problem:
    return Problem(None, None, Rule.SHAPE, f"{path}: {message}" if path else message)


def _refuse(value: str) -> float:
    raise ValueError(value)


def _object(content: bytes) -> Json:
    value = json.loads(content)
    if not isinstance(value, dict):
        raise TypeError
    return value


def _body(event: Json) -> Json | None:
    """What its body says, to be read only: whoever asks again is given the same."""
    return _said(event["body"])


@lru_cache(maxsize=4096)
def _said(body: str) -> Json | None:
    try:
        return _object(_decoded(body))
    except (ValueError, TypeError, RecursionError):
        return None


_NOT_OURS: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What data raises that is JSON, but not what an event of this project holds."""


# What must hold.


def _chain(stream: Json) -> Iterator[Problem]:
    """Sequence, hashes and links from seq 1 to the head."""
    previous = NO_HASH
    for seq, event in enumerate(stream["events"], 1):
        place = (event["stream"], event["seq"])
        if event["seq"] != seq:
            yield Problem(*place, Rule.SEQ, f"expected seq {seq}")
        if event_hash(event) != event["hash"]:
            yield Problem(*place, Rule.HASH, "the columns do not give the hash")
        if event["prev_hash"] != previous:
            yield Problem(*place, Rule.LINK, "prev_hash is not the hash of the event before")
        if _body(event) is None:
            yield Problem(*place, Rule.BODY, "the body is not a JSON object")
        previous = event["hash"]
    if (stream["head_seq"], stream["head_hash"]) != (len(stream["events"]), previous):
        message = f"the head says seq {stream['head_seq']}, or another hash than the last event"
        yield Problem(stream["stream"], len(stream["events"]), Rule.HEAD_DIFFERS, message)


def _receipts(stream: Json, code: str) -> Iterator[Problem]:
    """One receipt for each command, in order, at its last event, and saying what its columns say."""
    events: list[Json] = stream["events"]
    last = [
        event
        for event, following in zip(events, [*events[1:], None], strict=True)
        if following is None or following["command_id"] != event["command_id"]
    ]
    wanted = [(event["command_id"], event["seq"]) for event in last]
    if wanted != [(receipt["command_id"], receipt["seq"]) for receipt in stream["receipts"]]:
        message = "not exactly one receipt for each command, at its last event"
        yield Problem(stream["stream"], None, Rule.RECEIPT, message)
        return
    code_there = {"code": code} if stream["stream"].startswith("filing:") else {}
    for event, receipt in zip(last, stream["receipts"], strict=True):
        said = {name: receipt[name] for name in ("command_id", "digest", "seq")} | code_there
        if _receipt_body(receipt) != said | {"at": event["occurred_at"]}:
            message = "the receipt's body says something else than the receipt and its event"
            yield Problem(stream["stream"], event["seq"], Rule.RECEIPT, message)


_BOUND: Final = re.compile(
    rb'\{"epoch":([1-9][0-9]{0,9})(,"key":"(?P<key>[0-9a-f]{64})")?(,"receipt":"(?P<receipt>[0-9a-f]{64})")?\}'
)


def _bindings(stream: Json, bundle: Json) -> Iterator[Problem]:
    """What events bind: the receipt of each command, the key, and an epoch that only a restart has raised."""
    secret = b64decode(bundle["key"]["secret"]) if "key" in bundle else None
    receipts = {receipt["seq"]: receipt for receipt in stream["receipts"]}
    epoch: int | None = None
    for event, following in zip(stream["events"], [*stream["events"][1:], None], strict=True):
        place = (event["stream"], event["seq"])
        last = following is None or following["command_id"] != event["command_id"]
        if "bound" not in event:
            if epoch is not None or (event["seq"] == 1 and _own_binds(bundle, event["stream"])):
                yield Problem(*place, Rule.BOUND, "it binds nothing, though it comes after what does")
            continue
        found = _BOUND.fullmatch(b64decode(event["bound"]))
        if found is None:
            yield Problem(*place, Rule.BOUND, "what it binds is not as the format says")
            continue
        if (event["seq"] == 1) is not bool(found["key"]) or last is not bool(found["receipt"]):
            yield Problem(*place, Rule.BOUND, "the first event binds the key, the last of a command its receipt")
        elif secret is not None and not _binds(event, found, secret, receipts.get(event["seq"])):
            yield Problem(*place, Rule.BOUND, "it binds another receipt, or another key")
        before = 1 if epoch is None and event["seq"] == 1 else epoch
        epoch = int(found[1])
        if before is not None and epoch != before and not (epoch > before and _begun(bundle, event["stream"], epoch)):
            yield Problem(*place, Rule.EPOCH, f"appended under epoch {epoch}, which no restart has begun")


def _own_binds(bundle: Json, other: str) -> bool:
    """Whether the filing's own stream begins with an event that binds; no restart does, whatever it is of."""
    own = f"filing:{bundle['filing_id']}"
    events = (found["events"] for found in bundle["streams"] if found["stream"] == own)
    return not other.startswith("restarts:") and any("bound" in found[0] for found in events)


def _binds(event: Json, found: re.Match[bytes], secret: bytes, receipt: Json | None) -> bool:
    key, bound = found["key"], found["receipt"]
    if key is not None and key.decode() != hashlib.sha256(b"\x10" + secret).hexdigest():
        return False
    if receipt is None or bound is None:
        return True
    said = "\n".join(("receipt", event["stream"], event["command_id"], receipt["digest"])).encode()
    return hmac.compare_digest(bound.decode(), hmac.new(secret, said, hashlib.sha256).hexdigest())


def _begun(bundle: Json, stream: str, epoch: int) -> bool:
    """Whether a restart says that this stream goes on under this epoch."""
    restarts = (found["events"] for found in bundle["streams"] if found["stream"].startswith("restarts:"))
    return any(_body(event) == {"epoch": epoch, "stream": stream} for events in restarts for event in events)


_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def _receipt_body(receipt: Json) -> Json | None:
    """The body, its instant in microseconds; None for one that is not written in one way: no spaces, time in UTC."""
    return _written_rightly(receipt["body"])


@lru_cache(maxsize=4096)
def _written_rightly(encoded: str) -> Json | None:
    body = _said(encoded)
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if body is None or written != _decoded(encoded):
        return None
    if not isinstance(at := body.get("at"), str) or not _AT.fullmatch(at):
        return None
    try:
        return body | {"at": (datetime.fromisoformat(at) - EPOCH) // timedelta(microseconds=1)}
    except ValueError:
        return None


class _Opened:
    """The sealed parts of a bundle that brings its key: `parts` by the event's hash."""

    def __init__(self, bundle: Json) -> None:
        self.parts: dict[str, Json] = {}
        self.problems: list[Problem] = []
        if "key" in bundle:
            secret = b64decode(bundle["key"]["secret"])
            for event in (event for stream in bundle["streams"] for event in stream["events"]):
                for message in self._open(event, bundle["key"]["key_id"], secret):
                    self.problems.append(Problem(event["stream"], event["seq"], Rule.SEALED, message))

    def _open(self, event: Json, key_id: str, secret: bytes) -> Iterator[str]:
        if event["sealed"] is None:
            if event["sealed_sha256"] is not None:
                yield "the sealed part is not there"
            return
        if _digested(event["sealed"]).hex() != event["sealed_sha256"]:
            yield "the sealed part is not the one that was hashed"
        if event["key_id"] != key_id:
            yield "the event names another key than the bundle's"
        try:
            part = self.parts[event["hash"]] = opened(event, secret)
        except (ValueError, TypeError, RecursionError):
            yield "the sealed part does not open with the bundle's key"
            return
        try:
            yield from _says_the_same(event, part, secret)
        except _NOT_OURS:
            yield "the sealed part holds something else than the format says"


def _says_the_same(event: Json, part: Json, secret: bytes) -> Iterator[str]:
    """What was sealed agrees with what stands openly: the pseudonym, and the digests of papers."""
    subject = part.get("actor")
    actor = _body({"body": event["actor"]}) or {}
    if subject is not None and actor.get("subject") != pseudonym(subject, secret):
        yield "the actor's pseudonym is not that of the sealed subject"
    if (statement := part.get("statement")) is not None:
        digest = hashlib.sha256(statement.encode()).hexdigest()
        if event["via"].rpartition("/")[2] != digest:
            yield "the sealed statement is not the one whose digest stands in via"
    papers = part.get("event", {}).get("papers")
    if papers is not None:
        digests = {paper["code"]: paper["file"]["sha256"] if paper.get("file") else None for paper in papers}
        if (_body(event) or {}).get("paper_digests") != digests:
            yield "the papers are not those whose digests stand in the body"


def pseudonym(subject: str, secret: bytes) -> str:
    """What stands in `actor` instead of a person's `subject`."""
    return f"p-{hmac.new(secret, subject.encode(), hashlib.sha256).hexdigest()[:32]}"


# That the streams are those of one filing, and all that it speaks of.

_NAME: Final = re.compile(r"(?P<kind>[a-z][a-z_]*):(?P<filing>[0-9a-f-]{36})(:(?P<n>[1-9][0-9]*))?")
# As docs/ledger.md has it. A kind that came later is held to all that holds for every stream, and begins as it likes.
BEGINS: Final = {
    "filing": "submitted",
    "payment": "payment_requested",
    "parcel": "consignment_requested",
    "referral": "referral_requested",
    "complaint": "complained",
    "papers": "paper_made",
    "result": "result_entered",
    "refund": "refund_begun",
    "restarts": "restarted",
}

OR_BEGINS: Final = {"papers": ("receipt_issued",)}
"""What else a stream of a kind may begin with."""

ABOUT_NOTHING: Final = frozenset({"receipt_voided", "erased"})
"""What in the stream of official papers is neither a paper nor a receipt."""

_ONLY_ONE: Final = frozenset({"filing", "papers", "restarts"})
"""The kinds of which a filing has one stream, without a number."""

ASKED_BY: Final = {"payment": "fee_requested", "parcel": "parcel_requested", "referral": "referred"}
"""The event of the filing that asked for a stream of this kind."""

OBLIGATIONS: Final = 1_000_000
"""Payments with a greater number are asked for by a demand of another authority."""


def _belonging(bundle: Json) -> Iterator[Problem]:
    streams = {stream["stream"]: stream["events"] for stream in bundle["streams"]}
    if [stream["stream"] for stream in bundle["streams"]] != sorted(streams):
        yield Problem(None, None, Rule.BELONGS, "the streams are not in the order of their names, each once")
    for stream in bundle["streams"]:
        for message, seq in _named_rightly(stream, bundle["filing_id"]):
            yield Problem(stream["stream"], seq, Rule.BELONGS, message)
    filing = f"filing:{bundle['filing_id']}"
    if filing not in streams:
        yield Problem(filing, None, Rule.BELONGS, "the filing's own stream is not there")
        return
    yield from _in_accord(_Facts(streams, bundle["filing_id"]), bundle["code"])


def _named_rightly(stream: Json, filing_id: str) -> Iterator[tuple[str, int | None]]:
    name = _NAME.fullmatch(stream["stream"])
    if name is None or name["filing"] != filing_id or (name["kind"] in _ONLY_ONE) != (name["n"] is None):
        yield "no stream of this filing has such a name", None
    elif not _begins(name["kind"], stream["events"][0]["kind"]):
        yield f"a stream of this name begins with {BEGINS[name['kind']]}", 1
    agency = stream["events"][0]["agency"]
    for event in stream["events"]:
        if (event["stream"], event["filing_id"], event["agency"]) != (stream["stream"], filing_id, agency):
            yield "the event names another stream, filing or agency", event["seq"]


def _begins(kind: str, first: str) -> bool:
    return kind not in BEGINS or first == BEGINS[kind] or first in OR_BEGINS.get(kind, ())


class _Facts:
    """What the streams say, to be held against each other."""

    def __init__(self, streams: Mapping[str, list[Json]], filing_id: str) -> None:
        self._streams = streams
        self.filing, self.papers = f"filing:{filing_id}", f"papers:{filing_id}"
        self.names = streams.keys()

    def said(self, stream: str, kind: str, **content: object) -> bool:
        """Whether an event of this kind with this content is there."""
        events = self._streams.get(stream, [])
        bodies = (_body(event) or {} for event in events if event["kind"] == kind)
        return any(all(body.get(name) == value for name, value in content.items()) for body in bodies)

    def events(self) -> Iterator[tuple[int, str, Json]]:
        """Seq, kind and body of every event of the filing's own stream."""
        for event in self._streams[self.filing]:
            yield event["seq"], event["kind"], _body(event) or {}

    def causes(self) -> Iterator[tuple[int, Json]]:
        """Seq of every official paper and every receipt for money, and what says it."""
        for event in self._streams.get(self.papers, []):
            if event["kind"] not in ABOUT_NOTHING:
                yield event["seq"], _body(event) or {}

    def length(self, stream: str) -> int:
        return len(self._streams.get(stream, []))

    def first(self, stream: str) -> Json:
        return _body(self._streams[stream][0]) or {}


def _in_accord(facts: _Facts, code: str) -> Iterator[Problem]:
    """Each other stream was asked for by the filing, and what the filing says of them they say too."""
    if facts.first(facts.filing).get("code") != code:
        yield Problem(facts.filing, 1, Rule.BELONGS, "the submission carries another dossier code")
    for name in sorted(facts.names - {facts.filing}):
        kind, _, place = name.partition(":")
        if kind not in ASKED_BY:
            continue
        asked = facts.first(name)
        n = asked.get("n")
        asking, wanted = _asking(kind, asked)
        if place.rpartition(":")[2] != str(n) or not facts.said(facts.filing, asking, n=n, **wanted):
            yield Problem(name, 1, Rule.BELONGS, f"the filing has no such {asking}")
    for seq, body in facts.causes():
        about = body.get("about") or {}
        if not 0 < about.get("seq", 0) <= facts.length(about.get("stream", "")):
            yield Problem(facts.papers, seq, Rule.BELONGS, "there is no such event as this paper is about")
        if "fee" in body and not facts.said(facts.filing, "fee_paid", n=body["fee"]):
            yield Problem(facts.papers, seq, Rule.BELONGS, "the filing has no such fee_paid")
    for seq, event_kind, body in facts.events():
        if not _borne_out(facts, event_kind, body):
            message = f"{event_kind}: the stream that it speaks of does not say so, or is not there"
            yield Problem(facts.filing, seq, Rule.BELONGS, message)


def _asking(kind: str, asked: Json) -> tuple[str, Json]:
    """The event by which the filing asks for a stream of this kind, and its content by the stream's first event."""
    n, amount = asked.get("n"), {"amount": asked.get("amount")}
    if kind == "payment" and isinstance(n, int) and n > OBLIGATIONS:
        return "obligation_demanded", amount
    part = {"part": asked.get("part"), "agency": asked.get("agency")}
    return ASKED_BY[kind], {"payment": amount | {"channel": "online"}, "referral": part}.get(kind, {})


def _borne_out(facts: _Facts, kind: str, body: Json) -> bool:  # noqa: C901, PLR0911 -- one line for each event
    filing_id = facts.filing.partition(":")[2]
    payment, parcel, referral = (f"{what}:{filing_id}:{body.get('n', 1)}" for what in ("payment", "parcel", "referral"))
    complaint = f"complaint:{filing_id}:{body.get('complaint')}"
    match kind, body.get("channel"):
        case "fee_paid", "online" if "forgone" in body:
            came = {name: body[name] for name in ("amount", "forgone")}
            return facts.said(payment, "payment_accepted", **came)
        case "fee_paid", "online":
            asked = ({"amount": body.get("amount")}, {"asked": body.get("amount")})
            return any(facts.said(payment, "payment_captured", owed=True, **way) for way in asked)
        case "fee_expired" | "result_unclaimed", _:
            online = facts.said(facts.filing, "fee_requested", n=body.get("n"), channel="online")
            return not online or facts.said(payment, "payment_expired")
        case "fee_charged_back", _:
            refund = f"refund:{filing_id}:{body.get('n')}"
            return facts.said(refund, "charge_back_answered", outcome="asked_again", amount=body.get("amount"))
        case "parcel_failed" | "parcel_found", _:
            return facts.said(parcel, "consignment_ended", outcome=body.get("outcome"))
        case "part_overdue", _:
            return facts.said(referral, "referral_overdue")
        case "part_answered", _:
            said = {name: body.get(name) for name in ("outcome", "officer", "result")}
            return facts.said(referral, "referral_answered", **said)
        case "result_issued", _ if body.get("registered") is not None:
            result = f"result:{filing_id}:{body.get('n')}"
            return facts.said(result, "result_released", registered=body["registered"], result=body.get("result"))
        case "handed_over", "post":
            return facts.said(parcel, "consignment_ended", outcome="delivered")
        case "reopened", _:
            return facts.said(complaint, "complaint_answered", about=body.get("about"), outcome="upheld")
    return True


def _listing(bundle: Json, sealed: Mapping[str, Json]) -> Iterator[Problem]:
    try:
        listed = files_of(bundle, sealed) == bundle["files"]
    except _NOT_OURS:
        listed = False
    if not listed:
        yield Problem(None, None, Rule.FILES, "the files are not those that the events name")


def _missing(files: list[Json], folder: Path) -> Iterator[Problem]:
    there = {_file_digest(path) for path in folder.rglob("*") if path.is_file()}
    for file in files:
        if file["sha256"] not in there:
            message = f"{file['what']}: no file there has the SHA-256 {file['sha256']}"
            yield Problem(file["stream"], file["seq"], Rule.FILE_MISSING, message)


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# That the streams stand in the log of the whole record: tlog-proof, -checkpoint, -cosignature and -policy of C2SP.

_LOG: Final = 1
_WITNESS: Final = 4
_MOST_NOTE: Final = 1 << 20


class _Proved:
    """The proofs of a bundle: how many events they prove, and who has signed the checkpoint."""

    def __init__(self, bundle: Json, policy: "_Policy | None") -> None:
        self.events = 0
        self.checkpoint: str | None = None
        self.signed_by: list[str] = []
        self.problems: list[Problem] = []
        proofs = bundle.get("proofs", [])
        if not proofs:
            if policy is not None:
                self._say(None, None, "nothing in the bundle proves that a checkpoint has it")
            return
        streams = {stream["stream"]: stream["events"] for stream in bundle["streams"]}
        names = [proof["stream"] for proof in proofs]
        if names != sorted(set(names)):
            self._say(None, None, "the proofs are not in the order of their streams, one for each")
        notes = {self._prove(proof, streams.get(proof["stream"], [])) for proof in proofs} - {None}
        if len(notes) > 1:
            self._say(None, None, "the proofs are of several checkpoints")
        elif notes and policy is not None:
            self._signed(str(notes.pop()), policy)

    def _prove(self, proof: Json, events: list[Json]) -> str | None:
        """The note of the checkpoint in which this event stands; None if it does not."""
        place = (proof["stream"], proof["seq"])
        if not 0 < proof["seq"] <= len(events):
            self._say(*place, "there is no such event")
            return None
        event = events[proof["seq"] - 1]
        leaf = b"".join(map(_field, (event["stream"].encode(), _number(event["seq"]), bytes.fromhex(event["hash"]))))
        try:
            note = _included(b64decode(proof["proof"]).decode(), hashlib.sha256(b"\x00" + leaf).digest())
            origin, size, _ = _tree_of(note)
        except ValueError as error:
            self._say(*place, f"not the proof that it stands in a checkpoint: {error}")
            return None
        self.events += proof["seq"]
        self.checkpoint = f"{origin} {size}"
        return note

    def _signed(self, note: str, policy: "_Policy") -> None:
        text, _, lines = note.rpartition("\n\n")
        try:
            signed = _signers(f"{text}\n", lines, policy.keys)
        except ValueError as error:
            self._say(None, None, str(error))
            return
        self.signed_by = [key.name for key in signed]
        if not any(key.kind == _LOG and key.name == text.partition("\n")[0] for key in signed):
            self._say(None, None, "the checkpoint is not signed by a log of the policy")
        if not policy.met(signed):
            self._say(None, None, "the checkpoint is not cosigned by those whose word the policy asks for")

    def _say(self, stream: str | None, seq: int | None, message: str) -> None:
        self.problems.append(Problem(stream, seq, Rule.PROOF, message))


def _included(proof: str, leaf: bytes) -> str:
    """The note of the checkpoint in whose tree the leaf stands. Raises `ValueError`."""
    head, _, note = proof.partition("\n\n")
    first, index, *path = head.split("\n")
    if first != "c2sp.org/tlog-proof@v1" or not re.fullmatch("index (0|[1-9][0-9]{0,17})", index):
        raise ValueError("it begins otherwise")
    _, size, root = _tree_of(note)
    hashes = [b64decode(line, validate=True) for line in path]
    if _climbed(leaf, int(index.removeprefix("index ")), size, hashes) != root:
        raise ValueError("it gives another root")
    return note


def _climbed(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that a path gives (RFC 9162, section 2.1.3.2). Raises `ValueError`."""
    node, last, root = index, size - 1, leaf
    if index > last:
        raise ValueError("there is no such place")
    for other in path:
        if last == 0:
            raise ValueError("it is too long")
        if node & 1 or node == last:
            root = hashlib.sha256(b"\x01" + other + root).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = hashlib.sha256(b"\x01" + root + other).digest()
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("it is too short")
    return root


def _tree_of(note: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint. Raises `ValueError`."""
    text, parted, _ = note.rpartition("\n\n")
    origin, size, root, *_ = [*text.split("\n"), "", "", ""]
    if not parted or not origin or not re.fullmatch("[1-9][0-9]{0,17}", size) or len(note) > _MOST_NOTE:
        raise ValueError("no checkpoint")
    return origin, int(size), b64decode(root, validate=True)


@dataclass(frozen=True, slots=True)
class _Key:
    """A key that signs notes."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def read(cls, vkey: str, kind: int) -> "_Key":
        """Raises `ValueError`."""
        name, _, rest = vkey.partition("+")
        id_, _, written = rest.partition("+")
        key = cls(name, kind, b64decode(written, validate=True)[1:])
        if not name or key.id.hex() != id_ or len(key.public) != 32:  # noqa: PLR2004 -- bytes of a key of ed25519
            raise ValueError(f"not the key that is meant: {name}")
        return key

    @property
    def id(self) -> bytes:
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(named).digest()[:4]

    def has_signed(self, text: str, value: bytes) -> bool:
        if self.kind == _LOG:
            return ed25519_verified(self.public, text.encode(), value)
        signed = f"cosignature/v1\ntime {int.from_bytes(value[:8], 'big')}\n{text}".encode()
        return ed25519_verified(self.public, signed, value[8:])


def _signers(text: str, lines: str, keys: list[_Key]) -> list[_Key]:
    """Which of the keys have signed a note. Raises `ValueError` where one only seems to have."""
    by_id = {(key.name, key.id): key for key in keys}
    signed = []
    for line in lines.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, written = rest.partition(" ")
        value = b64decode(written, validate=True)
        key = by_id.get((name, value[:4])) if mark == "—" else None
        if key is not None and not key.has_signed(text, value[4:]):
            raise ValueError(f"{name} has not signed the checkpoint")
        if key is not None and key not in signed:
            signed.append(key)
    return signed


class _Policy:
    """Whose word makes a checkpoint valid: logs, witnesses, groups of them, and a quorum (C2SP tlog-policy)."""

    def __init__(self, text: str) -> None:
        """Read it. Raises `ValueError`."""
        self.keys: list[_Key] = []
        self._witnesses: dict[str, _Key] = {}
        self._groups: dict[str, tuple[int, list[str]]] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None
        for number, line in enumerate(text.split("\n"), 1):
            words = line.split()
            if words and not words[0].startswith("#"):
                try:
                    self._take(words)
                except (ValueError, KeyError):
                    raise ValueError(f"line {number} of the policy is none") from None
        if self._quorum is None:
            raise ValueError("the policy says no quorum")

    def _take(self, words: list[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._know(_Key.read(vkey, _LOG))
            case ["witness", name, vkey] | ["witness", name, vkey, _] if self._is_new(name):
                self._witnesses[name] = self._know(_Key.read(vkey, _WITNESS))
            case ["group", name, needed, *members] if self._is_new(name) and members:
                count = {"any": 1, "all": len(members)}.get(needed) or int(needed)
                if not 0 < count <= len(members):
                    raise ValueError(name)
                for member in members:
                    self._see_member(member)
                self._groups[name] = (count, members)
            case ["quorum", name] if self._quorum is None and (name == "none" or not self._is_new(name)):
                self._quorum = name
            case _:
                raise ValueError(words[0])

    def _know(self, key: _Key) -> _Key:
        if any((key.kind, key.public) == (other.kind, other.public) for other in self.keys):
            raise ValueError(key.name)
        self.keys.append(key)
        return key

    def _see_member(self, name: str) -> None:
        if self._is_new(name) or name in self._members:
            raise ValueError(name)
        self._members.add(name)

    def _is_new(self, name: str) -> bool:
        return name not in {"none", *self._witnesses, *self._groups}

    def met(self, signed: list[_Key]) -> bool:
        """Whether these are enough."""
        return self._quorum == "none" or self._has_word(str(self._quorum), signed)

    def _has_word(self, name: str, signed: list[_Key]) -> bool:
        if name in self._witnesses:
            return self._witnesses[name] in signed
        needed, members = self._groups[name]
        return sum(self._has_word(member, signed) for member in members) >= needed


# Ed25519, as RFC 8032 has it, section 5.1.7; points in extended coordinates (section 5.1.4). Only public values: slow
# and not in constant time.

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT: Final = pow(2, (_P - 1) // 4, _P)

_Point: TypeAlias = tuple[int, int, int, int]


def ed25519_verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key of these 32 bytes has made this signature of 64 bytes."""
    if len(public) != 32 or len(signature) != 64:  # noqa: PLR2004 -- said above
        return False
    key, commitment = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or s >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % _ORDER
    left, right = _times(s, _BASE), _sum(commitment, _times(k, key))
    return not any((left[n] * right[2] - right[n] * left[2]) % _P for n in (0, 1))


def _point(encoded: bytes) -> _Point | None:
    """The point that is encoded so; None if none is."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _sum(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, p: _Point) -> _Point:
    product: _Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            product = _sum(product, p)
        p, factor = _sum(p, p), factor >> 1
    return product


_BASE: Final = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or (0, 1, 1, 0)


def main() -> int:
    """Print one JSON line per problem and one for the result; exit code 0 only when verified."""
    parser = argparse.ArgumentParser(description="Checks a bundle of one filing, offline.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--files", type=Path, help="a folder where the filing's files lie")
    parser.add_argument("--policy", type=Path, help="whose word is needed for the checkpoint: a C2SP tlog-policy")
    options = parser.parse_args()
    policy = options.policy and options.policy.read_text(encoding="utf-8")
    result = asdict(verify(options.bundle.read_bytes(), options.files, policy))
    for line in (*result.pop("problems"), result):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0 if result["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
