"""A code as it is read over the telephone, and the digits that are compared."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateSigningRequestBuilder, Name

from kiosk.wire.errors import MalformedMessage, WrongSignature
from kiosk.wire.joining import (
    CODE_SIGNS,
    JoinRequest,
    authority_pin,
    drawn_signs,
    fingerprint,
    make_join,
    read_code,
    read_grant,
    read_join,
    secret_digest,
    written_code,
)

DIGITS, PIN = "5307 3498 6414 1935", "CZGEY8HH"
CODE = written_code("7QK", "2M4XD0RT", "V9WZ1HB3")


def test_a_code_is_five_groups_and_read_back_as_people_write_it() -> None:
    assert [len(group) for group in CODE.split("-")] == [4] * 5
    assert read_code(CODE) == ("7QK2M4XD0RT", "V9WZ1HB3")
    assert read_code(f" {CODE.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ") == read_code(CODE)


def test_one_sign_misread_or_two_exchanged_are_found() -> None:
    signs = CODE.replace("-", "")
    for at, sign in enumerate(signs):
        for other in set(CODE_SIGNS) - {sign}:
            with pytest.raises(ValueError, match="no code"):
                read_code(signs[:at] + other + signs[at + 1 :])
    for at in range(len(signs) - 1):
        if signs[at] != signs[at + 1]:
            with pytest.raises(ValueError, match="no code"):
                read_code(signs[:at] + signs[at + 1] + signs[at] + signs[at + 2 :])


@pytest.mark.parametrize("text", ["", CODE[:-1], CODE + "0", "U" * 20, "é" * 20])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no code"):
        read_code(text)


def test_every_sign_is_drawn() -> None:
    assert {drawn_signs(number.to_bytes(8, "big"), 1) for number in range(32)} == set(CODE_SIGNS)
    assert len(drawn_signs(b"\xff" * 8, 8)) == 8


def test_the_mark_and_the_digits_are_what_they_were() -> None:
    """Both are compared by machines of two versions: they never change."""
    key = derive_private_key(7, SECP256R1()).public_key()
    assert fingerprint(b"authority", bytes(32), key) == DIGITS
    assert authority_pin(b"authority") == PIN
    assert fingerprint(b"another", bytes(32), key) != DIGITS
    assert fingerprint(b"authority", bytes([1]) * 32, key) != DIGITS
    assert fingerprint(b"authority", bytes(32), derive_private_key(8, SECP256R1()).public_key()) != DIGITS
    assert secret_digest("2M4XD0RT", bytes(16)) != secret_digest("2M4XD0RT", bytes([1]) * 16)


def csr(number: int = 7, curve: type[SECP256R1] | type[SECP384R1] = SECP256R1) -> bytes:
    key = derive_private_key(number, curve())
    return CertificateSigningRequestBuilder().subject_name(Name([])).sign(key, SHA256()).public_bytes(Encoding.DER)


def joined(csr_bytes: bytes) -> bytes:
    device = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = device.public_key().public_bytes_raw()
    return make_join(JoinRequest(code=read_code(CODE)[0], public_key=public, csr=csr_bytes), device)


def test_a_request_is_read_back() -> None:
    made = read_join(joined(csr()))
    assert made.tls_key == derive_private_key(7, SECP256R1()).public_key()
    assert "2M4XD0RT" not in repr(made)


def test_a_request_without_proof_of_its_keys_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="another kind of key"):
        read_join(joined(csr(curve=SECP384R1)))
    with pytest.raises(MalformedMessage, match="PKCS #10"):
        read_join(joined(b"none"))
    forged = bytearray(csr())
    forged[-1] ^= 1
    with pytest.raises((WrongSignature, MalformedMessage)):
        read_join(joined(bytes(forged)))
    whole = bytearray(joined(csr()))
    whole[-1] ^= 1
    with pytest.raises(WrongSignature):
        read_join(bytes(whole))


@pytest.mark.parametrize("data", [b"", b"\xa0", b"\x80", b"\x82\x41\x00\x41\x00"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_join(data)
    with pytest.raises(MalformedMessage):
        read_grant(data)
