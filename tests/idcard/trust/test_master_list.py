from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm as Unsupported

from idcard.encoding import oids
from idcard.encoding.cms import SignedData
from idcard.errors import MalformedData
from idcard.testing import der
from idcard.trust.certificates import Certificate
from idcard.trust.master_list import MasterList
from idcard.trust.signed_data import ListNotTrusted, find_signer

AT = datetime(2026, 11, 23, tzinfo=UTC)


def refused(data: bytes, *roots: Certificate, **how: Any) -> str:
    with pytest.raises(ListNotTrusted) as caught:
        MasterList.from_bytes(data).verify(roots, at=AT, **how)
    return caught.value.reason


def test_the_german_list(german_list: bytes, german_root: Certificate, vectors: Any) -> None:
    listed = MasterList.from_bytes(german_list)
    assert (len(listed.certificates), listed.signed_at) == (541, datetime(2024, 8, 7, 5, 38, 24, tzinfo=UTC))
    signer, root = listed.verify([german_root], at=AT)
    assert (signer.subject.country, root) == ("DE", german_root)
    assert listed.verify([], at=AT, fingerprints={german_root.fingerprint}) == (signer, root)
    # Germany's CSCA of 2024 is younger than the list: its key did not sign the list's signer.
    younger = Certificate.from_bytes((vectors / "german_root_csca07.cer").read_bytes())
    assert refused(german_list, younger) == "same_name_other_key"
    assert refused(german_list) == "unknown_issuer"


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_every_certificate_loads_also_those_that_another_library_refuses(german_list: bytes) -> None:
    """`cryptography` refuses some as no DER, and some keys for their explicit parameters; where it reads, we agree."""
    refused = 0
    for one in MasterList.from_bytes(german_list).certificates:
        ours = Certificate.from_bytes(one)
        bits = ours.public_key.bits
        try:
            theirs = x509.load_der_x509_certificate(one)
            assert theirs.serial_number == ours.serial_number
            assert theirs.not_valid_after_utc == ours.not_after
            assert theirs.public_key().key_size == bits  # type: ignore[union-attr]
        except (ValueError, Unsupported):
            refused += 1
    assert refused


def test_a_list_that_leads_to_its_root(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    signer = pki.list_signer(root)
    data = pki.master_list(signer, [root.der, other.der, other.der])
    listed = MasterList.from_bytes(data)
    assert set(listed.certificates) == {root.der, other.der}
    assert listed.verify([other.parsed, root.parsed], at=AT) == (signer.parsed, root.parsed)
    assert refused(data, other.parsed) == "unknown_issuer"


def test_a_list_in_ber(pki: Any) -> None:
    root = pki.csca("AA")
    data = pki.master_list(pki.list_signer(root), [root.der], options=["-stream"])
    assert data[1] == 0x80
    assert MasterList.from_bytes(data).verify([root.parsed], at=AT)[1] == root.parsed


def test_a_list_over_a_link(pki: Any) -> None:
    """The root that an operator knows is the old one; the list brings the link to the new one."""
    old, new = pki.csca("AA", "Old"), pki.csca("AA", "New")
    link = pki.issue("AA", "New", old, authority=True, key=new.key)
    data = pki.master_list(pki.list_signer(new), [new.der], link)
    assert MasterList.from_bytes(data).verify([old.parsed], at=AT)[1] == old.parsed


def test_a_signer_of_documents_may_not_sign_lists(pki: Any) -> None:
    root = pki.csca("AA")
    assert refused(pki.master_list(pki.issue("AA", "Signer", root), [root.der]), root.parsed) == "not_a_list_signer"
    deviations = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    assert refused(pki.master_list(deviations, [root.der]), root.parsed) == "not_a_list_signer"


def test_a_signer_that_was_not_in_force(pki: Any) -> None:
    root = pki.csca("AA")
    late = pki.issue("AA", "Late", root, purpose=oids.MASTER_LIST_SIGNER, start=AT + timedelta(days=999))
    assert refused(pki.master_list(late, [root.der]), root.parsed) == "signer_not_yet_valid"


def test_a_changed_list(pki: Any) -> None:
    root = pki.csca("AA")
    data = pki.master_list(pki.list_signer(root), [root.der])
    content = SignedData.from_bytes(data).content
    changed = data.replace(content, content[:-1] + bytes([content[-1] ^ 1]))
    assert refused(changed, root.parsed) == "signature_wrong"


def test_a_list_without_a_signer_or_its_certificate(pki: Any) -> None:
    root = pki.csca("AA")
    data = pki.master_list(pki.list_signer(root), [root.der], options=["-nocerts"])
    assert refused(data, root.parsed) == "no_signer"
    content = der.sequence(der.integer(0), der.set_of(root.der))
    inner = der.sequence(der.oid(oids.MASTER_LIST), der.context(0, der.octet_string(content)))
    body = der.sequence(der.integer(3), der.set_of(), inner, der.set_of())
    unsigned = der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body))
    assert MasterList.from_bytes(unsigned).signed_at is None
    assert refused(unsigned, root.parsed) == "no_signer"


def test_another_kind_of_list_is_malformed(pki: Any) -> None:
    root = pki.csca("AA")
    with pytest.raises(MalformedData):
        MasterList.from_bytes(pki.signed_list(b"\x30\x00", "1.2.3", pki.list_signer(root)))
    with pytest.raises(MalformedData):
        MasterList.from_bytes(pki.signed_list(b"\x30\x00", oids.MASTER_LIST, pki.list_signer(root)))


def test_a_signer_whose_issuer_is_written_in_another_order(pki: Any) -> None:
    """The parts of a name may come in any order; all of them must be there, under the same serial number."""
    root = pki.csca("AA")
    signer = pki.list_signer(root)
    info = SignedData.from_bytes(pki.master_list(signer, [root.der])).signers[0]
    other = pki.issue("AA", "List signer", pki.csca("CC"))
    assert find_signer(info, [other.parsed, signer.parsed]) == signer.parsed
    assert info.issuer is not None
    reversed_name = replace(info, issuer=info.issuer[::-1])
    assert find_signer(reversed_name, [other.parsed, signer.parsed]) == signer.parsed
    assert find_signer(reversed_name, [other.parsed]) is None


def test_a_serial_number_under_another_issuer_is_another_certificate(pki: Any) -> None:
    root = pki.csca("AA")
    signer = pki.list_signer(root)
    info = SignedData.from_bytes(pki.master_list(signer, [root.der])).signers[0]
    for issuer in (pki.csca("CC").parsed.subject.key, (), None):
        assert find_signer(replace(info, issuer=issuer), [signer.parsed]) is None
    assert find_signer(replace(info, serial_number=1), [signer.parsed]) is None


def test_a_signer_named_by_its_key(pki: Any) -> None:
    root = pki.csca("AA")
    data = pki.master_list(pki.list_signer(root), [root.der], options=["-keyid"])
    assert MasterList.from_bytes(data).verify([root.parsed], at=AT)[1] == root.parsed
