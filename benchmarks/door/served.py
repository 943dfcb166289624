"""A door with one more address, `/constant/{size}`: an answer of `size` bytes, after the same check of the token."""

from collections.abc import Awaitable, Callable
from typing import Final

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.door import server
from gateway.door.app import Door, application
from workers.telemetry import configure_engine, configure_logging

PATH: Final = "/constant/{size:int}"


def with_constants(door: Door, works: Callable[[], Awaitable[bool]]) -> Starlette:
    """Returns the door's server with the address of constants."""

    async def constant(request: Request) -> Response:
        await door.issuers.caller(request.headers.get("authorization"))
        return Response(b'"%s"' % (b"x" * (request.path_params["size"] - 2)), media_type="application/json")

    app = application(door, works)
    app.router.routes.append(Route(PATH, constant, methods=["GET"]))
    return app


if __name__ == "__main__":
    configure_logging()
    configure_engine()
    vars(server)["application"] = with_constants
    uvloop.run(server.main())
