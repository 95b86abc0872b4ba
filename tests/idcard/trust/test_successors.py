"""Revocation lists of a CSCA that took another key or name since."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from idcard.trust import archive
from idcard.trust.archive import FILE
from idcard.trust.crl import Crl
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.store import TrustStore

AT = datetime(2026, 11, 23, tzinfo=UTC)
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)


def stored(directory: Path, *files: bytes, **how: Any) -> TrustStore:
    with editing(directory, at=AT) as draft:
        for data in files:
            add_file(draft, data, name="file", at=AT, **how)
    return TrustStore.from_directory(directory)


def found(store: TrustStore, certificate: Any) -> list[bytes]:
    return [crl.der for crl in store.crls_for(certificate.parsed)]


def renamed(pki: Any, old: Any, name: str) -> tuple[Any, Any]:
    """The CSCA under its new name, with a new key, and the link that its old key made."""
    new = pki.csca("AA", name)
    return new, pki.issue("AA", name, old, authority=True, key=new.key)


def test_the_list_under_the_new_name_counts_for_signers_of_the_old_one(pki: Any, tmp_path: Path) -> None:
    old = pki.csca("AA", "Old")
    new, link = renamed(pki, old, "New")
    signer, later = pki.issue("AA", "Signer", old), pki.issue("AA", "Later", new)
    crl, before = pki.crl(new, signer, number=9), pki.crl(old, issued=ISSUED - timedelta(days=90))
    assert found(stored(tmp_path, old.der, link.der, crl), signer) == [crl]
    store = stored(tmp_path, before)
    assert found(store, signer) == [crl, before]
    assert store.crl_for(signer.parsed) == store.crls_for(signer.parsed)[0]
    assert found(store, later) == [crl]


def test_over_several_names(pki: Any, tmp_path: Path) -> None:
    first = pki.csca("AA", "First")
    second, one = renamed(pki, first, "Second")
    third, two = renamed(pki, second, "Third")
    crl = pki.crl(third, signer := pki.issue("AA", "Signer", first))
    assert found(stored(tmp_path, first.der, one.der, two.der, crl), signer) == [crl]


def test_names_that_lead_in_a_circle(pki: Any, tmp_path: Path) -> None:
    first = pki.csca("AA", "First")
    second, there = renamed(pki, first, "Second")
    back = pki.issue("AA", "First", second, authority=True, key=first.key)
    crl = pki.crl(second, signer := pki.issue("AA", "Signer", first))
    assert found(stored(tmp_path, first.der, there.der, back.der, crl), signer) == [crl]


def test_a_link_that_no_anchor_made_leads_nowhere(pki: Any, tmp_path: Path) -> None:
    """Whoever makes a link from a name to a key of their own could otherwise publish lists for that name."""
    ours, theirs = pki.csca("AA", "Ours"), pki.csca("AA", "Ours")
    new, link = renamed(pki, theirs, "New")
    signer = pki.issue("AA", "Signer", ours)
    store = stored(tmp_path, theirs.der, new.der, link.der, pki.crl(new))
    assert len(found(store, signer)) == 1
    alone = stored(tmp_path / "alone", new.der, link.der, ours.der, pki.crl(new))
    assert found(alone, signer) == []


def test_a_link_to_another_state_leads_nowhere(pki: Any, tmp_path: Path) -> None:
    ours, theirs = pki.csca("AA"), pki.csca("BB")
    link = pki.issue("BB", "CSCA", ours, authority=True, key=theirs.key)
    signer = pki.issue("AA", "Signer", ours)
    by_us = pki.crl(ours)
    assert found(stored(tmp_path, ours.der, theirs.der, link.der, pki.crl(theirs, signer), by_us), signer) == [by_us]


def test_the_newest_list_comes_first(pki: Any, tmp_path: Path) -> None:
    old = pki.csca("AA", "Old")
    new, link = renamed(pki, old, "New")
    lists = [pki.crl(new), pki.crl(old, issued=ISSUED + timedelta(days=1))]
    store = stored(tmp_path, old.der, link.der, *lists)
    signer = pki.issue("AA", "Signer", old)
    assert found(store, signer) == lists[::-1]
    assert Crl.from_bytes(lists[1]).newer_than(Crl.from_bytes(lists[0]))


def test_a_store_of_before_finds_them_after_the_next_import(pki: Any, tmp_path: Path) -> None:
    """Its index says nothing of who made a link."""
    old = pki.csca("AA", "Old")
    new, link = renamed(pki, old, "New")
    signer, crl = pki.issue("AA", "Signer", old), pki.crl(new)
    stored(tmp_path, old.der, link.der, crl)
    data = (tmp_path / FILE).read_bytes()
    (length,) = archive._LENGTH.unpack_from(data, len(archive._MAGIC))
    start = len(archive._MAGIC) + archive._LENGTH.size
    index = json.loads(data[start : start + length])
    del index["issuer"]
    text = json.dumps(index).encode()
    body = archive._MAGIC + archive._LENGTH.pack(len(text)) + text + data[start + length : -32]
    (tmp_path / FILE).write_bytes(body + sha256(body).digest())
    assert found(TrustStore.from_directory(tmp_path), signer) == []
    assert found(stored(tmp_path, pki.csca("BB").der), signer) == [crl]
