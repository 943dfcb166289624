"""Looks at the record: each reader is verified and sees only permitted data; the look is recorded with the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from activities.ledger.authority.budgets import Work
from activities.ledger.authority.officers import active
from activities.ledger.authority.principals import Guard
from activities.ledger.authority.used import Use, use_of
from activities.ledger.database import Connection
from activities.ledger.vault import FilingKey, Vault
from rules.identity.grants import not_authorised
from rules.identity.looks import ABOUT_A_FILING, LISTS, OPEN, SIDE, Asker, Reach, asker, by_link, reaches, sees
from rules.stream_kind import Kinds
from schemas import reading as rd
from schemas.errors import NOT_FOUND, Refusal, RefusalCode, RefusalError, problem, refused
from schemas.identity.statement import Message, Proved
from schemas.ids import canonical, filing_workflow
from schemas.names import ROLE_NAMES
from schemas.people import OFFICERS, Actor
from views.access import about, sealed_in
from views.log import Head, Memory


@dataclass(frozen=True, slots=True)
class Look:
    """A permitted read. `head` is the filing's stream; None for a question about many filings, or about none.

    `within` limits the rows that a list may show. `theirs`: whether the reader may see the filing itself; False if they
    may see only a result by its link.
    """

    request: rd.QuestionRequest
    proved: Proved
    head: Head | None = None
    within: tuple[Reach, ...] = ()
    theirs: bool = True

    def shown_refusal(self, refusal: Refusal) -> Refusal:
        """Returns the refusal to send. With a wrong link a stranger gets `NOT_FOUND`, which reveals nothing."""
        hidden = not self.theirs and refusal.code is RefusalCode.NOT_ALLOWED
        return NOT_FOUND if hidden else refusal

    def shown(self, answer: Any) -> list[UUID]:
        """Returns the filings that an answer shows."""
        if isinstance(self.request.question, rd.AskUpload):
            return []
        if self.head is not None:
            return [] if isinstance(answer, rd.Changes) and not answer.views else [self.head.filing_id]
        return list(dict.fromkeys(row.filing_id for row in answer.rows)) if type(self.request.question) in LISTS else []


class _Private(NamedTuple):
    """The private part of a recorded look at one filing: the reader's pseudonym, reason and identity, the key's id."""

    pseudonym: str | None
    sealed: bytes | None
    sealed_by: str | None


class Looks:
    """Restricts every reader to the data that they may see."""

    def __init__(self, guard: Guard, vault: Vault, kinds: Kinds, memory: Memory) -> None:
        self._guard = guard
        self._vault = vault
        self._kinds = kinds
        self._memory = memory

    def admitted(self, asked: rd.QuestionRequest) -> Proved:
        """Verifies a question, charges its sender's budget, and returns the verified statement.

        Raises `RefusalError`, also if the sender's budget is spent, or if the officers' queue is used by anybody else.
        """
        question = asked.question
        about_what = {"act": f"ask.{question.ask}", "stream": getattr(question, "stream", None)}
        proved = self._guard.proved(question.statement, Message(**about_what, content=asked.content), fresh=True)
        self._guard.spend(proved, Work.QUESTION)
        actor = proved.statement.actor
        if asked.of_officers and (actor is None or actor.role not in OFFICERS):
            raise not_authorised("officers_queue")
        return proved

    def use(self, asked: rd.QuestionRequest, proved: Proved) -> Use:
        """Returns the use of the question's statement, to be recorded before anything is read."""
        return use_of(str(asked.question.statement), datetime.fromtimestamp(proved.statement.exp, UTC), asked.look)

    async def permitted(
        self, connection: Connection, asked: rd.QuestionRequest, proved: Proved, *, listed: bool | None = None
    ) -> Look:
        """Returns the look if it is permitted, and writes nothing.

        `listed`: whether the directory lists the officer; None: not known yet. Raises `RefusalError`: `NOT_FOUND` for
        another person's filing.
        """
        question = asked.question
        who = asker(proved, question)
        if type(question) in OPEN:
            return Look(asked, proved)
        if type(question) in ABOUT_A_FILING:
            return await self._at_one(connection, asked, proved, who)
        if (actor := who.actor) is not None and actor.role in OFFICERS:
            if listed is None:
                listed = bool(actor.agency and await active(connection, actor.agency, actor.subject, actor.role))
            _know(actor, in_directory=listed)
        return Look(asked, proved, within=reaches(who, question))

    async def _at_one(self, connection: Connection, asked: rd.QuestionRequest, proved: Proved, who: Asker) -> Look:
        stream: str = getattr(asked.question, "stream", "")
        found = await about(connection, self._vault.find, self._kinds["filing"], stream, who.actor, self._memory)
        _know(who.actor, in_directory=found.in_directory)
        if found.head is None and isinstance(asked.question, rd.AskUpload) and asked.question.names_its_filing:
            return Look(asked, proved)  # files lie in the store before their filing is submitted
        theirs = found.facts is not None and sees(who, found.facts)
        if found.head is None or not (theirs or by_link(asked.question)):
            raise RefusalError(NOT_FOUND)
        return Look(asked, proved, found.head, theirs=theirs)

    async def record(self, connection: Connection, look: Look, answer: Any) -> None:
        """Records in the caller's transaction which filings an answer shows; a retried look is recorded only once."""
        shown = look.shown(answer)
        if not shown:
            return
        question, actor = look.request.question, look.proved.statement.actor
        of_side = actor is not None and actor.role in SIDE
        private = await self._private(connection, look, shown) if of_side or question.reason is not None else []
        await connection.execute(
            RECORD,
            look.request.look,
            getattr(question, "stream", None),
            question.ask,
            actor and actor.role,
            actor and actor.agency,
            None if actor is None or of_side else actor.subject,
            look.proved.principal.id,
            look.proved.key_id,
            look.proved.sha256,
            list(map(filing_workflow, shown)),
            *(map(list, zip(*private, strict=True)) if private else ([], [], [])),
        )

    async def _private(self, connection: Connection, look: Look, shown: Sequence[UUID]) -> list[_Private]:
        await self._vault.learn(connection, shown)
        return [_sealed(look, filing, await self._vault.find(connection, filing)) for filing in shown]


def _know(actor: Actor | None, *, in_directory: bool) -> None:
    if actor is not None and not in_directory:
        why = problem("statement", "not_in_directory", role_name=ROLE_NAMES[actor.role])
        raise refused(RefusalCode.NOT_AUTHORISED, why)


def _sealed(look: Look, filing: UUID, key: FilingKey | None) -> _Private:
    actor = look.proved.statement.actor
    private, pseudonym = {"reason": look.request.question.reason}, None
    if actor is not None and actor.role in SIDE:
        private["actor"] = actor.subject
        pseudonym = None if key is None else key.pseudonym(actor.subject)
    present = {name: value for name, value in private.items() if value}
    if key is None or not present:
        return _Private(pseudonym, None, None)
    return _Private(pseudonym, key.seal(canonical(present), sealed_in(look.request.look, filing)), key.key_id)


RECORD: Final = """
insert into access (look, filing_id, agency, stream, question, role, actor_agency, subject, principal, key_id,
    statement, sealed, sealed_by)
select $1, first.filing_id, first.agency, coalesce($2, first.stream), $3, $4, $5, coalesce($6, shown.pseudonym), $7, $8,
    $9, shown.sealed, shown.sealed_by
from unnest($10::text[], $11::text[], $12::bytea[], $13::text[]) as shown (stream, pseudonym, sealed, sealed_by)
join event as first on first.stream = shown.stream and first.seq = 1
on conflict do nothing
"""
"""SQL: a row for each filing shown. The last three arrays have the rows' private parts (`_Private`), or are empty."""
