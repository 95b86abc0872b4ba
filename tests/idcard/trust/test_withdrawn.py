"""What a newer list of the same root leaves out stays, and is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from idcard.encoding import oids
from idcard.testing import der
from idcard.trust.archive import Archive, Kind
from idcard.trust.draft import Draft, editing
from idcard.trust.importing import Finding, add_file
from idcard.trust.store import TrustStore
from idcard.trust.withdrawn import withdrawn

AT = datetime(2026, 11, 23, tzinfo=UTC)
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)


def listed(pki: Any, root: Any, day: int, *certificates: Any) -> bytes:
    content = der.sequence(der.integer(0), der.set_of(*(one.der for one in certificates)))
    signer = pki.list_signer(root)
    return pki.dated_list(content, oids.MASTER_LIST, signer, ISSUED + timedelta(days=day))  # type: ignore[no-any-return]


def add(directory: Path, data: bytes, *roots: Any) -> list[Finding]:
    """What was found, but for what was added or known."""
    with editing(directory, at=AT) as draft:
        report = add_file(draft, data, name="file", at=AT, roots=[root.parsed for root in roots])
    return [finding for finding in report.findings if finding.outcome not in ("added", "known")]


def left_out(directory: Path) -> set[str]:
    draft = Draft.of(Archive.read(directory))
    return {entry.fingerprint for entry in withdrawn(draft.entries.values(), draft.sources)}


def test_what_a_newer_list_leaves_out_is_told_once_and_stays(pki: Any, tmp_path: Path) -> None:
    root, stays, goes = pki.csca("AA"), pki.csca("BB"), pki.csca("CC")
    assert add(tmp_path, listed(pki, root, 0, stays, goes), root) == []
    (finding,) = add(tmp_path, listed(pki, root, 1, stays), root)
    assert (finding.outcome, finding.kind, finding.fingerprint) == ("withdrawn", Kind.ANCHOR, goes.fingerprint)
    assert (finding.reason, finding.subject) == ("left_out_of_the_newer_list", str(goes.parsed.subject))
    assert left_out(tmp_path) == {goes.fingerprint}
    assert add(tmp_path, listed(pki, root, 2, stays), root) == []
    assert len(TrustStore.from_directory(tmp_path).anchors) == 2


def test_a_certificate_that_comes_back_is_no_longer_withdrawn(pki: Any, tmp_path: Path) -> None:
    root, one, two = pki.csca("AA"), pki.csca("BB"), pki.csca("CC")
    for day, certificates in enumerate(((one, two), (one,), (one, two))):
        add(tmp_path, listed(pki, root, day, *certificates), root)
    assert left_out(tmp_path) == set()


def test_who_else_vouches_for_it_keeps_it(pki: Any, tmp_path: Path) -> None:
    """Another root's newest list, or the operator, who handed it over by itself."""
    root, other = pki.csca("AA"), pki.csca("DD")
    one, two, three = pki.csca("BB"), pki.csca("CC"), pki.csca("EE")
    add(tmp_path, listed(pki, root, 0, one, two, three), root)
    add(tmp_path, listed(pki, other, 0, two), other)
    add(tmp_path, three.der)
    assert add(tmp_path, listed(pki, root, 1, one), root) == []
    (finding,) = add(tmp_path, listed(pki, other, 1, one), other)
    assert finding.fingerprint == two.fingerprint
    add(tmp_path, two.der)
    assert left_out(tmp_path) == set()
