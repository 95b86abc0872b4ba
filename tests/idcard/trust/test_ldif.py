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


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_values_are_unfolded_and_decoded(newline: str) -> None:
    value = bytes(range(256)) * 3
    text = "version: 1" + newline + newline + entry("pkdMasterListContent", value, newline=newline)
    assert ldif.is_ldif(text.encode())
    assert list(ldif.values(text.encode())) == [value]


@pytest.mark.parametrize(
    "attribute", ["userCertificate;binary", "certificateRevocationList;binary", "CscaMasterListData", "USERCERTIFICATE"]
)
def test_the_attributes_that_hold_certificates_and_lists(attribute: str) -> None:
    assert list(ldif.values(entry(attribute, b"abc").encode())) == [b"abc"]


def test_other_attributes_are_left_alone() -> None:
    assert list(ldif.values(entry("jpegPhoto", b"abc").encode())) == []


def test_what_is_no_base64() -> None:
    with pytest.raises(MalformedData):
        list(ldif.values(b"dn: x\nuserCertificate:: !!!!\n"))


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
    ],
)
def test_how_ldif_is_known(data: bytes, is_one: bool) -> None:
    assert ldif.is_ldif(data) is is_one


@given(value=st.binary(max_size=300), width=st.integers(40, 90))
def test_what_is_folded_is_unfolded(value: bytes, width: int) -> None:
    assert list(ldif.values(entry("userCertificate;binary", value, width=width).encode())) == [value]
