"""The table of operations: it follows from the contract, and no address holds anything personal."""

from dataclasses import replace
from typing import ClassVar, Literal, get_args

from gateway.door.operations import OPERATIONS, Group, operations
from rules.streams import KINDS
from schemas import reading as rd
from schemas.base import Personal, fields_marked
from schemas.filing.commands import Command
from schemas.message_catalogue import COMMANDS
from schemas.people import Role
from schemas.reading import Question
from schemas.stream.ledger import Receipt


class Knock(Command):
    """Knock."""

    kind: Literal["knock"] = "knock"


class AskKnocks(rd._About):
    """The knocks at a filing."""

    ask: Literal["knocks"] = "knocks"
    answer: ClassVar = Receipt


def test_every_command_and_question_of_the_contract_is_an_operation() -> None:
    made = {(one.group, one.message) for one in OPERATIONS}
    commands = {(Group.COMMAND, command) for some in COMMANDS.values() for command in some}
    questions = {(Group.QUESTION, question) for question in get_args(Question)}
    assert commands | questions <= made
    assert len(OPERATIONS) == len({one.name for one in OPERATIONS}) == len({(o.method, o.path) for o in OPERATIONS})


def test_no_address_holds_what_is_personal_or_secret() -> None:
    looked = 0
    for one in OPERATIONS:
        hidden = fields_marked(one.message, Personal) | {"actor", "statement"}
        assert not hidden & set(one.query), one.name
        if one.method == "GET":
            required = {name for name, field in one.message.model_fields.items() if field.is_required()}
            assert required <= {*one.query, "stream", "actor"}, one.name
            looked += 1
    assert looked > len(get_args(Question)) / 2


def test_a_new_command_and_a_new_question_appear_by_themselves() -> None:
    filing = KINDS["filing"]
    accept = filing.rules.of["accept"]
    rules = replace(filing.rules, of={**filing.rules.of, "knock": replace(accept, who=(Role.CLERK,))})
    kinds = {"filing": replace(filing, rules=rules)}
    auditors = frozenset({Role.AUDITOR})
    made = {one.name: one for one in operations({"filing": (Knock,)}, (AskKnocks,), kinds, lambda _: auditors)}
    knock, knocks = made["filing_knock"], made["knocks"]
    assert (knock.path, knock.roles) == ("/v1/filings/{filing_id}/commands/knock", frozenset({Role.CLERK}))
    assert (knocks.method, knocks.path, knocks.roles) == ("GET", "/v1/filings/{filing_id}/knocks", auditors)
    assert made["ask_knocks"].path == "/v1/questions/knocks"
