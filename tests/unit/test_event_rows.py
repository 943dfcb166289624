"""The columns of an event's row, and the bytes that its hash is taken of, are those that docs/ledger.md lays down."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from activities.ledger.event_rows import BOUND, UNBOUND, columns, hashed
from activities.ledger.vault import FilingKey
from schemas.base import Model
from schemas.filing.events import Accepted, Asked
from schemas.ids import event_id
from schemas.people import SYSTEM, Actor, Role, Via
from schemas.stream.ledger import Batch, Recorded
from tests.conftest import ROOT

FILING: Final = UUID(int=7)
STREAM: Final = f"filing:{FILING}"
AT: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
KEY: Final = FilingKey("k1", bytes(32))
OFFICER: Final = Actor(subject="o-1", role=Role.RECEPTION, agency="H01.12")


def row(event: Model, actor: Actor, *, on_behalf_of: str | None = None) -> dict[str, Any]:
    batch = Batch(
        stream=STREAM,
        filing_id=FILING,
        agency="H01.12",
        next_seq=3,
        command_id="c",
        digest="d",
        actor=actor,
        on_behalf_of=on_behalf_of,
        via=Via(principal="portal"),
        at=AT,
    )
    recorded = Recorded(seq=4, at=AT, command_id="c", actor=actor, event=event)
    return columns(batch, recorded, event.model_dump(mode="json", exclude_none=True), 2, 1, KEY)


def test_a_row_without_anything_personal_has_nothing_sealed_and_every_column_in_the_order_of_the_hash() -> None:
    assert list(row(Accepted(), OFFICER).items()) == [
        ("stream", STREAM),
        ("seq", 4),
        ("event_id", event_id(STREAM, "c", 1)),
        ("filing_id", FILING),
        ("agency", "H01.12"),
        ("kind", "accepted"),
        ("version", 2),
        ("body", b'{"automatic":false}'),
        ("sealed", None),
        ("key_id", None),
        ("command_id", "c"),
        ("actor", b'{"agency":"H01.12","role":"reception","subject":"o-1"}'),
        ("via", "portal/online"),
        ("occurred_at", AT),
    ]


def test_who_acts_for_no_agency_names_none() -> None:
    assert row(Accepted(), SYSTEM)["actor"] == b'{"role":"system","subject":"motcua"}'


@pytest.mark.parametrize("role", [Role.APPLICANT, Role.REPRESENTATIVE])
def test_who_a_person_is_is_sealed_and_a_pseudonym_of_this_filing_stands_in_its_place(role: Role) -> None:
    kept = row(Accepted(), Actor(subject="an", role=role), on_behalf_of="mai")
    assert opened(kept) == {"actor": "an", "on_behalf_of": "mai"}
    assert kept["key_id"] == "k1"
    assert json.loads(kept["actor"]) == {"role": role, "subject": KEY.pseudonym("an")}


def test_what_is_personal_in_an_event_is_sealed_and_the_rest_of_it_is_public() -> None:
    kept = row(Asked(n=1, officer="o-1", question="why?"), OFFICER)
    assert opened(kept) == {"event": {"question": "why?"}}
    assert json.loads(kept["body"]) == {"n": 1, "officer": "o-1"}


def opened(kept: dict[str, Any]) -> Any:
    return json.loads(KEY.unseal(kept["sealed"], f"{STREAM}\n4"))


def vectors() -> list[dict[str, Any]]:
    block = re.search(r"```json\n(\[.+?)```", (ROOT / "docs" / "ledger.md").read_text(), re.DOTALL)
    assert block
    found: list[dict[str, Any]] = json.loads(block[1])
    return found


READ: Final[dict[str, Callable[[Any], Any]]] = {
    "event_id": UUID,
    "filing_id": UUID,
    "body_hex": bytes.fromhex,
    "sealed_hex": lambda told: told and bytes.fromhex(told),
    "actor_hex": bytes.fromhex,
    "occurred_at": datetime.fromisoformat,
}
BEHIND: Final = frozenset({"recorded_at", "prev_hash", "hash", "bound"})
"""What the database alone knows of a row."""
MICROSECOND: Final = timedelta(microseconds=1)


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["kind"])
def test_an_event_is_hashed_as_the_published_vector_is(vector: dict[str, Any]) -> None:
    kept = {name.removesuffix("_hex"): READ.get(name, lambda told: told)(vector[name]) for name in vector}
    before = {name: value for name, value in kept.items() if name not in BEHIND}
    recorded = (datetime.fromisoformat(vector["recorded_at"]) - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    behind = [recorded.to_bytes(8, "big"), bytes.fromhex(vector["prev_hash_hex"])]
    bound, layout = (vector["bound_hex"], BOUND) if vector["bound_hex"] else ("", UNBOUND)
    behind += [bytes.fromhex(bound)] if bound else []
    told = hashed(before, layout) + b"".join(len(part).to_bytes(4, "big") + part for part in behind)
    assert hashlib.sha256(told).hexdigest() == vector["hash_hex"]


def test_what_the_layout_does_not_know_has_no_hash() -> None:
    with pytest.raises(TypeError, match="a float has no place in the hash"):
        hashed({"seq": 1.0})
