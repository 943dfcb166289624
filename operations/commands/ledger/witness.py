"""`motcua witness`: a witness of logs, for a party that is neither the agency nor its operator."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from motcua.cli.running import Exit, fail, refusing
from operations.witness_server import Memory, MemoryFaultError, application
from rules.proof.note import Kind, NoteError, Verifier
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
