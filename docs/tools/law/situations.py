"""The situations of a filing that the rules distinguish: the status, and everything else on which they depend."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from docs.tools.law.stories import (
    APPLICANT,
    DESK,
    DOUBTFUL,
    DRAFTED,
    INSTANT,
    PASSED_ON,
    READ,
    REFERRING,
    SHORT,
    START,
    UNKNOWN,
    Story,
    fee,
    somebody,
)
from schemas.filing.events import Clock
from schemas.people import OFFICERS, SYSTEM, Actor, Role


@dataclass(frozen=True)
class Situation:
    """A situation in the life of a filing. `actors` replace the default actor of their role."""

    name: str
    story: Story
    actors: dict[Role, Actor] = field(default_factory=dict)

    def actor(self, role: Role) -> Actor:
        """Returns the actor in this role in this situation."""
        return self.actors.get(role) or somebody(role)


_RECEPTION_2: Final = somebody(Role.RECEPTION, "reception-2")
_SPECIALIST_2: Final = somebody(Role.SPECIALIST, "specialist-2")
_OFFICERS: Final = (
    Role.RECEPTION,
    Role.SPECIALIST,
    Role.LEADER,
    Role.CLERK,
    Role.CASHIER,
    Role.HANDOVER,
    Role.TEAM_LEAD,
)


_AT_DESK: Final = {role: somebody(role, agency=DESK) for role in _OFFICERS}


def situations() -> Iterator[Situation]:
    """Yields all situations, in the order of the statuses."""
    for name, make in _PLACES.items():
        yield Situation(name, make(), _ACTORS.get(name, {}))


def _reviewed(*lines: str) -> Story:
    return Story().then("reception accept", "specialist claim", *lines)


def _transferred() -> Story:
    return Story(channel="counter", desk=DESK).do("transfer_dossier", somebody(Role.RECEPTION, agency=DESK))


def _more_time() -> Story:
    return Story().then("reception request_supplement", "applicant request_more_time")


def _at_consultation() -> Story:
    return _reviewed("specialist forward", "specialist claim", "specialist inspect", "specialist claim")


def _at_tax() -> Story:
    return _at_consultation().then("specialist record_opinion", "specialist claim")


def _referred(channel: str) -> Story:
    story = Story(channel=channel, **REFERRING)
    return story.then(*(() if channel == "counter" else ("reception accept",)), "specialist claim")


def _proposed(*, paid_by: str | None = None, result: str = "counter", **rules: Any) -> Story:
    rules |= SHORT | (fee("result", paid_by) if paid_by else {})
    return Story(result=result, **rules).then("reception accept", "specialist claim", "specialist propose")


def _issued(*, paid_by: str | None = None, result: str = "counter", **rules: Any) -> Story:
    return _proposed(paid_by=paid_by, result=result, **rules).then("leader claim", "leader decide", "system issue")


_PLACES: Final[dict[str, Callable[[], Story]]] = {
    "registered": Story,
    "registered, the intake claimed by another officer": lambda: Story().do("claim", _RECEPTION_2),
    "registered, a standing order approves": lambda: Story(**INSTANT),
    "registered, the files not scanned yet": lambda: Story(examined=UNKNOWN),
    "registered, viruses in a file": lambda: Story(examined=UNKNOWN).then("system record_scan"),
    "registered, the signature in doubt": lambda: Story(examined=DOUBTFUL),
    "registered, the signature in doubt and not accepted": lambda: Story(examined=DOUBTFUL).do(
        "judge_signature", somebody(Role.RECEPTION), accepted=False
    ),
    "registered, by an officer's own side": Story,
    "registered, with another agency's officers": Story,
    "registered, the fee due with the submission": lambda: Story(**fee("submission", "online")),
    "registered, a fee due at acceptance": lambda: Story(**fee("acceptance", "online")),
    "supplement asked for at intake": lambda: Story().then("reception request_supplement"),
    "more time to supplement asked for": _more_time,
    "supplement received at intake": lambda: Story().then("reception request_supplement", "applicant supplement"),
    "registered on paper, a paper missing": lambda: Story(channel="counter", papers=()),
    "registered on paper at another desk, a paper missing": lambda: Story(channel="counter", desk=DESK, papers=()),
    "accepted on paper at another desk": lambda: Story(channel="counter", desk=DESK),
    "accepted on paper at another desk, the papers sent": _transferred,
    "accepted, nobody has begun": lambda: Story().then("reception accept"),
    "accepted on paper": lambda: Story(channel="counter"),
    "fee due at acceptance, paid online": lambda: Story(**fee("acceptance", "online")).then("reception accept"),
    "fee due at acceptance, paid at the counter": lambda: Story(**fee("acceptance", "counter")).then(
        "reception accept"
    ),
    "the fee paid at acceptance, nobody has begun": lambda: Story(**fee("acceptance", "counter")).then(
        "reception accept", "cashier pay_at_counter"
    ),
    "the fee waived at acceptance, nobody has begun": lambda: Story(**fee("acceptance", "counter")).then(
        "reception accept", "cashier waive_fee"
    ),
    "a step to forward": _reviewed,
    "a step to forward, claimed by another officer": lambda: (
        Story().then("reception accept").do("claim", _SPECIALIST_2)
    ),
    "a step to forward, later than a supplement may be asked for": lambda: _reviewed().late(Clock.STEP),
    "a step to forward, put off once": lambda: _reviewed("leader reappoint"),
    "a step to forward, the processing late": lambda: _reviewed().late(Clock.PROCESSING),
    "a step to forward, a question open": lambda: _reviewed("specialist ask"),
    "a step to inspect": lambda: _reviewed("specialist forward", "specialist claim"),
    "a step to consult": _at_consultation,
    "a step to consult, the answer late": lambda: _at_consultation().late(Clock.STEP),
    "a step in which other agencies decide": lambda: _referred("online"),
    "a step in which other agencies decide, one after another": lambda: _referred("counter"),
    "a step with an obligation": _at_tax,
    "an obligation referred": lambda: _at_tax().then("specialist refer_obligation"),
    "an obligation demanded": lambda: _at_tax().then("specialist refer_obligation", "specialist demand_obligation"),
    "an obligation demanded by a tax office that takes money by itself": lambda: (
        _at_tax()
        .then("specialist refer_obligation")
        .do("demand_obligation", somebody(Role.SPECIALIST), agency="H01.50", payable=True)
    ),
    "a step to draft": lambda: Story(**DRAFTED).then("reception accept", "specialist claim"),
    "a draft is with the applicant": lambda: Story(**DRAFTED).then(
        "reception accept", "specialist claim", "specialist show_draft"
    ),
    "a step to propose": lambda: Story(**SHORT).then("reception accept", "specialist claim"),
    "a step to decide, claimed": lambda: _proposed().then("leader claim"),
    "a step to decide, the leader proposed": _proposed,
    "supplement asked for in the review": lambda: _reviewed("specialist request_supplement"),
    "suspended": lambda: _reviewed("leader stop"),
    "a complaint stops the act": lambda: _reviewed().do("record_stay", SYSTEM, n=1, stay=1, since=START),
    "registered, the applicant has died": lambda: Story(**PASSED_ON).then("reception record_cessation"),
    "in the review, the applicant has died": lambda: Story(**PASSED_ON).then(
        "reception accept", "specialist claim", "reception record_cessation"
    ),
    "result ready, the applicant has died": lambda: _issued(**PASSED_ON).then("reception record_cessation"),
    "decided, the result is being made": lambda: _proposed().then("leader claim", "leader decide"),
    "decided, the back office fails to make the result": lambda: _proposed().then(
        "leader claim", "leader decide", "system report_failing"
    ),
    "result ready, its fee unpaid": lambda: _issued(paid_by="counter"),
    "result ready, its fee to be paid online": lambda: _issued(paid_by="online"),
    "result kept, its fee not paid in time": lambda: _issued(paid_by="counter").late(Clock.PAYMENT),
    "result waits to be read online": lambda: _issued(result="online", **READ),
    "result waits at the counter": _issued,
    "result under way by post": lambda: _issued(result="post"),
    "result lost by the post, another copy is being made": lambda: _issued(result="post").do(
        "settle_parcel", SYSTEM, outcome="lost"
    ),
    "supplement asked for in the review, and not supplied": lambda: _reviewed("specialist request_supplement").late(
        Clock.SUPPLEMENT
    ),
    "stopped for good": lambda: _reviewed().do("stop", somebody(Role.LEADER), mode="end", unproposed_reason="-"),
    "withdrawn": lambda: Story().then("applicant withdraw"),
    "refused at intake": lambda: Story().then("reception refuse_intake"),
    "result returned": lambda: _issued().then("handover hand_over"),
}
_ACTORS: Final[dict[str, dict[Role, Actor]]] = {
    "registered, by an officer's own side": {role: somebody(role, APPLICANT) for role in Role if role in OFFICERS},
    "registered, with another agency's officers": {role: somebody(role, agency="H56.30") for role in _OFFICERS},
    "registered on paper at another desk, a paper missing": _AT_DESK,
    "accepted on paper at another desk": _AT_DESK,
    "accepted on paper at another desk, the papers sent": {Role.HANDOVER: _AT_DESK[Role.HANDOVER]},
    "a step to decide, the leader proposed": {Role.LEADER: somebody(Role.LEADER, "specialist-1")},
}
