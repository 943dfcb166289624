"""The rights to ask questions: about a filing, lists of filings, agencies; and the answers that are recorded as looks.

A question about another person's filing is refused in the same words as if the filing did not exist. All other
refusals, which come from `asker`, must therefore not depend on a filing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from rules.identity.grants import names_agency, names_client, names_procedure, not_authorised, not_granted
from schemas import reading as rd
from schemas.errors import RefusalCode, problem, refused
from schemas.identity.statement import ALL_AGENCIES, CLAIMED, Assurance, Claim, Grant, Message, Principal, Proved
from schemas.names import ROLE_NAMES, listed
from schemas.people import OFFICERS, Actor, Role

SIDE: Final = frozenset({Role.APPLICANT, Role.REPRESENTATIVE})
_OVERSEERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
_WHO_MAY: Final = SIDE | OFFICERS
_HANDLERS: Final = _WHO_MAY - _OVERSEERS

ABOUT_A_FILING: Final[Mapping[type[Any], frozenset[Role] | None]] = {
    rd.AskFiling: _WHO_MAY,
    rd.AskClocks: _WHO_MAY,
    rd.AskResult: _WHO_MAY,
    rd.AskDelivery: SIDE,
    rd.AskLinkedResult: None,
    rd.AskFile: _HANDLERS,
    rd.AskUpload: _HANDLERS,
    rd.AskPayment: _WHO_MAY,
    rd.AskParcel: _WHO_MAY,
    rd.AskReferral: _WHO_MAY,
    rd.AskComplaints: _WHO_MAY,
    rd.AskPapers: _WHO_MAY,
    rd.AskReceipt: _WHO_MAY,
    rd.AskActions: _WHO_MAY,
    rd.AskTimeline: _WHO_MAY,
    rd.AskChanges: _WHO_MAY,
    rd.AskAccess: SIDE | _OVERSEERS,
}
"""The questions about one filing or one of its streams, with the permitted roles (None: anybody with the link). Each
answer is a look at the filing."""

LISTS: Final[Mapping[type[Any], frozenset[Role]]] = {
    rd.AskFilings: OFFICERS,
    rd.AskPersonsFilings: OFFICERS,
    rd.AskTasks: OFFICERS,
}
"""The questions about many filings. Each answer is a look at every filing in it. Applicants may ask none of them:
the identity provider does not prove that a requested number is theirs, and the filings of a client belong to many
people. An applicant's program may ask in its own name, and then sees the filings that it submitted (`_OWN`).
"""
_OWN: Final = (rd.AskFilings, rd.AskPersonsFilings)

OF_AGENCIES: Final[Mapping[type[Any], frozenset[Role] | None]] = {
    rd.AskAbsences: OFFICERS,
    rd.AskCounts: None,
    rd.AskAgency: None,
}
"""The questions that show no filing, with the permitted roles (None: anybody with a statement)."""

OPEN: Final = frozenset(question for question, roles in OF_AGENCIES.items() if roles is None)
_ROLES: Final = {**ABOUT_A_FILING, **LISTS, **OF_AGENCIES}

_AUDIENCES: Final[Mapping[rd.Audience, frozenset[Role]]] = {
    rd.Audience.PUBLIC: _WHO_MAY,
    rd.Audience.APPLICANT: _WHO_MAY,
    rd.Audience.OFFICER: OFFICERS - _OVERSEERS,
    rd.Audience.AUDITOR: OFFICERS,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a filing that decide who may see it.

    `filed_by`: the program that submitted it. `agencies`: the deciding agency, its desks, and the agencies that decide
    referred parts. `applicant`, `representative`: None for an asker who is not on the applicant's side, or if unknown.
    """

    filed_by: str
    procedure: str
    agencies: frozenset[str]
    applicant: str | None = None
    representative: str | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """The asker of a question: an actor through a program, or the program alone. `grants`: those that permit it."""

    principal: Principal
    actor: Actor | None
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """A pattern of filings: a list may show those that match every field. An empty field matches every filing."""

    agencies: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    filers: tuple[str, ...] = ()


def roles_for(question: rd.Question) -> frozenset[Role] | None:
    """The roles that may ask a question; None if anybody with a statement may ask it."""
    roles = _ROLES[type(question)]
    if by_link(question):
        return None
    return roles & _AUDIENCES[question.audience] if roles and isinstance(question, rd.AskTimeline) else roles


def roles_of(question: type[rd.Question]) -> frozenset[Role] | None:
    """The roles that may ask questions of this model; None if anybody with a statement, or with a link, may."""
    return _ROLES[question]


def by_link(question: rd.Question) -> bool:
    """Whether a question asks only for a result, and contains the secret link to this result."""
    return isinstance(question, rd.AskLinkedResult) or (isinstance(question, rd.AskFile) and question.link is not None)


def asker(proved: Proved, question: rd.Question) -> Asker:
    """The asker of a question, from the statement alone. Raises `RefusalError` if the question is not permitted."""
    actor, assurance = _in_whose_name(proved, question)
    roles = roles_for(question)
    if actor is None:
        grants = _by_itself(proved.principal, question)
        if roles is not None and not grants:
            raise not_authorised("program_not_granted")
        return Asker(proved.principal, None, _for_upload(question, grants))
    if roles is not None and actor.role not in roles:
        raise not_authorised("role_not_allowed", names=listed(ROLE_NAMES, sorted(roles, key=[*Role].index)))
    spoken_for, said = proved, proved.statement
    if actor != said.actor:
        spoken_for = replace(proved, statement=said.model_copy(update={"actor": actor, "acr": str(int(assurance))}))
    why = not_granted(spoken_for, Message(act=said.act, content=said.content))
    if why is not None and type(question) not in OPEN:
        raise refused(RefusalCode.NOT_AUTHORISED, why)
    return Asker(proved.principal, actor, _for_upload(question, tuple(_grants_for(proved.principal, actor, assurance))))


def sees(asker: Asker, facts: Facts) -> bool:
    """Whether the asker may see this filing."""
    actor = asker.actor
    if actor is not None and actor.role in SIDE:
        theirs = facts.applicant if actor.role is Role.APPLICANT else facts.representative
        if actor.subject != theirs:
            return False
    elif actor is not None and actor.agency not in facts.agencies:
        return False
    return any(_covers(grant, asker, facts) for grant in asker.grants)


def reaches(asker: Asker, question: rd.Question) -> tuple[Reach, ...]:
    """The patterns of the filings that a list may show to the asker; one match is enough. Raises `RefusalError`."""
    grants = asker.grants
    if hasattr(question, "agency"):
        grants = tuple(grant for grant in grants if _of_the_agency(grant, asker, question.agency))
        if not grants:
            raise refused(RefusalCode.NOT_AUTHORISED, problem("agency", "agency_not_granted"))
        return tuple(Reach(procedures=grant.procedures) for grant in grants)
    own = isinstance(question, rd.AskFilings)
    return tuple(_reach(grant, asker, own=own) for grant in grants)


def _in_whose_name(proved: Proved, question: rd.Question) -> tuple[Actor | None, Assurance]:
    """The actor in whose name the question is asked, and the assurance of their identity.

    If the question names an actor, this must be the statement's actor. A statement without an actor permits any actor.
    """
    actor, assurance = proved.statement.actor, proved.statement.assurance
    if not isinstance(question, rd.AskActions) or actor == question.actor:
        return actor, assurance
    if actor is None:
        return question.actor, Assurance.LOW
    raise not_authorised("statement_of_another_actor")


def _for_upload(question: rd.Question, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """The grants for a question: for an upload, only grants that permit its client id; for any other question, all.

    Raises `RefusalError` if no grant permits it: a file counts in the quota of the filing even before the submission.
    """
    if not isinstance(question, rd.AskUpload):
        return grants
    able = tuple(grant for grant in grants if names_client(grant, question.client_id))
    if not able:
        raise not_authorised("client_not_granted")
    return able


def _by_itself(principal: Principal, question: rd.Question) -> tuple[Grant, ...]:
    """The grants by which a program may ask in its own name: of low assurance, with a role that may ask the question.

    A key of one person has no such grants.
    """
    if principal.subject is not None:
        return ()
    roles = _WHO_MAY if isinstance(question, _OWN) else roles_for(question) or _WHO_MAY
    return tuple(one for one in principal.grants if one.assurance is Assurance.LOW and CLAIMED[one.claim] & roles)


def _grants_for(principal: Principal, actor: Actor, assurance: Assurance) -> list[Grant]:
    able = [one for one in principal.grants if one.assurance <= assurance]
    return [one for one in able if actor.role in CLAIMED[one.claim] and names_agency(one.agencies, actor)]


def _covers(grant: Grant, asker: Asker, facts: Facts) -> bool:
    if not names_procedure(grant, facts.procedure):
        return False
    if grant.claim is Claim.OWN:
        return facts.filed_by in {asker.principal.id, *grant.predecessors}
    return asker.actor is not None or ALL_AGENCIES in grant.agencies or not facts.agencies.isdisjoint(grant.agencies)


def _of_the_agency(grant: Grant, asker: Asker, agency: str | None) -> bool:
    """Whether the grant covers the requested `agency`. None means all agencies, for which the grant needs `*`.

    A program alone may name any agency of its grant; an operator with `*`, any; other officers, only their own agency.
    """
    anywhere = ALL_AGENCIES in grant.agencies
    if asker.actor is None or (asker.actor.role is Role.OPERATOR and anywhere):
        return anywhere or agency in grant.agencies
    return agency is not None and agency == asker.actor.agency


def _reach(grant: Grant, asker: Asker, *, own: bool) -> Reach:
    mine = (asker.principal.id, *grant.predecessors)
    if grant.claim is Claim.OWN:
        return Reach(procedures=grant.procedures, filers=mine)
    theirs = () if ALL_AGENCIES in grant.agencies else grant.agencies
    agencies = theirs if asker.actor is None else (str(asker.actor.agency),)
    return Reach(agencies, grant.procedures, mine if own else ())
