"""Who signed a list, and when: revoked, expired, from the future."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from idcard.encoding import oids
from idcard.testing import der
from idcard.trust.archive import Kind
from idcard.trust.draft import Draft
from idcard.trust.importing import Report, add_file
from idcard.trust.signed_data import ListNotTrusted

AT = datetime(2026, 11, 23, tzinfo=UTC)
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY_LIST = der.sequence(der.integer(0), der.set_of())


def add(draft: Draft, *files: bytes, **how: Any) -> list[Report]:
    return [add_file(draft, data, name="file", at=AT, **how) for data in files]


def refusal(draft: Draft, data: bytes, **how: Any) -> str:
    with pytest.raises(ListNotTrusted) as caught:
        add(draft, data, **how)
    return caught.value.reason


def outcomes(report: Report) -> list[tuple[str | None, str, str | None]]:
    return [(finding.kind, finding.outcome, finding.reason) for finding in report.findings]


def master(pki: Any, signer: Any, *listed: Any, at: datetime = ISSUED) -> bytes:
    content = der.sequence(der.integer(0), der.set_of(*(one.der for one in listed)))
    return pki.dated_list(content, oids.MASTER_LIST, signer, at)  # type: ignore[no-any-return]


def test_a_master_list_by_a_revoked_signer_is_refused(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    signer, good = pki.list_signer(root), pki.list_signer(root)
    add(draft, root.der, pki.crl(root, signer))
    assert refusal(draft, master(pki, signer, root), roots=[root.parsed]) == "list_signer_revoked"
    assert add(draft, master(pki, good, root), roots=[root.parsed])[0].refused == ()


def test_a_root_that_is_no_anchor_may_have_signed_the_revocation(pki: Any) -> None:
    """Both come in one bundle, and only the operator's word on the root says whose they are."""
    root = pki.csca("AA")
    signer = pki.list_signer(root)
    bundle = ldif(pkdMasterListContent=master(pki, signer, root), certificateRevocationList=pki.crl(root, signer))
    (report,) = add(Draft(), bundle, roots=[root.parsed])
    assert ("master_list", "refused", "list_signer_revoked") in outcomes(report)


def test_a_revocation_by_somebody_else_does_not_count(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("AA")
    signer = pki.list_signer(root)
    bundle = ldif(pkdMasterListContent=master(pki, signer, root), certificateRevocationList=pki.crl(other, signer))
    (report,) = add(Draft(), bundle, roots=[root.parsed])
    assert (Kind.ANCHOR, "added", None) in outcomes(report)


def test_a_state_that_took_another_name_revokes_under_that(pki: Any) -> None:
    old, new, draft = pki.csca("AA", "Old"), pki.csca("AA", "New"), Draft()
    link = pki.issue("AA", "New", old, authority=True, key=new.key)
    signer = pki.list_signer(old)
    add(draft, old.der, link.der, pki.crl(new, signer))
    assert refusal(draft, master(pki, signer, old), roots=[old.parsed]) == "list_signer_revoked"


def test_a_deviation_list_by_a_revoked_signer_is_refused(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    listed = pki.dated_list(EMPTY_LIST, oids.DEVIATION_LIST, signer, ISSUED)
    reports = add(draft, root.der, pki.crl(root, signer), listed)
    assert outcomes(reports[-1]) == [(Kind.DEVIATION_LIST, "refused", "list_signer_revoked")]


def test_a_signer_that_has_expired_since_is_told_with_its_age(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    how = {"start": ISSUED - timedelta(days=9), "end": AT - timedelta(days=40)}
    signer = pki.issue("AA", "List signer", root, purpose=oids.MASTER_LIST_SIGNER, **how)
    (report,) = add(draft, master(pki, signer, root), roots=[root.parsed])
    remark, added = report.findings
    assert report.remarks == (remark,)
    assert (remark.outcome, remark.reason, remark.days) == ("remarked", "list_signer_expired", 40)
    assert (remark.kind, remark.fingerprint) == ("master_list", signer.fingerprint)
    assert added.outcome == "added"
    deviations = pki.issue("AA", "List signer", root, purpose=oids.DEVIATION_LIST_SIGNER, **how)
    (report,) = add(draft, pki.dated_list(EMPTY_LIST, oids.DEVIATION_LIST, deviations, ISSUED), roots=[root.parsed])
    assert outcomes(report)[0] == (Kind.DEVIATION_LIST, "remarked", "list_signer_expired")


def test_a_list_signed_after_its_signer_expired_is_refused(pki: Any) -> None:
    root = pki.csca("AA")
    signer = pki.issue("AA", "Signer", root, purpose=oids.MASTER_LIST_SIGNER, end=ISSUED - timedelta(days=1))
    assert refusal(Draft(), master(pki, signer, root), roots=[root.parsed]) == "signer_expired"


@pytest.mark.parametrize(("hours", "taken"), [(-1, True), (23, True), (25, False), (24 * 4000, False)])
def test_no_list_from_the_future_can_stand_in_the_way_of_real_ones(pki: Any, hours: int, taken: bool) -> None:
    root, at = pki.csca("AA"), AT + timedelta(hours=hours)
    draft = Draft()
    add(draft, root.der)
    signer = pki.list_signer(root, purpose=oids.DEVIATION_LIST_SIGNER)
    deviations = pki.dated_list(EMPTY_LIST, oids.DEVIATION_LIST, signer, at)
    reason = None if taken else "from_the_future"
    for kind, data in ((Kind.CRL, pki.crl(root, issued=at)), (Kind.DEVIATION_LIST, deviations)):
        assert outcomes(add(draft, data)[0]) == [(kind, "added" if taken else "refused", reason)]
    listed = master(pki, pki.list_signer(root), root, at=at)
    if taken:
        assert add(draft, listed, roots=[root.parsed])[0].refused == ()
    else:
        assert refusal(draft, listed, roots=[root.parsed]) == "from_the_future"


def ldif(**values: bytes) -> bytes:
    return b"dn: x\n" + b"".join(f"{name}:: {b64encode(data).decode()}\n".encode() for name, data in values.items())
