"""What somebody hands over to keep the import busy: the work is bounded, whatever is in a file."""

from datetime import UTC, datetime
from typing import Any

import pytest

from idcard.errors import BoundExceeded
from idcard.trust.draft import Draft
from idcard.trust.importing import Report, add_file
from idcard.trust.path import Certificates, PathProblem, find_path, is_anchored
from idcard.trust.signatures import MAX_VERIFICATIONS, Signatures
from idcard.trust.signed_data import MAX_BROUGHT, ListNotTrusted

AT = datetime(2026, 11, 23, tzinfo=UTC)


def add(draft: Draft, data: bytes, **how: Any) -> Report:
    return add_file(draft, data, name="file", at=AT, **how)


def web(pki: Any, size: int, name: str = "Evil") -> list[Any]:
    """Links of one name and one key: each may have issued each."""
    key = pki.key()
    return [pki.csca("AA", name, key=key) for _ in range(size)]


def test_a_web_of_links_of_one_key_takes_one_verification_each(pki: Any) -> None:
    """Each pair would be 3600, more than may be verified."""
    links = web(pki, 60)
    signer = pki.issue("AA", "Signer", links[0])
    pool = Certificates.of([pki.csca("AA", "Real").parsed], links=[one.parsed for one in links])
    assert find_path(signer.parsed, pool, at=AT).problem is PathProblem.UNKNOWN_ISSUER
    assert not is_anchored(links[0].parsed, pool, Signatures(60))


def test_a_web_of_links_of_many_keys_ends(pki: Any) -> None:
    by = pki.csca("AA", "Evil")
    links = [pki.csca("AA", "Evil").parsed for _ in range(MAX_VERIFICATIONS + 1)]
    signer, link = pki.issue("AA", "Signer", by), pki.issue("AA", "Link", by, authority=True)
    assert find_path(signer.parsed, Certificates.of([], links=links), at=AT).problem is PathProblem.TOO_MANY_CANDIDATES
    fewer = Certificates.of([], links=links[:MAX_VERIFICATIONS])
    assert find_path(signer.parsed, fewer, at=AT).problem is PathProblem.UNKNOWN_ISSUER
    with pytest.raises(BoundExceeded):
        is_anchored(link.parsed, fewer, Signatures(MAX_VERIFICATIONS - 1))


def test_what_was_verified_is_remembered_beyond_the_budget(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("AA")
    once = Signatures(1)
    assert [once.judged(root.parsed, root.parsed) for _ in range(2)] == [True, True]
    with pytest.raises(BoundExceeded):
        once.judged(other.parsed, root.parsed)


@pytest.mark.parametrize("brought", [255, 256])
def test_a_list_brings_a_bounded_number_of_certificates(pki: Any, brought: int) -> None:
    """The signer comes along, too."""
    root = pki.csca("AA")
    links = web(pki, brought)
    listed = pki.master_list(pki.list_signer(links[0]), [root.der], *links)
    with pytest.raises(ListNotTrusted) as caught:
        add(Draft(), listed, roots=[root.parsed])
    assert caught.value.reason == ("unknown_issuer" if brought < MAX_BROUGHT else "too_many_candidates")
