"""TLS of the outbound client: a certificate is checked, its name is the one in the URL, and tests may bring their own CA."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.http import Outbound, OutboundFailed
from tests.core.wire import Wire


def self_signed(host: str) -> bytes:
    """Key and certificate of `host`, its own authority, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret + certificate.public_bytes(pem)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    file = tmp_path / "acme.pem"
    file.write_bytes(self_signed("api.acme.example"))
    return file


@pytest.fixture
async def acme(certificate: Path) -> AsyncIterator[Wire]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with Wire(tls=context) as wire:
        wire.answer("GET", "/x", json={"a": 1})
        yield wire


async def to_loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def status(host: str, acme: Wire, context: ssl.SSLContext | None) -> int:
    client = Outbound(development=True, resolve=to_loopback, ssl_context=context)
    try:
        return (await client.send(client.request("GET", f"https://{host}:{acme.port}/x"))).status_code
    finally:
        await client.close()


async def test_a_certificate_nobody_vouches_for_is_refused(acme: Wire) -> None:
    with pytest.raises(OutboundFailed, match="no certificate we can trust"):
        await status("api.acme.example", acme, None)
    assert acme.seen == []


async def test_the_name_of_the_url_is_checked_though_the_address_is_pinned(
    acme: Wire, certificate: Path
) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    assert await status("api.acme.example", acme, context) == 200
    with pytest.raises(OutboundFailed, match="no certificate we can trust"):
        await status("evil.example", acme, context)
    assert len(acme.seen) == 1
    assert acme.seen[0].headers["host"] == f"api.acme.example:{acme.port}"
