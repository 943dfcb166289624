"""The table of public holidays equals that of the library `holidays`; `MOTCUA_GOLDEN=write` writes the table anew."""

import os
import re
from datetime import date
from typing import Final

from holidays import country_holidays

from tests.conftest import ROOT

TABLE: Final = ROOT / "rules" / "time" / "public_holidays.py"
LUNAR: Final = range(2000, 2100)
"""The years that the library's lunar calendar covers."""
SWAPPED: Final = re.compile(r"substituted from (\d\d)/(\d\d)/(\d{4})")


def table() -> dict[int, tuple[str, str]]:
    """Returns for each year its days off, and its make-up days with the day off that each one makes up for."""
    known = country_holidays("VN", years=LUNAR, language="en_US")
    off = {year: sorted(f"{day:%m%d}" for day in known if day.year == year) for year in LUNAR}
    makeup: dict[int, list[str]] = {year: [] for year in LUNAR}
    for day, name in known.items():
        if swap := SWAPPED.search(name):
            month, of_month, year = map(int, swap.groups())
            instead = f"{day:%m%d}" if day.year == year else f"{day:%Y%m%d}"
            makeup[year].append(f"{date(year, month, of_month):%m%d}={instead}")
    return {year: (" ".join(off[year]), " ".join(sorted(makeup[year]))) for year in LUNAR}


def written(years: dict[int, tuple[str, str]]) -> str:
    """Returns the text of the table's module with these years."""
    head, _, _ = TABLE.read_text(encoding="utf-8").partition(" = {\n")
    lines = (f'    {year}: ("{off}", "{makeup}"),\n' for year, (off, makeup) in years.items())
    return f"{head} = {{\n{''.join(lines)}}}\n"


def test_the_table_has_the_days_of_the_library() -> None:
    found = table()
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        TABLE.write_text(written(found), encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == written(found)
