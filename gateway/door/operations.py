"""Every operation of the HTTP API as data, made from the public commands and the questions of the contract."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, get_args

from rules.identity.looks import roles_of
from rules.streams import KINDS
from schemas.base import Confidential, Model, fields_marked
from schemas.complaint.state import ComplaintStart
from schemas.filing.submission import MAX_SUBMISSION_BYTES, Submission
from schemas.message_catalogue import COMMANDS
from schemas.people import Role
from schemas.reading import Question
from schemas.stream.edge import MAX_COMMAND_BYTES
from schemas.stream.ledger import Receipt

VERSION: Final = "/v1"
_FILING: Final = "filing_id"
_OF_THE_DOOR: Final = frozenset({"kind", "ask", "statement"})
"""The fields of a message that no client sends: the address or the token determines them."""


class Place(StrEnum):
    """The part of an HTTP request that holds a field of the message. `DOOR`: no part; the door fills in the field."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"
    DOOR = "door"


@dataclass(frozen=True)
class Operation:
    """One operation: a method of an address, and the message that the request makes.

    Attributes:
        name: The unique name, such as `filing.accept`, `payment.ask_receipt`, `ask_tasks`.
        path: The address, with its parameters in braces.
        message: The model of the message. A message about a stream gets the stream's name from the address.
        answer: The type of the answer.
        kind: The kind of the stream that the address names; None if it names none.
        roles: The roles that may ever send the message; None if that depends on the filing or the message.
        places: The place of each field of the message.
        status: The HTTP status of success.
        location: The address, with a parameter, of the stream that the operation begins; None if it begins none.
    """

    name: str
    method: str
    path: str
    message: type[Model]
    answer: Any
    kind: str | None
    roles: frozenset[Role] | None
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    status: int = 200
    location: str | None = None

    @property
    def is_question(self) -> bool:
        """Whether the operation reads; if not, it writes, and is answered with a receipt."""
        return "ask" in self.message.model_fields

    @property
    def is_prompt(self) -> bool:
        """Whether the operation is a question that has no body, and whose answer waits for nothing."""
        return self.method == "GET" and "wait" not in self.message.model_fields

    @property
    def limit(self) -> int:
        """The maximum size of a body, in bytes."""
        return MAX_SUBMISSION_BYTES if self.message is Submission else MAX_COMMAND_BYTES

    def at(self, place: Place) -> tuple[str, ...]:
        """Returns the names of the message's fields in this place."""
        return tuple(name for name, where in self.places.items() if where is place)


def operations(
    commands: Mapping[str, Sequence[type[Model]]], questions: Sequence[type[Question]]
) -> tuple[Operation, ...]:
    """Returns the operations of these commands, by kind of stream, and of these questions."""
    return (*_starts(), *_commands(commands), *_questions(questions, tuple(commands)))


def _starts() -> Iterator[Operation]:
    filings, filing, places = f"{VERSION}/filings", _stream("filing"), _in_body(Submission)
    yield Operation("submit", "POST", filings, Submission, Receipt, None, None, places, 201, filing)
    complaints, places = f"{filing}/complaints", _in_body(ComplaintStart) | {_FILING: Place.PATH}
    yield Operation("complain", "POST", complaints, ComplaintStart, Receipt, "filing", None, places, 201, complaints)


def _commands(commands: Mapping[str, Sequence[type[Model]]]) -> Iterator[Operation]:
    for kind, models in commands.items():
        for model in models:
            name = str(model.model_fields["kind"].default)
            path, who = f"{_stream(kind)}/commands/{name}", frozenset(KINDS[kind].rules.of[name].who)
            yield Operation(f"{kind}.{name}", "POST", path, model, Receipt, kind, who or None, _in_body(model))


def _questions(questions: Sequence[type[Question]], kinds: tuple[str, ...]) -> Iterator[Operation]:
    for model in questions:
        name = str(model.model_fields["ask"].default)
        if model.kinds == ():
            yield _question(f"ask_{name}", _list_path(name, model), model, None)
        for kind in kinds if model.kinds is None else model.kinds:
            path = _stream(kind) if name == kind else f"{_stream(kind)}/{name}"
            yield _question(f"{kind}.ask_{name}", path, model, kind)


def _question(name: str, path: str, model: type[Question], kind: str | None) -> Operation:
    """Returns the operation of a question. With a confidential field, it is a POST whose body has all fields."""
    posted = bool(fields_marked(model, Confidential))
    places = dict(_placed(model, lambda field: Place.BODY if posted else _beside(field)))
    places |= {one: Place.PATH for one in model.model_fields if one == "stream" or f"{{{one}}}" in path}
    return Operation(name, "POST" if posted else "GET", path, model, model.answer, kind, roles_of(model), places)


def _beside(name: str) -> Place:
    return Place.HEADER if name == "reason" else Place.QUERY


def _in_body(model: type[Model]) -> dict[str, Place]:
    return dict(_placed(model, lambda _: Place.BODY))


def _placed(model: type[Model], place: Callable[[str], Place]) -> Iterator[tuple[str, Place]]:
    for name in model.model_fields:
        yield name, Place.DOOR if name in _OF_THE_DOOR else place(name)


def _stream(kind: str) -> str:
    """Returns the address of a stream: with its number, if a filing has several streams of this kind."""
    numbered = "n" in KINDS[kind].state.model_fields
    return f"{VERSION}/{kind}s/{{{_FILING}}}" + ("/{n}" if numbered else "")


def _list_path(name: str, model: type[Question]) -> str:
    """Returns the address of a question about no stream: below an agency's address if it must name the agency."""
    named = model.model_fields.get("agency")
    if named is None or not named.is_required():
        return f"{VERSION}/{name}"
    return f"{VERSION}/agencies/{{agency}}" + ("" if name == "agency" else f"/{name}")


OPERATIONS: Final = operations(COMMANDS, get_args(Question))
"""All operations that the contract provides."""
