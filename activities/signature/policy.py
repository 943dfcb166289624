"""Requirements for a signature, a time-stamp and their certificates: one policy object, given to the library.

The policy lists the permitted algorithms and uses; all others are refused. docs/signatures.md prints the lists. The
algorithms that the law of Viet Nam prescribes are unconfirmed: the authorities there use the listed ones, as far as
is known, and NIST and ETSI still recommend them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, Literal

from asn1crypto import algos, cms, core, keys, x509
from cryptography.exceptions import InvalidSignature
from pydantic import ConfigDict
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator import sig_validate
from pyhanko_certvalidator.errors import InvalidCertificateError
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint

from activities.signature.certificate_subject import Kind

Purpose = Literal["signing", "time_stamping"]

DOCUMENT_SIGNING: Final = "1.3.6.1.5.5.7.3.36"
"""The purpose of document signing (RFC 9336), for which the library has no name."""
SIGNING_CERTIFICATE: Final = frozenset({"signing_certificate", "signing_certificate_v2"})

_ISSUES: Final = frozenset({"key_cert_sign", "crl_sign"})


@dataclass(frozen=True)
class Policy(CMSAlgorithmUsagePolicy):
    """The rules as data, and methods that evaluate the rules. A setting replaces a whole list.

    A signer's certificate with extended key usages must have one of `purposes`, and none of `others`. `holders` is the
    only permitted kind of holder, by signature field.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    digests: frozenset[str] = frozenset({"sha256", "sha384", "sha512"})
    mechanisms: frozenset[str] = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "ecdsa"})
    rsa_bits: int = 2048
    rsa_exponent: int = 65537
    curves: frozenset[str] = frozenset({"secp256r1", "secp384r1", "secp521r1"})
    usage: str = "non_repudiation"
    purposes: frozenset[str] = frozenset(
        {
            "email_protection",
            "any_extended_key_usage",
            DOCUMENT_SIGNING,
            "microsoft_document_signing",
            "adobe_authentic_documents_trust",
        }
    )
    others: frozenset[str] = frozenset({"time_stamping", "ocsp_signing"})
    holders: Mapping[str, Kind] = field(default_factory=lambda: {"seal": "organisation"})

    def digest_algorithm_allowed(
        self,
        algo: algos.DigestAlgorithm,
        moment: datetime | None,  # noqa: ARG002 -- the library's signature
    ) -> AlgorithmUsageConstraint:
        """Returns whether the digest algorithm is on the list."""
        return _constraint(algo["algorithm"].native in self.digests, "digest")

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,  # noqa: ARG002 -- the library's signature
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        """Returns whether mechanism, digests and key are permitted, and whether the key fits the mechanism."""
        try:
            mechanism = algo.signature_algo
        except ValueError:
            return _constraint(allowed=False, what="mechanism")
        if mechanism not in self.mechanisms or not self._digests(algo, mechanism) <= self.digests:
            return _constraint(allowed=False, what="mechanism")
        kinds = {"ec"} if mechanism == "ecdsa" else {"rsa", mechanism}
        fits = public_key is None or (public_key.algorithm in kinds and self.key_allowed(public_key))
        return _constraint(fits, "key")

    def key_allowed(self, key: keys.PublicKeyInfo) -> bool:
        """Returns whether the key is on a listed curve, or is an RSA key with a permitted modulus and exponent."""
        try:
            if key.algorithm == "ec":
                kind, curve = key.curve
                return kind == "named" and curve in self.curves
            if key.algorithm not in {"rsa", "rsassa_pss"}:
                return False
            numbers = key["public_key"].parsed
            modulus, exponent = numbers["modulus"].native, numbers["public_exponent"].native
        except (ValueError, TypeError, KeyError):
            return False
        return bool(modulus.bit_length() >= self.rsa_bits and exponent >= self.rsa_exponent and exponent % 2)

    def fault(self, signed: cms.SignedData) -> str | None:
        """Returns the rule that a signature breaks, or None. Does not check the rules about its signer.

        Raises an error of `MALFORMED`.
        """
        (signer,) = signed["signer_infos"]
        digest, mechanism = signer["digest_algorithm"], signer["signature_algorithm"]
        key = extract_certificate_info(signed).signer_cert.public_key
        content = signed["encap_content_info"]
        imprint = None
        if content["content_type"].native == "tst_info":  # a time-stamp
            imprint = content["content"].parsed["message_imprint"]["hash_algorithm"]["algorithm"].native
        allowed = (
            self.digest_algorithm_allowed(digest, None),
            self.signature_algorithm_allowed(mechanism, None, key),
            self.digest_combination_allowed(
                mechanism, algos.DigestAlgorithm({"algorithm": digest["algorithm"].native}), None
            ),
            _constraint(imprint in {None, *self.digests}, "imprint"),
        )
        if not all(allowed):
            return "signature_weak"
        named = {one["algorithm"].native for one in signed["digest_algorithms"]}
        has = signer["signed_attrs"] is not core.VOID and digest["algorithm"].native in named
        return None if has else "signature_incomplete"

    def unfit(self, chain: Sequence[x509.Certificate], purpose: Purpose) -> str | None:
        """Returns the rule that makes the last certificate of a chain (root first) unfit for the purpose, or None."""
        certificate = chain[-1]
        if not self.key_allowed(certificate.public_key):
            return "certificate_weak"
        if certificate.ca or _ISSUES & _uses(certificate) or any(map(_is_crooked, chain[1:])):
            return "certificate_unsuitable"
        may = self._may_sign(certificate, chain[1:-1]) if purpose == "signing" else _may_stamp(certificate)
        return None if may else "certificate_unsuitable"

    def constraints(self, purpose: Purpose) -> KeyUsageConstraints:
        """Returns the required uses of a certificate, in the library's form."""
        if purpose == "time_stamping":
            return KeyUsageConstraints(key_usage=set(), extd_key_usage={"time_stamping"})
        return KeyUsageConstraints(
            key_usage={self.usage}, extd_key_usage=self.purposes, explicit_extd_key_usage_required=False
        )

    def _may_sign(self, certificate: x509.Certificate, authorities: Sequence[x509.Certificate]) -> bool:
        try:
            self.constraints("signing").validate(certificate)
        except InvalidCertificateError:
            return False
        return not self.others & _purposes(certificate) and all(
            not _purposes(one) or bool(self.purposes & _purposes(one)) for one in authorities
        )

    def _digests(self, algo: algos.SignedDigestAlgorithm, mechanism: str) -> set[str]:
        """Returns the digests that the mechanism itself names; empty if the signature names them elsewhere."""
        if mechanism == "rsassa_pss":
            pss = algo["parameters"]
            mask = pss["mask_gen_algorithm"]
            return {pss["hash_algorithm"]["algorithm"].native, mask["parameters"]["algorithm"].native}
        try:
            return {algo.hash_algo}
        except ValueError:
            return set() if algo["algorithm"].native in {"rsassa_pkcs1v15", "ecdsa"} else {algo["algorithm"].native}


class Strict(sig_validate.DefaultSignatureValidator):
    """Verifies signatures only if the policy permits them.

    Needed for revocation answers, to which the library itself applies no policy.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: keys.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: sig_validate.SignatureValidationContext = sig_validate.DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        """Raises `InvalidSignature` if the signature is wrong or the policy does not permit it."""
        if not self._policy.signature_algorithm_allowed(signature_algorithm, None, public_key_info):
            raise InvalidSignature
        super().validate_signature(signature, signed_data, public_key_info, signature_algorithm, context)


def key_of(certificate: bytes) -> keys.PublicKeyInfo:
    """Returns the public key of a certificate in DER."""
    return x509.Certificate.load(certificate).public_key


def names_its_certificate(signed: cms.SignedData) -> bool:
    """Returns whether a signature states which certificate it belongs to, as PAdES and time-stamps require."""
    return any(one["type"].native in SIGNING_CERTIFICATE for one in signed["signer_infos"][0]["signed_attrs"])


def _may_stamp(certificate: x509.Certificate) -> bool:
    """Returns whether the certificate may be used for time-stamping, and for nothing else (RFC 3161, 2.3)."""
    alone = _purposes(certificate) == {"time_stamping"} and "extended_key_usage" in certificate.critical_extensions
    return alone and _uses(certificate) <= {"digital_signature", "non_repudiation"}


def _is_crooked(certificate: x509.Certificate) -> bool:
    """Returns whether a certificate has an extension twice, or names two different algorithms for its signature."""
    inside = certificate["tbs_certificate"]
    names = [one["extn_id"].dotted for one in inside["extensions"] or ()]
    return len(names) != len(set(names)) or inside["signature"].dump() != certificate["signature_algorithm"].dump()


def _uses(certificate: x509.Certificate) -> set[str]:
    found = certificate.key_usage_value
    return set() if found is None else set(found.native)


def _purposes(certificate: x509.Certificate) -> set[str]:
    found = certificate.extended_key_usage_value
    return set() if found is None else set(found.native)


def _constraint(allowed: bool, what: str) -> AlgorithmUsageConstraint:  # noqa: FBT001 -- made here alone
    return AlgorithmUsageConstraint(allowed, failure_reason=None if allowed else f"the {what} is on no list")


POLICY: Final = Policy()
"""The policy as printed in docs/signatures.md."""
