"""PEM, as OpenSSL writes it and as it must not be; what the readers make of it is in their own tests."""

import base64
from subprocess import run
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import MalformedData
from idcard.trust.pem import blocks, is_pem


def text(kind: str, data: bytes, end: str = "\n") -> bytes:
    body = base64.encodebytes(data).decode().replace("\n", end)
    return f"-----BEGIN {kind}-----{end}{body}-----END {kind}-----{end}".encode()


@given(parts=st.lists(st.tuples(st.sampled_from(["CERTIFICATE", "X509 CRL", "PKCS7"]), st.binary(max_size=200))))
def test_what_is_written_is_read_in_its_order(parts: list[tuple[str, bytes]]) -> None:
    for end in ("\n", "\r\n"):
        data = b"subject=C = AA\n".join([b"", *(text(kind, der, end) for kind, der in parts), b"--- the end ---"])
        assert [(block.kind.decode(), block.der) for block in blocks(data)] == parts
        assert is_pem(data) == bool(parts)


def test_what_openssl_prints_around_a_certificate_does_not_count(pki: Any, tmp_path: Any) -> None:
    root = pki.csca("AA")
    certificate, _ = root.save(tmp_path, "root")
    printed = run(["openssl", "x509", "-in", certificate, "-text"], check=True, capture_output=True).stdout
    assert printed.startswith(b"Certificate:")
    assert [(block.kind, block.der) for block in blocks(printed)] == [(b"CERTIFICATE", root.der)]


@pytest.mark.parametrize("data", [
    b"-----BEGIN CERTIFICATE-----\nAAAA\n",
    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n",
    b"-----BEGIN CERTIFICATE-----AAAA\n-----END CERTIFICATE-----\n",
    text("CERTIFICATE", b"whole") + b"-----BEGIN CERTIFICATE-----\nAAAA\n" + text("CERTIFICATE", b"whole"),
    b"-----BEGIN " + b"A" * 500 + b"-----\nAAAA\n-----END " + b"A" * 500 + b"-----\n",
    b"-----BEGIN CERTIFICATE-----\n" * 200_000,
])  # fmt: skip
def test_a_block_without_its_end_spoils_the_whole(data: bytes) -> None:
    with pytest.raises(MalformedData, match="cut short"):
        list(blocks(data))


def test_what_is_no_base64_has_a_kind_and_no_bytes() -> None:
    block = next(
        blocks(b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----")
    )
    assert block.kind == b"RSA PRIVATE KEY"
    with pytest.raises(MalformedData, match="no base64"):
        _ = block.der
