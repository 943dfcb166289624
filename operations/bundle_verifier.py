"""An independent witness of one filing: checks a bundle, offline, against what `docs/ledger.md` promises.

Imports the standard library, and `cryptography` where a bundle holds sealed parts and their key; nothing of this
project. It asks no database and no setting.

Run as `python operations/bundle_verifier.py BUNDLE [--files FOLDER]`, or call `verify`. What it cannot find: that
whoever made the bundle rewrote a stream, or cut off its end, before that, with every hash. `docs/ledger.md` says
what can.
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
    HEAD_DIFFERS = "head_differs"
    RECEIPT = "receipt"
    BELONGS = "belongs"
    SEALED = "sealed"
    FILES = "files"
    FILE_MISSING = "file_missing"


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

    `sealed` counts the sealed parts that were opened, `files` those that were found in the folder.
    """

    verified: bool
    code: str | None = None
    events: int = 0
    sealed: int = 0
    files: int = 0
    heads: list[Head] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def verify(data: bytes, folder: Path | None = None) -> Report:
    """Check a bundle; with `folder` also that the files which the filing refers to lie there, under any name.

    Raises `OSError` where the folder can't be read, and `ModuleNotFoundError` where sealed parts are to be opened
    without `cryptography`.
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
    opened = _Opened(bundle)
    for stream in bundle["streams"]:
        problems += _chain(stream)
        problems += _receipts(stream, bundle["code"])
    problems += opened.problems
    problems += _belonging(bundle)
    problems += _listing(bundle, opened.parts)
    missing = [] if folder is None else list(_missing(bundle["files"], folder))
    problems += missing
    return Report(
        verified=not problems,
        code=bundle["code"],
        events=sum(len(stream["events"]) for stream in bundle["streams"]),
        sealed=len(opened.parts),
        files=0 if folder is None else len(bundle["files"]) - len(missing),
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
    hashed = hashlib.sha256(b"\x01")
    for name in _HASHED:
        value = event[name]
        hashed.update(b"\xff\xff\xff\xff" if value is None else _field(_BYTES.get(name, str.encode)(value)))
    return hashed.hexdigest()


def opened(event: Json, secret: bytes) -> Json:
    """What an event seals. Raises `ValueError` if this key did not seal it for this place, or it is no JSON object."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- only a bundle with sealed parts needs it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    sealed = b64decode(event["sealed"])
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
    return hashlib.sha256(b64decode(text)).digest()


_HASHED: Final = (
    *("stream", "seq", "event_id", "filing_id", "agency", "kind", "version", "body", "sealed_sha256", "key_id"),
    *("command_id", "actor", "via", "occurred_at", "recorded_at", "prev_hash"),
)
_BYTES: Final[Mapping[str, Callable[[Any], bytes]]] = {
    **dict.fromkeys(("seq", "version", "occurred_at", "recorded_at"), _number),
    **dict.fromkeys(("event_id", "filing_id"), lambda text: UUID(text).bytes),
    **dict.fromkeys(("sealed_sha256", "prev_hash"), bytes.fromhex),
    "body": _digested,
    "actor": b64decode,
}


# The shape of a bundle.


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _text(value: object) -> bool:
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _base64(value: object) -> bool:
    try:
        return isinstance(value, str) and b64encode(b64decode(value, validate=True)).decode() == value
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


def _shape(bundle: Any) -> Iterator[Problem]:
    with_key = isinstance(bundle, dict) and "key" in bundle
    yield from _fits(bundle, "", _BUNDLE | ({"key": lambda value: isinstance(value, dict)} if with_key else {}))
    if with_key:
        yield from _fits(bundle["key"], "key", _KEY)
    event = _EVENT | ({"sealed": _or_null(_base64)} if with_key else {})
    for path, stream in _members(bundle, "", "streams"):
        yield from _fits(stream, path, _STREAM)
        for below, spec in (("events", event), ("receipts", _RECEIPT)):
            for place, value in _members(stream, f"{path}.", below):
                yield from _fits(value, place, spec)


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
    try:
        return _object(b64decode(event["body"]))
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


_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def _receipt_body(receipt: Json) -> Json | None:
    """The body, its instant in microseconds; None for one that is not written in one way: no spaces, time in UTC."""
    body = _body(receipt)
    if (
        body is None
        or json.dumps(body, ensure_ascii=False, separators=(",", ":")) != b64decode(receipt["body"]).decode()
    ):
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
}

OR_BEGINS: Final = {"papers": ("receipt_issued",)}
"""What else a stream of a kind may begin with."""

_ONLY_ONE: Final = frozenset({"filing", "papers"})
"""The kinds of which a filing has one stream, without a number."""

ASKED_BY: Final = {"payment": "fee_requested", "parcel": "parcel_requested", "referral": "referred"}
"""The event of the filing that asked for a stream of this kind."""


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
            if event["kind"] != "receipt_voided":
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
        wanted = _wanted(kind, asked)
        asking = ASKED_BY[kind]
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


def _wanted(kind: str, asked: Json) -> Json:
    """What the filing's own word for a stream of this kind says, as its first event has it."""
    if kind == "payment":
        return {"amount": asked.get("amount"), "channel": "online"}
    return {"part": asked.get("part"), "agency": asked.get("agency")} if kind == "referral" else {}


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


def main() -> int:
    """Print one JSON line per problem and one for the result; exit code 0 only when verified."""
    parser = argparse.ArgumentParser(description="Checks a bundle of one filing, offline.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--files", type=Path, help="a folder where the filing's files lie")
    options = parser.parse_args()
    result = asdict(verify(options.bundle.read_bytes(), options.files))
    for line in (*result.pop("problems"), result):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0 if result["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
