"""Real documents: an Austrian EF.SOD under Austria's CSCA, and the BSI's specimen passport."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.lds.sod import Sod
from idcard.trust.certificates import Certificate
from idcard.trust.store import TrustStore
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.passive_authentication import PassiveAuthentication, passive_authentication

SIGNED = datetime(2023, 3, 17, 13, 40, 18, tzinfo=UTC)
EMPTY = TrustStore.of([], no_anchor_declared=date(2026, 11, 23))


@pytest.fixture(scope="module")
def vectors(root: Path) -> Path:
    return root / "tests" / "vectors"


@pytest.fixture(scope="module")
def sod(vectors: Path) -> bytes:
    return (vectors / "trust" / "ef_sod_austria.bin").read_bytes()


@pytest.fixture(scope="module")
def austria(vectors: Path) -> TrustStore:
    return TrustStore.of([(vectors / "trust" / "csca_austria_2019.cer").read_bytes()])


@pytest.fixture(scope="module")
def specimen(vectors: Path) -> dict[File, bytes]:
    folder = vectors / "chip" / "bsi2008_specimen"
    names = {File.of_data_group(number): f"Datagroup{number}.bin" for number in (1, 2, 3, 14)}
    return {file: (folder / name).read_bytes() for file, name in (names | {File.SOD: "EF_SOD.bin"}).items()}


def judged(files: dict[File, bytes], trust: TrustStore, at: datetime = SIGNED) -> PassiveAuthentication:
    return passive_authentication(Evidence(files=files), trust, at)


def test_the_austrian_signature_is_good_and_anchored(sod: bytes, austria: TrustStore) -> None:
    passive = judged({File.SOD: sod}, austria, datetime(2026, 11, 23, tzinfo=UTC))
    assert passive.signature.outcome is Outcome.PASSED
    assert (passive.trust.outcome, passive.trust.reason) == (Outcome.PASSED, Reason.ANCHORED)
    assert passive.listed == {1, 2, 3, 11, 12, 14}
    assert passive.anchor == austria.anchors[0]


def test_the_austrian_signature_is_good_without_an_anchor(sod: bytes, vectors: Path) -> None:
    german = TrustStore.of([(vectors / "trust" / "german_root_csca07.cer").read_bytes()])
    passive = judged({File.SOD: sod}, german)
    assert passive.signature.outcome is Outcome.PASSED
    assert (passive.trust.outcome, passive.trust.reason) == (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2023, 1, 31, 8, 4, 1, tzinfo=UTC), Reason.SIGNER_NOT_YET_VALID),
        (datetime(2033, 5, 6, 8, 4, 3, tzinfo=UTC), Reason.SIGNER_EXPIRED),
    ],
)
def test_the_austrian_signer_is_in_force_for_ten_years(
    sod: bytes, austria: TrustStore, at: datetime, reason: Reason
) -> None:
    passive = judged({File.SOD: sod}, austria, at)
    assert (passive.trust.outcome, passive.trust.reason) == (Outcome.FAILED, reason)


def signed_parts(sod: bytes) -> set[int]:
    """Where the bytes lie that somebody signed, and the signatures over them."""
    parsed = Sod.from_bytes(sod)
    signer, info = Certificate.from_bytes(parsed.signer_certificates[0]), parsed.signed_data.signers[0]
    assert info.signed_attributes is not None
    parts = (parsed.signed_data.content, info.signed_attributes[1:], info.signature, signer.tbs, signer.signature)
    return {sod.index(part) + at for part in parts for at in range(len(part))}


@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_no_flipped_byte_of_a_signed_part_passes(sod: bytes, austria: TrustStore, mask: int) -> None:
    for at in signed_parts(sod):
        passive = judged({File.SOD: sod[:at] + bytes([sod[at] ^ mask]) + sod[at + 1 :]}, austria)
        assert not passive.signed_and_trusted, f"byte {at}"


def test_no_truncated_list_passes(sod: bytes, austria: TrustStore) -> None:
    for length in range(0, len(sod), 7):
        assert not judged({File.SOD: sod[:length]}, austria).signed_and_trusted


def test_the_specimen_s_hashes_hold_and_its_signature_is_judged(specimen: dict[File, bytes]) -> None:
    passive = judged(specimen, EMPTY, datetime(2008, 6, 1, tzinfo=UTC))
    assert (passive.integrity.outcome, passive.integrity.details["hash"]) == (Outcome.PASSED, "sha1")
    assert passive.integrity.details["data_groups"] == "1,2,3,14"
    assert passive.signature.outcome is Outcome.PASSED, "ECDSA over brainpoolP224r1, written out, verified in Python"
    assert passive.trust.reason is Reason.NO_ANCHOR_YET


@pytest.mark.parametrize("file", [File.DG1, File.DG2, File.DG3, File.DG14])
def test_one_changed_byte_of_the_specimen_fails_integrity(specimen: dict[File, bytes], file: File) -> None:
    changed = specimen | {file: specimen[file][:-1] + bytes([specimen[file][-1] ^ 1])}
    passive = judged(changed, EMPTY)
    assert (passive.integrity.outcome, passive.integrity.reason) == (Outcome.FAILED, Reason.HASH_MISMATCH)
    assert passive.integrity.details["data_groups"] == str(file.data_group)
    assert file not in passive.intact
    assert passive.signature.outcome is Outcome.PASSED


def test_revocation_says_honestly_that_it_was_not_looked_into(sod: bytes, austria: TrustStore) -> None:
    fact = judged({File.SOD: sod}, austria).revocation
    assert (fact.name, fact.outcome, fact.reason) == (
        FactName.REVOCATION,
        Outcome.NOT_PERFORMED,
        Reason.NO_REVOCATION_LIST,
    )


def test_a_judgement_before_the_signing_time_still_wants_the_signer_in_force(sod: bytes, austria: TrustStore) -> None:
    assert judged({File.SOD: sod}, austria, SIGNED - timedelta(days=1)).trust.outcome is Outcome.PASSED
