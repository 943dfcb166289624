"""The streams of publications: the stream of each event, and the rows that the events make."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple, assert_never
from uuid import uuid5

from rules.require import require as known
from schemas.ids import NAMESPACE
from schemas.privacy import ERASED_WORDS
from schemas.publishing import events as ev

Row = dict[str, Any]
"""A row: its values by column. Without the key that decrypts them, the personal columns are left out."""

Persons = Callable[[str], bytes]
"""Returns the index of the person with this citizen number, as the function of `Vault.persons` does."""

Key = tuple[Any, ...]
"""The primary key of a row."""

EVERY_AGENCY: Final = "*"
"""The agency of a publication that is for all agencies."""


class Table(NamedTuple):
    """A table that events fill: its name, its primary key, its JSON columns, and its columns with personal data."""

    name: str
    key: tuple[str, ...]
    json: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()


PROCEDURE: Final = Table("procedure", ("code", "version"))
CALENDAR: Final = Table("calendar", ("name", "agency"))
PROVINCE: Final = Table("province_overlay", ("province", "version"))
AGENCY: Final = Table("agency", ("agency",), frozenset({"signing", "receipts", "closed"}), frozenset({"signing"}))
OFFICE: Final = ("power", "title")
"""The columns with the words that are printed above an officer's name on signed papers."""
_OF_OFFICERS: Final = frozenset({"name", "number", "person", *OFFICE})
OFFICER: Final = Table("officer", ("agency", "subject", "role"), personal=_OF_OFFICERS)
ABSENCE: Final = Table("absence", ("agency", "subject", "role", "first_day"))
TEMPLATE: Final = Table("paper_template", ("agency", "paper", "procedure", "published_at"))
STATE: Final = Table("publication_state", ("one",))

TABLES: Final = (PROCEDURE, CALENDAR, PROVINCE, AGENCY, OFFICER, ABSENCE, TEMPLATE, STATE)
"""The tables, in an order in which each row comes after the rows that it refers to."""


class Place(NamedTuple):
    """A stream of publications, and the agency that the stream's publications are for."""

    stream: str
    agency: str = EVERY_AGENCY


class Change(NamedTuple):
    """The change of one row by an event. `row` is the whole new row; of a deleted row (`gone`), only the key."""

    table: Table
    row: Row
    gone: bool = False

    @property
    def key(self) -> Key:
        """The key of the row."""
        return tuple(self.row[column] for column in self.table.key)


def place_of(event: ev.PublicationEvent) -> Place:
    """Returns the stream in which an event is recorded. An officer's stream is named by the officer's pseudonym."""
    agency = EVERY_AGENCY
    match event:
        case ev.ProcedurePublished():
            about = f"procedure:{event.procedure}"
        case ev.ProvincePublished():
            about = f"province:{event.province}"
        case ev.CalendarPublished():
            about = f"calendar:{event.name}"
        case ev.TemplatePublished():
            about, agency = f"templates:{event.agency}", event.agency
        case ev.AgencyEntered():
            about, agency = f"agency:{event.agency}", event.agency
        case ev.OfficerEntered() | ev.OfficerErased() | ev.AbsenceRecorded() | ev.AbsenceWithdrawn():
            pseudonym = uuid5(NAMESPACE, f"officer\n{event.agency}\n{event.subject}")
            about, agency = f"officer:{event.agency}:{pseudonym}", event.agency
        case ev.PublicationAsked() | ev.PublicationApproved() | ev.PublicationDeclined():
            about = f"asked:{known(event.asked)}"
        case ev.TwoRequired():
            about = "two"
        case _:
            assert_never(event)
    return Place(f"{ev.PUBLICATION}:{about}", agency)


def changes(
    event: ev.PublicationEvent, at: datetime, *, read: bool = True, person: Persons | None = None
) -> Iterator[Change]:
    """Yields an event's changes to the tables. `read`: whether the event's encrypted fields were decrypted.

    Without `person`, the index of an officer's citizen number is left out of the officer's row.
    """
    match event:
        case ev.ProcedurePublished():
            same = {"version", "agency", "sha256", "demo", "valid_from", "valid_until", "province", "base"}
            texts = {"source": event.source.encode(), "rules": event.rules.encode()}
            row = event.model_dump(include=same) | texts
            yield Change(PROCEDURE, row | {"code": event.procedure, "published_at": at})
        case ev.ProvincePublished():
            row = event.model_dump(include={"province", "version", "sha256"}) | {"own": list(event.own)}
            names = {"name_vi": event.name.vi, "name_en": event.name.en}
            yield Change(PROVINCE, row | names | {"source": event.source.encode(), "published_at": at})
        case ev.CalendarPublished():
            for days in event.days:
                source = None if days.agency or event.source is None else event.source.encode()
                row = {"name": event.name, "agency": days.agency, "sha256": event.sha256, "published_at": at}
                yield Change(CALENDAR, row | {"body": days.body.encode(), "source": source})
        case ev.TemplatePublished():
            row = event.model_dump(include={"agency", "paper", "procedure", "sha256", "source"})
            yield Change(TEMPLATE, row | {"published_at": at})
        case ev.TwoRequired():
            yield Change(STATE, {"one": True, "by_two": event.on})
        case ev.PublicationAsked() | ev.PublicationApproved() | ev.PublicationDeclined():
            return
        case _:
            yield from _of_directory(event, read=read, person=person)


def _of_directory(
    event: ev.AgencyEntered | ev.OfficerEntered | ev.OfficerErased | ev.AbsenceRecorded | ev.AbsenceWithdrawn,
    *,
    read: bool,
    person: Persons | None,
) -> Iterator[Change]:
    match event:
        case ev.AgencyEntered():
            yield Change(AGENCY, _readable(AGENCY, _agency(event), read=read))
        case ev.OfficerEntered():
            row = event.model_dump(include={"agency", "subject", "name", "active", "number", *OFFICE})
            if event.id_number is None:
                row["person"] = None
            elif person is not None:
                row["person"] = person(event.id_number)
            yield from (Change(OFFICER, _readable(OFFICER, row | {"role": role}, read=read)) for role in event.roles)
        case ev.OfficerErased():
            gone = dict.fromkeys(("number", "person", *OFFICE))
            row = event.model_dump(include={"agency", "subject"}) | {"active": False} | gone
            yield from (Change(OFFICER, row | {"name": ERASED_WORDS, "role": role}) for role in event.roles)
        case ev.AbsenceRecorded():
            columns = {"agency", "subject", "role", "first_day", "last_day", "substitute"}
            yield Change(ABSENCE, event.model_dump(include=columns))
        case ev.AbsenceWithdrawn():
            yield Change(ABSENCE, event.model_dump(include=set(ABSENCE.key)), gone=True)
        case _:
            assert_never(event)


class Fold:
    """The rows of the tables after the events so far, which are added one by one."""

    def __init__(self) -> None:
        self.rows: dict[Table, dict[Key, Row]] = {table: {} for table in TABLES}
        self.add(Change(STATE, {"one": True, "by_two": False}))

    def add(self, change: Change) -> None:
        """Applies the next change."""
        rows = self.rows[change.table]
        if change.gone:
            rows.pop(change.key, None)
        else:
            rows[change.key] = change.row


def _readable(table: Table, row: Row, *, read: bool) -> Row:
    return row if read else {name: value for name, value in row.items() if name not in table.personal}


def _agency(event: ev.AgencyEntered) -> Row:
    same = {"agency", "namespace", "queue", "province", "seal", "tills"}
    many = {
        "phone": event.phone,
        "superior": event.superior,
        "territory": list(event.territory) or None,
        "closed": None if event.closed is None else event.closed.model_dump(mode="json"),
        "receives_for": list(event.receives_for),
        "receipts": None if event.receipts is None else event.receipts.model_dump(exclude_none=True),
        "merchants": None if event.merchants is None else list(event.merchants),
        "signing": None if event.signing is None else list(event.signing),
    }
    names = {"name_vi": event.name.vi, "name_en": event.name.en, "kind": event.agency_kind}
    return event.model_dump(include=same) | names | many
