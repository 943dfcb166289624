"""The HTTP interface of the sandbox trust: certificates, CRL, OCSP, time-stamps, remote signer, faults on demand."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from asn1crypto import cms, core, keys, tsp
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding
from pydantic import AwareDatetime, Field
from pyhanko.sign.general import as_signing_certificate, simple_cms_attribute
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import CertificateStore, SimpleCertificateStore
from pyhanko_certvalidator.util import get_pyca_cryptography_hash
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.store import Message, application, invalid, key_of, microseconds, not_found, parse
from sandbox.trust import AUTHORITY
from sandbox.trust.authority import Authority, Holder, private
from sandbox.trust.people import NewHolder, NewSignature, People, Revocation, SubjectStyle

NEVER_S: Final = 600.0
_DIGITS: Final = 19

Fault = Literal["none", "down", "slow", "silent"]


class Faults(Message):
    """Body of `PUT /faults`: by service, `down` (503), `slow` (by `--slow-after`), `silent` (no answer) or `none`."""

    ocsp: Fault = "none"
    crl: Fault = "none"
    tsa: Fault = "none"


class Clock(Message):
    """Body of `PUT /clock`. `now`: the time to which the clock is set, to run on from there; None: real time."""

    now: Annotated[AwareDatetime, Field(strict=False)] | None = None


class TrustServer:
    """The HTTP interface of one authority. `slow_after`: the delay of a slow service, in seconds."""

    def __init__(self, authority: Authority, people: People, slow_after: float) -> None:
        self._authority = authority
        self._people = people
        self._slow_after = slow_after
        self._faults = Faults()

    def routes(self) -> list[Route]:
        return [
            Route("/root.pem", self.root, methods=["GET"]),
            Route("/crl/{name}.crl", self.crl, methods=["GET"]),
            Route("/ocsp", self.ocsp, methods=["POST"]),
            Route("/tsa", self.tsa, methods=["POST"]),
            Route("/people/{key}", self.person, methods=["PUT"]),
            Route("/people/{key}/revoke", self.revoke, methods=["POST"]),
            Route("/requests", self.requests, methods=["GET"]),
            Route("/requests/{key}", self.ask, methods=["PUT"]),
            Route("/requests/{key}", self.request, methods=["GET"]),
            Route("/requests/{key}/hurry", self.hurry, methods=["POST"]),
            Route("/faults", self.faults, methods=["PUT"]),
            Route("/clock", self.clock, methods=["PUT"]),
        ]

    async def root(self, _request: Request) -> Response:
        root = self._authority.root.certificate.public_bytes(serialization.Encoding.PEM)
        return Response(root, media_type="application/x-pem-file")

    async def crl(self, request: Request) -> Response:
        issuers = {"root": self._authority.root, "issuing": self._authority.issuing}
        issuer = issuers.get(request.path_params["name"])
        if issuer is None:
            raise not_found()
        revoked = self._people.revoked() if issuer is self._authority.issuing else {}
        body = self._authority.crl(issuer, revoked)
        return await self._but(request, self._faults.crl, Response(body, media_type="application/pkix-crl"))

    async def ocsp(self, request: Request) -> Response:
        try:
            body = self._authority.ocsp(await request.body(), self._people.certificate, self._people.revoked())
        except ValueError:
            raise invalid(("body", "ocsp_request")) from None
        return await self._but(request, self._faults.ocsp, Response(body, media_type="application/ocsp-response"))

    async def tsa(self, request: Request) -> Response:
        try:
            asked = tsp.TimeStampReq.load(await request.body(), strict=True)
            answer = stamper_of(self._authority).request_tsa_response(asked)
        except ValueError:
            raise invalid(("body", "timestamp_request")) from None
        reply = Response(answer.dump(), media_type="application/timestamp-reply")
        return await self._but(request, self._faults.tsa, reply)

    async def person(self, request: Request) -> Response:
        return JSONResponse(self._people.put(key_of(request), await parse(request, NewHolder)))

    async def revoke(self, request: Request) -> Response:
        self._people.revoke(key_of(request), (await parse(request, Revocation)).at)
        return Response(status_code=204)

    async def ask(self, request: Request) -> Response:
        asked, new = self._people.ask(key_of(request), await parse(request, NewSignature))
        return JSONResponse(asked, 201 if new else 200)

    async def request(self, request: Request) -> Response:
        return JSONResponse(self._people.request(key_of(request)))

    async def hurry(self, request: Request) -> Response:
        return JSONResponse(self._people.hurry(key_of(request)))

    async def requests(self, request: Request) -> Response:
        before = request.query_params.get("before", str(2**62))
        if not before.isdecimal() or len(before) > _DIGITS:
            raise invalid(("before", "number"))
        return JSONResponse(self._people.requests(int(before)))

    async def faults(self, request: Request) -> Response:
        self._faults = await parse(request, Faults)
        return Response(status_code=204)

    async def clock(self, request: Request) -> Response:
        told = await parse(request, Clock)
        self._authority.ahead = told.now - datetime.now(UTC) if told.now else timedelta()
        return Response(status_code=204)

    async def _but(self, request: Request, fault: Fault, answer: Response) -> Response:
        """Returns the answer as the fault changes it: 503, or delayed (at most until the client disconnects)."""
        if fault == "down":
            return Response(status_code=503)
        left = {"slow": self._slow_after, "silent": NEVER_S}.get(fault, 0.0)
        while left > 0 and not await request.is_disconnected():
            await asyncio.sleep(0.05)
            left -= 0.05
        return answer


def trust(data: Path, url: str, slow_after: float, style: SubjectStyle = SubjectStyle()) -> Starlette:  # noqa: B008 -- frozen
    """Returns the sandbox trust over the folder `data`. `url`: its address in certificates; `slow_after`: seconds."""
    authority = Authority(data / AUTHORITY, url)
    people = People(data / "trust.sqlite3", authority, microseconds(slow_after), style)
    return application(people, TrustServer(authority, people, slow_after).routes())


class _Stamper(DummyTimeStamper):
    """The library's time-stamper with a key that is parsed once: the library parses it for each stamp, in 20 ms."""

    def __init__(self, holder: Holder, chain: CertificateStore, now: datetime) -> None:
        self._key = holder.key
        info = keys.PrivateKeyInfo.load(private(holder.key))
        super().__init__(_asn1(holder), info, certs_to_embed=chain, fixed_dt=now)

    def _sign_tst_info(self, tst_info_data: bytes, md_algorithm: str, dt: datetime) -> tuple[bytes, cms.CMSAttributes]:
        digest = hashlib.new(md_algorithm, tst_info_data).digest()
        signed = cms.CMSAttributes(
            [
                simple_cms_attribute("content_type", "tst_info"),
                simple_cms_attribute("signing_time", cms.Time({"utc_time": core.UTCTime(dt)})),
                simple_cms_attribute("signing_certificate", as_signing_certificate(self.tsa_cert)),
                simple_cms_attribute("message_digest", digest),
            ]
        )
        by = get_pyca_cryptography_hash(md_algorithm)
        return self._key.sign(signed.dump(), padding.PKCS1v15(), by), signed


def stamper_of(authority: Authority) -> DummyTimeStamper:
    """Returns a time-stamper with the authority's present time-stamping certificate."""
    chain = SimpleCertificateStore()
    chain.register(_asn1(authority.issuing))
    return _Stamper(authority.stamping, chain, authority.now)


def _asn1(holder: Holder) -> asn1.Certificate:
    return asn1.Certificate.load(holder.certificate.public_bytes(serialization.Encoding.DER))
