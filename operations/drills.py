"""The results of restore drills, at the second place (the store of checkpoints), so that they outlive the record."""

from datetime import UTC, datetime
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from recovery.checkpoint_store import SecondPlace

FOLDER: Final = "drills"
"""The folder with a file for each drill, named by its time. It is beside the folders of the logs."""
_NAME: Final = "%Y%m%dT%H%M%SZ"


class Noted(BaseModel):
    """A drill: its time and duration, the instant up to which it restored, the numbers of faults and of losses."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: AwareDatetime
    cut: AwareDatetime
    seconds: float
    problems: int
    lost: int


async def note(place: SecondPlace, drill: Noted) -> None:
    """Stores the result of a drill at the second place. Raises obstore's errors and `OSError`."""
    await place.add(f"{FOLDER}/{drill.at.astimezone(UTC):{_NAME}}", drill.model_dump_json().encode())


async def newest(place: SecondPlace) -> Noted | None:
    """Returns the newest drill; None if there was none. Raises obstore's errors, `OSError` and `ValueError`."""
    names = await place.names(FOLDER)
    content = await place.read(f"{FOLDER}/{max(names)}") if names else None
    return None if content is None else Noted.model_validate_json(content)


def age(drill: Noted) -> int:
    """Returns the number of whole days since a drill."""
    return (datetime.now(UTC) - drill.at).days
