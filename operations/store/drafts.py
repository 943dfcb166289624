"""Drafts left in a folder by uploads whose process was killed. They are of no use, and take space."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from obstore.store import ObjectStore

from motcua.files.drafts import DRAFT, folder_of
from motcua.files.store import StoreFailedError


def remove_drafts(store: ObjectStore, before: datetime, *, dry_run: bool) -> int:
    """Removes the drafts that were last written before `before`. Returns their number; 0 if the store has no folder.

    Raises `StoreFailedError`.
    """
    folder = folder_of(store)
    if folder is None:
        return 0
    try:
        return sum(_removed(draft, before, dry_run=dry_run) for draft in _drafts(folder / "files"))
    except OSError as error:
        raise StoreFailedError(f"drafts in the object store can't be removed: {error.strerror}") from None


def _removed(draft: os.DirEntry[str], before: datetime, *, dry_run: bool) -> bool:
    try:
        if draft.stat().st_mtime >= before.timestamp():
            return False
        if not dry_run:
            Path(draft).unlink()
    except FileNotFoundError:
        return False  # its upload has just ended
    return True


def _drafts(files: Path) -> Iterator[os.DirEntry[str]]:
    if not files.is_dir():
        return
    with os.scandir(files) as filings:
        for filing in filings:
            if filing.is_dir(follow_symlinks=False):
                with os.scandir(filing) as entries:
                    yield from (entry for entry in entries if DRAFT.search(entry.name))
