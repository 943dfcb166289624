"""A procedure file from its bytes: YAML without surprises, every mistake with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

import yaml

from rules.publishing.catalogue import problems
from rules.publishing.facts import Doubt, doubts
from rules.publishing.mistakes import Mistake, mistake
from rules.publishing.plain_data import MAX_DEPTH, child
from schemas.publishing.procedure import Procedure
from schemas.publishing.time_limits import Limits

MAX_BYTES: Final = 200_000

DEMO_SECONDS: Final[Mapping[str, int]] = {
    "intake": 60,
    "processing": 600,
    "case": 600,
    "step": 60,
    "issue": 60,
    "delivery": 60,
    "pickup": 60,
    "suspension": 60,
    "appeal": 60,
    "take_up": 60,
    "complaint": 60,
    "reappointment": 600,
    "supplement": 30,
    "payment": 30,
    "part": 60,
    "answer": 60,
    "pay": 60,
    "draft": 60,
    "by": 60,
    "notice": 1,
}
"""How long each wait of a demonstration lasts. `step` is every review step, `step.<code>` one of them, `payment` the
time to pay a fee, `part` that of every part that another agency decides, `part.<code>` of one of them, `case` that of
every other processing limit, `case.<code>` of one of them, `answer` and `pay` are those of a financial obligation,
`draft` the applicant's to check one, `by` that of an extension."""

_NULL: Final = "tag:yaml.org,2002:null"
_PLAIN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "timestamp"))


class MistakesFoundError(Exception):
    """A file is not fit to be published; `mistakes` says why."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(f"{entry.path}: {entry.rule}: {entry.fix.en}" for entry in mistakes))
        self.mistakes = mistakes


class Parsed(NamedTuple):
    """What a file held, the mistakes of its YAML, and the line of each path."""

    value: Any
    mistakes: list[Mistake]
    lines: dict[str, int]


class Checked(NamedTuple):
    """A procedure with the digest of its bytes, or the mistakes."""

    procedure: Procedure | None
    sha256: str
    mistakes: list[Mistake]


class Doubted(NamedTuple):
    """A fact of a file that is to be looked at again; `line` counts from 1."""

    path: str
    doubt: Doubt
    line: int | None


class _Refused(yaml.YAMLError):
    def __init__(self, rule: str, line: int) -> None:
        super().__init__(rule)
        self.rule = rule
        self.line = line


class _Loader(yaml.SafeLoader):
    """Reads the nodes of a document that is small and has no aliases, so that its size in memory is its size."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused("alias_not_allowed", line)
        if self._depth > MAX_DEPTH:
            raise _Refused("too_deep", line)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reader:
    """Turns nodes into values and notes what is wrong with them, and where each path stands."""

    def __init__(self, loader: _Loader, *, as_text: bool) -> None:
        self._loader = loader
        self._as_text = as_text
        self.mistakes: list[Mistake] = []
        self.lines: dict[str, int] = {}

    def value(self, node: yaml.Node, path: str) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        match node:
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return self._mapping(node, path)
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.value(entry, child(path, n)) for n, entry in enumerate(node.value)]
            case yaml.ScalarNode(tag="tag:yaml.org,2002:str"):
                return str(node.value)
            case yaml.ScalarNode() if self._as_text and node.tag in _PLAIN_TAGS - {_NULL}:
                return str(node.value)
            case yaml.ScalarNode() if node.tag in _PLAIN_TAGS:
                return self._scalar(node, path)
        return self._refuse("tag_not_allowed", node, path)

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[Any, Any]:
        read: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse("key_not_text", key_node, path)
                continue
            # A key is what was written: `on` and `1` are unknown keys, not a truth value and a number.
            key = str(key_node.value)
            place = child(path, key)
            if key in read:
                self._refuse("duplicate_key", key_node, place)
                continue
            self.lines[place] = key_node.start_mark.line + 1
            read[key] = self.value(value_node, place)
        return read

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError:
            return self._refuse("quote_it", node, path)

    def _refuse(self, rule: str, node: yaml.Node, path: str) -> str:
        self.mistakes.append(mistake(rule, path).model_copy(update={"line": node.start_mark.line + 1}))
        return "?"


def parse(data: bytes, *, as_text: bool = False) -> Parsed:
    """Reads `data` as one YAML document of plain values. Without a readable document the value is None.

    `as_text` keeps numbers, dates and truth values as the texts that they were written as.
    """
    if len(data) > MAX_BYTES:
        return Parsed(None, [mistake("file_too_large", "", limit=MAX_BYTES)], {})
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return _unreadable("wrong_encoding", data[: error.start].count(b"\n") + 1)
    try:
        return _parse(text, as_text=as_text)
    except _Refused as error:
        return _unreadable(error.rule, error.line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return _unreadable("not_yaml", mark.line + 1 if mark else None)
    except yaml.reader.ReaderError as error:
        return _unreadable("unreadable_character", text.count("\n", 0, error.position) + 1)


def _parse(text: str, *, as_text: bool) -> Parsed:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        reader = _Reader(loader, as_text=as_text)
        value = None if node is None else reader.value(node, "")
    finally:
        loader.dispose()
    return Parsed(value, reader.mistakes, reader.lines)


def _unreadable(rule: str, line: int | None) -> Parsed:
    return Parsed(None, [mistake(rule, "").model_copy(update={"line": line})], {})


def check_bytes(data: bytes, *, allow_seconds: bool = False, today: date | None = None) -> Checked:
    """The procedure that `data` holds, or every mistake of it in the order of the file.

    With `today` nothing may have been checked after it.
    """
    parsed = parse(data)
    found = all_mistakes(parsed, partial(problems, allow_seconds=allow_seconds, today=today))
    sha256 = hashlib.sha256(data).hexdigest()
    return Checked(None if found else Procedure.model_validate(parsed.value), sha256, found)


def doubts_of(data: bytes, today: date) -> list[Doubted]:
    """The facts in `data` that are stale on this day or unconfirmed, in the order of the file."""
    parsed = parse(data)
    return [Doubted(path, doubt, _line(path, parsed.lines)) for path, doubt in doubts(parsed.value, today)]


def all_mistakes(parsed: Parsed, problems_of: Callable[[Any], list[Mistake]]) -> list[Mistake]:
    """The mistakes of the YAML and those of what it held, each with its line, in the order of the file."""
    found = list(parsed.mistakes)
    if parsed.lines or not found:
        refused = {entry.path for entry in found}
        found += [
            entry.model_copy(update={"line": _line(entry.path, parsed.lines)})
            for entry in problems_of(parsed.value)
            if entry.path not in refused
        ]
    return sorted(found, key=lambda entry: (entry.line or 0, entry.path))


def _line(path: str, lines: Mapping[str, int]) -> int | None:
    """The line of `path`, or of the nearest part around it that was written."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path)


def demo_variant(data: bytes, seconds: Mapping[str, int] | None = None, *, suffix: str = "demo") -> bytes:
    """The same procedure as version `…-<suffix>`, with its limits in seconds: `DEMO_SECONDS`, changed by `seconds`.

    The same arguments give the same bytes. Raises `MistakesFoundError` when `data` has mistakes, and `ValueError`
    for a name that is not in `DEMO_SECONDS`.
    """
    if found := check_bytes(data, allow_seconds=True).mistakes:
        raise MistakesFoundError(found)
    lasts = {name: f"{amount} seconds" for name, amount in {**DEMO_SECONDS, **(seconds or {})}.items()}
    raw: dict[str, Any] = parse(data).value
    steps = raw.get("review") or ()
    cases = raw.get("cases") or ()
    parts = [part for step in steps for part in (step.get("referral") or {"parts": ()})["parts"]]
    own = [f"step.{step['code']}" for step in steps] + [f"part.{part['code']}" for part in parts]
    own += [f"case.{case['code']}" for case in cases]
    if unknown := lasts.keys() - DEMO_SECONDS.keys() - {*own}:
        raise ValueError(f"no such limit: {', '.join(sorted(unknown))}; choose of {', '.join([*DEMO_SECONDS, *own])}")
    raw["version"] = f"{raw['version']}-{suffix}"
    cut_off = {name: value for name, value in raw["limits"].items() if name == "cut_off"}
    raw["limits"] = {name: lasts[name] for name in Limits.model_fields if name in lasts} | cut_off
    raw["limits_source"] = dict.fromkeys(raw["limits"], "unconfirmed")
    for part in parts:
        part["limit"] = lasts.get(f"part.{part['code']}", lasts["part"])
    for case in cases:
        case["processing"] = lasts.get(f"case.{case['code']}", lasts["case"])
    for step in steps:
        step["limit"] = lasts.get(f"step.{step['code']}", lasts["step"])
        if step.get("obligation"):
            step["obligation"] |= {name: lasts[name] for name in ("answer", "pay")}
        if step.get("draft"):
            step["draft"] |= {"answer": lasts["draft"]}
    raw["supplement"]["limit"] = lasts["supplement"]
    if raw.get("fee"):
        raw["fee"]["limit"] = lasts["payment"]
    if raw.get("extension"):
        raw["extension"] |= {name: lasts[name] for name in ("by", "notice")}
    return yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=120).encode()
