"""The control slip of a filing: all its holders in turn. The slip names officers, and nobody else."""

from collections.abc import Iterable, Iterator
from typing import Final

from rules.papers.hands import hands
from rules.papers.register import effort
from schemas.filing.state import Filing
from schemas.papers.custody import ControlSlip, Hand
from schemas.publishing.procedure import Baseline
from views.log import Log


async def control_slip(log: Log, stream: str, baseline: Baseline | None) -> ControlSlip:
    """Returns the control slip of this stream's filing. `baseline` is its procedure's effort at level 1.

    Raises `RefusalError` (`not_found`), and `UnfoldableError`.
    """
    told = await log.read(stream)
    filing: Filing = told.state
    found = hands(told.events, filing, told.as_of)
    return ControlSlip(
        filing_id=filing.filing_id,
        code=filing.code or "",
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        as_of=told.as_of,
        hands=found,
        officers=dict(await log.connection.fetch(_NAMES, list(_subjects(found)))),
        effort=effort(told.events, filing, told.as_of, baseline),
    )


def _subjects(found: Iterable[Hand]) -> Iterator[str]:
    for hand in found:
        named = {hand.subject, hand.acting_for, hand.accountable}
        named |= {name for deed in hand.done for name in (deed.subject, deed.acting_for, deed.accountable)}
        yield from (subject for subject in named if subject is not None)


_NAMES: Final = "select subject, min(name) from officer where subject = any($1) group by subject"
