"""An independent verifier of one filing: checks a bundle, offline, against the promises of `docs/ledger.md`.

Run as `python -m verifier.bundle BUNDLE [--files FOLDER] [--policy FILE]`, or call `verify`; it needs no database and
no setting. Without a policy it can't detect that the maker of the bundle rewrote a stream with all hashes, or
shortened it. With a policy it requires proof that a checkpoint, cosigned by others, covers the streams as they are
in the bundle (`docs/ledger.md`).
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
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from verifier import events as writing
from verifier.events import BOUND, PASSED_ON, Json, instant, json_object, leaf
from verifier.events import canonical as canonical
from verifier.notes import LOG, Note, NotSignedError, Policy, checkpoint_in, read_note
from verifier.tree import leaf_hash, root_by

FORMAT: Final = "motcua.bundle/1"
NO_HASH: Final = "0" * 64
NONCE: Final = 12

Check: TypeAlias = Callable[[Any], bool]


class Rule(StrEnum):
    """The rules of the format. Each problem breaks one of them; `docs/ledger.md` has each rule in full."""

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
    """One broken rule. `stream` and `seq` locate the error; each is None if the error is not in one stream or event."""

    stream: str | None
    seq: int | None
    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last seq and hash of a stream, for comparison with another bundle of the same filing."""

    stream: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification; `verified` means no problem.

    `sealed`: the number of decrypted parts; `files`: the number of files found in the folder; `proved`: the number of
    events that the checkpoint covers. `checkpoint`: its origin and size, None without a proof; `signed_by`: the names
    of the policy's keys that have signed it.
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
    """Checks a bundle. With `folder`, also checks that the folder has the filing's files, under any names.

    With `policy`, a text of C2SP tlog-policy, also checks that the required keys have signed the checkpoint.
    Raises `ValueError` for an invalid policy, and `OSError` if the folder can't be read.
    """
    try:
        return _verified(data, folder, policy)
    except RecursionError:
        return Report(verified=False, problems=[_broken("", "nested too deeply")])


def _verified(data: bytes, folder: Path | None, policy: str | None) -> Report:
    try:
        bundle = json.loads(data, parse_float=_refuse, parse_constant=_refuse)
        written = canonical(bundle)
    except ValueError:
        return Report(verified=False, problems=[_broken("", "no JSON without fractions")])
    if problems := list(_shape(bundle)):
        return Report(verified=False, problems=problems)
    opened, proved = _Opened(bundle), _Proved(bundle, None if policy is None else Policy(policy))
    missing = [] if folder is None else list(_missing(bundle["files"], folder))
    if written != data:
        problems.append(_broken("", "not written as RFC 8785 says"))
    problems += [*_streams(bundle), *opened.problems, *_belonging(bundle)]
    problems += [*_listing(bundle, opened.parts), *proved.problems, *missing]
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


def digest(bundle: Json) -> str:
    """Returns the digest that `bundle` must have, computed from all its other members."""
    return hashlib.sha256(canonical({name: value for name, value in bundle.items() if name != "digest"})).hexdigest()


def event_hash(event: Json) -> str:
    """Returns the hash that an event must have, computed from its other columns."""
    sealed = event["sealed_sha256"]
    stored = event | {
        "event_id": UUID(event["event_id"]).bytes,
        "filing_id": UUID(event["filing_id"]).bytes,
        "body": _decoded(event["body"]),
        "actor": _decoded(event["actor"]),
        "prev_hash": bytes.fromhex(event["prev_hash"]),
        "bound": _decoded(event["bound"]) if "bound" in event else None,
    }
    times = (event["occurred_at"], event["recorded_at"])
    return writing.event_hash(stored, None if sealed is None else bytes.fromhex(sealed), *times).hex()


def opened(event: Json, secret: bytes) -> Json:
    """Returns an event's encrypted part, decrypted.

    Raises `ValueError` if the part was not encrypted with this key for this event, or is no JSON object.
    """
    sealed = _decoded(event["sealed"])
    context = f"{event['stream']}\n{event['seq']}".encode()
    try:
        part = json_object(AESGCM(secret).decrypt(sealed[:NONCE], sealed[NONCE:], context))
    except InvalidTag:
        part = None
    if part is None:
        raise ValueError(event["stream"])
    return part


def files_of(bundle: Json, sealed: Mapping[str, Json]) -> list[Json]:
    """Returns the files that the events name, in the order of the events. `sealed`: decrypted parts by event hash."""
    found = []
    for stream in bundle["streams"]:
        for event in stream["events"]:
            place = {"stream": event["stream"], "seq": event["seq"]}
            part = sealed.get(event["hash"], {}).get("event", {})
            found += [place | file for file in _named(_decoded_json(event["body"]) or {}, part)]
    return found


def _named(body: Json, part: Json) -> Iterator[Json]:
    """Yields the files that an event names: papers and a result in `body`, others in `part`, its decrypted part."""
    files = {paper["code"]: _file(paper["file"]) for paper in part.get("papers", []) if paper.get("file")}
    for code, sha256 in sorted((body.get("paper_digests") or {}).items()):
        if sha256 is not None:
            yield {"what": f"paper:{code}", "sha256": sha256} | files.get(code, {})
    sealed = ("authorisation", "signature", "read_back", "request", "draft", "document", "evidence")
    named = {name: part.get(name) for name in sealed} | {"result": body.get("result")}
    yield from ({"what": what} | _file(file) for what, file in named.items() if file)
    if body.keys() >= {"paper", "file"}:
        yield {"what": f"official:{body['paper']}"} | _file(body["file"])


def _file(reference: Json) -> Json:
    return {name: reference[name] for name in ("key", "sha256", "size")}


@lru_cache(maxsize=4096)
def _decoded(text: str) -> bytes:
    """Returns the bytes of a base64 text. Cached, since the checks of form, hash and meaning all need them."""
    return b64decode(text)


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
_FILE: Final[dict[str, Check]] = {"stream": _text, "seq": _whole, "what": _text, "sha256": _sha256}
_MAY_LIE: Final[Mapping[str, Check]] = {"key": _text, "size": _whole}
_PROOF: Final[Mapping[str, Check]] = {"stream": _text, "seq": _whole, "proof": _base64}
_OPTIONAL: Final[dict[str, Check]] = {
    "key": lambda value: isinstance(value, dict),
    "proofs": lambda value: isinstance(value, list) and bool(value),
}
_MAY_BIND: Final[Mapping[str, Check]] = {"bound": _base64}


def _shape(bundle: Any) -> Iterator[Problem]:
    yield from _fits(bundle, "", _BUNDLE, _OPTIONAL)
    for path, file in _members(bundle, "", "files"):
        yield from _fits(file, path, _FILE, _MAY_LIE)
    for path, proof in _members(bundle, "", "proofs"):
        yield from _fits(proof, path, _PROOF)
    with_key = isinstance(bundle, dict) and "key" in bundle
    if with_key:
        yield from _fits(bundle["key"], "key", _KEY)
    event = _EVENT | ({"sealed": _or_null(_base64)} if with_key else {})
    for path, stream in _members(bundle, "", "streams"):
        yield from _fits(stream, path, _STREAM)
        for place, value in _members(stream, f"{path}.", "events"):
            yield from _fits(value, place, event, _MAY_BIND)
        for place, value in _members(stream, f"{path}.", "receipts"):
            yield from _fits(value, place, _RECEIPT)


def _members(parent: Any, path: str, name: str) -> Iterator[tuple[str, Any]]:
    """Yields the members of the array `name` of `parent`, with their paths; none if there is no such array."""
    values = parent.get(name) if isinstance(parent, dict) else None
    for n, value in enumerate(values if isinstance(values, list) else []):
        yield f"{path}{name}[{n}]", value


def _fits(
    value: Any, path: str, spec: Mapping[str, Check], optional: Mapping[str, Check] = MappingProxyType({})
) -> Iterator[Problem]:
    """Yields the problems of a value that must be an object with the given members, some of them optional."""
    if not isinstance(value, dict):
        yield _broken(path, "no JSON object")
        return
    spec = {**spec, **{name: optional[name] for name in optional.keys() & value.keys()}}
    for name in sorted(value.keys() ^ spec.keys()):
        yield _broken(f"{path}.{name}".strip("."), "missing" if name in spec else "not part of the format")
    for name in sorted(value.keys() & spec.keys()):
        if not spec[name](value[name]):
            yield _broken(f"{path}.{name}".strip("."), "not as the format says")


def _broken(path: str, message: str) -> Problem:
    return Problem(None, None, Rule.SHAPE, f"{path}: {message}" if path else message)


def _refuse(value: str) -> float:
    raise ValueError(value)


@lru_cache(maxsize=4096)
def _decoded_json(body: str) -> Json | None:
    """Returns the JSON object in a base64 text. Callers must not change it: the next call returns the same object."""
    return json_object(_decoded(body))


_NOT_OURS: Final = (AttributeError, KeyError, TypeError, ValueError)
"""The errors that occur in reading JSON without the form of this project's events."""


# The checks.


def _streams(bundle: Json) -> Iterator[Problem]:
    if digest(bundle) != bundle["digest"]:
        yield Problem(None, None, Rule.DIGEST, "the bundle's digest is not that of its content")
    for stream in bundle["streams"]:
        yield from _chain(stream)
        yield from _receipts(stream, bundle["code"])
        yield from _bindings(stream, bundle)


def _chain(stream: Json) -> Iterator[Problem]:
    """Checks the sequence, the hashes and the links of a stream, from seq 1 to the head."""
    previous = NO_HASH
    for seq, event in enumerate(stream["events"], 1):
        place = (event["stream"], event["seq"])
        if event["seq"] != seq:
            yield Problem(*place, Rule.SEQ, f"expected seq {seq}")
        if event_hash(event) != event["hash"]:
            yield Problem(*place, Rule.HASH, "the columns do not give the hash")
        if event["prev_hash"] != previous:
            yield Problem(*place, Rule.LINK, "prev_hash is not the hash of the event before")
        if _decoded_json(event["body"]) is None:
            yield Problem(*place, Rule.BODY, "the body is not a JSON object")
        previous = event["hash"]
    if (stream["head_seq"], stream["head_hash"]) != (len(stream["events"]), previous):
        message = f"the head says seq {stream['head_seq']}, or another hash than the last event"
        yield Problem(stream["stream"], len(stream["events"]), Rule.HEAD_DIFFERS, message)


def _with_ends(events: list[Json]) -> Iterator[tuple[Json, bool]]:
    """Yields each event, and whether it is the last event of its command."""
    for event, following in pairwise((*events, {})):
        yield event, following.get("command_id") != event["command_id"]


def _receipts(stream: Json, code: str) -> Iterator[Problem]:
    """Checks that each command has one receipt, at the command's last event; its body must agree with its columns."""
    last = [event for event, is_last in _with_ends(stream["events"]) if is_last]
    wanted = [(event["command_id"], event["seq"]) for event in last]
    if wanted != [(receipt["command_id"], receipt["seq"]) for receipt in stream["receipts"]]:
        message = "not exactly one receipt for each command, at its last event"
        yield Problem(stream["stream"], None, Rule.RECEIPT, message)
        return
    code_there = {"code": code} if stream["stream"].startswith("filing:") else {}
    for event, receipt in zip(last, stream["receipts"], strict=True):
        said = {name: receipt[name] for name in ("command_id", "digest", "seq")} | code_there
        if _written_rightly(receipt["body"]) != said | {"at": event["occurred_at"]}:
            message = "the receipt's body says something else than the receipt and its event"
            yield Problem(stream["stream"], event["seq"], Rule.RECEIPT, message)


def _bindings(stream: Json, bundle: Json) -> Iterator[Problem]:
    """Checks the values that events bind: each command's receipt, the key, and the epoch, raised only by restarts."""
    receipts = {receipt["seq"]: receipt for receipt in stream["receipts"]}
    epoch: int | None = None
    for event, is_last in _with_ends(stream["events"]):
        place = (event["stream"], event["seq"])
        if "bound" not in event:
            if epoch is not None or _own_binds(bundle, event):
                yield Problem(*place, Rule.BOUND, "it binds nothing, though it comes after what does")
            continue
        found = BOUND.fullmatch(_decoded(event["bound"]))
        if found is None:
            yield Problem(*place, Rule.BOUND, "what it binds is not as the format says")
            continue
        if (event["seq"] == 1, is_last) != (bool(found["key"]), bool(found["receipt"])):
            yield Problem(*place, Rule.BOUND, "the first event binds the key, the last of a command its receipt")
        elif not _binds(bundle, event, found, receipts.get(event["seq"])):
            yield Problem(*place, Rule.BOUND, "it binds another receipt, or another key")
        before, epoch = epoch, int(found["epoch"])
        if not _goes_on(bundle, event, before, epoch):
            yield Problem(*place, Rule.EPOCH, f"appended under epoch {epoch}, which no restart has begun")


def _own_binds(bundle: Json, event: Json) -> bool:
    """Whether this event must bind the key: a stream's first event must, except in `restarts` and in old filings."""
    own = f"filing:{bundle['filing_id']}"
    firsts = [stream["events"][0] for stream in bundle["streams"] if stream["stream"] == own]
    return event["seq"] == 1 and not event["stream"].startswith("restarts:") and any("bound" in one for one in firsts)


def _binds(bundle: Json, event: Json, found: re.Match[bytes], receipt: Json | None) -> bool:
    """Whether the event binds the bundle's key and this receipt. True without a check if the bundle contains no key."""
    if "key" not in bundle:
        return True
    secret, key, bound = _decoded(bundle["key"]["secret"]), found["key"], found["receipt"]
    if key is not None and key.decode() != hashlib.sha256(b"\x10" + secret).hexdigest():
        return False
    if receipt is None or bound is None:
        return True
    said = "\n".join(("receipt", event["stream"], event["command_id"], receipt["digest"])).encode()
    return hmac.compare_digest(bound.decode(), hmac.new(secret, said, hashlib.sha256).hexdigest())


def _goes_on(bundle: Json, event: Json, before: int | None, epoch: int) -> bool:
    """Whether the epoch is the same as before, or a higher epoch that a restart of the stream has recorded."""
    if before is None:
        before = 1 if event["seq"] == 1 else epoch
    begun = {"epoch": epoch, "stream": event["stream"]}
    restarts = [stream for stream in bundle["streams"] if stream["stream"].startswith("restarts:")]
    said = (_decoded_json(restart["body"]) for stream in restarts for restart in stream["events"])
    return epoch == before or (epoch > before and begun in said)


_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


@lru_cache(maxsize=4096)
def _written_rightly(encoded: str) -> Json | None:
    """Returns a receipt's body with its time in microseconds; None if the JSON has spaces or the time is not in UTC."""
    body = _decoded_json(encoded)
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if body is None or written != _decoded(encoded):
        return None
    at = body.get("at")
    if not isinstance(at, str) or not _AT.fullmatch(at) or instant(at) is None:
        return None
    return body | {"at": instant(at)}


class _Opened:
    """The decrypted parts of a bundle, by the event's hash (`parts`); empty if the bundle has no key."""

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
        if hashlib.sha256(_decoded(event["sealed"])).hexdigest() != event["sealed_sha256"]:
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
    """Yields a message if the decrypted part disagrees with the event's pseudonym, statement, or digests of papers."""
    subject, statement, papers = part.get("actor"), part.get("statement"), part.get("event", {}).get("papers")
    actor = _decoded_json(event["actor"]) or {}
    if subject is not None and actor.get("subject") != pseudonym(subject, secret):
        yield "the actor's pseudonym is not that of the sealed subject"
    if statement is not None and event["via"].rpartition("/")[2] != hashlib.sha256(statement.encode()).hexdigest():
        yield "the sealed statement is not the one whose digest stands in via"
    if papers is not None and (_decoded_json(event["body"]) or {}).get("paper_digests") != dict(
        map(_paper_digest, papers)
    ):
        yield "the papers are not those whose digests stand in the body"


def _paper_digest(paper: Json) -> tuple[str, str | None]:
    return paper["code"], paper["file"]["sha256"] if paper.get("file") else None


def pseudonym(subject: str, secret: bytes) -> str:
    """Returns the pseudonym in `actor` that replaces a person's `subject`."""
    return f"p-{hmac.new(secret, subject.encode(), hashlib.sha256).hexdigest()[:32]}"


# The check that the streams are those of one filing, and complete.

_NAME: Final = re.compile(r"(?P<kind>[a-z][a-z_]*):(?P<filing>[0-9a-f-]{36})(:(?P<n>[1-9][0-9]*))?")
# As in docs/ledger.md. A later kind is checked by all common rules of streams, and may begin with any event.
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
"""By kind of stream, further kinds of events with which a stream may begin."""

ABOUT_NOTHING: Final = frozenset({"receipt_void_asked", "receipt_voided", "erased"})
"""The events in the stream of official papers that are about neither a paper nor a new receipt."""

_ONLY_ONE: Final = frozenset({"filing", "papers", "restarts"})
"""The kinds of streams of which a filing has only one, so that the stream's name has no number."""

ASKED_BY: Final = {"payment": "fee_requested", "parcel": "parcel_requested", "referral": "referred"}
"""By kind of stream, the event of the filing that requests such a stream."""

OBLIGATIONS: Final = 1_000_000
"""Payments with a number above this are for demands of other authorities, not for fees."""


def _belonging(bundle: Json) -> Iterator[Problem]:
    """Checks that the streams belong to the filing: the filing requested them, and they confirm its events."""
    facts = _Facts(bundle)
    if [stream["stream"] for stream in bundle["streams"]] != sorted(facts.events):
        yield Problem(None, None, Rule.BELONGS, "the streams are not in the order of their names, each once")
    for stream in bundle["streams"]:
        for message, seq in _named_rightly(stream, bundle["filing_id"], facts):
            yield Problem(stream["stream"], seq, Rule.BELONGS, message)
    if facts.filing not in facts.events:
        yield Problem(facts.filing, None, Rule.BELONGS, "the filing's own stream is not there")
        return
    if facts.first(facts.filing).get("code") != bundle["code"]:
        yield Problem(facts.filing, 1, Rule.BELONGS, "the submission carries another dossier code")
    yield from _requested(facts)
    yield from _papers_in_accord(facts)
    for seq, kind, body in facts.events[facts.filing]:
        if not _borne_out(facts, kind, body):
            message = f"{kind}: the stream that it speaks of does not say so, or is not there"
            yield Problem(facts.filing, seq, Rule.BELONGS, message)


def _named_rightly(stream: Json, filing_id: str, facts: "_Facts") -> Iterator[tuple[str, int | None]]:
    name = _NAME.fullmatch(stream["stream"])
    first = stream["events"][0]
    if name is None or name["filing"] != filing_id or (name["kind"] in _ONLY_ONE) != (name["n"] is None):
        yield "no stream of this filing has such a name", None
    elif (begins := BEGINS.get(name["kind"])) and first["kind"] not in {begins, *OR_BEGINS.get(name["kind"], ())}:
        yield f"a stream of this name begins with {begins}", 1
    for event, agencies in zip(stream["events"], _agencies(stream, facts), strict=True):
        if (event["stream"], event["filing_id"]) != (stream["stream"], filing_id) or event["agency"] not in agencies:
            yield "the event names another stream, filing or agency", event["seq"]


def _agencies(stream: Json, facts: "_Facts") -> Iterator[set[object]]:
    """Yields for each event the agencies that it may name: the stream's, which changes when the filing is passed on."""
    agency = stream["events"][0]["agency"]
    for event in stream["events"]:
        if stream["stream"] == facts.filing and event["kind"] == PASSED_ON:
            agency = (_decoded_json(event["body"]) or {}).get("to")
        yield facts.agencies if stream["stream"] == facts.papers else {agency}


class _Facts:
    """The content of a bundle's streams, for comparing the streams with each other.

    `events`: for each stream, the seq, kind and body of each of its events. `agencies`: all agencies that its other
    streams name: an event about official papers may name any of them.
    """

    def __init__(self, bundle: Json) -> None:
        self.filing_id = bundle["filing_id"]
        self.filing, self.papers = f"filing:{self.filing_id}", f"papers:{self.filing_id}"
        self.events = {
            stream["stream"]: [
                (event["seq"], event["kind"], _decoded_json(event["body"]) or {}) for event in stream["events"]
            ]
            for stream in bundle["streams"]
        }
        named = (stream for stream in bundle["streams"] if stream["stream"] != self.papers)
        self.agencies = {event["agency"] for stream in named for event in stream["events"]}

    def has_event(self, stream: str, kind: str, **content: object) -> bool:
        """Whether the stream has an event of this kind with this content."""
        bodies = (body for _, its_kind, body in self.events.get(stream, []) if its_kind == kind)
        return any(all(body.get(name) == value for name, value in content.items()) for body in bodies)

    def has(self, place: object) -> bool:
        """Whether there is an event with the `stream` and `seq` in this object."""
        match place:
            case {"stream": str(stream), "seq": int(seq)}:
                return 0 < seq <= len(self.events.get(stream, []))
        return False

    def first(self, stream: str) -> Json:
        """Returns the body of the stream's first event."""
        return self.events[stream][0][2]


def _requested(facts: _Facts) -> Iterator[Problem]:
    """Checks that for each stream of a kind in `ASKED_BY`, the filing has an event that requests this stream."""
    for name in sorted(facts.events):
        kind, _, place = name.partition(":")
        if kind not in ASKED_BY:
            continue
        asking, asked = ASKED_BY[kind], facts.first(name)
        n, amount = asked.get("n"), asked.get("amount")
        match kind:
            case "payment" if isinstance(n, int) and n > OBLIGATIONS:
                asking, wanted = "obligation_demanded", {"amount": amount}
            case "payment":
                wanted = {"amount": amount, "channel": "online"}
            case "referral":
                wanted = {"part": asked.get("part"), "agency": asked.get("agency")}
            case _:
                wanted = {}
        if place.rpartition(":")[2] != str(n) or not facts.has_event(facts.filing, asking, n=n, **wanted):
            yield Problem(name, 1, Rule.BELONGS, f"the filing has no such {asking}")


def _papers_in_accord(facts: _Facts) -> Iterator[Problem]:
    for seq, kind, body in facts.events.get(facts.papers, []):
        if kind in ABOUT_NOTHING:
            continue
        if not facts.has(body.get("about")):
            yield Problem(facts.papers, seq, Rule.BELONGS, "there is no such event as this paper is about")
        if "fee" in body and not facts.has_event(facts.filing, "fee_paid", n=body["fee"]):
            yield Problem(facts.papers, seq, Rule.BELONGS, "the filing has no such fee_paid")


class _Saying(NamedTuple):
    """The kind of event, in another stream, that confirms an event of the filing.

    The fields in `same` must have equal values in both events. `more`: further required fields, with their values;
    one alternative is enough.
    `number`: the field of the filing's event that has the number of the other stream.
    """

    stream: str
    kind: str
    same: tuple[str, ...]
    more: tuple[Json, ...] = ({},)
    number: str = "n"


_RIGHT: Final = ({"outcome": "upheld"}, {"outcome": "partly_upheld"})
_BEARS_OUT: Final[Mapping[str, _Saying]] = {
    "fee_charged_back": _Saying("refund", "charge_back_answered", ("amount",), ({"outcome": "asked_again"},)),
    "parcel_failed": _Saying("parcel", "consignment_ended", ("outcome",)),
    "parcel_found": _Saying("parcel", "consignment_ended", ("outcome",)),
    "handed_over": _Saying("parcel", "consignment_ended", (), ({"outcome": "delivered"},)),
    "part_overdue": _Saying("referral", "referral_overdue", ()),
    "part_answered": _Saying("referral", "referral_answered", ("outcome", "officer", "result")),
    "result_issued": _Saying("result", "result_released", ("registered", "result")),
    "stayed": _Saying("complaint", "act_stayed", ("stay", "since", "limit"), number="complaint"),
    "stay_over": _Saying("complaint", "stay_ended", ("stay",), number="complaint"),
    "reopened": _Saying("complaint", "complaint_answered", ("about",), _RIGHT, "complaint"),
}
_AT_FIRST_ALONE: Final = frozenset({"parcel", "referral"})
"""Kinds of streams that older events of a filing name without a number, since a filing could only have one of them."""


def _borne_out(facts: _Facts, kind: str, body: Json) -> bool:
    """Whether the other streams confirm an event of the filing. True for an event that needs no confirmation."""
    if kind in {"fee_paid", "fee_expired", "result_unclaimed"}:
        return _money_borne_out(facts, kind, body)
    saying = _BEARS_OUT.get(kind)
    by_itself = body.get("channel") != "post" if kind == "handed_over" else body.get("lapsed")
    if saying is None or by_itself or (kind == "result_issued" and body.get("registered") is None):
        return True
    n = body.get(saying.number, 1 if saying.stream in _AT_FIRST_ALONE else None)
    same = {name: body.get(name) for name in saying.same}
    stream = f"{saying.stream}:{facts.filing_id}:{n}"
    return any(facts.has_event(stream, saying.kind, **same, **more) for more in saying.more)


def _money_borne_out(facts: _Facts, kind: str, body: Json) -> bool:
    payment, amount = f"payment:{facts.filing_id}:{body.get('n', 1)}", body.get("amount")
    if kind != "fee_paid":
        online = facts.has_event(facts.filing, "fee_requested", n=body.get("n"), channel="online")
        return not online or facts.has_event(payment, "payment_expired")
    if body.get("channel") != "online":
        return True
    if "forgone" in body:
        return facts.has_event(payment, "payment_accepted", amount=amount, forgone=body["forgone"])
    ways = ({"amount": amount}, {"asked": amount})
    return any(facts.has_event(payment, "payment_captured", owed=True, **way) for way in ways)


def _listing(bundle: Json, sealed: Mapping[str, Json]) -> Iterator[Problem]:
    try:
        listed = files_of(bundle, sealed) == bundle["files"]
    except _NOT_OURS:
        listed = False
    if not listed:
        yield Problem(None, None, Rule.FILES, "the files are not those that the events name")


def _missing(files: list[Json], folder: Path) -> Iterator[Problem]:
    there = set()
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as content:
                there.add(hashlib.file_digest(content, "sha256").hexdigest())
    for file in files:
        if file["sha256"] not in there:
            message = f"{file['what']}: no file there has the SHA-256 {file['sha256']}"
            yield Problem(file["stream"], file["seq"], Rule.FILE_MISSING, message)


# The check that the streams stand in the log of the whole record: tlog-proof of C2SP.


class _Proved:
    """The checked proofs of a bundle: the number of proved events, and the signers of the checkpoint."""

    def __init__(self, bundle: Json, policy: Policy | None) -> None:
        self.events = 0
        self.checkpoint: str | None = None
        self.signed_by: list[str] = []
        self.problems: list[Problem] = []
        if proofs := bundle.get("proofs"):
            self._look(bundle, proofs, policy)
        elif policy is not None:
            self._say(None, None, "nothing in the bundle proves that a checkpoint has it")

    def _look(self, bundle: Json, proofs: list[Json], policy: Policy | None) -> None:
        streams = {stream["stream"]: stream["events"] for stream in bundle["streams"]}
        names = [proof["stream"] for proof in proofs]
        if names != sorted(set(names)):
            self._say(None, None, "the proofs are not in the order of their streams, one for each")
        notes = {note for proof in proofs if (note := self._prove(proof, streams.get(proof["stream"], [])))}
        if len(notes) > 1:
            self._say(None, None, "the proofs are of several checkpoints")
        elif notes and policy is not None:
            self._signed(notes.pop(), policy)

    def _prove(self, proof: Json, events: list[Json]) -> Note | None:
        """Returns the note of the checkpoint whose tree contains the proof's event; None if the proof is wrong."""
        place = (proof["stream"], proof["seq"])
        if not 0 < proof["seq"] <= len(events):
            self._say(*place, "there is no such event")
            return None
        event = events[proof["seq"] - 1]
        data = leaf(event["stream"], event["seq"], bytes.fromhex(event["hash"]))
        try:
            note = _included(b64decode(proof["proof"]), leaf_hash(data))
        except ValueError as error:
            self._say(*place, f"not the proof that it stands in a checkpoint: {error}")
            return None
        origin, size, *_ = checkpoint_in(note)
        self.events += proof["seq"]
        self.checkpoint = f"{origin} {size}"
        return note

    def _signed(self, note: Note, policy: Policy) -> None:
        try:
            signed = note.signers([*policy.logs, *(one.key for one in policy.witnesses.values())])
        except NotSignedError as error:
            self._say(None, None, f"{error} has not signed the checkpoint")
            return
        self.signed_by = [key.name for key in signed]
        if not any(key.kind == LOG and key.name == checkpoint_in(note).origin for key in signed):
            self._say(None, None, "the checkpoint is not signed by a log of the policy")
        if not policy.met(signed):
            self._say(None, None, "the checkpoint is not cosigned by those whose word the policy asks for")

    def _say(self, stream: str | None, seq: int | None, message: str) -> None:
        self.problems.append(Problem(stream, seq, Rule.PROOF, message))


def _included(proof: bytes, digest: bytes) -> Note:
    """Returns the note of the checkpoint whose tree has a leaf with this hash. Raises `ValueError`."""
    head, _, written = proof.partition(b"\n\n")
    first, index, *path = [*head.decode().split("\n"), ""]
    if first != "c2sp.org/tlog-proof@v1" or not re.fullmatch("index (0|[1-9][0-9]{0,17})", index):
        raise ValueError("it begins otherwise")
    note = read_note(written)
    _, size, root, _ = checkpoint_in(note)
    hashes = [b64decode(line, validate=True) for line in path[:-1]]
    if root_by(hashes, digest, int(index.removeprefix("index ")), size) != root:
        raise ValueError("it gives another root")
    return note


def main() -> int:
    """Prints one JSON line for each problem and one for the result. Returns the exit code: 0 only if verified."""
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
