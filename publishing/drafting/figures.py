"""The times and percentages in the texts of a draft. A procedure keeps such figures apart from its texts."""

import re
from collections.abc import Callable
from typing import Any, Final

from schemas.publishing.figure import FigureUnit

_UNITS: Final = {
    "ngày làm việc": FigureUnit.WORKING_DAYS,
    "giờ làm việc": FigureUnit.WORKING_HOURS,
    "ngày": FigureUnit.CALENDAR_DAYS,
    "giờ": FigureUnit.HOURS,
    "phút": FigureUnit.MINUTES,
    "tuần": FigureUnit.WEEKS,
    "tháng": FigureUnit.MONTHS,
    "năm": FigureUnit.YEARS,
    "tuổi": FigureUnit.YEARS_OF_AGE,
    "%": FigureUnit.PERCENT,
}
_FIGURE: Final = re.compile(
    rf"(?<![\w.,/])(\d{{1,4}})(?: ?\([^()]{{0,40}}\))? ?({'|'.join(_UNITS)})(?!\w)(?! \d)", re.IGNORECASE
)


def with_figures(draft: dict[str, Any], source: str) -> dict[str, Any]:
    """The draft with a placeholder for each time or percentage in its texts, and with the figures to fill them."""
    figures: dict[str, dict[str, Any]] = {}

    def placeholder(match: re.Match[str]) -> str:
        amount, unit = int(match[1]), _UNITS[match[2].lower()]
        code = f"{unit.value.replace(' ', '_')}_{amount}"
        figures[code] = {"code": code, "amount": amount, "unit": unit.value, "source": source}
        return f"{{figure.{code}}}"

    found: dict[str, Any] = _texts(draft, lambda text: _FIGURE.sub(placeholder, text))
    return found | ({"figures": list(figures.values())} if figures else {})


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    """The data with every text for people (a pair of `vi` and `en`) changed."""
    match value:
        case {"vi": str(vi), "en": str(en), **rest}:
            return {"vi": change(vi), "en": change(en), **rest}
        case dict():
            return {key: _texts(entry, change) for key, entry in value.items()}
        case list():
            return [_texts(entry, change) for entry in value]
    return value
