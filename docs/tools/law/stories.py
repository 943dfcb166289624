"""A model filing, which a sequence of commands can bring into any situation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from rules.filing import lifecycle
from rules.filing.commands.reports import ASKED_AT
from rules.filing.fold import missing_opinions
from rules.filing.reopening import places
from schemas.files import FileRef, ScanState
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.state import Filing, Stage
from schemas.filing.submission import Authorisation, Examined, Submission
from schemas.level import Channel
from schemas.people import SYSTEM, Actor, Role
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.signature import SignatureOutcome, SignatureRecord
from schemas.stream.ledger import Recorded

AGENCY: Final = "H01.12"
DESK: Final = "H01.01"
"""Another agency, whose desk also receives filings for `AGENCY`."""
START: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Vietnam."""

PAPER: Final = "identity"
APPLICANT: Final = "applicant-1"
FILE: Final = FileRef(key="papers/1.pdf", sha256="b" * 64, size=1)
_NUMBER: Final = "001099000001"
AUTHORISATION: Final = Authorisation(
    key="papers/2.pdf", sha256="c" * 64, size=1, principal=_NUMBER, id_number="001099000002"
)
RESULT: Final = FileRef(key="results/1.pdf", sha256="c" * 64, size=1)
VIA: Final = {"principal": "law"}

_OFFICE: Final = ("07:00-11:30", "13:30-17:00")
_CALENDAR: Final = Calendar.model_validate(
    {
        "code": "vn",
        "version": "1",
        "valid_from": "2026-01-01",
        "valid_until": "2027-12-31",
        "week": [_OFFICE] * 5 + [(), ()],
    }
)
_REVIEW: Final = (
    {"code": "verify", "role": "specialist", "act": "forward", "limit": "3 working days"},
    {"code": "inspect", "role": "specialist", "act": "inspect", "limit": "3 working days"},
    {
        "code": "consult",
        "role": "specialist",
        "act": "consult",
        "limit": "2 working days",
        "consult": {"parties": [{"code": "police"}], "silence": "escalate"},
    },
    {
        "code": "tax",
        "role": "specialist",
        "act": "obligation",
        "limit": "1 working days",
        "obligation": {"answer": "3 working days", "pay": "30 calendar days"},
    },
    {"code": "appraise", "role": "specialist", "act": "propose", "limit": "2 working days"},
    {"code": "decide", "role": "leader", "act": "decide", "limit": "1 working days"},
)
_RULES: Final[dict[str, Any]] = {
    "code": "1.000001",
    "version": "1",
    "sha256": "a" * 64,
    "level": 4,
    "limits": {
        "intake": "8 working hours",
        "processing": "20 working days",
        "issue": "4 working hours",
        "delivery": "4 working days",
        "pickup": "30 calendar days",
    },
    "cases": [{"code": "verified", "processing": "30 working days"}],
    "papers": [{"code": PAPER, "required": True}],
    "review": _REVIEW,
    "result_channels": ["online", "counter", "post"],
    "supplement_rounds": 1,
    "supplement_limit": "10 working days",
    "signature": False,
    "extension": {"times": 1, "by": "3 working days", "notice": "1 working days"},
}
SHORT: Final[dict[str, Any]] = {"review": _REVIEW[-2:]}
"""A review of two steps: the proposal and the decision."""

DRAFTED: Final[dict[str, Any]] = {
    "review": (
        {
            "code": "draft",
            "role": "specialist",
            "act": "draft",
            "limit": "1 working days",
            "draft": {"answer": "1 calendar days"},
        },
        *_REVIEW[-2:],
    )
}
"""A review that begins with a draft for the applicant."""

REFERRING: Final[dict[str, Any]] = {
    "review": (
        {
            "code": "parts",
            "role": "specialist",
            "act": "refer",
            "limit": "12 working days",
            "referral": {
                "parts": [
                    {"code": "residence", "kinds": ["commune_police"], "limit": "7 working days"},
                    {"code": "insurance", "kinds": ["social_insurance"], "limit": "5 working days"},
                ]
            },
        },
        *_REVIEW[-2:],
    )
}
"""A review that begins with two parts, each decided by another agency."""

DOUBTFUL: Final = Examined(
    signature=SignatureRecord(outcome=SignatureOutcome.UNDETERMINED, rules=("revocation_unknown",), judged_at=START)
)
"""The result of checks in which a signature could not be fully checked."""

UNKNOWN: Final = Examined(scan=ScanState.PENDING)
"""The result of checks without a report of the virus scanner yet."""

READ: Final[dict[str, Any]] = {"limits": _RULES["limits"] | {"reading": "5 working days"}}
"""Limits that include a time for reading: an online result waits until it is read."""

PASSED_ON: Final[dict[str, Any]] = {"succession": "60 calendar days"}
"""A right that passes on to a successor of the applicant."""

INSTANT: Final[dict[str, Any]] = {"standing_order": "01/QĐ-UBND", "standing_officer": "leader-1"}


def fee(due: str, channel: str) -> dict[str, Any]:
    """Returns the rules of a fee for the model procedure. The procedure's cashier may waive the fee."""
    waivers = [{"code": "poor", "percent": 100, "approver": "cashier"}]
    items = [{"code": "extract", "amount": 8000}]
    return {"fee": {"items": items, "waivers": waivers, "due": due, "channels": [channel], "limit": "5 working days"}}


def somebody(role: Role, subject: str | None = None, agency: str = AGENCY) -> Actor:
    """Returns an actor in this role, by default the first one. Applicants and representatives have no agency."""
    if role is Role.SYSTEM:
        return SYSTEM
    of_nobody = role in {Role.APPLICANT, Role.REPRESENTATIVE}
    return Actor(subject=subject or f"{role}-1", role=role, agency=None if of_nobody else agency)


class Story:
    """A filing and its events. By default a representative files it online, else the reception of the agency `desk`."""

    def __init__(
        self,
        *,
        channel: str = "online",
        desk: str = AGENCY,
        result: str = "online",
        papers: Sequence[str] = (PAPER,),
        examined: Examined | None = None,
        **rules: Any,
    ) -> None:
        self.now = START
        self.events: list[ev.Event] = []
        self.statuses: list[int] = [0]
        procedure = ProcedureRules.model_validate(_RULES | rules)
        self.filing = Filing(filing_id=UUID(int=1), agency=AGENCY, procedure=procedure, calendar=_CALENDAR)
        filer = Role.REPRESENTATIVE if channel == "online" else Role.RECEPTION
        submission = Submission.model_validate(
            {
                "client_id": "law",
                "submission_id": "1",
                "procedure": procedure.code,
                "agency": AGENCY,
                "desk": desk if desk != AGENCY else None,
                "channel": channel,
                "applicant": {"subject": APPLICANT, "name": "An", "id_number": _NUMBER},
                "actor": somebody(filer, agency=desk),
                "via": VIA,
                "authorisation": AUTHORISATION,
                "papers": [{"code": code, "file": FILE} for code in papers],
                "result_channel": result,
                "address": {"recipient": "An", "phone": "0900000000", "address": "1 Hàng Bài", "postcode": "10000"},
            }
        )
        self._give(
            cm.Submit(
                actor=submission.actor,
                via=submission.via,
                submission=submission,
                procedure=procedure,
                agency=AGENCY,
                accountable=ev.Accountable(standing=procedure.standing_officer, silent=procedure.silent_officer),
                partners=tuple(ev.Partner(part=part.code, agency="H01.31") for _, part in procedure.referred),
                examined=examined or Examined(),
            )
        )

    def do(self, kind: str, actor: Actor, **said: Any) -> Story:
        """Gives a command. `fitting` fills in its required fields. Raises `RefusalError`."""
        head = {"command_id": f"c{len(self.events)}", "actor": actor, "via": VIA}
        self._give(_COMMANDS[kind].model_validate(head | fitting(self.filing, kind) | said))
        return self

    def then(self, *lines: str) -> Story:
        """Gives commands in words, such as `specialist claim`."""
        for line in lines:
            role, kind = line.split()
            self.do(kind, somebody(Role(role)))
        return self

    def late(self, clock: ev.Clock) -> Story:
        """Moves the time past the end of a clock, and fires its timer."""
        self.now = max(self.now, due(self.filing)[clock] + timedelta(seconds=1))
        return self.do("timer_fired", SYSTEM, clock=clock)

    def copy(self) -> Story:
        """Returns a copy that continues independently."""
        other = Story.__new__(Story)
        other.now, other.filing = self.now, self.filing
        other.events, other.statuses = [*self.events], [*self.statuses]
        return other

    def _give(self, command: cm.Command) -> None:
        for event in lifecycle.decide(self.filing, command, self.now):
            self.events.append(event)
            recorded = Recorded(
                seq=len(self.events), at=self.now, command_id=command.command_id, actor=command.actor, event=event
            )
            self.filing = lifecycle.evolve(self.filing, recorded)
            self.statuses.append(int(lifecycle.status(self.filing)))


_SYSTEM: Final[tuple[type[cm.Command], ...]] = (
    cm.Issue,
    cm.SettleFee,
    cm.SettleParcel,
    cm.ReportOverduePart,
    cm.SettlePart,
    cm.SettleResult,
    cm.SettleComplaint,
    cm.RecordStay,
    cm.EndStay,
    cm.TimerFired,
    cm.RecordScan,
    cm.ChangeCalendar,
    cm.ReportFailing,
    cm.ReportAnswered,
    cm.AskFeeAgain,
)
_MODELS: Final[tuple[type[cm.Command], ...]] = (*cm.PUBLIC_COMMANDS, cm.PayableDemand, *_SYSTEM)
"""The models of commands. If two have the same kind, the later one counts: it also has fields that the filing sets."""

_COMMANDS: Final = {str(model.model_fields["kind"].default): model for model in _MODELS}

_WHY: Final = {"reason": "-", "legal_basis": "-"}


def fitting(filing: Filing, kind: str) -> dict[str, Any]:
    """Returns values for the required fields of a command, so that it is not refused because a field is missing."""
    step = lifecycle.current_step(filing)
    awaited = missing_opinions(filing, step) if step else ()
    amount = filing.fee.amount if filing.fee else 1
    part = next((part.n for part in filing.parts_under_way), 1)
    said: dict[str, dict[str, Any]] = {
        "refuse_intake": _WHY,
        "judge_signature": {"accepted": not filing.signature_accepted, "reason": "-"},
        "request_supplement": {
            "items": [{"target": "paper", "code": PAPER, "note": "-"}],
            "legal_basis": "-",
            "late_reason": "-",
        },
        "revoke_acceptance": {"reason": "-"},
        "revoke_refusal": {"reason": "-"},
        "correct_applicant": {"name": "Lê Thị Ba", "reason": "-"},
        "cancel_supplement": {"reason": "-"},
        "pass_on": {"to": "H01.13", "reason": "-", "legal_basis": "-"},
        "supplement": {"papers": [{"code": PAPER, "file": FILE}]},
        "request_more_time": {"reason": "-"},
        "answer_more_time": {"granted": True},
        "reassign": {"officer": "another"},
        "recuse": {"reason": "-"},
        "ask": {"question": "-"},
        "answer": {"n": next((q.n for q in filing.questions if q.answer is None), 1), "answer": "-"},
        "inspect": {"held_at": START, "place": "-", "participants": ["-"], "findings": "-"},
        "record_opinion": {"party": next(iter(awaited), "police"), "consent": True},
        "refer_obligation": {"reference": "1"},
        "demand_obligation": {"reference": "1", "amount": 1},
        "fulfil_obligation": {"reference": "1"},
        "show_draft": {"draft": FILE},
        "correct_draft": {"note": "-"},
        "propose": {"outcome": "approved"},
        "decide": {"outcome": "approved"},
        "stop": {"mode": "suspend", **_WHY},
        "prolong": {"reason": "-"},
        "extend": {"reason": "-"},
        "apply_case": {"case": "verified", "reason": "-"},
        "reappoint": {"reason": "-"},
        "apologise": {"reason": "-"},
        "waive_fee": {"waiver": "poor", "reason": "-"},
        "revoke_waiver": {"reason": "-"},
        "decline_waiver": {"waiver": "poor", "reason": "-"},
        "pay_at_counter": {"amount": amount},
        "withdraw": {"reason": "-", "request": FILE},
        "revoke_mandate": {"request": FILE},
        "name_representative": {"representative": "another", "authorisation": AUTHORISATION},
        "record_cessation": {"evidence": FILE},
        "revoke_cessation": {"reason": "-"},
        "succeed": {"applicant": {"subject": APPLICANT, "name": "Cúc", "id_number": "001199000003"}, "evidence": FILE},
        "change_delivery": {"channel": _other_channel(filing)},
        "hand_over": {
            "recipient": "-",
            "identity": {"document": "citizen_card", "number": _NUMBER},
            "signed_on_paper": True,
        },
        "issue": {"result": RESULT},
        "settle_result": {"n": len(filing.results) + 1, "registered": "H01.12-2026-K0000001", "result": RESULT},
        "settle_fee": {"settlement": "paid"} | _owed(filing),
        "settle_parcel": {"n": max(filing.parcels, 1), "outcome": "delivered"},
        "report_overdue_part": {"n": part},
        "settle_part": {"n": part, "outcome": "approved", "officer": "specialist-1"},
        "record_scan": {"scanned": [FILE.sha256], "infected": [PAPER]},
        "settle_complaint": {"n": 1, "about": filing.act or 1, "officer": "leader-2"},
        "record_stay": {"n": 1, "stay": 1, "since": START, "limit": "30 calendar days"},
        "end_stay": {"n": 1, "stay": 1},
        "change_calendar": {"calendar": _CALENDAR.model_copy(update={"version": "2"})},
        "report_failing": {"work": _work(filing), "tries": 10, "error": "-"},
        "report_answered": {"work": _work(filing)},
        "ask_fee_again": {"n": 1, "fee": filing.fee.n if filing.fee else 1, "amount": amount},
    }
    return said.get(kind, {})


def _work(filing: Filing) -> ev.MachineWork:
    """Returns the work that the agency's back office does at this stage; at other stages, the making of the result."""
    return next((work for work, at in ASKED_AT.items() if at is lifecycle.stage(filing)), ev.MachineWork.ISSUE)


def _owed(filing: Filing) -> dict[str, Any]:
    """Returns the number and the amount of the fee or demand to pay; both are 1 if there is no fee or demand."""
    owed = next(iter(filing.demands_to_collect), filing.fee)
    return {"n": owed.n, "amount": owed.amount} if owed else {"n": 1, "amount": 1}


def _other_channel(filing: Filing) -> Channel:
    return Channel.POST if filing.result_channel is Channel.COUNTER else Channel.COUNTER


def due(filing: Filing) -> dict[ev.Clock, datetime]:
    """Returns the running clocks, and the end of each."""
    return {one.clock: one.due for one in lifecycle.timers(filing) if one.moment is ev.Moment.DUE}


def ways(filing: Filing, kind: str) -> tuple[dict[str, Any], ...]:
    """Returns alternative sets of fields for a command; each set leads to another situation."""
    refused = {"outcome": "refused", **_WHY}
    end = {"mode": "end", "unproposed_reason": "-"}
    other: dict[str, tuple[dict[str, Any], ...]] = {
        "propose": ({}, refused),
        "decide": ({}, refused),
        "stop": ({}, end) if lifecycle.stage(filing) is Stage.REVIEW else (end,),
        "settle_fee": ({},) if filing.demands_to_collect else ({}, {"settlement": "expired"}),
        "change_delivery": ({}, {"channel": "online"} if filing.result_channel is not Channel.ONLINE else {}),
        "settle_parcel": tuple({"outcome": outcome.value} for outcome in ev.ParcelOutcome),
        "settle_part": ({}, {"outcome": "refused"}),
        "settle_complaint": tuple({"step": step} for step in places(filing)),
        "timer_fired": tuple({"clock": clock} for clock in due(filing)) or ({"clock": ev.Clock.INTAKE},),
    }
    return other.get(kind, ({},))
