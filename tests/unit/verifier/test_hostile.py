"""An attacker's bundle: whatever its JSON and the JSON inside it contain, `verify` reports a problem."""

import copy
import json
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.unit.verifier.made import EVENTS, FILE, FILING, KEY, PAPER
from verifier import bundle as bundles
from verifier.events import canonical

Json = dict[str, Any]
Place = tuple[str | int, ...]
MADE: Final[Json] = json.loads(FILE.read_text(encoding="utf-8"))
BODIES: Final[dict[str, list[tuple[str, Json]]]] = {
    "filing": [
        *((kind, body) for of, kind, body, *_ in EVENTS if of == "filing"),
        ("fee_paid", {"amount": 1, "channel": "online", "n": 1, "forgone": 2}),
        ("obligation_demanded", {"amount": 1, "n": 1_000_001}),
        ("fee_expired", {"n": 1}),
        ("fee_charged_back", {"n": 1, "amount": 1}),
        ("parcel_requested", {"n": 1}),
        ("parcel_failed", {"n": 1, "outcome": "lost"}),
        ("handed_over", {"channel": "post"}),
        ("referred", {"n": 1, "part": "x", "agency": "y"}),
        ("part_answered", {"n": 1, "outcome": "x", "officer": {"id": "y"}, "result": PAPER}),
        ("result_issued", {"n": 1, "registered": "x", "result": PAPER}),
        ("reopened", {"complaint": 1, "about": {"seq": 1}}),
    ],
    "payment": [
        ("payment_requested", {"amount": 50_000, "n": 1, "number": "H01.12-20261125-P0000001"}),
        ("payment_captured", {"amount": 50_000, "owed": True, "asked": 50_000}),
        ("payment_accepted", {"amount": 1, "forgone": 2}),
        ("payment_expired", {}),
    ],
    "parcel": [("consignment_requested", {"n": 1}), ("consignment_ended", {"outcome": "delivered"})],
    "referral": [
        ("referral_requested", {"n": 1, "part": "x", "agency": "y"}),
        ("referral_answered", {"outcome": "x", "officer": {"id": "y"}, "result": PAPER}),
    ],
    "complaint": [("complained", {}), ("complaint_answered", {"about": {"seq": 1}, "outcome": "upheld"})],
    "papers": [
        ("paper_made", {"paper": "receipt", "file": PAPER, "about": {"stream": f"filing:{FILING}", "seq": 1}}),
        ("receipt_issued", {"fee": 1, "about": {"stream": f"filing:{FILING}", "seq": 1}}),
    ],
    "result": [("result_entered", {}), ("result_released", {"registered": "x", "result": PAPER})],
    "refund": [("refund_begun", {}), ("charge_back_answered", {"amount": 1, "outcome": "asked_again"})],
    "restarts": [("restarted", {"stream": f"filing:{FILING}", "epoch": 2})],
}
SEALED: Final[Json] = {
    "actor": "012345678901",
    "statement": "I file.",
    "event": {"papers": [{"code": "form", "file": PAPER}], "signature": PAPER, "request": PAPER},
}
OF_EACH_TYPE: Final[tuple[object, ...]] = (None, True, -1, 2**53, 0.5, "x", "\ud800", [[]], {})
PLACES: Final = {"body": 10, "actor": 3, "receipt": 6}
"""The maximum number of values in one JSON text, by kind of text."""


def of_every_kind() -> Json:
    """Returns the bundle of `made.py`, with events of all kinds of streams whose bodies the verifier compares.

    All its hashes, links and receipts are wrong: no check depends on the success of another.
    """
    bundle: Json = copy.deepcopy(MADE["bundle"])
    like, receipts = bundle["streams"][0]["events"][0], bundle["streams"][0]["receipts"]
    del bundle["proofs"]
    bundle["streams"] = []
    for kind, bodies in sorted(BODIES.items()):
        name = f"{kind}:{FILING}" + ("" if kind in {"filing", "papers", "restarts"} else ":1")
        events = [
            like | {"stream": name, "seq": seq, "kind": what, "body": encoded(body), "command_id": f"c{seq}"}
            for seq, (what, body) in enumerate(bodies, 1)
        ]
        written = [receipts[0] | {"command_id": event["command_id"], "seq": event["seq"]} for event in events]
        head = {"head_seq": len(events), "head_hash": like["hash"]}
        bundle["streams"].append({"stream": name, "events": events, "receipts": written} | head)
    stream_of(bundle, "papers")["events"][1]["bound"] = b64encode(b'{"epoch":2}').decode()
    return bundle


def stream_of(bundle: Json, kind: str) -> Json:
    [stream] = [one for one in bundle["streams"] if one["stream"].startswith(f"{kind}:")]
    found: Json = stream
    return found


def encoded(value: object) -> str:
    return b64encode(json.dumps(value).encode()).decode()


def places(value: object, path: Place = ()) -> Iterator[Place]:
    """Yields the path to each value inside a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, name))


def damaged(value: Any, path: Place, wrong: object) -> Any:
    """Returns the value with `wrong` at this place."""
    if not path:
        return wrong
    first, *rest = path
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[first] = damaged(copied[first], tuple(rest), wrong)
    return copied


def sealed(value: object) -> str:
    """Returns this value as the sealed part of the first event of the filing's stream."""
    nonce, context = bytes(12), f"filing:{FILING}\n1".encode()
    return b64encode(nonce + AESGCM(KEY).encrypt(nonce, json.dumps(value).encode(), context)).decode()


def wrong_outside() -> Iterator[Json]:
    """Yields bundles with one wrong value in the bundle itself."""
    for path in places(MADE["bundle"]):
        changed = (damaged(MADE["bundle"], path, wrong) for wrong in OF_EACH_TYPE)
        yield from (one for one in changed if one != MADE["bundle"])


def wrong_inside(bundle: Json) -> Iterator[Json]:
    """Yields bundles with a wrong value in the JSON that their events contain.

    The verifier compares the filing's events with other streams' events, so each of the two groups is damaged alone.
    """
    own = [n for n, stream in enumerate(bundle["streams"]) if stream["stream"] == f"filing:{FILING}"]
    others = [n for n in range(len(bundle["streams"])) if n not in own]
    inner = [(inside, nth) for inside, most in PLACES.items() for nth in range(most)]
    for streams, (inside, nth), wrong in product((own, others), inner, (*OF_EACH_TYPE, 10**4000)):
        yield bundle | {
            "streams": [
                harmed(stream, inside, nth, wrong) if n in streams else stream
                for n, stream in enumerate(bundle["streams"])
            ]
        }
    for path, wrong in product(places(SEALED), (*OF_EACH_TYPE, 10**4000)):
        part = sealed(damaged(SEALED, path, wrong))
        yield damaged(bundle, ("streams", *own, "events", 0, "sealed"), part)


def harmed(stream: Json, inside: str, nth: int, wrong: object) -> Json:
    """Returns the stream with a wrong value at the nth place in each of its bodies, actors or receipts."""
    members, name = ("receipts", "body") if inside == "receipt" else ("events", inside)
    changed = []
    for one in stream[members]:
        value = json.loads(b64decode(one[name]))
        paths = list(places(value))
        assert len(paths) <= PLACES[inside]
        changed.append(one | {name: encoded(damaged(value, paths[nth % len(paths)], wrong))})
    return stream | {members: changed}


def looked_at(bundle: Any, folder: Path) -> bundles.Report:
    try:
        data = canonical(bundle)
    except UnicodeEncodeError:
        data = json.dumps(bundle).encode()
    return bundles.verify(data, folder, MADE["policy"])


def rules(report: bundles.Report) -> frozenset[str]:
    return frozenset(str(one.rule) for one in report.problems)


def test_no_value_of_a_wrong_type_is_more_than_a_problem(tmp_path: Path) -> None:
    every = of_every_kind()
    whole = rules(looked_at(every, tmp_path))
    outside = [rules(looked_at(bundle, tmp_path)) for bundle in wrong_outside()]
    inside = [rules(looked_at(bundle, tmp_path)) for bundle in wrong_inside(every)]
    assert all(outside)
    assert all(found >= whole for found in inside)
    assert len(outside) > 1_600
    assert len(inside) > 550
    seen = set().union(*outside, *inside)
    assert seen >= {"shape", "body", "receipt", "bound", "epoch", "belongs", "sealed", "files", "file_missing", "proof"}


@pytest.mark.parametrize(
    "about", ["x", {"seq": "1"}, {"stream": []}, {"stream": f"filing:{FILING}"}, {"stream": {}, "seq": 1}, [1], None]
)
def test_a_paper_about_no_event_is_named(about: object) -> None:
    bundle = of_every_kind()
    papers = stream_of(bundle, "papers")
    papers["events"][0]["body"] = encoded({"about": about})
    found = bundles.verify(canonical(bundle)).problems
    message = "there is no such event as this paper is about"
    assert [(one.stream, one.seq) for one in found if one.message == message] == [(papers["stream"], 1)]


def too_deep(depth: int) -> bool:
    """Returns True if Python can't read JSON that is nested so deeply."""
    try:
        json.loads("[" * depth + "]" * depth)
    except RecursionError:
        return True
    return False


def test_no_depth_is_more_than_a_problem() -> None:
    """Just below this test's own limit of depth, the verifier can't read some depths, and can't compare others."""
    edge = bisect_left(range(1_000_000), 1, key=too_deep)
    seen = set()
    for depth in range(edge - 150, edge + 1):
        nested = "[" * depth + "]" * depth
        bundle = copy.deepcopy(MADE["bundle"])
        for n, event in enumerate(event for stream in bundle["streams"] for event in stream["events"]):
            body = f'{{"other":{n},"n":1,"amount":{nested},"channel":"online","owed":true}}'
            event["body"] = b64encode(body.encode()).decode()
        stream_of(bundle, "filing")["receipts"][0]["body"] = b64encode(f'{{"at":{nested}}}'.encode()).decode()
        report = bundles.verify(canonical(bundle))
        assert not report.verified
        seen.add(rules(report))
        data = canonical(MADE["bundle"] | {"files": []}).replace(b'"files":[]', f'"files":[{nested}]'.encode())
        assert not bundles.verify(data).verified
    assert {"shape"} in seen
    assert any("body" in found for found in seen)
    assert any(found.isdisjoint({"shape", "body"}) for found in seen)
