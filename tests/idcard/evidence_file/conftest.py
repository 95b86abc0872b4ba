"""Evidence of an invented card, gathered without any protocol, and keys for devices and recipients."""

import os
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import idcard
from idcard.evidence import WITNESSED_HERE
from idcard.testing import Holder, Issuer, SimulatedCard


@pytest.fixture(scope="session")
def at() -> datetime:
    return datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def holder() -> Holder:
    return Holder(
        personal_number="036090999991",
        name="Nguyễn Văn Thử",
        birth=date(1990, 1, 15),
        sex="M",
        issued=date(2022, 2, 1),
        expiry=date(2030, 1, 15),
    )


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.create("VN", "CSCA Demonstration Vietnam", at=datetime(2022, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="session")
def trust(issuer: Issuer) -> idcard.TrustStore:
    return idcard.TrustStore.of([issuer.csca_certificate], accept_demonstration=True)


@pytest.fixture(scope="session")
def card(issuer: Issuer, holder: Holder) -> SimulatedCard:
    return issuer.issue(holder)


@pytest.fixture(scope="session")
def evidence(card: SimulatedCard, holder: Holder, at: datetime) -> idcard.Evidence:
    """All that a reading gathers."""
    proof, challenge = card.secrets.proof, os.urandom(8)
    assert proof is not None
    return idcard.Evidence(
        files={
            file: data for file, data in card.files.items() if file.data_group or file.label in ("EF.COM", "EF.SOD")
        },
        access=idcard.AccessRecord(
            protocol=idcard.AccessProtocol.PACE,
            key_kind=idcard.KeyKind.CAN,
            pace_oid="0.4.0.127.0.7.2.2.4.2.2",
            parameter_id=13,
        ),
        refused={idcard.File.DG7: 0x6A82},
        active_authentication=idcard.ActiveAuthenticationProof(
            challenge=challenge, response=proof.answer(challenge, os.urandom)
        ),
        given_card_qr=holder.card_qr_text(),
        atr=card.atr,
        reader="Reader 00 00",
        read_at=at,
        witness=WITNESSED_HERE,
    )


@pytest.fixture(scope="session")
def device() -> Ed25519PrivateKey:
    """A reading device's key."""
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def recipient() -> X25519PrivateKey:
    """The key of whom a file is for."""
    return X25519PrivateKey.generate()
