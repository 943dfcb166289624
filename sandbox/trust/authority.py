"""The keys and certificates of the sandbox: root, issuing authority, OCSP responder, time-stamping authority."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from sandbox.trust import ROOT

DAY: Final = timedelta(days=1)
YEARS: Final = timedelta(days=3650)
PERSON_LIFE: Final = timedelta(days=365)
STAMPING_LIFE: Final = 3 * PERSON_LIFE
STAMPING_USE: Final = PERSON_LIFE
"""How long a time-stamping certificate makes time-stamps. It is valid longer, so that these can be renewed in time."""
ANSWER_LIFE: Final = timedelta(hours=12)
"""The validity that a CRL or an OCSP answer states for itself."""

USES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)

Extension = tuple[x509.ExtensionType, bool]
Revoked = Mapping[int, datetime]
"""The revoked serial numbers, each with the time of its revocation."""


@dataclass(frozen=True)
class Holder:
    """A key with its certificate."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


class Authority:
    """A certification authority. `folder`: its keys; `url`: the base of the CRL and OCSP addresses in its certificates.

    The root certifies the issuing authority, which certifies people, OCSP responder and time-stamping authority.

    `ahead`: how far its clock is ahead of the real time.
    """

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.url = url
        self.ahead = timedelta()
        root_key = _key(folder / "root.key")
        self.root = Holder(_kept(folder / ROOT, lambda: _root(root_key)), root_key)
        issuing = _key(folder / "issuing.key")
        name = _name("Sandbox Issuing CA")
        self.issuing = Holder(self._issue(self.root, name, issuing.public_key(), _CA, crl="root"), issuing)
        self.services: list[x509.Certificate] = []
        self._keys = folder
        self.renew_responder()
        self._stamping = self._service("tsa", "Sandbox TSA", _STAMPING, STAMPING_LIFE)

    def renew_responder(self) -> None:
        """Gives the OCSP responder a new certificate."""
        self._responder = self._service("ocsp", "Sandbox OCSP", _RESPONDER, YEARS)

    @property
    def now(self) -> datetime:
        """The time on this authority's clock."""
        return datetime.now(UTC) + self.ahead

    @property
    def stamping(self) -> Holder:
        """The present key and certificate for time-stamps. There is a new certificate each year."""
        if not timedelta() <= self.now - self._stamping.certificate.not_valid_before_utc < STAMPING_USE + DAY:
            self._stamping = self._service("tsa", "Sandbox TSA", _STAMPING, STAMPING_LIFE)
        return self._stamping

    def person(self, attributes: Sequence[tuple[x509.ObjectIdentifier, str]], until: datetime | None = None) -> Holder:
        """Returns a new key and certificate for a subject. `until`: the end of validity; None for the usual end."""
        key = _new_key()
        subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
        return Holder(self._issue(self.issuing, subject, key.public_key(), _SIGNING, until=until), key)

    def crl(self, issuer: Holder, revoked: Revoked) -> bytes:
        """Returns the issuer's certificate revocation list, in DER."""
        now = self.now
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
        builder = builder.last_update(now).next_update(now + ANSWER_LIFE)
        builder = builder.add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        builder = builder.add_extension(_authority_key(issuer), critical=False)
        for serial, at in revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def ocsp(self, request: bytes, given: Callable[[int], x509.Certificate | None], revoked: Revoked) -> bytes:
        """Returns the answer to an OCSP request, in DER: `unauthorized` if `given` returns None for the number."""
        asked = ocsp.load_der_ocsp_request(request)
        own = {certificate.serial_number: certificate for certificate in self.services}
        certificate = own.get(asked.serial_number) or given(asked.serial_number)
        if certificate is None:
            unknown = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
            return unknown.public_bytes(serialization.Encoding.DER)
        at = revoked.get(certificate.serial_number)
        now = self.now
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=self.issuing.certificate,
            algorithm=asked.hash_algorithm,
            cert_status=ocsp.OCSPCertStatus.GOOD if at is None else ocsp.OCSPCertStatus.REVOKED,
            this_update=now,
            next_update=now + ANSWER_LIFE,
            revocation_time=at,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self._responder.certificate)
        builder = builder.certificates([self._responder.certificate])
        return builder.sign(self._responder.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _service(self, name: str, title: str, extensions: Sequence[Extension], life: timedelta) -> Holder:
        key = _key(self._keys / f"{name}.key")
        until = self.now + life
        holder = Holder(self._issue(self.issuing, _name(title), key.public_key(), extensions, until=until), key)
        self.services.append(holder.certificate)
        return holder

    def _issue(
        self,
        issuer: Holder,
        subject: x509.Name,
        key: rsa.RSAPublicKey,
        extensions: Sequence[Extension],
        *,
        until: datetime | None = None,
        crl: str = "issuing",
    ) -> x509.Certificate:
        now = self.now
        end = until or now + (YEARS if extensions is _CA else PERSON_LIFE)
        start = min(now, end) - DAY
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.certificate.subject)
        builder = builder.public_key(key).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(end)
        for extension, critical in (*extensions, *self._where(crl), (_authority_key(issuer), False)):
            builder = builder.add_extension(extension, critical=critical)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        return builder.sign(issuer.key, hashes.SHA256())

    def _where(self, crl: str) -> list[Extension]:
        list_at = x509.DistributionPoint([_uri(f"{self.url}/crl/{crl}.crl")], None, None, None)
        found: list[Extension] = [(x509.CRLDistributionPoints([list_at]), False)]
        if crl == "issuing":
            ocsp_at = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, _uri(f"{self.url}/ocsp"))
            found.append((x509.AuthorityInformationAccess([ocsp_at]), False))
        return found


def _usage(*names: str) -> Extension:
    return x509.KeyUsage(**{name: name in names for name in USES}), True


_END: Final[Extension] = (x509.BasicConstraints(ca=False, path_length=None), True)
_CA: Final[Sequence[Extension]] = (
    (x509.BasicConstraints(ca=True, path_length=None), True),
    _usage("key_cert_sign", "crl_sign"),
)
_SIGNING: Final[Sequence[Extension]] = (_END, _usage("digital_signature", "content_commitment"))
_RESPONDER: Final[Sequence[Extension]] = (
    _END,
    _usage("digital_signature"),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
    (x509.OCSPNoCheck(), False),
)
_STAMPING: Final[Sequence[Extension]] = (
    _END,
    _usage("digital_signature"),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
)


def _root(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name, now = _name("Sandbox Root CA"), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + 2 * YEARS)
    for extension, critical in _CA:
        builder = builder.add_extension(extension, critical=critical)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")
    return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _uri(address: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(address)


def _authority_key(issuer: Holder) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private(key: rsa.RSAPrivateKey) -> bytes:
    """Returns the key as bytes: PKCS #8 in DER, without a password."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def opened(data: bytes) -> rsa.RSAPrivateKey:
    """Returns the key in the bytes that `private` returned. Skips the tests of the key's numbers, which take 20 ms."""
    key = serialization.load_der_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a key of the sandbox is RSA")
    return key


def _key(path: Path) -> rsa.RSAPrivateKey:
    return opened(_once(path, lambda: private(_new_key())))


def _kept(path: Path, make: Callable[[], x509.Certificate]) -> x509.Certificate:
    return x509.load_pem_x509_certificate(_once(path, lambda: make().public_bytes(serialization.Encoding.PEM)))


def _once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Returns a file's content. Makes a missing file first, atomically: a crash leaves the whole file or none."""
    if not path.exists():
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    return path.read_bytes()
