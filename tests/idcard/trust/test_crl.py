import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import IdCardError, MalformedData, Unsupported
from idcard.trust.crl import Crl

ISSUED = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_list_and_whom_it_names(pki: Any) -> None:
    root = pki.csca("AA")
    bad, good = pki.issue("AA", "Bad", root), pki.issue("AA", "Good", root)
    crl = Crl.from_bytes(data := pki.crl(root, bad, number=7))
    assert crl.fingerprint == sha256(data).hexdigest()
    assert crl.revocation_of(bad.parsed) is not None
    assert crl.revocation_of(good.parsed) is None
    assert crl.revoked.keys() == {bad.certificate.serial_number}
    one = crl.revoked[bad.certificate.serial_number]
    assert (one.at, one.reason) == (datetime(2025, 6, 1, tzinfo=UTC), "key_compromise")
    assert good.certificate.serial_number not in crl.revoked
    assert (crl.number, crl.this_update, crl.next_update) == (7, ISSUED, ISSUED + timedelta(days=90))
    assert (crl.issuer, crl.issuer.country) == (root.parsed.subject, "AA")
    assert crl.authority_key_identifier == root.parsed.subject_key_identifier
    assert crl.issued_by(root.parsed)
    assert not crl.issued_by(pki.csca("AA").parsed)


def test_age_is_counted_from_its_issue(pki: Any) -> None:
    crl = Crl.from_bytes(pki.crl(pki.csca("AA")))
    assert crl.age(ISSUED + timedelta(days=3)) == timedelta(days=3)
    assert not crl.stale(ISSUED + timedelta(days=90))
    assert crl.stale(ISSUED + timedelta(days=91))


def test_which_list_is_newer(pki: Any) -> None:
    root = pki.csca("AA")
    one, two = Crl.from_bytes(pki.crl(root)), Crl.from_bytes(pki.crl(root, number=2))
    later = Crl.from_bytes(pki.crl(root, issued=ISSUED + timedelta(days=1), number=None))
    assert two.newer_than(one)
    assert not one.newer_than(two)
    assert later.newer_than(two)
    assert later.number is None


def test_an_entry_without_a_reason(pki: Any) -> None:
    root = pki.csca("AA")
    bad = pki.issue("AA", "Bad", root)
    crl = Crl.from_bytes(pki.crl(root, bad, reason=None))
    assert crl.revoked[bad.certificate.serial_number].reason is None


def test_a_list_of_version_1_has_no_extensions(pki: Any, tmp_path: Path) -> None:
    """OpenSSL writes one: no version, no extensions, and nobody is revoked."""
    certificate, key = pki.csca("AA").save(tmp_path, "root")
    (tmp_path / "index").write_text("")
    (tmp_path / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=c\n[c]\ndatabase={tmp_path}/index\ndefault_md=sha256\ndefault_crl_days=30\n"
    )
    command = ["openssl", "ca", "-config", str(tmp_path / "ca.cnf"), "-gencrl", "-cert", certificate, "-keyfile", key]
    pem = subprocess.run(command, check=True, capture_output=True).stdout
    crl = Crl.from_bytes(x509.load_pem_x509_crl(pem).public_bytes(Encoding.DER))
    assert (crl.number, crl.authority_key_identifier, dict(crl.revoked)) == (None, None, {})


def test_a_list_of_a_part_is_refused(pki: Any) -> None:
    with pytest.raises(Unsupported):
        Crl.from_bytes(pki.crl(pki.csca("AA"), critical=True))


@pytest.mark.parametrize("critical", [True, False])
def test_a_list_with_entries_about_another_issuer_is_refused(pki: Any, critical: bool) -> None:
    other = x509.CertificateIssuer([x509.DirectoryName(pki.name("BB", "CSCA"))])
    with pytest.raises(Unsupported):
        Crl.from_bytes(with_entry_extension(pki, other, critical=critical))


def test_what_an_entry_may_say_beside_its_reason(pki: Any) -> None:
    since = x509.InvalidityDate(datetime(2025, 5, 1))
    assert Crl.from_bytes(with_entry_extension(pki, since, critical=False)).revoked.keys() == {7}
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")
    with pytest.raises(Unsupported):
        Crl.from_bytes(with_entry_extension(pki, strange, critical=True))


def with_entry_extension(pki: Any, extension: x509.ExtensionType, *, critical: bool) -> bytes:
    root = pki.csca("AA")
    entry = x509.RevokedCertificateBuilder().serial_number(7).revocation_date(datetime(2025, 6, 1, tzinfo=UTC))
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.subject).last_update(ISSUED)
    builder = builder.next_update(ISSUED + timedelta(days=9))
    builder = builder.add_revoked_certificate(entry.add_extension(extension, critical=critical).build())
    return builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"\x30\x06\x30\x00\x30\x00\x03\x00"])
def test_what_is_no_list_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        Crl.from_bytes(data)


def test_a_certificate_is_no_list(pki: Any) -> None:
    with pytest.raises(MalformedData):
        Crl.from_bytes(pki.csca("AA").der)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_list_or_an_error(data: bytes) -> None:
    with pytest.raises(IdCardError):
        Crl.from_bytes(data)
