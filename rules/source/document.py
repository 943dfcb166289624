"""A YAML document of plain values from its bytes, with the line of every mistake."""

from typing import Any, Final, NamedTuple

import yaml
from yaml.composer import Composer

from rules.source.mistakes import Mistake, mistake
from rules.source.plain_data import MAX_DEPTH, child

MAX_BYTES: Final = 200_000

_NULL: Final = "tag:yaml.org,2002:null"
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
    """Composes the nodes of a document of limited depth, without aliases, so that memory follows the file's size."""

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
    """Parses with libyaml, in a fifth of the time, but does not always know the place of a mistake."""

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


class _Loader(_Composer, yaml.SafeLoader):
    """Parses in Python, and always knows the place of a mistake."""


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
            # A key is its written text: `on` and `1` are unknown keys, not a truth value and a number.
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
