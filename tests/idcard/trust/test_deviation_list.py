import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from idcard.encoding import oids
from idcard.errors import MalformedData
from idcard.testing import der
from idcard.trust.deviation_list import DeviationList
from idcard.trust.signed_data import ListNotTrusted

AT = datetime(2026, 11, 23, tzinfo=UTC)
KIND = "2.23.136.1.1.7.2.2"


def implicit(number: int, value: bytes, *, constructed: bool = False) -> bytes:
    return der.context(number, value, constructed=constructed)


def description(kind: str = KIND, words: str | None = None) -> bytes:
    return der.sequence(*([der.printable(words)] if words else []), der.oid(kind))


def deviation(*documents: bytes, descriptions: tuple[bytes, ...] = (description(),)) -> bytes:
    return der.sequence(der.sequence(*documents), der.set_of(*descriptions))


def content(*deviations: bytes) -> bytes:
    sha256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
    return der.sequence(der.integer(0), sha256, der.set_of(*deviations))


@pytest.fixture
def listed(pki: Any) -> Any:
    """A list by a signer of AA, signed by openssl."""
    root = pki.csca("AA")
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)

    def make(*deviations: bytes) -> DeviationList:
        data = pki.signed_list(content(*deviations), oids.DEVIATION_LIST, signer)
        parsed = DeviationList.from_bytes(data)
        assert parsed.verify([root.parsed], at=AT) == (signer.parsed, root.parsed)
        return parsed

    return make


def kinds(listed: DeviationList, signer: Any, *, document_type: str = "ID", number: str = "1") -> list[str]:
    found = listed.about(signer.parsed, document_type=document_type, document_number=number)
    return [kind for one in found for kind in one.kinds]


def test_documents_by_their_signer(pki: Any, listed: Any) -> None:
    root = pki.csca("AA")
    signer, other = pki.issue("AA", "Signer", root), pki.issue("AA", "Other", root)
    parsed = signer.parsed
    by_serial = implicit(1, parsed.issuer.der + der.integer(parsed.serial_number), constructed=True)
    by_key = implicit(2, parsed.subject_key_identifier)
    by_digest = implicit(3, hashlib.sha256(parsed.der).digest())
    for documents in (by_serial, by_key, by_digest):
        one = listed(deviation(documents))
        assert kinds(one, signer) == [KIND]
        assert kinds(one, other) == []


def test_documents_by_type_and_number(pki: Any, listed: Any) -> None:
    signer = pki.issue("AA", "Signer", pki.csca("AA"))
    issued = implicit(4, der.time(AT) + der.time(AT), constructed=True)
    numbers = implicit(5, der.printable("A1") + der.printable("A2"), constructed=True)
    one = listed(deviation(implicit(0, b"P<"), issued, numbers))
    assert kinds(one, signer, document_type="P", number="A2") == [KIND]
    assert kinds(one, signer, document_type="ID", number="A2") == []
    assert kinds(one, signer, document_type="P", number="A3") == []


def test_all_documents_of_the_state_and_of_no_other(pki: Any, listed: Any) -> None:
    one = listed(deviation(descriptions=(description(words="Date of issue is wrong"), description("1.2.3"))))
    assert sorted(kinds(one, pki.issue("AA", "Signer", pki.csca("AA")))) == ["1.2.3", KIND]
    assert kinds(one, pki.issue("BB", "Signer", pki.csca("BB"))) == []
    assert [text for found in one.deviations for text in found.descriptions] == ["Date of issue is wrong"]
    assert one.country == "AA"
    assert one.fingerprint == hashlib.sha256(one.der).hexdigest()


def test_whom_the_list_is_by_is_verified(pki: Any) -> None:
    root = pki.csca("AA")
    data = pki.signed_list(content(deviation()), oids.DEVIATION_LIST, pki.list_signer(root))
    with pytest.raises(ListNotTrusted):
        DeviationList.from_bytes(data).verify([root.parsed], at=AT)


@pytest.mark.parametrize("inner", [b"\x30\x00", content(deviation(implicit(7, b"x"))), content(b"\x30\x00")])
def test_what_is_no_list_is_malformed(pki: Any, inner: bytes) -> None:
    data = pki.signed_list(inner, oids.DEVIATION_LIST, pki.list_signer(pki.csca("AA")))
    with pytest.raises(MalformedData):
        DeviationList.from_bytes(data)


def test_a_deviation_that_names_no_kind_is_malformed(pki: Any) -> None:
    inner = content(deviation(descriptions=()))
    data = pki.signed_list(inner, oids.DEVIATION_LIST, pki.list_signer(pki.csca("AA")))
    with pytest.raises(MalformedData):
        DeviationList.from_bytes(data)
