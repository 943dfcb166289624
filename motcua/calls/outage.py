"""A planned outage that the operator of the platform has announced, at the address in `MOTCUA_OUTAGE`."""

from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Final, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import url2pathname, urlopen

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from motcua.contract import Text, said
from motcua.errors import SettingsError

OUTAGE: Final = "MOTCUA_OUTAGE"
SECONDS: Final = 2.0
_NOT_FOUND: Final = 404
_LONGEST: Final = 1 << 16
"""The maximum number of bytes that are read from an announcement's address."""


class Outage(BaseModel):
    """A planned outage from `begins` to `ends`, with a sentence for users."""

    model_config = ConfigDict(frozen=True)

    begins: AwareDatetime
    ends: AwareDatetime
    words: Text

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError("an outage ends after it begins")
        return self

    @property
    def line(self) -> Text:
        """The announcement in one line."""
        return said("outage.planned", begins=self.begins, ends=self.ends, words=self.words)


def announced(address: str | None) -> Outage | None:
    """Returns the outage announced at an address (`file:`, `http:` or `https:`).

    None without an address, without an announcement there, and after the outage's end. Raises `SettingsError`.
    """
    if not address:
        return None
    try:
        content = _content(address)
        found = None if content is None else Outage.model_validate_json(content)
    except (OSError, HTTPException, ValueError) as error:
        raise SettingsError(f"{OUTAGE} can't be read: {type(error).__name__}") from None
    return found if found is not None and found.ends > datetime.now(UTC) else None


def file_of(address: str) -> Path | None:
    """Returns the file at a `file:` address; None for any other address."""
    parts = urlsplit(address)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _content(address: str) -> bytes | None:
    """Returns the announcement; None if there is none. Raises `OSError`, and `SettingsError` for another address."""
    if (file := file_of(address)) is not None:
        return file.read_bytes() if file.exists() else None
    if urlsplit(address).scheme not in {"http", "https"}:
        raise SettingsError(f"{OUTAGE} is an address that begins with file:, http: or https:")
    try:
        with urlopen(address, timeout=SECONDS) as answer:  # noqa: S310 -- the scheme is checked
            content: bytes = answer.read(_LONGEST)
    except HTTPError as error:
        if error.code == _NOT_FOUND:
            return None
        raise
    return content
