"""`motcua outage`: announces a planned outage, shows the announcement, withdraws it."""

from datetime import datetime
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from console.database import find_setting
from motcua.calls.outage import OUTAGE, Outage, announced, file_of
from motcua.cli.answer import tell
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail, refusing
from motcua.errors import SettingsError
from rules.time.working_time import VIETNAM
from schemas.base import Text
from schemas.translate import said

app = typer.Typer()

_FORM: Final = ["%Y-%m-%dT%H:%M"]
_SHOWN: Final = "YYYY-MM-DDTHH:MM"


@app.command("outage")
def plan(
    *,
    begins: Annotated[
        datetime | None, typer.Option("--from", metavar=_SHOWN, formats=_FORM, help="option.outage.from")
    ] = None,
    ends: Annotated[
        datetime | None, typer.Option("--until", metavar=_SHOWN, formats=_FORM, help="option.outage.until")
    ] = None,
    vi: Annotated[str | None, typer.Option("--vi", help="option.outage.vi")] = None,
    en: Annotated[str | None, typer.Option("--en", help="option.outage.en")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="option.outage.withdraw")] = False,
    as_json: AsJson = False,
) -> None:
    address = find_setting(OUTAGE)
    if not address:
        fail(said("refused.not_set", name=OUTAGE), Exit.USAGE)
    if withdraw or any((begins, ends, vi, en)):
        _write(address, None if withdraw else _outage(begins, ends, vi, en))
    with refusing(SettingsError, Exit.USAGE):
        found = announced(address)
    data = None if found is None else found.model_dump(mode="json")
    tell(said("outage.none") if found is None else found.line, data, as_json=as_json)


def _outage(begins: datetime | None, ends: datetime | None, vi: str | None, en: str | None) -> Outage:
    if not (begins and ends and vi and en):
        fail(said("refused.outage.incomplete"), Exit.USAGE)
    with refusing(ValidationError, Exit.USAGE, said("refused.outage.order")):
        return Outage(
            begins=begins.replace(tzinfo=VIETNAM), ends=ends.replace(tzinfo=VIETNAM), words=Text(vi=vi, en=en)
        )


def _write(address: str, outage: Outage | None) -> None:
    """Writes the announcement atomically, so that no reader gets half of it; removes the file if `outage` is None."""
    file = file_of(address)
    if file is None:
        fail(said("refused.outage.no_file", name=OUTAGE), Exit.USAGE)
    with refusing(OSError, Exit.REFUSED, said("refused.outage.not_written", file=file)):
        if outage is None:
            file.unlink(missing_ok=True)
            return
        draft = file.with_name(f"{file.name}.new")
        draft.write_text(outage.model_dump_json(), encoding="utf-8")
        draft.replace(file)
