import base64
from subprocess import run
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import oids
from idcard.errors import IdCardError, MalformedData
from idcard.testing import der
from idcard.trust.certificates import Certificate
from idcard.trust.contents import Contents, items
from idcard.trust.crl import Crl
from idcard.trust.deviation_list import DeviationList
from idcard.trust.master_list import MasterList


def pem(kind: str, data: bytes) -> bytes:
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(data).decode()}-----END {kind}-----\n".encode()


def everything(data: bytes) -> list[Any]:
    return [item for part in Contents.of(data).parts for item in items(part)]


def bag(*certificates: bytes, crls: tuple[bytes, ...] = ()) -> bytes:
    parts = [der.context(0, *certificates)] + ([der.context(1, *crls)] if crls else [])
    inner = der.sequence(der.oid(oids.DATA))
    return der.sequence(
        der.oid(oids.SIGNED_DATA),
        der.context(0, der.sequence(der.integer(1), der.set_of(), inner, *parts, der.set_of())),
    )


def test_a_certificate_and_a_revocation_list(pki: Any) -> None:
    root = pki.csca("AA")
    crl = pki.crl(root)
    assert everything(root.der) == [root.parsed]
    assert [type(item) for item in everything(crl)] == [Crl]


def test_pem_of_several_kinds_with_text_between(pki: Any) -> None:
    root = pki.csca("AA")
    text = b"Subject: somebody\n" + pem("CERTIFICATE", root.der) + b"\n" + pem("X509 CRL", pki.crl(root))
    assert [type(item) for item in everything(text + pem("PKCS7", bag(root.der)))] == [Certificate, Crl, Certificate]


def test_a_bag_of_certificates_and_lists(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    found = everything(bag(root.der, other.der, crls=(pki.crl(root),)))
    assert [type(item) for item in found] == [Certificate, Certificate, Crl]


def test_a_bag_that_openssl_made(pki: Any, tmp_path: Any) -> None:
    certificate, _ = pki.csca("AA").save(tmp_path, "root")
    command = ["openssl", "crl2pkcs7", "-nocrl", "-certfile", certificate, "-outform", "DER"]
    made = run(command, check=True, capture_output=True).stdout
    assert [type(item) for item in everything(made)] == [Certificate]


def test_lists(pki: Any) -> None:
    root = pki.csca("AA")
    listed = pki.master_list(pki.list_signer(root), [root.der])
    deviations = pki.signed_list(der.sequence(der.integer(0), der.set_of()), oids.DEVIATION_LIST, pki.list_signer(root))
    assert [type(item) for item in everything(listed) + everything(deviations)] == [MasterList, DeviationList]
    assert Contents.of(listed).by_operator


def test_ldif(pki: Any) -> None:
    root = pki.csca("AA")
    text = b"dn: x\nuserCertificate;binary:: " + base64.b64encode(root.der) + b"\n"
    assert everything(text) == [root.parsed]
    assert not Contents.of(text).by_operator


@pytest.mark.parametrize(
    "data",
    [
        pem("PRIVATE KEY", b"secret"),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        b"",
        b"text",
        b"\x30\x00",
        b"\x30\x02\x30\x00",
        pem("CERTIFICATE", b"\x30\x00"),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n",
        b"-----BEGIN CERTIFICATE-----AAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN " + b"A" * 500,
        # Megabytes that begin and never end: looked through once, not once for each beginning.
        b"-----BEGIN CERTIFICATE-----\n" * 200_000,
    ],
)
def test_what_is_neither_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        everything(data)


def test_what_stands_around_pem_does_not_count(pki: Any) -> None:
    one, two = pki.csca("AA"), pki.csca("BB")
    text = b"subject=C = AA\n" + pem("CERTIFICATE", one.der) + b"--- and ---\r\n" + pem("X509 CERTIFICATE", two.der)
    assert everything(text + b"end") == [one.parsed, two.parsed]


def test_signed_data_of_another_kind_is_malformed(pki: Any) -> None:
    with pytest.raises(MalformedData):
        everything(pki.signed_list(b"hello", oids.DATA, pki.list_signer(pki.csca("AA"))))


@given(data=st.binary(max_size=200))
def test_any_bytes_are_contents_or_an_error(data: bytes) -> None:
    try:
        found = everything(data)
    except IdCardError:
        return
    assert found == []
