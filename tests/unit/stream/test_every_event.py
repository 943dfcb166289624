"""Every event of each kind of stream, and the common event `erased`, is passed to every function that takes events.

The events are those of the contract: each one complete, as it is after an erasure, and with `erased` after it. The
functions are found in the sources, so a new event or a new fold is included without a change here.
"""

import ast
import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import cache
from types import FrameType
from typing import Any, Final

import pytest

from activities.ledger import event_rows, read_models, reserving, till_cash
from activities.ledger.authority import answers, bank_references, officers, two_people
from activities.ledger.vault import FilingKey
from operations.commands.documents import files
from rules.causes import papers_of
from rules.complaint.grounds import grounds, whose_act
from rules.complaint.kind import view as complaint_view
from rules.filing import projections
from rules.filing.submission.representation import side_after
from rules.papers.hands import hands
from rules.papers.register import COLUMNS, EFFORT, Known, entry
from rules.papers.sheets.handover import originals_held
from rules.parcel.kind import view as parcel_view
from rules.payment.kind import view as payment_view
from rules.referral.kind import view as referral_view
from rules.retention import complain_until
from rules.stream_kind import Origin, StreamKind
from rules.streams import KINDS
from schemas.base import Text
from schemas.complaint.state import Claim
from schemas.filing.commands import SYSTEM_VIA, Command
from schemas.filing.events import Clock
from schemas.filing.state import Filing
from schemas.ids import StreamId
from schemas.people import SYSTEM
from schemas.privacy import Erased, ErasureCause
from schemas.publishing.procedure import Baseline
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.reading import Audience
from schemas.result.state import RegisteredResult
from schemas.stream.ledger import Batch, Recorded
from tests.conftest import ROOT
from tests.contract.samples import APPLICANT, CLOCK, EVENTS, SNAPSHOT
from tests.walking import walked
from views import timeline
from views.log import LoggedStream, opened

KEY: Final = FilingKey("k1", bytes(32))
ERASED: Final = Erased(request=1, cause=ErasureCause.FILING, reason="r", asked_by="a", approved_by="b")
AT: Final = CLOCK.started
AGENCY: Final = SNAPSHOT.agency
FILING: Final = SNAPSHOT.filing_id
LATER: Final = {
    *("referred", "obligation_referred", "obligation_demanded", "draft_shown", "reopened", "apology_drafted"),
    *("result_issued", "reissue_requested", "fee_reduced", "fee_charged_back", "refund_given", "refund_given_by_hand"),
}
"""Kinds of events that never directly follow the first event of a stream: they depend on an event in between."""

_STEP: Final = {"role": "specialist", "limit": "4 working hours"}
_WAIT: Final = "5 working days"
_STEPS: Final[tuple[dict[str, Any], ...]] = (
    {"code": "appraise", "act": "propose"},
    {"code": "inspect", "act": "inspect"},
    {"code": "verify", "act": "forward"},
    {"code": "tax", "act": "obligation", "obligation": {"answer": _WAIT, "pay": _WAIT}},
    {"code": "draft", "act": "draft", "draft": {"answer": _WAIT}},
    {
        "code": "parts",
        "act": "refer",
        "referral": {"parts": [{"code": "residence", "kinds": ["commune"], "limit": _WAIT}]},
    },
    {"code": "decide", "act": "decide"},
)
WHOLE_RULES: Final = ProcedureRules.model_validate(
    SNAPSHOT.procedure.model_dump(mode="json") | {"review": [step | _STEP for step in _STEPS]}
)

REGISTERED: Final = {"filing_id": FILING, "agency": AGENCY, "n": 1, "state": "in_force"}
"""The fields that the register's row of any number has; the stream adds the others."""

SHOWN: Final[dict[str, Callable[[Any], Any]]] = {
    "filing": lambda filing: (projections.view(filing, AT, AT), projections.delivery(filing)),
    "payment": payment_view,
    "parcel": parcel_view,
    "referral": referral_view,
    "complaint": complaint_view,
}
"""The views of a stream's state, by kind."""


def stream_of(kind: StreamKind[Any]) -> str:
    numbers = {"filing": "", "papers": "", "refund": ":1001"}
    return f"{kind.name}:{FILING}{numbers.get(kind.name, ':1')}"


def recorded(seq: int, event: Any) -> Recorded:
    """Returns the event as recorded at this place of a stream: `ERASED` by the system, others by the applicant."""
    return Recorded(seq=seq, at=AT, command_id=f"c{seq}", actor=SYSTEM if event == ERASED else APPLICANT, event=event)


def batch(kind: StreamKind[Any], seq: int, **said: Any) -> Batch:
    """Returns an append to a stream of this kind."""
    whose = {"stream": stream_of(kind), "filing_id": FILING, "agency": AGENCY, "next_seq": seq, "command_id": f"c{seq}"}
    return Batch(**whose, digest="", actor=APPLICANT, via=SYSTEM_VIA, at=AT, **said)


def row(kind: StreamKind[Any], one: Recorded) -> dict[str, Any]:
    """Returns the row of the event, as the log keeps it."""
    said, version = one.event.model_dump(mode="json", exclude_none=True), kind.event_version(one.event.kind)
    return event_rows.columns(batch(kind, one.seq), one, said, version, 0, KEY)


@cache
def events(name: str) -> tuple[Any, ...]:
    """Returns each event of this kind of stream, and each as it is read after the applicant's erasure."""
    kind = KINDS[name]
    models = kind.event_models
    found = [event for model in models for event in EVENTS if type(event) is model]
    assert {type(event) for event in found} == set(models), "an event without a sample is gone through by nobody"
    return (*found, *(opened(kind, "", row(kind, recorded(1, event)), None).event for event in found))


@cache
def begun(name: str) -> Any:
    """Returns the state of a stream of this kind before its first event."""
    kind = KINDS[name]
    return kind.initial(
        Origin(StreamId.parse(stream_of(kind)), AGENCY, WHOLE_RULES, SNAPSHOT.calendar, SNAPSHOT.digests)
    )


@cache
def whole(name: str) -> Any:
    """Returns the state after every event of this kind of stream; in a filing's state, every clock runs."""
    kind = KINDS[name]
    if kind.state is Filing:
        clocks = {clock: CLOCK.model_copy(update={"clock": clock}) for clock in Clock}
        return SNAPSHOT.model_copy(update={"erased_at": None, "clocks": clocks, "procedure": WHOLE_RULES})
    mine = [event for event in events(kind.name) if event.kind != ERASED.kind]
    first = next(event for event in mine if event.kind == kind.first)
    return LoggedStream(
        "", kind, AT, begun(kind.name), [recorded(n, event) for n, event in enumerate((first, *mine), 1)]
    ).state


def ready_for(kind: StreamKind[Any], event: Any) -> Any:
    """Returns the state that `whole` gives; a filing's state is at the step that the event names."""
    if kind.state is not Filing or not (step := getattr(event, "step", None)):
        return whole(kind.name)
    at = step if step in {one["code"] for one in _STEPS} else "appraise"
    return whole(kind.name).model_copy(update={"step": at})


def streams_with(kind: StreamKind[Any], event: Any) -> Iterator[LoggedStream]:
    """Yields streams that end with the event, and streams in which only `erased` follows it."""
    courses: list[tuple[Any, tuple[Any, ...]]] = [(ready_for(kind, event), (event,))]
    first = next(one for one in events(kind.name) if one.kind == kind.first)
    if event.kind not in LATER:
        courses.append((begun(kind.name), (first, event)))
    for state, course in courses:
        for last in ((), (ERASED,)):
            follow = [recorded(n, one) for n, one in enumerate((*course, *last), state.seq + 1)]
            yield LoggedStream(stream_of(kind), kind, AT, state, follow)


def go_through(told: LoggedStream) -> None:
    kind, states, last = told.kind, (told.before, *told.states()), told.events[-1]
    assert last.event.kind != ERASED.kind or states[-1].erased_at == last.at
    assert states[-1].seq == last.seq
    for state in states[1:]:
        for actor in (SYSTEM, APPLICANT):
            assert len(kind.actions(state, actor, AT)) == len(kind.commands)
        assert kind.name not in SHOWN or SHOWN[kind.name](state)
    rows = kind.changed_rows(states[-2], states[-1])
    read_models.change(kind, batch(kind, last.seq, rows=kind.all_rows(states[-1])), dict.fromkeys(kind.numberings, "1"))
    for line in kind.results(states[-1]):
        RegisteredResult.model_validate({**REGISTERED, **line, "number": "1"})
    appended = batch(kind, last.seq, rows=rows)
    for waits in kind.waits:
        waits.long(states[-1], AT)
    kind.office_answer(StreamId.parse(stream_of(kind)), last.event, SYSTEM)
    papers_of(last.event)
    kind.pins(last.event)
    officers.needed(kind, appended, (last.event,))
    assert asyncio.run(answers.untold(None, appended, (last.event,))) == []  # type: ignore[arg-type] # nobody has called
    till_cash.cash_of(appended, (last.event,))
    bank_references.of(appended, (last.event,))
    numbers = {run.kind: run.up_to(AGENCY, run.length) for run in reserving.runs((last.event,), AT, KINDS.numberings)}
    assert len(list(reserving.Reserved(KEY, numbers).filled((last.event,)))) == 1
    said = Command(kind="any", command_id="c", actor=APPLICANT, via=SYSTEM_VIA)
    assert kind.after(states[-2], said, (last.event,), AT).seq == last.seq
    assert opened(kind, told.stream, row(kind, last), KEY) == last
    for audience in Audience:
        shown = timeline._entries(told, audience)
        assert [one.kind for one in shown] == [one.event.kind for one in told.events] or audience is Audience.PUBLIC


def go_through_filing(told: LoggedStream) -> None:
    """Calls every function that reads the events of a filing."""
    states = list(told.states())
    filing, known = states[-1], Known(Text(vi="t", en="t"), 1, Baseline(working_days=1, visits=1, source="unconfirmed"))
    originals_held(told.events)
    side_after(one.event for one in told.events)
    list(files.sent_with(told))
    grounds(told.before, told.events, states, (), Claim(about=told.events[-1].seq))
    whose_act(told.before, told.events, told.events[-1].seq)
    complain_until(told.before, told.events, states)
    from_the_start = told.events if told.before.seq == 0 else [recorded(1, events("filing")[0]), *told.events]
    line = entry(1, from_the_start, filing, known, AT)
    assert len([column.cell(line) for column in (*COLUMNS, *EFFORT)]) == len(COLUMNS) + len(EFFORT)
    if told.before.seq == 0:
        found = hands(told.events, filing, AT)
        assert "erased" not in {deed.kind for hand in found for deed in hand.done}, "nobody has done it to the filing"


CASES: Final = {
    f"{kind.name}-{n}-{event.kind}": (kind, event)
    for kind in KINDS.values()
    for n, event in enumerate(events(kind.name))
}


@walked(("kind", "event"), CASES.values(), ids=CASES, at_least=290)
def test_an_event_goes_through_every_fold(kind: StreamKind[Any], event: Any) -> None:
    for one in streams_with(kind, event):
        go_through(one)
        if kind.state is Filing:
            go_through_filing(one)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_no_rule_of_a_kind_is_handed_an_event_that_all_kinds_share(kind: StreamKind[Any]) -> None:
    """The rules of each kind get only events of that kind, never the event `erased`, which all kinds have."""
    assert set[type].intersection(*(set(one.event_models) for one in KINDS.values())) == {Erased}
    ours = replace(kind, evidence_of=never, answered_by=never)
    assert ours.evolve(whole(kind.name), recorded(9, ERASED)).erased_at == AT
    assert ours.evidence(StreamId.parse(stream_of(kind)), ERASED) is None
    assert ours.office_answer(StreamId.parse(stream_of(kind)), ERASED, SYSTEM) is None
    assert papers_of(ERASED) == ()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_fold_of_a_kind_takes_no_event_of_another(kind: StreamKind[Any]) -> None:
    other = next(event for one in KINDS.values() for event in events(one.name) if type(event) not in kind.event_models)
    with pytest.raises((KeyError, TypeError)):
        kind.evolve(whole(kind.name), recorded(9, other))


def never(*_: Any) -> Any:
    """A function that no test may call."""
    raise AssertionError


NO_EVENTS: Final = {"initial", "standing", "rows", "results", "receipts", "opening"}


def test_each_function_of_a_kind_is_known_to_take_events_or_not() -> None:
    """The callable `pins` gets only a stream's first event, which is never `erased`."""
    functions = {one.name for one in fields(StreamKind) if str(one.type).startswith("collections.abc.Callable")}
    assert functions == {"answered_by", "evolve", "evidence_of", "found_by", "pins"} | NO_EVENTS


ELSEWHERE: Final = {
    "activities/ledger/authority/answers.py unanswered": "asks the register: tests/integration/record",
    "activities/ledger/authority/officers.py taken_in": "asks the directory: tests/integration/record",
    "activities/ledger/authority/officers.py unproved": "asks the directory: tests/integration/record",
    "activities/ledger/authority/officers.py reworded": "asks the findings: tests/integration/record",
    "activities/ledger/authority/readers.py after_batch": "asks the record: tests/integration/record",
    "activities/ledger/authority/readers.py readers_after": "of few events: tests/unit/filing/test_readers.py",
    "activities/ledger/authority/two_people.py alone": "asks the record: tests/integration/papers",
    "activities/ledger/reserving.py Reserving.reserved": "takes numbers in the database: tests/integration/record",
    "activities/ledger/reserving.py whose_is": "asks the index of persons: tests/integration/record",
    "activities/printing/source.py Papers.print": "prints what an event causes: tests/unit/papers",
    "activities/receipts.py Issuing.issue": "issues what an event causes: tests/integration/papers",
    "activities/receipts.py void_gone": "makes void what an event causes: tests/integration/papers",
    "rules/identity/principal_register.py Fold.add": "changes of programs, in streams of no kind: tests/unit/identity",
    "views/log.py Log.fold": "the fold itself, of what a database has: tests/integration/record",
    "views/log.py Memory.keep": "remembers a stream, opens no event: tests/unit/stream/test_remembered_streams.py",
}
"""Functions of events that are not called here: they need a database, or take only some events."""
_ANNOTATED: Final = frozenset(
    {"Recorded", "LoggedStream", "list[Recorded]", "Iterable[Recorded]", "Sequence[Recorded]"}
)
_EVENTS: Final = frozenset({"Any", "Iterable[Any]", "Sequence[Any]", "Iterable[Model]", "Sequence[Model]"})


def takes_events(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Returns True if the function takes any event of a kind, or any stream."""
    given = function.args
    said = {one.arg: one.annotation and ast.unparse(one.annotation) for one in (*given.args, *given.kwonlyargs)}
    return any(
        type_ in _ANNOTATED or (name in {"event", "events"} and type_ in _EVENTS) for name, type_ in said.items()
    )


def in_the_sources() -> Iterator[str]:
    """Yields every function that takes events: the path of its file, and its name in that file."""
    for room in ("rules", "views", "activities", "operations"):
        for file in sorted((ROOT / room).rglob("*.py")):
            name, tree = str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))
            yield from (f"{name} {found}" for found in _functions(tree, ""))


def _functions(tree: ast.AST, within: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.ClassDef(name=name):
                yield from _functions(node, f"{within}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if not name.startswith("_") and takes_events(node):
                    yield f"{within}{name}"


@contextmanager
def entered(into: set[str]) -> Iterator[None]:
    """Adds to `into` every function of this repository that is called inside the block."""
    before, root = sys.getprofile(), f"{ROOT}/"

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(root):
            into.add(f"{frame.f_code.co_filename.removeprefix(root)} {frame.f_code.co_qualname}")

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


def everything(kinds: Iterable[StreamKind[Any]]) -> Iterator[LoggedStream]:
    """Yields streams for each event of these kinds."""
    for kind in kinds:
        yield from (one for event in EVENTS if type(event) in kind.event_models for one in streams_with(kind, event))


def test_whatever_takes_events_is_gone_through() -> None:
    found: set[str] = set()
    with entered(found):
        for one in everything(KINDS.values()):
            go_through(one)
            if one.kind.state is Filing:
                go_through_filing(one)
    assert set(in_the_sources()) - found == set(ELSEWHERE)


def test_events_that_need_a_second_officer_name_both() -> None:
    """If an event did not name both officers, one officer could approve their own request for a refund."""
    by_two = [event for event in EVENTS if two_people._others(event) is not None]
    assert len({type(event) for event in by_two}) >= 4
    assert [event for event in by_two if event.officer is None] == []
