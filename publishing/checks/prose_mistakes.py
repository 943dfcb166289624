"""The mistakes in the texts of a procedure: unknown placeholders, and facts outside of placeholders."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from unicodedata import category, name, normalize

from publishing.checks.prose_patterns import CHANNELS, IN_EVERY_TEXT, IN_INFORMATION
from rules.source import Mistake, child, mistake, parts_of
from rules.wording.rule_words import PLACEHOLDER, Vocabulary, names, numbers
from schemas.publishing.procedure import Procedure

_INFORMATION: Final = "information."
_GAP: Final = "◆"
"""The character that replaces a placeholder while the words around the placeholder are checked."""
_STUCK: Final = re.compile(rf"(?:\w|\d[ .,/–-]{{0,3}}){_GAP}|{_GAP}[\w{_GAP}]")
_PLAIN: Final = frozenset(" \n²³")
_MOST_KNOWN: Final = 40


class _Prose(NamedTuple):
    path: str
    text: str


def prose_mistakes(value: dict[str, Any], procedure: Procedure | None) -> Iterator[Mistake]:
    """Yields every mistake of the texts in `value`.

    The placeholders are checked only if `procedure`, the model of `value`, is given.
    """
    known = None if procedure is None else (numbers(procedure), names(procedure))
    for pair, texts in _pairs(value, ""):
        for prose in texts:
            if not all(map(_is_plain, normalize("NFC", prose.text))):
                yield mistake("unplain_character", prose.path)
            yield from _own_words(prose)
            if re.search("[{}]", PLACEHOLDER.sub("", prose.text)):
                yield mistake("placeholder_form", prose.path)
            if _STUCK.search(_words(prose.text)):
                yield mistake("placeholder_stuck", prose.path)
        if known is not None:
            yield from _placeholders(pair, texts, *known)
    yield from _names_of_channels(value.get("fee"))


def _pairs(value: Any, path: str) -> Iterator[tuple[str, list[_Prose]]]:
    """Yields every pair of texts in the data (`vi` and `en`), at any depth, with the pair's path."""
    for place, part in parts_of(value, path):
        languages = [key for key in ("vi", "en") if isinstance(part, dict) and isinstance(part.get(key), str)]
        if languages:
            yield place, [_Prose(child(place, key), part[key]) for key in languages]


def _is_plain(character: str) -> bool:
    """Whether the character is a Latin letter, a digit 0 to 9, a space or a sign, not merely a look-alike of one."""
    match category(character)[0]:
        case "L":
            return name(character, "").startswith("LATIN ")
        case "N":
            return character.isascii() or character in _PLAIN
        case "P" | "S":
            return True
        case _:
            return character in _PLAIN


def _own_words(prose: _Prose) -> Iterator[Mistake]:
    words = _words(prose.text)
    patterns = (*IN_EVERY_TEXT, *(IN_INFORMATION if prose.path.startswith(_INFORMATION) else ()))
    yield from (mistake(pattern.rule, prose.path) for pattern in patterns if pattern.regex.search(words))


def _words(text: str) -> str:
    """Returns the text as the patterns expect it: NFKC, lower case, single spaces, `◆` for each placeholder."""
    return re.sub(r"\s+", " ", normalize("NFKC", PLACEHOLDER.sub(_GAP, text)).casefold())


def _placeholders(pair: str, texts: list[_Prose], everywhere: Vocabulary, on_page: Vocabulary) -> Iterator[Mistake]:
    """Yields mistakes of placeholders in a pair of texts. Those in `on_page` are for the information page only."""
    known = {**everywhere, **on_page}
    fitting = known if pair.startswith(_INFORMATION) else everywhere
    used = [{match[1] for match in PLACEHOLDER.finditer(prose.text)} for prose in texts]
    for prose, its in zip(texts, used, strict=True):
        if unknown := sorted(its - known.keys()):
            yield mistake("placeholder_unknown", prose.path, known=_alike(unknown[0], known))
        if its & known.keys() - fitting.keys():
            yield mistake("placeholder_of_name", prose.path)
    if len({frozenset(its & fitting.keys()) for its in used}) > 1:
        yield mistake("placeholder_in_one_language", pair)


def _alike(unknown: str, known: Vocabulary) -> str:
    """Returns the known placeholders of the same kind as `unknown`; if there are none, the known kinds."""
    kind = unknown.partition(".")[0]
    of_kind = [entry for entry in sorted(known) if entry.partition(".")[0] == kind]
    return ", ".join((of_kind or sorted({entry.partition(".")[0] for entry in known}))[:_MOST_KNOWN])


def _names_of_channels(fee: Any) -> Iterator[Mistake]:
    """Yields a mistake for each fee item or waiver whose name mentions a channel that its conditions do not mention."""
    for part in ("items", "waivers"):
        entries = fee.get(part) if isinstance(fee, dict) else None
        for n, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                yield from _name_of_channel(entry, f"fee.{part}[{n}].name")


def _name_of_channel(entry: dict[str, Any], path: str) -> Iterator[Mistake]:
    texts = [_words(prose.text) for _, texts in _pairs(entry.get("name"), path) for prose in texts]
    when = entry.get("when")
    conditions = when if isinstance(when, list) else ()
    asked = [condition.get("channel") for condition in conditions if isinstance(condition, dict)]
    if any(found.search(text) for channel, found in CHANNELS.items() if channel not in asked for text in texts):
        yield mistake("channel_of_name", path)
