"""Stored answers about revocation count if they concern this certificate and are recent enough for the moment."""

import json
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from asn1crypto import crl, x509
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from pydantic import TypeAdapter, ValidationError

from activities.partners.signer import key_of, order_of
from activities.signature.policy import POLICY, Policy
from activities.signature.revocation import FRESH, NOTHING, Answers, Offline, Remembering, ask_all
from activities.signature.trust import Trust
from operations.doctor.check import Health
from operations.doctor.partners import findings
from operations.reconciling import Signature, SignatureState, UnorderedSignature, Wrong, acts_in, compared
from sandbox.trust.authority import Authority, Holder, Revoked
from schemas.stream.ledger import About
from tests.conftest import ROOT
from tests.integration.signature.forge import signed_by


@pytest.fixture(scope="module")
def holder(authority: Authority) -> Holder:
    return authority.person([(NameOID.COMMON_NAME, "A")])


def asn1(holder: Holder) -> x509.Certificate:
    return x509.Certificate.load(holder.certificate.public_bytes(serialization.Encoding.DER))


def kept(authority: Authority, holder: Holder, revoked: Revoked | None = None) -> Answers:
    """Returns the answers stored with a signature: the one about `holder`, and its authority's revocation list."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(
        holder.certificate, authority.issuing.certificate, hashes.SHA256()
    )
    request = asked.build().public_bytes(serialization.Encoding.DER)
    known = {holder.certificate.serial_number: holder.certificate}
    return Answers((authority.ocsp(request, known.get, revoked or {}),), (authority.crl(authority.issuing, {}),))


def test_an_answer_counts_while_fresh_and_about_its_own(authority: Authority, holder: Holder) -> None:
    answers, now = kept(authority, holder), datetime.now(UTC)
    second = timedelta(seconds=1)
    assert answers.about(asn1(holder), now) == answers
    assert answers.about(asn1(holder), now + FRESH - 2 * second) == answers
    assert answers.about(asn1(holder), now + FRESH + second) == NOTHING
    answers, now = kept(authority, holder), datetime.now(UTC)
    assert answers.about(asn1(authority.person([(NameOID.COMMON_NAME, "B")])), now) == Answers(crls=answers.crls)
    assert answers.about(asn1(authority.issuing), now) == NOTHING
    assert Answers((b"", b"\x30\x00", b"x" * 9), (b"", b"\x30\x00", b"x" * 9)).about(asn1(holder), now) == NOTHING


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


ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|", re.MULTILINE)
DER = serialization.Encoding.DER


def test_the_page_prints_the_policy() -> None:
    section = (ROOT / "docs/signatures.md").read_text().split("## The policy", 1)[1].split("\n## ", 1)[0]
    printed = {name: set(re.findall(r"`([^`]+)`", values)) for name, values in ROW.findall(section)}
    assert printed == {one.name: _words(getattr(POLICY, one.name)) for one in fields(POLICY)}


def _words(value: object) -> set[str]:
    match value:
        case frozenset():
            return set(value)
        case dict():
            return {f"{field}: {kind}" for field, kind in value.items()}
        case _:
            return {str(value)}


def test_a_setting_replaces_whole_lists_and_names_nothing_unknown() -> None:
    read = TypeAdapter(Policy).validate_json
    assert read("{}") == POLICY
    assert read('{"digests": ["sha512"], "rsa_bits": 3072}') == Policy(digests=frozenset({"sha512"}), rsa_bits=3072)
    for wrong in ('{"digest": ["sha1"]}', '{"digests": "sha1"}', '{"holders": {"seal": "office"}}', "[]"):
        with pytest.raises(ValidationError):
            read(wrong)


class _AnswersOf:
    """The authority's own answers about people's certificates, but signed with this digest algorithm."""

    def __init__(self, authority: Authority, digest: str, *, by_list: bool) -> None:
        self._authority = authority
        self._digest = digest
        self._by_list = by_list

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:  # noqa: ARG002 -- a protocol
        if certificate.ca:
            return Answers(crls=(self._authority.crl(self._authority.root, {}),))
        return Answers(crls=(self._list(),)) if self._by_list else Answers(ocsps=(self._answer(certificate),))

    def _list(self) -> bytes:
        issuer = self._authority.issuing
        body = crl.CertificateList.load(self._authority.crl(issuer, {}))["tbs_cert_list"].copy()
        body["signature"] = {"algorithm": f"{self._digest}_rsa"}
        algorithm, signature = signed_by(issuer.key, body.dump(force=True), self._digest)
        made = {"tbs_cert_list": body, "signature_algorithm": algorithm, "signature": signature}
        return bytes(crl.CertificateList(made).dump())

    def _answer(self, certificate: x509.Certificate) -> bytes:
        issuer = self._authority.issuing
        known = pyca.load_der_x509_certificate(certificate.dump())
        request = ocsp.OCSPRequestBuilder().add_certificate(known, issuer.certificate, hashes.SHA256()).build()
        told = asn1_ocsp.OCSPResponse.load(
            self._authority.ocsp(request.public_bytes(DER), lambda _: known, {})
        ).basic_ocsp_response
        body = told["tbs_response_data"].copy()
        body["responder_id"] = asn1_ocsp.ResponderId("by_name", _asn1(issuer).subject)
        algorithm, signature = signed_by(issuer.key, body.dump(force=True), self._digest)
        made = {"tbs_response_data": body, "signature_algorithm": algorithm, "signature": signature}
        basic = asn1_ocsp.BasicOCSPResponse({**made, "certs": [_asn1(issuer)]})
        whole = {"response_type": "basic_ocsp_response", "response": basic}
        return bytes(asn1_ocsp.OCSPResponse({"response_status": "successful", "response_bytes": whole}).dump())


@pytest.mark.parametrize("by_list", [False, True], ids=["ocsp", "list"])
async def test_a_word_on_revocation_that_is_signed_weakly_is_none(authority: Authority, *, by_list: bool) -> None:
    chain = [_asn1(one) for one in (authority.root, authority.issuing, authority.person([(NameOID.COMMON_NAME, "A")]))]
    for digest, rule in (("sha256", None), ("sha1", "revocation_unknown")):
        trust = Trust([chain[0]], _AnswersOf(authority, digest, by_list=by_list))
        assert (await trust.vouch(chain[2], [chain[1]], "signing", datetime.now(UTC), NOTHING)).rule == rule


def _asn1(holder: Holder) -> x509.Certificate:
    return x509.Certificate.load(holder.certificate.public_bytes(DER))


# What a signing service has signed, against what the log has ordered.

FILING: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")
RESULT: Final = About(stream=f"result:{FILING}:1", seq=3)
PAPER: Final = About(stream=f"filing:{FILING}", seq=2)
ONE, OTHER = bytes([1]) * 32, bytes([2]) * 32


def signed(order: About | None, digest: bytes = ONE, **said: str) -> Signature:
    given = {"key": key_of(order, digest), "number": "001085000012", "digest": digest.hex()} | said
    return Signature.model_validate(given)


@pytest.mark.parametrize("order", [RESULT, PAPER])
def test_the_key_of_a_request_names_the_event_that_orders_it(order: About) -> None:
    assert order_of(key_of(order, ONE)) == order


@pytest.mark.parametrize(
    "key", [key_of(None, ONE), "", "one", f"sign:result:{FILING}:1:3:", f"x{key_of(RESULT, ONE)}", "sign:a:b:1:c"]
)
def test_a_key_of_others_names_none(key: str) -> None:
    assert order_of(key) is None


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (SignatureState.SIGNED, None),
        (SignatureState.AWAITED, None),
        (SignatureState.OTHERWISE, Wrong.NOT_TAKEN),
        (SignatureState.NOTHING, Wrong.NOT_ORDERED),
        (SignatureState.STRANGE, Wrong.OF_NO_FILING),
    ],
)
@pytest.mark.parametrize("order", [RESULT, PAPER])
def test_each_signature_is_borne_out_by_an_event(order: About, told: SignatureState, wrong: Wrong | None) -> None:
    expected = [] if wrong is None else [UnorderedSignature(order, wrong)]
    assert compared([signed(order), signed(None)], {order: told}) == expected
    assert compared([signed(order, status="waiting"), signed(order, OTHER, status="declined")], {order: told}) == []


def test_one_place_orders_one_signature_and_the_log_says_nothing_of_others() -> None:
    assert compared([signed(RESULT)], {}) == [UnorderedSignature(RESULT, Wrong.OF_NO_FILING)]
    given, told = [signed(RESULT), signed(RESULT), signed(RESULT, OTHER), signed(PAPER)], SignatureState.SIGNED
    assert compared(given, {RESULT: told, PAPER: told}) == [UnorderedSignature(RESULT, Wrong.ONE_TOO_MANY)]
    assert len(compared(given, {PAPER: told, RESULT: SignatureState.NOTHING})) == 2


def test_what_no_event_orders_fails_and_the_rest_warns() -> None:
    assert [one.health for one in findings([])] == [Health.OK]
    found = findings([UnorderedSignature(PAPER, Wrong.NOT_ORDERED)] * 9 + [UnorderedSignature(RESULT, Wrong.NOT_TAKEN)])
    assert [one.health for one in found] == [Health.FAIL, Health.WARN]
    assert found[0].what.en.startswith(f"9 signatures that no event orders: {PAPER.stream} {PAPER.seq}, ")
    assert found[0].what.vi.count(PAPER.stream) == 5
    assert RESULT.stream in found[1].what.vi


def test_a_signature_in_a_statement_has_a_digest() -> None:
    line = {"key": key_of(RESULT, ONE), "number": "1", "digest": ONE.hex(), "at": "2026-11-30T08:00:00+07:00"}
    [read] = acts_in([json.dumps(line) + "\n", "\n"])
    assert isinstance(read, Signature)
    assert (read.key, read.status, read.at is not None) == (line["key"], "signed", True)
    with pytest.raises(ValueError, match=r"^2: digest: "):
        acts_in(["", json.dumps(line | {"digest": "x"})])
