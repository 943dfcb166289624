"""The change that each event makes to a result, and the work that is left."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rules.rule import Change, folding
from schemas.filing.events import MachineWorkAnswered, MachineWorkFailing
from schemas.result import events as ev
from schemas.result.state import MOST_RENEWALS, Result, ResultEntry, ResultState, Signatory

Changed = dict[str, Any]


def _entered(result: Result, event: ev.ResultEntered, _: datetime) -> Changed:
    entry = ResultEntry(
        registered=event.adopted or event.number,
        state=ResultState.MAKING if event.adopted is None else ResultState.IN_FORCE,
        result=event.result,
        brought=event.brought,
        issued=event.result,
        issued_at=event.issued_at,
        expires_on=event.expires_on,
        copies=event.copies or 1,
        corrects=event.corrects,
    )
    entered: Changed = {"entries": (*result.entries, entry), "signers": event.signers, "signed": 0, "asked_at": None}
    if result.seq == 0:
        entered |= {"order": event.order, "outcome": event.outcome, "adopted": event.adopted is not None}
    return entered


def _made(result: Result, event: ev.ResultMade, _: datetime) -> Changed:
    made = {"result": event.result, "expires_on": event.expires_on, "copies": event.copies or 1}
    return {"entries": _last(result, made), **_NOT_FAILING}


def _requested(result: Result, event: ev.SignatureRequested, at: datetime) -> Changed:
    """The change after a request to sign: the requested signer replaces the signer named earlier for this position."""
    asked = Signatory(**event.model_dump(exclude={"kind"}))
    return {"asked_at": at, "signers": (*result.signers[: result.signed], asked, *result.signers[result.signed + 1 :])}


def _signed(result: Result, event: ev.ResultSigned, _: datetime) -> Changed:
    return {"entries": _last(result, {"result": event.result}), "signed": result.signed + 1, "asked_at": None}


def _released(result: Result, event: ev.ResultReleased, at: datetime) -> Changed:
    issued = {"state": ResultState.IN_FORCE, "result": event.result, "issued": event.result, "issued_at": at}
    return {"entries": _last(result, issued)}


def _ends(state: ResultState) -> Change[Result]:
    def ended(result: Result, event: Any, at: datetime) -> Changed:
        change = {"state": state, "ended_at": at, "replaced_by": getattr(event, "by", None)}
        return {"entries": _of(result, event.registered, change)}

    return ended


def _renewed(result: Result, event: ev.ResultRenewed, _: datetime) -> Changed:
    entry = next(entry for entry in result.entries if entry.registered == event.registered)
    renewed = (*entry.renewed, event.result.sha256)[-MOST_RENEWALS:]
    return {"entries": _of(result, event.registered, {"result": event.result, "renewed": renewed})}


def _last(result: Result, change: Changed) -> tuple[ResultEntry, ...]:
    return (*result.entries[:-1], result.entries[-1].model_copy(update=change))


def _of(result: Result, registered: str, change: Changed) -> tuple[ResultEntry, ...]:
    return tuple(
        entry.model_copy(update=change) if entry.registered == registered else entry for entry in result.entries
    )


_NOT_FAILING: Final[Changed] = {"machine_failing": None, "failing_since": None, "error": None}

CHANGES: Final[Mapping[type[Any], Change[Result]]] = {
    ev.ResultEntered: _entered,
    ev.SignersNamed: lambda _, event, __: {"signers": event.signers},
    ev.ResultMade: _made,
    ev.SignatureRequested: _requested,
    ev.ResultSigned: _signed,
    ev.SignatureDeclined: lambda *_: {"asked_at": None, **_NOT_FAILING},
    ev.NumberVoided: _ends(ResultState.VOIDED),
    ev.ResultReleased: _released,
    ev.ResultReplaced: _ends(ResultState.REPLACED),
    ev.ResultRevoked: _ends(ResultState.REVOKED),
    ev.ResultRenewed: _renewed,
    MachineWorkFailing: lambda _, event, at: {"machine_failing": event.work, "failing_since": at, "error": event.error},
    MachineWorkAnswered: lambda *_: _NOT_FAILING,
}
evolve = folding(CHANGES)


def in_the_making(result: Result) -> bool:
    """Whether the last entry's file is being made or signed."""
    return bool(result.entries) and result.last.state is ResultState.MAKING


def unmade(result: Result) -> bool:
    """Whether the result's file is yet to be made."""
    return in_the_making(result) and result.last.result is None


def declined(result: Result) -> bool:
    """Whether an officer declined to sign, and no leader has requested signatures again since then."""
    return bool(result.entries) and result.last.state is ResultState.VOIDED


def is_open(result: Result) -> bool:
    """Whether work is left: for the back office, for a signer, or for a leader."""
    return in_the_making(result) or declined(result)


def issued_first(result: Result) -> ResultEntry | None:
    """The first signed result, for which the filing waits; None if the result was issued by the filing's stream."""
    if result.adopted:
        return None
    return next((entry for entry in result.entries if entry.issued_at is not None), None)
