"""What is wrong with signed data beside its signature, and certificates that came along and cannot be read."""

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from idcard.crypto.signature import SignatureInvalid
from idcard.encoding import oids
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.encoding.cms import SignedData
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.testing import der
from idcard.trust.master_list import MasterList
from idcard.trust.purpose import purposes
from idcard.trust.signed_data import ListNotTrusted, signed_by, verify_list, verify_signed_data

AT = datetime(2026, 11, 23, tzinfo=UTC)


def signed(pki: Any, *options: str) -> tuple[SignedData, Any]:
    signer = pki.list_signer(pki.csca("AA"))
    return SignedData.from_bytes(pki.signed_list(b"content", "1.2.3", signer, options=options)), signer.parsed


def test_content_that_was_signed_without_attributes(pki: Any) -> None:
    data, signer = signed(pki, "-noattr")
    verify_signed_data(data, data.signers[0], signer)
    with pytest.raises(SignatureInvalid):
        verify_signed_data(replace(data, content=b"another"), data.signers[0], signer)


def test_content_of_another_type_or_with_another_digest(pki: Any) -> None:
    data, signer = signed(pki)
    (info,) = data.signers
    verify_signed_data(data, info, signer)
    for wrong in (replace(data, content_type="1.2.4"), replace(data, content=b"another")):
        with pytest.raises(SignatureInvalid):
            verify_signed_data(wrong, info, signer)
    without = {kind: values for kind, values in info.attributes.items() if kind != oids.MESSAGE_DIGEST}
    with pytest.raises(SignatureInvalid):
        verify_signed_data(data, replace(info, attributes=MappingProxyType(without)), signer)
    with pytest.raises(UnsupportedAlgorithm):
        verify_signed_data(data, replace(info, digest_algorithm=AlgorithmIdentifier(oid="1.2.3")), signer)


def test_a_certificate_that_nobody_needs_does_not_spoil_a_list(pki: Any) -> None:
    root = pki.csca("AA")
    listed = MasterList.from_bytes(pki.master_list(pki.list_signer(root), [root.der]))
    junk = der.sequence(der.integer(1))
    data = replace(listed.signed_data, certificates=(junk, *listed.signed_data.certificates))
    _, anchor = verify_list(data, [root.parsed], purpose=oids.MASTER_LIST_SIGNER, at=AT)
    assert anchor == root.parsed


def test_what_a_key_is_for(pki: Any) -> None:
    root = pki.csca("AA")
    assert purposes(root.parsed) == frozenset()
    signer = pki.list_signer(root).parsed
    assert purposes(signer) == {oids.MASTER_LIST_SIGNER}
    one = signer.extensions[oids.EXTENDED_KEY_USAGE]
    broken = replace(signer, extensions={oids.EXTENDED_KEY_USAGE: replace(one, value=b"\x30\x02\x02\x00")})
    with pytest.raises(MalformedData):
        purposes(broken)


def test_whether_it_was_this_key_as_far_as_can_be_told(pki: Any) -> None:
    data, signer = signed(pki)
    (info,) = data.signers
    unknown = replace(info, digest_algorithm=AlgorithmIdentifier(oid="1.2.3"))
    assert signed_by(data, info, signer)
    assert not signed_by(replace(data, content=b"another"), info, signer)
    assert not signed_by(data, unknown, signer)


def test_whether_a_root_was_given_is_told(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    listed = MasterList.from_bytes(pki.master_list(pki.list_signer(root), [root.der]))
    with pytest.raises(ListNotTrusted, match="none was given"):
        listed.verify([], at=AT)
    with pytest.raises(ListNotTrusted, match="does not lead to a root that was given"):
        listed.verify([other.parsed], at=AT)
