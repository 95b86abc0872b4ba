"""Terminal authentication against a simulated card, and the certificates it takes."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.chip.access_keys import Can, MrzKey
from idcard.chip.bac import ENTROPY_BYTES, basic_access_control
from idcard.chip.chip_authentication import Agreed, chip_authentication, choices, entropy_bytes
from idcard.chip.cv_certificates import (
    CvCertificate,
    authorities_of_cvca,
    chain_from,
    public_key_object,
)
from idcard.chip.pace import PaceSecrets, PaceSession, pace
from idcard.chip.pace_offers import offers
from idcard.chip.terminal_authentication import (
    TerminalCredentials,
    document_identifier,
    terminal_authentication,
)
from idcard.crypto.signature import EcPublicKey, RsaPublicKey, SignatureInvalid
from idcard.encoding import tlv
from idcard.errors import CommandRefused, IdCardError, MalformedData, Unsupported, UnsupportedAlgorithm
from idcard.iso7816.apdu import CommandApdu
from idcard.iso7816.files import select_application
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.layout import EMRTD_APPLICATION, File
from idcard.lds.security_infos import SecurityInfos
from idcard.testing import Behaviour, Profile, SimulatedCard, records
from idcard.testing.behaviour import ChipSecrets
from idcard.testing.chip_curves import CURVES
from idcard.testing.chip_pace import Mapping
from idcard.testing.terminal_pki import FINGERS, IRISES, EcCvKey, RsaCvKey, TerminalPki
from idcard.transport.session import perform

MRZ = MrzKey.of("C11T002JM", "960812", "231031")
FINGERPRINTS, IRIS = File.DG3, File.DG4


@pytest.fixture(scope="module")
def pki() -> TerminalPki:
    return TerminalPki.create()


def credentials_of(pki: TerminalPki, **changes: Any) -> TerminalCredentials:
    certificates = tuple(CvCertificate.from_bytes(data) for data in pki.certificates)
    return replace(TerminalCredentials(certificates=certificates, sign=pki.terminal.sign), **changes)


def card_of(pki: TerminalPki, **manners: Any) -> SimulatedCard:
    manner = Behaviour(**({"max_response": 1024} | manners))
    chip = manner.chip_profile
    files = {
        File.CARD_ACCESS: records.card_access(manner.pace_profile, chip),
        File.DG14: records.dg14(chip.domain.spki(4711), None, chip=chip),
        FINGERPRINTS: tlv.build(FINGERPRINTS.tag, b"invented fingers"),
        IRIS: tlv.build(IRIS.tag, b"invented irises"),
    }
    secrets = ChipSecrets(can="123456", mrz_information=MRZ.information, agreement=4711, terminal_anchor=pki.anchor)
    return SimulatedCard(files=files, secrets=secrets, behaviour=manner)


def opened(card: SimulatedCard) -> PaceSession:
    offer = next(offers(SecurityInfos.from_bytes(card.files[File.CARD_ACCESS])))
    secrets = PaceSecrets.from_entropy(offer, os.urandom(offer.entropy_bytes))
    session = perform(card, pace(offer, Can("123456"), secrets, ask_for_authorities=True))
    perform(card, select_application(EMRTD_APPLICATION, session.channel))
    return session


def agreed(card: SimulatedCard, channel: SecureChannel) -> Agreed:
    choice = next(choices(SecurityInfos.from_dg14(card.files[File.DG14])))
    return perform(card, chip_authentication(channel, choice, os.urandom(entropy_bytes(choice))))


def status(card: SimulatedCard, channel: SecureChannel, file: File) -> int:
    return perform(card, channel.send(CommandApdu(ins=0xB0, p1=0x80 | file.sfi, le=64))).sw


def authenticated(card: SimulatedCard, credentials: TerminalCredentials) -> SecureChannel:
    session = opened(card)
    result = agreed(card, session.channel)
    perform(
        card,
        terminal_authentication(
            result.channel,
            credentials,
            chip_identifier=session.chip_identifier,
            terminal_identifier=result.terminal_identifier,
            references=session.references,
        ),
    )
    return result.channel


MAKERS: dict[str, Callable[[], EcCvKey | RsaCvKey]] = {
    **{
        f"ECDSA {name} {digest}": lambda name=name, digest=digest: EcCvKey.generate(  # type: ignore[misc]
            curve=CURVES[name], digest=digest
        )
        for name, digest in (
            ("brainpoolP224r1", "sha224"),
            ("brainpoolP256r1", "sha256"),
            ("brainpoolP320r1", "sha256"),
            ("secp384r1", "sha384"),
            ("secp521r1", "sha512"),
            ("brainpoolP512r1", "sha512"),
        )
    },
    "RSA PSS": RsaCvKey.generate,
    "RSA PSS sha512": lambda: RsaCvKey.generate(digest="sha512"),
    "RSA PKCS1": lambda: RsaCvKey.generate(pss=False),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_fingers_and_irises_open_to_a_terminal(kind: str) -> None:
    pki = TerminalPki.create(MAKERS[kind])
    card = card_of(pki)
    channel = authenticated(card, credentials_of(pki))
    assert [status(card, channel, file) for file in (FINGERPRINTS, IRIS)] == [0x6282, 0x6282]


@pytest.mark.parametrize(
    ("rights", "sw"), [(FINGERS, (0x6282, 0x6982)), (IRISES, (0x6982, 0x6282)), (0, (0x6982, 0x6982))]
)
def test_only_what_the_rights_say_stands_open(rights: int, sw: tuple[int, int]) -> None:
    pki = TerminalPki.create(rights=rights)
    card = card_of(pki)
    channel = authenticated(card, credentials_of(pki))
    assert (status(card, channel, FINGERPRINTS), status(card, channel, IRIS)) == sw


def test_it_is_closed_without(pki: TerminalPki) -> None:
    card = card_of(pki)
    channel = agreed(card, opened(card).channel).channel
    assert status(card, channel, FINGERPRINTS) == 0x6982


@pytest.mark.parametrize("number", [0, 13])
def test_the_keys_of_chip_authentication_may_be_of_a_finite_field(number: int, pki: TerminalPki) -> None:
    card = card_of(pki, chip_profile=Profile(parameter_id=number), pace_profile=Profile(parameter_id=number))
    assert status(card, authenticated(card, credentials_of(pki)), FINGERPRINTS) == 0x6282


def test_after_bac_the_chip_is_called_by_its_number(pki: TerminalPki) -> None:
    card = card_of(pki)
    card.transmit(bytes.fromhex("00A4040C07A0000002471001"))
    channel = perform(card, basic_access_control(MRZ.bac_seed, os.urandom(ENTROPY_BYTES)))
    result = agreed(card, channel)
    assert document_identifier(MRZ) == b"C11T002JM4"
    procedure = terminal_authentication(
        result.channel,
        credentials_of(pki),
        chip_identifier=document_identifier(MRZ),
        terminal_identifier=result.terminal_identifier,
    )
    perform(card, procedure)
    assert status(card, result.channel, FINGERPRINTS) == 0x6282


def test_after_chip_authentication_mapping_the_key_of_pace_is_signed(pki: TerminalPki) -> None:
    card = card_of(pki, pace_profile=Profile(mapping=Mapping.CHIP_AUTHENTICATION))
    session = opened(card)
    procedure = terminal_authentication(
        session.channel,
        credentials_of(pki),
        chip_identifier=session.chip_identifier,
        terminal_identifier=session.terminal_identifier,
        references=session.references,
    )
    perform(card, procedure)
    assert status(card, session.channel, FINGERPRINTS) == 0x6282


def test_a_wrong_signature_is_refused_and_the_channel_goes_on(pki: TerminalPki) -> None:
    card = card_of(pki)
    session = opened(card)
    result = agreed(card, session.channel)
    procedure = terminal_authentication(
        result.channel,
        credentials_of(pki, sign=TerminalPki.create().terminal.sign),
        chip_identifier=session.chip_identifier,
        terminal_identifier=result.terminal_identifier,
    )
    with pytest.raises(CommandRefused, match="EXTERNAL AUTHENTICATE"):
        perform(card, procedure)
    assert status(card, result.channel, FINGERPRINTS) == 0x6982


def test_another_countrys_terminal_is_refused(pki: TerminalPki) -> None:
    with pytest.raises(CommandRefused, match="VERIFY CERTIFICATE"):
        authenticated(card_of(pki), credentials_of(TerminalPki.create()))
    stranger = replace(TerminalPki.create(), names=(b"XXCVCA00001", b"XXDVER00001", b"XXTERM00001"))
    with pytest.raises(Unsupported, match="no chain"):
        authenticated(card_of(pki), credentials_of(stranger))


def test_a_challenge_of_another_length_is_malformed(pki: TerminalPki) -> None:
    card = card_of(pki)
    draw = card.entropy
    session = opened(card)
    result = agreed(card, session.channel)
    card.entropy = lambda size: draw(size + 1 if size == 8 else size)
    procedure = terminal_authentication(
        result.channel,
        credentials_of(pki),
        chip_identifier=session.chip_identifier,
        terminal_identifier=result.terminal_identifier,
    )
    with pytest.raises(MalformedData, match="GET CHALLENGE"):
        perform(card, procedure)


# Certificates


@pytest.mark.parametrize("kind", MAKERS)
def test_a_chain_verifies_link_by_link(kind: str) -> None:
    root, verifier, terminal = credentials_of(TerminalPki.create(MAKERS[kind])).certificates
    key = root.key()
    root.verify(root, key)
    verifier.verify(root, key)
    second = verifier.key(key)
    terminal.verify(verifier, second)
    with pytest.raises(SignatureInvalid):
        terminal.verify(root, key)
    assert root.of_authority
    assert not terminal.of_authority
    assert (terminal.start, terminal.end) == (date(2026, 1, 1), date(2029, 1, 1))
    assert CvCertificate.from_bytes(terminal.to_bytes()) == terminal


@pytest.mark.parametrize("kind", ["ECDSA brainpoolP256r1 sha256", "RSA PSS"])
def test_a_certificate_of_our_own_making_is_the_simulators_byte_for_byte(kind: str) -> None:
    pki = TerminalPki.create(MAKERS[kind])
    for number, (data, signer) in enumerate(zip(pki.certificates, (pki.authority, pki.authority), strict=False)):
        made = CvCertificate.from_bytes(data)
        key = made.key(CvCertificate.from_bytes(pki.certificates[0]).key())
        again = CvCertificate.build(
            authority=made.authority,
            holder=made.holder,
            public_key=public_key_object(key, made.algorithm, parameters=number == 0),
            rights=made.rights,
            start=made.start,
            end=made.end,
            sign=signer.sign,
        )
        assert again.body == made.body


def test_a_key_that_does_not_fit_its_algorithm_is_not_used(pki: TerminalPki) -> None:
    rsa = CvCertificate.from_bytes(TerminalPki.create(RsaCvKey.generate).certificates[0])
    ec = CvCertificate.from_bytes(pki.certificates[0])
    with pytest.raises(UnsupportedAlgorithm):
        ec.verify(rsa, ec.key())
    assert isinstance(rsa.key(), RsaPublicKey)
    assert isinstance(ec.key(), EcPublicKey)
    with pytest.raises(UnsupportedAlgorithm, match="without a curve"):
        CvCertificate.from_bytes(pki.certificates[1]).key(rsa.key())
    other = replace(ec, key_fields=(tlv.Tlv(tag=0x06, value=b"\x2a\x03"), *ec.key_fields[1:]))
    with pytest.raises(UnsupportedAlgorithm, match="unknown algorithm"):
        other.key()
    bad = tuple(tlv.Tlv(tag=0x84, value=b"\x02") if one.tag == 0x84 else one for one in ec.key_fields)
    with pytest.raises(MalformedData, match="generator"):
        replace(ec, key_fields=bad).key()


def test_the_chain_starts_where_the_chip_stands(pki: TerminalPki) -> None:
    root, verifier, terminal = credentials_of(pki).certificates
    first, second, _ = pki.names
    assert chain_from((terminal, root, verifier), [first]) == (verifier, terminal)
    assert chain_from((terminal, root, verifier), [b"unknown", second]) == (terminal,)
    assert chain_from((terminal, verifier), []) == (verifier, terminal)
    with pytest.raises(Unsupported):
        chain_from((root,), [])
    ring = (replace(verifier, authority=terminal.holder), terminal)
    assert len(chain_from(ring, [second])) == 2


def test_the_file_of_authorities() -> None:
    assert authorities_of_cvca(b"\x42\x03AAA\x42\x03BBB" + bytes(6)) == (b"AAA", b"BBB")
    for data in (bytes(36), b"\x43\x01A", b"\x42\x01A" * 3):
        with pytest.raises(MalformedData):
            authorities_of_cvca(data)


@pytest.mark.parametrize(
    "digits", [b"\x02\x06\x01\x03\x00\x01", b"\x02\x06\x0a\x01\x00\x01", b"\x02\x06\x00\x00\x00\x01"]
)
def test_days_must_be_days(digits: bytes, pki: TerminalPki) -> None:
    data = pki.certificates[2]
    at = data.index(b"\x5f\x25\x06") + 3
    with pytest.raises(MalformedData):
        CvCertificate.from_bytes(data[:at] + digits + data[at + len(digits) :])


@pytest.fixture(scope="module")
def bytes_of_chain(pki: TerminalPki) -> tuple[bytes, bytes, bytes]:
    return pki.certificates


@given(position=st.integers(0, 200), change=st.integers(1, 255))
def test_any_changed_byte_is_read_or_refused(position: int, change: int, bytes_of_chain: tuple[bytes, ...]) -> None:
    data = bytearray(bytes_of_chain[2])
    data[position % len(data)] ^= change
    with contextlib.suppress(IdCardError):
        CvCertificate.from_bytes(bytes(data)).key(CvCertificate.from_bytes(bytes_of_chain[0]).key())


def test_credentials_do_not_show_themselves(pki: TerminalPki) -> None:
    assert repr(credentials_of(pki)) == "TerminalCredentials(3 certificates)"
