"""Who may issue, and who may sign documents: what a certificate says of itself, and what it leaves out."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from idcard.encoding import oids
from idcard.errors import ConfigurationError
from idcard.testing import Issuer, der
from idcard.trust.archive import Kind
from idcard.trust.certificates import Certificate, Extension
from idcard.trust.draft import Draft
from idcard.trust.importing import add_file
from idcard.trust.master_list import MasterList
from idcard.trust.path import Certificates, find_path
from idcard.trust.profile import Remark, remarks
from idcard.trust.purpose import NotForDocuments, acts_as_authority, document_types, not_for_documents
from idcard.trust.store import TrustStore

AT = datetime(2030, 11, 23, tzinfo=UTC)  # openssl signs with the present time: this lies behind it
TLS = "1.3.6.1.5.5.7.3.1"
SIGNATURES, ENCIPHERMENT, CERTIFICATES = (der.bit_string(bits) for bits in (b"\x80", b"\x20", b"\x04"))
AUTHORITY, NO_AUTHORITY = der.sequence(der.boolean(True)), der.sequence()


@pytest.fixture(scope="session")
def bare(issuer: Issuer) -> Certificate:
    """A document signer that says nothing of its purpose."""
    return replace(Certificate.from_bytes(issuer.signer.certificate), extensions={})


def saying(bare: Certificate, *, critical: bool = True, **said: Any) -> Certificate:
    kinds = {
        "usage": oids.KEY_USAGE,
        "purposes": oids.EXTENDED_KEY_USAGE,
        "authority": oids.BASIC_CONSTRAINTS,
        "types": oids.DOCUMENT_TYPE_LIST,
    }
    return replace(
        bare, extensions={kinds[name]: Extension(critical=critical, value=value) for name, value in said.items()}
    )


def named(*identifiers: str) -> bytes:
    return der.sequence(*map(der.oid, identifiers))


def types(*codes: str) -> bytes:
    return der.sequence(der.integer(0), der.set_of(*map(der.printable, codes)))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"usage": SIGNATURES},
        {"usage": SIGNATURES, "authority": NO_AUTHORITY},
        {"purposes": named(oids.LDS_SECURITY_OBJECT)},
        {"purposes": named(TLS, "1.3.6.1.5.5.7.3.36")},
        {"purposes": named("2.5.29.37.0")},
    ],
    ids=["nothing", "signatures", "no authority", "security object", "documents among others", "anything"],
)
def test_nothing_speaks_against_a_document_signer(bare: Certificate, said: dict[str, Any]) -> None:
    assert not_for_documents(saying(bare, **said), "ID") is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"authority": AUTHORITY}, "authority"),
        ({"authority": AUTHORITY, "usage": SIGNATURES}, "authority"),
        ({"usage": ENCIPHERMENT}, "key_usage"),
        ({"usage": CERTIFICATES}, "key_usage"),
        ({"usage": SIGNATURES, "purposes": named(TLS)}, "extended_key_usage"),
        ({"usage": SIGNATURES, "purposes": named(oids.MASTER_LIST_SIGNER)}, "extended_key_usage"),
        ({"usage": SIGNATURES, "types": types("P")}, "document_type"),
        ({"authority": b"\x02\x00"}, "malformed_extension"),
        ({"usage": b"\x02\x00"}, "malformed_extension"),
        ({"purposes": b"\x02\x00"}, "malformed_extension"),
        ({"types": b"\x02\x00"}, "malformed_extension"),
    ],
)
def test_what_speaks_against_one(bare: Certificate, said: dict[str, Any], why: str) -> None:
    assert not_for_documents(saying(bare, **said), "ID") == why


def test_extended_usages_that_are_not_critical(bare: Certificate) -> None:
    """They break the profile and are a remark; but who says that it signs lists signs no documents."""
    tls = saying(bare, critical=False, usage=SIGNATURES, purposes=named(TLS))
    assert not_for_documents(tls, "ID") is None
    assert Remark.EXTENDED_KEY_USAGE in remarks(tls, signer=True)
    lists = saying(bare, critical=False, usage=SIGNATURES, purposes=named(oids.DEVIATION_LIST_SIGNER))
    assert not_for_documents(lists, "ID") is NotForDocuments.EXTENDED_KEY_USAGE


def test_a_key_usage_that_is_missing_is_a_remark(bare: Certificate) -> None:
    assert not_for_documents(bare, "ID") is None
    assert Remark.KEY_USAGE in remarks(bare, signer=True)


@pytest.mark.parametrize(
    ("codes", "document_code", "fits"),
    [
        (["ID"], "ID", True),
        (["I"], "ID", True),
        (["I<"], "ID", True),
        (["P", "ID"], "ID", True),
        (["I"], "I<", True),
        (["ID"], "I", False),
        (["IR"], "ID", False),
        (["P"], "ID", False),
        ([], "ID", False),
    ],
)
def test_types_of_documents(bare: Certificate, codes: list[str], document_code: str, fits: bool) -> None:
    found = not_for_documents(saying(bare, critical=False, types=types(*codes)), document_code)
    assert found is (None if fits else NotForDocuments.DOCUMENT_TYPE)


def test_types_count_only_where_the_document_s_is_known(bare: Certificate) -> None:
    assert not_for_documents(saying(bare, types=types("P")), None) is None


def test_types_in_a_sequence_are_read_and_other_ones_left_alone(bare: Certificate) -> None:
    odd = saying(bare, critical=False, types=der.sequence(der.integer(0), der.sequence(der.printable("P"))))
    assert document_types(odd) == frozenset({"P"})
    assert not_for_documents(saying(bare, critical=False, types=b"\x02\x00"), "ID") is None


def test_the_anchor_s_own_key_signs_no_documents(anchor: Certificate) -> None:
    silent = replace(anchor, extensions={})
    assert not_for_documents(silent, "ID") is None
    assert not_for_documents(silent, "ID", silent) is NotForDocuments.AUTHORITY


@pytest.mark.parametrize(
    ("said", "authority"),
    [
        ({"authority": AUTHORITY}, True),
        ({"usage": CERTIFICATES}, True),
        ({"usage": CERTIFICATES, "authority": NO_AUTHORITY}, True),
        ({"usage": SIGNATURES, "authority": AUTHORITY}, True),
        ({"usage": SIGNATURES}, False),
        ({"authority": NO_AUTHORITY}, False),
        ({"usage": b"\x02\x00"}, False),
        ({}, False),
    ],
)
def test_who_may_be_a_csca(bare: Certificate, said: dict[str, Any], authority: bool) -> None:
    assert acts_as_authority(saying(bare, **said)) is authority


def test_an_old_root_that_says_nothing_may_be_one(anchor: Certificate) -> None:
    assert acts_as_authority(replace(anchor, extensions={}, authority_key_identifier=None))
    assert not acts_as_authority(saying(anchor, usage=SIGNATURES))


def test_every_certificate_of_the_german_list_may_be_one(german_list: bytes) -> None:
    listed = map(Certificate.from_bytes, MasterList.from_bytes(german_list).certificates)
    assert [acts_as_authority(one) for one in listed] == [True] * 541


def test_a_document_signer_is_no_anchor(issuer: Issuer, anchor: Certificate, bare: Certificate) -> None:
    with pytest.raises(ConfigurationError, match="certificate 1 may not issue") as caught:
        TrustStore.of([issuer.signer.certificate], accept_demonstration=True)
    assert caught.value.reason == "damaged"
    signer = Certificate.from_bytes(issuer.signer.certificate)
    assert find_path(signer, Certificates.of([anchor]), at=AT).anchor == anchor


def test_a_signer_that_signed_itself_is_imported_as_a_signer(pki: Any) -> None:
    own = pki.issue("AA", "Signer of its own")
    draft = Draft()
    report = add_file(draft, own.der, name="own.cer", at=AT, as_anchor=True)
    assert [(one.kind, one.outcome, one.signed) for one in report.findings] == [(Kind.SIGNER, "added", "self_signed")]
    assert draft.anchors == []


def test_a_master_list_makes_no_anchor_of_a_document_signer(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    listed = [other.der, pki.issue("BB", "Signer", other).der, pki.issue("CC", "Signer of its own").der]
    draft = Draft()
    report = add_file(draft, pki.master_list(pki.list_signer(root), listed), name="list.ml", at=AT, roots=[root.parsed])
    outcomes = {one.fingerprint: (one.outcome, one.reason) for one in report.findings}
    fingerprints = [Certificate.from_bytes(one).fingerprint for one in listed]
    refused = ("refused", "not_an_authority")
    assert [outcomes[one] for one in fingerprints] == [("added", None), refused, refused]
    assert draft.anchors == [other.parsed]


def test_demonstration_signers_are_marked_and_refused_by_name(issuer: Issuer) -> None:
    assert oids.DEMONSTRATION in Certificate.from_bytes(issuer.signer.certificate).extensions
    report = add_file(Draft(), issuer.signer.certificate, name="signer.cer", at=AT)
    assert [(one.outcome, one.reason) for one in report.findings] == [("refused", "demonstration")]
    with pytest.raises(ConfigurationError) as caught:
        TrustStore.of([issuer.signer.certificate])
    assert caught.value.reason == "demonstration_anchor"
