from datetime import UTC, datetime
from pathlib import Path

import pytest

from idcard.testing import Issuer
from idcard.trust.certificates import Certificate


@pytest.fixture(scope="session")
def vectors(root: Path) -> Path:
    return root / "tests" / "vectors" / "trust"


@pytest.fixture(scope="session")
def austria(vectors: Path) -> bytes:
    """Austria's CSCA in DER."""
    return (vectors / "csca_austria_2019.cer").read_bytes()


@pytest.fixture(scope="session")
def vietnam(vectors: Path) -> bytes:
    """Vietnam's CSCA for passports in DER: brainpoolP512r1, written out."""
    return (vectors / "csca_vietnam_passport_2022.cer").read_bytes()


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.create("VN", "CSCA Demonstration Vietnam", at=datetime(2022, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="session")
def demonstration(issuer: Issuer) -> bytes:
    """A demonstration CSCA in DER."""
    return issuer.csca_certificate


@pytest.fixture(scope="session")
def anchor(issuer: Issuer) -> Certificate:
    return Certificate.from_bytes(issuer.csca_certificate)
