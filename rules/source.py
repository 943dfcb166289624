"""Reads files of the catalogue: their YAML as plain values, with the line of each mistake; also published files."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final, NamedTuple

import yaml
from yaml.composer import Composer

from schemas.base import Model, Text
from schemas.publishing.procedure import Procedure
from schemas.translate import said
from schemas.words.catalogue import SENTENCES


class Mistake(Model):
    """One mistake. `path`: such as `review[1].role`; empty for the whole file. `line`: from 1; None if unknown.

    The message and the remedy name rules and allowed values; they never repeat the written value.
    """

    path: str
    rule: str
    message: Text
    fix: Text
    line: int | None = None


_FIX: Final = ".fix"
_KEYS: Final = {
    key.rpartition(".")[2]: key for key in SENTENCES if key.startswith("mistake.") and not key.endswith(_FIX)
}
"""The key of the sentence for each rule: `mistake.<checked part>.<rule>`; with `.fix`, the key of its remedy."""


def mistake(rule: str, path: str, **facts: object) -> Mistake:
    """Returns the mistake against `rule` at `path`; `facts` fill its message and its remedy."""
    key = _KEYS[rule]
    return Mistake(path=path, rule=rule, message=said(key, **facts), fix=said(key + _FIX, **facts))


def elsewhere(more: Iterable[Mistake], found: Iterable[Mistake]) -> list[Mistake]:
    """The mistakes in `more` at paths where `found` has none, since the first mistake at a path causes further ones."""
    known = {entry.path for entry in found}
    return [entry for entry in more if entry.path not in known]


MAX_DEPTH: Final = 12
_MAX_INTEGER: Final = 2**53 - 1
_PLACEHOLDER: Final = "?"
_BLANKS: Final = "\n\t\u00a0"


def child(path: str, key: str | int) -> str:
    """Returns the path of the entry `key` in the part at `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def parts_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yields plain data and every part of it, each with its path, in the order of the file."""
    yield path, value
    if isinstance(value, dict | list):
        for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts_of(entry, child(path, key))


def plain(value: Any, path: str, found: list[Mistake], depth: int = 0) -> Any:
    """The `value` in JSON types. Parts that JSON can't express are reported in `found` and replaced by a text."""
    if depth > MAX_DEPTH:
        return _refuse_value("too_deep", path, found)
    if isinstance(value, dict):
        named = {key: entry for key, entry in value.items() if isinstance(key, str)}
        found.extend([mistake("key_not_text", path)] * (len(value) - len(named)))
        return {key: plain(entry, child(path, key), found, depth + 1) for key, entry in named.items()}
    if isinstance(value, list | tuple):
        return [plain(entry, child(path, n), found, depth + 1) for n, entry in enumerate(value)]
    rule = _scalar_rule(value)
    return _refuse_value(rule, path, found) if rule else value


def _scalar_rule(value: object) -> str | None:
    match value:
        case str():
            return None if all(c.isprintable() or c in _BLANKS for c in value) else "unreadable_character"
        case int():
            return None if abs(value) <= _MAX_INTEGER else "out_of_range"
        case None | float():
            return None
        case date():
            return "quote_it"
        case _:
            return "invalid"


def _refuse_value(rule: str, path: str, found: list[Mistake]) -> str:
    found.append(mistake(rule, path, limit=f"-{_MAX_INTEGER} … {_MAX_INTEGER}"))
    return _PLACEHOLDER


MAX_BYTES: Final = 200_000

_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"
_PLAIN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "timestamp"))


class Parsed(NamedTuple):
    """The content of a file, the mistakes of its YAML, and the line of each path."""

    value: Any
    mistakes: list[Mistake]
    lines: dict[str, int]


class _Refused(yaml.YAMLError):
    def __init__(self, rule: str, line: int) -> None:
        super().__init__(rule)
        self.rule = rule
        self.line = line


class _Composer(Composer):
    """Composes the nodes of a document; limits their depth and refuses aliases, so that memory use stays limited."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[attr-defined]  # of a parser
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused("alias_not_allowed", line)
        if self._depth > MAX_DEPTH:
            raise _Refused("too_deep", line)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _FastLoader(_Composer, yaml.CSafeLoader):
    """Parses with libyaml, five times as fast as Python, but can't always locate the line of a mistake."""

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


class _Loader(_Composer, yaml.SafeLoader):
    """Parses in Python, and always locates the line of a mistake."""


class _Reader:
    """Turns nodes into values, and records their mistakes and the line of each path."""

    def __init__(self, loader: yaml.CSafeLoader | yaml.SafeLoader, *, as_text: bool) -> None:
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
            case yaml.ScalarNode(tag=tag) if tag == _TEXT or (self._as_text and tag in _PLAIN_TAGS - {_NULL}):
                return str(node.value)
            case yaml.ScalarNode() if node.tag in _PLAIN_TAGS:
                try:
                    return self._loader.construct_object(node)
                except ValueError:
                    return self._refuse("quote_it", node, path)
        return self._refuse("tag_not_allowed", node, path)

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[Any, Any]:
        read: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse("key_not_text", key_node, path)
                continue
            # A key is its written text: `on` and `1` are unknown keys, not a truth value and a number.
            key = str(key_node.value)
            place = child(path, key)
            if key in read:
                self._refuse("duplicate_key", key_node, place)
                continue
            self.lines[place] = key_node.start_mark.line + 1
            read[key] = self.value(value_node, place)
        return read

    def _refuse(self, rule: str, node: yaml.Node, path: str) -> str:
        self.mistakes.append(mistake(rule, path).model_copy(update={"line": node.start_mark.line + 1}))
        return "?"


def parse(data: bytes, *, as_text: bool = False) -> Parsed:
    """Reads `data` as one YAML document of plain values. The value is None if the document is not readable.

    `as_text` keeps numbers, dates and truth values as their written texts.
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
    try:
        return _parse_by(_FastLoader(text), as_text=as_text)
    except yaml.YAMLError:
        return _parse_by(_Loader(text), as_text=as_text)


def _parse_by(loader: yaml.CSafeLoader | yaml.SafeLoader, *, as_text: bool) -> Parsed:
    try:
        node = loader.get_single_node()
        reader = _Reader(loader, as_text=as_text)
        value = None if node is None else reader.value(node, "")
    finally:
        loader.dispose()
    return Parsed(value, reader.mistakes, reader.lines)


def _unreadable(rule: str, line: int | None) -> Parsed:
    return Parsed(None, [mistake(rule, "").model_copy(update={"line": line})], {})


def published_raw(source: bytes, published_on: date) -> dict[str, Any]:
    """The plain data of a published file, in today's form; if `checked` is missing, it is the publication day."""
    raw: dict[str, Any] = parse(source).value
    raw.setdefault("checked", published_on.isoformat())
    if isinstance(one := raw["limits_source"], str):
        raw["limits_source"] = dict.fromkeys(raw["limits"], one)
    return raw


def published_procedure(source: bytes, published_on: date) -> Procedure:
    """The procedure in a published file, even if today's checks would refuse the file."""
    return Procedure.model_validate(published_raw(source, published_on))
