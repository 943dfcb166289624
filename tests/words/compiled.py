"""Reads the catalogue of sentences from PO files, and makes the Python module of `make words`.

The files do not set gettext's flag `python-brace-format`, which compares a sentence with its id: here ids are keys.
"""

import json
import re
import sys
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

LANGUAGES: Final = ("vi", "en")
WORDS: Final = Path(__file__).parent.parent.parent / "schemas" / "words"
MODULE: Final = WORDS / "catalogue.py"
HEAD: Final = '''\
"""Every sentence and name that people read, by its key: in Vietnamese, and in English.

Written by `make words` from `vi.po` and `en.po`; never by hand.
"""

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
'''


def read(language: str) -> dict[str, str]:
    """Returns the sentences of a language by key, in the order of its file.

    Raises `ValueError` for a key that occurs twice, and for a sentence that is empty or marked as fuzzy.
    """
    text = (WORDS / f"{language}.po").read_text(encoding="utf-8")
    messages = [message for message in read_po(text.splitlines(keepends=True), abort_invalid=True) if message.id]
    if len(messages) + 1 != len(re.findall(r"^msgid ", text, re.MULTILINE)):
        raise ValueError(f"{language}.po: a key stands there twice")
    if unsure := [message.id for message in messages if message.fuzzy or not message.string]:
        raise ValueError(f"{language}.po: fuzzy, or without words: {unsure}")
    return {str(message.id): str(message.string) for message in messages}


def compiled() -> str:
    """Returns the text of the module. Raises `ValueError` for a key that only one language has."""
    vi, en = map(read, LANGUAGES)
    if vi.keys() != en.keys():
        raise ValueError(f"in one language alone: {sorted(vi.keys() ^ en.keys())}")
    return HEAD + "".join(f"    {_literal(key)}: ({_literal(vi[key])}, {_literal(en[key])}),\n" for key in vi) + "}\n"


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    try:
        MODULE.write_text(compiled(), encoding="utf-8")
    except ValueError as error:
        sys.exit(str(error))
