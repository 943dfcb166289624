"""The files of blank forms. A child process prints each once, since the door loads no typesetter."""

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.door.public.catalogue import FORM_PATH, ProcedurePage, Procedures, unless_known
from gateway.door.refusals import HttpError
from gateway.problems import HttpCode
from rules.forms.sheet import blank, blank_at, content, forms_of
from schemas.errors import NOT_FOUND, RefusalError
from schemas.publishing.procedure import Procedure
from schemas.text import composed

PDF: Final = "application/pdf"
PATIENCE: Final = 10.0
"""The maximum seconds that a request waits for its turn, and again for the child process that prints its form.

Printing needs 0.06 seconds of CPU.
"""
MOST_BYTES: Final = 32_000_000
"""The size of all files that are remembered, each of some 55 kB."""
_ROOT: Final = Path(__file__).parents[3]
_COMMAND: Final = (sys.executable, "-s", "-m", "activities.forms.layout")


class Blanks:
    """Answers with the blank forms of the procedures. One child runs at a time."""

    def __init__(self, procedures: Procedures) -> None:
        self._procedures = procedures
        self._turn = asyncio.Lock()
        self._known: dict[tuple[str, str], bytes] = {}

    async def answer(self, request: Request) -> Response:
        """Returns a form as a PDF; 304 if the client has it already.

        Raises `RefusalError`, `not_found`; `HttpError`, `unavailable`, if the wait for its turn, or the child process,
        takes too long.
        """
        sha256, page = await self._procedures.governing(request.path_params["code"])
        name = request.path_params["name"]
        address = FORM_PATH.format(code=page.code, name=name)
        key = next((form.key for form in page.forms if form.address == address), None)
        if key is None:
            raise RefusalError(NOT_FOUND)
        file = self._known.get((sha256, key)) or await self._first(sha256, page, key)
        shown = {"Content-Disposition": f'inline; filename="{page.code}-{name}.pdf"'}
        return unless_known(request, file, PDF, **shown)

    async def _first(self, sha256: str, page: ProcedurePage, key: str) -> bytes:
        """Returns a form that was not remembered: printed now, or while this request waited for its turn."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            raise HttpError(HttpCode.UNAVAILABLE) from None
        try:
            if (sha256, key) not in self._known:
                self._remember((sha256, key), await printed(await self._procedures.whole(page), key))
            return self._known[sha256, key]
        finally:
            self._turn.release()

    def _remember(self, which: tuple[str, str], file: bytes) -> None:
        while self._known and sum(map(len, self._known.values())) + len(file) > MOST_BYTES:
            del self._known[next(iter(self._known))]
        self._known[which] = file


async def printed(procedure: Procedure, key: str) -> bytes:
    """Returns a blank form as a PDF, as `motcua forms blank` makes it.

    Raises the errors of `laid_out_apart`.
    """
    sheet = composed(blank(procedure, key, forms_of(procedure)[key]))
    return await laid_out_apart(json.dumps(content(sheet)).encode(), blank_at(procedure))


async def laid_out_apart(form: bytes, at: datetime) -> bytes:
    """Returns the content of a form as a PDF, made by a child process without the door's environment variables.

    Raises `HttpError` (`unavailable`) if the child takes too long, and kills it; `ChildProcessError` if it fails.
    """
    pipe, words = asyncio.subprocess.PIPE, (*_COMMAND, at.isoformat())
    child = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, cwd=_ROOT, env={})
    try:
        async with asyncio.timeout(PATIENCE):
            file, _ = await child.communicate(form)
    except TimeoutError:
        raise HttpError(HttpCode.UNAVAILABLE) from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise ChildProcessError(f"the child ended with {child.returncode}")
    return file
