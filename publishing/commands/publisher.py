"""The publisher of a command: the named operator, with the master key if it is available."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from activities.ledger.vault import Vault
from console.database import OWNER, answered, master_key_at_hand
from console.speaking import signed
from motcua.cli.answer import Marked
from motcua.cli.options import actor_of
from motcua.cli.running import Exit, fail, parse
from publishing.record.log import NameKeyGoneError
from publishing.record.publishing import NoKeyError, Publisher, WaitsError
from schemas.base import Text
from schemas.people import SYSTEM, Actor
from schemas.translate import beside, said
from views.log import SealBrokenError

T = TypeVar("T")


def publisher(operator: str | None) -> Publisher:
    """Returns the operator as publisher; the system if `operator` is None. A malformed name ends the command."""
    master = master_key_at_hand()
    actor = SYSTEM if operator is None else parse(Actor, actor_of(operator))
    return Publisher(actor, None if master is None else Vault(master), signed)


def recorded(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Returns the result of `work`, which publishes; an error or a `WaitsError` ends the command."""
    done = recorded_or_waits(work)
    if isinstance(done, WaitsError):
        fail(said("refused.waits"), Exit.NOT_AVAILABLE, {"asked": done.n}, detail=_approval(done))
    return done


def waits_words(waits: WaitsError) -> str:
    """Returns the sentence in both languages that a second operator must approve, with the command for it."""
    return f"{beside(said('refused.waits'))}: {_approval(waits)}"


def _approval(waits: WaitsError) -> str:
    return f"motcua publications approve {waits.n}"


def recorded_or_waits(work: Callable[[], Coroutine[Any, Any, T]]) -> T | WaitsError:
    """Returns the result of `work`, which publishes, or its `WaitsError`; another error ends the command."""

    async def attempt() -> T | WaitsError:
        try:
            return await work()
        except WaitsError as error:
            return error

    try:
        return answered(attempt, OWNER)
    except (NoKeyError, NameKeyGoneError) as error:
        fail(said("refused.not_published"), Exit.REFUSED, detail=error)
    except SealBrokenError:
        fail(said("refused.not_published"), Exit.REFUSED, detail=said("refused.wrong_master_key"))


def published(already: bool) -> Text:  # noqa: FBT001 -- a form takes the value in the answer
    """Returns the sentence that something is published now, or, if `already`, that it was published before."""
    return said("command.publish.already" if already else "command.publish.published")


def publish_state(row: dict[str, Any]) -> Marked:
    """Returns the outcome in words: a file was refused, waits for a second operator, or is published."""
    if "error" in row or "mistakes" in row:
        return Marked(said("command.publish.refused"), "red")
    if "asked" in row:
        return Marked(said("command.publish.waits"), "yellow")
    return Marked(published(row.get("published", row)["already"]), "green")


def in_force(now: bool) -> Text:  # noqa: FBT001 -- a form takes the value in the answer
    """Returns the sentence that a version is in force, or superseded."""
    return said("command.publish.in_force" if now else "command.publish.superseded")


def row_of(entry: Any) -> dict[str, Any]:
    """Returns a published version as plain data, without its file."""
    return {name: value for name, value in entry._asdict().items() if name != "source"}


def recorded_now(*, already: bool) -> Text:
    """Returns the sentence that something is recorded now, or, if `already`, that it was recorded before."""
    return said("command.publish.recorded_already" if already else "command.publish.recorded")
