"""Scenarios: each is a filing with its script and its expected outcome. They are read from a file written by hand."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple, Self

import yaml
from pydantic import Field, model_validator

from schemas.base import AgencyCode, Code, StrictModel, Text
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.errors import RefusalCode
from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.events import Clock, Outcome
from schemas.filing.state import Closing, FeeState, Status
from schemas.level import Channel, Level
from schemas.people import Role
from schemas.publishing.procedure import ProcedureCode
from schemas.referral.commands import REFERRAL_COMMANDS
from schemas.refund.commands import REFUND_COMMANDS
from schemas.text import FormValue

SCENARIOS: Final = Path(__file__).with_name("scenarios.yaml")
BESIDE: Final = frozenset(
    {
        *("absence", "pass_over", "pay", "pay_late", "charge_back", "renew_payment"),
        *("open_till", "close_till", "assign_money", "approve_money"),
    }
)
"""The commands that are not given to the scenario's filing."""
COMMANDS: Final = {model.model_fields["kind"].default: model for model in (*PUBLIC_COMMANDS, *REFERRAL_COMMANDS)}
COMPLAINING: Final = frozenset({"complain", "complain_again"}) | {
    model.model_fields["kind"].default for model in COMPLAINT_COMMANDS
} - {"claim", "release", "reassign", "withdraw"}
"""The commands about a filing's last complaint. `complain` has the kind of the disputed event; `complain_again` makes
the second complaint. `answer_complaint` has the outcome as its argument, `not_take_up` the ground."""

REGISTERING: Final = frozenset({"decline_signature", "sign_again", "revoke_result", "correct_result"})
"""The commands about the result: about its signatures and its later changes."""

REFUNDING: Final = {model.model_fields["kind"].default: model for model in REFUND_COMMANDS}
"""The commands about refunds. Their first argument is a refund's number, by default that of the first capture."""

LATE: Final = "late"
"""The word that makes a line wait until its task is overdue."""
SENT: Final = "sent"
"""The word that makes a line wait until the result has been given to the post."""
_WAITS: Final = frozenset({LATE, SENT})

Edition = tuple[str, tuple[tuple[str, int], ...]]
"""A procedure's code, and the seconds of each wait that a scenario changes."""


class Act(NamedTuple):
    """One line of a script, `role command [argument…]`. The command is given as soon as it is possible.

    `specialist` is the first specialist in the directory, `specialist-3` the third.
    `part/role` is an officer of the agency that decides this referred part; `agency/role` is an officer of this
    other agency, which has the money. The arguments `late` and `sent` make the line wait: see `LATE` and `SENT`.
    """

    role: Role
    command: str
    arguments: tuple[str, ...]
    n: int = 1
    part: str | None = None
    waits: frozenset[str] = frozenset()

    @classmethod
    def read(cls, line: str) -> Act:
        """Parses a line. Raises `ValueError` if it is invalid."""
        who, command, *arguments = line.split()
        part, _, role = who.rpartition("/")
        if command not in COMMANDS.keys() | BESIDE | COMPLAINING | REFUNDING.keys() | REGISTERING:
            raise ValueError(f"there is no command {command}")
        name, _, n = role.partition("-")
        said = tuple(argument for argument in arguments if argument not in _WAITS)
        return cls(Role(name), command, said, int(n or 1), part or None, _WAITS.intersection(arguments))


class ExpectedFee(StrictModel):
    """The last requested fee: its đồng, its state, and the channel of its payment (if unpaid, of its request).

    `before`: the earlier payments, which the fee does not include; `returned`: the refund for a lower fee.
    """

    amount: int
    channel: Channel
    state: FeeState
    before: tuple[int, ...] = ()
    returned: int = 0


class ExpectedMoney(StrictModel):
    """The expected captures by the bank, if they differ from the fee. `taken`: the đồng of each capture, in order.

    `charged_back`: the đồng that the payer's bank has charged back. The bank refunds nothing of that amount.
    """

    taken: tuple[int, ...]
    charged_back: int = 0


class Expected(StrictModel):
    """The expected end of a filing. `path`: its statuses in the order of its events, without repeats in a row.

    `handed_over`: the channel by which the result reached the applicant, if it did. `overdue`: all clocks recorded as
    overdue. `proposed_for`: the absent officer whose substitute proposed the decision. `parts`: the outcome of each
    referred part; `late_parts`: the parts with a late answer. `tells`: kinds of events that the log has in this order;
    other events may stand between them. `bank`: the captures by the bank, if they differ from the fee. `receipts`: the
    đồng of the valid receipts; None if they do not matter.
    """

    level: Level
    path: tuple[Status, ...] = Field(min_length=1)
    status: Status
    closing: Closing
    outcome: Outcome | None = None
    fee: ExpectedFee | None = None
    result_channel: Channel
    handed_over: Channel | None = None
    overdue: tuple[Clock, ...] = ()
    proposed_for: str | None = None
    parts: dict[Code, Outcome] = Field(default_factory=dict)
    late_parts: tuple[Code, ...] = ()
    tells: tuple[str, ...] = ()
    bank: ExpectedMoney | None = None
    receipts: tuple[int, ...] | None = None


class ExpectedRefusal(StrictModel):
    """The expected refusal of a submission. `points_to`: a text that the message must contain, in both languages."""

    code: RefusalCode
    rules: tuple[str, ...]
    points_to: str = ""


class Scenario(StrictModel):
    """One scenario. In the texts of `form` and `supplies`, `{canary}` becomes a value that only this filing has.

    `payer`, `postcode` and `signer` choose the behaviour of the sandbox bank, post and trust. `waits`: seconds of the
    procedure's clocks, by clock. `weight`: how often the scenario occurs in a mix. `represented`: whether a
    representative files; `by_law`: the ground, if it is a representative by law. `assisted`: whether the desk fills the
    form in and the applicant signs. `incident`: the desk's reason for a filing on paper. `desk`: the agency that
    receives the paper filing; None if `agency` does.
    """

    name: str
    title: Text
    weight: int = Field(ge=1)
    procedure: ProcedureCode
    waits: dict[str, int] = Field(default_factory=dict)
    agency: AgencyCode
    desk: AgencyCode | None = None
    level: Level | None = None
    channel: Channel = Channel.ONLINE
    fee_channel: Channel | None = None
    organisation: bool = False
    represented: bool = False
    by_law: Code | None = None
    assisted: bool = False
    incident: str | None = None
    signed: bool = False
    signer: str | None = Field(default=None, pattern=r"^[0-9]{4}$")
    form: dict[Code, FormValue] = Field(default_factory=dict)
    papers: tuple[Code, ...] = ()
    result_channel: Channel
    payer: str | None = None
    postcode: str | None = None
    script: tuple[str, ...] = ()
    supplies: dict[Code, FormValue] = Field(default_factory=dict)
    expected: Expected | None = None
    refused: ExpectedRefusal | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.expected is None) == (self.refused is None):
            raise ValueError("a scenario has either `expected` or `refused`")
        _ = self.acts
        return self

    @property
    def receiving(self) -> AgencyCode:
        """The agency whose desk receives the filing."""
        return self.desk or self.agency

    @property
    def edition(self) -> Edition:
        """The procedure's code with the waits that this scenario changes."""
        return self.procedure, tuple(sorted(self.waits.items()))

    @property
    def acts(self) -> list[Act]:
        """The lines of the script, parsed."""
        return [Act.read(line) for line in self.script]

    @property
    def in_whole_stack(self) -> bool:
        """True if the scenario expects receipts: most such scenarios need a gateway, so they need the whole stack."""
        return self.expected is not None and self.expected.receipts is not None

    @property
    def paid_online(self) -> tuple[int, ...]:
        """The expected captures by the bank, in đồng, in the order of the payments."""
        if self.expected is not None and self.expected.bank is not None:
            return self.expected.bank.taken
        fee = self.expected.fee if self.expected else None
        online = fee is not None and fee.channel is Channel.ONLINE and fee.state is FeeState.PAID
        return (*fee.before, fee.amount) if fee is not None and online else ()

    @property
    def returned(self) -> int:
        """The sum that the bank must have refunded, in đồng."""
        fee = self.expected.fee if self.expected else None
        return 0 if fee is None else fee.returned

    @property
    def charged_back(self) -> int:
        """The sum that the payer's bank must have charged back, in đồng."""
        bank = self.expected.bank if self.expected else None
        return 0 if bank is None else bank.charged_back


class Scenarios(StrictModel):
    """All scenarios in a file."""

    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = Counter(scenario.name for scenario in self.scenarios)
        if twice := [name for name, times in names.items() if times > 1]:
            raise ValueError(f"more than one scenario has the name {', '.join(twice)}")
        return self


def load(file: Path) -> tuple[Scenario, ...]:
    """Reads the scenarios of a file. Raises `OSError`, `yaml.YAMLError`, `pydantic.ValidationError`."""
    return Scenarios.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))).scenarios


def mix(scenarios: tuple[Scenario, ...], count: int | None, seed: int) -> list[Scenario]:
    """Returns every scenario once if `count` is None, else `count` scenarios, shuffled and chosen by weight.

    If `count` is large enough, every scenario is in the result at least once.
    """
    if count is None:
        return list(scenarios)
    chance = random.Random(seed)  # noqa: S311 -- a reproducible mix, no secret
    once = list(scenarios) if count >= len(scenarios) else []
    weights = [scenario.weight for scenario in scenarios]
    chosen = once + chance.choices(scenarios, weights, k=count - len(once))
    chance.shuffle(chosen)
    return chosen
