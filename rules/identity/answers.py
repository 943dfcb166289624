"""Whether an agency's own program has signed the answer of its back office: one rule for each way to fail.

The statement is about the very request that the run has sent, not only about its id: else a stranger could have the
agency's program answer another dossier under the same id, and pass that answer on.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.identity.statements import Hearing, proved
from schemas.errors import RefusalError
from schemas.identity.statement import Message, Principal, PrincipalKind, message_digest
from schemas.ids import DEFAULT_BACK_OFFICE_QUEUE
from schemas.stream.ledger import AgencyAnswer


@dataclass(frozen=True)
class Directory:
    """The agency whose back office was asked, with its queue, and the queue of the agency of the program that signed.

    Attributes:
        agency: The asked agency; None if the record has no such stream.
        queue: Its queue.
        theirs: The queue of the program's own agency, which may serve other agencies there as well.
    """

    agency: str | None
    queue: str | None
    theirs: str | None = None


def why_not_signed(said: AgencyAnswer, stream: str, hearing: Hearing, directory: Directory) -> str | None:
    """The rule by which an answer does not count as signed by its agency; None if it does.

    It need not be fresh: a run may take an answer up later.
    """
    try:
        content = message_digest(said.answer | {"request": said.request})
        message = Message(act=said.act, stream=stream, command_id=said.request_id, content=content)
        found = proved(said.answer.get("statement"), message, hearing)
    except RefusalError as error:
        return error.refusal.problems[0].rule
    except ValueError:
        return "statement_of_other_content"
    if found.statement.actor is not None:
        return "statement_of_another_actor"
    return None if _answers_for(found.principal, directory) else "not_of_the_agency"


def _answers_for(program: Principal, directory: Directory) -> bool:
    """Whether a program may answer for the agency: one of no agency does on the default queue."""
    if program.kind is not PrincipalKind.BACK_OFFICE or directory.agency is None:
        return False
    if program.agency is None:
        return directory.queue == DEFAULT_BACK_OFFICE_QUEUE
    return program.agency == directory.agency or directory.queue == directory.theirs != DEFAULT_BACK_OFFICE_QUEUE
