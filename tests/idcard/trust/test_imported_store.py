"""A store with imports, as those who judge use it: what it finds, what it refuses, what a kill leaves."""

import multiprocessing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard.encoding import oids
from idcard.encoding.cms import SignedData
from idcard.errors import ConfigurationError
from idcard.testing import Issuer, der
from idcard.trust.archive import FILE, Entry, Kind, Source, name_digest
from idcard.trust.certificates import Certificate
from idcard.trust.crl import Crl
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.path import find_path
from idcard.trust.store import TrustStore

AT = datetime(2030, 11, 23, tzinfo=UTC)  # openssl signs with the present time: this lies behind it
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)


def fill(directory: Path, *files: bytes, **how: Any) -> Path:
    with editing(directory, at=AT) as draft:
        for number, data in enumerate(files):
            report = add_file(draft, data, name=f"file {number}", at=AT, **how)
            assert report.count("added"), report.findings
    return directory


def reason(directory: Path, **how: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        TrustStore.from_directory(directory, **how)
    return caught.value.reason


def test_paths_over_anchors_and_links(pki: Any, tmp_path: Path) -> None:
    old, new = pki.csca("AA", "Old"), pki.csca("AA", "New")
    link = pki.issue("AA", "New", old, authority=True, key=new.key)
    signer = pki.issue("AA", "Signer", new)
    store = TrustStore.from_directory(fill(tmp_path, old.der, link.der, pki.csca("BB").der))
    path = find_path(signer.parsed, store, at=AT)
    assert (path.anchor, path.links, path.problem) == (old.parsed, (link.parsed,), None)
    assert {one.fingerprint for one in store.anchors} >= {old.fingerprint}
    assert len(store.anchors) == 2
    assert store.has_anchors


def test_a_signer_that_documents_do_not_bring(pki: Any, tmp_path: Path) -> None:
    root = pki.csca("AA")
    signer, other = pki.issue("AA", "Signer", root), pki.issue("AA", "Other", root)
    store = TrustStore.from_directory(fill(tmp_path, root.der, signer.der, other.der))
    for options in ([], ["-keyid"]):
        data = pki.signed_list(b"content", "1.2.3", signer, options=["-nocerts", *options])
        assert store.signers_of(SignedData.from_bytes(data).signers[0]) == (signer.parsed,)
    stranger = pki.issue("AA", "Stranger", root)
    data = pki.signed_list(b"content", "1.2.3", stranger, options=["-nocerts", "-keyid"])
    assert store.signers_of(SignedData.from_bytes(data).signers[0]) == ()


def test_the_newest_revocation_list_of_the_issuer(pki: Any, tmp_path: Path) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    signer = pki.issue("AA", "Signer", root)
    crl = pki.crl(root, signer)
    store = TrustStore.from_directory(fill(tmp_path, root.der, other.der, crl, pki.crl(other)))
    found = store.crl_for(signer.parsed)
    assert found is not None
    assert found.der == crl
    assert store.crl_for(signer.parsed) is found
    assert store.crl_for(pki.issue("CC", "Signer", pki.csca("CC")).parsed) is None
    assert TrustStore.of([root.der]).crl_for(signer.parsed) is None


def test_a_list_by_the_renewed_key_counts_for_what_the_old_one_issued(pki: Any, tmp_path: Path) -> None:
    """A state publishes one list, signed by its current key, under one name."""
    old, new = pki.csca("AA"), pki.csca("AA")
    signer = pki.issue("AA", "Signer", old)
    crl = pki.crl(new, signer)
    store = TrustStore.from_directory(fill(tmp_path, old.der, new.der, pki.crl(old), crl))
    found = store.crl_for(signer.parsed)
    assert found is not None
    later = pki.crl(new, signer, issued=ISSUED + timedelta(days=1), number=2)
    fill(tmp_path, later)
    newest = TrustStore.from_directory(tmp_path).crl_for(signer.parsed)
    assert newest is not None
    assert newest.der == later


def test_no_state_revokes_what_another_issued(pki: Any, tmp_path: Path) -> None:
    """BB signs a list that names AA as its issuer; BB's own key identifier leads to BB's key, which signed it."""
    ours, theirs = pki.csca("AA"), pki.csca("BB")
    signer = pki.issue("AA", "Signer", ours)
    by_name = pki.crl(theirs, signer, issuer=ours.certificate.subject)
    by_key = pki.crl(theirs, signer, identifier=ours.parsed.subject_key_identifier)
    directory = fill(tmp_path, ours.der, theirs.der)
    with editing(directory, at=AT) as draft:
        added = [add_file(draft, data, name="list", at=AT).count("added") for data in (by_name, by_key)]
        assert added == [0, 1]
        for data in (by_name, by_key):
            crl = Crl.from_bytes(data)
            key = (crl.authority_key_identifier or b"").hex()
            entry = Entry(kind=Kind.CRL, data=data, name=name_digest(crl.issuer.key), key=key, signed="", sources=())
            # An earlier version of this program took it.
            draft.put(entry, Source(name="list", sha256="", kind="file", added=AT))
    store = TrustStore.from_directory(directory)
    assert len(store.archive.of_kind(Kind.CRL)) == 2
    assert store.crl_for(signer.parsed) is None


def test_an_anchor_by_hand_vouches_for_an_imported_list(pki: Any, tmp_path: Path) -> None:
    root = pki.csca("AA")
    signer = pki.issue("AA", "Signer", root)
    (tmp_path / "csca").mkdir()
    (tmp_path / "csca" / "a.cer").write_bytes(root.der)
    (tmp_path / "trust.toml").write_text("format = 1\n")
    store = TrustStore.from_directory(fill(tmp_path, pki.crl(root, signer)))
    assert store.crl_for(signer.parsed) is not None
    assert store.by_hand == (root.parsed,)
    assert find_path(signer.parsed, store, at=AT).anchor == root.parsed


def test_deviations_of_the_issuing_state(pki: Any, tmp_path: Path) -> None:
    root = pki.csca("AA")
    signer = pki.issue("AA", "Signer", root)
    list_signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    described = der.sequence(der.oid("2.23.136.1.1.7.2.2"))
    content = der.sequence(der.integer(0), der.set_of(der.sequence(der.sequence(), der.set_of(described))))
    listed = pki.signed_list(content, oids.DEVIATION_LIST, list_signer)
    store = TrustStore.from_directory(fill(tmp_path, root.der, listed))
    assert store.has_deviations
    (one,) = store.deviations_for(signer.parsed, document_type="ID", document_number="1")
    assert one.kinds == ("2.23.136.1.1.7.2.2",)
    assert not TrustStore.of([root.der]).has_deviations


def test_age_is_that_of_the_newest_list(pki: Any, tmp_path: Path) -> None:
    root = pki.csca("AA")
    assert TrustStore.of([root.der]).age(AT) is None
    fill(tmp_path, root.der)
    assert TrustStore.from_directory(tmp_path).age(AT + timedelta(days=3)) == timedelta(days=3)
    content = der.sequence(der.integer(0), der.set_of(pki.csca("BB").der))
    listed = pki.dated_list(content, oids.MASTER_LIST, pki.list_signer(root), ISSUED)
    fill(tmp_path, listed, roots=[root.parsed])
    assert TrustStore.from_directory(tmp_path).updated_at == ISSUED


def test_versions_go_up_and_say_what_is_in(pki: Any, tmp_path: Path) -> None:
    fill(tmp_path, pki.csca("AA").der)
    one = TrustStore.from_directory(tmp_path)
    fill(tmp_path, pki.csca("BB").der)
    two = TrustStore.from_directory(tmp_path)
    assert (one.sequence, two.sequence) == (1, 2)
    assert one.version != two.version
    assert TrustStore.from_directory(tmp_path).version == two.version
    assert two.archive.previous == one.archive.digest


def test_a_rolled_back_store_is_refused_where_a_state_file_remembers(pki: Any, tmp_path: Path) -> None:
    store, state = tmp_path / "store", tmp_path / "state"
    fill(store, pki.csca("AA").der)
    old = (store / FILE).read_bytes()
    TrustStore.from_directory(store, state=state)
    fill(store, pki.csca("BB").der)
    TrustStore.from_directory(store, state=state)
    (store / FILE).write_bytes(old)
    assert reason(store, state=state) == "rolled_back"
    # Without the state file nothing in the directory could tell.
    assert TrustStore.from_directory(store).sequence == 1


def test_a_store_that_lost_its_imports_is_damaged_not_smaller(pki: Any, tmp_path: Path) -> None:
    fill(tmp_path, pki.csca("AA").der)
    (tmp_path / FILE).unlink()
    assert reason(tmp_path) == "damaged"


@pytest.mark.parametrize("where", [0, 20, 300, -1])
def test_a_changed_byte_is_found_at_opening(pki: Any, tmp_path: Path, where: int) -> None:
    data = bytearray((fill(tmp_path, pki.csca("AA").der) / FILE).read_bytes())
    data[where] ^= 1
    (tmp_path / FILE).write_bytes(data)
    assert reason(tmp_path) == "damaged"


def test_a_demonstration_certificate_is_refused_at_opening(issuer: Issuer, tmp_path: Path) -> None:
    fill(tmp_path, issuer.csca_certificate, accept_demonstration=True)
    assert reason(tmp_path) == "demonstration_anchor"
    assert len(TrustStore.from_directory(tmp_path, accept_demonstration=True).anchors) == 1


def test_only_signers_are_no_anchors(pki: Any, tmp_path: Path) -> None:
    fill(tmp_path, pki.issue("AA", "Signer", pki.csca("AA")).der)
    assert reason(tmp_path) == "never_set_up"
    (tmp_path / "trust.toml").write_text("format = 2\nno_anchor_yet = 2026-11-23\n")
    store = TrustStore.from_directory(tmp_path)
    assert (store.has_anchors, store.no_anchor_declared) == (False, date(2026, 11, 23))


def test_the_german_list_opens_without_parsing(german_list: bytes, german_root: Certificate, tmp_path: Path) -> None:
    fill(tmp_path, german_list, roots=[german_root])
    store = TrustStore.from_directory(tmp_path)
    assert store.archive.data(0)
    assert len(store.anchors) == 365
    vietnamese = [one for one in store.anchors if one.subject.country == "VN"]
    assert len(vietnamese) == 1
    assert list(store.anchors_for(vietnamese[0])) == vietnamese


def test_two_changes_at_once_wait_for_each_other(pki: Any, tmp_path: Path) -> None:
    certificates = [pki.csca("AA", f"CSCA {number}").der for number in range(4)]
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=fill, args=(tmp_path / "store", data)) for data in certificates]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    store = TrustStore.from_directory(tmp_path / "store")
    assert (len(store.anchors), store.sequence) == (4, 4)
