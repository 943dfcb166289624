"""Where on the disk something of a person still stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from operations.store.sweep import ASIDE

OF_OTHERS: Final = re.compile(r"(bank|post|trust)([.-]|$)")
"""What the sandboxes of the bank, the post and the trust keep is theirs, and told to be."""
_ENDS: Final = " @:-"
"""What stands behind a canary wherever it is written: another's number may begin like it."""


def marks(submissions: Iterable[str]) -> dict[bytes, str]:
    """What the demo's applicants have written everywhere, by the ids of what they filed."""
    return {f"CANARY-{one}{end}".encode(): one for one in submissions for end in _ENDS}


def found(folder: Path, wanted: Sequence[str]) -> dict[str, set[str]]:
    """The files below a folder in which something of those who filed these stands, and of whom."""
    named, told = marks(wanted), dict[str, set[str]]()
    any_of = re.compile(rb"CANARY-[0-9A-Z]{7}-[0-9]{5}[ @:-]")
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or OF_OTHERS.match(path.name):
            continue
        data = path.read_bytes()
        if whose := {named[mark] for mark in set(any_of.findall(data)) & named.keys()}:
            told[str(path.relative_to(folder))] = whose
    return told


def files_of(objects: Path, filings: Iterable[UUID]) -> list[str]:
    """The files of these filings that are in the store."""
    folders = [there / "files" / str(filing) for filing in filings for there in (objects, objects / ASIDE)]
    return [str(file.relative_to(objects)) for folder in folders for file in folder.rglob("*") if file.is_file()]
