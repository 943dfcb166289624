"""The input and the content of an official paper, and of a result by a template. The layout is not here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..base import AgencyCode, Code, Model, Text
from ..complaint.state import Complaint
from ..filing.events import Outcome
from ..filing.state import Filing
from ..parcel.state import Parcel
from ..publishing.procedure import Procedure
from ..stream.ledger import Recorded
from .state import MoneyReceipt, PaperKind


class Letterhead(Model):
    """An agency's letterhead: its name, its parent, and the place of its papers."""

    name: Text
    parent: Text | None = None
    place: Text | None = None


@dataclass(frozen=True, slots=True)
class PaperSource:
    """The input of a paper.

    Attributes:
        events: The events of the stream in which the cause happened; the last one is the cause.
        filing: The filing after these events; for a complaint, the filing at the time of the cause.
        procedure: The published version of the filing, with its texts filled.
        agencies: The letterhead of every agency involved in the filing.
        officers: The names of its officers, by subject; officers without a name are shown by their role.
        tracking: The address of the filing's status page, with `{code}`; None: the QR code has only the dossier code.
        before: The filing before the last event, if known: an apology names the missed appointment.
        complaint: The complaint after its events, for its acknowledgement.
        parcel: The parcel after its events, for its label.
        course: The filing's events so far, for a paper that an event of another stream causes.
        receipt: The receipt for money, for its paper.
    """

    events: tuple[Recorded, ...]
    filing: Filing
    procedure: Procedure
    agencies: Mapping[AgencyCode, Letterhead]
    officers: Mapping[str, str] = field(default_factory=dict)
    tracking: str | None = None
    before: Filing | None = None
    complaint: Complaint | None = None
    parcel: Parcel | None = None
    course: tuple[Recorded, ...] = ()
    receipt: MoneyReceipt | None = None

    @property
    def cause(self) -> Recorded:
        """The event that causes the paper."""
        return self.events[-1]


class Paragraph(Model):
    """A paragraph of one or more sentences."""

    kind: Literal["paragraph"] = "paragraph"
    text: Text


class Row(Model):
    """A value under its label; `place` is its path in the source, such as `applicant.name`."""

    place: str
    label: Text
    value: Text


class Rows(Model):
    """Values under their labels."""

    kind: Literal["rows"] = "rows"
    rows: tuple[Row, ...]


class Listing(Model):
    """A numbered list under its title; `apart`: on a new page."""

    kind: Literal["list"] = "list"
    title: Text
    items: tuple[Text, ...]
    apart: bool = False


class Column(Model):
    """A column of a table: its share of the width, and whether its values are amounts of money."""

    title: Text
    share: int = 1
    amounts: bool = False


class Table(Model):
    """A table, each row with a cell for every column, and optionally a sum below the last row."""

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    total: tuple[Text, ...] = ()


Block = Annotated[Paragraph | Rows | Listing | Table, Field(discriminator="kind")]


class Signatory(Model):
    """A signer: their capacity, the way of signing, and their name if known."""

    title: Text
    how: Text
    name: str | None = None


class Sheet(Model):
    """The content of a paper or a result of an agency.

    `tracking` is the content of the QR code, `law` the legal basis. The bar code has the dossier code, or the
    `waybill` if there is one.
    """

    form: str | None
    size: Literal["a4", "a5"]
    agency: AgencyCode
    issuer: Letterhead
    dated: Text
    title: Text
    code: str
    tracking: str
    waybill: str | None = None
    to: Text | None = None
    body: tuple[Block, ...]
    law: tuple[str, ...] = ()
    signatories: tuple[Signatory, ...]


class PaperSheet(Sheet):
    """The content of an official paper."""

    kind: PaperKind


class Holder(Model):
    """The person or organisation of a result. `number` is their citizen or enterprise number."""

    name: str
    number: str
    organisation: bool


class ResultSheet(Sheet):
    """The content of a result, printed by a template, or of a refusal, which is printed without a template.

    Attributes:
        number: The number in the register; None if the result gets its number after the file is made.
        corrects: The number of the result that it corrects.
        reason: The reason of a refusal.
        holder: The applicant.
        values: The form's values in words, by the code of the field; None if not filled in.
    """

    kind: Literal["result"] = "result"
    number: str | None = None
    corrects: str | None = None
    outcome: Outcome
    reason: str | None = None
    holder: Holder
    values: Mapping[Code, Text | None]


def texts_of(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a sheet with its path: the path in the sheet's source if known, otherwise the path in the sheet."""
    if isinstance(value, str | Text):
        yield place, value if isinstance(value, str) else value.vi
    elif isinstance(value, Row):
        yield from texts_of(value.value, value.place)
    else:
        for step, part in _parts(value):
            yield from texts_of(part, f"{place}{step}".removeprefix("."))


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """The parts of a value, each with the last piece of its path."""
    match value:
        case BaseModel():
            yield from ((f".{name}", part) for name, part in value if name != "kind")
        case Mapping():
            yield from ((f".{name}", part) for name, part in value.items())
        case tuple():
            yield from ((f"[{index}]", part) for index, part in enumerate(value))
