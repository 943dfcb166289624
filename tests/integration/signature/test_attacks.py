"""Signatures by an attacker who has the keys of a trusted authority: some are invalid on purpose, some are valid.

openssl agrees about the valid ones. `test_check` and `test_verified` have attacks on correctly signed files.
"""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.partners.signer import Holding
from activities.signature.certificate_subject import USER_ID
from activities.signature.check import Signatory
from activities.signature.official import SEAL, SIGNATURE, SignatureField, UnfitCertificateError, with_fields
from activities.signature.policy import DOCUMENT_SIGNING
from activities.signature.proof import proof_of
from activities.signature.renewal import NotRenewedError, renewed
from activities.signature.revisions import Form
from activities.signature.signing import Lasting, sign_pdf
from activities.signature.trust import Trust
from activities.signature.verified import verify_official
from sandbox.trust.authority import Authority
from schemas.signature import SignatureOutcome, SignatureProof, SignatureVerdict
from tests.integration.signature import forge as fg
from tests.integration.signature import party as p
from tests.integration.signature.forge import Forge, Hand, Stamps, Way, holder, lasting_by, name
from tests.programs import program
from tests.sandboxes import Server
from tests.walking import walked

FORM: Final = p.form()
SIGNED: Final[dict[bytes, bytes]] = {}
CONTENT: Final = b'{"procedure":"2.000635"}'


class Made(NamedTuple):
    hand: Hand
    way: Way = Way()


Case = Callable[[Forge], Made]


@pytest.fixture
def forge(server: Server, party: p.Party) -> Forge:
    return Forge(Authority(server.data / "authority", server.url), party.asking)


def by(kind: str = "rsa:2048", digest: str = "sha256", **changes: object) -> Case:
    """Returns the case of a valid signature by a holder with this certificate."""
    return lambda forge: Made(forge.hand(kind, digest, **changes))  # type: ignore[arg-type]


def ways(**way: object) -> Case:
    """Returns the case of a signature by the applicant, made in this way."""
    return lambda forge: Made(forge.hand(), Way(**way))  # type: ignore[arg-type]


def extended(*purposes: str, critical: bool = False) -> Case:
    return by(extensions={"extended_key_usage": (list(purposes), critical)})


def used(*usage: str, **more: object) -> Case:
    return by(extensions={"key_usage": (set(usage), True), **more})


def under(kind: str = "rsa:2048", digest: str = "sha256", **changes: Any) -> Case:
    """Returns the case of a good certificate from an authority with these properties."""
    return lambda forge: Made(forge.hand(by=forge.authority_of(kind, digest, **changes)))


def beneath(**changes: Any) -> Case:
    """Returns the case of a valid signature under a chain with an additional authority."""
    return lambda forge: Made(forge.hand(by=forge.authority_of(by=forge.authority_of(**changes))))


def stamped(*, way: Way | None = None, imprint: str = "sha256", other: bool = False, named: str | None = None,
            kind: str = "rsa:2048", digest: str = "sha256", over: bool = False, **changes: object) -> Case:  # fmt: skip
    """Returns the case of the applicant's signature with this time-stamp: on the signature, or `over` the content."""

    def make(forge: Forge) -> Made:
        by_name = None if named is None else name(("common_name", named))
        stamps = (
            fg.token_of(forge.stamper(kind, digest, **changes), way, imprint=imprint, other=other, named=by_name),
        )
        return Made(forge.hand(), Way(over_content=stamps) if over else Way(stamps=stamps))

    return make


def stamping(purposes: list[str], *, critical: bool = True) -> Case:
    return stamped(extensions={"extended_key_usage": (purposes, critical)})


HONEST: Final[dict[str, Case]] = {
    "RSA 2048": by(),
    "RSA 3072 SHA-384": lambda forge: Made(forge.hand("rsa:3072", "sha384"), Way("sha384")),
    "PSS": ways(mask="sha256"),
    "P-256": by("ec:SECP256R1"),
    "P-384 SHA-384": lambda forge: Made(forge.hand("ec:SECP384R1"), Way("sha384")),
    "P-521 SHA-512": lambda forge: Made(forge.hand("ec:SECP521R1"), Way("sha512")),
    "certificate by PSS": by(mask="sha256"),
    "EKU emailProtection": extended("email_protection", "client_auth"),
    "EKU any": extended("any_extended_key_usage"),
    "EKU documentSigning": extended(DOCUMENT_SIGNING, critical=True),
    "EKU of Microsoft": extended("1.3.6.1.4.1.311.10.3.12"),
    "more uses": used("digital_signature", "non_repudiation", "key_encipherment", "data_encipherment"),
    "no basicConstraints": by(extensions={"basic_constraints": None}),
    "end entity": by(extensions={"basic_constraints": ({"ca": False}, True)}),
    "stamped": stamped(),
    "stamped, its authority named": stamped(named="TSA"),
    "stamp over the content": stamped(over=True),
}

NUMBER: Final = f"CCCD:{p.APPLICANT.number}"
OTHER: Final = "CCCD:001099000099"
LAOS: Final = {"base": x509.GeneralName("directory_name", name(("country_name", "LA")))}
CA: Final = ({"ca": True}, True)
A_PERSON: Final = name(("common_name", "A person"))

ATTACKS: Final[dict[str, dict[str, Case]]] = {
    "refused signature_weak": {
        "MD5": ways(digest="md5"),
        "SHA-1": ways(digest="sha1"),
        "SHA-224": ways(digest="sha224"),
        "RSA 1024": by("rsa:1024"),
        "RSA 1536": by("rsa:1536"),
        "RSA exponent 3": by("rsa:2048:3"),
        "PSS, mask by SHA-1": ways(mask="sha1"),
        "PSS by SHA-1": ways(digest="sha1", mask="sha1"),
        "P-192": by("ec:SECP192R1"),
        "P-224": by("ec:SECP224R1"),
        "secp256k1": by("ec:SECP256K1"),
        "brainpool": by("ec:BrainpoolP256R1"),
        "DSA": by("dsa:2048"),
        "Ed25519": lambda forge: Made(forge.hand("ed25519"), Way("sha512")),
    },
    "refused certificate_weak": {
        "certificate by SHA-1": by(digest="sha1"),
        "certificate by MD5": by(digest="md5"),
        "certificate by PSS, mask by SHA-1": by(mask="sha1"),
        "authority of RSA 1024": under("rsa:1024"),
        "authority of DSA": under("dsa:2048"),
        "authority by SHA-1": under(digest="sha1"),
    },
    "refused certificate_unsuitable": {
        "EKU serverAuth": extended("server_auth"),
        "EKU clientAuth": extended("client_auth"),
        "EKU codeSigning": extended("code_signing"),
        "EKU OCSPSigning": extended("ocsp_signing", critical=True),
        "EKU timeStamping": extended("time_stamping", critical=True),
        "EKU of two trades": extended("email_protection", "ocsp_signing"),
        "EKU unknown": extended("1.2.3.4"),
        "authority of EKU serverAuth": under(extended_key_usage=(["server_auth"], False)),
        "no key usage": by(extensions={"key_usage": None}),
        "keyEncipherment": used("key_encipherment"),
        "digitalSignature": used("digital_signature"),
        "CA": used("digital_signature", "non_repudiation", "key_cert_sign", basic_constraints=CA),
        "issues, and says it is no CA": used("digital_signature", "non_repudiation", "key_cert_sign"),
        "CA that may not issue": by(extensions={"basic_constraints": ({"ca": True}, False)}),
        "extension twice": by(again="key_usage"),
        "algorithm inside another": by(inside="sha512"),
        "critical extension unknown": by(extensions={"1.2.3.4": (b"\x05\x00", True)}),
        "path too long": beneath(basic_constraints=({"ca": True, "path_len_constraint": 0}, True)),
        "authority without keyCertSign": under(key_usage=({"crl_sign"}, True)),
        "name not permitted": under(name_constraints=({"permitted_subtrees": [LAOS]}, True)),
        "issued by a person": lambda forge: Made(forge.hand(by=forge.hand("rsa:3072", subject=A_PERSON))),
    },
    "refused certificate_expired": {"expired": by(days=(-9, -1))},
    "refused certificate_not_yet_valid": {"not yet valid": by(days=(1, 9))},
    "undetermined revocation_unknown": {"no address": by(extensions={"crl_distribution_points": None})},
    "refused signer_ambiguous": {
        "two numbers": by(subject=holder(OTHER, (USER_ID, NUMBER))),
        "two numbers, the applicant's first": by(subject=holder(NUMBER, (USER_ID, OTHER))),
        "two numbers at one": by(subject=holder(NUMBER, (USER_ID, "MST:0101234567"), together=True)),
        "two numbers, one in small letters": by(subject=holder(NUMBER, (USER_ID, OTHER.lower()))),
        "the same number twice": by(subject=holder(NUMBER, (USER_ID, NUMBER))),
    },
    "undetermined signer_not_named": {
        "small letters": by(subject=holder(NUMBER.lower())),
        "number in the name": by(subject=name(("common_name", NUMBER))),
        "number as serialNumber": by(subject=name(("common_name", "A"), ("serial_number", NUMBER))),
    },
    "refused signer_is_other": {
        "two in a value": by(subject=holder(f"{NUMBER} {OTHER}")),
        "organisation of the same number": by(subject=holder(f"MST:{p.APPLICANT.number}")),
        "another person": by(subject=holder(OTHER)),
    },
    "refused signature_incomplete": {
        "no signed attributes": ways(attributes=False),
        "digest not listed": ways(listed="sha512"),
    },
    "refused signature_unreadable": {
        "no message digest": ways(without=frozenset({"message_digest"})),
        "no content type": ways(without=frozenset({"content_type"})),
        "another's certificate named": lambda forge: ways(certid_of=forge.hand("rsa:3072").certificate)(forge),
    },
    "refused timestamp_weak": {
        "stamp by SHA-1": stamped(way=Way("sha1")),
        "stamp of SHA-1": stamped(imprint="sha1"),
        "stamp of MD5": stamped(imprint="md5"),
        "stamp by RSA 1024": stamped(kind="rsa:1024"),
        "stamp, its certificate by SHA-1": stamped(digest="sha1"),
        "stamp over the content, by SHA-1": stamped(way=Way("sha1"), over=True),
    },
    "refused timestamp_broken": {
        "stamp over another": stamped(other=True),
        "stamp that names another": stamped(named="Other TSA"),
        "stamp that names no certificate": stamped(way=Way(certid=None)),
        "stamp, its digest not listed": stamped(way=Way(listed="sha512")),
        "stamp of a person": stamping(["email_protection"], critical=False),
        "stamp of two trades": stamping(["time_stamping", "email_protection"]),
        "stamp, its purpose not critical": stamping(["time_stamping"], critical=False),
        "stamp of any use": stamped(extensions={"key_usage": ({"digital_signature", "key_encipherment"}, True)}),
        "stamp of a CA": stamped(extensions={"basic_constraints": CA}),
        "stamp over other content": stamped(other=True, over=True),
    },
}
"""The attacks by the rule that refuses them."""
RULES: Final = {case: (make, rule) for rule, cases in ATTACKS.items() for case, make in cases.items()}


async def of_content(party: p.Party, made: Made) -> tuple[str, SignatureVerdict, bytes]:
    signature = fg.cms_of(CONTENT, made.hand, made.way).dump()
    verdict = await party.check().detached(signature, CONTENT, Signatory(frozenset({p.APPLICANT})), datetime.now(UTC))
    return p.outcome_of(verdict), verdict, signature


async def of_form(party: p.Party, made: Made) -> tuple[str, SignatureVerdict, bytes]:
    if party.root.dump() not in SIGNED:  # once for all: there must be room for a time-stamp
        whole = await sign_pdf(FORM, p.FIELD, party.signer, p.person(p.APPLICANT), party.lasting())
        SIGNED[party.root.dump()] = p.rolled_back(whole, 0)
    file = fg.refilled(SIGNED[party.root.dump()], lambda content: fg.cms_of(content, made.hand, made.way))
    verdict = await party.check().pdf(file, Form(p.CONTENT, FORM), p.BY_APPLICANT, datetime.now(UTC))
    return p.outcome_of(verdict), verdict, file


@pytest.mark.parametrize("case", HONEST)
async def test_what_is_well_made_is_valid_to_all(forge: Forge, party: p.Party, tmp_path: Path, case: str) -> None:
    made = HONEST[case](forge)
    of, verdict, signature = await of_content(party, made)
    assert (of, await openssl(tmp_path, party, signature, CONTENT)) == ("valid", "")
    assert bool(made.way.stamps) == (verdict.evidence[0].stamped_at is not None)
    of, verdict, file = await of_form(party, made)
    start, before, after, length = p.ranges(file)
    signature, covered = bytes.fromhex(file[before + 1 : after - 1].decode()), file[start:before] + file[after:]
    assert (of, len(file), await openssl(tmp_path, party, signature, covered)) == ("valid", after + length, "")
    assert bool(made.way.stamps) == (verdict.evidence[0].stamped_at is not None)


@pytest.mark.parametrize("case", RULES)
async def test_what_is_weak_or_crooked_is_never_valid(forge: Forge, party: p.Party, case: str) -> None:
    make, rule = RULES[case]
    assert (await of_content(party, make(forge)))[0] == rule
    assert (await of_form(party, make(forge)))[0] == rule


async def test_a_stamp_of_an_untrusted_authority_is_nothing(forge: Forge, party: p.Party, tmp_path: Path) -> None:
    stranger = Forge(Authority(tmp_path / "stranger", forge.authority.url), party.asking)
    made = Made(forge.hand(), Way(stamps=(fg.token_of(stranger.stamper()),)))
    for of, verdict, _ in (await of_content(party, made), await of_form(party, made)):
        assert (of, verdict.evidence[0].stamped_at) == ("valid", None)


async def test_who_names_no_certificate_signs_no_form(forge: Forge, party: p.Party, tmp_path: Path) -> None:
    made = Made(forge.hand(), Way(certid=None))
    assert (await of_form(party, made))[0] == "refused signature_incomplete"
    of, _, signature = await of_content(party, made)
    assert (of, await openssl(tmp_path, party, signature, CONTENT)) == ("valid", "")


@pytest.mark.parametrize("way", [Way(twice=True), Way(content_type="encrypted_data")], ids=["two signers", "content"])
async def test_two_signers_or_another_kind_of_content_are_no_signature(forge: Forge, party: p.Party, way: Way) -> None:
    made = Made(forge.hand(), way)
    assert (await of_content(party, made))[0] == "refused signature_not_detached"
    assert (await of_form(party, made))[0] == "refused signature_unreadable"


async def openssl(folder: Path, party: p.Party, signature: bytes, content: bytes) -> str:
    """Returns the faults that openssl reports; empty if there are none."""
    for file, data in (("root.pem", pem.armor("CERTIFICATE", party.root.dump())), ("s", signature), ("c", content)):
        (folder / file).write_bytes(data)
    words = "cms -verify -binary -inform DER -in s -content c -CAfile root.pem -purpose any -out o"
    asked = [program("openssl"), *words.split()]
    done = await asyncio.to_thread(subprocess.run, asked, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else str(done.stderr)


# Issued files that somebody made on purpose who has a trusted certificate, but none of an agency, or a weak one.

PAPER: Final = with_fields(p.printed(), [SignatureField(SIGNATURE), SignatureField(SEAL)])
LEADER: Final = f"CCCD:{p.LEADER.number}"
AGENCY: Final = f"MST:{p.AGENCY.number}"


async def made(
    forge: Forge, leader: Hand, seal: Hand, stamper: Hand, way: Way | None = None, *, digest: str = "sha256"
) -> bytes:
    """Returns a file that a leader has signed and a seal has closed, by a program without any checks."""
    file = await lasting_by(forge, PAPER, SIGNATURE, leader, Stamps(forge.stamper()), digest=digest)
    file = await lasting_by(forge, file, SEAL, seal, Stamps(forge.stamper()), digest=digest)
    return await fg.over_all(file, Stamps(stamper, way))


async def verdicts(party: p.Party, file: bytes, *, sealed: bool = True) -> set[str]:
    """Returns the set of the online and the offline verdict, which is one entry if they agree."""
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
    assert await verdicts(party, file) == {"valid"}
    assert len(PdfFileReader(BytesIO(file)).embedded_signatures) == 3


Hands = Callable[[Forge], Hand]
TWO: Final = partial(leader, subject=holder(LEADER, (USER_ID, AGENCY)))
NO_TRADE: Final = partial(leader, extensions={"extended_key_usage": (["server_auth"], False)})
AUTHORITY: Final = partial(leader, extensions={"basic_constraints": CA})
STAMPER_BY_SHA1: Final = partial(Forge.stamper, digest="sha1")


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
    "stamp, its certificate by SHA-1": (issued(stamper=STAMPER_BY_SHA1), "refused certificate_weak"),
    "stamp of a person": (issued(stamper=leader), "refused certificate_unsuitable"),
    "stamp that names no certificate": (issued(way=Way(certid=None)), "refused signature_broken"),
}


@walked("what", ISSUED, exactly=13)
async def test_an_issued_file_that_is_weak_or_crooked_is_never_valid(forge: Forge, party: p.Party, what: str) -> None:
    make, said = ISSUED[what]
    assert await verdicts(party, await make(forge), sealed=False) == {said}


async def test_what_no_organisation_has_signed_is_left_to_the_register(forge: Forge, party: p.Party) -> None:
    paper = with_fields(p.printed(), [SignatureField(SIGNATURE)])
    file = await lasting_by(forge, paper, SIGNATURE, leader(forge), Stamps(forge.stamper()))
    file = await fg.over_all(file, Stamps(forge.stamper()))
    assert await verdicts(party, file) == {"undetermined no_seal"}
    assert await verdicts(party, file, sealed=False) == {"valid"}
    verdict = await verify_official(file, Trust([party.root], party.asking))
    kept = SignatureProof.model_validate_json(await proof_of(verdict, party.stamper))
    again = await verify_official(file, Trust([party.root], party.asking), kept=kept, sealed=True)
    assert [problem.rule for problem in again.problems] == ["no_seal"], "no verdict of before says more"


async def test_a_verdict_of_before_makes_nothing_weak_valid(forge: Forge, party: p.Party) -> None:
    file = await made(forge, leader(forge, "rsa:1024"), agency(forge), forge.stamper())
    trust = Trust([party.root], party.asking)
    then = (await verify_official(file, trust)).model_copy(update={"outcome": SignatureOutcome.VALID, "problems": ()})
    kept = SignatureProof.model_validate_json(await proof_of(then, party.stamper))
    assert (await verify_official(file, trust, kept=kept)).outcome is SignatureOutcome.REFUSED


class Forged:
    """A remote signer that presents a given holder's certificate."""

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
    "CA": (AUTHORITY, SIGNATURE, "certificate_unsuitable"),
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
    weak = Lasting(Stamps(forge.stamper(days=(-1, 5000)), Way("sha1")), Trust([party.root], party.asking))
    party.stamper = weak.stamper  # type: ignore[assignment] # any will do
    with pytest.raises(UnfitCertificateError, match="timestamp_weak"):
        await p.official(party, PAPER, SIGNATURE, p.LEADER)
    with pytest.raises(NotRenewedError, match="timestamp_weak"):
        await renewed(whole, weak, datetime.now(UTC))
