"""Which of the chip's keys a reading uses and keeps for a judge, and what is shown to a chip that is not proved."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard
from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.reading.hints import wants_card_security
from idcard.testing import SPECIMEN, Behaviour, Issuer, Profile, SimulatedCard, records, sod
from idcard.testing.chip_pace import Mapping
from idcard.testing.records import VIETNAMESE_CARD_ACCESS
from idcard.testing.terminal_pki import FINGERS, TerminalPki
from idcard.transport.wrapped import WrappedConnection

CAN = idcard.Can(SPECIMEN.can)
AT = datetime(2026, 6, 1, tzinfo=UTC)
ISSUED = datetime(2022, 1, 1, tzinfo=UTC)
CAM = Profile(mapping=Mapping.CHIP_AUTHENTICATION)
NO_AGREEMENT = idcard.ReadPlan(chip_authentication=False)
OTHER = 0xBEEF

Issue = Callable[..., SimulatedCard]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=ISSUED, demonstration=False)


@pytest.fixture(scope="module")
def trust(issuer: Issuer) -> idcard.TrustStore:
    return idcard.TrustStore.of([issuer.csca_certificate])


@pytest.fixture
def issue(issuer: Issuer) -> Issue:
    def with_manners(**manners: object) -> SimulatedCard:
        behaviour = Behaviour(**({"max_response": 1024} | manners))  # type: ignore[arg-type]
        return issuer.issue(SPECIMEN, behaviour=behaviour, active_authentication=None)

    return with_manners


def judged(evidence: idcard.Evidence, trust: idcard.TrustStore, **parts: object) -> tuple[idcard.Outcome, str | None]:
    fact = idcard.verify(evidence, trust, at=AT, **parts).fact(idcard.FactName.GENUINE_CHIP)  # type: ignore[arg-type]
    return fact.outcome, fact.details.get("key")


def with_dg14(card: SimulatedCard, issuer: Issuer, dg14: bytes) -> SimulatedCard:
    """The card with another DG14, signed."""
    card.files[File.DG14] = dg14
    groups = {file.data_group: data for file, data in card.files.items() if file.data_group}
    card.files[File.SOD] = sod.build(groups, issuer.signer, at=ISSUED)
    return card


def copied(card: SimulatedCard) -> SimulatedCard:
    """A chip that has the card's files and another private key."""
    return SimulatedCard(files=card.files, secrets=replace(card.secrets, agreement=OTHER), behaviour=card.behaviour)


# PACE with chip authentication mapping


def test_card_security_is_read_where_the_mapping_shows_the_chip(issue: Issue, trust: idcard.TrustStore) -> None:
    card = issue(pace_profile=CAM)
    evidence = idcard.read(CAN, card, plan=NO_AGREEMENT)
    assert evidence.files[File.CARD_SECURITY] == card.files[File.CARD_SECURITY]
    assert judged(evidence, trust) == (idcard.Outcome.PASSED, "EF.CardSecurity")


def test_a_mapping_on_parameters_that_the_chip_writes_out(
    issue: Issue, trust: idcard.TrustStore, tmp_path: Path
) -> None:
    evidence = idcard.read(CAN, issue(pace_profile=replace(CAM, written_as=77)), plan=NO_AGREEMENT)
    assert judged(evidence, trust) == (idcard.Outcome.PASSED, "EF.CardSecurity")
    key = Ed25519PrivateKey.generate()
    idcard.save_evidence(tmp_path / "e", evidence, sign_with=key)
    known = idcard.Expectation(witnesses=frozenset({idcard.device_fingerprint(key.public_key())}))
    loaded = idcard.load_evidence(tmp_path / "e").evidence
    assert judged(loaded, trust, expectation=known) == (idcard.Outcome.PASSED, "EF.CardSecurity")
    access = loaded.access and replace(loaded.access, card_access=None)
    unknown = idcard.verify(replace(loaded, access=access), trust, at=AT, expectation=known)
    assert unknown.fact(idcard.FactName.GENUINE_CHIP).reason is idcard.Reason.UNSUPPORTED_ALGORITHM


@pytest.mark.parametrize("bare", [False, True], ids=["sealed", "bare"])
def test_dg14_stands_in_where_card_security_is_refused(bare: bool, issue: Issue, trust: idcard.TrustStore) -> None:
    card = issue(pace_profile=CAM, refuses_files_bare=bare)
    del card.files[File.CARD_SECURITY]
    evidence = idcard.read(CAN, card, plan=NO_AGREEMENT)
    assert evidence.refused == {File.CARD_SECURITY: 0x6A82}
    assert judged(evidence, trust) == (idcard.Outcome.PASSED, "DG14")


def test_one_that_is_not_well_formed_ends_no_reading(issue: Issue, trust: idcard.TrustStore) -> None:
    card = issue(pace_profile=CAM)
    card.files[File.CARD_SECURITY] = b"\x31\x84\xff\xff\xff\xff"
    evidence = idcard.read(CAN, card, plan=NO_AGREEMENT)
    assert File.DG1 in evidence.files
    assert judged(evidence, trust)[0] is idcard.Outcome.INCONCLUSIVE


def test_a_key_in_dg14_does_not_replace_that_of_card_security(
    issue: Issue, issuer: Issuer, trust: idcard.TrustStore
) -> None:
    card = with_dg14(issue(pace_profile=CAM), issuer, records.dg14(CAM.domain.spki(OTHER), None, pace=CAM, chip=CAM))
    assert judged(idcard.read(CAN, card, plan=NO_AGREEMENT), trust) == (idcard.Outcome.PASSED, "EF.CardSecurity")
    card = copied(card)
    assert judged(idcard.read(CAN, card, plan=NO_AGREEMENT), trust) == (idcard.Outcome.FAILED, None)


def test_one_that_is_no_answer_at_all_ends_the_reading(issue: Issue) -> None:
    """Only EF.CardSecurity's first answer under secure messaging is torn: nothing is known of the file then."""

    class Torn(WrappedConnection):
        def transmit(self, command: bytes) -> bytes:
            answer = super().transmit(command)
            return b"\x90" if command[:3] == bytes([0x0C, 0xB0, 0x80 | File.CARD_SECURITY.sfi]) else answer

    with pytest.raises(idcard.IdCardError):
        idcard.read(CAN, Torn(issue(pace_profile=CAM)), plan=NO_AGREEMENT)


@pytest.mark.parametrize("card_access", [None, b"", b"\x31\x02\x30", VIETNAMESE_CARD_ACCESS])
def test_card_security_is_not_asked_for_without_need(card_access: bytes | None) -> None:
    assert not wants_card_security(card_access)
    assert wants_card_security(records.card_access(version=2))


# Chip authentication, version 2


def test_version_2_takes_its_key_from_card_security(issue: Issue, issuer: Issuer, trust: idcard.TrustStore) -> None:
    card = issue(chip_authentication_version=2)
    evidence = idcard.read(CAN, card)
    assert evidence.chip_authentication is not None
    assert evidence.chip_authentication.counter == 0
    assert judged(evidence, trust) == (idcard.Outcome.PASSED, "DG14")
    alone = idcard.read(CAN, with_dg14(card, issuer, b"\x6e\x02\x31\x00"))
    assert judged(alone, trust) == (idcard.Outcome.INCONCLUSIVE, "EF.CardSecurity")


def test_dg14s_key_is_first_where_card_security_has_another(issue: Issue, trust: idcard.TrustStore) -> None:
    card, other = issue(chip_authentication_version=2), Issuer.create("VN", "Nobody", at=ISSUED)
    card.files[File.CARD_SECURITY] = other.card_security(card.behaviour, OTHER, ISSUED)
    assert judged(idcard.read(CAN, card), trust) == (idcard.Outcome.PASSED, "DG14")


def test_a_card_security_by_a_signer_whom_the_store_lacks_takes_nothing_away(
    issue: Issue, trust: idcard.TrustStore
) -> None:
    card, other = issue(chip_authentication_version=2), Issuer.create("VN", "Nobody", at=ISSUED)
    assert card.secrets.agreement is not None
    card.files[File.CARD_SECURITY] = other.card_security(card.behaviour, card.secrets.agreement, ISSUED)
    assert judged(idcard.read(CAN, card), trust) == (idcard.Outcome.PASSED, "DG14")


def test_it_is_judged_elsewhere_from_a_signed_file(issue: Issue, trust: idcard.TrustStore, tmp_path: Path) -> None:
    evidence = idcard.read(CAN, issue(chip_authentication_version=2))
    key = Ed25519PrivateKey.generate()
    idcard.save_evidence(tmp_path / "e", evidence, sign_with=key)
    loaded = idcard.load_evidence(tmp_path / "e").evidence
    assert loaded.chip_authentication is not None
    assert loaded.chip_authentication.ephemeral_private_key is None
    known = idcard.Expectation(witnesses=frozenset({idcard.device_fingerprint(key.public_key())}))
    assert judged(loaded, trust, expectation=known) == (idcard.Outcome.PASSED, "DG14")
    assert judged(loaded, trust) == (idcard.Outcome.INCONCLUSIVE, None)


def test_whoever_kept_the_key_needs_nobodys_word(issue: Issue, trust: idcard.TrustStore) -> None:
    evidence = idcard.read(CAN, issue(chip_authentication_version=2))
    proof = evidence.chip_authentication
    assert proof is not None
    bare = replace(evidence, witness=None, chip_authentication=replace(proof, ephemeral_private_key=None))
    own = idcard.Expectation(ephemeral_key=proof.ephemeral_private_key)
    verdict = idcard.verify(bare, trust, at=AT, expectation=own)
    assert verdict.fact(idcard.FactName.GENUINE_CHIP).reason is idcard.Reason.CHIP_PROVED


def test_a_copy_is_found_out_by_its_token(issue: Issue, trust: idcard.TrustStore) -> None:
    evidence = idcard.read(CAN, copied(issue(chip_authentication_version=2)))
    assert File.DG1 in evidence.files
    assert judged(evidence, trust)[0] is idcard.Outcome.FAILED


def test_dg14s_key_is_next_where_the_chip_refuses_that_of_card_security(
    issue: Issue, issuer: Issuer, trust: idcard.TrustStore
) -> None:
    card = issue(chip_authentication_version=2)
    numbered = replace(card.behaviour, chip_key_id=9)
    assert card.secrets.agreement is not None
    card.files[File.CARD_SECURITY] = issuer.card_security(numbered, card.secrets.agreement, ISSUED)
    assert judged(idcard.read(CAN, card), trust) == (idcard.Outcome.PASSED, "DG14")


def test_a_chip_that_refuses_every_key_is_read_without(issue: Issue, trust: idcard.TrustStore) -> None:
    card = issue(chip_authentication_version=2)
    card.secrets = replace(card.secrets, agreement=None)
    evidence = idcard.read(CAN, card)
    assert evidence.chip_authentication is not None
    assert evidence.chip_authentication.refused
    assert File.DG1 in evidence.files
    assert judged(evidence, trust)[0] is idcard.Outcome.INCONCLUSIVE


# Before the signer is asked


class Signer:
    """A terminal's key that counts how often it signs."""

    def __init__(self, pki: TerminalPki) -> None:
        self.pki, self.asked = pki, 0

    def __call__(self, message: bytes) -> bytes:
        self.asked += 1
        return self.pki.terminal.sign(message)

    @property
    def credentials(self) -> idcard.TerminalCredentials:
        certificates = tuple(idcard.CvCertificate.from_bytes(data) for data in self.pki.certificates)
        return idcard.TerminalCredentials(certificates=certificates, sign=self)


@pytest.fixture(scope="module")
def pki() -> TerminalPki:
    return TerminalPki.create(rights=FINGERS)


def asked(card: SimulatedCard, pki: TerminalPki, *files: File, agreement: bool = True) -> int:
    """How often the signer is asked when the card's fingerprints are read."""
    card.files[File.DG3] = tlv.build(File.DG3.tag, b"invented")
    card.secrets = replace(card.secrets, terminal_anchor=pki.anchor)
    signer = Signer(pki)
    plan = idcard.ReadPlan(files=(*files, File.DG3), terminal=signer.credentials, chip_authentication=agreement)
    evidence = idcard.read(CAN, card, plan=plan)
    assert (File.DG3 in evidence.files) is (signer.asked > 0)
    return signer.asked


@pytest.mark.parametrize("files", [(), (File.DG14,)], ids=["mapping", "agreement"])
def test_a_signer_is_asked_once_the_chip_is_proved(files: tuple[File, ...], issue: Issue, pki: TerminalPki) -> None:
    assert asked(issue(pace_profile=CAM), pki, *files) == 1


@pytest.mark.parametrize("agreement", [True, False], ids=["agreement", "mapping"])
def test_no_signer_is_asked_for_a_copy(agreement: bool, issue: Issue, pki: TerminalPki) -> None:
    card = copied(issue(pace_profile=CAM))
    assert asked(card, pki, File.DG14, agreement=agreement) == 0


def test_no_signer_is_asked_where_the_mapping_cannot_be_checked(issue: Issue, pki: TerminalPki) -> None:
    card = issue(pace_profile=CAM)
    del card.files[File.CARD_SECURITY]
    assert asked(card, pki) == 0
    assert asked(card, pki, File.DG14, agreement=False) == 1


def test_no_signer_is_asked_where_nothing_shows_the_chip(issue: Issue, pki: TerminalPki) -> None:
    assert asked(issue(), pki, File.DG14, agreement=False) == 0
