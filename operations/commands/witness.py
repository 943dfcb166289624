"""`motcua witness`: a witness of logs, for whoever is neither the agency nor its operator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from motcua.cli.running import Exit, fail
from operations.witness.memory import Memory, MemoryFaultError
from operations.witness.server import application
from rules.proof.note import Kind, NoteError, Verifier

app = typer.Typer()


@app.command()
def witness(
    folder: Annotated[Path, typer.Argument(help="Where it keeps its key and what it has seen: never lose it.")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="Of a new witness, such as witness.example.vn/1.")] = None,
    log: Annotated[
        list[str] | None, typer.Option("--log", metavar="VKEY", help="A log to witness from now on; may be repeated.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="The address where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port.")] = 8080,
) -> None:
    """Witness logs until Ctrl-C: cosign each checkpoint that only adds to the one before (C2SP tlog-witness).

    Run it where neither the agency nor its operator can reach. It first prints its public key, for MOTCUA_WITNESSES,
    and needs no database, only its folder. A witness that has lost its folder starts again under a new name.

    Example: `motcua witness /srv/witness --name witness.example.vn/1 --log dvc.example.vn/ledger+1a2b3c4d+A…`
    """
    try:
        logs = [Verifier.read(one) for one in log or ()]
        if any(one.kind is not Kind.LOG for one in logs):
            fail("--log là khoá của một nhật ký / --log is the key of a log", Exit.USAGE)
        memory = Memory(folder)
        signer = memory.signer(name)
        memory.know(logs)
    except (NoteError, MemoryFaultError) as error:
        fail(str(error), Exit.USAGE)
    typer.echo(str(signer.verifier))
    try:
        uvicorn.run(application(memory, signer), host=host, port=port, access_log=False, log_level="warning")
    finally:
        memory.close()
