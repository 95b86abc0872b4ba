import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from idcard.encoding import oids
from idcard.encoding.cms import SignedData
from idcard.testing import Issuer, der
from idcard.trust.certificates import Certificate


@pytest.fixture(scope="session")
def vectors(root: Path) -> Path:
    return root / "tests" / "vectors" / "trust"


@pytest.fixture(scope="session")
def austria(vectors: Path) -> bytes:
    """Austria's CSCA in DER."""
    return (vectors / "csca_austria_2019.cer").read_bytes()


@pytest.fixture(scope="session")
def vietnam(vectors: Path) -> bytes:
    """Vietnam's CSCA for passports in DER: brainpoolP512r1, written out."""
    return (vectors / "csca_vietnam_passport_2022.cer").read_bytes()


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.create("VN", "CSCA Demonstration Vietnam", at=datetime(2022, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="session")
def demonstration(issuer: Issuer) -> bytes:
    """A demonstration CSCA in DER."""
    return issuer.csca_certificate


@pytest.fixture(scope="session")
def anchor(issuer: Issuer) -> Certificate:
    return Certificate.from_bytes(issuer.csca_certificate)


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    """What the openssl command answers; a second hand, and a second witness."""
    command = shutil.which("openssl")
    assert command, "the openssl command is needed as second witness"
    return subprocess.run([command, *arguments], check=True, capture_output=True, input=data).stdout


@dataclass(frozen=True)
class Authority:
    """A certificate and its key, made by `cryptography`: a CSCA, or whatever it issued."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def parsed(self) -> Certificate:
        return Certificate.from_bytes(self.der)

    @property
    def fingerprint(self) -> str:
        return self.parsed.fingerprint

    def save(self, folder: Path, name: str) -> tuple[str, str]:
        """The paths of the certificate and the key in PEM."""
        (folder / f"{name}.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        private = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(private)
        return str(folder / f"{name}.pem"), str(folder / f"{name}.key")


class Pki:
    """A PKI of several states; every certificate is in force from 2020 to 2040 unless another time is given."""

    START, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0

    def key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    def issue(
        self,
        country: str,
        common: str,
        by: "Authority | None" = None,
        *,
        authority: bool = False,
        purpose: str | None = None,
        key: Any = None,
        start: datetime = START,
        end: datetime = END,
        identifiers: bool = True,
        issuer: x509.Name | None = None,
    ) -> Authority:
        """A certificate signed by ``by``, or by itself."""
        key = key or self.key()
        subject = self.name(country, common)
        signer = by.key if by else key
        names_issuer = by.certificate.subject if by else subject
        self.number += 1
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or names_issuer)
            .public_key(key.public_key())
            .serial_number(1000 + self.number)
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
            .add_extension(usage(authority), critical=True)
        )
        if identifiers:
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            public = signer.public_key()
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False)
        if purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose)]), True)
        return Authority(builder.sign(signer, hashes.SHA256()), key)

    def csca(self, country: str, common: str = "CSCA", **changes: Any) -> Authority:
        return self.issue(country, common, authority=True, **changes)

    def name(self, country: str, common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, country),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Invented"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    def crl(
        self,
        by: Authority,
        *revoked: Authority,
        issued: datetime = datetime(2026, 1, 1, tzinfo=UTC),
        days: int = 90,
        number: int | None = 1,
        reason: x509.ReasonFlags | None = x509.ReasonFlags.key_compromise,
        critical: bool = False,
        issuer: x509.Name | None = None,
        identifier: bytes | None = None,
    ) -> bytes:
        """A revocation list in DER."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer or by.certificate.subject)
            .last_update(issued)
            .next_update(issued + timedelta(days=days))
        )
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        named = x509.AuthorityKeyIdentifier(identifier, None, None) if identifier else own
        builder = builder.add_extension(named, critical=False)
        if number is not None:
            builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        if critical:
            scope = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
            builder = builder.add_extension(scope, critical=True)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
            entry = entry.revocation_date(datetime(2025, 6, 1, tzinfo=UTC))
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def signed_list(
        self, content: bytes, content_type: str, signer: Authority, *brought: Authority, **how: Any
    ) -> bytes:
        """Signed data around ``content``, made by openssl."""
        certificate, key = signer.save(self.folder, "signer")
        others = self.folder / "others.pem"
        others.write_bytes(b"".join(one.certificate.public_bytes(Encoding.PEM) for one in brought))
        arguments = ["-certfile", str(others)] if brought else []
        return openssl(
            *("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-econtent_type", content_type),
            *("-signer", certificate, "-inkey", key, *arguments, *how.get("options", ())),
            data=content,
        )

    def dated_list(self, content: bytes, content_type: str, signer: Authority, at: datetime) -> bytes:
        """Signed data that says when it was signed, which openssl does not let one choose."""
        attributes = b"".join(
            sorted(
                der.sequence(der.oid(kind), der.set_of(value))
                for kind, value in (
                    (oids.CONTENT_TYPE, der.oid(content_type)),
                    (oids.MESSAGE_DIGEST, der.octet_string(hashlib.sha256(content).digest())),
                    (oids.SIGNING_TIME, der.time(at)),
                )
            )
        )
        sha256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
        info = der.sequence(
            der.integer(1),
            der.sequence(signer.parsed.issuer.der, der.integer(signer.parsed.serial_number)),
            sha256,
            der.context(0, attributes),
            der.sequence(der.oid("1.2.840.10045.4.3.2")),
            der.octet_string(signer.key.sign(der.set_of(attributes), ec.ECDSA(hashes.SHA256()))),
        )
        inner = der.sequence(der.oid(content_type), der.context(0, der.octet_string(content)))
        body = der.sequence(der.integer(3), der.set_of(sha256), inner, der.context(0, signer.der), der.set_of(info))
        return der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body))

    def master_list(self, signer: Authority, listed: Sequence[bytes], *brought: Authority, **how: Any) -> bytes:
        content = der.sequence(der.integer(0), der.set_of(*listed))
        return self.signed_list(content, "2.23.136.1.1.2", signer, *brought, **how)

    def list_signer(self, by: Authority, *, purpose: str = "2.23.136.1.1.3") -> Authority:
        return self.issue(by.parsed.subject.country or "", "List signer", by, purpose=purpose)


def usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    folder = tmp_path / "pki"
    folder.mkdir()
    return Pki(folder)


@pytest.fixture(scope="session")
def german_list(vectors: Path) -> bytes:
    return (vectors / "german_master_list_2024-08-07.ml").read_bytes()


@pytest.fixture(scope="session")
def german_root(german_list: bytes) -> Certificate:
    """The CSCA behind the German list's signer, which comes with the list."""
    brought = map(Certificate.from_bytes, SignedData.from_bytes(german_list).certificates)
    return next(one for one in brought if one.is_authority)
