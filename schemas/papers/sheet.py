"""The input of an official paper, and the content of an official paper, or of a result that is printed by a template.

The layout is not here.
"""

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
    """The letterhead of an agency: its name, the name of the agency above it, and the place named beside the date."""

    name: Text
    parent: Text | None = None
    place: Text | None = None


@dataclass(frozen=True, slots=True)
class PaperSource:
    """The input of a paper.

    Attributes:
        events: The events of one stream up to the cause of the paper, which is the last of them.
        filing: The filing after these events; for a complaint, the filing at the time of the cause.
        procedure: The published version of the filing's procedure, with its texts filled.
        agencies: The letterhead of every agency involved in the filing.
        phones: The telephones of the agencies' one-stop desks, as far as the directory has them.
        officers: The names of the agencies' officers, by subject; an officer without a name is shown by the role.
        titles: The power to sign and the title of the agencies' officers, by subject, as far as the directory has them.
        tracking: The web address of the status page, with `{code}` for the dossier code; None: papers have no QR code.
        before: The filing before the last event, if known: an apology names the appointment that will be missed.
        complaint: The complaint after its events, for the receipt of the complaint.
        parcel: The parcel after its events, for its label.
        course: The filing's events so far, for a paper that an event of another stream causes.
        receipt: The receipt for money, for the paper of the receipt.
    """

    events: tuple[Recorded, ...]
    filing: Filing
    procedure: Procedure
    agencies: Mapping[AgencyCode, Letterhead]
    phones: Mapping[AgencyCode, str] = field(default_factory=dict)
    officers: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Text] = field(default_factory=dict)
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
    """A value under its label. `place` is the path of the value in the source, such as `applicant.name`."""

    place: str
    label: Text
    value: Text


class Rows(Model):
    """Values under their labels."""

    kind: Literal["rows"] = "rows"
    rows: tuple[Row, ...]


class Listing(Model):
    """A numbered list under its title. `apart`: whether the list is on a new page."""

    kind: Literal["list"] = "list"
    title: Text
    items: tuple[Text, ...]
    apart: bool = False


class Column(Model):
    """A column of a table. `share` is its part of the width; `amounts`: whether its values are amounts of money."""

    title: Text
    share: int = 1
    amounts: bool = False


class Table(Model):
    """A table. Each row has a cell for every column; `total` is the row with the sum, empty if there is none."""

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    total: tuple[Text, ...] = ()


Block = Annotated[Paragraph | Rows | Listing | Table, Field(discriminator="kind")]


class Signatory(Model):
    """A person who signs a paper: the capacity (`title`), the kind of signing (`how`), and the name if known."""

    title: Text
    how: Text
    name: str | None = None


class Sheet(Model):
    """The content of a paper, or of a result, of an agency.

    `tracking` is the content of the QR code, None if there is no such code; `law` is the legal basis. The bar code has
    the `waybill`, or the dossier code if there is no waybill.
    """

    form: str | None
    size: Literal["a4", "a5"]
    agency: AgencyCode
    issuer: Letterhead
    dated: Text
    title: Text
    code: str
    tracking: str | None = None
    waybill: str | None = None
    to: Text | None = None
    body: tuple[Block, ...]
    law: tuple[str, ...] = ()
    signatories: tuple[Signatory, ...]


class PaperSheet(Sheet):
    """The content of an official paper."""

    kind: PaperKind


class Holder(Model):
    """The person or organisation in whose name a result is made. `number` is the citizen or enterprise number."""

    name: str
    number: str
    organisation: bool


class ResultSheet(Sheet):
    """The content of a result, which is printed by a template, or of a refusal, which is printed without a template.

    Attributes:
        number: The number in the register; None if the result gets its number after the file is made.
        corrects: The number of the result that this one corrects; None if it corrects none.
        reason: The reason of a refusal.
        holder: The applicant.
        values: The form's values in words, by the code of the field; None for a field that is not filled in.
    """

    kind: Literal["result"] = "result"
    number: str | None = None
    corrects: str | None = None
    outcome: Outcome
    reason: str | None = None
    holder: Holder
    values: Mapping[Code, Text | None]


def texts_of(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yields every text of a sheet with its path.

    For a text in a row, it is the row's path in the source of the sheet; for any other text, the path in the sheet.
    """
    if isinstance(value, str | Text):
        yield place, value if isinstance(value, str) else value.vi
    elif isinstance(value, Row):
        yield from texts_of(value.value, value.place)
    else:
        for step, part in _parts(value):
            yield from texts_of(part, f"{place}{step}".removeprefix("."))


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yields the direct parts of a value, each with its field name or index."""
    match value:
        case BaseModel():
            yield from ((f".{name}", part) for name, part in value if name != "kind")
        case Mapping():
            yield from ((f".{name}", part) for name, part in value.items())
        case tuple():
            yield from ((f"[{index}]", part) for index, part in enumerate(value))
