"""Certificates for the desk's own name, for PCs of the clinic that call the staff's screen over TLS.

Theory of operation. No public authority signs for a name inside a clinic, so the clinic has an authority of its own,
which its PCs are told to believe. It can sign for that one name and nothing else (name constraints, RFC 5280, section
4.2.1.10): whoever steals its key cannot pretend to be the bank. What it signs lives three months, and is renewed by
running the command again; the authority lives five years, after which the PCs are visited once more.
"""

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idcard import ConfigurationError

AUTHORITY_LIFE = timedelta(days=5 * 365)
SERVER_LIFE = timedelta(days=90)
RENEW_BEFORE = timedelta(days=30)
"""How long before its end a certificate is made anew; the command can so be run every day."""
_EARLY = timedelta(hours=1)
"""Clocks of PCs go wrong: a certificate is good a little before it was made."""
_EVERY_ADDRESS = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What lies in the folder now. ``fingerprint``: the authority's, as PCs show it. ``renewed``: whether it is new."""

    authority: Path
    certificate: Path
    key: Path
    fingerprint: str
    until: datetime
    renewed: bool


def issue(folder: Path, name: str, now: datetime) -> Issued:
    """The folder with an authority and a server's certificate for ``name``; what is there and good is kept.

    :raises ConfigurationError: where the folder cannot be used, or holds the authority of another name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        authority, signer = _authority(folder, name, now)
        certificate = folder / "server.crt"
        renewed = not _is_good(certificate, authority, now)
        if renewed:
            _renew(folder, name, authority, signer, now)
        served = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise _unusable(folder) from error
    return Issued(
        authority=folder / "authority.crt",
        certificate=certificate,
        key=folder / "server.key",
        fingerprint=authority.fingerprint(SHA256()).hex(":").upper(),
        until=served.not_valid_after_utc,
        renewed=renewed,
    )


def _authority(folder: Path, name: str, now: datetime) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    certificate, key = folder / "authority.crt", folder / "authority.key"
    if not certificate.exists() and not key.exists():
        made = generate_private_key(SECP256R1())
        # The key last: where only the certificate is there, the folder is refused, and nothing is signed by a key
        # that no PC believes.
        certificate.write_bytes(_authority_for(name, made, now).public_bytes(Encoding.PEM))
        _write_key(key, made)
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    signer = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(signer, EllipticCurvePrivateKey) or signer.public_key() != found.public_key():
        raise ValueError("the authority's key is not its own")
    if found.not_valid_after_utc < now + SERVER_LIFE or found.subject != _called(f"{name}: own authority"):
        raise _other_authority(folder)
    return found, signer


def _renew(
    folder: Path, name: str, authority: x509.Certificate, signer: EllipticCurvePrivateKey, now: datetime
) -> None:
    """Another key and certificate, each put in place whole: whoever reads them meanwhile finds the old or the new."""
    key = generate_private_key(SECP256R1())
    new_key, new_certificate = folder / "server.key.new", folder / "server.crt.new"
    new_key.unlink(missing_ok=True)
    _write_key(new_key, key)
    new_certificate.write_bytes(_server_for(name, key, authority, signer, now).public_bytes(Encoding.PEM))
    os.replace(new_key, folder / "server.key")
    os.replace(new_certificate, folder / "server.crt")


def _is_good(path: Path, authority: x509.Certificate, now: datetime) -> bool:
    """Whether this certificate is there, is the authority's, and lasts long enough."""
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        found.verify_directly_issued_by(authority)
    except FileNotFoundError:
        return False
    except Exception:
        # Whatever lies there is made anew.
        return False
    return now < found.not_valid_after_utc - RENEW_BEFORE


def _authority_for(name: str, key: EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    called = _called(f"{name}: own authority")
    excluded = [x509.IPAddress(network) for network in _EVERY_ADDRESS]
    return (
        begun(called, called, key.public_key(), now - _EARLY, now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(name)], excluded), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def _server_for(
    name: str, key: EllipticCurvePrivateKey, authority: x509.Certificate, signer: EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    return (
        begun(_called(name), authority.subject, key.public_key(), now - _EARLY, now + SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, SHA256())
    )


def begun(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePublicKey, from_: datetime, until: datetime
) -> x509.CertificateBuilder:
    """A certificate for this key with a number drawn anew, to which extensions are still to come."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(from_)
        .not_valid_after(until)
    )


def _called(text: str) -> x509.Name:
    # 64 letters are what this attribute can hold; what is believed is the name in the extensions.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """What the key of a certificate is for: to sign certificates and lists of the revoked, or to prove who speaks."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: EllipticCurvePrivateKey) -> None:
    """A new file that only its owner may read. Windows knows no mode bits: there the folder's rights must do it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _unusable(folder: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The certificates in {folder} cannot be used.",
        reason="damaged",
        remedy="Give another folder, or remove this one and tell every PC of the new authority.",
    )


def _other_authority(folder: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The authority in {folder} is another name's, or ends too soon.",
        reason="other_authority",
        remedy="Remove the folder, run this again, and tell every PC of the new authority.",
    )
