"""The first check of a file's content: whether the content is plain data."""

from datetime import date
from typing import Any, Final

from rules.source.mistakes import Mistake, mistake

MAX_DEPTH: Final = 12
_MAX_INTEGER: Final = 2**53 - 1
_PLACEHOLDER: Final = "?"
_BLANKS: Final = "\n\t\u00a0"


def child(path: str, key: str | int) -> str:
    """Returns the path of an entry of the part at `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def plain(value: Any, path: str, found: list[Mistake], depth: int = 0) -> Any:
    """The `value` as JSON can hold it. Parts that JSON can't hold are reported in `found` and replaced by a text."""
    if depth > MAX_DEPTH:
        return _refuse("too_deep", path, found)
    if isinstance(value, dict):
        return _plain_mapping(value, path, found, depth)
    if isinstance(value, list | tuple):
        return [plain(entry, child(path, n), found, depth + 1) for n, entry in enumerate(value)]
    rule = _scalar_rule(value)
    return _refuse(rule, path, found) if rule else value


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


def _refuse(rule: str, path: str, found: list[Mistake]) -> str:
    found.append(mistake(rule, path, limit=f"-{_MAX_INTEGER} … {_MAX_INTEGER}"))
    return _PLACEHOLDER


def _plain_mapping(value: dict[Any, Any], path: str, found: list[Mistake], depth: int) -> dict[str, Any]:
    found.extend(mistake("key_not_text", path) for key in value if not isinstance(key, str))
    return {
        key: plain(entry, child(path, key), found, depth + 1) for key, entry in value.items() if isinstance(key, str)
    }
