"""`motcua dev`: commands for trials only."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from activities.partners.http import RejectedError, UnreachableError
from activities.partners.signer import Holding, NotSignedError
from console.database import find_setting
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail, out, print_json
from schemas.signature import APPLICANTS_FIELD
from schemas.translate import said

TRUST: Final = "MOTCUA_TRUST_URL"

app = group("dev")


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="option.dev.file")],
    *,
    number: Annotated[str, typer.Option("--as", metavar="PERSON", help="option.dev.number")],
    name: Annotated[str, typer.Option("--name", help="option.dev.name")] = "Nguyễn Văn Thử",
    detached: Annotated[bool, typer.Option("--detached", help="option.dev.detached")] = False,
    field: Annotated[str, typer.Option("--field", help="option.dev.field")] = APPLICANTS_FIELD,
    as_json: AsJson = False,
) -> None:
    from deploy.trial_signature import UnfitFileError, signed_as  # noqa: PLC0415 -- a third of a second

    kind = _kind(number)
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(said("cli.file_unreadable"), Exit.USAGE, detail=f"{file}: {error.strerror}")
    address = find_setting(TRUST)
    if address is None:
        fail(said("dev.not_set"), Exit.USAGE, detail=f"{TRUST}; motcua up")
    target = file.with_name(f"{file.name}.p7s") if detached else file.with_suffix(".signed.pdf")
    try:
        signed = asyncio.run(signed_as(address, (kind, number, name), content, None if detached else field))
    except NotSignedError as error:
        fail(said(f"dev.{error.reason}"), Exit.REFUSED)
    except (UnreachableError, OSError) as error:
        fail(said("dev.no_answer", where=address), Exit.UNREACHABLE, detail=error)
    except RejectedError as error:
        fail(said("dev.signer_refused"), Exit.REFUSED, detail=error)
    except UnfitFileError:
        fail(said("dev.no_pdf"), Exit.USAGE, detail=file)
    target.write_bytes(signed)
    if as_json:
        print_json({"file": str(target), "size": len(signed)})
    else:
        out().print(f"{in_words(said('dev.signed'))}: {target}", markup=False)


def _kind(number: str) -> Holding:
    if not (number.isascii() and number.isdigit() and 9 <= len(number) <= 13):  # noqa: PLR2004 -- as numbers are long
        fail(said("dev.digits"), Exit.USAGE)
    return "organisation" if len(number) in {10, 13} else "person"  # a tax code, or an identity card
