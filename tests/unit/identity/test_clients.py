"""A principal signs for other programs: the programs that it may name, and the grants that apply then."""

from contextlib import nullcontext
from typing import Any, Final

import pytest

from activities.ledger.authority.budgets import Budget, Budgets, Work
from motcua.identity import sign
from motcua.signing import Authenticated, Speaker
from rules.identity.looks import asker
from rules.identity.statements import Ring, VerificationContext, proved, proved_here, verified
from schemas.errors import Refusal, RefusalError
from schemas.identity.statement import (
    UNNAMED,
    Assurance,
    Claim,
    Grant,
    IdentityStatement,
    Message,
    Principal,
    PrincipalFile,
    PrincipalKind,
    Proved,
    signed,
)
from schemas.reading import AskCounts
from tests.speaking import (
    APPLICANT,
    AUDIENCE,
    MESSAGE,
    NOW,
    SPECIALIST,
    grant,
    key_of,
    principal,
    private_key,
    statement,
    verification,
)
from tests.walking import walked

DOOR: Final = principal("door-1", grant(Claim.PROGRAMS, programs=("*",)), keys=(key_of(1),))
PORTAL: Final = principal("portal-1", grant(Claim.OWN), keys=()).model_copy(update={"kind": PrincipalKind.PORTAL})
DESK: Final = principal("desk-1", grant(Claim.OFFICERS, "H01.12"), keys=(key_of(2),))
THEIRS: Final = MESSAGE.model_copy(update={"actor": APPLICANT, "act": "withdraw"})


def by_door(message: Message = THEIRS, door: Principal = DOOR, client: Principal = PORTAL, **other: Any) -> object:
    said = statement(message, door.id, **{"client": client.id} | other)
    return verification(sign(said, private_key(1)), Ring((door, client)), NOW, message)


def named(*programs: str, least: Assurance = Assurance.LOW) -> Principal:
    return principal("door-1", grant(Claim.PROGRAMS, least=least, programs=programs), keys=(key_of(1),))


def kind(name: PrincipalKind, *grants: Grant, **other: Any) -> Principal:
    return principal("x", *grants, grant(Claim.OWN), keys=()).model_copy(update={"kind": name} | other)


OPERATES: Final = grant(Claim.OPERATOR, "*")
CLIENTS: Final[dict[str, tuple[Principal, Principal, bool]]] = {
    "a portal": (DOOR, kind(PrincipalKind.PORTAL), True),
    "a desk": (DOOR, kind(PrincipalKind.DESK), True),
    "software": (DOOR, kind(PrincipalKind.SOFTWARE), True),
    "a back office": (DOOR, kind(PrincipalKind.BACK_OFFICE), False),
    "a program for operations": (DOOR, kind(PrincipalKind.OPERATION), False),
    "a program for operators, of another kind": (DOOR, kind(PrincipalKind.SOFTWARE, OPERATES), False),
    "a program for operators, by its name": (named("x"), kind(PrincipalKind.OPERATION, OPERATES), True),
    "an officer's own key": (DOOR, kind(PrincipalKind.DESK, subject=APPLICANT.subject), False),
    "another's name": (named("y"), kind(PrincipalKind.PORTAL), False),
    "one of several names": (named("y", "x"), kind(PrincipalKind.PORTAL), True),
    "as sure as wanted": (named("x", least=Assurance.TWO_FACTORS), kind(PrincipalKind.PORTAL), True),
    "too little sure": (named("x", least=Assurance.BIOMETRIC), kind(PrincipalKind.PORTAL), False),
    "no grant": (principal("door-1", *DESK.grants, keys=(key_of(1),)), kind(PrincipalKind.PORTAL), False),
    "a live key of its own": (DOOR, kind(PrincipalKind.PORTAL, keys=(key_of(3, revoked_at=NOW), key_of(4))), True),
    "revoked": (DOOR, kind(PrincipalKind.PORTAL, keys=(key_of(3, revoked_at=NOW),)), False),
    "revoked, by its name": (named("x"), kind(PrincipalKind.PORTAL, keys=(key_of(3, revoked_at=NOW),)), False),
}


@walked(("door", "client", "may"), CLIENTS.values(), ids=CLIENTS.keys(), exactly=16)
def test_for_which_programs_another_speaks(door: Principal, client: Principal, *, may: bool) -> None:
    found = by_door(THEIRS.model_copy(update={"filed_by": "x"}), door, client)
    assert isinstance(found, Proved if may else Refusal)
    if isinstance(found, Refusal):
        assert [one.rule for one in found.problems] == ["program_not_spoken_for"]
    own = statement(THEIRS, door.id, client=client.id)
    with nullcontext() if may else pytest.raises(RefusalError, match="program_not_spoken_for"):
        assert (
            proved_here(own, key_of(1).key_id, VerificationContext(Ring((door, client)), AUDIENCE, NOW)).principal
            == client
        )


def test_the_grants_of_the_client_count_and_its_filings_are_its_own() -> None:
    found = by_door()
    assert isinstance(found, Proved)
    assert (found.principal.id, found.statement.program, found.key_id) == ("portal-1", "portal-1", key_of(1).key_id)
    for said, rule in (
        (by_door(THEIRS.model_copy(update={"filed_by": "door-1"})), "applicant_of_another"),
        (by_door(MESSAGE), "role_not_granted"),
        (by_door(MESSAGE, client=DESK, acr="1"), "program_not_spoken_for"),
        (by_door(client=PORTAL.model_copy(update={"id": "x"}), client_id=None), "applicant_of_another"),
    ):
        assert isinstance(said, Refusal)
        assert said.problems[0].rule == rule
    wide = DOOR.model_copy(update={"grants": (*DOOR.grants, *DESK.grants)})
    not_its_own = by_door(MESSAGE, wide)
    assert isinstance(not_its_own, Refusal), "the door's other grants do not help the client"
    assert by_door(MESSAGE, client=DESK).__class__ is Proved


def test_a_program_that_nobody_registered_is_spoken_for_by_nobody() -> None:
    said = sign(statement(THEIRS, "door-1", client="portal-9"), private_key(1))
    found = verification(said, Ring((named("portal-9", "*"), PORTAL)), NOW, THEIRS)
    assert isinstance(found, Refusal)
    assert found.problems[0].rule == "program_not_spoken_for"


def test_a_recorded_statement_for_a_client_holds_after_the_grant_is_gone() -> None:
    said = sign(statement(THEIRS, "door-1", client="portal-1"), private_key(1))
    ring = Ring((named("y"), PORTAL))
    assert verified(said, THEIRS, VerificationContext(ring, AUDIENCE, NOW, known=True)).principal == PORTAL
    with pytest.raises(RefusalError):
        verified(said, THEIRS, VerificationContext(ring, AUDIENCE, NOW))


def test_a_question_is_the_clients_and_so_is_its_budget() -> None:
    question = Message(act="ask.counts", content="0" * 64)
    said = sign(statement(question, "door-1", client="portal-1", actor=None), private_key(1))
    found = proved(said, question, VerificationContext(Ring((DOOR, PORTAL)), AUDIENCE, NOW))
    assert asker(found, AskCounts(agency="H01.12")).principal == PORTAL
    budgets = Budgets({PrincipalKind.PORTAL: Budget(rate=0.001, most=5)}, clock=lambda: 0.0)
    budgets.spend(found, Work.SUBMISSION)
    with pytest.raises(RefusalError, match="too_many"):
        budgets.spend(found, Work.SUBMISSION)


def test_the_kit_speaks_for_a_client_and_names_the_token() -> None:
    door = Speaker("door-1", private_key(1), UNNAMED)
    question = door.of_client("portal-1").question(AskCounts(), Authenticated("2", ("pwd",), token="a" * 64))
    said = signed(str(question.statement)).statement
    assert (said.iss, said.client, said.token) == ("door-1", "portal-1", "a" * 64)
    own = signed(str(door.question(AskCounts(), Authenticated()).statement)).statement
    assert not {"client", "token"} & own.model_dump(mode="json").keys(), "as before, byte for byte"


def test_programs_stand_in_grants_for_programs_alone() -> None:
    for wrong in (
        {"claim": Claim.PROGRAMS},
        {"claim": Claim.PROGRAMS, "programs": ("x",), "procedures": ("2.000635",)},
        {"claim": Claim.OWN, "programs": ("x",)},
    ):
        with pytest.raises(ValueError, match="programs"):
            Grant.model_validate({"assurance": 1} | wrong)
    with pytest.raises(ValueError, match="subject"):
        PrincipalFile(id="k", name="x", kind=PrincipalKind.DESK, subject=SPECIALIST.subject, grants=(DOOR.grants[0],))
    assert IdentityStatement.model_validate(statement().model_dump()).program == "desk-1"
