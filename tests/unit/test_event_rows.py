"""Personal and numbered fields of events; each event's columns and hashed bytes are those in docs/ledger.md."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import pytest
from temporalio.common import MetricMeter

from activities.keys.master_key import MasterKey, unseal
from activities.keys.masters import MasterKeys
from activities.ledger import vault as vaults
from activities.ledger.event_rows import BOUND, UNBOUND, columns, hashed
from activities.ledger.measures import BUCKETS, Measures
from activities.ledger.reserving import Reserved, runs
from activities.ledger.vault import FilingKey, Vault
from rules.streams import KINDS
from schemas.base import Model, Personal, Text, fields_marked, numbers_marked
from schemas.errors import Problem, Refusal, RefusalCode
from schemas.filing.events import EFFECTS, Accepted, Asked, Claimed, Clock, Effect, FeePaid
from schemas.ids import event_id
from schemas.level import Channel
from schemas.people import SYSTEM, Actor, Role, Via
from schemas.privacy import Erased
from schemas.stream.ledger import Appended, Batch, Recorded
from tests.conftest import ROOT
from tests.contract.samples import EVENTS
from tests.instruments import Instruments
from tests.unit.filing.lives import Life
from tests.walking import walked
from views.log import SealBrokenError, opened

FILING: Final = UUID(int=7)
STREAM: Final = f"filing:{FILING}"
AT: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
KEY: Final = FilingKey("k1", bytes(32))
OFFICER: Final = Actor(subject="o-1", role=Role.RECEPTION, agency="H01.12")
BATCH: Final = Batch(
    stream=f"payment:{FILING}:1",
    filing_id=FILING,
    agency="H01.12",
    next_seq=1,
    command_id="c",
    digest="d",
    actor=SYSTEM,
    via=Via(principal="portal"),
    at=AT,
    events=({"kind": "payment_expired"},),
)


def row(event: Model, actor: Actor, *, on_behalf_of: str | None = None, version: int = 2) -> dict[str, Any]:
    """Returns the columns in which the ledger keeps an event."""
    batch = BATCH.model_copy(update={"stream": STREAM, "next_seq": 3, "actor": actor, "on_behalf_of": on_behalf_of})
    recorded = Recorded(seq=4, at=AT, command_id="c", actor=actor, event=event)
    return columns(batch, recorded, event.model_dump(mode="json", exclude_none=True), version, 1, KEY)


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
    assert unsealed(kept) == {"actor": "an", "on_behalf_of": "mai"}
    assert kept["key_id"] == "k1"
    assert json.loads(kept["actor"]) == {"role": role, "subject": KEY.pseudonym("an")}


def test_what_is_personal_in_an_event_is_sealed_and_the_rest_of_it_is_public() -> None:
    kept = row(Asked(n=1, officer="o-1", question="why?"), OFFICER)
    assert unsealed(kept) == {"event": {"question": "why?"}}
    assert json.loads(kept["body"]) == {"n": 1, "officer": "o-1"}


def unsealed(kept: dict[str, Any]) -> Any:
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
"""The columns of a row that only the database knows."""
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


AGENCY: Final = "H56.30"
NEW_YEAR: Final = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)
SUBMITTED: Final = Life().log[0].event.model_copy(update={"code": None})
PAID: Final = FeePaid(n=1, amount=1, channel=Channel.COUNTER)


def numbered(last: int, *events: Model) -> list[Model]:
    numbers = {run.kind: run.up_to(AGENCY, last) for run in runs(events, NEW_YEAR, KINDS.numberings)}
    return list(Reserved(KEY, numbers).filled(events))


@pytest.mark.parametrize(
    ("event", "field", "given"),
    [(SUBMITTED, "code", "H56.30-20270101-0000001"), (PAID, "receipt_no", "H56.30-2027-R0000001")],
)
def test_half_an_hour_into_the_new_year_is_the_new_year(event: Model, field: str, given: str) -> None:
    (filled,) = numbered(1, event)
    assert getattr(filled, field) == given


def test_each_event_of_a_batch_takes_the_next_number_of_its_kind() -> None:
    claimed = Claimed(officer="o", role=Role.SPECIALIST)
    first, between, second, filed = numbered(8, PAID, claimed, PAID, SUBMITTED)
    seen = [getattr(event, "receipt_no", None) for event in (first, second)]
    assert seen == ["H56.30-2027-R0000007", "H56.30-2027-R0000008"]
    assert between == claimed
    assert getattr(filed, "code", None) == "H56.30-20270101-0000008"


def test_counters_are_locked_in_one_order_whatever_the_order_of_the_events() -> None:
    orders = [runs(events, NEW_YEAR, KINDS.numberings) for events in ((PAID, SUBMITTED), (SUBMITTED, PAID))]
    assert [[run.kind for run in order] for order in orders] == [["dossier", "receipt"]] * 2


MASTER: Final = bytes(range(32))
MASTERS: Final = MasterKeys(MasterKey(MASTER))
ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))


def test_what_is_sealed_opens_in_its_place_alone_under_a_nonce_of_its_own() -> None:
    sealed = KEY.seal(b"secret", "here")
    assert KEY.unseal(sealed, "here") == b"secret"
    with pytest.raises(SealBrokenError):
        KEY.unseal(sealed, "there")
    with pytest.raises(SealBrokenError):
        FilingKey("k", bytes(31) + b"\x01").unseal(sealed, "here")
    twice = [KEY.seal(b"secret", "here") for _ in range(2)]
    assert twice[0][:12] != twice[1][:12]
    assert [len(each) for each in twice] == [12 + len(b"secret") + 16] * 2
    assert KEY.pseudonym("an") == "p-" + hmac.new(bytes(32), b"an", hashlib.sha256).hexdigest()[:32]


async def test_a_new_key_has_32_bytes_and_names_its_filing_and_the_master_key_that_first_wraps_it() -> None:
    vault = Vault(MASTERS)
    key, wrapped = await vault.new(ONE)
    master = "m-" + hashlib.sha256(b"motcua master key\n" + MASTER).hexdigest()[:16]
    assert (key.key_id, wrapped.by) == (f"{master}:{ONE}", master)
    assert len(key.secret) == 32
    row = {"key_id": key.key_id, "wrapped": wrapped.data, "wrapped_by": wrapped.by}
    assert await vault.unwrap(row) == key
    assert unseal(MASTER, wrapped.data, key.key_id) == key.secret
    assert (await vault.new(ONE))[0].secret != key.secret
    for change in ({"key_id": f"{master}:{TWO}"}, {"wrapped": b"short"}, {"wrapped_by": "m-0000000000000000"}):
        with pytest.raises(SealBrokenError):
            await vault.unwrap(row | change)


def test_of_the_keys_those_asked_for_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "_CACHED_KEYS", 2)
    vault, other = Vault(MASTERS), FilingKey("other", bytes(32))
    vault.remember(ONE, KEY)
    vault.remember(TWO, KEY)
    assert vault.known(ONE) == KEY
    vault.remember(THREE, KEY)
    assert [vault.known(filing) for filing in (ONE, TWO, THREE)] == [KEY, None, KEY]
    vault.remember(ONE, other)
    vault.remember(TWO, KEY)
    assert [vault.known(filing) for filing in (ONE, TWO, THREE)] == [other, KEY, None]


NO: Final = Problem(field="", rule="no", message=Text(vi="không", en="no"))


def test_each_answer_is_timed_and_counted_by_kind_and_every_counter_is_there_from_the_start() -> None:
    meter = Instruments()
    measures = Measures(cast("MetricMeter", meter), ["filing", "payment"])
    appends, refusals, conflicts, times = (
        meter.told[f"motcua_ledger_{name}"]
        for name in ("appends_total", "refusals_total", "conflicts_total", "append_milliseconds")
    )
    from_the_start = [(0, {"kind": "filing"}), (0, {"kind": "payment"})]
    assert (appends, refusals, conflicts, times) == (from_the_start, [], from_the_start, [])
    of = {"kind": "payment"}
    measures.answered(BATCH, Appended(epoch=1), 0.25)
    measures.answered(BATCH.model_copy(update={"events": ()}), Appended(epoch=1), 0.5)
    measures.answered(BATCH, Appended(epoch=1, refused=Refusal(code=RefusalCode.NOT_AUTHORISED, problems=(NO,))), 1)
    measures.answered(BATCH, Appended(epoch=1, unfounded=True), 1)
    measures.conflicted(BATCH)
    assert appends[2:] == [(1, of)]
    assert refusals == [(1, of | {"code": "not_authorised"}), (1, of | {"code": "unfounded"})]
    assert conflicts[2:] == [(1, of)]
    assert times == [(250, of), (500, of), (1000, of), (1000, of)]
    assert set(meter.described) == set(meter.told)
    assert all(meter.described.values())
    assert BUCKETS.keys() <= meter.told.keys()


OF_KIND = {name: [model for model in kind.event_models if model is not Erased] for name, kind in KINDS.items()}
EVERY = tuple(dict.fromkeys(model for models in OF_KIND.values() for model in models))

PERSONAL = {
    "submitted": {
        *("applicant", "filed_by", "form", "papers", "authorisation", "by_law", "signature", "address"),
        *("payer_account", "payer_address", "possible_duplicates", "read_back", "incident"),
    },
    "fee_waived": {"reason"},
    "fee_waiver_revoked": {"reason"},
    "fee_waiver_declined": {"reason"},
    "signature_judged": {"reason"},
    "asked": {"question"},
    "answered": {"answer"},
    "inspected": {"place", "participants", "findings"},
    "opinion_recorded": {"note"},
    "suspended": {"reason", "legal_basis", "awaits"},
    "suspension_prolonged": {"reason"},
    "stopped": {"reason", "legal_basis", "unproposed_reason"},
    "extended": {"reason"},
    "case_applied": {"reason"},
    "reappointed": {"reason"},
    "apologised": {"reason"},
    "intake_refused": {"reason", "legal_basis"},
    "more_time_requested": {"reason"},
    "more_time_refused": {"reason"},
    "supplement_requested": {"notes", "legal_basis", "late_reason"},
    "acceptance_revoked": {"reason"},
    "refusal_revoked": {"reason"},
    "applicant_corrected": {"before", "after", "reason"},
    "mandate_revoked": {"request"},
    "representative_named": {"representative", "authorisation"},
    "applicant_ceased": {"evidence"},
    "cessation_revoked": {"reason"},
    "succeeded": {"applicant", "evidence"},
    "recused": {"reason"},
    "supplement_cancelled": {"reason"},
    "passed_on": {"reason", "legal_basis"},
    "supplemented": {"form", "papers"},
    "dossier_received": {"note"},
    "forwarded": {"note"},
    "draft_shown": {"draft"},
    "draft_corrected": {"note", "form"},
    "proposed": {"reason", "legal_basis"},
    "decided": {"reason", "legal_basis"},
    "delivery_changed": {"address"},
    "result_offered": {"link"},
    "pickup_offered": {"code"},
    "handed_over": {"recipient", "identity", "authorisation", "signature"},
    "withdrawn": {"reason", "request"},
    "payment_requested": {"payer_account", "payer_address"},
    "payment_ordered": {"pay_url"},
    "payment_renewed": {"payer_address"},
    "consignment_requested": {"address"},
    "consignment_reported": {"message"},
    "referral_requested": {"dossier", "filed_by"},
    "referral_answered": {"reason", "legal_basis"},
    "complained": {"words", "document", "side", "touched", "obstacles"},
    "complaint_taken_up": {"complex"},
    "complaint_not_taken_up": {"reason"},
    "complaint_verified": {"findings"},
    "dialogue_called": {"place", "topics"},
    "dialogue_held": {"minutes"},
    "act_stayed": {"reason"},
    "stay_lifted": {"reason"},
    "answer_sent": {"how"},
    "suit_reported": {"court", "document"},
    "complaint_answered": {"reason", "legal_basis"},
    "complaint_withdrawn": {"reason", "request"},
    "result_entered": {"order", "reason", "legal_basis"},
    "signature_declined": {"reason"},
    "result_revoked": {"reason", "legal_basis"},
    "refund_begun": {"apart"},
    "refund_decided": {"reason", "legal_basis"},
    "refund_opened": {"reason", "legal_basis"},
    "refund_declined": {"reason"},
    "shortfall_proposed": {"reason", "legal_basis"},
    "charge_back_answered": {"reason", "legal_basis"},
    "receipt_void_asked": {"reason"},
    "receipt_voided": {"reason"},
}
NUMBERED = {
    "submitted": {"code": "dossier"},
    "fee_paid": {"receipt_no": "receipt"},
    "result_issued": {"number": "result"},
    "result_entered": {"number": "result"},
    "receipt_issued": {"number": "receipt"},
    "payment_requested": {"number": "payment"},
    "consignment_requested": {"number": "parcel"},
}


def kind_of(event: type[Model]) -> str:
    kind: str = event.model_fields["kind"].default
    return kind


@walked("event", EVERY, ids=kind_of, at_least=130)
def test_an_event_marks_exactly_what_is_personal_and_what_is_numbered(event: type[Model]) -> None:
    assert fields_marked(event, Personal) == PERSONAL.get(kind_of(event), set())
    assert {name: mark.kind for name, mark in numbers_marked(event)} == NUMBERED.get(kind_of(event), {})


def test_every_event_has_a_kind_of_its_own_and_says_what_clocks_do() -> None:
    kinds = [kind_of(event) for event in EVERY]
    assert len(kinds) == len(set(kinds))
    assert set(EFFECTS) == {kind_of(event) for event in OF_KIND["filing"]}
    begins = dict.fromkeys((Clock.INTAKE, Clock.PROCESSING, Clock.TRANSFER), Effect.START)
    waits = dict.fromkeys((Clock.SUCCESSION, Clock.STAY), Effect.NONE)
    assert EFFECTS["reopened"] == dict.fromkeys(Clock, Effect.STOP) | begins | waits


def test_only_what_puts_an_end_off_and_another_case_make_a_limit_longer() -> None:
    longer = {(kind, clock) for kind, does in EFFECTS.items() for clock, effect in does.items() if effect == "extend"}
    assert longer == {
        ("extended", "processing"),
        ("case_applied", "processing"),
        ("more_time_granted", "supplement"),
        ("reappointed", "processing"),
        ("suspension_prolonged", "suspension"),
    }


AN: Final = Actor(subject="vneid:001099000001", role=Role.APPLICANT)


def of(event: Any) -> Any:
    """Returns the kind of stream to which this event belongs."""
    return next(kind for kind in KINDS.values() if type(event) in kind.event_models)


@walked("event", EVENTS, ids=lambda event: event.kind, at_least=130)
def test_what_is_personal_leaves_the_public_part_and_comes_back_with_the_key(event: Any) -> None:
    kept = row(event, AN, version=1)
    assert set(json.loads(kept["body"])) == set(type(event).model_fields) - {"kind"} - PERSONAL.get(event.kind, set())
    assert opened(of(event), STREAM, kept, KEY) == Recorded(seq=4, at=AT, command_id="c", actor=AN, event=event)


@walked("event", EVENTS, ids=lambda event: event.kind, at_least=130)
def test_without_the_key_what_was_personal_is_told_as_erased(event: Any) -> None:
    found = opened(of(event), STREAM, row(event, AN, version=1), None)
    assert found.actor.subject.startswith("p-")
    said = {name: value for name, value in event if name not in PERSONAL.get(event.kind, set())}
    assert {name: getattr(found.event, name) for name in said} == said
    for name in PERSONAL.get(event.kind, set()) - {"possible_duplicates"}:
        assert getattr(found.event, name) != getattr(event, name)
