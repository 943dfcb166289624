"""The OpenAPI document in a browser, by swagger-ui: all of it comes from the door, and no token is needed."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy of the page: `data:` is for the pictures in swagger-ui's style sheet."""
_OURS: Final = Path(__file__).parent
_SWAGGER_UI: Final = _OURS / "swagger_ui"
FILES: Final = {
    "/docs": _OURS / "docs.html",
    "/docs/start.js": _OURS / "start.js",
    **{f"/docs/{name}": _SWAGGER_UI / name for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")},
}
"""The files of the page, by their addresses."""


async def browser(request: Request) -> Response:
    """Returns the file at this address."""
    return FileResponse(FILES[request.scope["path"]], headers={"Content-Security-Policy": POLICY})
