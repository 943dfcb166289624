"""Official papers as PDF, by the standard template or an agency's own. Equal sheets and moments give equal bytes."""

import hashlib
import shutil
import tempfile
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from activities.printing.codes import NO_CODE, code128, qr
from activities.printing.typesetter import MissingGlyphsError, Typesetter, typesetter_of
from schemas.base import AgencyCode
from schemas.errors import RefusalCode, problem, refused
from schemas.papers.sheet import ResultSheet, Sheet, texts_of
from schemas.papers.state import PaperKind
from schemas.publishing.procedure import ProcedureCode
from schemas.text import composed
from schemas.translate import said
from views.log import Connection

_PARTS: Final = Path(__file__).with_name("parts.typ")
_STANDARD: Final = Path(__file__).with_name("paper.typ")
_RESULT: Final = Path(__file__).with_name("result.typ")
_KEPT: Final = 32
"""Number of templates whose compilers are cached."""


def version_of(template: str | None = None) -> str:
    """Returns the SHA-256 (hex) of the shared parts and of `template`, or of the standard template if that is None."""
    text = standard() if template is None else template
    return hashlib.sha256(f"{_parts_sha256()}\n{text}".encode()).hexdigest()


@cache
def _parts_sha256() -> str:
    return hashlib.sha256(_PARTS.read_bytes()).hexdigest()


@lru_cache(_KEPT)
def typesetter(template: str | None = None) -> Typesetter:
    """Returns the typesetter of a template, which may import only `/parts.typ`; by default of the standard template."""
    if template is None:
        return Typesetter(_STANDARD)
    folder = Path(tempfile.mkdtemp(dir=_folder().name))
    shutil.copyfile(_PARTS, folder / _PARTS.name)
    file = folder / "template.typ"
    file.write_text(template, encoding="utf-8")
    return Typesetter(file)


@cache
def standard() -> str:
    """Returns the text of the standard template, for agencies without their own."""
    return _STANDARD.read_text(encoding="utf-8")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Returns this process's folder for agencies' templates, needed because the compiler reads only files."""
    return tempfile.TemporaryDirectory(prefix="motcua-templates-")


async def template_of(
    connection: Connection, agency: AgencyCode, paper: PaperKind, procedure: ProcedureCode
) -> str | None:
    """Returns the agency's latest published template for this procedure, else for all procedures; None if neither."""
    text: str | None = await connection.fetchval(_CHOSEN, agency, paper, procedure)
    return text


_CHOSEN: Final = """
select source from paper_template_in_force where agency = $1 and paper = $2 and procedure in ($3, '*')
order by procedure = '*' limit 1
"""
_WORDS: Final = {
    "archive": said("paper.archive").model_dump(),
    "code": said("sheet.code").model_dump(),
    "copies": said("paper.copies").model_dump(),
    "form": said("paper.form_number").model_dump(),
    "law": said("paper.law").model_dump(),
    "motto": said("sheet.motto").model_dump(),
    "nation": said("sheet.nation").model_dump(),
    "number": said("sheet.number").model_dump(),
    "page": said("sheet.page").model_dump(),
    "scan": said("paper.scan").model_dump(),
    "to": said("sheet.to").model_dump(),
    "total": said("paper.total").model_dump(),
    "waybill": said("paper.waybill").model_dump(),
}
"""The words printed on every paper."""


def printed(sheet: Sheet, at: datetime, template: str | None = None, salt: str = "") -> bytes:
    """Returns the paper as a tagged PDF, created at `at`. `template` is the agency's; None for the standard one.

    The `salt` becomes the PDF's keywords. Raises `RefusalError` that names each field with a character that the font
    can't show, or the whole paper if no field has one, and `typst.TypstError` for a template that fails.
    """
    sheet = composed(sheet)
    plain = template is None and isinstance(sheet, ResultSheet)
    try:
        return (typesetter_of(_RESULT) if plain else typesetter(template)).set(content_of(sheet, salt), at)
    except MissingGlyphsError as error:
        places = [place for place, text in texts_of(sheet) if not error.letters.isdisjoint(text)]
        wrong = (problem(place, "unprintable") for place in dict.fromkeys(places or [""]))
        raise refused(RefusalCode.INTERNAL, *wrong) from None


def content_of(sheet: Sheet, salt: str = "") -> dict[str, Any]:
    """Returns the input of a template: the sheet, its codes as SVG, the words printed on every paper, and the salt."""
    tracking = NO_CODE if sheet.tracking is None else qr(sheet.tracking)
    codes = {"qr": tracking, "bars": code128(sheet.waybill or sheet.code)}
    return sheet.model_dump(mode="json") | codes | {"words": _WORDS, "salt": salt}
