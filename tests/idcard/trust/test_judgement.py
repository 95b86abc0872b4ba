from collections import Counter
from typing import Any

import pytest

from idcard.testing import Issuer
from idcard.trust.certificates import Certificate
from idcard.trust.judgement import Judgement, Signed, judge
from idcard.trust.master_list import MasterList


def one(*certificates: Any, known: tuple[Any, ...] = ()) -> Judgement:
    """The judgement on the first."""
    return judge([item.parsed for item in certificates], known=[item.parsed for item in known])[0]


def test_a_root_signed_itself(pki: Any) -> None:
    assert one(pki.csca("AA")).signed is Signed.BY_ITSELF


def test_a_root_without_key_identifiers(pki: Any) -> None:
    assert one(pki.csca("AA", identifiers=False)).signed is Signed.BY_ITSELF


def test_a_link_is_signed_by_the_old_key(pki: Any) -> None:
    old, new = pki.csca("AA", "Old"), pki.csca("AA", "New")
    link = pki.issue("AA", "New", old, authority=True, key=new.key)
    judged = one(link, old)
    assert (judged.signed, judged.issuer) == (Signed.BY_ANOTHER, old.parsed)
    assert one(link, known=(old,)).signed is Signed.BY_ANOTHER
    assert one(link, new).signed is Signed.BY_NOBODY_HERE


def test_a_link_under_one_name_is_no_root(pki: Any) -> None:
    old = pki.csca("AA")
    link = pki.issue("AA", "CSCA", old, authority=True)
    assert link.parsed.issuer == link.parsed.subject
    assert one(link, old).signed is Signed.BY_ANOTHER
    assert one(link).signed is Signed.BY_NOBODY_HERE


def test_a_wrong_signature(pki: Any) -> None:
    root = pki.csca("AA")
    forged = pki.issue("AA", "Signer", root)
    der = forged.der[:-1] + bytes([forged.der[-1] ^ 1])
    assert judge([Certificate.from_bytes(der)], known=[root.parsed])[0].signed is Signed.WRONGLY
    own = root.der[:-1] + bytes([root.der[-1] ^ 1])
    assert judge([Certificate.from_bytes(own)])[0].signed is Signed.WRONGLY


def test_a_wrong_signature_of_a_root_that_names_no_key(pki: Any) -> None:
    root = pki.csca("AA", identifiers=False)
    own = root.der[:-1] + bytes([root.der[-1] ^ 1])
    assert judge([Certificate.from_bytes(own)])[0].signed is Signed.WRONGLY


def test_an_unknown_algorithm(pki: Any) -> None:
    root = pki.csca("AA")
    # ecdsa-with-SHA256 becomes an identifier that nobody gave out, in both places.
    odd = root.der.replace(bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d04037f"))
    assert judge([Certificate.from_bytes(odd)])[0].signed is Signed.BY_AN_UNKNOWN_ALGORITHM


def test_a_key_of_an_unknown_kind(pki: Any) -> None:
    root = pki.csca("AA")
    odd = root.der.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f"))
    assert judge([Certificate.from_bytes(odd)])[0].signed is Signed.BY_AN_UNKNOWN_ALGORITHM


@pytest.mark.parametrize("signed", list(Signed))
def test_only_what_was_verified_has_passed(signed: Signed) -> None:
    assert signed.passed is (signed in (Signed.BY_ITSELF, Signed.BY_ANOTHER))


def test_a_demonstration_issuer(issuer: Issuer) -> None:
    both = map(Certificate.from_bytes, (issuer.csca_certificate, issuer.signer.certificate))
    assert [judged.signed for judged in judge(both)] == [Signed.BY_ITSELF, Signed.BY_ANOTHER]


def test_every_certificate_of_the_german_list_is_judged(german_list: bytes) -> None:
    listed = MasterList.from_bytes(german_list)
    certificates = [Certificate.from_bytes(der) for der in listed.certificates]
    assert len(certificates) == 541
    counted = Counter(judged.signed for judged in judge(certificates))
    assert counted == {Signed.BY_ITSELF: 358, Signed.BY_ANOTHER: 176, Signed.BY_NOBODY_HERE: 7}
