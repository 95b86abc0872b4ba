from datetime import UTC, datetime
from typing import Any

import pytest

from idcard.crypto.signature import EcPublicKey, RsaPublicKey
from idcard.crypto.strength import CURRENT
from idcard.trust.certificates import Certificate
from idcard.trust.master_list import MasterList
from idcard.trust.profile import Remark, remarks

AT = datetime(2026, 11, 23, tzinfo=UTC)


def changed(one: Any, old: str, new: str) -> Certificate:
    data, before, after = one.der, bytes.fromhex(old), bytes.fromhex(new)
    assert before in data
    return Certificate.from_bytes(data.replace(before, after))


def test_certificates_that_follow_their_profile(pki: Any) -> None:
    root = pki.csca("AA")
    assert remarks(root.parsed, signer=False) == ()
    assert remarks(pki.issue("AA", "Signer", root).parsed, signer=True) == ()


def test_roles_that_are_mixed_up(pki: Any) -> None:
    root = pki.csca("AA")
    assert remarks(root.parsed, signer=True) == (Remark.IS_AUTHORITY, Remark.KEY_USAGE)
    signer = pki.issue("AA", "Signer", root).parsed
    assert remarks(signer, signer=False) == (Remark.NO_BASIC_CONSTRAINTS, Remark.KEY_USAGE)


def test_identifiers_that_are_missing(pki: Any) -> None:
    root = pki.csca("AA", identifiers=False)
    assert remarks(root.parsed, signer=False) == (Remark.NO_SUBJECT_KEY_IDENTIFIER,)
    signer = pki.issue("AA", "Signer", root, identifiers=False)
    assert remarks(signer.parsed, signer=True) == (Remark.NO_AUTHORITY_KEY_IDENTIFIER,)


def test_countries(pki: Any) -> None:
    foreign = pki.issue("BB", "Signer", pki.csca("AA"))
    assert remarks(foreign.parsed, signer=True) == (Remark.COUNTRIES_DIFFER,)
    # The country attribute's identifier becomes that of a surname.
    nameless = changed(pki.csca("AA"), "0603550406", "0603550404")
    assert Remark.NO_COUNTRY in remarks(nameless, signer=False)


def test_version_and_serial_number(pki: Any) -> None:
    root = pki.csca("AA")
    assert Remark.NOT_VERSION_3 in remarks(changed(root, "a003020102", "a003020101"), signer=False)
    serial = root.parsed.serial_number.to_bytes(2).hex()
    negative = changed(root, f"0202{serial}", "0202ffff")
    assert Remark.SERIAL_NUMBER in remarks(negative, signer=False)


def test_extensions_that_are_not_well_formed(pki: Any) -> None:
    # The key usage's BIT STRING becomes an INTEGER.
    odd = changed(pki.csca("AA"), "0603551d0f0101ff0404030201", "0603551d0f0101ff0404020201")
    assert Remark.MALFORMED_EXTENSION in remarks(odd, signer=False)


def test_a_key_that_cannot_be_loaded_has_no_remark_of_its_own(pki: Any) -> None:
    odd = changed(pki.csca("AA"), "06082a8648ce3d030107", "06082a8648ce3d03017f")
    assert remarks(odd, signer=False) == ()


def test_the_german_list_has_remarks(german_list: bytes) -> None:
    found = [
        remarks(Certificate.from_bytes(der), signer=False) for der in MasterList.from_bytes(german_list).certificates
    ]
    assert sum(map(bool, found)) == 58
    assert any(Remark.OLD_ALGORITHM in one for one in found)


@pytest.mark.parametrize(
    ("bits", "digest", "weak"),
    [(1024, "sha1", ("sha1", "rsa1024")), (2048, "sha256", ()), (4096, "sha1", ("sha1",)), (1536, None, ("rsa1536",))],
)
def test_which_algorithms_are_too_old(bits: int, digest: str | None, weak: tuple[str, ...]) -> None:
    key = RsaPublicKey(modulus=(1 << bits) - 1, exponent=65537)
    assert CURRENT.weaknesses(digest=digest, key=key) == weak


def test_which_curves_are_too_short(vietnam: bytes) -> None:
    key = Certificate.from_bytes(vietnam).public_key
    assert isinstance(key, EcPublicKey)
    assert CURRENT.weaknesses(key=key) == ()
