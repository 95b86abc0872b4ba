import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import ReasonFlags

from idcard.encoding import oids
from idcard.errors import MalformedData
from idcard.testing import Issuer, der
from idcard.trust.archive import Archive, Kind
from idcard.trust.draft import Draft, editing
from idcard.trust.importing import Report, add_file
from idcard.trust.signed_data import ListNotTrusted

AT = datetime(2030, 11, 23, tzinfo=UTC)  # openssl signs with the present time: this lies behind it
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)


def add(draft: Draft, data: bytes, **how: Any) -> Report:
    return add_file(draft, data, name="file", at=AT, **how)


def outcomes(report: Report) -> list[tuple[str | None, str, str | None]]:
    return [(finding.kind, finding.outcome, finding.reason) for finding in report.findings]


def ldif(*pairs: tuple[str, bytes]) -> bytes:
    lines = [f"{name}:: {base64.b64encode(value).decode()}\n" for name, value in pairs]
    return ("dn: x\n" + "".join(lines)).encode()


def test_what_a_certificate_becomes(pki: Any) -> None:
    draft = Draft()
    old, new = pki.csca("AA", "Old"), pki.csca("AA", "New")
    link = pki.issue("AA", "New", old, authority=True, key=new.key)
    for one, kind in ((old, Kind.ANCHOR), (link, Kind.LINK), (pki.issue("AA", "Signer", new), Kind.SIGNER)):
        assert outcomes(add(draft, one.der)) == [(kind, "added", None)]
    assert outcomes(add(draft, old.der)) == [(Kind.ANCHOR, "known", None)]
    assert [one.fingerprint for one in draft.anchors] == [old.fingerprint]


def test_an_anchor_on_the_operator_s_word(pki: Any) -> None:
    link = pki.issue("AA", "New", pki.csca("AA", "Old"), authority=True)
    report = add(Draft(), link.der, as_anchor=True)
    assert outcomes(report) == [(Kind.ANCHOR, "added", None)]
    assert report.findings[0].signed == "missing_issuer"


def test_a_wrong_signature_is_refused(pki: Any) -> None:
    root = pki.csca("AA")
    wrong = root.der[:-1] + bytes([root.der[-1] ^ 1])
    draft = Draft()
    report = add(draft, wrong)
    assert outcomes(report) == [(Kind.LINK, "refused", "signature_wrong")]
    assert report.refused == report.findings
    assert not draft.changed


def test_a_demonstration_certificate_is_refused_unless_it_is_wanted(issuer: Issuer, tmp_path: Path) -> None:
    assert outcomes(add(Draft(), issuer.csca_certificate)) == [(Kind.ANCHOR, "refused", "demonstration")]
    draft = Draft()
    assert add(draft, issuer.csca_certificate, accept_demonstration=True).count("added") == 1
    assert Archive.from_bytes(draft.to_bytes(at=AT)).has_demonstration


def test_keys_and_conditions_that_are_not_known(pki: Any) -> None:
    odd = pki.csca("AA").der.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f"))
    (finding,) = add(Draft(), odd).findings
    assert (finding.outcome, finding.reason) == ("refused", "unsupported_algorithm")
    keyless = pki.issue("AA", "Signer", pki.csca("AA")).der
    keyless = keyless.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f"))
    (finding,) = add(Draft(), keyless).findings
    assert (finding.kind, finding.reason) == (Kind.SIGNER, "unsupported_algorithm")
    signer = pki.issue("AA", "Signer", pki.csca("AA"), purpose="1.2.3")
    # Extended key usage, critical, becomes an extension that nobody knows. Nobody here can say that this is wrong.
    strange = signer.der.replace(bytes.fromhex("0603551d25"), bytes.fromhex("0603551d7f"))
    (finding,) = add(Draft(), strange).findings
    assert (finding.outcome, finding.reason) == ("refused", "unknown_critical_extension")


def test_a_master_list_and_where_it_came_from(pki: Any) -> None:
    root, other, old = pki.csca("AA"), pki.csca("BB"), pki.csca("CC", "Old")
    link = pki.issue("CC", "New", old, authority=True)
    lost = pki.issue("DD", "New", pki.csca("DD", "Lost"), authority=True)
    signer = pki.list_signer(root)
    listed = [root.der, other.der, old.der, link.der, lost.der]
    draft = Draft()
    report = add(draft, pki.master_list(signer, listed), roots=[root.parsed])
    kinds = {finding.subject: finding.kind for finding in report.findings}
    assert report.count("added") == 5
    assert kinds[str(link.parsed.subject)] == Kind.LINK
    assert kinds[str(lost.parsed.subject)] == Kind.ANCHOR
    assert report.root == root.fingerprint
    (source,) = draft.sources
    assert (source.kind, source.name, source.added, source.root) == ("master_list", "file", AT, root.fingerprint)
    assert (source.signer, source.sha256) == (signer.fingerprint, report.sha256)


def test_a_certificate_in_a_list_whose_signature_is_wrong(pki: Any) -> None:
    root = pki.csca("AA")
    other = pki.csca("BB").der
    listed = [root.der, other[:-1] + bytes([other[-1] ^ 1])]
    report = add(Draft(), pki.master_list(pki.list_signer(root), listed), root_fingerprints=[root.fingerprint])
    assert [finding.reason for finding in report.refused] == ["signature_wrong"]
    assert report.count("added") == 1


def test_a_root_by_its_fingerprint_must_come_with_the_list(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    bare = pki.master_list(pki.list_signer(root), [other.der])
    with pytest.raises(ListNotTrusted):
        add(Draft(), bare, root_fingerprints=[root.fingerprint])
    brought = pki.master_list(pki.list_signer(root), [other.der], root)
    listed = pki.master_list(pki.list_signer(root), [root.der])
    colons = ":".join(root.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    for data in (brought, listed):
        assert add(Draft(), data, root_fingerprints=[colons]).count("added") == 1


def test_an_anchor_of_the_store_is_no_root_for_lists(pki: Any) -> None:
    root = pki.csca("AA")
    draft = Draft()
    add(draft, root.der)
    with pytest.raises(ListNotTrusted) as caught:
        add(draft, pki.master_list(pki.list_signer(root), [pki.csca("BB").der]))
    assert caught.value.reason == "unknown_issuer"
    assert len(draft.entries) == 1


def test_an_older_list_of_the_same_root_is_refused(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    signer = pki.list_signer(root)
    content = der.sequence(der.integer(0), der.set_of(root.der))
    old, new = (pki.dated_list(content, oids.MASTER_LIST, signer, ISSUED + timedelta(days=days)) for days in (0, 1))
    for data in (old, new, new):
        assert not add(draft, data, roots=[root.parsed]).refused
    with pytest.raises(ListNotTrusted) as caught:
        add(draft, old, roots=[root.parsed])
    assert caught.value.reason == "older"


def test_revocation_lists(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    bad = pki.issue("AA", "Bad", root)
    first, second = pki.crl(root), pki.crl(root, bad, number=2, issued=ISSUED + timedelta(days=9))
    assert outcomes(add(draft, first)) == [(Kind.CRL, "refused", "missing_issuer")]
    add(draft, root.der)
    assert outcomes(add(draft, pki.crl(pki.csca("AA")))) == [(Kind.CRL, "refused", "signature_wrong")]
    assert outcomes(add(draft, first)) == [(Kind.CRL, "added", None)]
    assert outcomes(add(draft, second)) == [(Kind.CRL, "added", None)]
    assert outcomes(add(draft, first)) == [(Kind.CRL, "refused", "older")]
    assert outcomes(add(draft, second)) == [(Kind.CRL, "known", None)]
    assert [entry.data for entry in draft.entries.values() if entry.kind is Kind.CRL] == [second]


def test_a_list_for_each_key(pki: Any) -> None:
    one, two = pki.csca("AA"), pki.csca("AA")
    draft = Draft()
    for data in (one.der, two.der, pki.crl(one), pki.crl(two, reason=ReasonFlags.superseded)):
        assert add(draft, data).count("added") == 1
    assert sum(entry.kind is Kind.CRL for entry in draft.entries.values()) == 2


def test_deviation_lists(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    content = der.sequence(der.integer(0), der.set_of())
    data = pki.signed_list(content, oids.DEVIATION_LIST, signer)
    assert outcomes(add(draft, data)) == [(Kind.DEVIATION_LIST, "refused", "unknown_issuer")]
    foreign = pki.csca("BB")
    assert add(draft, data, roots=[foreign.parsed]).count("refused") == 1
    assert outcomes(add(draft, data, roots=[root.parsed])) == [(Kind.DEVIATION_LIST, "added", None)]
    add(draft, root.der)
    assert outcomes(add(draft, data)) == [(Kind.DEVIATION_LIST, "known", None)]


def test_an_older_deviation_list_is_refused(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    content = der.sequence(der.integer(0), der.set_of())
    old, new = (pki.dated_list(content, oids.DEVIATION_LIST, signer, ISSUED + timedelta(days=days)) for days in (0, 1))
    add(draft, root.der)
    assert outcomes(add(draft, old)) == [(Kind.DEVIATION_LIST, "added", None)]
    assert outcomes(add(draft, new)) == [(Kind.DEVIATION_LIST, "added", None)]
    assert outcomes(add(draft, old)) == [(Kind.DEVIATION_LIST, "refused", "older")]
    assert [entry.data for entry in draft.entries.values() if entry.kind is Kind.DEVIATION_LIST] == [new]


def test_a_bundle_that_nobody_signed(pki: Any) -> None:
    """LDIF: what is signed on its own is taken; a CSCA certificate that lies in it openly is not."""
    root, other = pki.csca("AA"), pki.csca("BB")
    signer = pki.issue("AA", "Signer", root)
    listed = pki.master_list(pki.list_signer(root), [root.der])
    foreign = pki.master_list(pki.list_signer(other), [other.der])
    text = ldif(
        ("certificateRevocationList;binary", pki.crl(root)),
        ("userCertificate;binary", signer.der),
        ("userCertificate;binary", other.der),
        ("userCertificate;binary", b"\x30\x00"),
        ("pkdMasterListContent", foreign),
        ("pkdMasterListContent", listed),
    )
    report = add(Draft(), text, roots=[root.parsed])
    assert sorted(outcomes(report), key=str) == sorted(
        [
            (None, "refused", "malformed_data"),
            ("master_list", "refused", "unknown_issuer"),
            (Kind.ANCHOR, "added", None),
            (Kind.SIGNER, "added", None),
            (Kind.ANCHOR, "refused", "anchor_in_an_unsigned_bundle"),
            (Kind.CRL, "added", None),
        ],
        key=str,
    )


def test_one_bad_entry_of_a_bundle_ends_nothing(pki: Any) -> None:
    """A list whose signer is missing, one that is cut short, one whose signer is malformed, a good one with a
    certificate that is none, and a value that is no base64.
    """
    root = pki.csca("AA")
    holding = pki.master_list(pki.list_signer(root), [root.der, der.sequence(der.integer(1))], options=["-nocerts"])
    strange = pki.list_signer(root)
    odd = pki.master_list(strange, [root.der]).replace(
        bytes.fromhex("0606678108010103"), bytes.fromhex("0506678108010103")
    )
    listed = pki.master_list(pki.list_signer(root), [root.der, der.sequence(der.integer(1))])
    text = ldif(
        ("pkdMasterListContent", holding),
        ("pkdMasterListContent", listed[:-9]),
        ("pkdMasterListContent", odd),
        ("pkdMasterListContent", listed),
        ("certificateRevocationList", pki.crl(root)),
    )
    report = add(Draft(), text + b"userCertificate:: !!!\n", roots=[root.parsed])
    assert sorted(outcomes(report), key=str) == sorted(
        [
            (None, "refused", "malformed_data"),
            (None, "refused", "malformed_data"),
            (None, "refused", "malformed_data"),
            ("master_list", "refused", "no_signer"),
            ("master_list", "refused", "malformed_data"),
            (Kind.ANCHOR, "added", None),
            (Kind.CRL, "added", None),
        ],
        key=str,
    )


def test_a_file_that_is_nothing_changes_nothing(pki: Any) -> None:
    draft = Draft()
    with pytest.raises(MalformedData):
        add(draft, pki.csca("AA").der + b"\x00")
    assert not draft.changed


def test_finding_and_removing(pki: Any) -> None:
    draft, root = Draft(), pki.csca("AA")
    add(draft, root.der)
    assert draft.find(root.fingerprint[:8].upper()).data == root.der
    for prefix in ("", "zz"):
        with pytest.raises(LookupError):
            draft.find(prefix)
    assert draft.remove(root.fingerprint).data == root.der
    assert draft.entries == {}
    assert Archive.from_bytes(draft.to_bytes(at=AT)).sources == ()


def add_both(store: Path, *files: bytes) -> None:
    with editing(store, at=AT) as draft:
        for data in files:
            add(draft, data)


def test_a_change_that_fails_leaves_the_store_as_it_was(pki: Any, tmp_path: Path) -> None:
    root, other = pki.csca("AA"), pki.csca("BB")
    store = tmp_path / "store"
    with editing(store, at=AT) as draft:
        add(draft, root.der)
    before = Archive.read(store)
    with pytest.raises(MalformedData):
        add_both(store, other.der, b"nonsense")
    assert Archive.read(store).digest == before.digest
    with editing(store, at=AT) as draft:
        assert add(draft, root.der).count("known") == 1
    # The same file from the same place again: nothing changed, so that nothing was written.
    assert Archive.read(store).sequence == before.sequence == 1
    with editing(store, at=AT) as draft:
        add(draft, other.der)
    after = Archive.read(store)
    assert (after.sequence, after.previous) == (2, before.digest)


def test_what_is_put_there_by_hand_counts_as_an_issuer(pki: Any, tmp_path: Path) -> None:
    root = pki.csca("AA")
    (tmp_path / "csca").mkdir()
    (tmp_path / "csca" / "a.cer").write_bytes(root.der)
    (tmp_path / "trust.toml").write_text("format = 1\nno_anchor_yet = 2026-11-23\n")
    with editing(tmp_path, at=AT) as draft:
        assert add(draft, pki.crl(root)).count("added") == 1
    assert (tmp_path / "trust.toml").read_text() == "format = 2\nno_anchor_yet = 2026-11-23\n"
