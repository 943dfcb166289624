"""What a line of a script says in full: the command that somebody gives, with the page in front of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from deploy.demo.applicant import Filer, via
from deploy.demo.scenario import COMMANDS, Act, Scenario
from schemas.commands import Command, TargetKind
from schemas.filing import FilingView
from schemas.level import Channel
from schemas.people import OFFICERS, Actor

Words = dict[str, Any]

LEGAL_BASIS: Final = "NĐ 61/2018/NĐ-CP, Đ17"


async def order(scenario: Scenario, position: int, actor: Actor, view: FilingView, filer: Filer) -> Command:
    """The command at this position of the script. Its id is derived: the same try again is the same command."""
    act = scenario.acts[position]
    said = {
        "command_id": f"{position:02d}-{act.command}",
        "actor": actor,
        "via": via(Channel.COUNTER if actor.role in OFFICERS else Channel.ONLINE),
        "seen_seq": view.seq,
    }
    own = await _WORDS[act.command](scenario, act, view, filer) if act.command in _WORDS else {}
    return COMMANDS[act.command].model_validate(said | own)


async def _reason(_: Scenario, __: Act, ___: FilingView, filer: Filer) -> Words:
    return {"reason": f"{filer.canary}: lý do của hồ sơ này"}


async def _note(_: Scenario, __: Act, ___: FilingView, filer: Filer) -> Words:
    return {"note": f"{filer.canary}: đã xác minh"}


async def _outcome(_: Scenario, act: Act, __: FilingView, filer: Filer) -> Words:
    (outcome,) = act.arguments
    return {"outcome": outcome, "reason": f"{filer.canary}: căn cứ của quyết định"}


async def _items(_: Scenario, act: Act, __: FilingView, filer: Filer) -> Words:
    targets = [argument.split(":") for argument in act.arguments]
    items = [{"target": kind, "code": code, "note": f"{filer.canary}: còn thiếu"} for kind, code in targets]
    return {"items": items, "legal_basis": LEGAL_BASIS}


async def _answers(scenario: Scenario, _: Act, view: FilingView, filer: Filer) -> Words:
    """All that was asked for, and nothing else."""
    asked = view.supplement.items if view.supplement else ()
    fields = {item.code for item in asked if item.target is TargetKind.FIELD}
    papers = [item.code for item in asked if item.target is TargetKind.PAPER]
    given = {code: value for code, value in scenario.supplies.items() if code in fields}
    return {"form": filer.words(given), "papers": await filer.papers(papers)}


async def _counted(_: Scenario, __: Act, view: FilingView, ___: Filer) -> Words:
    return {"amount": view.fee.amount if view.fee else 0}


async def _recipient(_: Scenario, __: Act, ___: FilingView, filer: Filer) -> Words:
    return {"recipient": filer.applicant.name}


_WORDS: Final[dict[str, Callable[[Scenario, Act, FilingView, Filer], Awaitable[Words]]]] = {
    "refuse_intake": _reason,
    "withdraw": _reason,
    "forward": _note,
    "propose": _outcome,
    "decide": _outcome,
    "request_supplement": _items,
    "supplement": _answers,
    "pay_at_counter": _counted,
    "hand_over": _recipient,
}
