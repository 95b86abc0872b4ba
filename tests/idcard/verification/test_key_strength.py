"""Keys of a CSCA and of a signer that are too short to rely on: told as facts, and a policy decides."""

from datetime import UTC, datetime
from typing import Any

import pytest

from idcard.testing import Holder, Issuer
from idcard.testing.certificates import certificate, csca_extensions, signer_extensions
from idcard.testing.keys import KeyProfile
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.store import TrustStore
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.passive_authentication import passive_authentication
from idcard.verification.policy import CLOSED_READER, READING_ONLY, STRICT, VIETNAM_STRICT

START = datetime(2021, 1, 1, tzinfo=UTC)
SHORT = [(KeyProfile(kind="rsa", bits=1024), "rsa1024"), (KeyProfile(kind="rsa", bits=2040), "rsa2040")]


def fact(evidence: Any, store: TrustStore, at: datetime, name: FactName) -> Fact:
    facts = passive_authentication(evidence, store, at).facts
    return next(one for one in facts if one.name is name)


def is_told(one: Fact, weakness: str) -> None:
    assert (one.outcome, one.reason, one.details["old"]) == (Outcome.PASSED, Reason.OLD_ALGORITHM, weakness)
    for policy in (STRICT, VIETNAM_STRICT, CLOSED_READER):
        assert policy.judge(one).outcome is Outcome.FAILED
        assert not policy.satisfied_by(one)
    assert READING_ONLY.satisfied_by(one)


@pytest.mark.parametrize(("profile", "weakness"), SHORT, ids=["short", "nearly long enough"])
def test_a_short_key_of_the_csca(holder: Holder, gather: Any, at: datetime, profile: KeyProfile, weakness: str) -> None:
    """Whoever breaks it makes signers of their own, however long their keys are."""
    issuer = Issuer.create(at=START, csca_profile=profile)
    store = TrustStore.of([issuer.csca_certificate], accept_demonstration=True)
    read = gather(issuer.issue(holder))
    is_told(fact(read, store, at, FactName.TRUST), weakness)
    assert fact(read, store, at, FactName.SIGNATURE).reason is Reason.SIGNATURE_VERIFIED


@pytest.mark.parametrize(("profile", "weakness"), SHORT, ids=["short", "nearly long enough"])
def test_a_short_key_of_the_signer(
    holder: Holder, gather: Any, at: datetime, profile: KeyProfile, weakness: str
) -> None:
    issuer = Issuer.create(at=START, signer_profile=profile)
    store = TrustStore.of([issuer.csca_certificate], accept_demonstration=True)
    read = gather(issuer.issue(holder))
    is_told(fact(read, store, at, FactName.SIGNATURE), weakness)
    assert fact(read, store, at, FactName.TRUST).reason is Reason.ANCHORED


def test_a_short_key_on_the_way(holder: Holder, gather: Any, at: datetime, tmp_path: Any) -> None:
    """The anchor's key is long enough, but that of the link behind the signer is not."""
    old = Issuer.create("VN", "CSCA Demonstration Old", at=START)
    new = Issuer.create("VN", "CSCA Demonstration New", at=START, csca_profile=SHORT[0][0])
    link = certificate(
        subject=new.name.to_der(),
        spki=new.csca_key.spki,
        issuer=old.name.to_der(),
        signer=old.csca_key,
        serial=77,
        validity=new.validity,
        extensions=(
            *csca_extensions(new.csca_key.spki, demonstration=True)[:3],
            signer_extensions(old.csca_key.spki, old.csca_key.spki, demonstration=True)[2],
        ),
    )
    with editing(tmp_path, at=at) as draft:
        for data in (old.csca_certificate, link):
            assert add_file(draft, data, name="file", at=at, accept_demonstration=True).count("added") == 1
    store = TrustStore.from_directory(tmp_path, accept_demonstration=True)
    is_told(fact(gather(new.issue(holder)), store, at, FactName.TRUST), "rsa1024")
