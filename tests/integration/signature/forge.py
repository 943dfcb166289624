"""A forger who has the sandbox authority's keys: makes any certificate, signature or time-stamp, valid or not."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any

from asn1crypto import algos, cms, core, keys, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.sign import Signer as CmsSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import AcceptAllAlgorithms
from pyhanko_certvalidator.registry import SimpleCertificateStore

from activities.signature.certificate_subject import USER_ID
from activities.signature.revocation import NOTHING, Answers, ask_all
from sandbox.trust.authority import Authority
from tests.integration.signature import party as p


@cache
def key(kind: str) -> Any:
    """Returns a key of this kind; keys are cached, since some take seconds to make."""
    match kind.split(":"):
        case ["rsa", bits]:
            return rsa.generate_private_key(public_exponent=65537, key_size=int(bits))
        case ["rsa", bits, exponent, *_]:
            return rsa.generate_private_key(public_exponent=int(exponent), key_size=int(bits))
        case ["dsa", bits]:
            return dsa.generate_private_key(key_size=int(bits))
        case ["ed25519"]:
            return ed25519.Ed25519PrivateKey.generate()
        case ["ec", curve]:
            return ec.generate_private_key(getattr(ec, curve)())
    raise ValueError(kind)


def signed_by(
    key_: Any, data: bytes, digest: str, mask: str | None = None
) -> tuple[algos.SignedDigestAlgorithm, bytes]:
    """Signs `data`; returns the algorithm and the signature. With `mask`, the algorithm is RSA-PSS."""
    made: Any = getattr(hashes, digest.upper())()
    if isinstance(key_, rsa.RSAPrivateKey) and mask is not None:
        told = {
            "hash_algorithm": {"algorithm": digest},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask}},
            "salt_length": 20,
        }
        algorithm = {"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(told)}
        pss = padding.PSS(padding.MGF1(getattr(hashes, mask.upper())()), 20)
        return algos.SignedDigestAlgorithm(algorithm), key_.sign(data, pss, made)
    if isinstance(key_, rsa.RSAPrivateKey):
        return algos.SignedDigestAlgorithm({"algorithm": f"{digest}_rsa"}), key_.sign(data, padding.PKCS1v15(), made)
    if isinstance(key_, ed25519.Ed25519PrivateKey):
        return algos.SignedDigestAlgorithm({"algorithm": "ed25519"}), key_.sign(data)
    if isinstance(key_, dsa.DSAPrivateKey):
        return algos.SignedDigestAlgorithm({"algorithm": f"{digest}_dsa"}), key_.sign(data, made)
    return algos.SignedDigestAlgorithm({"algorithm": f"{digest}_ecdsa"}), key_.sign(data, ec.ECDSA(made))


def name(*parts: tuple[str, str], together: bool = False) -> x509.Name:
    """Returns a subject with these attributes, each in its own RDN or all `together` in one."""
    made = [x509.NameTypeAndValue({"type": kind, "value": x509.DirectoryString("utf8_string", x509.UTF8String(value))})
            for kind, value in parts]  # fmt: skip
    relatives = [made] if together else [[one] for one in made]
    return x509.Name("", x509.RDNSequence([x509.RelativeDistinguishedName(one) for one in relatives]))


def holder(number: str = f"CCCD:{p.APPLICANT.number}", *more: tuple[str, str], together: bool = False) -> x509.Name:
    return name(("common_name", "Nguyễn Thị Ước"), (USER_ID, number), *more, together=together)


@dataclass(frozen=True)
class Hand:
    """A holder of a key, with its certificate and the further certificates up to the root."""

    certificate: x509.Certificate
    key: Any
    others: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> list[x509.Certificate]:
        """Returns the chain from the certificate below the root to the holder's own."""
        return [*reversed(self.others), self.certificate]


@dataclass(frozen=True)
class Way:
    """Options for making a signature; the defaults make a valid one."""

    digest: str = "sha256"
    mask: str | None = None
    attributes: bool = True
    without: frozenset[str] = frozenset()
    certid: str | None = "sha256"
    certid_of: x509.Certificate | None = None
    listed: str | None = None
    content_type: str = "data"
    twice: bool = False
    stamps: tuple[Callable[[bytes], cms.ContentInfo], ...] = ()
    over_content: tuple[Callable[[bytes], cms.ContentInfo], ...] = ()


@dataclass
class Forge:
    authority: Authority
    asking: Any
    root: x509.Certificate = field(init=False)
    issuing: Hand = field(init=False)

    def __post_init__(self) -> None:
        self.root = _asn1(self.authority.root.certificate)
        self.issuing = Hand(_asn1(self.authority.issuing.certificate), self.authority.issuing.key)

    def authority_of(
        self, kind: str = "rsa:2048", digest: str = "sha256", by: Hand | None = None, **changes: Any
    ) -> Hand:
        """Returns another issuing authority; its own certificate names the root's list of revocations."""
        extensions: dict[str, Any] = {
            "basic_constraints": ({"ca": True}, True),
            "key_usage": ({"key_cert_sign", "crl_sign"}, True),
            "crl_distribution_points": (_list_at(f"{self.authority.url}/crl/root.crl"), False),
        }
        above = by or Hand(self.root, self.authority.root.key)
        subject = name(("common_name", f"Authority {len(above.others) + (by is not None)}"))
        made = self.hand(kind, digest, by=above, subject=subject, extensions=extensions | changes)
        return Hand(made.certificate, made.key, () if by is None else (by.certificate, *by.others))

    def hand(
        self,
        kind: str = "rsa:2048",
        digest: str = "sha256",
        *,
        subject: x509.Name | None = None,
        by: Hand | None = None,
        extensions: Mapping[str, tuple[Any, bool] | None] | None = None,
        mask: str | None = None,
        inside: str | None = None,
        days: tuple[int, int] = (-1, 365),
        again: str | None = None,
    ) -> Hand:
        """Returns a holder with a key of this kind and a certificate signed with this digest."""
        issuer, own = by or self.issuing, key(kind)
        told: dict[str, tuple[Any, bool] | None] = {
            "key_usage": ({"digital_signature", "non_repudiation"}, True),
            "crl_distribution_points": (_list_at(f"{self.authority.url}/crl/issuing.crl"), False),
            **(extensions or {}),
        }
        now = datetime.now(UTC).replace(microsecond=0)
        before, after = (now + timedelta(days=day) for day in days)
        written = [x509.Extension({"extn_id": name_, "critical": one[1], "extn_value": one[0]})
                   for name_, one in told.items() if one is not None]  # fmt: skip
        der = own.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        inner, _ = signed_by(issuer.key, b"", inside or digest, mask)
        body = x509.TbsCertificate({
            "version": "v3",
            "serial_number": secrets.randbits(63),
            "signature": inner,
            "issuer": issuer.certificate.subject,
            "validity": {"not_before": x509.Time("utc_time", before), "not_after": x509.Time("utc_time", after)},
            "subject": subject or holder(),
            "subject_public_key_info": keys.PublicKeyInfo.load(der),
            "extensions": [*written, *(one for one in written if one["extn_id"].native == again)],
        })  # fmt: skip
        algorithm, signature = signed_by(issuer.key, body.dump(), digest, mask)
        certificate = {"tbs_certificate": body, "signature_algorithm": algorithm, "signature_value": signature}
        above = (issuer.certificate, *issuer.others) if issuer.certificate != self.root else ()
        return Hand(x509.Certificate.load(x509.Certificate(certificate).dump()), own, above)

    def stamper(self, kind: str = "rsa:2048", digest: str = "sha256", **changes: Any) -> Hand:
        extensions: dict[str, Any] = {
            "key_usage": ({"digital_signature"}, True),
            "extended_key_usage": (["time_stamping"], True),
        }
        extensions |= changes.pop("extensions", {})
        return self.hand(kind, digest, subject=name(("common_name", "TSA")), extensions=extensions, **changes)


def cms_of(content: bytes, hand: Hand, way: Way | None = None, inside: core.Asn1Value | None = None) -> cms.ContentInfo:
    """Returns a signature over `content`, which is detached, or embedded as `inside`."""
    way = way or Way()
    attributes: list[cms.CMSAttribute] = []
    kind = "data" if inside is None else "tst_info"
    if way.attributes:
        told: dict[str, Any] = {
            "content_type": way.content_type if inside is None else kind,
            "message_digest": hashlib.new(way.digest, content).digest(),
        }
        if way.certid is not None:
            certid = {
                "hash_algorithm": {"algorithm": way.certid},
                "cert_hash": hashlib.new(way.certid, (way.certid_of or hand.certificate).dump()).digest(),
            }
            told["signing_certificate_v2"] = tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2(certid)]})
        if way.over_content:
            told["content_time_stamp"] = way.over_content[0](content)
        attributes = [cms.CMSAttribute({"type": name_, "values": [value]})
                      for name_, value in told.items() if name_ not in way.without]  # fmt: skip
    signed = cms.CMSAttributes(attributes)
    algorithm, signature = signed_by(hand.key, signed.dump() if attributes else content, way.digest, way.mask)
    signer: dict[str, Any] = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", {
            "issuer": hand.certificate.issuer, "serial_number": hand.certificate.serial_number,
        }),
        "digest_algorithm": {"algorithm": way.digest},
        "signature_algorithm": algorithm,
        "signature": signature,
    }  # fmt: skip
    if attributes:
        signer["signed_attrs"] = signed
    if way.stamps:
        stamps = [make(signature) for make in way.stamps]
        signer["unsigned_attrs"] = cms.CMSAttributes([
            cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [one]}) for one in stamps
        ])  # fmt: skip
    one = cms.SignerInfo(signer)
    content_info = (
        {"content_type": kind, "content": inside} if inside is not None else {"content_type": way.content_type}
    )
    body = {
        "version": "v1" if inside is None else "v3",
        "digest_algorithms": [{"algorithm": way.listed or way.digest}],
        "encap_content_info": content_info,
        "certificates": [hand.certificate, *hand.others],
        "signer_infos": [one, one] if way.twice else [one],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(body)})


def token_of(
    hand: Hand, way: Way | None = None, *, imprint: str = "sha256", other: bool = False, named: x509.Name | None = None
) -> Callable[[bytes], cms.ContentInfo]:
    """Returns a function that makes this holder's time-stamps; with `other`, over other data than requested."""

    def make(data: bytes) -> cms.ContentInfo:
        return token(hand, way, imprint, hashlib.new(imprint, b"other" if other else data).digest(), named)

    return make


def token(hand: Hand, way: Way | None, imprint: str, digest: bytes, named: x509.Name | None = None) -> cms.ContentInfo:
    told: dict[str, Any] = {
        "version": "v1",
        "policy": "1.2.3.4",
        "message_imprint": {"hash_algorithm": {"algorithm": imprint}, "hashed_message": digest},
        "serial_number": 1,
        "gen_time": datetime.now(UTC).replace(microsecond=0),
    }
    if named is not None:
        told["tsa"] = x509.GeneralName("directory_name", named)
    info = tsp.TSTInfo(told)
    return cms_of(info.dump(), hand, way, core.ParsableOctetString(info.dump()))


def refilled(file: bytes, make: Callable[[bytes], cms.ContentInfo]) -> bytes:
    """Returns the PDF with its newest signature replaced by another one over the same bytes."""
    start, before, after, length = p.ranges(file)
    made: bytes = make(file[start:before] + file[after : after + length]).dump().hex().encode()
    return file[: before + 1] + made.ljust(after - before - 2, b"0") + file[after - 1 :]


class Maker(CmsSigner):
    """The signer of the PDF library, for one holder; it signs without any check."""

    def __init__(self, hand: Hand) -> None:
        known = SimpleCertificateStore()
        known.register_multiple(hand.others)
        super().__init__(signing_cert=hand.certificate, cert_registry=known)
        self._hand = hand

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002
        return signed_by(self._hand.key, data, digest_algorithm)[1]


class Stamps(TimeStamper):
    """A time-stamper with a holder's key, which makes its tokens in the given way."""

    def __init__(self, hand: Hand, way: Way | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # the library left it out
        self._hand, self._way = hand, way

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        return token(self._hand, self._way, md_algorithm, message_digest)


async def lasting_by(
    forge: Forge, file: bytes, field_: str, hand: Hand, stamper: TimeStamper, *, digest: str = "sha256"
) -> bytes:
    """Returns `file` with a long-term signature (B-LT) like an officer's, made without any check of policies."""
    seen = (await stamper.async_dummy_response("sha256"))["content"]
    stamps = [one.chosen for one in seen["certificates"]]
    chains = [[forge.root, *hand.chain], [forge.root, *sorted(stamps, key=lambda one: not one.ca)]]
    found = await asyncio.gather(*(ask_all(forge.asking, chain, NOTHING, datetime.now(UTC)) for chain in chains))
    answers: Answers = found[0] + found[1]
    known: dict[str, Any] = {"other_certs": [*hand.others, *stamps], "crls": answers.crls, "ocsps": answers.ocsps}
    minds: dict[str, Any] = {"algorithm_usage_policy": AcceptAllAlgorithms(), "retroactive_revinfo": True}
    context = ValidationContext(trust_roots=[forge.root], moment=datetime.now(UTC), **known, **minds)
    asked: dict[str, Any] = {"embed_validation_info": True, "validation_context": context, "signer_key_usage": set()}
    meta = PdfSignatureMetadata(field_name=field_, md_algorithm=digest, subfilter=SigSeedSubFilter.PADES, **asked)
    output, writer = BytesIO(), IncrementalPdfFileWriter(BytesIO(file))
    await PdfSigner(meta, Maker(hand), timestamper=stamper).async_sign_pdf(writer, output=output)
    return output.getvalue()


async def over_all(file: bytes, stamper: TimeStamper) -> bytes:
    output, writer = BytesIO(), IncrementalPdfFileWriter(BytesIO(file))
    await PdfTimeStamper(stamper).async_timestamp_pdf(writer, "sha256", None, output=output)
    return output.getvalue()


def _list_at(address: str) -> list[dict[str, Any]]:
    point = x509.GeneralName("uniform_resource_identifier", address)
    return [{"distribution_point": x509.DistributionPointName("full_name", [point])}]


def _asn1(certificate: Any) -> x509.Certificate:
    return x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
