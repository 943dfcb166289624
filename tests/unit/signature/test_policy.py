"""The one policy of signatures: what stands in docs/signatures.md, what is read of settings, and whose word counts."""

import re
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from asn1crypto import crl, x509
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from pydantic import TypeAdapter, ValidationError

from activities.signature.policy import POLICY, Policy
from activities.signature.revocation import NOTHING, Answers
from activities.signature.trust import Trust
from sandbox.trust.authority import Authority, Holder
from tests.conftest import ROOT
from tests.integration.signature.forge import signed_by

ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|", re.MULTILINE)
DER = serialization.Encoding.DER


def test_the_page_prints_the_policy() -> None:
    page = (ROOT / "docs/signatures.md").read_text()
    section = page.split("## The policy", 1)[1].split("\n## ", 1)[0]
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


class _Told:
    """The authority's own answers about people, signed anew by this digest."""

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
        told = crl.CertificateList.load(self._authority.crl(issuer, {}))
        body = told["tbs_cert_list"].copy()
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
        trust = Trust([chain[0]], _Told(authority, digest, by_list=by_list))
        standing = await trust.vouch(chain[2], [chain[1]], "signing", datetime.now(UTC), NOTHING)
        assert standing.rule == rule


def _asn1(holder: Holder) -> x509.Certificate:
    return x509.Certificate.load(holder.certificate.public_bytes(DER))
