"""Files at the gateway: an address permits one kind of request for one file, and accepts no other file."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gateway.file_door import files
from motcua.files.store import Store, open_store
from schemas.files import MOST_FILES, FileRef, file_key
from tests.walking import walked
from workers.file_addresses import FileAddresses, Method, Signed

KEY: Final = b"k" * 32
FILING: Final = UUID("11111111-1111-4111-8111-111111111111")
DATA: Final = b"%PDF-1.7 " + b"x" * 100_000
GATEWAY: Final = "http://gateway.test"


def file_of(data: bytes = DATA, media_type: str = "application/pdf") -> FileRef:
    digest = hashlib.sha256(data).hexdigest()
    return FileRef(key=file_key(FILING, digest), sha256=digest, size=len(data), media_type=media_type)


def url(method: Method, file: FileRef, seconds: int = 60) -> str:
    until = int((datetime.now(UTC) + timedelta(seconds=seconds)).timestamp())
    return Signed(method, file, until, "portal-1").url(GATEWAY, KEY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
async def gateway(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(files(Store(open_store(folder.as_uri())), KEY))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=GATEWAY) as client:
        yield client


def kept(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_a_file_is_uploaded_once_and_read_as_a_download(gateway: httpx.AsyncClient, folder: Path) -> None:
    file = file_of()
    assert [(await gateway.put(url("PUT", file), content=DATA)).status_code for _ in range(2)] == [201, 412]
    assert kept(folder) == [file.key]
    answer = await gateway.get(url("GET", file))
    assert (answer.status_code, answer.content) == (200, DATA)
    told = {name: answer.headers[name] for name in ("content-type", "content-disposition", "cache-control")}
    assert told == {
        "content-type": "application/pdf",
        "content-disposition": f'attachment; filename="{file.sha256}.pdf"',
        "cache-control": "no-store",
    }
    assert (answer.headers["x-content-type-options"], "sandbox" in answer.headers["content-security-policy"]) == (
        "nosniff",
        True,
    )


def other(address: str, **changed: Any) -> str:
    """Returns the address with other values, but with the old signature."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | changed)).geturl()


@walked(
    "address",
    [
        url("GET", file_of()),
        url("PUT", file_of(), seconds=0),
        url("PUT", file_of(), seconds=-5),
        other(url("PUT", file_of()), size=len(DATA) - 1),
        other(url("PUT", file_of()), type="text/html"),
        other(url("PUT", file_of()), until=2**40),
        other(url("PUT", file_of()), by="portal-2"),
        other(url("PUT", file_of()), signature=""),
        other(url("PUT", file_of()), signature="é"),
        url("PUT", file_of()).replace("11111111-", "21111111-"),
        url("PUT", file_of()).replace("/files/", "/files/%2e%2e/files/"),
        f"{GATEWAY}/files/{FILING}/{'a' * 64}",
        Signed("PUT", file_of(), 2**40, "portal-1").url(GATEWAY, b"o" * 32),
    ],
    exactly=13,
)
async def test_an_address_is_good_for_nothing_but_its_own_request(
    gateway: httpx.AsyncClient, folder: Path, address: str
) -> None:
    answer = await gateway.put(address, content=DATA)
    assert (answer.status_code, answer.json()["code"], kept(folder)) == (403, "address_not_valid", [])


@walked("data", [DATA[:-1], DATA + b"x", b"y" + DATA[1:], b""], exactly=4)
async def test_other_bytes_than_the_address_names_leave_nothing(
    gateway: httpx.AsyncClient, folder: Path, data: bytes
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield data[: len(data) // 2]
        yield data[len(data) // 2 :]

    answer = await gateway.put(url("PUT", file_of()), content=pieces())
    assert (answer.status_code, answer.json()["code"], kept(folder)) == (422, "file_differs", [])


async def test_a_filing_has_its_quota_and_a_damaged_file_is_told(gateway: httpx.AsyncClient, folder: Path) -> None:
    def each() -> Iterator[bytes]:
        yield from (str(n).encode() for n in range(MOST_FILES + 1))

    answers = [await gateway.put(url("PUT", file_of(data)), content=data) for data in each()]
    assert [answer.status_code for answer in answers] == [201] * MOST_FILES + [422]
    assert answers[-1].json()["code"] == "too_many_files"
    first = file_of(b"0")
    (folder / first.key).write_bytes(b"1")
    assert (await gateway.put(url("PUT", first), content=b"0")).status_code == 409
    (folder / first.key).write_bytes(b"11")
    gone = file_of(b"nothing")
    assert [(await gateway.get(url("GET", one))).status_code for one in (first, gone)] == [404, 404]


async def test_s3_signs_its_own_addresses_and_a_folder_without_a_gateway_has_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    s3 = open_store("s3://bucket/prefix")
    found = await FileAddresses(s3, None, None).of("PUT", file_of(), "portal-1")
    assert found is not None
    parts = urlsplit(found.url)
    signed = dict(parse_qsl(parts.query))
    assert (parts.path.endswith(f"bucket/prefix/{found.file.key}"), signed["X-Amz-Expires"]) == (True, "600")
    assert found.method == "PUT"
    local = open_store(folder.as_uri())
    assert await FileAddresses(local, None, KEY).of("GET", file_of(), "portal-1") is None
    assert await FileAddresses(local, GATEWAY, None).of("GET", file_of(), "portal-1") is None
