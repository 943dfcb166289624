"""A gateway in this process that serves the files of a world."""

import asyncio
import socket
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from gateway.file_door import files
from motcua.files.store import Store, open_store
from tests.conftest import FILES_KEY, World


@asynccontextmanager
async def serving_files(world: World) -> AsyncIterator[World]:
    """Serves the world's files on a port of this computer; yields the world that knows of it."""
    app = FastAPI()
    app.include_router(files(Store(open_store(world.objects)), b64decode(FILES_KEY)))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield replace(world, files_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            await serving
