"""The timers of a filing's clocks in Vietnam's local time, and commands that restart clocks."""

from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.unit.filing.lives import APPLICANT, CALENDAR, FILE, LEADER, SPECIALIST, STOP, Life

HANOI: Final = ZoneInfo("Asia/Ho_Chi_Minh")
IDENTITY: Final = ("paper", "identity")
SILENT: Final = {"silent_basis": "Luật X, Đ5", "silent_officer": "leader-2"}


def vn(instant: Any) -> str:
    return f"{instant.astimezone(HANOI):%Y-%m-%d %H:%M}"


def tells(life: Life, clock: str) -> dict[str, str]:
    """Returns the local time of each timer of one clock, by the timer's kind: reminder, apology or due time."""
    return {moment: vn(when) for name, moment, when in life.tells if name == clock}


def supplied(life: Life) -> Life:
    return life.do("supplement", APPLICANT, papers=[{"code": "identity", "file": FILE.model_dump()}])


def events(life: Life, kind: type[Any]) -> list[Any]:
    return [recorded.event for recorded in life.log if isinstance(recorded.event, kind)]


def suspended(life: Life) -> Life:
    return life.do("stop", LEADER, mode="suspend", **STOP)


def referred(life: Life) -> Life:
    return life.do("refer_obligation", SPECIALIST, reference="12/PC")


def off(*days: date) -> dict[str, Any]:
    return {"calendar": CALENDAR.model_copy(update={"version": "2026.2", "off": days})}


def without(*days: int) -> dict[str, Any]:
    """Returns the content of a command that sets a calendar with these days of November as holidays."""
    return off(*(date(2026, 11, day) for day in days))
