"""Imports a table of procedures (a CSV file or an Excel workbook): makes a draft of a procedure file for each row.

The headings and rows are read without evaluating formulas.
"""

import codecs
import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from openpyxl import load_workbook
from rich.console import Console
from rich.progress import track

from motcua.cli.language import in_words
from publishing.authoring.procedure_file import MistakesFoundError
from publishing.drafting.cells import shown
from publishing.drafting.draft import VERSION, draft_of, mistakes_of
from publishing.drafting.rows import TITLES, Column, Facts, Headings, facts_of, headings, words_between
from rules.source import MAX_BYTES, Mistake, mistake
from schemas.base import Text
from schemas.translate import both, said

MAX_TABLE_BYTES: Final = 10_000_000
MAX_ROWS: Final = 10_000
MAX_UNPACKED: Final = 50_000_000
"""Maximum number of bytes of an unpacked Excel workbook."""
_MAX_TAGS: Final = 1_500_000
"""Maximum number of tags in a workbook's XML: in memory, a tag takes a hundred times its bytes."""
_MAX_COLUMNS: Final = 100
_HEADINGS_WITHIN: Final = 20
_DELIMITERS: Final = ",;\t"
_ENCODINGS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
"""The first bytes of an old or an encrypted workbook."""

Cells = Sequence[object]


class Table(NamedTuple):
    """The headings, and the rows below them with their numbers in the spreadsheet."""

    headings: Headings
    rows: list[tuple[int, Cells]]


def read_table(data: bytes) -> Table:
    """Returns the table in `data`, CSV or XLSX by its content. Raises `MistakesFoundError`."""
    if len(data) > MAX_TABLE_BYTES:
        raise _no_table("table_too_large", limit=MAX_TABLE_BYTES)
    if data.startswith(_OLE):
        raise _no_table("table_unreadable")
    for rows in _excel(data) if data.startswith(_ZIP) else _csv(data):
        if found := _table(rows):
            return found
    raise _no_table("table_without_headings", limit=_HEADINGS_WITHIN, titles="; ".join(TITLES.values()))


def _no_table(rule: str, line: int | None = None, **facts: object) -> MistakesFoundError:
    return MistakesFoundError([mistake(rule, "", **facts).model_copy(update={"line": line})])


def _table(rows: Iterable[Cells]) -> Table | None:
    """Returns the table in these rows. Of the first rows, the one with the most known headings is the heading row."""
    numbered = enumerate(rows, start=1)
    first = list(islice(numbered, _HEADINGS_WITHIN))
    found = [(number, known) for number, cells in first if (known := headings(cells))]
    if not found:
        return None
    start, known = max(found, key=lambda entry: len(entry[1].places))
    _check_headings(known, start)
    rest = [(number, cells) for number, cells in first if number > start]
    for number, cells in numbered:
        if not {None, ""}.issuperset(cells):
            if number > start + MAX_ROWS:
                raise _no_table("table_too_many_rows", limit=MAX_ROWS)
            rest.append((number, cells))
    return Table(known, rest)


def _check_headings(known: Headings, line: int) -> None:
    wrong = {"column_missing": known.missing, "column_twice": known.twice}
    if found := [mistake(rule, "", titles="; ".join(titles)) for rule, titles in wrong.items() if titles]:
        raise MistakesFoundError([entry.model_copy(update={"line": line}) for entry in found])


def _csv(data: bytes) -> list[list[Cells]]:
    """Returns the rows of a text, as a single sheet. Splits at the delimiter that gives the most known headings."""
    encoding = next((name for mark, name in _ENCODINGS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_table("table_encoding", data.count(b"\n", 0, error.start) + 1) from None
    known = {delimiter: _known(text, delimiter) for delimiter in _DELIMITERS}
    best = max(known, key=lambda delimiter: known[delimiter])
    return [list(_records(text, best))] if known[best] else []


def _known(text: str, delimiter: str) -> int:
    """Splits the first rows at this delimiter, and returns the number of known headings in the row with the most."""
    most = 0
    with suppress(MistakesFoundError):  # the quotes may fit another delimiter; else the error comes again later
        for cells in islice(_records(text, delimiter), _HEADINGS_WITHIN):
            row = headings(cells)
            most = max(most, len(row.places) if row else 0)
    return most


def _records(text: str, delimiter: str) -> Iterator[Cells]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise _no_table("table_quotes", number) from None
        if cells is None:
            return
        yield cells


def _excel(data: bytes) -> list[list[Cells]]:
    try:
        _weigh(data)
        with warnings.catch_warnings(action="ignore"):  # about parts that the reader leaves out: styles, validations
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            for sheet in book.worksheets:
                sheet.reset_dimensions()
            return [
                list(map(_trimmed, sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS)))
                for sheet in book.worksheets
            ]
    except MistakesFoundError:
        raise
    except Exception:  # noqa: BLE001 -- a broken workbook can make the reader fail in any way
        raise _no_table("table_unreadable") from None


def _weigh(data: bytes) -> None:
    """Refuses a workbook that is too large when unpacked, before it is parsed. Raises `MistakesFoundError`."""
    unpacked = tags = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as part:
                content = part.read(MAX_UNPACKED - unpacked + 1)
            unpacked += len(content)
            tags += content.count(b"<")
            if unpacked > MAX_UNPACKED or tags > _MAX_TAGS:
                raise _no_table("table_unpacks_too_large", limit=MAX_UNPACKED)
            if b"<!DOCTYPE" in content:
                raise _no_table("table_unreadable")


def _trimmed(cells: Cells) -> Cells:
    if not any(cells):  # nearly all rows, if a sheet's last cell is far away
        return ()
    return cells[: max(n for n, cell in enumerate(cells, start=1) if cell is not None)]


class Drafted(NamedTuple):
    """The result for a row: a draft with open points (`unsettled`), or the mistakes, each with its heading and row."""

    row: int
    code: str
    content: bytes
    unsettled: list[Mistake]
    mistakes: list[Mistake]

    @property
    def file(self) -> str:
        """The name of the draft's file."""
        return f"{self.code}@{VERSION}.yaml"


class Between(NamedTuple):
    """A row that is no procedure. `words` is its text, such as the name of a sector; empty for an empty row."""

    row: int
    words: str


def drafts(table: Table, name: str) -> Iterator[Drafted | Between]:
    """Yields the result for each row of the table `name`, in order."""
    seen: dict[str, int] = {}
    for number, cells in table.rows:
        words = words_between(cells, table.headings)
        if words is not None:
            yield Between(number, words)
            continue
        drafted = _drafted(number, cells, table.headings, name)
        if first := seen.get(drafted.code):
            drafted = _refused(number, [mistake("code_twice", table.headings.title(Column.CODE), row=first)])
        elif drafted.code:
            seen[drafted.code] = number
        yield drafted


def _refused(row: int, mistakes: list[Mistake]) -> Drafted:
    placed = [entry.model_copy(update={"line": row}) for entry in mistakes]
    return Drafted(row, code="", content=b"", unsettled=[], mistakes=placed)


def _drafted(row: int, cells: Cells, known: Headings, name: str) -> Drafted:
    facts = facts_of(cells, known)
    if not isinstance(facts, Facts):
        return _refused(row, facts)
    source = said("draft.source", table=shown(name), row=row)
    raw = draft_of(facts, source.vi)
    wrong = {(known.title(column), entry.rule): entry for column, entry in mistakes_of(raw)}
    if wrong:
        return _refused(row, [entry.model_copy(update={"path": title}) for (title, _), entry in wrong.items()])
    unsettled = [
        mistake(rule, known.title(column)).model_copy(update={"line": row}) for column, rule in facts.unsettled()
    ]
    texts = {title: text for n, title in known.titles.items() if n < len(cells) and (text := shown(cells[n]))}
    comment = _comment(source, unsettled, texts)
    content = comment + yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=120).encode()
    if len(content) > MAX_BYTES:
        return _refused(row, [mistake("file_too_large", "", limit=MAX_BYTES)])
    return Drafted(row, facts.code, content, unsettled, mistakes=[])


def _comment(source: Text, unsettled: list[Mistake], texts: Mapping[str, str]) -> bytes:
    before = said("draft.before_publishing")
    lines = [both("draft.heading", source=source), before.vi, before.en]
    if unsettled:
        lines += ["", both("draft.unsettled")]
    for entry in unsettled:
        told = Text(vi=f"{entry.message.vi}: {entry.fix.vi}", en=f"{entry.message.en}: {entry.fix.en}")
        lines += [f"- {entry.path}: {told.vi}", f"  {told.en}"]
    lines += ["", both("draft.row")]
    for title, text in texts.items():
        first, *rest = text.split("\n")
        lines += [f"- {title}: {first}", *(f"  {line}" for line in rest)]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines).encode()


@dataclass
class Outcome:
    """The result for a table: drafts, each with its outcome; mistakes of refused rows; rows that are no procedure."""

    drafts: list[tuple[Drafted, str]] = field(default_factory=list)
    refused: list[Mistake] = field(default_factory=list)
    between: list[Between] = field(default_factory=list)


def outcome_of(table: Table, file: Path, into: Path | None) -> Outcome:
    """Drafts every row; writes the drafts to the folder `into` if given, never over other content. Raises `OSError`."""
    outcome = Outcome()
    rows, words, stderr = drafts(table, file.name), in_words(said("label.rows")), Console(stderr=True)
    for drafted in track(rows, words, len(table.rows), console=stderr, transient=True):
        if isinstance(drafted, Between):
            outcome.between += [drafted] if drafted.words else []
        elif drafted.mistakes:
            outcome.refused += drafted.mistakes
        elif into is None:
            outcome.drafts.append((drafted, "not_written"))
        else:
            path = into / drafted.file
            into.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("xb") as draft:
                    draft.write(drafted.content)
                outcome.drafts.append((drafted, "written"))
            except FileExistsError:
                if path.read_bytes() == drafted.content:
                    outcome.drafts.append((drafted, "unchanged"))
                else:
                    there = mistake("draft_exists", "", file=path)
                    outcome.refused.append(there.model_copy(update={"line": drafted.row}))
    return outcome


def refused_row(entry: Mistake) -> dict[str, Any]:
    """Returns the mistake of a refused row as plain data, with the row and the column's heading."""
    told = entry.model_dump(mode="json", include={"rule", "message", "fix"})
    return {"row": entry.line, "column": entry.path, **told}


def as_data(outcome: Outcome, table: Table, into: Path) -> dict[str, Any]:
    return {
        "drafts": [
            {
                "row": drafted.row,
                "file": str(into / drafted.file),
                "outcome": word,
                "unsettled": [refused_row(entry) for entry in drafted.unsettled],
            }
            for drafted, word in outcome.drafts
        ],
        "refused": [refused_row(entry) for entry in outcome.refused],
        "unknown_columns": table.headings.unknown,
        "skipped": [row._asdict() for row in outcome.between],
    }
