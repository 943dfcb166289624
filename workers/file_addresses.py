"""Signed, short-lived web addresses of files: those at S3 are signed as S3 requires, those at the gateway by us."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Self, TypeAlias, cast
from urllib.parse import urlencode

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore
from pydantic import ValidationError

from motcua.files.drafts import folder_of
from schemas.files import FileAddress, FileRef

LIFE: Final = timedelta(minutes=10)
"""The time for which an address is valid."""

Method: TypeAlias = Literal["GET", "PUT"]


@dataclass(frozen=True)
class Signed:
    """A program's right to request one file until an instant. `until`: Unix seconds; `principal`: the program's id."""

    method: Method
    file: FileRef
    until: int
    principal: str

    def url(self, gateway: str, key: bytes) -> str:
        """Returns the address at the gateway. `gateway`: the gateway's address; `key`: the secret that signs."""
        file = self.file
        told = {"size": file.size, "type": file.media_type, "until": self.until, "by": self.principal}
        return f"{gateway.rstrip('/')}/{file.key}?{urlencode(told | {'signature': self._signature(key)})}"

    @classmethod
    def of(cls, method: str, path: str, query: Mapping[str, str], key: bytes, now: datetime) -> Self | None:
        """Returns the right in the address of a request; None if the signature is wrong, or the right has expired."""
        try:
            until, size = int(query["until"]), int(query["size"])
            file = FileRef(key=path, sha256=path.rsplit("/", 1)[1], size=size, media_type=query["type"])
            found = cls(cast("Method", method), file, until, query["by"])
            given = query["signature"]
        except (LookupError, ValueError, ValidationError):
            return None
        right = hmac.compare_digest(found._signature(key).encode(), given.encode())
        return found if right and now.timestamp() < until else None

    def _signature(self, key: bytes) -> str:
        file = self.file
        signed = "\n".join(map(str, (self.method, file.key, file.size, file.media_type, self.until, self.principal)))
        return urlsafe_b64encode(hmac.digest(key, signed.encode(), hashlib.sha256)).rstrip(b"=").decode()


class FileAddresses:
    """Makes addresses of files in one store. `gateway`, `key`: address and secret of the gateway for a folder."""

    def __init__(self, store: ObjectStore, gateway: str | None, key: bytes | None) -> None:
        self._store = store
        self._gateway = gateway
        self._key = key

    async def of(self, method: Method, file: FileRef, principal: str) -> FileAddress | None:
        """Returns the address at which a program reads or uploads a file.

        Returns None if no gateway serves the folder, or the store signs no addresses.
        """
        until = datetime.now(UTC).replace(microsecond=0) + LIFE
        if folder_of(self._store) is None:
            url = await self._at_s3(method, file)
        elif self._gateway is None or self._key is None:
            url = None
        else:
            url = Signed(method, file, int(until.timestamp()), principal).url(self._gateway, self._key)
        if url is None:
            return None
        return FileAddress(method=method, url=url, until=until, file=file)

    async def _at_s3(self, method: Method, file: FileRef) -> str | None:
        try:
            return await obstore.sign_async(cast("obstore.store.S3Store", self._store), method, file.key, LIFE)
        except (BaseError, TypeError, ValueError):
            return None
