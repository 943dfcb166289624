"""Checks of a signed batch against the record: the signer's key is in force, and one of its grants covers the batch."""

from typing import Final

from activities.ledger.authority.principals import principals
from rules.identity.grants import SPOKEN_FOR, not_granted, speaks_for
from rules.identity.statements import is_over
from schemas.errors import Problem, problem
from schemas.filing.events import Submitted
from schemas.identity.statement import CLAIMED, Message, Principal, Proved, Signed, signed
from schemas.people import Role
from schemas.stream.ledger import Batch
from views.log import Connection


def unsigned(batch: Batch) -> list[Problem]:
    """Returns a problem if the batch's statement is missing or expired. Batches of the system need no statement."""
    if batch.statement is None:
        needed = batch.events and batch.actor.role is not Role.SYSTEM
        return [problem("statement", "statement_missing")] if needed else []
    over = batch.asked_at is not None and is_over(signed(batch.statement).statement, batch.asked_at)
    return [problem("statement", "statement_expired")] if over else []


def parameters(batch: Batch) -> tuple[object, ...]:
    """Returns the parameters of `may_speak`; empty for an unsigned batch."""
    if batch.statement is None:
        return ()
    by = signed(batch.statement)
    claims = [claim for claim, roles in CLAIMED.items() if batch.actor.role in roles]
    said, subject = by.statement, batch.actor.subject
    return said.program, by.key_id, claims, said.assurance, _client_id(batch), subject, said.iss


def _client_id(batch: Batch) -> str | None:
    """Returns the client id of the filing that the batch begins; None if it begins no filing."""
    return next((one["client_id"] for one in batch.events if one["kind"] == _SUBMITTED), None)


async def missing(connection: Connection, batch: Batch) -> list[Problem]:
    """Returns the first problem with the signer, by the record. The rules are those that apply to an Update."""
    if batch.statement is None:
        return []
    by = signed(batch.statement)
    program = await _program(connection, by)
    if isinstance(program, Problem):
        return [program]
    if over := unsigned(batch):
        return over
    first = await connection.fetchrow(_FIRST, batch.filing_id)
    filing = {"client_id": _client_id(batch)} | ({} if first is None else dict(first))
    about = Message(act=by.statement.act, content=by.statement.content, **filing)
    why = not_granted(Proved(by.statement, program, by.key_id, by.sha256), about)
    return [] if why is None else [why]


async def _program(connection: Connection, by: Signed) -> Principal | Problem:
    """Returns the program whose message a statement is for, if its signer may speak for it; else the problem."""
    found = await principals(connection, by.statement.iss)
    live = [one for one in found for key in one.keys if key.key_id == by.key_id and key.revoked_at is None]
    if not live:
        return problem("statement", "key_revoked")
    if by.statement.client is None:
        return live[0]
    clients = await principals(connection, by.statement.client)
    spoken_for = (one for one in clients if speaks_for(live[0], one))
    return next(spoken_for, problem("statement", "program_not_spoken_for"))


def may_speak(filing: str, agency: str, at: int) -> str:
    """Returns SQL: true if one grant of the principal covers the whole batch, and the signing key is not revoked.

    The `parameters` begin at the number `at`. The SQL corresponds to the function `not_granted`, but without that
    function's check of the person.
    """
    return f"""
exists (
    select from principal as who join principal_key as key on key.principal = ${at + 6}::text
        cross join jsonb_array_elements(who.grants) as one
        left join event as first on first.stream = 'filing:' || {filing}::uuid and first.seq = 1
    where who.principal = ${at}::text and coalesce(who.subject = ${at + 5}::text, true)
        and (key.principal = who.principal or exists (
            select from principal as signer cross join jsonb_array_elements(signer.grants) as speaks
            where signer.principal = key.principal and who.subject is null and (speaks -> 'programs' ? who.principal
                or speaks -> 'programs' ? '*' and who.kind in ({_KINDS}))
        ))
        and key.key_id = ${at + 1}::text and key.revoked_at is null
        and one ->> 'claim' = any(${at + 2}::text[]) and (one ->> 'assurance')::int <= ${at + 3}::int
        and case when one ->> 'claim' = 'own'
            then {agency}::text is null and coalesce(split_part(first.via, '/', 1) = who.principal
                or one -> 'predecessors' ? split_part(first.via, '/', 1), first.via is null)
            else {agency}::text is not null and one -> 'agencies' ?| array['*', {agency}::text] end
        and (${at + 4}::text is null or coalesce(one -> 'client_ids' ?| array['*', ${at + 4}::text], false))
        and (one -> 'procedures' = '[]' or first.body is null
            or one -> 'procedures' ? (convert_from(first.body, 'UTF8')::jsonb ->> 'procedure'))
)
"""  # noqa: S608 -- SQL of our own


_KINDS: Final = ", ".join(f"'{kind}'" for kind in sorted(SPOKEN_FOR))
_SUBMITTED: Final = Submitted.model_fields["kind"].default
_FIRST: Final = """
select split_part(via, '/', 1) as filed_by, convert_from(body, 'UTF8')::jsonb ->> 'procedure' as procedure
from event where stream = 'filing:' || $1::uuid and seq = 1
"""
PARAMETERS: Final = 7
"""The number of parameters of `may_speak`."""
