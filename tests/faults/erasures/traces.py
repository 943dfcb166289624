"""Searches the disk for remaining traces of a person."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from operations.store.sweep import ASIDE

OF_OTHERS: Final = re.compile(r"(bank|post|trust)([.-]|$)")
"""The files of the sandboxes of bank, post and trust: they hold those partners' own data, and are not searched."""
_ENDS: Final = " @:-"
"""Each mark ends with one of these characters; otherwise a longer mark could begin with a shorter one."""


def marks(submissions: Iterable[str]) -> dict[bytes, str]:
    """Returns the ids of these submissions, each by the marks that the demo puts into the texts of its applicant."""
    return {f"CANARY-{one}{end}".encode(): one for one in submissions for end in _ENDS}


def marked_files(folder: Path, wanted: Sequence[str]) -> dict[str, set[str]]:
    """Returns the files below a folder that contain marks of these submissions, each with the submissions' ids."""
    named, told = marks(wanted), dict[str, set[str]]()
    any_of = re.compile(rb"CANARY-[0-9A-Z]{7}-[0-9]{5}[ @:-]")
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or OF_OTHERS.match(path.name):
            continue
        if whose := {named[mark] for mark in set(any_of.findall(path.read_bytes())) & named.keys()}:
            told[str(path.relative_to(folder))] = whose
    return told


def files_of(objects: Path, filings: Iterable[UUID]) -> list[str]:
    """Returns the files of these filings in the store."""
    folders = [there / "files" / str(filing) for filing in filings for there in (objects, objects / ASIDE)]
    return [str(file.relative_to(objects)) for folder in folders for file in folder.rglob("*") if file.is_file()]
