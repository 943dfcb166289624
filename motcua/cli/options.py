"""Options and arguments that many commands share: actor, filing, agency, reason, format of the answer."""

import re
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from importlib.metadata import entry_points
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer
from pydantic import BaseModel

from motcua.cli.language import in_words
from motcua.cli.running import Exit, fail, parse
from motcua.client import command_id
from motcua.contract import Role, StreamId, Via, said

M = TypeVar("M", bound=BaseModel)


class OnOff(StrEnum):
    """The value of a switch."""

    ON = "on"
    OFF = "off"


COMMANDS: Final = "motcua.commands"
"""The group of entry points by which other distributions add commands."""
PLATFORM: Final = "platform"
"""The name of the platform's entry point in the group `COMMANDS`."""

PATIENCE: Final = 15.0
VIA: Final = Via(principal="motcua")

_CODE: Final = re.compile(r"[A-Z0-9.]+-[0-9]{8}-[0-9]+")
"""Matches a dossier code well enough to distinguish it from an id."""


def filing_id_of(text: str) -> UUID:
    """Returns a filing's id: the text, if it is an id; else, if the platform is installed, the dossier code's id."""
    if _CODE.fullmatch(text) and (platform := next(iter(entry_points(group=COMMANDS, name=PLATFORM)), None)):
        find: Callable[[str], UUID] | None = getattr(import_module(platform.module), "filing_id", None)
        if find is not None:
            return find(text)
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(in_words(said("refused.filing_id", text=text))) from None


def stream_of(text: str) -> StreamId:
    """Returns the stream of this name, or the filing of this id. A dossier code may stand in place of a filing's id.

    Raises `ValueError` or `typer.BadParameter` for any other text.
    """
    kind, colon, rest = text.partition(":")
    if not colon:
        return StreamId("filing", filing_id_of(text))
    filing, numbered, n = rest.partition(":")
    return StreamId.parse(f"{kind}:{filing_id_of(filing)}{numbered}{n}")


FilingId = Annotated[UUID, typer.Argument(metavar="CODE|FILING_ID", parser=filing_id_of, help="option.filing")]
WhichFiling = Annotated[str, typer.Argument(metavar="CODE|FILING_ID", help="option.filing")]
MaybeFiling = Annotated[str | None, typer.Argument(metavar="[CODE|FILING_ID]", help="option.filing")]

Actor = Annotated[str, typer.Option("--as", "--actor", metavar="ROLE:SUBJECT[@AGENCY]", help="option.actor")]
MaybeActor = Annotated[
    str | None, typer.Option("--as", "--actor", metavar="ROLE:SUBJECT[@AGENCY]", help="option.actor.actions")
]
Operator = Annotated[str, typer.Option("--as", "--actor", metavar="operator:SUBJECT@AGENCY", help="option.operator")]
MaybeOperator = Annotated[
    str | None, typer.Option("--as", "--actor", metavar="operator:SUBJECT@AGENCY", help="option.operator")
]
Auditor = Annotated[str, typer.Option("--as", "--actor", metavar="auditor:SUBJECT@AGENCY", help="option.auditor")]

Agency = Annotated[str, typer.Argument(metavar="AGENCY", help="option.agency")]
OfAgency = Annotated[str | None, typer.Option("--agency", metavar="CODE", help="option.of_agency")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="option.reason")]
ImpersonalReason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="option.reason.impersonal")]
CommandId = Annotated[str | None, typer.Option("--command-id", help="option.command_id")]
RequestNumber = Annotated[int, typer.Argument(metavar="N", min=1, help="option.asked")]
Switch = Annotated[OnOff, typer.Argument(help="option.by_two")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="option.dry_run")]
AsJson = Annotated[bool, typer.Option("--json", help="option.json")]
Patience = Annotated[float, typer.Option("--patience", min=0.1, help="option.patience")]


def actor_of(text: str) -> dict[str, str]:
    """Parses an actor `role:subject[@agency]`. The text after the last `@`, if there is one, is the agency's code."""
    role, colon, subject = text.partition(":")
    if not colon or role not in set(Role):
        fail(said("refused.actor", roles=", ".join(Role)), Exit.USAGE)
    name, at, agency = subject.rpartition("@")
    return {"role": role, "subject": name, "agency": agency} if at else {"role": role, "subject": agency}


def order(model: type[M], actor: str, own_id: str | None = None, **fields: Any) -> M:
    """Returns a command or request; its id, actor and program (`via`) are set if the model has these fields."""
    common = {"command_id": own_id or command_id(), "actor": actor_of(actor), "via": VIA}
    return parse(model, {name: value for name, value in common.items() if name in model.model_fields} | fields)
