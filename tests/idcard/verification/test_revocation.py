"""The fact of revocation, and what else an imported store adds to passive authentication."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard.encoding import oids, tlv
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, der, sod
from idcard.testing.certificates import Name, Validity, certificate, csca_extensions, signer_extensions
from idcard.testing.keys import KeyProfile
from idcard.trust.certificates import Certificate
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.store import TrustStore
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.passive_authentication import passive_authentication
from idcard.verification.policy import READING_ONLY, STRICT, VIETNAM_STRICT
from idcard.verification.revocation import revocation

ISSUED = datetime(2026, 11, 1, tzinfo=UTC)
Stores = Callable[..., TrustStore]


@pytest.fixture
def stored(tmp_path: Path, at: datetime) -> Stores:
    """A store with these files."""

    def make(*files: bytes) -> TrustStore:
        with editing(tmp_path, at=at) as draft:
            for data in files:
                report = add_file(draft, data, name="file", at=at, accept_demonstration=True)
                assert report.count("added"), report.findings
        return TrustStore.from_directory(tmp_path, accept_demonstration=True)

    return make


def crl(issuer: Issuer, *serials: int, issued: datetime = ISSUED, days: int = 90, reason: int | None = 1) -> bytes:
    """A revocation list, written byte by byte."""
    why = der.sequence(der.sequence(der.oid("2.5.29.21"), der.octet_string(bytes([10, 1, reason or 0]))))
    entries = [der.sequence(der.integer(n), der.time(issued), *([why] if reason is not None else [])) for n in serials]
    body = der.sequence(
        der.integer(1),
        issuer.csca_key.algorithm,
        issuer.name.to_der(),
        der.time(issued),
        *([der.time(issued + timedelta(days=days))] if days else []),
        *([der.sequence(*entries)] if entries else []),
        der.context(0, der.sequence(der.sequence(der.oid(oids.CRL_NUMBER), der.octet_string(der.integer(1))))),
    )
    return der.sequence(body, issuer.csca_key.algorithm, der.bit_string(issuer.csca_key.sign(body)))


def fact(evidence: Evidence, store: TrustStore, at: datetime, name: FactName = FactName.REVOCATION) -> Fact:
    facts = passive_authentication(evidence, store, at).facts
    return next(one for one in facts if one.name is name)


@pytest.fixture
def evidence(honest: SimulatedCard, gather: Any) -> Evidence:
    made: Evidence = gather(honest)
    return made


def test_without_a_list_nothing_is_judged(evidence: Evidence, trust: TrustStore, at: datetime) -> None:
    one = fact(evidence, trust, at)
    assert (one.outcome, one.reason) == (Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST)


def test_a_list_that_does_not_name_the_signer(evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime) -> None:
    one = fact(evidence, stored(issuer.csca_certificate, crl(issuer)), at)
    assert (one.outcome, one.reason) == (Outcome.PASSED, Reason.NOT_REVOKED)
    assert one.details["age_days"] == "22"
    assert one.details["issued"] == ISSUED.isoformat()
    assert one.details["next"] == (ISSUED + timedelta(days=90)).isoformat()


def test_a_list_that_names_the_signer(evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime) -> None:
    one = fact(evidence, stored(issuer.csca_certificate, crl(issuer, issuer.signer.serial, 5)), at)
    assert (one.outcome, one.reason) == (Outcome.FAILED, Reason.REVOKED)
    assert (one.details["revoked"], one.details["why"]) == (ISSUED.isoformat(), "key_compromise")
    assert not VIETNAM_STRICT.satisfied_by(one)


def test_an_old_list_still_revokes_but_clears_nobody(
    evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime, tmp_path: Path
) -> None:
    old = stored(issuer.csca_certificate, crl(issuer, issuer.signer.serial, days=5, reason=None))
    assert fact(evidence, old, at).outcome is Outcome.FAILED
    assert fact(evidence, old, at).details["why"] == "unspecified"
    for file in tmp_path.iterdir():
        file.unlink()
    one = fact(evidence, stored(issuer.csca_certificate, crl(issuer, days=5)), at)
    assert (one.outcome, one.reason) == (Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE)


def test_a_list_that_promises_no_next_one(evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime) -> None:
    one = fact(evidence, stored(issuer.csca_certificate, crl(issuer, days=0)), at)
    assert one.outcome is Outcome.PASSED
    assert "next" not in one.details


@pytest.mark.parametrize(("days", "outcome"), [(90, Outcome.PASSED), (91, Outcome.INCONCLUSIVE)])
def test_a_list_that_promises_no_next_one_counts_for_90_days(
    evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime, days: int, outcome: Outcome
) -> None:
    issued = at - timedelta(days=days)
    assert fact(evidence, stored(issuer.csca_certificate, crl(issuer, issued=issued, days=0)), at).outcome is outcome


def test_a_certificate_that_was_taken_off_the_list(
    evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime
) -> None:
    one = fact(evidence, stored(issuer.csca_certificate, crl(issuer, issuer.signer.serial, reason=8)), at)
    assert one.outcome is Outcome.PASSED


def test_a_link_that_was_revoked(holder: Holder, gather: Any, stored: Stores, at: datetime) -> None:
    """The signer stands on a link; the old CSCA took the link back."""
    old = Issuer.create("VN", "CSCA Demonstration Old", at=datetime(2021, 1, 1, tzinfo=UTC))
    new = Issuer.create("VN", "CSCA Demonstration New", at=datetime(2021, 1, 1, tzinfo=UTC))
    link = certificate(
        subject=new.name.to_der(),
        spki=new.csca_key.spki,
        issuer=old.name.to_der(),
        signer=old.csca_key,
        serial=77,
        validity=new.validity,
        extensions=(*csca_extensions(new.csca_key.spki, demonstration=True)[:3], authority_of(old)),
    )
    read = gather(new.issue(holder))
    store = stored(old.csca_certificate, link)
    trusted = fact(read, store, at, FactName.TRUST)
    assert (trusted.outcome, trusted.reason) == (Outcome.PASSED, Reason.ANCHORED)
    assert trusted.details["links"] == Certificate.from_bytes(link).fingerprint
    # A link that stands, or of which nobody tells, takes nothing from what is known of the signer.
    of_signer = stored(crl(new))
    assert fact(read, of_signer, at).reason is Reason.NOT_REVOKED
    one = fact(read, stored(crl(old, 77)), at)
    assert (one.outcome, one.reason) == (Outcome.FAILED, Reason.REVOKED)


def test_of_nobody_nothing_is_known(trust: TrustStore, at: datetime) -> None:
    one = revocation(None, (), trust, at)
    assert (one.outcome, one.reason) == (Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST)


def test_a_newer_list_under_another_name_takes_no_revocation_back(
    evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime
) -> None:
    """The CSCA took another name; its list of then names the signer, its list of now has left it out, or names it."""
    new = Issuer.create("VN", "CSCA Demonstration New", at=datetime(2021, 1, 1, tzinfo=UTC))
    link = certificate(
        subject=new.name.to_der(),
        spki=new.csca_key.spki,
        issuer=issuer.name.to_der(),
        signer=issuer.csca_key,
        serial=77,
        validity=new.validity,
        extensions=(*csca_extensions(new.csca_key.spki, demonstration=True)[:3], authority_of(issuer)),
    )
    later = ISSUED + timedelta(days=1)
    clear = stored(issuer.csca_certificate, link, crl(new, issued=later))
    assert fact(evidence, clear, at).reason is Reason.NOT_REVOKED
    one = fact(evidence, stored(crl(issuer, issuer.signer.serial)), at)
    assert (one.outcome, one.reason, one.details["issued"]) == (Outcome.FAILED, Reason.REVOKED, ISSUED.isoformat())
    now = fact(evidence, stored(crl(new, issuer.signer.serial, issued=later + timedelta(days=1))), at)
    assert now.details["issued"] == (later + timedelta(days=1)).isoformat()


def authority_of(issuer: Issuer) -> bytes:
    """The authority key identifier that names the issuer's key."""
    return signer_extensions(issuer.csca_key.spki, issuer.csca_key.spki, demonstration=True)[2]


def test_a_signer_that_the_document_does_not_bring(
    evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime
) -> None:
    content = tlv.parse_one(evidence.files[File.SOD], File.SOD.tag).value
    bare = content.replace(der.context(0, issuer.signer.certificate), b"")
    shorter = len(content) - len(bare)
    lengths = [at for at in range(0, 60) if content[at : at + 1] == b"\x82"]
    data = bytearray(bare)
    for place in lengths[:3]:
        length = int.from_bytes(data[place + 1 : place + 3]) - shorter
        data[place + 1 : place + 3] = length.to_bytes(2)
    without = replace(evidence, files=dict(evidence.files) | {File.SOD: tlv.build(File.SOD.tag, bytes(data))})
    store = stored(issuer.csca_certificate)
    unknown = fact(without, store, at, FactName.SIGNATURE)
    assert (unknown.outcome, unknown.reason) == (Outcome.INCONCLUSIVE, Reason.NO_SIGNER_CERTIFICATE)
    found = fact(without, stored(issuer.signer.certificate), at, FactName.SIGNATURE)
    assert (found.outcome, found.details["certificate"]) == (Outcome.PASSED, "store")


def test_old_algorithms_are_told_and_a_policy_decides(holder: Holder, gather: Any, at: datetime) -> None:
    issuer = Issuer.create(
        at=datetime(2021, 1, 1, tzinfo=UTC),
        csca_profile=KeyProfile(kind="rsa", digest="sha1"),
        signer_profile=KeyProfile(kind="rsa", digest="sha1"),
    )
    store = TrustStore.of([issuer.csca_certificate], accept_demonstration=True)
    read = gather(issuer.issue(holder))
    for name in (FactName.SIGNATURE, FactName.TRUST):
        one = fact(read, store, at, name)
        assert (one.outcome, one.reason, one.details["old"]) == (Outcome.PASSED, Reason.OLD_ALGORITHM, "sha1")
        assert not STRICT.satisfied_by(one)
        assert STRICT.judge(one).outcome is Outcome.FAILED
        assert READING_ONLY.satisfied_by(one)


def test_hashes_that_are_old(holder: Holder, gather: Any, issuer: Issuer, trust: TrustStore, at: datetime) -> None:
    read = gather(issuer.issue(holder))
    groups = {file.data_group: data for file, data in read.files.items() if file.data_group}
    weak = sod.build(groups, issuer.signer, at=datetime(2022, 3, 1, tzinfo=UTC), digest="sha1")
    one = fact(replace(read, files=dict(read.files) | {File.SOD: weak}), trust, at, FactName.INTEGRITY)
    assert (one.outcome, one.reason, one.details["hash"]) == (Outcome.PASSED, Reason.OLD_ALGORITHM, "sha1")


def test_an_old_algorithm_is_passed_or_failed() -> None:
    with pytest.raises(ValueError, match="old_algorithms"):
        replace(STRICT, old_algorithms=Outcome.INCONCLUSIVE)


def deviation_list(issuer: Issuer) -> bytes:
    """A list by a signer of the issuer's, about all its documents."""
    key = KeyProfile().generate(lambda count: bytes(range(1, count + 1)))
    name = Name(country="VN", organisation="Demonstration only", common="Deviations").to_der()
    purpose = der.sequence(der.oid(oids.DEVIATION_LIST_SIGNER))
    extension = der.sequence(der.oid(oids.EXTENDED_KEY_USAGE), der.boolean(True), der.octet_string(purpose))
    signer = certificate(
        subject=name,
        spki=key.spki,
        issuer=issuer.name.to_der(),
        signer=issuer.csca_key,
        serial=99,
        validity=Validity(start=issuer.validity.start, end=issuer.validity.end),
        extensions=(*signer_extensions(key.spki, issuer.csca_key.spki, demonstration=True)[:3], extension),
    )
    described = der.sequence(der.oid("2.23.136.1.1.7.2.2"))
    content = der.sequence(der.integer(0), der.set_of(der.sequence(der.sequence(), der.set_of(described))))
    info = der.sequence(
        der.integer(1),
        der.sequence(issuer.name.to_der(), der.integer(99)),
        der.sequence(der.oid("2.16.840.1.101.3.4.2.1")),
        key.algorithm,
        der.octet_string(key.sign(content)),
    )
    inner = der.sequence(der.oid(oids.DEVIATION_LIST), der.context(0, der.octet_string(content)))
    body = der.sequence(der.integer(3), der.set_of(), inner, der.context(0, signer), der.set_of(info))
    return der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body))


def test_deviations_are_told_beside_the_fact(evidence: Evidence, issuer: Issuer, stored: Stores, at: datetime) -> None:
    store = stored(issuer.csca_certificate, deviation_list(issuer))
    one = fact(evidence, store, at, FactName.TRUST)
    assert (one.outcome, one.details["deviations"]) == (Outcome.PASSED, "2.23.136.1.1.7.2.2")
    assert one.details["store_age_days"] == "0"
    without = replace(evidence, files={file: data for file, data in evidence.files.items() if file is not File.DG1})
    assert "deviations" not in fact(without, store, at, FactName.TRUST).details


def test_a_signer_s_key_on_another_curve_than_its_certificate_names(
    holder: Holder, gather: Any, issuer: Issuer, trust: TrustStore, at: datetime
) -> None:
    signer = issuer.signer
    point = tlv.parse(signer.key.spki)[0].children()[1].to_bytes()
    named = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    odd = certificate(
        subject=issuer.name.to_der(),
        spki=der.sequence(named, point),
        issuer=issuer.name.to_der(),
        signer=issuer.csca_key,
        serial=signer.serial,
        validity=signer.validity,
        extensions=signer_extensions(signer.key.spki, issuer.csca_key.spki, demonstration=True),
    )
    read = gather(issuer.issue(holder, signer=replace(signer, certificate=odd)))
    one = fact(read, trust, at, FactName.SIGNATURE)
    assert (one.outcome, one.reason) == (Outcome.PASSED, Reason.SIGNATURE_VERIFIED)
    assert (one.details["curve"], one.details["named_curve"]) == ("brainpoolP256r1", "P-256")
    assert fact(read, trust, at, FactName.TRUST).details["remarks"] == "key_on_another_curve"
