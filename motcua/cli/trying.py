"""`motcua back-office --try`: runs an agency's hooks on one dossier, without a platform, and checks their answers."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from traceback import format_tb
from typing import Any, Final

from motcua.backoffice import BackOffice
from motcua.contract import AnswerRequest, Dossier, IssueRequest, Outcome, Text, said
from motcua.errors import UnfitError
from motcua.machine_work import place
from motcua.office.answers import PDF, check_answer, issue_answer, pages, part_answer
from motcua.office.hooks import Hooks

_LOOK: Final = 0.2
"""Seconds between two checks for a hook that blocks the other hooks."""


@dataclass(frozen=True)
class Tried:
    """The outcome of one hook.

    Attributes:
        hook: The hook's name, and for `issue` the decision.
        well: Whether the answer fits.
        words: The answer, or the reason why there is none.
    """

    hook: str
    well: bool
    words: Text | str


async def tried(office: BackOffice, dossier: Dossier) -> list[Tried]:
    """Returns each hook's outcome: for `issue`, of an approval and of a refusal; for `answer`, only if overridden."""
    requests: list[tuple[str, Callable[[Any], Any], Any, Callable[[Any], Text | str]]] = [
        ("check", office.check, dossier, _complete)
    ]
    for outcome in Outcome:
        reason = None if outcome is Outcome.APPROVED else "…"
        request = IssueRequest(
            request_id="issue:1", dossier=dossier, outcome=outcome, officer="leader-1", reason=reason
        )
        requests.append((f"issue ({outcome})", office.issue, request, lambda made: _document(dossier, made)))
    if type(office).answer is not BackOffice.answer:
        asked = AnswerRequest(request_id="answer:1", dossier=dossier, part="part", lead=dossier.agency)
        requests.append(("answer", office.answer, asked, _decision))
    with Hooks() as hooks, _watched(hooks):
        return [await _tried(name, hooks.run(hook, request), shown) for name, hook, request, shown in requests]


async def _tried(name: str, answer: Awaitable[Any], shown: Callable[[Any], Text | str]) -> Tried:
    try:
        return Tried(name, well=True, words=shown(await answer))
    except UnfitError as error:
        wrong = error.problems[0]
        return Tried(name, well=False, words=said("office.bad_answer", field=wrong.field, why=wrong.message))
    except Exception as error:  # noqa: BLE001 -- the agency's own hook may raise anything
        where = place("".join(format_tb(error.__traceback__)))
        return Tried(name, well=False, words=f"{type(error).__name__}: {error} ({where})")


@contextlib.contextmanager
def _watched(hooks: Hooks) -> Iterator[None]:
    async def looks() -> None:
        while True:
            await asyncio.sleep(_LOOK)
            hooks.look()

    watch = asyncio.ensure_future(looks())
    try:
        yield
    finally:
        watch.cancel()


def _complete(made: object) -> Text:
    return said("office.complete" if check_answer(made).complete else "office.not_complete")


def _document(dossier: Dossier, made: object) -> Text:
    document, answer = issue_answer(dossier.filing_id, made)
    about = {"type": document.media_type, "bytes": answer.result.size}
    return (
        said("office.pdf", **about, pages=pages(document.data))
        if document.media_type == PDF
        else said("office.document", **about)
    )


def _decision(made: object) -> Text | str:
    decision = part_answer(made).decision
    return said("office.no_decision") if decision is None else f"{decision.outcome}, {decision.officer}"
