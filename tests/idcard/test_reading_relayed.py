"""A copied card whose emulator relays one answer to another, genuine card of the same state."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import idcard
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Behaviour, Issuer, Profile, SimulatedCard, records, sod
from idcard.testing.chip_pace import Mapping as PaceMapping
from idcard.transport.wrapped import WrappedConnection

CAN = idcard.Can(SPECIMEN.can)
AT = datetime(2026, 6, 1, tzinfo=UTC)
ISSUED = datetime(2022, 1, 1, tzinfo=UTC)
CAM = Profile(mapping=PaceMapping.CHIP_AUTHENTICATION)
OTHER = 0xBEEF
POLICIES = (idcard.STRICT, idcard.VIETNAM_STRICT, idcard.CLOSED_READER)
PROTECTED, GENERAL_AUTHENTICATE, NO_CHANNEL = 0x0C, 0x86, b"\x69\x87"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=ISSUED, demonstration=False)


@pytest.fixture(scope="module")
def trust(issuer: Issuer) -> idcard.TrustStore:
    return idcard.TrustStore.of([issuer.csca_certificate])


def issued(issuer: Issuer, version: int = 1) -> SimulatedCard:
    behaviour = Behaviour(max_response=1024, chip_authentication_version=version)
    return issuer.issue(SPECIMEN, behaviour=behaviour)


def without_chip_keys(files: Mapping[File, bytes], issuer: Issuer) -> dict[File, bytes]:
    """The files of a card whose DG14 has no key, signed."""
    made = dict(files) | {File.DG14: b"\x6e\x02\x31\x00"}
    groups = {file.data_group: data for file, data in made.items() if file.data_group}
    return made | {File.SOD: sod.build(groups, issuer.signer, at=ISSUED)}


class Relay(WrappedConnection):
    """The emulator: ``proofs`` answers come from the other card's key, then one is bare, then it has no key at all."""

    def __init__(self, card: SimulatedCard, proofs: int) -> None:
        super().__init__(card)
        self.card, self._left, self._agreed, self._bare = card, proofs, False, False
        self.reset = self._power_again

    def transmit(self, command: bytes) -> bytes:
        if self._bare or (self._agreed and self._left == 0):
            self._bare, self.card.secrets = True, replace(self.card.secrets, agreement=None)
            return NO_CHANNEL
        answer = super().transmit(command)
        self._left -= self._agreed
        if command[:2] == bytes([PROTECTED, GENERAL_AUTHENTICATE]):
            self._agreed = True
        return answer

    def _power_again(self) -> None:
        self.card.reset()
        self._agreed = self._bare = False


def emulator(issuer: Issuer, version: int, files: Mapping[File, bytes], security: bytes | None = None) -> Relay:
    """A copy of ``files`` with the EF.CardSecurity of another card; it proves as much as version 2 or 1 asks for."""
    other = issued(issuer, version)
    assert other.secrets.agreement is not None
    security = security or issuer.card_security(other.behaviour, other.secrets.agreement, ISSUED)
    taken = {File.CARD_SECURITY: security, File.CARD_ACCESS: records.card_access(version=2)}
    secrets = replace(other.secrets, proof=None)
    return Relay(SimulatedCard(files=dict(files) | taken, secrets=secrets, behaviour=other.behaviour), 2 - version)


def require_nothing(verdict: idcard.Verdict) -> None:
    for policy in POLICIES:
        with pytest.raises(idcard.NotVerified):
            verdict.require(policy)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("has_key", [True, False], ids=["key in DG14", "none in DG14"])
def test_one_relayed_answer_shows_no_copy_genuine(
    version: int, has_key: bool, issuer: Issuer, trust: idcard.TrustStore
) -> None:
    victim = issued(issuer).files
    relay = emulator(issuer, version, victim if has_key else without_chip_keys(victim, issuer))
    evidence = idcard.read(CAN, relay)
    assert File.DG1 in evidence.files
    assert evidence.files[File.CARD_SECURITY] == relay.card.files[File.CARD_SECURITY]
    verdict = idcard.verify(evidence, trust, at=AT)
    assert verdict.fact(idcard.FactName.TRUST).outcome is idcard.Outcome.PASSED
    assert verdict.fact(idcard.FactName.GENUINE_CHIP).outcome is not idcard.Outcome.PASSED
    require_nothing(verdict)


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_shown_before_a_reset_does_not_outlast_a_refusal(
    version: int, issuer: Issuer, trust: idcard.TrustStore
) -> None:
    card = issued(issuer, version)
    evidence = idcard.read(CAN, Relay(card, 2 - version), plan=idcard.ReadPlan(active_authentication=False))
    assert File.DG1 in evidence.files
    assert evidence.chip_authentication is not None
    assert evidence.chip_authentication.refused
    fact = idcard.verify(evidence, trust, at=AT).fact(idcard.FactName.GENUINE_CHIP)
    assert (fact.outcome, fact.reason) == (idcard.Outcome.INCONCLUSIVE, idcard.Reason.CHIP_REFUSED)


def test_a_chip_that_shows_its_key_again_after_a_reset_is_genuine(issuer: Issuer, trust: idcard.TrustStore) -> None:
    card = issued(issuer)

    class Once(WrappedConnection):
        """Answers the twentieth command bare, as a chip does that lost its session."""

        sent = 0

        def transmit(self, command: bytes) -> bytes:
            self.sent += 1
            return NO_CHANNEL if self.sent == 20 else super().transmit(command)

    evidence = idcard.read(CAN, Once(card), plan=idcard.ReadPlan(active_authentication=False))
    fact = idcard.verify(evidence, trust, at=AT).fact(idcard.FactName.GENUINE_CHIP)
    assert (fact.outcome, fact.details["key"]) == (idcard.Outcome.PASSED, "DG14")


def test_a_demonstrations_card_security_vouches_for_no_other_document(issuer: Issuer) -> None:
    shown = Issuer.create(at=ISSUED)
    both = idcard.TrustStore.of([issuer.csca_certificate, shown.csca_certificate], accept_demonstration=True)
    behaviour = Behaviour(max_response=1024, chip_authentication_version=2)
    files = without_chip_keys(issued(issuer).files, issuer)
    files |= {File.CARD_SECURITY: shown.card_security(behaviour, OTHER, ISSUED)}
    files |= {File.CARD_ACCESS: records.card_access(version=2)}
    secrets = replace(issued(issuer).secrets, agreement=OTHER, proof=None)
    evidence = idcard.read(CAN, SimulatedCard(files=files, secrets=secrets, behaviour=behaviour))
    verdict = idcard.verify(evidence, both, at=AT)
    fact = verdict.fact(idcard.FactName.GENUINE_CHIP)
    assert fact.outcome is idcard.Outcome.INCONCLUSIVE
    require_nothing(verdict)


def test_a_mapping_by_another_card_belongs_to_the_session_in_which_that_card_gives_its_own_files(
    issuer: Issuer,
) -> None:
    """What a relay may do to PACE with chip authentication mapping: hand over a genuine session, whole."""
    behaviour = Behaviour(max_response=1024, pace_profile=CAM)
    genuine = issuer.issue(SPECIMEN, behaviour=behaviour)
    copy = issued(issuer)

    class Swapped(WrappedConnection):
        """Copied files over plain PACE first; after a bare status word the genuine card lies there."""

        def __init__(self) -> None:
            super().__init__(copy)
            self.sent, self.reset = 0, self._swap

        def transmit(self, command: bytes) -> bytes:
            self.sent += 1
            return NO_CHANNEL if self.sent == 20 else super().transmit(command)

        def _swap(self) -> None:
            if self.sent >= 20:
                self._inner = genuine
            genuine.reset()

    with pytest.raises(idcard.CardChanged):
        idcard.read(CAN, Swapped())
