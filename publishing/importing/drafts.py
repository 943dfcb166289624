"""Drafts of procedure files from a table of procedures, one for each row, and the outcome of their import."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from rich.console import Console
from rich.progress import track

from motcua.cli.language import in_words
from publishing.drafting.cells import shown
from publishing.drafting.columns import Column, Headings
from publishing.drafting.draft import VERSION, draft_of, mistakes_of
from publishing.drafting.rows import Facts, facts_of, words_between
from publishing.importing.tables import Cells, Table
from rules.source import MAX_BYTES, Mistake, mistake
from schemas.base import Text
from schemas.translate import both, said


class Drafted(NamedTuple):
    """The result for a row: a draft with open points, or mistakes. Each has its heading (`path`) and row (`line`)."""

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
    """A row that is no procedure: `words` is its text, such as the name of a sector over the whole width, or empty."""

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


def _drafted(row: int, cells: Cells, headings: Headings, name: str) -> Drafted:
    facts = facts_of(cells, headings)
    if not isinstance(facts, Facts):
        return _refused(row, facts)
    source = said("draft.source", table=shown(name), row=row)
    raw = draft_of(facts, source.vi)
    wrong = {(headings.title(column), entry.rule): entry for column, entry in mistakes_of(raw)}
    if wrong:
        return _refused(row, [entry.model_copy(update={"path": title}) for (title, _), entry in wrong.items()])
    unsettled = [
        mistake(rule, headings.title(column)).model_copy(update={"line": row}) for column, rule in facts.unsettled()
    ]
    texts = {title: text for n, title in headings.titles.items() if n < len(cells) and (text := shown(cells[n]))}
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
    """The result for a table: drafts with their outcomes, mistakes of refused rows, and rows that are no procedure."""

    drafts: list[tuple[Drafted, str]] = field(default_factory=list)
    refused: list[Mistake] = field(default_factory=list)
    between: list[Between] = field(default_factory=list)


def outcome_of(table: Table, file: Path, into: Path | None) -> Outcome:
    """Drafts every row; writes the drafts into a given folder, never over other content. Raises `OSError`."""
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
    """Returns a mistake with its row and its column's heading."""
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
