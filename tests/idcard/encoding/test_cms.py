from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import oids
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.encoding.ber import load
from idcard.encoding.cms import LdsSecurityObject, SignedData
from idcard.errors import IdCardError, MalformedData
from idcard.testing import der

SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.null())
CONTENT = b"content"
Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def attribute(kind: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(*values))


ATTRIBUTES = (
    attribute(oids.CONTENT_TYPE, der.oid("1.2.3")),
    attribute(oids.MESSAGE_DIGEST, der.octet_string(b"digest")),
    attribute(oids.SIGNING_TIME, der.time(datetime(2023, 3, 17, 13, 40, 18, tzinfo=UTC))),
)


def signer_info(*attributes: bytes, sid: bytes | None = None, version: int = 1) -> bytes:
    name = der.sequence(der.set_of(der.sequence(der.oid("2.5.4.6"), der.printable("VN"))))
    return der.sequence(
        der.integer(version),
        sid or der.sequence(name, der.integer(7)),
        SHA256,
        *([der.context(0, *attributes)] if attributes else []),
        der.sequence(der.oid("1.2.840.10045.4.3.2")),
        der.octet_string(b"signature"),
    )


def signed_data(*signers: bytes, content: bytes | None = CONTENT, certificates: bytes = b"", version: int = 3) -> bytes:
    inner = [] if content is None else [der.context(0, der.octet_string(content))]
    body = der.sequence(
        der.integer(version),
        der.set_of(SHA256),
        der.sequence(der.oid("1.2.3"), *inner),
        *([der.context(0, certificates)] if certificates else []),
        der.set_of(*signers),
    )
    return der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body))


def test_signed_data() -> None:
    signed = SignedData.from_bytes(signed_data(signer_info(*ATTRIBUTES), certificates=der.sequence()))
    assert (signed.content_type, signed.content, signed.certificates) == ("1.2.3", CONTENT, (b"\x30\x00",))
    signer = signed.signers[0]
    assert signer.issuer == (frozenset({("2.5.4.6", "vn")}),)
    assert (signer.serial_number, signer.subject_key_identifier) == (7, None)
    assert (signer.content_type, signer.message_digest) == ("1.2.3", b"digest")
    assert signer.signing_time == datetime(2023, 3, 17, 13, 40, 18, tzinfo=UTC)
    assert signer.signature == b"signature"


def test_signed_attributes_keep_their_bytes_under_the_tag_of_set() -> None:
    """In their order as sent, even where DER would sort them."""
    for order in (ATTRIBUTES, ATTRIBUTES[::-1]):
        signer = SignedData.from_bytes(signed_data(signer_info(*order))).signers[0]
        sent = der.context(0, *order)
        assert signer.signed_attributes == b"\x31" + sent[1:]


def test_signed_attributes_of_indefinite_length_are_put_into_der() -> None:
    """Their signer had to sign DER; the order of a SET is part of that."""
    spelt = b"\xa0\x80" + b"".join(ATTRIBUTES) + b"\x00\x00"
    signer = SignedData.from_bytes(rebuilt(spelt)).signers[0]
    assert signer.signed_attributes == der.set_of(*sorted(ATTRIBUTES))
    assert signer.message_digest == b"digest"


def rebuilt(attributes: bytes) -> bytes:
    """Signed data whose signer has these attributes, tag and length included."""
    name = der.sequence(der.set_of(der.sequence(der.oid("2.5.4.6"), der.printable("VN"))))
    algorithm, signature = der.sequence(der.oid("1.2.840.10045.4.3.2")), der.octet_string(b"signature")
    sid = der.sequence(name, der.integer(7))
    return signed_data(der.sequence(der.integer(1), sid, SHA256, attributes, algorithm, signature))


def test_everything_of_indefinite_length() -> None:
    """Content in pieces, and every length around it open: what hardware that writes as it reads makes."""

    def open_ended(tag: int, *values: bytes) -> bytes:
        return bytes([tag, 0x80]) + b"".join(values) + b"\x00\x00"

    pieces = open_ended(0x24, der.octet_string(CONTENT[:3]), der.octet_string(CONTENT[3:]))
    inner = open_ended(0x30, der.oid("1.2.3"), open_ended(0xA0, pieces))
    certificates = open_ended(0xA0, der.sequence(der.integer(1)))
    signers = open_ended(0x31, signer_info(*ATTRIBUTES))
    body = open_ended(0x30, der.integer(3), open_ended(0x31, SHA256), inner, certificates, signers)
    signed = SignedData.from_bytes(open_ended(0x30, der.oid(oids.SIGNED_DATA), open_ended(0xA0, body)))
    assert (signed.content, signed.certificates) == (CONTENT, (der.sequence(der.integer(1)),))
    assert signed.signers[0].message_digest == b"digest"


def test_a_bag_of_certificates_has_no_content() -> None:
    bag = SignedData.from_bytes(signed_data(content=None, certificates=der.sequence()), bag=True)
    assert (bag.content, bag.certificates, bag.signers, bag.crls) == (b"", (b"\x30\x00",), (), ())


def test_content_that_is_no_octet_string_is_signed_without_its_tag() -> None:
    """PKCS #7, before CMS."""
    inner = der.sequence(der.oid("1.2.3"), der.context(0, der.sequence(der.integer(5))))
    body = der.sequence(der.integer(1), der.set_of(), inner, der.set_of())
    signed = SignedData.from_bytes(der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body)))
    assert signed.content == der.integer(5)


@pytest.mark.parametrize("extra", [der.context(2, b""), der.set_of(), der.null()])
def test_parts_that_signed_data_may_not_have(extra: bytes) -> None:
    inner = der.sequence(der.oid("1.2.3"), der.context(0, der.octet_string(CONTENT)))
    body = der.sequence(der.integer(3), der.set_of(), inner, der.set_of(), extra)
    with pytest.raises(MalformedData):
        SignedData.from_bytes(der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body)))


@pytest.mark.parametrize("extra", [der.context(0, b""), der.null(), der.context(1, b"") * 2])
def test_parts_that_a_signer_may_not_have(extra: bytes) -> None:
    name = der.sequence(der.set_of(der.sequence(der.oid("2.5.4.6"), der.printable("VN"))))
    sid, algorithm = der.sequence(name, der.integer(7)), der.sequence(der.oid("1.2.840.10045.4.3.2"))
    info = der.sequence(der.integer(1), sid, SHA256, algorithm, der.octet_string(b"s"), extra)
    with pytest.raises(MalformedData):
        SignedData.from_bytes(signed_data(info))


def test_several_contents_and_long_algorithms_are_malformed() -> None:
    content = der.context(0, der.octet_string(CONTENT))
    inner = der.sequence(der.oid("1.2.3"), content, content)
    body = der.sequence(der.integer(3), der.set_of(), inner, der.set_of())
    with pytest.raises(MalformedData):
        SignedData.from_bytes(der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body)))
    algorithm = load(der.sequence(der.oid("1.2.3"), der.null(), der.null()), "algorithm")
    with pytest.raises(MalformedData):
        AlgorithmIdentifier.of(algorithm)


def test_a_signer_named_by_its_key() -> None:
    signer = signer_info(sid=der.context(0, b"\x01\x02", constructed=False), version=3)
    parsed = SignedData.from_bytes(signed_data(signer)).signers[0]
    assert (parsed.issuer, parsed.serial_number, parsed.subject_key_identifier) == (None, None, b"\x01\x02")


def test_a_signer_without_attributes_says_nothing() -> None:
    signer = SignedData.from_bytes(signed_data(signer_info())).signers[0]
    assert signer.signed_attributes is None
    assert (signer.content_type, signer.message_digest, signer.signing_time) == (None, None, None)


def test_other_kinds_of_certificates_are_left_out() -> None:
    both = der.context(1, b"\x02\x01\x01") + der.sequence(der.integer(1))
    assert SignedData.from_bytes(signed_data(certificates=both)).certificates == (der.sequence(der.integer(1)),)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\x00",
        signed_data(content=None),
        signed_data(version=2),
        signed_data(signer_info(version=2)),
        signed_data(signer_info(ATTRIBUTES[0], ATTRIBUTES[0])),
        signed_data() + b"\x00",
        signed_data()[:-1],
        der.sequence(der.oid("1.2.840.113549.1.7.1"), der.context(0, der.octet_string(CONTENT))),
        der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, der.octet_string(CONTENT))),
        bytes((1 << 20) + 1),
    ],
)
def test_what_is_no_signed_data_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        SignedData.from_bytes(data)


@pytest.mark.parametrize(
    "attributes",
    [
        (attribute(oids.MESSAGE_DIGEST),),
        (attribute(oids.MESSAGE_DIGEST, der.octet_string(b"1"), der.octet_string(b"2")),),
        (attribute(oids.MESSAGE_DIGEST, der.integer(1)),),
    ],
    ids=["none", "two", "integer"],
)
def test_a_digest_that_is_not_exactly_one_is_malformed(attributes: tuple[bytes, ...]) -> None:
    signer = SignedData.from_bytes(signed_data(signer_info(*attributes))).signers[0]
    with pytest.raises(MalformedData):
        _ = signer.message_digest


def test_odd_types_and_times_are_malformed() -> None:
    odd = attribute(oids.CONTENT_TYPE, der.integer(1)), attribute(oids.SIGNING_TIME, der.integer(1))
    signer = SignedData.from_bytes(signed_data(signer_info(*odd))).signers[0]
    with pytest.raises(MalformedData):
        _ = signer.content_type
    with pytest.raises(MalformedData):
        _ = signer.signing_time


def test_a_security_object_with_a_part_too_many_is_malformed() -> None:
    hashes = der.sequence(der.sequence(der.integer(1), der.octet_string(b"a")))
    for tail in ((der.sequence(der.printable("0108")),), (der.sequence(), der.sequence())):
        with pytest.raises(MalformedData):
            LdsSecurityObject.from_bytes(der.sequence(der.integer(0), SHA256, hashes, *tail))


def security_object(*hashes: tuple[int, bytes], version: int = 0, versions: tuple[str, str] | None = None) -> bytes:
    listed = der.sequence(*(der.sequence(der.integer(number), der.octet_string(value)) for number, value in hashes))
    tail = [] if versions is None else [der.sequence(*(der.printable(text) for text in versions))]
    return der.sequence(der.integer(version), SHA256, listed, *tail)


def test_a_security_object_of_version_0() -> None:
    parsed = LdsSecurityObject.from_bytes(security_object((1, b"a"), (2, b"b")))
    assert dict(parsed.hashes) == {1: b"a", 2: b"b"}
    assert (parsed.version, parsed.lds_version, parsed.unicode_version) == (0, None, None)
    assert parsed.hash_algorithm == "2.16.840.1.101.3.4.2.1"


def test_a_security_object_of_version_1_says_its_lds_version() -> None:
    parsed = LdsSecurityObject.from_bytes(security_object((1, b"a"), version=1, versions=("0108", "040000")))
    assert (parsed.version, parsed.lds_version, parsed.unicode_version) == (1, "0108", "040000")


@pytest.mark.parametrize("hashes", [(), ((1, b"a"), (1, b"b")), ((0, b"a"),), ((17, b"a"),), ((-1 & 0xFF, b"a"),)])
def test_lists_that_cannot_be_are_malformed(hashes: tuple[tuple[int, bytes], ...]) -> None:
    with pytest.raises(MalformedData):
        LdsSecurityObject.from_bytes(security_object(*hashes))


@given(data=st.binary(max_size=200))
def test_any_bytes_are_signed_data_or_an_error(data: bytes) -> None:
    for parse in (SignedData.from_bytes, LdsSecurityObject.from_bytes):
        with pytest.raises(IdCardError):
            parse(data)


@given(at=st.integers(0, 1616), value=st.integers(0, 255))
def test_a_changed_byte_gives_signed_data_or_an_error(root: Path, at: int, value: int) -> None:
    data = bytearray((root / "tests" / "vectors" / "trust" / "ef_sod_austria.bin").read_bytes())
    data[at] = value
    try:
        signed = SignedData.from_bytes(bytes(data[4:]))
        for signer in signed.signers:
            _ = signer.message_digest, signer.content_type, signer.signing_time
    except IdCardError:
        return
    assert signed.content
