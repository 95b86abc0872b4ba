"""An invented issuer and holder, and evidence made from a card's files without any protocol."""

import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.evidence import WITNESSED_HERE, AccessProtocol, AccessRecord, ActiveAuthenticationProof, Evidence, KeyKind
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.trust.pins import Pin, PinKeys, Pins, draft_pins
from idcard.trust.signed_text import draft, signature_line
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers

ISSUED_AT = datetime(2022, 1, 2, tzinfo=UTC)
PACE = AccessRecord(
    protocol=AccessProtocol.PACE, key_kind=KeyKind.CAN, pace_oid="0.4.0.127.0.7.2.2.4.2.2", parameter_id=13
)

Gather = Callable[..., Evidence]


@pytest.fixture(scope="session")
def at() -> datetime:
    """The moment of judgement."""
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
    return Issuer.create("VN", "CSCA Demonstration Vietnam", at=ISSUED_AT)


@pytest.fixture(scope="session")
def trust(issuer: Issuer) -> TrustStore:
    return TrustStore.of([issuer.csca_certificate], accept_demonstration=True)


@pytest.fixture(scope="session")
def gather() -> Gather:
    """Evidence of a card: all its data groups and the chip's answer to a challenge; anything can be replaced."""

    def make(card: SimulatedCard, **changes: Any) -> Evidence:
        files = {file: data for file, data in card.files.items() if file.data_group or file in (File.COM, File.SOD)}
        proof = card.secrets.proof
        if proof is not None and "active_authentication" not in changes:
            challenge = os.urandom(8)
            response = proof.answer(challenge, os.urandom)
            changes["active_authentication"] = ActiveAuthenticationProof(challenge=challenge, response=response)
        return Evidence(**({"files": files, "access": PACE, "witness": WITNESSED_HERE} | changes))

    return make


@pytest.fixture(scope="session")
def honest(issuer: Issuer, holder: Holder) -> SimulatedCard:
    return issuer.issue(holder)


@pytest.fixture(scope="session")
def nowhere() -> TrustStore:
    """A store without any anchor, as its operator declared."""
    return TrustStore.of([], no_anchor_declared=date(2026, 11, 1), accept_demonstration=True)


@pytest.fixture(scope="session")
def signer(issuer: Issuer) -> str:
    """The fingerprint of the certificate of whoever signs the cards."""
    return hashlib.sha256(issuer.signer.certificate).hexdigest()


@pytest.fixture(scope="session")
def authority_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def authority(authority_key: Ed25519PrivateKey) -> Vouchers:
    """An authority whose answers count."""
    return Vouchers(authorities={"authority.example": authority_key.public_key()})


@pytest.fixture(scope="session")
def answer(authority_key: Ed25519PrivateKey, at: datetime) -> Callable[..., bytes]:
    """An answer about the signer with a fingerprint, signed by the authority unless another key is given."""

    def make(
        signer: str,
        status: str = "genuine",
        *,
        name: str = "authority.example",
        key: Ed25519PrivateKey = authority_key,
        **changes: Any,
    ) -> bytes:
        times = {"at": at - timedelta(hours=1), "until": at + timedelta(hours=1)} | changes
        statement = {name: time.isoformat() for name, time in times.items()}
        signed = draft("idcard.confirmation/1", statement | {"signer": signer, "status": status, "nonce": "00" * 16})
        return signed + signature_line(signed, name, key)

    return make


@pytest.fixture(scope="session")
def people() -> Mapping[str, Ed25519PrivateKey]:
    """Two people who may pin a signer, and a third."""
    return {name: Ed25519PrivateKey.generate() for name in ("an.nguyen", "binh.tran", "chi.le")}


@pytest.fixture(scope="session")
def pinned(people: Mapping[str, Ed25519PrivateKey]) -> Callable[..., Pins]:
    """The pins that the first two people signed."""

    def make(*pins: Pin, serial: int = 1) -> Pins:
        signed = draft_pins(pins, serial)
        lines = [signature_line(signed, name, people[name]) for name in ("an.nguyen", "binh.tran")]
        keys = PinKeys(keys={name: key.public_key() for name, key in people.items()})
        return Pins.from_bytes(signed + b"".join(lines), keys)

    return make
