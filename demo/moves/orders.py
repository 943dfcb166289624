"""Makes the complete command for a script's line, from the actor and the filing's present view."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from demo.applicant import Filer, via
from demo.scenario import COMMANDS, Act, Scenario
from schemas.filing.commands import Command, TargetKind
from schemas.filing.events import PaymentMeans
from schemas.filing.state import FilingView
from schemas.level import Channel
from schemas.people import OFFICERS, Actor, Role

Words = dict[str, Any]

LEGAL_BASIS: Final = "NĐ 224/2026/NĐ-CP, Đ15"


async def order(scenario: Scenario, position: int, actor: Actor, view: FilingView, filer: Filer) -> Command:
    """Returns the command at this position of the script. Its id follows from the position, so a retry repeats it."""
    act = scenario.acts[position]
    said = {
        "command_id": f"{position:02d}-{act.command}",
        "actor": actor,
        "via": via(Channel.COUNTER if actor.role in OFFICERS else Channel.ONLINE),
    }
    own = await _WORDS[act.command](scenario, act, view, filer) if act.command in _WORDS else {}
    return COMMANDS[act.command].model_validate(said | own)


async def _reason(_: Scenario, __: Act, ___: FilingView, filer: Filer) -> Words:
    return {"reason": f"{filer.canary}: lý do của hồ sơ này"}


async def _granted(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    refused = act.arguments == ("refused",)
    return {"granted": False, **await _reason(scenario, act, view, filer)} if refused else {"granted": True}


async def _note(_: Scenario, __: Act, ___: FilingView, filer: Filer) -> Words:
    return {"note": f"{filer.canary}: đã xác minh"}


async def _outcome(_: Scenario, act: Act, __: FilingView, filer: Filer) -> Words:
    outcome = act.arguments[0]
    return {"outcome": outcome, "reason": f"{filer.canary}: lý do của quyết định", "legal_basis": LEGAL_BASIS}


async def _items(_: Scenario, act: Act, __: FilingView, filer: Filer) -> Words:
    targets = [argument.split(":") for argument in act.arguments]
    items = [{"target": kind, "code": code, "note": f"{filer.canary}: còn thiếu"} for kind, code in targets]
    return {"items": items, "legal_basis": LEGAL_BASIS}


async def _answers(scenario: Scenario, _: Act, view: FilingView, filer: Filer) -> Words:
    """Returns the fields of a supplement, with all requested items and no others."""
    asked = view.supplement.items if view.supplement else ()
    fields = {item.code for item in asked if item.target is TargetKind.FIELD}
    papers = [item.code for item in asked if item.target is TargetKind.PAPER]
    given = {code: value for code, value in scenario.supplies.items() if code in fields}
    return {"form": filer.words(given), "papers": await filer.papers(papers)}


async def _originals(_: Scenario, __: Act, view: FilingView, ___: Filer) -> Words:
    return {"originals": view.at_desk}


async def _draft(_: Scenario, __: Act, view: FilingView, filer: Filer) -> Words:
    [made] = await filer.papers([f"draft_{view.seq}"])
    return {"draft": made.file}


async def _correction(scenario: Scenario, _: Act, __: FilingView, filer: Filer) -> Words:
    return {"note": f"{filer.canary}: sai một chữ", "form": filer.words(scenario.supplies)}


async def _counted(_: Scenario, act: Act, view: FilingView, __: Filer) -> Words:
    means = next((argument for argument in act.arguments if argument in {*PaymentMeans}), None)
    reference = f"POS{view.filing_id.hex}-{view.seq}" if means not in {None, PaymentMeans.CASH} else None
    return {"amount": view.fee.amount if view.fee else 0, "means": means, "reference": reference}


async def _officer(scenario: Scenario, act: Act, view: FilingView, _: Filer) -> Words:
    name = act.arguments[0]
    agency = next((part.agency for part in view.parts if part.code == act.part), scenario.agency)
    return {"officer": f"{agency.lower()}-{name}"}


async def _question(_: Scenario, __: Act, ___: FilingView, filer: Filer) -> Words:
    return {"question": f"{filer.canary}: xin cho biết thêm"}


async def _answer(_: Scenario, __: Act, view: FilingView, filer: Filer) -> Words:
    first = next(question.n for question in view.questions if question.answer is None)
    return {"n": first, "answer": f"{filer.canary}: xin trả lời"}


async def _inspection(_: Scenario, __: Act, view: FilingView, filer: Filer) -> Words:
    return {
        "held_at": view.submitted_at,
        "place": f"{filer.canary} 12 phố Hàng Gai",
        "participants": [f"{filer.canary} Nguyễn Thị An"],
        "findings": f"{filer.canary}: đúng hiện trạng",
    }


async def _opinion(_: Scenario, act: Act, __: FilingView, filer: Filer) -> Words:
    party, answer = act.arguments
    return {"party": party, "consent": answer == "consents", "note": f"{filer.canary}: ý kiến bằng văn bản"}


async def _reference(_: Scenario, act: Act, __: FilingView, ___: Filer) -> Words:
    """Reads `REFERENCE [AMOUNT [AGENCY]]`: a tax demand has an amount in đồng and a tax office."""
    reference, *more = act.arguments
    amount = {"amount": int(more[0])} if more else {}
    return {"reference": reference} | amount | ({"agency": more[1]} if more[1:] else {})


async def _stopped(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    (mode,) = act.arguments
    alone = {"unproposed_reason": f"{filer.canary}: chưa có đề xuất"} if mode == "end" else {}
    return {"mode": mode} | await _refused(scenario, act, view, filer) | alone


async def _refused(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    return {"legal_basis": LEGAL_BASIS} | await _reason(scenario, act, view, filer)


async def _withdrawn(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    """Returns the fields of a withdrawal. At the desk, they include the applicant's signed request."""
    said = await _reason(scenario, act, view, filer)
    if act.role is not Role.RECEPTION:
        return said
    [signed] = await filer.papers(["request"])
    return said | {"request": signed.file}


async def _waived(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    (waiver,) = act.arguments
    return {"waiver": waiver} | await _reason(scenario, act, view, filer)


async def _passed_on(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    (to,) = act.arguments
    return {"to": to, "legal_basis": "Nghị định 118/2025/NĐ-CP"} | await _reason(scenario, act, view, filer)


async def _case(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    (case,) = act.arguments
    return {"case": case} | await _reason(scenario, act, view, filer)


async def _recipient(scenario: Scenario, act: Act, _: FilingView, filer: Filer) -> Words:
    inherited = any(one.command == "succeed" for one in scenario.acts)
    applicant = filer.successor if inherited else filer.applicant(scenario.signer)
    represented = act.arguments == (Role.REPRESENTATIVE,)
    name, number = (filer.representative, filer.their_number) if represented else (applicant.name, applicant.id_number)
    identity = {"document": "citizen_card", "number": number}
    signed = {"recipient": name, "identity": identity, "signed_on_paper": True}
    return signed | ({"receiver": act.arguments[0]} if act.arguments else {})


async def _corrected(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    name = filer.applicant(scenario.signer).name
    return {"name": f"{name} {act.arguments[0]}"} | await _reason(scenario, act, view, filer)


async def _evidence(_: Scenario, act: Act, __: FilingView, filer: Filer) -> Words:
    [proof] = await filer.papers([f"proof_{act.command}"])
    return {"evidence": proof.file}


async def _successor(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    return {"applicant": filer.successor} | await _evidence(scenario, act, view, filer)


async def _channel(_: Scenario, act: Act, __: FilingView, filer: Filer) -> Words:
    """Reads `online`, `counter`, or `post` with a postcode; returns the channel and, for the post, the address."""
    channel, *postcode = act.arguments
    return {"channel": channel} | ({"address": filer.address(*postcode)} if postcode else {})


async def _judged(scenario: Scenario, act: Act, view: FilingView, filer: Filer) -> Words:
    return {"accepted": True} | await _reason(scenario, act, view, filer)


_WORDS: Final[dict[str, Callable[[Scenario, Act, FilingView, Filer], Awaitable[Words]]]] = {
    "refuse_intake": _refused,
    "withdraw": _withdrawn,
    "forward": _note,
    "show_draft": _draft,
    "correct_draft": _correction,
    "propose": _outcome,
    "decide": _outcome,
    "judge_signature": _judged,
    "request_supplement": _items,
    "supplement": _answers,
    "transfer_dossier": _originals,
    "receive_dossier": _note,
    "reassign": _officer,
    "ask": _question,
    "answer": _answer,
    "answer_part": _outcome,
    "inspect": _inspection,
    "record_opinion": _opinion,
    "refer_obligation": _reference,
    "demand_obligation": _reference,
    "fulfil_obligation": _reference,
    "request_more_time": _reason,
    "answer_more_time": _granted,
    "stop": _stopped,
    "recuse": _reason,
    "pass_on": _passed_on,
    "prolong": _reason,
    "extend": _reason,
    "apply_case": _case,
    "reappoint": _reason,
    "apologise": _reason,
    "waive_fee": _waived,
    **dict.fromkeys(("revoke_acceptance", "revoke_refusal", "cancel_supplement", "revoke_waiver"), _reason),
    "revoke_cessation": _reason,
    "decline_waiver": _waived,
    "correct_applicant": _corrected,
    "pay_at_counter": _counted,
    "change_delivery": _channel,
    "hand_over": _recipient,
    "record_cessation": _evidence,
    "succeed": _successor,
}
