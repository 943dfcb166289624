"""A gateway in this process that serves the files of a world."""

from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI

from gateway.file_door import files
from motcua.files.store import Store, open_store
from tests.conftest import FILES_KEY, World
from tests.served import served


@asynccontextmanager
async def serving_files(world: World) -> AsyncIterator[World]:
    """Serves the world's files on a port of this computer; yields the world with this address."""
    app = FastAPI()
    app.include_router(files(Store(open_store(world.objects)), b64decode(FILES_KEY)))
    async with served(app) as address:
        yield replace(world, files_url=address)
