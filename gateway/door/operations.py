"""The operations of the door as data, made from the tables of the contract: its commands, its questions, its starts.

A new command or question is an operation by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin

from rules.identity.looks import roles_of
from rules.stream_kind import StreamKind
from rules.streams import KINDS
from schemas import reading as rd
from schemas.base import Model, Personal, fields_marked
from schemas.complaint.state import ComplaintStart
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.message_catalogue import COMMANDS
from schemas.people import OFFICERS, Role
from schemas.stream.ledger import Receipt

ROOT: Final = "/v1"
FILING: Final = "filing"
"""The kind of stream of which a filing has one. Streams of the other kinds have a number in the filing."""
_SIDE: Final = frozenset({Role.APPLICANT, Role.REPRESENTATIVE})
_SET_BY_THE_DOOR: Final = frozenset({"statement", "stream", "ask", "kind", "actor"})
"""The fields of a message that come from the token and the address."""

Method: TypeAlias = Literal["GET", "POST"]


class Group(StrEnum):
    """The groups of operations: questions about the record, commands, and starts of streams."""

    QUESTION = "question"
    COMMAND = "command"
    START = "start"


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: The unique name, such as `filing_accept`.
        message: The model of the message that it sends.
        answer: The type of the answer: a model, or a list of a model.
        kind: The kind of the stream in the address; None for an address without a stream.
        roles: The roles that may use it; None if everybody with a token may.
        query: The fields that stand in the query of a GET.
    """

    name: str
    group: Group
    method: Method
    path: str
    message: type[Model]
    answer: Any
    kind: str | None = None
    roles: frozenset[Role] | None = None
    query: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The HTTP status of success."""
        return 201 if self.group is Group.START else 200


def operations(
    commands: Mapping[str, Iterable[type[Command]]] = COMMANDS,
    questions: Iterable[type[Model]] = get_args(rd.Question),
    kinds: Mapping[str, StreamKind[Any]] = KINDS,
    roles: Callable[[type[Any]], frozenset[Role] | None] = roles_of,
) -> tuple[Operation, ...]:
    """Returns every operation. `commands`: by the kind of their stream; `roles`: those that may ask a question."""
    starts = (
        Operation("submit", Group.START, "POST", f"{ROOT}/filings", Submission, Receipt),
        Operation("complain", Group.START, "POST", f"{ROOT}/complaints", ComplaintStart, Receipt, roles=_SIDE),
    )
    given = (_command(kind, each, kinds) for kind, some in commands.items() for each in some)
    asked = (one for question in questions for one in _question(question, roles(question), tuple(commands)))
    return (*starts, *given, *asked)


def place(kind: str) -> str:
    """Returns the address of streams of this kind, with the names of its parameters."""
    every = f"{ROOT}/{kind.removesuffix('s')}s/{{filing_id}}"
    return every if kind == FILING else f"{every}/{{n}}"


def _command(kind: str, command: type[Command], kinds: Mapping[str, StreamKind[Any]]) -> Operation:
    name: str = command.model_fields["kind"].default
    who = kinds[kind].rules.of[name].who
    roles = frozenset(who) or _SIDE | OFFICERS
    return Operation(
        f"{kind}_{name}", Group.COMMAND, "POST", f"{place(kind)}/commands/{name}", command, Receipt, kind, roles
    )


def _question(question: type[Any], roles: frozenset[Role] | None, kinds: tuple[str, ...]) -> Iterator[Operation]:
    """Yields a GET at each of its streams, if its address can hold it, and a POST with the whole question."""
    ask: str = question.model_fields["ask"].default
    yield Operation(
        f"ask_{ask}", Group.QUESTION, "POST", f"{ROOT}/questions/{ask}", question, question.answer, None, roles
    )
    hidden = fields_marked(question, Personal)
    if any(question.model_fields[name].is_required() for name in hidden):
        return
    query = tuple(name for name in question.model_fields if name not in hidden | _SET_BY_THE_DOOR)
    if "stream" not in question.model_fields:
        yield Operation(ask, Group.QUESTION, "GET", f"{ROOT}/{ask}", question, question.answer, None, roles, query)
        return
    about: tuple[str, ...] = getattr(question, "kinds", ()) or kinds
    for kind in about:
        path = place(kind) if ask == kind else f"{place(kind)}/{ask}"
        name = ask if len(about) == 1 else f"{kind}_{ask}"
        yield Operation(name, Group.QUESTION, "GET", path, question, question.answer, kind, roles, query)


def row_of(answer: Any) -> tuple[type[Model], bool]:
    """Returns the model of an answer, and whether the answer is a list of it."""
    return (get_args(answer)[0], True) if get_origin(answer) is list else (answer, False)


OPERATIONS: Final = operations()
