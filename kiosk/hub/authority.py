"""The hub's authority: it signs devices, the hub's own name for the proxy, and the list of the revoked.

Theory of operation. One authority, whose certificate clinics believe and the proxy asks devices for; what a certificate
may prove (client or server) keeps the two apart. Its key lies in a folder of its own that only the hub may read. Lives
are short, so the list of the revoked is short too.

Source: RFC 5280, "Internet X.509 Public Key Infrastructure Certificate and CRL Profile".
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idcard import ConfigurationError
from kiosk.certificates import begun, key_usage
from kiosk.durable import write_in_place

KEY, CERTIFICATE = "authority.key", "authority.pem"
SERVER, REVOKED = "server.pem", "crl.pem"
AUTHORITY_LIFE: Final = timedelta(days=10 * 365)
SERVER_LIFE: Final = timedelta(days=90)
LIST_LIFE: Final = timedelta(days=7)
LIST_MADE_EVERY: Final = timedelta(days=1)
_EARLY = timedelta(hours=1)
"""Clocks go wrong: a certificate is good a little before it was made."""
_SHARED = 0o640
"""The proxy's group reads what it serves with."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority with its key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        """Its certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    def for_device(
        self, clinic: str, device: str, key: EllipticCurvePublicKey, now: datetime, life: timedelta
    ) -> x509.Certificate:
        """A certificate that proves this device as a client."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, clinic),
                x509.NameAttribute(NameOID.COMMON_NAME, device),
            ]
        )
        named = x509.UniformResourceIdentifier(f"urn:kiosk:{clinic}:{device}")
        return self._issued(subject, named, key, ExtendedKeyUsageOID.CLIENT_AUTH, now, life)

    def for_server(self, name: str, key: EllipticCurvePublicKey, now: datetime) -> x509.Certificate:
        """A certificate that proves the hub under this name or address."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        return self._issued(subject, _host(name), key, ExtendedKeyUsageOID.SERVER_AUTH, now, SERVER_LIFE)

    def revoked(self, numbers: Iterable[tuple[int, datetime]], now: datetime) -> x509.CertificateRevocationList:
        """The list of the revoked: numbers of certificates, and since when."""
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - _EARLY)
            .next_update(now + LIST_LIFE)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for number, since in numbers:
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(since)
            made = made.add_revoked_certificate(entry.build())
        return made.sign(self.key, SHA256())

    def _issued(
        self,
        subject: x509.Name,
        named: x509.GeneralName,
        key: EllipticCurvePublicKey,
        purpose: x509.ObjectIdentifier,
        now: datetime,
        life: timedelta,
    ) -> x509.Certificate:
        until = min(now + life, self.certificate.not_valid_after_utc)
        return (
            begun(subject, self.certificate.subject, key, now - _EARLY, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
            .add_extension(x509.SubjectAlternativeName([named]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, SHA256())
        )


def create_authority(folder: Path, now: datetime) -> None:
    """A new authority in a folder of its own; one that is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if (folder / KEY).exists():
        return
    key = generate_private_key(SECP256R1())
    # The certificate first: without its key nothing can be signed with it, and the folder is refused.
    write_in_place(folder / CERTIFICATE, _self_signed(key, now).public_bytes(Encoding.PEM), mode=0o644)
    write_in_place(folder / KEY, _pem(key))


def load_authority(folder: Path) -> Authority:
    """The authority in this folder.

    :raises ConfigurationError: where there is none that can be used.
    """
    try:
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        key = load_pem_private_key((folder / KEY).read_bytes(), None)
        if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise ValueError("the key is not the certificate's")
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"The hub's authority in {folder.name} cannot be used.",
            reason="damaged",
            remedy="Restore it from its safe copy; kiosk hub init makes one where there was none.",
        ) from error
    return Authority(certificate, key)


def write_list(
    authority: Authority, folder: Path, revoked: Iterable[tuple[int, datetime]], now: datetime
) -> x509.CertificateRevocationList:
    """The list of the revoked as the proxy reads it, beside the authority's certificate."""
    made = authority.revoked(revoked, now)
    write_in_place(folder / CERTIFICATE, authority.certificate.public_bytes(Encoding.PEM), mode=0o644)
    write_in_place(folder / REVOKED, made.public_bytes(Encoding.PEM), mode=0o644)
    return made


def is_list_due(folder: Path, revoked: Iterable[tuple[int, datetime]], now: datetime) -> bool:
    """Whether the list that lies there is a day old, or names others."""
    try:
        found = x509.load_pem_x509_crl((folder / REVOKED).read_bytes())
    except (OSError, ValueError):
        return True
    names_others = {each.serial_number for each in found} != {number for number, _ in revoked}
    return names_others or now - found.last_update_utc > LIST_MADE_EVERY


def renew_server(authority: Authority, folder: Path, name: str, now: datetime) -> bool:
    """Whether the certificate of the hub's own name was made anew: it was missing, another's, or two thirds over.

    Certificate and key lie in one file, so that the proxy never reads one that is not the other's.
    """
    try:
        found = x509.load_pem_x509_certificate((folder / SERVER).read_bytes())
        found.verify_directly_issued_by(authority.certificate)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if list(names) == [_host(name)] and now < found.not_valid_after_utc - SERVER_LIFE / 3:
            return False
    except Exception:
        # Whatever lies there is made anew.
        pass
    key = generate_private_key(SECP256R1())
    certificate = authority.for_server(name, key.public_key(), now)
    write_in_place(folder / SERVER, certificate.public_bytes(Encoding.PEM) + _pem(key), mode=_SHARED)
    return True


def _self_signed(key: EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    # Of two hubs' authorities neither has the other's name.
    mark = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"kiosk hub authority {mark.digest.hex()[:8]}")])
    return (
        begun(called, called, key.public_key(), now - _EARLY, now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(mark, critical=False)
        .sign(key, SHA256())
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
