"""What a device asks the hub's authority for: kept from before it is sent until its answer is in place.

Theory of operation. The key of the certificate that is asked for, and the request, are on the disk before the request
is sent; whatever happens then, the same bytes are sent again, and the hub gives the same answer. The certificate and
its key are put in place as one file.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from idcard import IdCardError
from kiosk.durable import write_in_place
from kiosk.province.identity import CERTIFICATE, HUB_KEY, ROOT, Identity
from kiosk.wire.joining import Grant

NEXT_KEY: Final = "tls.key"
ASKED: Final = "asked.cbor"


class WrongGrant(IdCardError):
    """The hub's answer is not for what was asked, or not of its authority; nothing was changed."""

    code = "wrong_grant"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for, in the folder of an identity."""

    identity: Identity

    @property
    def request(self) -> bytes | None:
        """The request that waits for its answer."""
        path = self.identity.folder / ASKED
        return path.read_bytes() if path.is_file() and self.key is not None else None

    @property
    def asked_at(self) -> datetime | None:
        """When that request was put on the disk."""
        try:
            return datetime.fromtimestamp((self.identity.folder / ASKED).stat().st_mtime, UTC)
        except OSError:
            return None

    @property
    def key(self) -> EllipticCurvePrivateKey | None:
        """The key of the certificate that is asked for."""
        try:
            found = load_pem_private_key((self.identity.folder / NEXT_KEY).read_bytes(), None)
        except (OSError, ValueError, TypeError):
            return None
        return found if isinstance(found, EllipticCurvePrivateKey) else None

    def new_key(self) -> bytes:
        """A new key, on the disk: the PKCS #10 request for it, DER."""
        self.forget()
        key = generate_private_key(SECP256R1())
        write_in_place(self.identity.folder / NEXT_KEY, _pem(key))
        return (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .sign(key, SHA256())
            .public_bytes(Encoding.DER)
        )

    def keep(self, request: bytes) -> bytes:
        """The request, once it is on the disk."""
        write_in_place(self.identity.folder / ASKED, request)
        return request

    def forget(self) -> None:
        """Take away what was asked for; the request first, for it is nothing without its key."""
        for name in (ASKED, NEXT_KEY):
            (self.identity.folder / name).unlink(missing_ok=True)

    def fulfil(self, grant: Grant) -> x509.Certificate:
        """Put in place what was granted; the certificate, with which it is used, last.

        :raises WrongGrant: see there.
        """
        folder, key = self.identity.folder, self.key
        if key is None or grant.certificate is None or grant.hub_key is None:
            raise WrongGrant("something is missing")
        certificate = _checked(grant, key, self.identity)
        if not self._has_hub_key(grant.hub_key):
            public = X25519PublicKey.from_public_bytes(grant.hub_key)
            pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            write_in_place(folder / HUB_KEY, pem, mode=0o644)
        if grant.root is not None and not (folder / ROOT).exists():
            # Releases lead from this one to the next; a root that was renewed since is the newer one.
            write_in_place(folder / ROOT, grant.root, mode=0o644)
        write_in_place(folder / CERTIFICATE, certificate.public_bytes(Encoding.PEM) + _pem(key))
        self.forget()
        return certificate

    def _has_hub_key(self, raw: bytes) -> bool:
        try:
            return self.identity.hub_key().public_bytes_raw() == raw
        except IdCardError:
            return False


def present_certificate(path: Path) -> x509.Certificate:
    """The certificate in a file; ValueError or OSError where there is none."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def _checked(grant: Grant, key: EllipticCurvePrivateKey, identity: Identity) -> x509.Certificate:
    """The certificate that was granted, where it is for this key and of the authority that is believed."""
    authority = identity.authority
    try:
        found = x509.load_der_x509_certificate(grant.certificate or b"")
        if authority is None or found.public_key() != key.public_key():
            raise WrongGrant("of another key")
        found.verify_directly_issued_by(present_certificate(authority))
    except WrongGrant:
        raise
    except Exception as error:
        # The library has errors of its own for certificates that it does not like, beside ValueError.
        raise WrongGrant("not of the hub's authority") from error
    return found


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
