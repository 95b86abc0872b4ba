"""A link that nobody anchored speaks for nobody: whoever makes one may copy the name and key identifier of any CSCA."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard.trust.archive import Entry, Kind, Source, name_digest
from idcard.trust.crl import Crl
from idcard.trust.crl_issuers import names_since
from idcard.trust.draft import Draft, editing
from idcard.trust.importing import add_file
from idcard.trust.list_signers import revoked
from idcard.trust.store import TrustStore

AT = datetime(2026, 11, 23, tzinfo=UTC)
ISSUED = datetime(2026, 10, 1, tzinfo=UTC)


def add(draft: Draft, *files: bytes) -> list[tuple[str, str | None]]:
    """What became of the last file."""
    findings = [add_file(draft, data, name="file", at=AT).findings for data in files]
    return [(finding.outcome, finding.reason) for finding in findings[-1]]


@pytest.fixture
def root(pki: Any) -> Any:
    return pki.csca("AA", "CSCA")


@pytest.fixture
def stranger(pki: Any) -> Any:
    """A link with the root's name, issued by nobody who is known."""
    return pki.issue("AA", "CSCA", pki.csca("AA", "Nobody"), authority=True)


def lists(pki: Any, root: Any, stranger: Any) -> tuple[Any, bytes, bytes]:
    """A revoked signer, the root's list, and a newer empty one of the stranger, which looks as if it replaced that."""
    signer = pki.issue("AA", "Signer", root)
    same = {"issuer": root.certificate.subject, "identifier": root.parsed.subject_key_identifier}
    evil = pki.crl(stranger, issued=ISSUED + timedelta(days=1), number=8, **same)
    return signer, pki.crl(root, signer, issued=ISSUED, number=7), evil


def test_a_stranger_s_link_replaces_no_list(pki: Any, root: Any, stranger: Any, tmp_path: Path) -> None:
    signer, good, evil = lists(pki, root, stranger)
    with editing(tmp_path, at=AT) as draft:
        assert add(draft, root.der, good, stranger.der, evil) == [("refused", "signature_wrong")]
    assert [crl.der for crl in TrustStore.from_directory(tmp_path).crls_for(signer.parsed)] == [good]


def test_without_an_anchor_of_the_name_its_issuer_is_missing(pki: Any, stranger: Any) -> None:
    assert add(Draft(), stranger.der, pki.crl(stranger)) == [("refused", "missing_issuer")]


def test_one_that_is_in_the_store_already_counts_for_nothing(
    pki: Any, root: Any, stranger: Any, tmp_path: Path
) -> None:
    """An earlier version of this program took it."""
    signer, good, evil = lists(pki, root, stranger)
    with editing(tmp_path, at=AT) as draft:
        add(draft, root.der, stranger.der)
        put_unjudged(draft, evil)
    store = TrustStore.from_directory(tmp_path)
    assert len(store.archive.of_kind(Kind.CRL)) == 1
    assert store.crls_for(signer.parsed) == ()
    with editing(tmp_path, at=AT) as draft:
        assert add(draft, good) == [("added", None)]
    assert [crl.der for crl in TrustStore.from_directory(tmp_path).crls_for(signer.parsed)] == [good]


def put_unjudged(draft: Draft, data: bytes) -> None:
    crl = Crl.from_bytes(data)
    key = (crl.authority_key_identifier or b"").hex()
    entry = Entry(kind=Kind.CRL, data=data, name=name_digest(crl.issuer.key), key=key, signed="link", sources=())
    draft.put(entry, Source(name="file", sha256="", kind="file", added=AT))


def test_links_count_that_lead_to_an_anchor(pki: Any, root: Any, tmp_path: Path) -> None:
    second = pki.issue("AA", "Second", root, authority=True)
    third = pki.issue("AA", "Third", second, authority=True)
    signer = pki.issue("AA", "Signer", third)
    with editing(tmp_path, at=AT) as draft:
        assert add(draft, root.der, second.der, third.der, pki.crl(third, signer)) == [("added", None)]
    (crl,) = TrustStore.from_directory(tmp_path).crls_for(signer.parsed)
    assert crl.revocation_of(signer.parsed) is not None


def test_links_that_certify_each_other_count_for_nothing(pki: Any, root: Any, tmp_path: Path) -> None:
    one, two = pki.csca("AA", "One"), pki.csca("AA", "Two")
    there = pki.issue("AA", "One", two, authority=True, key=one.key)
    back = pki.issue("AA", "Two", one, authority=True, key=two.key)
    with editing(tmp_path, at=AT) as draft:
        assert add(draft, root.der, there.der, back.der, pki.crl(there)) == [("refused", "missing_issuer")]
        put_unjudged(draft, pki.crl(there))
    assert TrustStore.from_directory(tmp_path).crls_for(pki.issue("AA", "Signer", there).parsed) == ()


def test_a_link_with_the_key_of_a_stranger_s_beside_it_still_counts(pki: Any, root: Any) -> None:
    """Somebody puts a link for the very key beside it, which nobody anchored."""
    link = pki.issue("AA", "New", root, authority=True)
    beside = pki.issue("AA", "New", pki.csca("AA", "Nobody"), authority=True, key=link.key)
    for files in ([link.der, beside.der], [beside.der, link.der]):
        assert add(Draft(), root.der, *files, pki.crl(link)) == [("added", None)]


def test_a_document_signer_s_key_signs_no_lists(pki: Any, root: Any) -> None:
    """It leads to an anchor as a link does, and is none."""
    signer = pki.issue("AA", "Signer", root)
    forged = pki.issue("AA", "CSCA", signer, authority=True)
    assert add(Draft(), root.der, signer.der, forged.der, pki.crl(forged)) == [("refused", "signature_wrong")]


def test_a_stranger_s_link_takes_no_list_signer_back(pki: Any, root: Any, stranger: Any) -> None:
    signer = pki.list_signer(root)
    draft = Draft()
    add(draft, root.der, stranger.der)
    evil = Crl.from_bytes(pki.crl(stranger, signer))
    assert not revoked(signer.parsed, draft, [evil], root.parsed)
    assert revoked(signer.parsed, draft, [Crl.from_bytes(pki.crl(root, signer))], root.parsed)


def test_a_stranger_s_link_gives_no_csca_another_name(pki: Any, root: Any) -> None:
    nobody = pki.csca("AA", "CSCA")
    draft = Draft()
    add(draft, root.der)
    add(draft, pki.issue("AA", "Evil", nobody, authority=True, identifiers=False).der)
    add(draft, pki.issue("AA", "Second", root, authority=True).der)
    names = {str(name).rpartition("=")[2] for name in names_since(root.parsed.subject, draft)}
    assert names == {"CSCA", "Second"}
