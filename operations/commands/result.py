"""`motcua result verify`: whoever holds an issued result asks what it is worth. It needs no account."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from activities.signature.identity import SubjectRules
from activities.signature.official import INITIALS, SEAL, SIGNATURE
from activities.signature.policy import Policy
from activities.signature.trust import roots_in
from motcua.cli.answer import Column, Marked, columns, lines, say, show_all, show_one
from motcua.cli.language import in_words
from motcua.cli.results import NAME
from motcua.cli.running import AsJson, Exit, end_well, fail, print_json, use_stack_here
from motcua.store import Store
from operations.addresses import APPLICATION, find_address
from operations.commands.database import Connection, ask
from operations.commands.publishing.calendar import instant
from operations.results.checking import Asked, Checked, check, dossier_code, hands, kept
from rules.time.working_time import VIETNAM
from schemas.errors import Problem
from schemas.files import FileRef
from schemas.result.state import ResultStanding, Validity
from schemas.saying import said
from schemas.signature import SignatureOutcome, SignatureProof, SignatureVerdict
from views.papers import IssuedPaper, issued_paper
from views.results import kept_verdict, of_filing, standing_of

ROOTS: Final = "MOTCUA_SIGNATURE_ROOTS"
OBJECTS: Final = "MOTCUA_OBJECTS"
STAMPS: Final = "MOTCUA_TSA_URL"
SUBJECTS: Final = "MOTCUA_SIGNATURE_SUBJECTS"
POLICY: Final = "MOTCUA_SIGNATURE_POLICY"

Set = TypeVar("Set")

app = typer.Typer(name=NAME)

FileOption = Annotated[Path | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The PDF.")]


@app.callback()
def _group() -> None:
    """Added to the group of the kit, which says what it is about."""


@app.command()
def verify(  # noqa: PLR0913 -- a command line has many options
    file: FileOption = None,
    *,
    code: Annotated[
        str | None, typer.Option("--code", help="Without a file: a dossier code, or a result's number.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="INSTANT", help="As of then, with its zone; else now.")
    ] = None,
    roots: Annotated[
        Path | None, typer.Option("--roots", exists=True, dir_okay=False, help="PEM: who is trusted.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option("--proof", exists=True, dir_okay=False, help="An earlier verdict.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", dir_okay=False, help="Write a valid verdict here, stamped.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody: neither authorities nor the register.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell who signed and sealed an issued PDF, when, whether it is whole, and whether it is in force.

    Of an official paper, such as a receipt, it tells which one of which filing it is, and when it was made.

    Exit 0: it is validly signed, or unsigned and in the register, and nobody knows it to be out of force. 1: it is not,
    or out of force. 3: nobody can say any more whether it was signed; then `--proof` takes a verdict that was kept.
    `--keep` writes one, and needs MOTCUA_TSA_URL. What is in force says the register behind MOTCUA_DATABASE_URL; else
    that stays *unknown*. Trusted are `--roots`, else MOTCUA_SIGNATURE_ROOTS. Settings that are not set are those of
    the stack in this folder.

    Examples: `motcua result verify license.pdf`, `motcua result verify --code H01.12-20261125-0000001`
    """
    use_stack_here()
    try:
        moment = datetime.now(UTC) if at is None else instant(at)
    except PydanticCustomError as error:
        fail(f"--at: {error.message()} [{error.type}]", Exit.USAGE)
    if (file is None) == (code is None):
        fail("đưa FILE hoặc --code / give FILE or --code", Exit.USAGE)
    if file is None:
        _tell_of_code(str(code), moment, as_json=as_json)
        return
    known = find_address(APPLICATION) and not offline
    now = max(moment, datetime.now(UTC))
    asked = Asked(_roots(roots), now, not offline, _kept(proof), subjects_set(), policy_set())
    data = file.read_bytes()
    verdict = end_well(check(data, asked))
    standing = _standing(str(verdict.file), moment) if known else None
    paper = _paper(data, str(verdict.file)) if known and standing is None else None
    if paper is not None:
        verdict = end_well(check(data, asked, lasts=False, known=True))
    elif standing is not None and verdict.outcome is SignatureOutcome.UNDETERMINED:
        with_kept = replace(asked, kept=asked.kept or _kept_with(standing.number))
        verdict = end_well(check(data, with_kept, known=True))
    checked = Checked(verdict, hands(verdict, asked.subjects), bool(known), standing, paper)
    if as_json:
        print_json(checked.plain())
    else:
        _tell(file, checked)
    if keep is not None and verdict.outcome is SignatureOutcome.VALID:
        _keep(verdict, keep)
    if checked.in_force is False:
        raise typer.Exit(Exit.REFUSED)
    if checked.verdict.outcome is SignatureOutcome.UNDETERMINED:
        raise typer.Exit(Exit.NOT_AVAILABLE)


def _roots(file: Path | None) -> tuple[bytes, ...]:
    found = file or (Path(os.environ[ROOTS]) if os.environ.get(ROOTS) else None)
    try:
        return () if found is None else roots_in(found.read_bytes())
    except (OSError, ValueError) as error:
        fail(f"không đọc được chứng thư gốc / the roots in {found} can't be read: {type(error).__name__}", Exit.USAGE)


def _kept(file: Path | None) -> SignatureProof | None:
    try:
        return None if file is None else SignatureProof.model_validate_json(file.read_bytes())
    except ValidationError:
        fail(f"{file} không phải là kết luận đã lưu / is no verdict that was kept", Exit.USAGE)


@app.command()
def proof(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="In the register of results.")],
    *,
    target: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="Where it goes, as JSON.")],
) -> None:
    """Write the verdict that was kept when all had signed a result, for `motcua result verify --proof`.

    Needs MOTCUA_DATABASE_URL and MOTCUA_OBJECTS, or the stack of this folder.

    Example: `motcua result proof H01.12-2026-K0000001 --out proof.json`
    """
    use_stack_here()
    file = _kept_of(number)
    if file is None:
        fail("không có kết luận nào được lưu / no verdict was kept", Exit.NOT_AVAILABLE)
    data = end_well(Store.from_environment().get(file))
    try:
        target.write_bytes(data)
    except OSError as error:
        fail(f"{target}: {error.strerror}", Exit.USAGE)
    show_one({"file": target, "sha256": file.sha256}, columns("file sha256"))


def _kept_of(number: str) -> FileRef | None:
    async def look(connection: Connection) -> FileRef | None:
        return await kept_verdict(connection, number)

    return ask(look)


def _kept_with(number: str) -> SignatureProof | None:
    """The verdict that the platform itself has kept, for whoever can read its store."""
    file = _kept_of(number) if os.environ.get(OBJECTS) else None
    return None if file is None else SignatureProof.model_validate_json(end_well(Store.from_environment().get(file)))


def _keep(verdict: SignatureVerdict, file: Path) -> None:
    authority = os.environ.get(STAMPS)
    if not authority:
        fail(f"--keep cần / needs {STAMPS}", Exit.USAGE)
    proof = end_well(kept(verdict, authority))
    if proof is None:
        fail("không có dấu thời gian / no time-stamp was given", Exit.UNREACHABLE)
    try:
        file.write_bytes(proof)
    except OSError as error:
        fail(f"{file}: {error.strerror}", Exit.USAGE)


def subjects_set() -> SubjectRules:
    """How certificates name their holders, as it is set."""
    return _set(SUBJECTS, SubjectRules)


def policy_set() -> Policy:
    """What signatures must be to count, as it is set."""
    return _set(POLICY, Policy)


def _set(setting: str, kind: type[Set]) -> Set:
    try:
        return TypeAdapter(kind).validate_json(os.environ.get(setting, "{}"))
    except ValidationError:
        fail(f"{setting}: xem / see docs/signatures.md", Exit.USAGE)


def _standing(which: str, at: datetime) -> ResultStanding | None:
    async def look(connection: Connection) -> ResultStanding | None:
        return await standing_of(connection, which, at)

    return ask(look)


def _paper(pdf: bytes, digest: str) -> IssuedPaper | None:
    code = dossier_code(pdf)
    if code is None:
        return None

    async def look(connection: Connection) -> IssuedPaper | None:
        return await issued_paper(connection, code, digest)

    return ask(look)


def _tell_of_code(code: str, at: datetime, *, as_json: bool) -> None:
    """What the register says of a number, or of all numbers of a dossier."""

    async def look(connection: Connection) -> list[ResultStanding]:
        numbers = [one.number for one in await of_filing(connection, code)] or [code]
        found = [await standing_of(connection, number, at) for number in numbers]
        return [standing for standing in found if standing is not None]

    found = ask(look)
    if not found:
        fail("sổ kết quả không có mã này / the register has no such code", Exit.NOT_AVAILABLE)
    show_all(found, _REGISTER, as_json=as_json)
    if all(one.validity is not Validity.IN_FORCE for one in found):
        raise typer.Exit(Exit.REFUSED)


def _tell(file: Path, checked: Checked) -> None:
    show_one(checked, (Column("file", lambda _: file), *_VERDICT))
    if checked.hands:
        show_all(checked.hands, _HANDS)
    if checked.standing is not None:
        show_one(checked.standing, _REGISTER)
    elif checked.paper is not None:
        show_one(checked.paper, _PAPER)
    else:
        say(said("command.verify.not_asked" if checked.register == "unknown" else "command.verify.not_registered"))


_FIELDS: Final = {
    "": "label.time_stamp",
    INITIALS: "label.initials",
    SIGNATURE: "label.signature",
    SEAL: "label.seal",
}


def _field(field: str) -> str:
    return in_words(said(_FIELDS[field])) if field in _FIELDS else field


def _wrong(one: Problem) -> str:
    field = "" if one.field == "file" else f"{_field(one.field)}: "
    return f"{field}{in_words(one.message)}"


def _validity(validity: Validity) -> Marked:
    return Marked(said(f"result_validity.{validity}"), "green" if validity is Validity.IN_FORCE else "red")


_VERDICT: Final = columns(
    "signatures:verdict.outcome|signature_outcome",
    Column("problems", lambda checked: Marked(lines(map(_wrong, checked.verdict.problems)), "red")),
)
_HANDS: Final = columns(
    Column("field", "field", _field),
    "name reason tax_code signed:signed_at",
    Column("certificate_until", lambda hand: hand.expires_at.astimezone(VIETNAM).date()),
)
_REGISTER: Final = columns(
    "n:number agency",
    Column("validity", "validity", _validity),
    "issued:issued_at until:expires_on ended:ended_at replaced_by",
)
_PAPER: Final = columns("paper|paper filing:code agency made:made_at sealed template")
