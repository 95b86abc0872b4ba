"""Lists whose anchor went away after they were imported."""

from datetime import UTC, datetime
from typing import Any

from idcard.encoding import oids
from idcard.testing import der
from idcard.trust.archive import Entry, Kind
from idcard.trust.draft import Draft
from idcard.trust.importing import add_file
from idcard.trust.recheck import doubtful_lists

AT = datetime(2026, 11, 23, tzinfo=UTC)
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)


def filled(*files: bytes) -> Draft:
    draft = Draft()
    for data in files:
        assert add_file(draft, data, name="file", at=AT).count("added")
    return draft


def doubts(draft: Draft) -> list[tuple[Kind, str]]:
    return [(entry.kind, problem) for entry, problem in doubtful_lists(draft)]


def test_lists_whose_anchor_is_here_are_good_and_others_are_not(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    deviations = pki.dated_list(der.sequence(der.integer(0), der.set_of()), oids.DEVIATION_LIST, signer, ISSUED)
    draft = filled(root.der, other.der, pki.crl(root), pki.crl(other), deviations)
    assert doubts(draft) == []
    draft.remove(root.fingerprint)
    assert doubts(draft) == [(Kind.CRL, "missing_issuer"), (Kind.DEVIATION_LIST, "unknown_issuer")]


def test_a_list_under_a_link_goes_with_the_anchor_behind_it(pki: Any) -> None:
    root = pki.csca("AA", "Old")
    link = pki.issue("AA", "New", root, authority=True)
    draft = filled(root.der, link.der, pki.crl(link))
    assert doubts(draft) == []
    draft.remove(root.fingerprint)
    assert doubts(draft) == [(Kind.CRL, "missing_issuer")]


def test_a_changed_deviation_list(pki: Any) -> None:
    """What an earlier version took, or somebody put into the file with a right digest."""
    root = pki.csca("AA")
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    data = pki.dated_list(der.sequence(der.integer(0), der.set_of()), oids.DEVIATION_LIST, signer, ISSUED)
    draft = filled(root.der, data)
    (entry,) = [one for one in draft.entries.values() if one.kind is Kind.DEVIATION_LIST]
    wrong = data[:-1] + bytes([data[-1] ^ 1])
    draft.entries[entry.fingerprint] = Entry(
        kind=entry.kind, data=wrong, name=entry.name, key="", signed=entry.signed, sources=entry.sources
    )
    assert doubts(draft) == [(Kind.DEVIATION_LIST, "signature_wrong")]


def test_a_deviation_list_whose_signer_says_malformed_things(pki: Any) -> None:
    root = pki.csca("AA")
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    data = pki.signed_list(der.sequence(der.integer(0), der.set_of()), oids.DEVIATION_LIST, signer)
    purpose = bytes.fromhex("0606678108010108")
    draft = filled(root.der)
    odd = data.replace(purpose, b"\x05" + purpose[1:])
    entry = Entry(kind=Kind.DEVIATION_LIST, data=odd, name="AA", key="", signed="", sources=())
    draft.put(entry, draft.sources[0])
    assert doubts(draft) == [(Kind.DEVIATION_LIST, "malformed_data")]
