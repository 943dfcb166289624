"""A scenario: what is filed, who does what with it, and what must come of it. Read from a file written by hand."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple, Self

import yaml
from pydantic import Field, model_validator

from schemas.base import AgencyCode, Code, StrictModel, Text
from schemas.errors import RefusalCode
from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.events import Clock, Outcome
from schemas.filing.state import Closing, FeeState, Status
from schemas.form import FormValue
from schemas.level import Channel, Level
from schemas.people import Role
from schemas.publishing.procedure import ProcedureCode
from schemas.referral.commands import REFERRAL_COMMANDS
from schemas.refund.commands import REFUND_COMMANDS

SCENARIOS: Final = Path(__file__).with_name("scenarios.yaml")
BESIDE: Final = frozenset(
    {
        *("absence", "pass_over", "pay", "pay_late", "charge_back", "renew_payment"),
        *("open_till", "close_till", "assign_money", "approve_money"),
    }
)
"""What somebody does beside the filing of a story."""
COMMANDS: Final = {model.model_fields["kind"].default: model for model in (*PUBLIC_COMMANDS, *REFERRAL_COMMANDS)}
COMPLAINING: Final = frozenset({"complain", "answer_complaint"})
"""Lines about a complaint: about which kind of event it is made, and how it is answered."""

REGISTERING: Final = frozenset({"decline_signature", "sign_again", "revoke_result", "correct_result"})
"""Lines about the result: how it is signed, and what becomes of it."""

REFUNDING: Final = {model.model_fields["kind"].default: model for model in REFUND_COMMANDS}
"""Lines about money that goes back; the number of the refund is their first argument, or it is of the first capture."""

LATE: Final = "late"
"""With this word a line waits until its task is overdue."""
SENT: Final = "sent"
"""With this word a line waits until the result has been given to the post."""
_WAITS: Final = frozenset({LATE, SENT})

Edition = tuple[str, tuple[tuple[str, int], ...]]
"""A procedure's code, and which of its waits last how many seconds."""


class Act(NamedTuple):
    """One line of a script, `role command [argument…]`: somebody gives a command as soon as it is possible.

    `specialist-3` is the third specialist of the directory: a role by itself, its first officer.
    `part/role` is somebody of the agency that decides this part, `agency/role` of another agency whose money it is.
    `late` and `sent` say for what the line waits.
    """

    role: Role
    command: str
    arguments: tuple[str, ...]
    n: int = 1
    part: str | None = None
    waits: frozenset[str] = frozenset()

    @classmethod
    def read(cls, line: str) -> Act:
        """Raises `ValueError` for a line that says nothing."""
        who, command, *arguments = line.split()
        part, _, role = who.rpartition("/")
        if command not in COMMANDS.keys() | BESIDE | COMPLAINING | REFUNDING.keys() | REGISTERING:
            raise ValueError(f"there is no command {command}")
        name, _, n = role.partition("-")
        said = tuple(argument for argument in arguments if argument not in _WAITS)
        return cls(Role(name), command, said, int(n or 1), part or None, _WAITS.intersection(arguments))


class ExpectedFee(StrictModel):
    """The fee that was asked for last, in đồng, the channel it was due by or paid by, and what became of it.

    It is the difference to what was paid `before`; `returned` đồng of what was paid go back as the filing costs less.
    """

    amount: int
    channel: Channel
    state: FeeState
    before: tuple[int, ...] = ()
    returned: int = 0


class ExpectedMoney(StrictModel):
    """What the bank must have `taken`, request by request, where that is not the fee as it stands, in đồng.

    So much of it the payer's bank has taken back. Nothing of it goes back by the bank.
    """

    taken: tuple[int, ...]
    charged_back: int = 0


class Expected(StrictModel):
    """How a filing must end. `path` is its statuses in the order of its events, without repeats in a row.

    `handed_over` is the channel by which the result reached the applicant. No clock but those that are `overdue` may
    have been found so. `proposed_for` is the absent officer in whose place it was proposed. `parts` are the answers of
    other agencies, `late_parts` those that came late. `tells` are kinds of events that stand in
    its log in this order, whatever stands between them. `bank` is what the bank took, if that is more than the fee,
    and `receipts` are those that count, in đồng, where the story is about them.
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
    """How a submission must be refused: by which rules, and `points_to` in the words of both languages."""

    code: RefusalCode
    rules: tuple[str, ...]
    points_to: str = ""


class Scenario(StrictModel):
    """One story. Of a text in `form` and `supplies`, `{canary}` becomes a value that is the filing's own.

    `payer`, `postcode` and `signer` choose how the sandbox bank, post and trust behave; `waits` lets clocks of the
    procedure ring after so many seconds; `weight` is how often the story comes up in a mix. Somebody else files for the
    `represented`; the desk fills in what the `assisted` sign. `desk` is another agency that receives a paper filing.
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
    assisted: bool = False
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
        """The agency at whose desk it is handed in."""
        return self.desk or self.agency

    @property
    def edition(self) -> Edition:
        """The procedure as this story needs it."""
        return self.procedure, tuple(sorted(self.waits.items()))

    @property
    def acts(self) -> list[Act]:
        """The script, line by line."""
        return [Act.read(line) for line in self.script]

    @property
    def in_whole_stack(self) -> bool:
        """Whether it is a story of a whole stack alone: receipts are looked at, and most of them need a gateway."""
        return self.expected is not None and self.expected.receipts is not None

    @property
    def paid_online(self) -> tuple[int, ...]:
        """What the bank must have taken, in đồng, in this order."""
        if self.expected is not None and self.expected.bank is not None:
            return self.expected.bank.taken
        fee = self.expected.fee if self.expected else None
        online = fee is not None and fee.channel is Channel.ONLINE and fee.state is FeeState.PAID
        return (*fee.before, fee.amount) if fee is not None and online else ()

    @property
    def returned(self) -> int:
        """What the bank must have given back, in đồng."""
        fee = self.expected.fee if self.expected else None
        return 0 if fee is None else fee.returned

    @property
    def charged_back(self) -> int:
        """What the payer's bank must have taken back, in đồng."""
        bank = self.expected.bank if self.expected else None
        return 0 if bank is None else bank.charged_back


class Scenarios(StrictModel):
    """All scenarios of a file."""

    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = Counter(scenario.name for scenario in self.scenarios)
        if twice := [name for name, times in names.items() if times > 1]:
            raise ValueError(f"more than one scenario has the name {', '.join(twice)}")
        return self


def load(file: Path) -> tuple[Scenario, ...]:
    """The scenarios of a file. Raises `OSError`, `yaml.YAMLError`, `pydantic.ValidationError`."""
    return Scenarios.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))).scenarios


def mix(scenarios: tuple[Scenario, ...], count: int | None, seed: int) -> list[Scenario]:
    """Every scenario once; with `count` that many, each once where they fit and the rest by weight, shuffled."""
    if count is None:
        return list(scenarios)
    chance = random.Random(seed)  # noqa: S311 -- a reproducible mix, no secret
    once = list(scenarios) if count >= len(scenarios) else []
    weights = [scenario.weight for scenario in scenarios]
    chosen = once + chance.choices(scenarios, weights, k=count - len(once))
    chance.shuffle(chosen)
    return chosen
