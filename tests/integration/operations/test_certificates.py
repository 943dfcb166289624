"""The doctor reads when certificates expire: those that servers present, and those that we present to Temporal."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.home import Home
from operations.doctor.certificates import certificates
from operations.doctor.check import Surroundings


def pair(folder: Path, days: int) -> Path:
    """Returns a file with a certificate, which expires in this number of days and an hour, and with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=90))
    signed = builder.not_valid_after(now + timedelta(days=days, hours=1)).sign(key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (file := folder / f"{days}.pem").write_bytes(pem)
    return file


@asynccontextmanager
async def listening(file: Path, *, is_postgres: bool = False) -> AsyncIterator[str]:
    """Runs a server that presents the certificate at once, or in PostgreSQL's way; yields its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_postgres:
            assert await reader.readexactly(8) == bytes.fromhex("0000000804d2162f")
            writer.write(b"S")
            await writer.start_tls(context)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=None if is_postgres else context)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def around(folder: Path, **settings: str) -> Surroundings:
    return Surroundings(settings, {}, Home(folder))


async def test_each_certificate_is_told_and_warned_of_in_its_last_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        listening(pair(tmp_path, 31)) as signer,
        listening(pair(tmp_path, 29)) as temporal,
        listening(pair(tmp_path, 6), is_postgres=True) as postgres,
        listening(pair(tmp_path, -1)) as vault,
    ):
        monkeypatch.setenv("TEMPORAL_ADDRESS", temporal)
        monkeypatch.setenv("TEMPORAL_TLS", "true")
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(pair(tmp_path, 8)))
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(tmp_path / "8.pem"))
        settings = {
            "MOTCUA_DATABASE_URL": f"postgresql://app:secret@{postgres},127.0.0.1:1/motcua",
            "MOTCUA_OWNER_DATABASE_URL": f"postgresql://owner:secret@{postgres}/motcua",
            "MOTCUA_SIGNER_URL": f"https://{signer}/v1",
            "MOTCUA_MASTER_KEY": f"vault:https://{vault}/transit/key",
            "MOTCUA_BANK_URL": "http://127.0.0.1:1",
        }
        found = await certificates(around(tmp_path, **settings))
    told = {one.what.en.partition(":")[0]: one.health.value for one in found}
    assert told == {
        "MOTCUA_DATABASE_URL": "fail",
        "MOTCUA_MASTER_KEY": "fail",
        "MOTCUA_SIGNER_URL": "ok",
        "TEMPORAL_ADDRESS": "warn",
        "TEMPORAL_TLS_CLIENT_CERT": "warn",
    }
    assert "secret" not in str(found)


async def test_without_tls_there_is_none(tmp_path: Path) -> None:
    (one,) = await certificates(around(tmp_path, MOTCUA_SIGNER_URL="https://127.0.0.1:1"))
    assert (one.health.value, one.what.en) == ("ok", "no server at the settings' addresses speaks TLS")
