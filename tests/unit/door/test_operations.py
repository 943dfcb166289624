"""The operations over HTTP follow from the contract: addresses, places of fields, and the roles that the rules name."""

import json
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

import pytest

from gateway.door.openapi import document
from gateway.door.operations import OPERATIONS, Place, operations
from operations.commands.law import CELLS
from rules.identity import looks
from rules.rule import Rule, Rules, always
from rules.streams import KINDS
from schemas import reading
from schemas.base import Confidential, Line, fields_marked
from schemas.filing.commands import Command
from schemas.filing.state import FilingView
from schemas.message_catalogue import COMMANDS
from schemas.people import Role

BY_NAME: Final = {operation.name: operation for operation in OPERATIONS}


def test_every_command_and_question_has_an_operation_of_its_own() -> None:
    commands = {(kind, model) for kind, models in COMMANDS.items() for model in models}
    assert {(one.kind, one.message) for one in OPERATIONS if "/commands/" in one.path} == commands
    assert {one.message for one in OPERATIONS if one.is_question} == set(get_args(reading.Question))
    assert len(BY_NAME) == len({(one.method, one.path) for one in OPERATIONS}) == len(OPERATIONS)
    assert [one.name for one in OPERATIONS if one.places.keys() != one.message.model_fields.keys()] == []


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("submit", "POST /v1/filings"),
        ("complain", "POST /v1/filings/{filing_id}/complaints"),
        ("filing.accept", "POST /v1/filings/{filing_id}/commands/accept"),
        ("refund.approve_refund", "POST /v1/refunds/{filing_id}/{n}/commands/approve_refund"),
        ("filing.ask_filing", "GET /v1/filings/{filing_id}"),
        ("filing.ask_result", "GET /v1/filings/{filing_id}/result"),
        ("filing.ask_complaints", "GET /v1/filings/{filing_id}/complaints"),
        ("payment.ask_payment", "GET /v1/payments/{filing_id}/{n}"),
        ("result.ask_receipt", "GET /v1/results/{filing_id}/{n}/receipt"),
        ("ask_filings", "GET /v1/filings"),
        ("ask_tasks", "GET /v1/tasks"),
        ("ask_counts", "GET /v1/counts"),
        ("ask_agency", "GET /v1/agencies/{agency}"),
        ("ask_absences", "GET /v1/agencies/{agency}/absences"),
        ("ask_persons_filings", "POST /v1/persons_filings"),
        ("filing.ask_linked_result", "POST /v1/filings/{filing_id}/linked_result"),
    ],
)
def test_the_address_of(name: str, address: str) -> None:
    assert f"{BY_NAME[name].method} {BY_NAME[name].path}" == address


def test_nothing_confidential_stands_in_an_address() -> None:
    marked = {one.name: fields_marked(one.message, Confidential) for one in OPERATIONS}
    in_address = {one.name: {*one.at(Place.PATH), *one.at(Place.QUERY)} for one in OPERATIONS}
    assert {name: fields & in_address[name] for name, fields in marked.items() if fields & in_address[name]} == {}
    assert not any("reason" in fields for fields in in_address.values())
    names = {"id_number", "link", "actor"}
    assert {name: fields & names for name, fields in in_address.items() if fields & names} == {}


def test_a_sender_says_neither_its_kind_nor_its_program() -> None:
    by_door = {"kind", "ask", "statement"}
    for one in OPERATIONS:
        assert set(one.at(Place.DOOR)) == by_door & one.message.model_fields.keys(), one.name


def test_the_roles_are_those_of_the_law() -> None:
    lawful: dict[str, set[str]] = {}
    for line in CELLS.read_text(encoding="utf-8").splitlines():
        cell = json.loads(line)
        lawful.setdefault(f"{cell['stream']}.{cell['command']}", set()).update(cell["by"])
    named = {one.name: one.roles for one in OPERATIONS if "/commands/" in one.path}
    assert {name: roles for name, roles in named.items() if not lawful[name] <= (roles or {*Role})} == {}
    wider = {name for name, roles in named.items() if roles is not None and roles != lawful[name]}
    assert wider == {"result.decline_signature"}, "of all officers, those who are to sign"


class Applaud(Command):
    """Applaud the officers."""

    kind: Literal["applaud"] = "applaud"
    how: Line


class AskApplause(reading._About):
    """The applause for a parcel."""

    ask: Literal["applause"] = "applause"
    kinds: ClassVar = ("parcel",)
    answer: ClassVar = FilingView
    since: int = 0


class AskFans(reading._Question):
    """The fans of one person."""

    ask: Literal["fans"] = "fans"
    answer: ClassVar = list[FilingView]
    person: Annotated[str, Confidential]


def test_a_new_command_and_new_questions_appear_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = KINDS["parcel"]
    rules = Rules({"applaud": Rule((Role.HANDOVER,), always, lambda *_: ())}, parcel.rules.not_now)
    monkeypatch.setitem(parcel.__dict__, "rules", rules)
    roles: Any = looks._ROLES
    monkeypatch.setitem(roles, AskApplause, frozenset({Role.CLERK}))
    monkeypatch.setitem(roles, AskFans, frozenset({Role.AUDITOR}))
    questions: Any = (AskApplause, AskFans)

    made = operations({"parcel": (Applaud,)}, questions)
    found = {one.name: one for one in made if one.name not in {"submit", "complain"}}
    assert {name: (f"{one.method} {one.path}", one.roles) for name, one in found.items()} == {
        "parcel.applaud": ("POST /v1/parcels/{filing_id}/{n}/commands/applaud", frozenset({Role.HANDOVER})),
        "parcel.ask_applause": ("GET /v1/parcels/{filing_id}/{n}/applause", frozenset({Role.CLERK})),
        "ask_fans": ("POST /v1/fans", frozenset({Role.AUDITOR})),
    }
    paths = document(made)["paths"]
    given = paths["/v1/parcels/{filing_id}/{n}/commands/applaud"]["post"]
    assert given["x-roles"] == ["handover"]
    body = given["requestBody"]["content"]["application/json"]["schema"]
    assert (body["required"], set(body["properties"])) == (
        ["command_id", "how"],
        {"command_id", "actor", "on_behalf_of", "seen_seq", "how", "only_at", "via"},
    )
    asked = paths["/v1/parcels/{filing_id}/{n}/applause"]["get"]
    assert [one.get("name", one.get("$ref")) for one in asked["parameters"]] == [
        "filing_id", "n", "since", "#/components/parameters/Motcua-Reason", "#/components/parameters/Accept-Language",
    ]  # fmt: skip
