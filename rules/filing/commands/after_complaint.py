"""The effect of an upheld complaint on its filing."""

from datetime import datetime
from typing import Final

from rules.filing.permission import at
from rules.filing.time.reopening import places, stands
from rules.rule import SYSTEM, Rule, refuse
from schemas.errors import problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Events
from schemas.filing.state import Filing, Stage


def _settle_complaint(filing: Filing, command: cm.SettleComplaint, _: datetime) -> Events:
    if not stands(filing, command.about):
        why = problem("about", "act_over")
        raise refuse(why)
    if command.step not in places(filing):
        why = problem("step", "no_such_step")
        raise refuse(why)
    said = command.model_dump(include={"about", "step", "officer"})
    return (ev.Reopened(complaint=command.n, **said),)


RULES: Final[dict[str, Rule[Filing]]] = {
    "settle_complaint": Rule(SYSTEM, at(Stage.SUSPENDED, Stage.CLOSED), _settle_complaint),
}
