"""Paths over link certificates: a CSCA's key changes, its name may change with it, the old anchor stays."""

from datetime import UTC, datetime
from typing import Any

from idcard.trust.path import MAX_LINKS, Certificates, Path, PathProblem, find_path

AT = datetime(2026, 11, 23, tzinfo=UTC)


def find(signer: Any, anchors: list[Any], links: list[Any], at: datetime = AT) -> Path:
    pool = Certificates.of([one.parsed for one in anchors], links=[one.parsed for one in links])
    return find_path(signer.parsed, pool, at=at)


def chain(pki: Any, length: int) -> tuple[Any, list[Any], Any]:
    """An anchor, links from each key to the next, and a signer by the last key."""
    anchor = by = pki.csca("AA", "CSCA 0")
    links = []
    for number in range(1, length + 1):
        key = pki.key()
        link = pki.issue("AA", f"CSCA {number}", by, authority=True, key=key)
        links.append(link)
        by = link
    return anchor, links, pki.issue("AA", "Signer", by)


def test_over_a_change_of_key_and_name(pki: Any) -> None:
    anchor, links, signer = chain(pki, 1)
    path = find(signer, [anchor], links)
    assert (path.anchor, path.links, path.problem) == (anchor.parsed, (links[0].parsed,), None)
    assert path.issuer == links[0].parsed


def test_over_several(pki: Any) -> None:
    anchor, links, signer = chain(pki, 3)
    path = find(signer, [anchor], links)
    assert path.anchor == anchor.parsed
    assert path.links == tuple(link.parsed for link in reversed(links))


def test_not_over_any_number(pki: Any) -> None:
    anchor, links, signer = chain(pki, MAX_LINKS + 1)
    assert find(signer, [anchor], links).problem is PathProblem.UNKNOWN_ISSUER


def test_a_link_without_its_anchor_is_no_path(pki: Any) -> None:
    _, links, signer = chain(pki, 1)
    assert find(signer, [], links).problem is PathProblem.UNKNOWN_ISSUER
    assert find(signer, [pki.csca("AA", "CSCA 0")], links).problem is PathProblem.UNKNOWN_ISSUER


def test_a_new_anchor_is_nearer_than_a_link(pki: Any) -> None:
    old, new = pki.csca("AA", "Old"), pki.csca("AA", "New")
    link = pki.issue("AA", "New", old, authority=True, key=new.key)
    signer = pki.issue("AA", "Signer", new)
    path = find(signer, [old, new], [link])
    assert (path.anchor, path.links, path.issuer) == (new.parsed, (), new.parsed)


def test_an_anchor_that_ran_out_leaves_its_link(pki: Any) -> None:
    """Old CSCA 2010 to 2025, link made in 2020: documents of the new key are judged in 2026."""
    old = pki.csca("AA", "Old", start=datetime(2010, 1, 1, tzinfo=UTC), end=datetime(2025, 1, 1, tzinfo=UTC))
    link = pki.issue("AA", "New", old, authority=True)
    signer = pki.issue("AA", "Signer", link)
    assert find(signer, [old], [link]).problem is None
    assert find(pki.issue("AA", "Signer", old), [old], [link]).problem is PathProblem.ANCHOR_NOT_IN_FORCE


def test_a_link_that_ran_out_is_no_path(pki: Any) -> None:
    old = pki.csca("AA", "Old")
    link = pki.issue("AA", "New", old, authority=True, end=datetime(2025, 1, 1, tzinfo=UTC))
    assert find(pki.issue("AA", "Signer", link), [old], [link]).anchor is None


def test_a_link_made_when_the_anchor_was_not_in_force(pki: Any) -> None:
    old = pki.csca("AA", "Old", end=datetime(2021, 1, 1, tzinfo=UTC))
    link = pki.issue("AA", "New", old, authority=True, start=datetime(2022, 1, 1, tzinfo=UTC))
    assert find(pki.issue("AA", "Signer", link), [old], [link]).anchor is None


def test_a_document_signer_makes_no_links(pki: Any) -> None:
    """Who has a document signer's key cannot issue signers of their own."""
    anchor = pki.csca("AA")
    signer = pki.issue("AA", "Signer", anchor)
    forged = pki.issue("AA", "Forged", signer)
    assert find(forged, [anchor], [signer]).problem is PathProblem.UNKNOWN_ISSUER
