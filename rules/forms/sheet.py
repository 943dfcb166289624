"""The content of a form, blank or filled in, without layout: all its words in order. Also the keys of form files."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from math import ceil
from typing import Any, Final, TypeAlias

from rules.time.working_time import VIETNAM
from rules.wording.rule_words import Labels, filed_by, holds, labels_of, note_of
from schemas.base import Model, Text
from schemas.filing.state import Filing
from schemas.filing.submission import Submission
from schemas.level import Channel, as_filed
from schemas.names import CHANNEL_NAMES
from schemas.people import PersonKind
from schemas.publishing.procedure import FieldKind, FieldRule, PaperRule, Procedure, ProcedureCode, ResultRule
from schemas.text import FormValue
from schemas.translate import said

Dossier: TypeAlias = Submission | Filing

_IN_A_LINE: Final = 70
"""The approximate number of handwritten characters in a line."""
_MOST_LINES: Final = 5
_SENTENCES: Final = (
    *("sheet.by_hand", "sheet.code", "sheet.digest", "sheet.digitally", "sheet.motto", "sheet.nation", "sheet.page"),
    *("sheet.papers", "sheet.place_and_date", "sheet.statement", "sheet.to", "sheet.unofficial"),
)
_WORDS: Final = {name.removeprefix("sheet."): said(name).model_dump() for name in _SENTENCES}
"""The fixed words of every form."""


class Box(Model):
    """A box to tick."""

    name: Text
    ticked: bool = False
    note: Text | None = None


class Entry(Model):
    """An entry of a form, such as `form.address`. It has `lines` to write on, `boxes` to tick, or its `value`."""

    place: str
    label: Text
    note: Text | None = None
    value: str | None = None
    boxes: tuple[Box, ...] = ()
    lines: int = 1


class Section(Model):
    """Entries under a heading."""

    title: Text
    entries: tuple[Entry, ...]


class Sheet(Model):
    """A form, blank or filled in. If filled in, it has the signed content's `digest` or the filing's `code`."""

    key: str
    procedure: str
    title: Text
    subtitle: Text
    to: Text
    sections: tuple[Section, ...]
    papers: tuple[Box, ...]
    filled: bool = False
    digest: str | None = None
    code: str | None = None

    @property
    def entries(self) -> Iterator[Entry]:
        """All entries of all sections."""
        return (entry for section in self.sections for entry in section.entries)


def blank(procedure: Procedure, key: str, paper: PaperRule | None) -> Sheet:
    """The form to fill in by hand: every field with its conditions. `paper`: the paper whose form this is, if any."""
    return filled_in(procedure, key, paper, None)


def blank_at(procedure: Procedure) -> datetime:
    """The time written in the file of a blank form: the beginning of the day on which the procedure was checked."""
    return datetime.combine(procedure.checked, time(), VIETNAM)


def content(sheet: Sheet) -> dict[str, Any]:
    """The data for the layout of a form: the sheet and the fixed words of every form, without a QR code or bar code."""
    return sheet.model_dump(mode="json") | {"words": _WORDS, "qr": None, "bars": None}


def filled_in(
    procedure: Procedure,
    key: str,
    paper: PaperRule | None,
    dossier: Dossier | None,
    *,
    digest: str | None = None,
    code: str | None = None,
) -> Sheet:
    """The form, filled in with the values of a dossier; only given values are shown."""
    labels = labels_of(procedure.form)
    content = tuple(_fields(procedure.form, labels, dossier))
    sections = (
        Section(title=said("sheet.applicant"), entries=tuple(_applicant(dossier))),
        *((Section(title=said("sheet.content"), entries=content),) if content else ()),
        Section(title=said("sheet.result"), entries=tuple(_result(procedure, dossier))),
    )
    own = None if paper is None else paper.code
    return Sheet(
        key=key,
        procedure=f"{procedure.code}@{procedure.version}",
        title=said("sheet.form") if paper is None else paper.name,
        subtitle=procedure.name,
        to=procedure.agency,
        sections=sections,
        papers=tuple(_papers([one for one in procedure.papers if one.code != own], labels, dossier)),
        filled=dossier is not None,
        digest=digest,
        code=code,
    )


def _applicant(dossier: Dossier | None) -> Iterator[Entry]:
    who = None if dossier is None else dossier.applicant
    kinds = ((PersonKind.PERSON, said("sheet.person")), (PersonKind.ORGANISATION, said("sheet.organisation")))
    boxes = (Box(name=name, ticked=who is not None and who.kind is kind) for kind, name in kinds)
    yield Entry(place="applicant.kind", label=said("sheet.kind"), boxes=tuple(boxes))
    texts = {
        "name": said("sheet.name"),
        "id_number": said("sheet.id_number"),
        "phone": said("sheet.phone"),
        "email": said("sheet.email"),
    }
    for name, label in texts.items():
        value = getattr(who, name, None)
        if who is None or value is not None:
            yield Entry(place=f"applicant.{name}", label=label, value=value)
    if who is None:
        yield Entry(place="actor", label=said("sheet.representative"))


def _fields(fields: Iterable[FieldRule], labels: Labels, dossier: Dossier | None) -> Iterator[Entry]:
    for field in fields:
        if dossier is None:
            yield _entry(field, None, note_of(field, labels))
        elif (value := dossier.form.get(field.code)) is not None:
            yield _entry(field, value, None)


def _entry(field: FieldRule, value: FormValue | None, note: Text | None) -> Entry:
    boxes: tuple[Box, ...] = ()
    if field.kind is FieldKind.BOOLEAN:
        truths = ((True, said("sheet.yes")), (False, said("sheet.no")))
        boxes = tuple(Box(name=name, ticked=value is is_) for is_, name in truths)
    if field.kind is FieldKind.CHOICE:
        boxes = tuple(Box(name=field.called(choice), ticked=value == choice) for choice in field.choices)
    lines = min(ceil((field.maximum or _IN_A_LINE) / _IN_A_LINE), _MOST_LINES) if field.kind is FieldKind.TEXT else 1
    written = None if value is None or boxes else _written(field.kind, value)
    place = f"form.{field.code}"
    return Entry(place=place, label=field.label, note=note, value=written, boxes=boxes, lines=lines)


def _written(kind: FieldKind, value: FormValue) -> str:
    return f"{date.fromisoformat(str(value)):%d/%m/%Y}" if kind is FieldKind.DATE else str(value)


def _papers(rules: Iterable[PaperRule], labels: Labels, dossier: Dossier | None) -> Iterator[Box]:
    handed_in = {} if dossier is None else {paper.code: paper for paper in dossier.papers}
    for rule in rules:
        if dossier is None:
            yield Box(name=rule.name, note=holds(rule.when, labels) if rule.when else None)
        elif (paper := handed_in.get(rule.code)) is not None:
            how = said("sheet.on_paper") if paper.file is None else said("sheet.file_attached")
            yield Box(name=rule.name, ticked=True, note=how)


def _ways(result: ResultRule, dossier: Dossier | None) -> Iterator[Box]:
    """The boxes for the channels of the result.

    A blank form has the boxes of all channels; if the result follows the channel of filing, a note at each box says so.
    """
    if dossier is None:
        for channel in result.channels:
            note = filed_by(as_filed(Channel, channel)) if result.as_filed else None
            yield Box(name=CHANNEL_NAMES[channel], note=note)
        return
    for channel in as_filed(result.channels, dossier.channel) if result.as_filed else result.channels:
        yield Box(name=CHANNEL_NAMES[channel], ticked=channel is dossier.result_channel)


def _result(procedure: Procedure, dossier: Dossier | None) -> Iterator[Entry]:
    yield Entry(place="result_channel", label=procedure.result.name, boxes=tuple(_ways(procedure.result, dossier)))
    if dossier is not None and dossier.address is not None:
        to = dossier.address
        value = f"{to.recipient}, {to.phone}, {to.address}, {to.postcode}"
        yield Entry(place="address", label=said("sheet.address"), value=value)
    elif dossier is None and Channel.POST in procedure.result.channels:
        yield Entry(place="address", label=said("sheet.address"), lines=2)


_FILE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.pdf")
_NATIONAL: Final = len("1.004222")
"""The length of a national code of a procedure. A province's longer code uses the forms of the national code."""


def is_form_of(code: ProcedureCode, key: str) -> bool:
    """Whether this key names a form of the procedure: `forms/<national code>/<name>.pdf`."""
    folder = f"forms/{code[:_NATIONAL]}/"
    return key.startswith(folder) and _FILE.fullmatch(key.removeprefix(folder)) is not None


def forms_of(procedure: Procedure) -> dict[str, PaperRule | None]:
    """The paper of each form, by the form's key; the single entry `to-khai.pdf: None` if no paper names a form."""
    named = {paper.form: paper for paper in procedure.papers if paper.form is not None}
    return {**named} or {f"forms/{procedure.code[:_NATIONAL]}/to-khai.pdf": None}
