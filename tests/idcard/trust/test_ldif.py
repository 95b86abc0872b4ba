import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import MalformedData
from idcard.trust import ldif


def entry(attribute: str, value: bytes, *, width: int = 76, newline: str = "\n") -> str:
    """An LDIF entry; its long lines are folded."""
    line = f"{attribute}:: {base64.b64encode(value).decode()}"
    folded = [line[:width], *(" " + line[at : at + width - 1] for at in range(width, len(line), width - 1))]
    return newline.join(["dn: cn=1,o=ml,c=AA,dc=data", "objectClass: top", *folded, "", ""])


def decoded(data: bytes) -> list[bytes | None]:
    return [one.data for one in ldif.values(data)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_values_are_unfolded_and_decoded(newline: str) -> None:
    value = bytes(range(256)) * 3
    text = "version: 1" + newline + newline + entry("pkdMasterListContent", value, newline=newline)
    assert ldif.is_ldif(text.encode())
    assert decoded(text.encode()) == [value]


@pytest.mark.parametrize(
    "attribute", ["userCertificate;binary", "certificateRevocationList;binary", "CscaMasterListData", "USERCERTIFICATE"]
)
def test_the_attributes_that_hold_certificates_and_lists(attribute: str) -> None:
    assert decoded(entry(attribute, b"abc").encode()) == [b"abc"]


def test_other_attributes_are_left_alone() -> None:
    assert list(ldif.values(entry("jpegPhoto", b"abc").encode())) == []


def test_what_is_no_base64_is_a_value_without_data() -> None:
    text = b"dn: x\nuserCertificate:: !!!!\nuserCertificate:: YWJj\n"
    assert [(one.text.strip(), one.data) for one in ldif.values(text)] == [(b"!!!!", None), (b"YWJj", b"abc")]


@pytest.mark.parametrize("blanks", [b"", b" ", b"   "])
def test_blanks_before_a_value_do_not_matter(blanks: bytes) -> None:
    assert decoded(b"dn: x\nuserCertificate;binary::" + blanks + b"YWJj\n") == [b"abc"]


def test_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldif, "MAX_LDIF_BYTES", 10)
    with pytest.raises(MalformedData):
        list(ldif.values(b"dn: cn=too,c=long\n"))


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b"# comment\n\ndn: x\n", True),
        (b"version: 1\n", True),
        (b"\x30\x82", False),
        (b"", False),
        (b"# only\n", False),
        (b"#" + b"x" * 9000 + b"\n" + b"# more\n" * 9000 + b"dn: x\n", True),
        (b"# folded\n comment\nDN: x\n", True),
        (b"\xef\xbb\xbfversion: 1\r\n", True),
        (b"# comment\n-----BEGIN CERTIFICATE-----\n", False),
        (b"#" + b"\n" * 100_000, False),
    ],
)
def test_how_ldif_is_known(data: bytes, is_one: bool) -> None:
    assert ldif.is_ldif(data) is is_one


@given(value=st.binary(max_size=300), width=st.integers(40, 90))
def test_what_is_folded_is_unfolded(value: bytes, width: int) -> None:
    assert decoded(entry("userCertificate;binary", value, width=width).encode()) == [value]
