"""Every message between the platform and other programs: its model, its direction, and its wires.

A wire is one interface that passes the message. A new command or a new kind of event is included automatically.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import chain
from typing import Annotated, Any, Final, get_args

from pydantic import Field, create_model

from . import backoffice as office
from .base import HandedIn, Model, Personal, StrictModel, fields_marked, numbers_marked, unset
from .complaint.commands import COMPLAINT_COMMANDS
from .complaint.events import ComplaintEvent
from .complaint.state import ComplaintStart, ComplaintView
from .errors import Refusal
from .filing.commands import PUBLIC_COMMANDS, Command
from .filing.events import Event
from .filing.state import Action, FilingEnd, FilingView, SubmitCheck
from .filing.submission import Submission
from .identity.statement import SignedStatement
from .papers.events import PapersEvent
from .papers.state import OfficialPaper
from .parcel.commands import PARCEL_COMMANDS
from .parcel.events import ParcelEvent
from .parcel.state import ParcelView
from .payment.commands import PAYMENT_COMMANDS
from .payment.events import PaymentEvent
from .payment.state import PaymentView
from .people import Actor
from .privacy import Erased
from .publishing.calendar import CalendarFile
from .publishing.events import PublicationEvent
from .publishing.procedure import Procedure
from .publishing.province import ProvinceOverlay
from .reading import Page, Question
from .referral.commands import REFERRAL_COMMANDS
from .referral.events import ReferralEvent
from .referral.state import ReferralView
from .refund.commands import REFUND_COMMANDS
from .refund.events import RefundEvent
from .refund.state import RefundStart, RefundView
from .result.commands import RESULT_COMMANDS
from .result.events import ResultEvent
from .result.state import ResultRecord, ResultStart
from .stream.ledger import Bound, Receipt
from .stream.restart import Restarted

__all__ = ["COMMANDS", "PUBLIC_MESSAGES", "Direction", "FilingInput", "Message", "Part", "Wire", "WireKind"]

_OfParts = PaymentEvent | ParcelEvent | ReferralEvent | ComplaintEvent | PapersEvent | ResultEvent | RefundEvent
AnyEvent = Annotated[Event | _OfParts | Erased, Field(discriminator="kind")]
"""An event of any stream, as stored in the log."""


class WireKind(StrEnum):
    """The kinds of wires (interfaces that pass a message).

    They are the elements of Temporal's interface, a column of the record, and a file written by hand. `view` is a
    question to the workflow type `View`; the question's `ask` is then the name of the wire.
    """

    WORKFLOW = "workflow"
    UPDATE = "update"
    VIEW = "view"
    ACTIVITY = "activity"
    COLUMN = "column"
    FILE = "file"


class Part(StrEnum):
    """The element of a wire that is the message. For a failure it is the first entry of the failure's details."""

    ARGUMENT = "argument"
    ARGUMENTS_SUBMISSION = "argument.submission"
    RESULT = "result"
    FAILURE = "failure"
    CONTENT = "content"


class Direction(StrEnum):
    """The direction of a message: to the platform, or from the platform to others."""

    TO_PLATFORM = "to_platform"
    FROM_PLATFORM = "from_platform"


class Wire(Model):
    """One wire (interface) that passes a message. `many`: whether it passes a JSON array of such messages."""

    kind: WireKind
    name: str
    part: Part
    many: bool = False


@dataclass(frozen=True)
class Message:
    """A message of the contract, under the name of its schema.

    Attributes:
        name: The unique name: 1 to 40 of a-z 0-9 _ .
        model: The model by which the message is parsed or written.
        direction: To the platform, or from the platform.
        wires: The interfaces that pass the message.
        event: For the body of an event, the model of the whole event; None for any other message.
    """

    name: str
    model: type[Model]
    direction: Direction
    wires: tuple[Wire, ...]
    event: type[Model] | None = None

    @property
    def strict(self) -> bool:
        """Whether unknown fields are refused at every depth."""
        return issubclass(self.model, StrictModel | HandedIn)


class FilingInput(HandedIn):
    """The start input of a filing, from any SDK. Only the platform itself may set further fields.

    `statement` is the signed identity of the caller.
    """

    submission: Submission
    """the filing as submitted"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)


def body_of(event: type[Model]) -> type[Model]:
    """Returns the model of an event in the log's column `body`.

    The model leaves out the kind, which is a column of its own, and the personal fields, which are encrypted. It
    requires each number that the ledger gives to all events of this kind.
    """
    hidden = fields_marked(event, Personal) | {"kind"}
    numbers = {name for name, mark in numbers_marked(event) if mark.unless is None}
    fields: dict[str, Any] = {
        name: str if name in numbers else (field.annotation, field)
        for name, field in event.model_fields.items()
        if name not in hidden
    }
    return create_model(f"{event.__name__}Body", __base__=Model, __doc__=event.__doc__, **fields)


def _models(union: Any) -> Iterator[type[Model]]:
    if isinstance(union, type):
        yield union
    for part in get_args(union):
        yield from _models(part)


def _kind(model: type[Model]) -> str:
    return str(model.model_fields["kind"].default)


def _wire(kind: WireKind, name: str, part: Part = Part.CONTENT) -> Wire:
    return Wire(kind=kind, name=name, part=part)


_workflow: Final = partial(_wire, WireKind.WORKFLOW)
_update: Final = partial(_wire, WireKind.UPDATE)
_activity: Final = partial(_wire, WireKind.ACTIVITY)
_column: Final = partial(_wire, WireKind.COLUMN)
_file: Final = partial(_wire, WireKind.FILE)


def _given(command: type[Command]) -> tuple[Wire, ...]:
    """Returns the Updates for a command, one for each workflow that accepts the command."""
    return tuple(_update(name, Part.ARGUMENT) for name in _UPDATES if name.endswith(f".{_kind(command)}"))


def _view(question: type[Model], part: Part, *, many: bool = False) -> Wire:
    return Wire(kind=WireKind.VIEW, name=_ask(question), part=part, many=many)


def _ask(question: type[Model]) -> str:
    return str(question.model_fields["ask"].default)


def _row(question: type[Question]) -> type[Model]:
    """Returns the model of a question's answer; for a list, the model of one entry."""
    answer: Any = question.answer
    row: type[Model] = next(iter(get_args(answer)), answer)
    return row


def _answering(model: type[Model]) -> tuple[Wire, ...]:
    return tuple(_view(q, Part.RESULT, many=q.answer is not model) for q in _QUESTIONS if _row(q) is model)


def _ending(model: type[Model]) -> tuple[Wire, ...]:
    return (_workflow(_ENDS[model], Part.RESULT),) if model in _ENDS else ()


def _name(model: type[Model]) -> str:
    """Returns the schema name of an answer.

    It is derived from the name of the answer's class; for a page, from the first question that has such pages.
    """
    if issubclass(model, Page):
        return f"{_answering(model)[0].name}_page"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower().removesuffix("_summary")


_IN: Final = Direction.TO_PLATFORM
_OUT: Final = Direction.FROM_PLATFORM
COMMANDS: Final[Mapping[str, tuple[type[Command], ...]]] = {
    "filing": PUBLIC_COMMANDS,
    "parcel": PARCEL_COMMANDS,
    "referral": REFERRAL_COMMANDS,
    "complaint": COMPLAINT_COMMANDS,
    "result": RESULT_COMMANDS,
    "refund": REFUND_COMMANDS,
    "payment": PAYMENT_COMMANDS,
}
"""The public commands by the kind of their stream: each command is an Update of the workflow of this stream."""

_UPDATES: Final = (
    "Filing.submit",
    *(f"{stream.capitalize()}.{_kind(command)}" for stream, commands in COMMANDS.items() for command in commands),
)
_COMMANDS: Final = tuple(dict.fromkeys(chain(*COMMANDS.values())))
_QUESTIONS: Final[tuple[type[Question], ...]] = get_args(Question)
_ENDS: Final[Mapping[type[Model], str]] = {
    FilingEnd: "Filing",
    PaymentView: "Payment",
    ParcelView: "Parcel",
    ReferralView: "Referral",
    ComplaintView: "Complaint",
    ResultRecord: "Result",
    RefundView: "Refund",
}
"""The models that are the results of workflows, each with the name of its workflow."""
_SHOWN: Final[tuple[type[Model], ...]] = (
    FilingView,
    Action,
    *(model for model in map(_row, _QUESTIONS) if model not in {Receipt, OfficialPaper, *_ENDS}),
    FilingEnd,
    PaymentView,
    ParcelView,
    OfficialPaper,
    *_ENDS,
)
"""The answers to questions, and the results of workflows, in the order of the published index."""

PUBLIC_MESSAGES: Final[tuple[Message, ...]] = (
    Message("filing_input", FilingInput, _IN, (_workflow("Filing", Part.ARGUMENT),)),
    Message("submission", Submission, _IN, (_workflow("Filing", Part.ARGUMENTS_SUBMISSION),)),
    Message("submit_check", SubmitCheck, _IN, (_update("Filing.submit", Part.ARGUMENT),)),
    Message("complaint_input", ComplaintStart, _IN, (_workflow("Complaint", Part.ARGUMENT),)),
    Message("result_input", ResultStart, _IN, (_workflow("Result", Part.ARGUMENT),)),
    Message("refund_input", RefundStart, _IN, (_workflow("Refund", Part.ARGUMENT),)),
    *(Message(f"command.{_kind(m)}", m, _IN, _given(m)) for m in _COMMANDS),
    Message(
        "receipt",
        Receipt,
        _OUT,
        (*(_update(name, Part.RESULT) for name in _UPDATES), *_answering(Receipt), _column("receipt.body")),
    ),
    Message(
        "refusal",
        Refusal,
        _OUT,
        (
            *(_update(name, Part.FAILURE) for name in _UPDATES),
            *(_workflow(name, Part.FAILURE) for name in ("Filing", "Complaint", "Result", "Refund")),
            *(_view(m, Part.FAILURE) for m in _QUESTIONS),
        ),
    ),
    *(Message(f"ask.{_ask(m)}", m, _IN, (_view(m, Part.ARGUMENT),)) for m in _QUESTIONS),
    *(Message(_name(m), m, _OUT, (*_answering(m), *_ending(m))) for m in dict.fromkeys(_SHOWN)),
    Message("check_request", office.CheckRequest, _OUT, (_activity(office.CHECK, Part.ARGUMENT),)),
    Message("check_answer", office.CheckAnswer, _IN, (_activity(office.CHECK, Part.RESULT),)),
    Message("issue_request", office.IssueRequest, _OUT, (_activity(office.ISSUE, Part.ARGUMENT),)),
    Message("issue_answer", office.IssueAnswer, _IN, (_activity(office.ISSUE, Part.RESULT),)),
    Message("answer_request", office.AnswerRequest, _OUT, (_activity(office.ANSWER, Part.ARGUMENT),)),
    Message("answer_answer", office.AnswerAnswer, _IN, (_activity(office.ANSWER, Part.RESULT),)),
    *(
        Message(f"event.{_kind(m)}", body_of(m), _OUT, (_column(f"event.body of {_kind(m)}"),), event=m)
        for m in dict.fromkeys((*_models(AnyEvent), *_models(PublicationEvent), *_models(Restarted)))
    ),
    Message("event_actor", Actor, _OUT, (_column("event.actor"),)),
    Message("event_bound", Bound, _OUT, (_column("event.bound"),)),
    Message("procedure", Procedure, _IN, (_file("procedures/*.yaml"),)),
    Message("province", ProvinceOverlay, _IN, (_file("procedures/provinces/*.yaml"),)),
    Message("calendar", CalendarFile, _IN, (_file("procedures/calendars/*.yaml"),)),
)
"""All public messages.

Not included are the signals and the inputs of `Payment`, `Parcel` and `Referral`: only the platform itself sends
these.
"""
