"""`motcua witness`: the server and the storage of a witness of logs, run by neither the agency nor its operator.

The data are in one folder: `key` (only its owner can read it), `logs` (a vkey on each line; the key's name is the
log's origin), and `seen/<sha256 of the origin>`, the last checkpoint of that log that the witness has cosigned.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Annotated, Final

import typer
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.home import write_private
from motcua.cli.running import Exit, fail, refusing
from motcua.files.drafts import sync
from rules.proof.checkpoint import Checkpoint
from rules.proof.note import MOST_BYTES, Kind, Note, NoteError, Signer, Verifier, lines, read_note
from rules.proof.witness import NOTHING, SIZE_TYPE, Refused, Request, Seen, judged
from schemas.translate import said

app = typer.Typer()


@app.command()
def witness(
    folder: Annotated[Path, typer.Argument(help="option.witness.folder")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="option.witness.name")] = None,
    log: Annotated[list[str] | None, typer.Option("--log", metavar="VKEY", help="option.witness.log")] = None,
    host: Annotated[str, typer.Option("--host", help="option.witness.host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="option.witness.port")] = 8080,
) -> None:
    with refusing((NoteError, MemoryFaultError), Exit.USAGE):
        logs = [Verifier.read(one) for one in log or ()]
        if any(one.kind is not Kind.LOG for one in logs):
            fail(said("refused.witness.log"), Exit.USAGE)
        memory = Memory(folder)
        signer = memory.signer(name)
        memory.know(logs)
    typer.echo(str(signer.verifier))
    try:
        uvicorn.run(application(memory, signer), host=host, port=port, access_log=False, log_level="warning")
    finally:
        memory.close()


_LOGS: Final = "logs"
_SEEN: Final = "seen"


class MemoryFaultError(Exception):
    """The folder can't be used by a witness."""


class Memory:
    """The storage of one witness, locked by its process, since two processes could cosign contradicting checkpoints."""

    def __init__(self, folder: Path) -> None:
        """Opens the folder. Raises `MemoryFaultError`."""
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MemoryFaultError(f"{folder} is in use by another witness") from None
        except OSError as error:
            raise MemoryFaultError(f"{folder}: {error.strerror}") from None

    def close(self) -> None:
        os.close(self._lock)

    def signer(self, name: str | None) -> Signer:
        """Returns the witness's key, created at the first call, which needs a name. Raises `MemoryFaultError`."""
        file = self._folder / "key"
        try:
            if file.exists():
                found = Signer.read(file.read_text())
            elif name is None:
                raise MemoryFaultError(f"{file} is not there: give the new witness a name")
            else:
                found = Signer.new(name, Kind.WITNESS)
                write_private(file, f"{found.written()}\n")
        except (NoteError, OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise MemoryFaultError(f"{file}: {why}") from None
        if found.verifier.kind is not Kind.WITNESS or name not in {None, found.verifier.name}:
            raise MemoryFaultError(f"{file} is the key of another, {found.verifier.name}")
        return found

    def know(self, logs: Iterable[Verifier]) -> None:
        """Adds these logs to the logs that this witness cosigns."""
        known = list(self.logs())
        known += [one for one in logs if one not in known]
        write_private(self._folder / _LOGS, "".join(f"{one}\n" for one in known))

    def logs(self) -> list[Verifier]:
        """Returns the keys of the witnessed logs. Raises `MemoryFaultError`."""
        file = self._folder / _LOGS
        try:
            return [Verifier.read(line) for line in file.read_text().split()] if file.exists() else []
        except NoteError as error:
            raise MemoryFaultError(f"{file}: {error}") from None

    def seen(self, origin: str) -> Seen:
        """Returns the last cosigned tree of a log, or `NOTHING`. Raises `MemoryFaultError` for an unreadable file."""
        content = self.cosigned(sha256(origin.encode()).hexdigest())
        if content is None:
            return NOTHING
        try:
            found = Checkpoint.read(read_note(content).text)
        except NoteError as error:
            raise MemoryFaultError(f"what was seen of {origin}: {error}") from None
        return Seen(found.size, found.root)

    def cosigned(self, origin_hash: str) -> bytes | None:
        """Returns the last cosigned checkpoint of a log, or None. `origin_hash`: SHA-256 of the log's origin (hex)."""
        file = self._folder / _SEEN / origin_hash
        return file.read_bytes() if file.exists() else None

    def remember(self, checkpoint: Checkpoint, note: Note) -> None:
        """Stores a cosigned checkpoint on the disk, before the answer is sent."""
        folder = self._folder / _SEEN
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / sha256(checkpoint.origin.encode()).hexdigest(), bytes(note).decode())
        for changed in (folder, self._folder):
            sync(changed)


_HASH: Final = re.compile(r"[0-9a-f]{64}")


def application(memory: Memory, signer: Signer, now: Callable[[], float] = time) -> Starlette:
    """Returns the witness as an ASGI application. Requests are judged one by one: judging never awaits."""

    async def add_checkpoint(request: HttpRequest) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return PlainTextResponse("too long for a request to a witness\n", 400)
        try:
            asked = Request.read(bytes(body))
        except NoteError as error:
            return PlainTextResponse(f"{error}\n", 400)
        return _answer(memory, signer, asked, int(now()))

    async def newest(request: HttpRequest) -> Response:
        origin = request.path_params["origin"]
        content = memory.cosigned(origin) if _HASH.fullmatch(origin) else None
        return Response(status_code=404) if content is None else PlainTextResponse(content)

    adding = Route("/add-checkpoint", add_checkpoint, methods=["POST"])
    return Starlette(routes=[adding, Route("/{origin}/checkpoint", newest, methods=["GET"])])


def _answer(memory: Memory, signer: Signer, asked: Request, now: int) -> Response:
    origin = asked.note.text.partition("\n")[0]
    logs = [one for one in memory.logs() if one.name == origin]
    found = judged(asked, logs, memory.seen(origin))
    if isinstance(found, Refused):
        content = "" if found.size is None else f"{found.size}\n"
        return Response(content, found.status, media_type=None if found.size is None else SIZE_TYPE)
    signature = signer.sign(asked.note.text, now)
    names = {(one.name, one.id) for one in logs}
    verified = tuple(one for one in asked.note.signatures if (one.name, one.id) in names)
    memory.remember(found, Note(asked.note.text, (*verified, signature)))
    return PlainTextResponse(lines([signature]))
