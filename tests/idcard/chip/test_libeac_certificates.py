"""OpenPACE's libeac as second witness for chip authentication (version 2) and for terminals and their certificates.

Source: Debian package libeac3.
"""

import ctypes
import os
from datetime import date, timedelta
from hashlib import shake_256
from typing import Any

import pytest

from idcard.chip.chip_authentication import chip_authentication, choices, entropy_bytes
from idcard.chip.cv_certificates import CvCertificate, public_key_object
from idcard.chip.terminal_authentication import TerminalCredentials, terminal_authentication
from idcard.crypto.cipher import CipherSuite
from idcard.crypto.kdf import session_keys
from idcard.encoding import tlv
from idcard.errors import CommandRefused, ProtocolViolation
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.security_infos import SecurityInfos
from idcard.testing import Profile, Suite, records
from idcard.testing.chip_crypto import SecureChannel as ChipChannel
from idcard.testing.chip_curves import CURVES
from idcard.testing.terminal_pki import EcCvKey, RsaCvKey, TerminalPki

SECRET = 0xC0FFEE
MAKERS = {
    "ECDSA": EcCvKey.generate,
    "ECDSA sha512": lambda: EcCvKey.generate(curve=CURVES["brainpoolP512r1"], digest="sha512"),
    "RSA PKCS1": lambda: RsaCvKey.generate(pss=False),
    "RSA PSS": RsaCvKey.generate,
}


def pki_of(kind: str) -> TerminalPki:
    """Certificates that are valid today: the library looks at the clock."""
    today = date.today()
    return TerminalPki.create(MAKERS[kind], days=(today - timedelta(days=2), today + timedelta(days=400)))


@pytest.mark.parametrize("spoilt", [False, True], ids=["its token", "another token"])
@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("number", [0, 12, 13, 14, 16])
def test_our_reader_agrees_with_its_chip(number: int, suite: Suite, spoilt: bool, eac: Any) -> None:
    profile = Profile(parameter_id=number, suite=suite)
    infos = SecurityInfos.from_dg14(records.dg14(profile.domain.spki(SECRET), None, chip=profile, version=2))
    (choice,) = choices(infos)
    ours, theirs = SecureChannel(session_keys(CipherSuite.AES_128, b"x")), ChipChannel.from_secret(Suite.AES128, b"x")
    # The same key each time: libeac leaves out the secret's leading zero over finite fields, as test_libeac.py says.
    procedure = chip_authentication(ours, choice, shake_256(b"a terminal's key").digest(entropy_bytes(choice)))
    theirs.unwrap(next(procedure))
    asked = theirs.unwrap(procedure.send(theirs.wrap(ResponseApdu(sw=0x9000))))
    public = tlv.parse_one(tlv.parse_one(asked.data, 0x7C).value, 0x80).value
    nonce, token = eac.agree(profile, SECRET, public)
    token = bytes(8) if spoilt else token
    answer = tlv.build(0x7C, tlv.build(0x81, nonce), tlv.build(0x82, token))
    with pytest.raises(ProtocolViolation if spoilt else StopIteration):
        procedure.send(theirs.wrap(ResponseApdu(data=answer, sw=0x9000)))


def imported(eac: Any, anchor: bytes, *chain: bytes) -> list[bool]:
    """Whether the library takes each certificate of a chain below ``anchor``."""
    context = eac.context()
    assert eac.yes("EAC_CTX_init_ta", context, None, 0, ctypes.c_char_p(anchor), ctypes.c_size_t(len(anchor)))
    take = "TA_STEP2_import_certificate"
    return [eac.yes(take, context, ctypes.c_char_p(data), ctypes.c_size_t(len(data))) for data in chain]


@pytest.mark.parametrize("kind", MAKERS)
def test_it_takes_the_simulators_certificates(kind: str, eac: Any) -> None:
    root, verifier, terminal = pki_of(kind).certificates
    assert imported(eac, root, verifier, terminal) == [True, True]
    _, stranger, _ = pki_of(kind).certificates
    assert imported(eac, root, stranger) == [False]


@pytest.mark.parametrize("kind", ["ECDSA", "RSA PKCS1"])
def test_it_takes_certificates_of_our_own_making(kind: str, eac: Any) -> None:
    pki = pki_of(kind)
    made = []
    signers = (pki.authority, pki.authority, pki.verifier)
    issuer = CvCertificate.from_bytes(pki.certificates[0]).key()
    for data, signer in zip(pki.certificates, signers, strict=True):
        model = CvCertificate.from_bytes(data)
        again = CvCertificate.build(
            authority=model.authority,
            holder=model.holder,
            public_key=public_key_object(model.key(issuer), model.algorithm, parameters=not made),
            rights=model.rights,
            start=model.start,
            end=model.end,
            sign=signer.sign,
        )
        made.append(again.to_bytes())
    assert imported(eac, *made) == [True, True]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("spoilt", [False, True], ids=["right", "wrong"])
def test_it_takes_our_terminals_signature(kind: str, spoilt: bool, eac: Any) -> None:
    pki = pki_of(kind)
    chip, chip_identifier = Profile().domain, os.urandom(32)
    terminal_key = chip.compressed(chip.public(4711))
    context = eac.context()
    root = pki.certificates[0]
    assert eac.yes("EAC_CTX_init_ta", context, None, 0, ctypes.c_char_p(root), ctypes.c_size_t(len(root)))
    assert eac.yes("EAC_CTX_init_ca", context, eac.number("CA_ECDH_AES_CBC_CMAC_128"), 13)

    def answer(command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x84:
            return ResponseApdu(data=eac.bytes_of("TA_STEP4_get_nonce", context), sw=0x9000)
        if command.ins == 0x2A:
            data = tlv.build(0x7F21, command.data)
            size = ctypes.c_size_t(len(data))
            return taken(eac.yes("TA_STEP2_import_certificate", context, ctypes.c_char_p(data), size))
        if command.ins == 0x82:
            identifiers = (terminal_key, chip_identifier)
            return taken(eac.yes("TA_STEP6_verify", context, *identifiers, None, command.data))
        return ResponseApdu(sw=0x9000)

    certificates = tuple(CvCertificate.from_bytes(data) for data in pki.certificates)
    ours, theirs = SecureChannel(session_keys(CipherSuite.AES_128, b"x")), ChipChannel.from_secret(Suite.AES128, b"x")
    procedure = terminal_authentication(
        ours,
        TerminalCredentials(certificates=certificates, sign=pki.terminal.sign),
        chip_identifier=chip_identifier[::-1] if spoilt else chip_identifier,
        terminal_identifier=terminal_key,
        references=[pki.names[0]],
    )
    command = next(procedure)
    while command.ins != 0x82:
        command = procedure.send(theirs.wrap(answer(theirs.unwrap(command))))
    with pytest.raises(CommandRefused if spoilt else StopIteration):
        procedure.send(theirs.wrap(answer(theirs.unwrap(command))))


def taken(right: bool) -> ResponseApdu:
    return ResponseApdu(sw=0x9000 if right else 0x6300)
