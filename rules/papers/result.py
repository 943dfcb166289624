"""A result that the platform prints: its content, and samples on which a procedure's template is tried."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from rules.papers.samples import ADDRESS, AGENCY, CODE, LONG_CODE, NAME
from rules.papers.sheets.law import cited
from rules.papers.sheets.made import by_hand, dated, plain
from rules.require import require
from schemas.backoffice import IssueRequest
from schemas.base import Text
from schemas.filing.events import Outcome
from schemas.papers.sheet import Holder, Letterhead, Paragraph, ResultSheet, Row, Rows, Signatory
from schemas.people import PersonKind
from schemas.publishing.procedure import FieldKind, FieldRule, Procedure
from schemas.text import FormValue
from schemas.translate import said


@dataclass(frozen=True, slots=True)
class ResultSource:
    """The input for printing a result at the time `at`, under the version of the procedure that applies to the filing.

    `officer`: the name of the deciding officer; None if the directory lacks it. `title`: the words above this name.
    `signer`: the officer who will sign, if officers sign results. `communes`: the names of the communes in the form, by
    code, as far as the directory has them. `words`: the text of the back office, if it makes no file of its own.
    `tracking`: the address of the filing's status page, with `{code}` for its code.
    """

    request: IssueRequest
    procedure: Procedure
    issuer: Letterhead
    officer: str | None
    title: Text
    signer: Signatory | None
    communes: Mapping[str, Text]
    at: datetime
    tracking: str | None = None
    words: str | None = None


def result_sheet(source: ResultSource) -> ResultSheet:
    """The result, or the notice of refusal."""
    request, dossier = source.request, source.request.dossier
    refused = request.outcome is Outcome.REFUSED
    who = dossier.applicant
    return ResultSheet(
        form=None,
        size="a4",
        agency=dossier.agency,
        issuer=source.issuer,
        dated=dated(source.at, source.issuer.place),
        title=said("paper.result_refused") if refused else source.procedure.result.name,
        code=dossier.code,
        tracking=source.tracking and source.tracking.replace("{code}", dossier.code),
        to=plain(who.name) if refused else None,
        body=(Rows(rows=tuple(_rows(source))), *_paragraphs(source.words)),
        law=cited(source.procedure.legal_basis),
        signatories=(source.signer or by_hand(source.title, source.officer),),
        number=request.number,
        corrects=request.corrects,
        outcome=request.outcome,
        reason=request.reason,
        holder=Holder(name=who.name, number=who.id_number, organisation=who.kind is PersonKind.ORGANISATION),
        values={
            field.code: _value_text(field, dossier.form.get(field.code), source.communes)
            for field in source.procedure.form
        },
    )


def _rows(source: ResultSource) -> Iterator[Row]:
    """The holder, the procedure and the dossier; then the form's fields, or the reason of a refusal."""
    request, procedure = source.request, source.procedure
    if request.outcome is not Outcome.REFUSED:
        yield Row(place="holder.name", label=said("paper.granted_to"), value=plain(request.dossier.applicant.name))
    yield Row(place="procedure", label=said("paper.about"), value=procedure.name)
    yield Row(place="code", label=said("sheet.code"), value=plain(request.dossier.code))
    if request.corrects is not None:
        yield Row(place="corrects", label=said("paper.instead_of"), value=plain(request.corrects))
    if request.outcome is not Outcome.REFUSED:
        for field in procedure.form:
            if (value := _value_text(field, request.dossier.form.get(field.code), source.communes)) is not None:
                yield Row(place=f"values.{field.code}", label=field.label, value=value)
    elif request.reason is not None:
        yield Row(place="reason", label=said("paper.reason"), value=plain(request.reason))


def _paragraphs(words: str | None) -> Iterator[Paragraph]:
    yield from (Paragraph(text=plain(line)) for line in (words or "").splitlines() if line.strip())


def _value_text(field: FieldRule, value: FormValue | None, communes: Mapping[str, Text]) -> Text | None:
    if value is None:
        return None
    match field.kind:
        case FieldKind.COMMUNE:
            return communes.get(str(value), plain(str(value)))
        case FieldKind.CHOICE:
            return field.called(str(value))
        case FieldKind.BOOLEAN:
            return said("sheet.yes") if value else said("sheet.no")
        case FieldKind.DATE:
            return plain(f"{date.fromisoformat(str(value)):%d/%m/%Y}")
        case _:
            return plain(str(value))


def result_samples(procedure: Procedure) -> tuple[ResultSheet, ResultSheet]:
    """The shortest and the longest approved result of the procedure."""
    short = ResultSheet(
        form=None,
        size="a4",
        agency="H01.12",
        issuer=Letterhead(name=plain("Công an xã Ỷ La")),
        dated=said("paper.day", day="27", month="11", year="2026"),
        title=procedure.result.name,
        code=CODE,
        tracking=CODE,
        body=(),
        law=procedure.legal_basis,
        signatories=(by_hand(said("paper.head_of_agency")),),
        outcome=Outcome.APPROVED,
        holder=Holder(name="Lê Ý", number="001085000001", organisation=False),
        values={field.code: _least(field) for field in procedure.form},
    )
    values = {field.code: _most(field) for field in procedure.form}
    rows = (Row(place=f"values.{field.code}", label=field.label, value=values[field.code]) for field in procedure.form)
    signing = (by_hand(said("paper.head_of_agency"), NAME),) * 3
    long = short.model_copy(
        update={
            "issuer": Letterhead(name=plain(AGENCY), parent=plain(AGENCY), place=plain("Thành phố Hồ Chí Minh")),
            "code": LONG_CODE,
            "tracking": LONG_CODE,
            "body": (Rows(rows=tuple(rows)),),
            "signatories": signing,
            "number": f"{LONG_CODE[:12]}-2026-K0000001",
            "corrects": f"{LONG_CODE[:12]}-2026-K0000000",
            "holder": Holder(name=NAME, number="001085000001", organisation=True),
            "values": values,
        }
    )
    return short, long


def _least(field: FieldRule) -> Text | None:
    """The shortest value of a field; None if the field is optional or depends on conditions."""
    if not field.required or field.when:
        return None
    if field.kind is FieldKind.CHOICE:
        return min((field.called(choice) for choice in field.choices), key=lambda name: len(name.vi))
    return _value_text(field, _SHORTEST[field.kind], {})


def _most(field: FieldRule) -> Text:
    if field.kind is FieldKind.CHOICE:
        return max((field.called(choice) for choice in field.choices), key=lambda name: len(name.vi))
    if field.kind is FieldKind.TEXT:
        return plain((f"{NAME} {ADDRESS} " * 10)[: field.maximum or 300].strip())
    if field.kind is FieldKind.INTEGER and field.maximum is not None:
        return plain(str(field.maximum))
    return require(_value_text(field, _LONGEST[field.kind], {}))


_SHORTEST: Final[dict[FieldKind, FormValue]] = {
    FieldKind.TEXT: "Ý",
    FieldKind.INTEGER: 1,
    FieldKind.DATE: "2026-01-01",
    FieldKind.COMMUNE: "00004",
    FieldKind.BOOLEAN: True,
}
_LONGEST: Final[dict[FieldKind, FormValue]] = {
    FieldKind.INTEGER: 1_000_000_000,
    FieldKind.DATE: "2026-12-31",
    FieldKind.COMMUNE: "32248",
    FieldKind.BOOLEAN: False,
}
