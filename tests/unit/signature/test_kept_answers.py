"""Which kept answers about revocation count: of this certificate, and new enough for the moment."""

from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from activities.signature.revocation import FRESH, NOTHING, Answers, Offline, Remembering, ask_all
from activities.signature.trust import Trust
from sandbox.trust.authority import Authority, Holder, Revoked


@pytest.fixture(scope="module")
def holder(authority: Authority) -> Holder:
    return authority.person([(NameOID.COMMON_NAME, "A")])


def asn1(holder: Holder) -> x509.Certificate:
    return x509.Certificate.load(holder.certificate.public_bytes(serialization.Encoding.DER))


def kept(authority: Authority, holder: Holder, revoked: Revoked | None = None) -> Answers:
    """What a signature brings along: the answer about `holder`, and the list of its authority."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(
        holder.certificate, authority.issuing.certificate, hashes.SHA256()
    )
    request = asked.build().public_bytes(serialization.Encoding.DER)
    known = {holder.certificate.serial_number: holder.certificate}
    return Answers((authority.ocsp(request, known.get, revoked or {}),), (authority.crl(authority.issuing, {}),))


def test_an_answer_counts_for_as_long_as_it_is_fresh(authority: Authority, holder: Holder) -> None:
    answers, now = kept(authority, holder), datetime.now(UTC)
    second = timedelta(seconds=1)
    assert answers.about(asn1(holder), now) == answers
    assert answers.about(asn1(holder), now + FRESH - 2 * second) == answers
    assert answers.about(asn1(holder), now + FRESH + second) == NOTHING


def test_an_answer_about_another_does_not_count(authority: Authority, holder: Holder) -> None:
    answers, now = kept(authority, holder), datetime.now(UTC)
    other = authority.person([(NameOID.COMMON_NAME, "B")])
    assert answers.about(asn1(other), now) == Answers(crls=answers.crls)
    assert answers.about(asn1(authority.issuing), now) == NOTHING
    garbage = Answers((b"", b"\x30\x00", b"x" * 9), (b"", b"\x30\x00", b"x" * 9))
    assert garbage.about(asn1(holder), now) == NOTHING


class _Answering:
    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        return Answers(ocsps=(certificate.serial_number.to_bytes(20, "big"), issuer.serial_number.to_bytes(20, "big")))


async def test_a_kept_answer_never_stands_beside_a_new_one(authority: Authority, holder: Holder) -> None:
    old, now = kept(authority, holder), datetime.now(UTC)
    chain = [asn1(authority.root), asn1(authority.issuing), asn1(holder)]
    new = await ask_all(_Answering(), chain, old, now)
    assert len(new.ocsps) == 4
    assert not set(old.ocsps) & set(new.ocsps)
    assert new.crls == ()
    assert await ask_all(Offline(), chain, old, now) == old


async def test_who_answers_now_may_be_too_new_to_speak_of_the_past(authority: Authority, holder: Holder) -> None:
    then, old = datetime.now(UTC), kept(authority, holder)
    authority.ahead = timedelta(days=400)
    authority.renew_responder()
    revoked = {holder.certificate.serial_number: then - timedelta(days=9)}
    answers = [kept(authority, holder, serials).ocsps for serials in ({}, revoked)]
    about_issuer = authority.crl(authority.root, {})
    authority.ahead = timedelta()
    authority.renew_responder()
    for today, rule in zip(answers, (None, "revocation_unknown"), strict=True):
        trust = Trust([asn1(authority.root)], _Today(today, about_issuer))
        others = [asn1(authority.issuing)]
        assert (await trust.vouch(asn1(holder), others, "signing", then, NOTHING)).rule == "revocation_unknown"
        assert (await trust.vouch(asn1(holder), others, "signing", then, old)).rule == rule


class _Today:
    """Answers about a holder by OCSP, and about its issuer by list."""

    def __init__(self, about_holder: tuple[bytes, ...], about_issuer: bytes) -> None:
        self._holder = Answers(ocsps=about_holder)
        self._issuer = Answers(crls=(about_issuer,))

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:  # noqa: ARG002 -- a protocol
        return self._issuer if certificate.ca else self._holder


async def test_an_authority_is_asked_about_once_and_a_person_each_time(authority: Authority, holder: Holder) -> None:
    asked: list[int] = []

    class Counting:
        async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:  # noqa: ARG002 -- a protocol
            asked.append(certificate.serial_number)
            return Answers(crls=(b"",)) if len(asked) > 1 else NOTHING

    remembering, issuing = Remembering(Counting()), asn1(authority.issuing)
    assert await remembering.ask(issuing, asn1(authority.root)) == NOTHING  # who was silent is asked again
    for _ in range(3):
        for certificate in (asn1(holder), asn1(authority.stamping), issuing):
            assert await remembering.ask(certificate, issuing) != NOTHING
    counts = [asked.count(asn1(one).serial_number) for one in (authority.issuing, authority.stamping, holder)]
    assert counts == [2, 1, 3]
