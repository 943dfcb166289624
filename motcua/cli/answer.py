"""Prints answers: a table or a list of facts on a terminal, plain lines elsewhere, or JSON. Shows progress.

Ids, codes, dates and amounts are never cut or broken: a table reserves their width first, and sentences share the
rest. If a table does not fit, each row is printed as a list of facts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple, Protocol

from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text as Styled

from motcua.cli.language import in_words
from motcua.cli.running import out, print_json
from motcua.contract import Text, in_dong, said, written

_FRAME: Final = 3
"""Width of the border and padding of each column of a table."""


class Marked(NamedTuple):
    """A value and its style, such as a colour."""

    value: object
    style: str


@dataclass(frozen=True)
class Column:
    """A column of a table, or one fact of an answer.

    Attributes:
        label: The key of the column's name in the catalogue, without `label.`.
        of: The path of the column's value in the answer, such as `a.b`, or a function that takes the answer.
        form: Formats a value other than None; if there is no `form`, the value's type decides on the format.
    """

    label: str
    of: str | Callable[[Any], object]
    form: Callable[[Any], object] | None = None

    @property
    def title(self) -> str:
        """The column's name in the language of the command line."""
        return in_words(said(f"label.{self.label}"))

    def cell(self, answer: Any) -> "_Cell":
        """The formatted value of this column; empty for None."""
        value: Any = answer
        if not isinstance(self.of, str):
            value = self.of(answer)
        else:
            for name in self.of.split("."):
                if isinstance(value, Mapping):
                    value = value.get(name)
                elif value is not None:
                    value = value[int(name)] if name.isdecimal() else getattr(value, name)
        if self.form is not None and value is not None:
            value = self.form(value)
        return _cell(value)


class _Cell(NamedTuple):
    text: str
    whole: bool
    style: str = ""

    @property
    def longest(self) -> int:
        """The minimum width: of the longest line if the lines must not be broken, else of the longest word."""
        parts = self.text.splitlines() if self.whole else self.text.split()
        return max(map(cell_len, parts), default=0)


def columns(*parts: str | Column) -> tuple[Column, ...]:
    """Returns columns written as `label`, `label:path`, `label|form` or `label:path|form`, several in one string.

    The path leads to the value in the answer; without a path, the label is the path. The form is `dong` for money, or
    for codes, the prefix of the catalogue keys of their names.
    """
    return tuple(column for part in parts for column in ((part,) if isinstance(part, Column) else _written(part)))


def _written(part: str) -> Iterator[Column]:
    for word in part.split():
        column, _, form = word.partition("|")
        label, _, place = column.partition(":")
        yield Column(label, place or label, dong if form == "dong" else named(form) if form else None)


def show_all(
    answers: Iterable[Any],
    of: Sequence[Column],
    *below: Text,
    as_json: bool = False,
    data: Any = None,
    title: Text | None = None,
) -> None:
    """Prints answers of one kind as a table, with the sentences `below` under it.

    `as_json`: whether to print JSON instead: `data`, or all fields of the answers if `data` is None.
    """
    answers = list(answers)
    if as_json:
        print_json(answers if data is None else data)
        return
    if title is not None:
        say(title, "bold")
    titles, rows = [column.title for column in of], [[column.cell(one) for column in of] for one in answers]
    console = out()
    if not rows:
        below = below or (said("command.nothing"),)
    elif not console.is_terminal:
        _print_lines(titles, rows, console)
    elif (widths := _widths(titles, rows, console.width)) is not None:
        console.print(_table(titles, rows, widths), soft_wrap=False)
    else:
        for row in rows:
            _print_facts(titles, row, console)
            console.print()
    for text in below:
        say(text)


def show_one(
    answer: Any, of: Sequence[Column], *below: Text, as_json: bool = False, data: Any = None, title: Text | None = None
) -> None:
    """Prints one answer, fact by fact, with the sentences `below` under it.

    `as_json`: whether to print JSON instead: `data`, or all fields of the answer if `data` is None.
    """
    if as_json:
        print_json(answer if data is None and isinstance(answer, BaseModel) else data)
        return
    if title is not None:
        say(title, "bold")
    _print_facts([column.title for column in of], [column.cell(answer) for column in of], out())
    for text in below:
        say(text)


def say(text: Text, style: str = "") -> None:
    """Prints a sentence."""
    out().print(in_words(text), style=style, markup=False)


def tell(text: Text, data: Any, *, as_json: bool, style: str = "") -> None:
    """Prints a sentence; with `as_json`, prints `data` instead."""
    if as_json:
        print_json(data)
    else:
        say(text, style)


def in_figures(value: float | date) -> str:
    """Formats a number, a day, or a moment in Vietnamese time, in the language of the command line."""
    return in_words(written(value))


def named(names: str) -> Callable[[object], Text]:
    """Returns the function that replaces a code with its name: the sentence `<names>.<code>` of the catalogue."""
    return lambda code: said(f"{names}.{code}")


class Amount(Text):
    """An amount of money as text, which is never broken over two lines."""


class Whole(str):
    """A text that is never broken over two lines, such as a command line to copy."""

    __slots__ = ()


def dong(amount: int) -> Amount:
    """Formats an amount of money."""
    return Amount(**in_dong(amount).model_dump())


def lines(values: Iterable[object]) -> str:
    """Formats several values, each on its own line."""
    return "\n".join(_cell(value).text for value in values)


def _cell(value: object) -> _Cell:
    if isinstance(value, Marked):
        return _cell(value.value)._replace(style=value.style)
    form = next((form for kind, form in _FORMS if isinstance(value, kind)), None)
    return _Cell("" if value is None else str(value), whole=True) if form is None else form(value)


def _prose(text: str) -> _Cell:
    return _Cell(text, whole=" " not in text)


_FORMS: Final[Sequence[tuple[Any, Callable[[Any], _Cell]]]] = (
    (Amount, lambda amount: _Cell(in_words(amount), whole=True)),
    (Whole, lambda text: _Cell(text, whole=True)),
    (Text, lambda text: _prose(in_words(text))),
    (bool, lambda truth: _prose(in_words(said("label.yes" if truth else "label.no")))),
    ((int, float, date), lambda value: _Cell(in_figures(value), whole=True)),
    (str, _prose),
    ((list, tuple, set, frozenset), lambda values: _prose(", ".join(_cell(one).text for one in values))),
)
"""The formatters by type of value; the first match applies."""


def _print_facts(titles: Sequence[str], cells: Sequence[_Cell], console: Console) -> None:
    told = [(title, cell) for title, cell in zip(titles, cells, strict=True) if cell.text]
    indent = max((cell_len(title) for title, _ in told), default=0) + 2
    for title, cell in told:
        for n, line in enumerate(cell.text.splitlines()):
            head = "" if n else title
            console.print(Styled.assemble((head + " " * (indent - cell_len(head)), "bold"), (line, cell.style)))


def _print_lines(titles: Sequence[str], rows: Sequence[Sequence[_Cell]], console: Console) -> None:
    """Prints a line for each row, with aligned columns, for programs that search or split the output."""
    table = [list(titles), *(["; ".join(cell.text.splitlines()) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for row in table:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        console.print("  ".join(padded).rstrip(), markup=False)


def _widths(titles: Sequence[str], rows: Sequence[Sequence[_Cell]], width: int) -> list[int] | None:
    """Returns each column's width: unbreakable values in full, sentences share the rest; None if there is no room."""
    every = [[_Cell(title, whole=False), *(row[n] for row in rows)] for n, title in enumerate(titles)]
    least = [max(cell.longest for cell in column) for column in every]
    wanted = [max(max(map(cell_len, cell.text.splitlines()), default=0) for cell in column) for column in every]
    room = width - sum(least) - _FRAME * len(titles) - 1
    missing = sum(wanted) - sum(least)
    if room < 0:
        return None
    share = 1.0 if missing <= room else room / missing
    return [low + int((most - low) * share) for low, most in zip(least, wanted, strict=True)]


def _table(titles: Sequence[str], rows: Sequence[Sequence[_Cell]], widths: Sequence[int]) -> Table:
    table = Table()
    for title, width in zip(titles, widths, strict=True):
        table.add_column(title, width=width, overflow="fold")
    for row in rows:
        table.add_row(*(Styled(cell.text, cell.style) for cell in row))
    return table


class Moved(Protocol):
    """Reports progress: the number of things done, the total if known, and other values for the sentence."""

    def __call__(self, done: int, of: int | None = None, **values: object) -> None:
        """Shows the progress."""


@contextmanager
def progress(sentence: str = "command.progress", **fixed: Any) -> Iterator[Moved]:
    """Shows a progress bar with a sentence, and yields the function that moves the bar.

    `sentence`: the key of a sentence with the placeholders `done` and `of`; the values of all other placeholders are
    passed in `fixed` or to the yielded function. The default sentence needs the value `what`.
    """
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def moved(done: int, of: int | None = None, **values: object) -> None:
            counts = {"done": written(done), "of": "?" if of is None else written(of)}
            words = in_words(said(sentence, **counts, **fixed, **values))
            bar.update(task, completed=done, total=of and max(of, 1), description=words)

        yield moved
