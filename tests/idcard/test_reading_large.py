"""Files beyond 32 KiB through secure messaging: READ BINARY with the odd instruction byte."""

from datetime import UTC, datetime

import pytest

import idcard
from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Behaviour, Issuer, Profile, Suite

PLAN = idcard.ReadPlan(files=(File.DG1, File.DG2), active_authentication=False, chip_authentication=False)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("suite", [Suite.DES3, Suite.AES128, Suite.AES256])
@pytest.mark.parametrize(
    ("size", "max_response"), [(40_000, 256), (40_000, 40_000), (100_000, 40_000), (70_000, 2_000)]
)
def test_a_large_file_comes_byte_for_byte(suite: Suite, size: int, max_response: int, issuer: Issuer) -> None:
    behaviour = Behaviour(max_response=max_response, pace_profile=Profile(suite=suite))
    card = issuer.issue(SPECIMEN, behaviour=behaviour)
    card.files[File.DG2] = tlv.build(File.DG2.tag, bytes(range(256)) * (size // 256))
    evidence = idcard.read(idcard.Can(SPECIMEN.can), card, plan=PLAN)
    assert evidence.files[File.DG2] == card.files[File.DG2]
    assert evidence.files[File.DG1] == card.files[File.DG1]
