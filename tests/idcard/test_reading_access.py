"""Which way a reading opens a chip and how the chip proves itself on the way, through the face."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard
from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import Behaviour, Holder, Issuer, Profile, SimulatedCard, Suite
from idcard.testing.chip_pace import Mapping
from idcard.testing.terminal_pki import FINGERS, TerminalPki

Issue = Callable[..., SimulatedCard]
CAN = idcard.Can("999991")
AT = datetime(2026, 6, 1, tzinfo=UTC)
CAM = Profile(mapping=Mapping.CHIP_AUTHENTICATION)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(country="VN", name="CSCA Thử", at=datetime(2026, 1, 1, tzinfo=UTC), demonstration=False)


@pytest.fixture(scope="module")
def issue(issuer: Issuer) -> Issue:
    holder = Holder(
        personal_number="036090999991",
        name="Nguyễn Văn Thử",
        birth=date(1990, 1, 15),
        sex="M",
        issued=date(2022, 2, 1),
        expiry=date(2030, 1, 15),
    )

    def with_manners(*, pace: bool = True, **manners: object) -> SimulatedCard:
        behaviour = Behaviour(**({"max_response": 1024} | manners))  # type: ignore[arg-type]
        return issuer.issue(holder, pace=pace, behaviour=behaviour, active_authentication=None)

    return with_manners


@pytest.fixture(scope="module")
def trust(issuer: Issuer) -> idcard.TrustStore:
    return idcard.TrustStore.of([issuer.csca_certificate])


def judged(evidence: idcard.Evidence, trust: idcard.TrustStore) -> idcard.Fact:
    return idcard.verify(evidence, trust, at=AT).fact(idcard.FactName.GENUINE_CHIP)


@pytest.mark.parametrize(
    "chip",
    [
        Profile(parameter_id=13, suite=Suite.AES192),
        Profile(parameter_id=14, suite=Suite.AES256),
        Profile(parameter_id=1, suite=Suite.AES128),
        Profile(parameter_id=2, suite=Suite.DES3),
        Profile(parameter_id=12, suite=Suite.DES3),
    ],
    ids=["brainpoolP256r1", "brainpoolP320r1", "DH AES", "DH 3DES", "P-256 3DES"],
)
@pytest.mark.parametrize("named", [True, False], ids=["cipher named", "cipher not named"])
def test_chip_authentication_proves_the_chip(
    chip: Profile, named: bool, issue: Issue, trust: idcard.TrustStore
) -> None:
    if not named and chip.suite is not Suite.DES3:
        chip = replace(chip, suite=Suite.DES3)
    evidence = idcard.read(CAN, issue(chip_profile=chip, chip_authentication_named=named))
    assert evidence.chip_authentication is not None
    fact = judged(evidence, trust)
    assert fact.outcome is idcard.Outcome.PASSED, fact
    assert fact.details["protocol"] == "chip authentication"


def test_a_copy_of_the_files_fails_chip_authentication(issue: Issue, trust: idcard.TrustStore) -> None:
    card = issue()
    card.secrets = replace(card.secrets, agreement=4711)
    fact = judged(idcard.read(CAN, card), trust)
    assert (fact.outcome, fact.reason.value) == (idcard.Outcome.FAILED, "chip_wrong_answer")


class Stubborn:
    """A connection that cannot reset its card."""

    def __init__(self, card: SimulatedCard) -> None:
        self.atr, self.transmit, self.close = card.atr, card.transmit, card.close


def test_a_copy_is_shown_where_the_reader_cannot_reset_it(issue: Issue, trust: idcard.TrustStore) -> None:
    card = issue()
    card.secrets = replace(card.secrets, agreement=4711)
    evidence = idcard.read(CAN, Stubborn(card))
    assert File.DG2 not in evidence.files
    assert judged(evidence, trust).outcome is idcard.Outcome.FAILED


def test_a_copy_fails_with_another_judge_too(issue: Issue, trust: idcard.TrustStore, tmp_path: Path) -> None:
    device = Ed25519PrivateKey.generate()
    word = idcard.Expectation(witnesses=frozenset({idcard.device_fingerprint(device.public_key())}))
    outcomes = []
    for number, agreement in enumerate((None, 4711)):
        card = issue()
        if agreement is not None:
            card.secrets = replace(card.secrets, agreement=agreement)
        idcard.save_evidence(tmp_path / f"{number}.idc", idcard.read(CAN, card), sign_with=device)
        evidence = idcard.load_evidence(tmp_path / f"{number}.idc").evidence
        assert evidence.chip_authentication is not None
        assert evidence.chip_authentication.ephemeral_private_key is None
        fact = idcard.verify(evidence, trust, at=AT, expectation=word).fact(idcard.FactName.GENUINE_CHIP)
        outcomes.append(fact.outcome)
    assert outcomes == [idcard.Outcome.PASSED, idcard.Outcome.FAILED]


def test_chip_authentication_mapping_proves_the_chip(issue: Issue, trust: idcard.TrustStore) -> None:
    plan = idcard.ReadPlan(chip_authentication=False)
    evidence = idcard.read(CAN, issue(pace_profile=CAM), plan=plan)
    assert evidence.chip_authentication is None
    fact = judged(evidence, trust)
    assert (fact.outcome, fact.details["protocol"]) == (idcard.Outcome.PASSED, "PACE-CAM")


def test_a_copy_of_the_files_fails_chip_authentication_mapping(issue: Issue, trust: idcard.TrustStore) -> None:
    card = issue(pace_profile=CAM)
    card.secrets = replace(card.secrets, agreement=4711)
    fact = judged(idcard.read(CAN, card, plan=idcard.ReadPlan(chip_authentication=False)), trust)
    assert (fact.outcome, fact.details["protocol"]) == (idcard.Outcome.FAILED, "PACE-CAM")


def test_the_strongest_way_is_tried_first_and_the_next_where_the_chip_refuses_it(issue: Issue) -> None:
    card = issue(pace_profile=Profile(), more_pace_profiles=(Profile(suite=Suite.AES256, parameter_id=16),))
    access = idcard.read(CAN, card, plan=idcard.ReadPlan(files=(File.DG1,))).access
    assert access is not None
    assert (access.pace_oid, access.parameter_id) == ("0.4.0.127.0.7.2.2.4.2.4", 16)
    card.reset()
    card.behaviour = replace(card.behaviour, more_pace_profiles=())  # it still advertises what it no longer runs
    access = idcard.read(CAN, card, plan=idcard.ReadPlan(files=(File.DG1,))).access
    assert access is not None
    assert (access.pace_oid, access.parameter_id) == ("0.4.0.127.0.7.2.2.4.2.2", 13)


def test_a_chip_that_refuses_every_way_tells_its_first_refusal(issue: Issue) -> None:
    card = issue(pace_profile=Profile(), more_pace_profiles=(CAM, Profile(suite=Suite.AES256, parameter_id=16)))
    card.behaviour = replace(card.behaviour, pace_profile=Profile(suite=Suite.AES192), more_pace_profiles=())
    with pytest.raises(idcard.PaceRefused) as caught:
        idcard.read(CAN, card)
    assert caught.value.facts["sw"] == 0x6A80


@pytest.mark.parametrize("number", [1, 14])
def test_parameters_that_the_chip_writes_out(number: int, issue: Issue) -> None:
    access = idcard.read(CAN, issue(pace_profile=Profile(parameter_id=number, written_as=77))).access
    assert access is not None
    assert access.parameter_id == 77


def test_the_last_try_of_a_pin_is_the_callers_to_allow(issue: Issue) -> None:
    card = issue(pin_tries=3)
    card.secrets = replace(card.secrets, pin="123456", puk="1234567890")
    wrong, right = idcard.PinCode("000000"), idcard.PinCode("123456")
    only = idcard.ReadPlan(files=(File.DG1,))
    for left in (2, 1):
        with pytest.raises(idcard.WrongAccessKey) as caught:
            idcard.read(wrong, card, plan=only)
        assert caught.value.tries_left == left
    with pytest.raises(idcard.LastTryLeft):
        idcard.read(right, card, plan=only)
    evidence = idcard.read(right, card, plan=replace(only, allow_last_try=True))
    assert evidence.access is not None
    assert evidence.access.key_kind is idcard.KeyKind.PIN
    card.reset()
    assert idcard.read(idcard.PukCode("1234567890"), card, plan=only).access is not None


def test_a_blocked_pin_says_so(issue: Issue) -> None:
    card = issue(pin_tries=1)
    card.secrets = replace(card.secrets, pin="123456")
    plan = idcard.ReadPlan(files=(File.DG1,), allow_last_try=True)
    for number in ("000000", "123456"):
        with pytest.raises(idcard.AccessBlocked):
            idcard.read(idcard.PinCode(number), card, plan=plan)


# Fingers and irises

GUARDED = (File.DG3, File.DG4)


@pytest.fixture(scope="module")
def pki() -> TerminalPki:
    return TerminalPki.create(rights=FINGERS)


def terminal_of(pki: TerminalPki) -> idcard.TerminalCredentials:
    certificates = tuple(idcard.CvCertificate.from_bytes(data) for data in pki.certificates)
    return idcard.TerminalCredentials(certificates=certificates, sign=pki.terminal.sign)


def with_fingers(card: SimulatedCard, pki: TerminalPki) -> SimulatedCard:
    """A card that holds DG3 and DG4 and knows an authority of terminals; its EF.SOD does not list them."""
    for file in GUARDED:
        card.files[file] = tlv.build(file.tag, b"invented " + file.label.encode())
    card.secrets = replace(card.secrets, terminal_anchor=pki.anchor)
    return card


@pytest.mark.parametrize("key", ["CAN", "BAC"])
@pytest.mark.parametrize("profile", [Profile(), CAM], ids=["chip authentication", "mapping alone"])
def test_a_terminal_reads_what_its_rights_allow(key: str, profile: Profile, issue: Issue, pki: TerminalPki) -> None:
    bac = key == "BAC"
    card = with_fingers(issue(pace_profile=profile, pace=not bac), pki)
    first = () if profile is CAM and not bac else (File.DG14,)
    plan = idcard.ReadPlan(files=(*first, *GUARDED), terminal=terminal_of(pki))
    keys = idcard.MrzKey(card.secrets.mrz_information) if bac else CAN
    evidence = idcard.read(keys, card, plan=plan)
    assert evidence.access is not None
    assert evidence.access.protocol == ("BAC" if bac else "PACE")
    assert evidence.files[File.DG3] == card.files[File.DG3]
    assert evidence.refused[File.DG4] == 0x6982


@pytest.mark.parametrize("terminal", [None, "a stranger's"])
def test_without_a_terminal_that_the_chip_knows_they_stay_closed(
    terminal: str | None, issue: Issue, pki: TerminalPki
) -> None:
    card = with_fingers(issue(), pki)
    credentials = None if terminal is None else terminal_of(TerminalPki.create())
    evidence = idcard.read(CAN, card, plan=idcard.ReadPlan(files=(File.DG14, *GUARDED), terminal=credentials))
    assert list(evidence.files) == [File.DG14]
    assert set(evidence.refused) == set(GUARDED)


def test_a_terminal_whose_chain_does_not_fit_is_not_presented(issue: Issue, pki: TerminalPki) -> None:
    stranger = replace(TerminalPki.create(), names=(b"XXCVCA00001", b"XXDVER00001", b"XXTERM00001"))
    card = with_fingers(issue(), pki)
    plan = idcard.ReadPlan(files=(File.DG14, *GUARDED), terminal=terminal_of(stranger))
    assert list(idcard.read(CAN, card, plan=plan).files) == [File.DG14]
