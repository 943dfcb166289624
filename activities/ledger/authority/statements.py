"""Checks of a signed batch against the record: the signer's key is in force, and one of its grants covers the batch."""

from typing import Final

from activities.ledger.authority.principals import principals
from rules.identity.grants import SERVING, not_granted, speaks_for
from rules.identity.statements import is_over
from schemas.errors import Problem, problem
from schemas.filing.events import Submitted
from schemas.identity.statement import (
    ALL_PROGRAMS,
    CLAIMED,
    Claim,
    IdentityStatement,
    Message,
    Principal,
    Proved,
    Signed,
    signed,
)
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
    """Returns the parameters of `may_speak`, the client last if there is one; empty for an unsigned batch."""
    if batch.statement is None:
        return ()
    by = signed(batch.statement)
    claims = [claim for claim, roles in CLAIMED.items() if batch.actor.role in roles]
    client = () if by.statement.client is None else (by.statement.client,)
    return by.statement.iss, by.key_id, claims, by.statement.assurance, _client_id(batch), batch.actor.subject, *client


def _client_id(batch: Batch) -> str | None:
    """Returns the client id of the filing that the batch begins; None if it begins no filing."""
    return next((one["client_id"] for one in batch.events if one["kind"] == _SUBMITTED), None)


async def missing(connection: Connection, batch: Batch) -> list[Problem]:
    """Returns the first problem with the signer according to the record, by the same rules as for an Update."""
    if batch.statement is None:
        return []
    by = signed(batch.statement)
    signer = await _signer(connection, by)
    if signer is None:
        return [problem("statement", "key_revoked")]
    if over := unsigned(batch):
        return over
    if (program := await _program(connection, signer, by.statement)) is None:
        return [problem("statement", "program_not_spoken_for")]
    first = await connection.fetchrow(_FIRST, batch.filing_id)
    filing = {"client_id": _client_id(batch)} | ({} if first is None else dict(first))
    about = Message(act=by.statement.act, content=by.statement.content, **filing)
    why = not_granted(Proved(by.statement, program, by.key_id, by.sha256), about)
    return [] if why is None else [why]


async def _signer(connection: Connection, by: Signed) -> Principal | None:
    """Returns the principal whose key signed the statement; None if the key is revoked."""
    found = await principals(connection, by.statement.iss)
    live = (one for one in found for key in one.keys if key.key_id == by.key_id and key.revoked_at is None)
    return next(live, None)


async def _program(connection: Connection, signer: Principal, statement: IdentityStatement) -> Principal | None:
    """Returns the program whose grants count: signer or client; None if the signer may not speak for the client."""
    if statement.client is None:
        return signer
    found = await principals(connection, statement.client)
    return next((one for one in found if speaks_for(signer, one, statement.assurance)), None)


def may_speak(filing: str, agency: str, at: int, *, for_client: bool = False) -> str:
    """Returns SQL: true if one grant of the program covers the whole batch, and the signing key is not revoked.

    The `parameters` begin at the number `at`; `for_client`: whether the last parameter is a client, for which the
    signer must be allowed to speak. The SQL corresponds to `not_granted` and `speaks_for`, but without the check of the
    person in `not_granted`.
    """
    key = f"key.key_id = ${at + 1}::text and key.revoked_at is null"
    joined, signed_ = " join principal_key as key using (principal)", key
    program = f"${at + 6}" if for_client else f"${at}"
    if for_client:
        joined, signed_ = "", _SPEAKS_FOR.format(signer=f"${at}", key=key, given=f"${at + 3}")
    return f"""
exists (
    select from principal as who{joined}
        cross join jsonb_array_elements(who.grants) as one
        left join event as first on first.stream = 'filing:' || {filing}::uuid and first.seq = 1
    where who.principal = {program}::text and coalesce(who.subject = ${at + 5}::text, true)
        and {signed_}
        and one ->> 'claim' = any(${at + 2}::text[]) and (one ->> 'assurance')::int <= ${at + 3}::int
        and case when one ->> 'claim' = 'own'
            then {agency}::text is null and coalesce(split_part(first.via, '/', 1) = who.principal
                or one -> 'predecessors' ? split_part(first.via, '/', 1), first.via is null)
            else {agency}::text is not null and one -> 'agencies' ?| array['*', {agency}::text] end
        and (${at + 4}::text is null or coalesce(one -> 'client_ids' ?| array['*', ${at + 4}::text], false))
        and (one -> 'procedures' = '[]' or first.body is null
            or one -> 'procedures' ? (convert_from(first.body, 'UTF8')::jsonb ->> 'procedure'))
)
"""


_SUBMITTED: Final = Submitted.model_fields["kind"].default
_FIRST: Final = """
select split_part(via, '/', 1) as filed_by, convert_from(body, 'UTF8')::jsonb ->> 'procedure' as procedure
from event where stream = 'filing:' || $1::uuid and seq = 1
"""
PARAMETERS: Final = 6
"""The number of parameters of `may_speak` without a client."""
_SPEAKS_FOR: Final = f"""coalesce((
            select bool_or(revoked_at is null) from principal_key as own where own.principal = who.principal
        ), true) and exists (
            select from principal as signer join principal_key as key using (principal)
                cross join jsonb_array_elements(signer.grants) as may
            where signer.principal = {{signer}}::text and {{key}} and (may ->> 'assurance')::int <= {{given}}::int
                and (may -> 'programs' ? who.principal or may -> 'programs' ? '{ALL_PROGRAMS}'
                    and who.kind in ({", ".join(f"'{kind}'" for kind in sorted(SERVING))}) and who.subject is null
                    and not who.grants @> '[{{{{"claim": "{Claim.OPERATOR}"}}}}]')
        )"""  # noqa: S608 -- SQL of our own
"""SQL: true if the signer may speak for the program `who`, by the rules of `speaks_for`."""
