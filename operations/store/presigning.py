"""The upload of a file by a program without the kit: to a URL that is valid for a while, or to a path in a folder."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from motcua.files.drafts import folder_of
from motcua.files.store import StoreFailedError


@dataclass(frozen=True)
class ByHttp:
    """The upload by a PUT to this URL with this header, which prevents overwriting."""

    key: str
    url: str
    expires_at: datetime

    def plain(self) -> dict[str, Any]:
        """Returns the upload's terms as JSON data."""
        until = self.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        headers = {"If-None-Match": "*"}
        return {"key": self.key, "method": "PUT", "url": self.url, "headers": headers, "expires_at": until}


@dataclass(frozen=True)
class InFolder:
    """The upload into a folder: write a draft beside it, sync it, then link it to this path, which must not exist."""

    key: str
    path: Path

    def plain(self) -> dict[str, Any]:
        """Returns the upload's terms as JSON data."""
        return {"key": self.key, "path": str(self.path)}


async def way_in(store: ObjectStore, key: str, lasting: timedelta) -> ByHttp | InFolder:
    """Returns the way to upload a file under `key`. Raises `StoreFailedError`."""
    folder = folder_of(store)
    if folder is not None:
        return InFolder(key, folder / key)
    until = datetime.now(UTC) + lasting
    try:
        url = await obstore.sign_async(cast("obstore.store.S3Store", store), "PUT", key, lasting)
    except (BaseError, TypeError, ValueError) as error:
        raise StoreFailedError(f"the object store signs no addresses: {type(error).__name__}") from None
    return ByHttp(key, url, until)
