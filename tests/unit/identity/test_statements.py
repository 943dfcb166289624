"""Each fault of a statement has its own rule; a valid statement breaks no rule."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any, Final, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from motcua.identity import sign
from rules.identity.statements import Ring, VerificationContext, is_over, proved_here, verified
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.errors import Refusal, RefusalCode, RefusalError
from schemas.filing.commands import PUBLIC_COMMANDS, Command, content_of
from schemas.identity.statement import (
    MAX_STATEMENT,
    STATEMENT_TYPE,
    Assurance,
    Claim,
    Grant,
    IdentityStatement,
    Message,
    PrincipalFile,
    PrincipalKind,
    Proved,
    key_id,
    message_digest,
    seconds,
)
from schemas.parcel.commands import PARCEL_COMMANDS
from schemas.payment.commands import PAYMENT_COMMANDS
from schemas.people import Actor, Role
from schemas.reading import Question
from schemas.referral.commands import REFERRAL_COMMANDS
from schemas.refund.commands import REFUND_COMMANDS
from schemas.result.commands import RESULT_COMMANDS
from tests.contract.kept import golden
from tests.speaking import (
    APPLICANT,
    AUDIENCE,
    DAY,
    MESSAGE,
    NOW,
    PROCEDURE,
    SPECIALIST,
    b64,
    grant,
    key_of,
    principal,
    private_key,
    raw_key,
    statement,
    verification,
)
from tests.tiers import examples
from tests.walking import walked

DESK: Final = principal(
    "desk-1",
    grant(Claim.OFFICERS, "H01.12", procedures=(PROCEDURE,)),
    grant(Claim.AUDITOR, "*", least=Assurance.BIOMETRIC),
    keys=(
        key_of(1),
        key_of(2, revoked_at=NOW),
        key_of(3, valid_until=NOW),
        key_of(4, valid_from=NOW + timedelta(seconds=1)),
        key_of(5, revoked_at=NOW + timedelta(seconds=1)),
    ),
)
PORTAL: Final = principal("portal-1", grant(Claim.OWN), keys=(key_of(6),))
OTHER: Final = principal("portal-2", grant(Claim.OWN), keys=(key_of(7),))
RING: Final = Ring((DESK, PORTAL, OTHER))
OF_APPLICANT: Final = MESSAGE.model_copy(update={"actor": APPLICANT, "act": "withdraw"})


def answer(signed: object, message: Message = MESSAGE, now: timedelta = timedelta(0)) -> Proved | Refusal:
    return verification(signed, RING, NOW + now, message)


def rule(found: Proved | Refusal) -> str | None:
    """Returns the rule by which a statement was refused; None if it is accepted."""
    if isinstance(found, Proved):
        return None
    assert found.code is RefusalCode.NOT_AUTHORISED
    (why,) = found.problems
    assert why.field == "statement"
    assert why.message.vi != why.message.en
    return why.rule


def compact(header: object, payload: bytes, signer: Callable[[bytes], bytes]) -> str:
    """Returns a JWS, made by hand, with this header and this payload."""
    signing = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    return f"{signing}.{b64(signer(signing.encode()))}"


HEADER: Final = {"alg": "Ed25519", "kid": private_key(1).key_id, "typ": STATEMENT_TYPE}
GOOD: Final = statement().model_dump_json().encode()
RSA: Final = rsa.generate_private_key(65537, 2048)

SIGNER: Final = raw_key(1).sign


def headed(signer: Callable[[bytes], bytes] = SIGNER, payload: bytes = GOOD, **header: object) -> str:
    return compact({name: value for name, value in (HEADER | header).items() if value is not None}, payload, signer)


def test_what_a_registered_key_has_signed_of_this_message_holds() -> None:
    signed = sign(statement(), private_key(1))
    found = answer(signed)
    assert isinstance(found, Proved)
    assert found.statement == statement()
    assert found.key_id == private_key(1).key_id
    assert found.sha256 == hashlib.sha256(signed.encode()).hexdigest()


@pytest.mark.parametrize("alg", ["Ed25519", "EdDSA"])
def test_what_others_make_with_a_few_lines_is_the_same(alg: str) -> None:
    """The statement is made without our code and without a JWS library, by `cryptography` and JSON alone."""
    assert rule(answer(headed(alg=alg))) is None


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    """The public key and its thumbprint are those of RFC 8037, appendix A.3."""
    assert key_id("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


NOTHING: Final[dict[str, tuple[object, str]]] = {
    "none": (None, "statement_missing"),
    "empty": ("", "statement_missing"),
    "half a character": ("\ud800", "statement_unreadable"),
    "with padding": (headed() + "=", "statement_unreadable"),
    "with the end of a line": (headed() + "\n", "statement_unreadable"),
    "a header without alg": (headed(alg=None), "statement_unreadable"),
    "a deep header": (f"{b64(b'[' * 1500)}.{b64(GOOD)}.{b64(b'1' * 64)}", "statement_unreadable"),
    "too long": ("a" * (MAX_STATEMENT + 1), "statement_too_long"),
    "none's": (headed(lambda _: b"", alg="none"), "statement_algorithm"),
    "RSA's": (headed(lambda it: RSA.sign(it, PKCS1v15(), SHA256()), alg="RS256"), "statement_algorithm"),
    "HMAC's with the public key": (
        headed(lambda it: hmac.digest(raw_key(1).public_key().public_bytes_raw(), it, "sha256"), alg="HS256"),
        "statement_algorithm",
    ),
    "Ed448's": (headed(ed448.Ed448PrivateKey.generate().sign, alg="Ed448"), "statement_algorithm"),
    "a list of algs": (headed(alg=["Ed25519"]), "statement_algorithm"),
    "another typ": (headed(typ="JWT"), "statement_unreadable"),
    "no kid": (headed(kid=None), "statement_unreadable"),
    "a key of its own": (headed(raw_key(9).sign, jwk={"kty": "OKP", "crv": "Ed25519"}), "statement_unreadable"),
    "a key from afar": (headed(jku="https://example.invalid/jwks"), "statement_unreadable"),
    "what it calls critical": (headed(crit=["b64"], b64=False), "statement_unreadable"),
    "claims that are no JSON": (headed(payload=b"\xff\x00"), "statement_unreadable"),
    "an unknown key": (headed(raw_key(9).sign, kid=private_key(9).key_id), "unknown_key"),
    "another's key": (headed(raw_key(6).sign, kid=private_key(6).key_id), "unknown_key"),
    "another key's signature": (headed(raw_key(9).sign), "statement_signature"),
    "no signature": (headed(lambda _: b""), "statement_signature"),
    "a revoked key": (sign(statement(), private_key(2)), "key_revoked"),
    "a key that has run out": (sign(statement(), private_key(3)), "key_not_in_force"),
    "a key to come": (sign(statement(), private_key(4)), "key_not_in_force"),
    "a key revoked by a clock that is ahead": (sign(statement(), private_key(5)), "key_revoked"),
}


@walked(("signed", "expected"), NOTHING.values(), ids=NOTHING.keys(), exactly=27)
def test_what_is_signed_otherwise_is_refused(signed: object, expected: str) -> None:
    assert str(rule(answer(signed))) == expected


@walked("name", IdentityStatement.model_fields, at_least=13)
def test_a_claim_that_is_left_out_or_of_another_kind_can_not_be_read(name: str) -> None:
    full = json.loads(GOOD)
    for wrong in ({"no": "thing"}, 1.5, "\x00"):
        assert rule(answer(headed(payload=json.dumps(full | {name: wrong}).encode()))) == "statement_unreadable"
    if IdentityStatement.model_fields[name].is_required():
        without = {other: value for other, value in full.items() if other != name}
        assert rule(answer(headed(payload=json.dumps(without).encode()))) == "statement_unreadable"


@dataclass
class Case:
    """A statement about a message, and the rule by which it is refused; None if it is accepted."""

    rule: str | None
    said: dict[str, Any] = field(default_factory=dict)
    message: Message = MESSAGE
    by: str = "desk-1"
    seed: int = 1
    now: timedelta = timedelta(0)


AT: Final = seconds(NOW)
HOUR: Final = timedelta(hours=1)
CASES: Final[dict[str, Case]] = {
    "an unknown principal": Case("unknown_principal", by="desk-9"),
    "at the end with leeway": Case(None, now=timedelta(seconds=359)),
    "expired": Case("statement_expired", now=timedelta(seconds=360)),
    "a clock that is fast": Case(None, {"iat": AT + 60, "exp": AT + 90}),
    "a clock that is too fast": Case("statement_not_yet_valid", {"iat": AT + 61, "exp": AT + 90}),
    "five minutes and a second": Case("statement_lives_too_long", {"exp": AT + 301}),
    "no time": Case("statement_lives_too_long", {"exp": AT}),
    "authenticated a day before": Case(None, {"auth_time": AT - 86400}),
    "authenticated longer before": Case("authentication_too_old", {"auth_time": AT - 86401}),
    "kept, and authenticated a day before": Case(None, {"auth_time": AT - 90_000, "received_at": NOW - HOUR}),
    "kept, and authenticated later": Case("authentication_to_come", {"auth_time": AT - 60, "received_at": NOW - HOUR}),
    "authenticated by a clock that is fast": Case(None, {"auth_time": AT + 60}),
    "authenticated later": Case("authentication_to_come", {"auth_time": AT + 61}),
    "another installation": Case("statement_for_another_installation", {"aud": "motcua:other"}),
    "another filing": Case("statement_of_another_filing", {"stream": "filing:00000000-0000-0000-0000-000000000000"}),
    "no filing": Case("statement_of_another_filing", {"stream": None}),
    "another act": Case("statement_of_another_command", {"act": "decide"}),
    "another command": Case("statement_of_another_command", {"command_id": "c-2"}),
    "no command": Case("statement_of_another_command", {"command_id": None}),
    "other content": Case("statement_of_other_content", {"content": "0" * 64}),
    "another subject": Case("statement_of_another_actor", {"actor": SPECIALIST.model_copy(update={"subject": "x"})}),
    "for somebody": Case("statement_of_another_actor", {"on_behalf_of": "citizen-2"}),
    "too little assurance": Case("assurance_too_low", {"acr": "1"}),
    "another procedure": Case("procedure_not_granted", message=MESSAGE.model_copy(update={"procedure": "1.001193"})),
    "a procedure that only the record knows": Case(None, message=MESSAGE.model_copy(update={"procedure": None})),
    "its own applicant": Case(None, message=OF_APPLICANT, by="portal-1", seed=6),
    "another's applicant": Case("applicant_of_another", message=OF_APPLICANT, by="portal-2", seed=7),
    "an applicant whose only the record knows": Case(
        None, message=OF_APPLICANT.model_copy(update={"filed_by": None}), by="portal-1", seed=6
    ),
    "an applicant at the desk": Case("role_not_granted", message=OF_APPLICANT),
    "an officer at the portal": Case("role_not_granted", by="portal-1", seed=6),
}


@walked("case", CASES.values(), ids=CASES.keys(), exactly=30)
def test_a_statement_about_something_else_is_refused(case: Case) -> None:
    signed = sign(statement(case.message, case.by, **case.said), private_key(case.seed))
    assert rule(answer(signed, case.message, case.now)) == case.rule


def here(case: Case) -> Proved | Refusal:
    """Verifies an unsigned statement of the platform's own process; returns the proof or the refusal."""
    own = statement(case.message, case.by, **case.said)
    try:
        return proved_here(own, private_key(case.seed).key_id, VerificationContext(RING, AUDIENCE, NOW + case.now))
    except RefusalError as error:
        return error.refusal


def test_a_statement_that_is_never_sent_is_refused_for_the_same_signer_key_and_time() -> None:
    rules = {"unknown_principal", "statement_expired", "statement_not_yet_valid", "statement_lives_too_long"}
    rules |= {"authentication_too_old", "authentication_to_come"}
    judged = [case for case in CASES.values() if case.rule is None or case.rule in rules]
    assert len(judged) == 16
    keys = {2: "key_revoked", 3: "key_not_in_force", 4: "key_not_in_force", 5: "key_revoked", 6: "unknown_key"}
    judged += [Case(why, seed=seed) for seed, why in keys.items()]
    assert [(case, why) for case in judged if (why := rule(here(case))) != case.rule] == []
    found = here(Case(None))
    assert isinstance(found, Proved)
    assert (found.statement, found.principal, found.key_id) == (statement(), DESK, key_of(1).key_id)


def test_one_grant_has_to_allow_all_of_it() -> None:
    """One grant must allow the role, the procedure and the assurance; several grants together do not suffice."""
    auditor = MESSAGE.model_copy(update={"actor": Actor(subject="a", role=Role.AUDITOR, agency="H29.05")})
    assert rule(answer(sign(statement(auditor), private_key(1)), auditor)) == "assurance_too_low"
    assert rule(answer(sign(statement(auditor, acr="3"), private_key(1)), auditor)) is None


def test_of_what_was_recorded_a_statement_may_be_over_and_must_be_signed_all_the_same() -> None:
    later = VerificationContext(RING, AUDIENCE, NOW + DAY, fresh=False)
    signed = sign(statement(), private_key(1))
    assert verified(signed, MESSAGE, later).statement == statement()
    forged = signed[:-4] + ("AAAA" if signed[-4:] != "AAAA" else "BBBB")
    with pytest.raises(RefusalError) as caught:
        verified(forged, MESSAGE, later)
    assert rule(caught.value.refusal) == "statement_signature"


@pytest.mark.parametrize(
    ("seed", "by", "actor", "why"),
    [
        (1, "desk-1", SPECIALIST, "statement_expired"),
        (2, "desk-1", SPECIALIST, "key_revoked"),
        (1, "desk-1", SPECIALIST.model_copy(update={"agency": "H29.05"}), "agency_not_granted"),
        (6, "portal-1", SPECIALIST, "role_not_granted"),
    ],
)
def test_what_the_log_may_hold_must_be_signed_and_no_more(seed: int, by: str, actor: Actor, why: str) -> None:
    now = NOW + (DAY if why == "statement_expired" else timedelta(0))
    message = MESSAGE.model_copy(update={"actor": actor})
    signed = sign(statement(message, by), private_key(seed))
    assert rule(verification(signed, RING, now, message)) == why
    known = VerificationContext(RING, AUDIENCE, now, known=True)
    assert verified(signed, message, known).principal.id == by
    forged = sign(statement(message, by), private_key(99))
    for said, about in ((forged, message), (signed, message.model_copy(update={"content": "0" * 64}))):
        with pytest.raises(RefusalError) as caught:
            verified(said, about, known)
        assert rule(caught.value.refusal) in {"unknown_key", "statement_of_other_content"}


@pytest.mark.parametrize(("late", "over"), [(359, False), (360, True)])
def test_a_statement_is_over_a_minute_after_its_end(late: int, *, over: bool) -> None:
    assert is_over(statement(), NOW + timedelta(seconds=late)) is over
    assert (rule(answer(sign(statement(), private_key(1)), now=timedelta(seconds=late))) is not None) is over


def test_nobody_acts_by_a_statement_that_names_nobody() -> None:
    assert rule(answer(sign(statement(actor=None), private_key(1)))) == "statement_of_another_actor"
    nobody = MESSAGE.model_copy(update={"actor": None})
    assert rule(answer(sign(statement(nobody), private_key(1)), nobody)) == "statement_of_another_actor"


def test_a_program_goes_on_with_the_filings_of_its_predecessor() -> None:
    ring = Ring((principal("portal-3", grant(Claim.OWN, predecessors=("portal-1",)), keys=(key_of(8),)), PORTAL, OTHER))
    for filed_by, expected in (
        ("portal-1", None),
        ("portal-3", None),
        (None, None),
        ("portal-2", "applicant_of_another"),
    ):
        message = OF_APPLICANT.model_copy(update={"filed_by": filed_by})
        assert rule(verification(sign(statement(message, "portal-3"), private_key(8)), ring, NOW, message)) == expected
    with pytest.raises(ValueError, match="predecessors"):
        grant(Claim.DESK, "*", predecessors=("portal-1",))


def test_the_key_of_one_person_speaks_for_that_person_alone() -> None:
    own = principal("key-1", grant(Claim.OFFICERS, "*"), keys=(key_of(11),)).model_copy(
        update={"subject": SPECIALIST.subject}
    )
    found = {}
    for subject in (SPECIALIST.subject, "h01.12-specialist-2", SPECIALIST.subject.upper()):
        message = MESSAGE.model_copy(update={"actor": SPECIALIST.model_copy(update={"subject": subject})})
        said = sign(statement(message, "key-1"), private_key(11))
        found[subject] = rule(verification(said, Ring([own]), NOW, message))
    assert [*found.values()] == [None, "subject_not_granted", "subject_not_granted"]
    with pytest.raises(ValueError, match="subject"):
        PrincipalFile(id="key-1", name="x", kind=PrincipalKind.DESK, subject="an", grants=(grant(Claim.OWN),))


def test_a_program_files_under_its_own_client_ids_alone() -> None:
    grants = {"portal-1": grant(Claim.OWN, client_ids=("portal-1", "shared")), "portal-9": grant(Claim.OWN)}
    ring = Ring(principal(name, one, keys=(key_of(n),)) for n, (name, one) in enumerate(grants.items(), 11))
    found = {}
    for (n, name), client_id in product(enumerate(grants, 11), ("portal-1", "shared", "portal-2", "Portal-1", None)):
        message = OF_APPLICANT.model_copy(update={"filed_by": None, "client_id": client_id})
        found[name, client_id] = rule(verification(sign(statement(message, name), private_key(n)), ring, NOW, message))
    seen = {case for case, why in found.items() if why is not None}
    assert seen == {("portal-1", "portal-2"), ("portal-1", "Portal-1")}
    assert set(found.values()) == {None, "client_not_granted"}
    nobodys = Ring([principal("portal-1", grant(Claim.OWN, client_ids=()), keys=(key_of(11),))])
    message = OF_APPLICANT.model_copy(update={"client_id": "portal-1"})
    signed_by = sign(statement(message, "portal-1"), private_key(11))
    assert rule(verification(signed_by, nobodys, NOW, message)) == "client_not_granted"
    with pytest.raises(ValueError, match="client_ids"):
        grant(Claim.OPERATOR, "*", client_ids=("portal-1",))


def test_a_statement_of_what_a_key_signed_before_it_ran_out_still_holds() -> None:
    assert rule(answer(sign(statement(iat=AT - 1, exp=AT + 60), private_key(3)))) is None


@pytest.mark.parametrize("claim", Claim)
def test_officers_are_of_agencies_and_applicants_of_none(claim: Claim) -> None:
    wrong = ("H01.12",) if claim in {Claim.OWN, Claim.PROGRAMS} else ()
    with pytest.raises(ValueError, match="agencies"):
        Grant(claim=claim, agencies=wrong, assurance=Assurance.LOW)


@given(st.text(max_size=300) | st.binary(max_size=300) | st.integers() | st.none() | st.lists(st.text()))
@settings(max_examples=examples(300), deadline=None)
def test_whatever_comes_is_refused_in_words(signed: object) -> None:
    assert rule(answer(signed)) is not None


@given(st.data())
@settings(max_examples=examples(200), deadline=None)
def test_what_is_changed_in_one_place_holds_no_more(data: st.DataObject) -> None:
    signed = sign(statement(), private_key(1))
    header, payload, signature = signed.split(".")
    place = data.draw(st.integers(0, len(header) + len(payload)))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."))
    changed = signed[:place] + letter + signed[place + 1 :]
    assert (rule(answer(changed)) is None) is (changed == signed)
    assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) == 64


@given(
    seed=st.integers(11, 40),
    life=st.integers(1, 300),
    ago=st.integers(-60, 300),
    subject=st.from_regex(r"[a-z0-9.đ-]{1,40}", fullmatch=True),
    acr=st.sampled_from(("2", "3", "4")),
)
@settings(max_examples=examples(100), deadline=None)
def test_what_is_signed_in_time_comes_back_as_it_was(seed: int, life: int, ago: int, subject: str, acr: str) -> None:
    ring = Ring((principal("desk-1", grant(Claim.OFFICERS, "*"), keys=(key_of(seed, valid_from=NOW - DAY),)),))
    message = MESSAGE.model_copy(update={"actor": SPECIALIST.model_copy(update={"subject": subject})})
    said = statement(message, iat=AT - ago, exp=AT - ago + life, acr=acr)
    found = verification(sign(said, private_key(seed)), ring, NOW, message)
    if ago - life >= 60:
        assert rule(found) == "statement_expired"
    else:
        assert isinstance(found, Proved)
        assert found.statement == said


SIGNED: Final = {"statement": sign(statement(), private_key(1))}
COMMANDS: Final = {
    model.model_fields["kind"].default: model
    for models in (PUBLIC_COMMANDS, PARCEL_COMMANDS, REFERRAL_COMMANDS, COMPLAINT_COMMANDS, RESULT_COMMANDS)
    for model in (*models, *REFUND_COMMANDS, *PAYMENT_COMMANDS)
}
QUESTIONS: Final = {model.model_fields["ask"].default: model for model in get_args(Question)}


@walked("kind", COMMANDS, at_least=50)
def test_a_command_has_the_same_digest_with_a_statement(kind: str) -> None:
    model: type[Command] = COMMANDS[kind]
    plain = model.model_validate(golden(f"command.{kind}"))
    signed = model.model_validate(golden(f"command.{kind}") | SIGNED)
    assert signed.statement == SIGNED["statement"]
    assert content_of(signed) == content_of(plain)
    assert message_digest(signed.model_dump(mode="json")) == message_digest(plain.model_dump(mode="json"))
    assert "statement" not in plain.model_dump(mode="json")
    assert SIGNED["statement"] not in repr(signed)


@walked("ask", QUESTIONS, at_least=20)
def test_a_question_may_carry_a_statement(ask: str) -> None:
    plain = QUESTIONS[ask].model_validate(golden(f"ask.{ask}"))
    assert QUESTIONS[ask].model_validate(golden(f"ask.{ask}") | SIGNED).statement == SIGNED["statement"]
    assert "statement" not in plain.model_dump(mode="json")
