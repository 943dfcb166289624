"""The check of an agency that a command names."""

from typing import Final

from console.database import APPLICATION, ask
from motcua.cli.running import there
from schemas.translate import said


def see_agency(agency: str | None, variable: str = APPLICATION) -> None:
    """Ends the command if the directory has no such agency. Does nothing if `agency` is None.

    `variable`: the setting with the database's address.
    """
    if agency is not None:
        known = ask(lambda connection: connection.fetchval(_KNOWN, agency), variable)
        there(known, said("refused.no_agency", agency=agency))


_KNOWN: Final = "select agency from agency where agency = $1"
