"""Drafts of procedure files from a table of procedures, one for each row."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from publishing.drafting.cells import shown
from publishing.drafting.columns import Column, Headings
from publishing.drafting.draft import VERSION, draft_of, mistakes_of
from publishing.drafting.rows import Facts, facts_of, words_between
from publishing.importing.tables import Cells, Table
from rules.source import MAX_BYTES, Mistake, mistake
from schemas.base import Text
from schemas.translate import both, said


class Drafted(NamedTuple):
    """The result for a row: a draft as a file, with its open points (`unsettled`), or the mistakes.

    In a mistake, `path` is the heading of the column, and `line` the number of the row.
    """

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


def save(drafted: Drafted, folder: Path) -> bool:
    """Writes a draft. Returns False if the same file exists already. Raises `OSError`.

    Raises `FileExistsError` for a file of this name with other bytes: an officer's work is never overwritten.
    """
    path = folder / drafted.file
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(drafted.content)
    except FileExistsError:
        if path.read_bytes() != drafted.content:
            raise
        return False
    return True


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
    content = _comment(source, unsettled, _texts(cells, headings)) + _yaml(raw)
    if len(content) > MAX_BYTES:
        return _refused(row, [mistake("file_too_large", "", limit=MAX_BYTES)])
    return Drafted(row, facts.code, content, unsettled, mistakes=[])


def _texts(cells: Cells, headings: Headings) -> dict[str, str]:
    places = {title: cells[n] for n, title in headings.titles.items() if n < len(cells)}
    return {title: text for title, cell in places.items() if (text := shown(cell))}


def _yaml(raw: Mapping[str, Any]) -> bytes:
    return yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=120).encode()


def _comment(source: Text, unsettled: list[Mistake], texts: Mapping[str, str]) -> bytes:
    """Returns the comment above a draft: its source, the facts to check, and the original row."""
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
