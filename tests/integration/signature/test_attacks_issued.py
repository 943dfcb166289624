"""Issued files that somebody made on purpose who has a trusted certificate, but none of an agency, or a weak one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any, Final

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.partners.signer import Holding
from activities.signature.certificate_subject import USER_ID
from activities.signature.official import SEAL, SIGNATURE, SignatureField, UnfitCertificateError, with_fields
from activities.signature.proof import proof_of
from activities.signature.renewal import NotRenewedError, renewed
from activities.signature.signing import Lasting
from activities.signature.trust import Trust
from activities.signature.verified import verify_official
from sandbox.trust.authority import Authority
from schemas.signature import SignatureOutcome, SignatureProof
from tests.integration.signature import party as p
from tests.integration.signature.forge import Forge, Hand, Stamps, Way, holder, lasting_by, over_all
from tests.sandboxes import Server
from tests.walking import walked

PAPER: Final = with_fields(p.printed(), [SignatureField(SIGNATURE), SignatureField(SEAL)])
LEADER: Final = f"CCCD:{p.LEADER.number}"
AGENCY: Final = f"MST:{p.AGENCY.number}"


@pytest.fixture
def forge(server: Server, party: p.Party) -> Forge:
    return Forge(Authority(server.data / "authority", server.url), party.asking)


async def made(
    forge: Forge, leader: Hand, seal: Hand, stamper: Hand, way: Way | None = None, *, digest: str = "sha256"
) -> bytes:
    """A file that a leader has signed and a seal has closed, by a program that minds nothing."""
    file = await lasting_by(forge, PAPER, SIGNATURE, leader, Stamps(forge.stamper()), digest=digest)
    file = await lasting_by(forge, file, SEAL, seal, Stamps(forge.stamper()), digest=digest)
    return await over_all(file, Stamps(stamper, way))


async def asked(party: p.Party, file: bytes, *, sealed: bool = True) -> set[str]:
    """What is said of it online and offline: one answer, if both say the same."""
    answers = set()
    for online in (True, False):
        verdict = await verify_official(file, Trust([party.root], party.asking), online=online, sealed=sealed)
        answers.add(" ".join([verdict.outcome, *sorted({problem.rule for problem in verdict.problems})]))
    return answers


def leader(forge: Forge, kind: str = "rsa:2048", digest: str = "sha256", **changes: Any) -> Hand:
    return forge.hand(kind, digest, **{"subject": holder(LEADER), **changes})


def agency(forge: Forge, kind: str = "rsa:2048", digest: str = "sha256", **changes: Any) -> Hand:
    return forge.hand(kind, digest, **{"subject": holder(AGENCY), **changes})


async def test_what_is_well_made_is_valid(forge: Forge, party: p.Party) -> None:
    file = await made(forge, leader(forge), agency(forge), forge.stamper())
    assert await asked(party, file) == {"valid"}
    assert len(PdfFileReader(BytesIO(file)).embedded_signatures) == 3


Hands = Callable[[Forge], Hand]
TWO: Final = partial(leader, subject=holder(LEADER, (USER_ID, AGENCY)))
NO_TRADE: Final = partial(leader, extensions={"extended_key_usage": (["server_auth"], False)})
CA: Final = partial(leader, extensions={"basic_constraints": ({"ca": True}, True)})


def issued(
    by: Hands = leader,
    seal: Hands = agency,
    stamper: Hands = Forge.stamper,
    way: Way | None = None,
    digest: str = "sha256",
) -> Callable[[Forge], Awaitable[bytes]]:
    return lambda forge: made(forge, by(forge), seal(forge), stamper(forge), way, digest=digest)


ISSUED: Final[Mapping[str, tuple[Callable[[Forge], Awaitable[bytes]], str]]] = {
    "a citizen's seal": (issued(seal=partial(agency, subject=holder())), "refused signer_of_other_kind"),
    "nobody's seal": (issued(seal=partial(agency, subject=holder("A"))), "undetermined signer_not_named"),
    "the seal of two": (issued(seal=TWO), "refused signer_ambiguous"),
    "an officer of two numbers": (issued(TWO), "refused signer_ambiguous"),
    "RSA 1024": (issued(partial(leader, kind="rsa:1024")), "refused signature_weak"),
    "SHA-1": (issued(digest="sha1"), "refused signature_weak"),
    "certificate by SHA-1": (issued(partial(leader, digest="sha1")), "refused certificate_weak"),
    "EKU serverAuth": (issued(NO_TRADE), "refused certificate_unsuitable"),
    "stamp by SHA-1": (issued(way=Way("sha1")), "refused timestamp_weak"),
    "stamp by RSA 1024": (issued(stamper=partial(Forge.stamper, kind="rsa:1024")), "refused timestamp_weak"),
    "stamp, its certificate by SHA-1": (
        issued(stamper=partial(Forge.stamper, digest="sha1")),
        "refused certificate_weak",
    ),
    "stamp of a person": (issued(stamper=leader), "refused certificate_unsuitable"),
    "stamp that names no certificate": (issued(way=Way(certid=None)), "refused signature_broken"),
}


@walked("what", ISSUED, exactly=13)
async def test_what_is_weak_or_crooked_is_never_valid(forge: Forge, party: p.Party, what: str) -> None:
    make, said = ISSUED[what]
    assert await asked(party, await make(forge), sealed=False) == {said}


async def test_what_no_organisation_has_signed_is_left_to_the_register(forge: Forge, party: p.Party) -> None:
    paper = with_fields(p.printed(), [SignatureField(SIGNATURE)])
    file = await lasting_by(forge, paper, SIGNATURE, leader(forge), Stamps(forge.stamper()))
    file = await over_all(file, Stamps(forge.stamper()))
    assert await asked(party, file) == {"undetermined no_seal"}
    assert await asked(party, file, sealed=False) == {"valid"}
    verdict = await verify_official(file, Trust([party.root], party.asking))
    kept = SignatureProof.model_validate_json(await proof_of(verdict, party.stamper))
    again = await verify_official(file, Trust([party.root], party.asking), kept=kept, sealed=True)
    assert [problem.rule for problem in again.problems] == ["no_seal"], "no verdict of before says more"


async def test_a_verdict_of_before_makes_nothing_weak_valid(forge: Forge, party: p.Party) -> None:
    file, trust = (
        await made(forge, leader(forge, "rsa:1024"), agency(forge), forge.stamper()),
        Trust([party.root], party.asking),
    )
    verdict = await verify_official(file, trust)
    then = verdict.model_copy(update={"outcome": SignatureOutcome.VALID, "problems": ()})
    kept = SignatureProof.model_validate_json(await proof_of(then, party.stamper))
    assert (await verify_official(file, trust, kept=kept)).outcome is SignatureOutcome.REFUSED


class Forged:
    """A remote signer that holds whatever certificate."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    async def certificates(self, number: str, kind: Holding, name: str) -> tuple[bytes, ...]:  # noqa: ARG002 -- a protocol
        return tuple(one.dump() for one in (self._hand.certificate, *self._hand.others))

    async def sign(self, key: str, number: str, digest: bytes) -> bytes:
        raise AssertionError((key, number, digest))


SIGNERS: Final[Mapping[str, tuple[Hands, str, str]]] = {
    "RSA 1024": (partial(leader, kind="rsa:1024"), SIGNATURE, "certificate_weak"),
    "by SHA-1": (partial(leader, digest="sha1"), SIGNATURE, "certificate_weak"),
    "EKU": (NO_TRADE, SIGNATURE, "certificate_unsuitable"),
    "CA": (CA, SIGNATURE, "certificate_unsuitable"),
    "two numbers": (TWO, SIGNATURE, "signer_ambiguous"),
    "expired": (partial(leader, days=(-9, -1)), SIGNATURE, "certificate_expired"),
    "nobody": (partial(leader, subject=holder("A")), SIGNATURE, "signer_not_named"),
    "a person's seal": (leader, SEAL, "signer_of_other_kind"),
}


@walked("whose", SIGNERS, exactly=8)
async def test_we_ask_nobody_to_sign_whose_signature_would_not_count(forge: Forge, party: p.Party, whose: str) -> None:
    make, field, rule = SIGNERS[whose]
    with pytest.raises(UnfitCertificateError) as unfit:
        await p.official(party, PAPER, field, p.LEADER, signer=Forged(make(forge)))
    assert (unfit.value.rule, unfit.value.passing) == (rule, False)


async def test_we_sign_and_renew_with_no_weak_time_stamp(forge: Forge, party: p.Party) -> None:
    whole = await p.official(party, await p.official(party, PAPER, SIGNATURE, p.LEADER), SEAL, p.AGENCY, last=True)
    trust = Trust([party.root], party.asking)
    weak = Lasting(Stamps(forge.stamper(days=(-1, 5000)), Way("sha1")), trust)
    party.stamper = weak.stamper  # type: ignore[assignment] # any will do
    with pytest.raises(UnfitCertificateError, match="timestamp_weak"):
        await p.official(party, PAPER, SIGNATURE, p.LEADER)
    with pytest.raises(NotRenewedError, match="timestamp_weak"):
        await renewed(whole, weak, datetime.now(UTC))
