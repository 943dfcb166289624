"""`motcua dev`: what is only there for trying things out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from activities.partners.http import RejectedError, UnreachableError
from activities.partners.signer import Holding, NotSignedError, Reason
from motcua.cli.running import AsJson, Exit, fail, out, print_json
from operations.addresses import find_address
from schemas.saying import both
from schemas.signature import APPLICANTS_FIELD

TRUST: Final = "MOTCUA_TRUST_URL"
ORGANISATION_LENGTHS: Final = frozenset({10, 13})
"""How long tax codes are; the number of an identity card has twelve digits."""

_NOT_SIGNED: Final[Mapping[Reason, str]] = {
    "declined": both("dev.declined"),
    "not_yet": both("dev.not_yet"),
    "no_signer": both("dev.no_signer"),
}

app = typer.Typer(
    name="dev",
    help="Để thử nghiệm / For trying things out.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.callback()
def _group() -> None:
    """Để thử nghiệm / For trying things out."""


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The PDF form, or with --detached any file.")],
    *,
    number: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Number of the identity card, or tax code of an organisation.")
    ],
    name: Annotated[str, typer.Option("--name", help="Whom a new certificate names.")] = "Nguyễn Văn Thử",
    detached: Annotated[bool, typer.Option("--detached", help="Write FILE.p7s and leave the file as it is.")] = False,
    field: Annotated[str, typer.Option("--field", help="Signature field of the PDF.")] = APPLICANTS_FIELD,
    as_json: AsJson = False,
) -> None:
    """Sign a file as somebody, with a certificate of the sandbox; it writes FILE.signed.pdf or FILE.p7s.

    It needs a stack in this folder (`motcua up`). A number that ends with 9901 declines, with 9902 is slow, with 9903
    has a certificate in another's name, with 9904 an expired one, with 9905 a revoked one, with 9906 one without a
    number (docs/signatures.md).

    Examples: `motcua dev sign to-khai.pdf --as 001099000001`, `motcua dev sign don.json --as 0101234567 --detached`
    """
    from deploy.trial_signature import UnfitFileError, signed_as  # noqa: PLC0415 -- a third of a second

    kind = _kind(number)
    content = _read(file)
    address = find_address(TRUST)
    if address is None:
        fail(f"{both('dev.not_set')}: {TRUST}; motcua up", Exit.USAGE)
    target = file.with_name(f"{file.name}.p7s") if detached else file.with_suffix(".signed.pdf")
    try:
        signed = asyncio.run(signed_as(address, (kind, number, name), content, None if detached else field))
    except NotSignedError as error:
        fail(_NOT_SIGNED[error.reason], Exit.REFUSED)
    except (UnreachableError, OSError) as error:
        fail(f"{both('dev.no_answer')}: {error}", Exit.UNREACHABLE)
    except RejectedError as error:
        fail(f"{both('dev.signer_refused')}: {error}", Exit.REFUSED)
    except UnfitFileError:
        fail(f"{both('dev.no_pdf')}: {file}", Exit.USAGE)
    target.write_bytes(signed)
    if as_json:
        print_json({"file": str(target), "size": len(signed)})
    else:
        out().print(f"{both('dev.signed')}: {target}", markup=False)


def _kind(number: str) -> Holding:
    if not (number.isascii() and number.isdigit() and 9 <= len(number) <= 13):  # noqa: PLR2004 -- as numbers are long
        fail(f"--as: {both('dev.digits')}", Exit.USAGE)
    return "organisation" if len(number) in ORGANISATION_LENGTHS else "person"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"{both('cli.file_unreadable')}: {file}: {error.strerror}", Exit.USAGE)
