"""No process that stores files starts with an object store that overwrites existing files."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest
from fastapi import FastAPI, Request, Response

from motcua.files import drafts
from motcua.files.store import NoStoreError, Store, StoreFailedError, open_store
from rules.proof.note import Kind as NoteKind
from rules.proof.note import Signer
from tests.conftest import FILES_KEY, World
from tests.faults.processes import motcua
from tests.integration.operations.doctor import Doctor
from tests.served import served
from tests.walking import walked

OVER: Final = "writes over a file that is there"


class Kind(StrEnum):
    """Kinds of stores, by their answer to a PUT with `If-None-Match: *`."""

    KEEPS = "keeps"
    OVERWRITES = "overwrites"
    LOOKS_FIRST = "looks first, and writes later whatever others have written meanwhile"
    FORBIDS = "forbids everything"


class Bucket:
    """The part of S3 that a trial needs: the files of one bucket, over HTTP."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.files: dict[str, bytes] = {}
        self._looked = asyncio.Barrier(drafts.AT_ONCE)

    async def put(self, request: Request, key: str) -> Response:
        if self.kind is Kind.FORBIDS:
            return Response(status_code=403)
        content, there = await request.body(), key in self.files
        if self.kind is Kind.LOOKS_FIRST and not there:
            await self._looked.wait()
        if there and request.headers.get("if-none-match") == "*" and self.kind is not Kind.OVERWRITES:
            return Response(status_code=412)
        self.files[key] = content
        return Response(headers={"etag": '"1"'})

    async def get(self, key: str) -> Response:
        headers = {"etag": '"1"', "last-modified": "Wed, 25 Nov 2026 00:00:00 GMT"}
        return Response(self.files[key], headers=headers) if key in self.files else Response(status_code=404)

    async def delete(self, request: Request) -> Response:
        """Deletes several files in one request, which is the only way in which obstore deletes."""
        keys = re.findall("<Key>(.*?)</Key>", (await request.body()).decode())
        for key in keys:
            del self.files[key]
        gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return Response(f"<DeleteResult>{gone}</DeleteResult>", media_type="application/xml")


@asynccontextmanager
async def serving(kind: Kind) -> AsyncIterator[tuple[Bucket, Mapping[str, str]]]:
    """Yields a bucket served on this machine, and the settings of a process that uses it."""
    bucket, app = Bucket(kind), FastAPI()
    app.put("/bucket/{key:path}")(bucket.put)
    app.get("/bucket/{key:path}")(bucket.get)
    app.post("/bucket")(bucket.delete)
    async with served(app) as address:
        yield (
            bucket,
            {
                "AWS_ENDPOINT": address,
                "AWS_ALLOW_HTTP": "true",
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1",
                "MOTCUA_OBJECTS": "s3://bucket/files",
            },
        )


@walked(
    ("kind", "raised"),
    [
        (Kind.KEEPS, None),
        (Kind.OVERWRITES, NoStoreError),
        (Kind.LOOKS_FIRST, NoStoreError),
        (Kind.FORBIDS, StoreFailedError),
    ],
    exactly=4,
)
async def test_a_store_is_tried_out_and_nothing_stays(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, raised: type[Exception] | None
) -> None:
    async with serving(kind) as (bucket, env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        trials = 1 if kind is Kind.LOOKS_FIRST else 2  # processes that start at the same moment
        tried = [Store(open_store(env["MOTCUA_OBJECTS"])).expect_kept() for _ in range(trials)]
        for end in await asyncio.gather(*tried, return_exceptions=True):
            assert (type(end) if end else None, "MOTCUA_OBJECTS" in str(end)) == (raised, raised is not None)
        assert bucket.files == {}


async def test_no_process_that_stores_files_starts_on_a_store_that_overwrites(world: World) -> None:
    names = ("worker", "relay", "gateway", "back-office")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    async with serving(Kind.OVERWRITES) as (_, env):
        own = {**world.process_env, **env, "LANG": "en", "MOTCUA_GATEWAY_PORT": port, "MOTCUA_FILES_KEY": FILES_KEY}
        ended = await asyncio.gather(*(motcua(own, name) for name in names))
    for name, one in zip(names, ended, strict=True):
        assert (one.code, f"MOTCUA_OBJECTS can't be used: its store {OVER}" in one.err) == (2, True), (name, one)


async def test_a_second_place_that_overwrites_is_refused_and_the_doctor_names_both(
    world: World, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(Signer.new("log.example.vn", NoteKind.LOG).written())
    key.chmod(0o600)
    async with serving(Kind.OVERWRITES) as (_, env):
        place = {"MOTCUA_CHECKPOINTS": env["MOTCUA_OBJECTS"], "MOTCUA_CHECKPOINT_KEY": str(key)}
        ended = await motcua({**env, **world.process_env, **place, "LANG": "en"}, "worker")
        told = await Doctor({**world.process_env, **env, **place})()
    assert (ended.code, f"MOTCUA_CHECKPOINTS can't be used: its store {OVER}" in ended.err) == (2, True), ended
    for check, setting in (("objects", "MOTCUA_OBJECTS"), ("checkpoints", "MOTCUA_CHECKPOINTS")):
        [(health, words)] = told.of(check)
        assert (health, setting in words, OVER in words) == ("fail", True, True), words
