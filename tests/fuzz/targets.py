"""What is fuzzed: every function that takes bytes from a card, a code, a scanner, the network or a file.

A target passes when it returns, or raises what it documents. Anything else that escapes is a bug, and so is an input
that takes long or much memory: the runner watches both.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from code_targets import DOORS
from down_targets import DOWN
from sync_targets import SYNC

from idcard.codes import recognise
from idcard.encoding import ber, cms, mrz, tlv
from idcard.errors import IdCardError
from idcard.evidence_file import EvidenceFile
from idcard.iso7816 import apdu, atr_info, directory, lengths
from idcard.lds import biometrics, com, details, dg1, dg15, dg16, pictures, security_infos, sod
from idcard.lds.card_security import CardSecurity
from idcard.lds.layout import File
from idcard.qr import base45, cbor, cose, hc1, token
from idcard.qr.inflate import inflate
from idcard.transport.traffic import ReplayConnection
from idcard.trust import archive, certificates, crl, deviation_list, master_list
from idcard.vietnam import bhyt_card, card_qr, dg13, vneid
from kiosk.config import ConfigurationError, PatientConfig, load
from kiosk.domain import scans
from kiosk.insurance import answers, cover_message
from kiosk.insurance.gateway_errors import GatewayDown, GatewayRefused
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.interop import hl7v2

NOW = datetime(2026, 11, 2, 6, 45, tzinfo=UTC)
KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One door for bytes.

    :param run: takes an input; raises nothing but ``refusals``.
    :param longest: the greatest input that is made up, in bytes.
    """

    run: Callable[[bytes], Any]
    refusals: tuple[type[Exception], ...] = (IdCardError,)
    longest: int = 4 * KIB


def lossless_apdu(data: bytes) -> None:
    """A command that is accepted is written as it was read."""
    assert apdu.CommandApdu.from_bytes(data).to_bytes() == data


def same_reading(data: bytes) -> None:
    """What is accepted as BER has one DER form, which reads as the same tree."""
    with ber.door("fuzz"):
        once = ber.to_der(ber.load(data, "fuzz"))
        assert ber.to_der(ber.load(once, "fuzz")) == once


def text_of(data: bytes) -> str:
    return data.decode("latin-1")


def framing(data: bytes) -> None:
    """A scanner's stream in pieces: a byte that says how long the pause was, a length, that many bytes."""
    frame, at, now = scans.Framing(), 0, 0.0
    while at + 2 <= len(data):
        now += data[at] / 64
        frame.due(now)
        frame.feed(data[at + 2 : at + 2 + data[at + 1]], now)
        at += 2 + data[at + 1]
    whole = frame.due(now + 60)
    assert whole is None or len(whole) <= scans.MAX_BYTES


def fields_of(data: bytes) -> Mapping[str, Any]:
    fields = json.loads(data)
    if not isinstance(fields, dict):
        raise ValueError("no object")
    return fields


def gateway(data: bytes) -> None:
    """The fields of an answer to each question that is asked of the payer."""
    fields = fields_of(data)
    asked = (
        lambda: answers.token_of(fields),
        lambda: answers.receipt_of(fields),
        lambda: answers.cover_answer(fields, asked_number="0" * 10, as_of=NOW),
        lambda: answers.past_visits(fields),
    )
    for ask in asked:
        with contextlib.suppress(GatewayDown, GatewayRefused, answers.RecordRefused):
            ask()


def configuration(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(data)
        file.flush()
        load(PatientConfig, Path(file.name))


TARGETS: dict[str, Target] = {
    # Of the card.
    "tlv": Target(run=tlv.parse),
    "tlv_run": Target(run=tlv.parse_run),
    "ber": Target(run=same_reading),
    "mrz": Target(run=lambda data: mrz.Mrz.parse(text_of(data)), longest=128),
    "apdu_command": Target(run=lossless_apdu, refusals=(IdCardError, ValueError), longest=300),
    "apdu_response": Target(run=apdu.ResponseApdu.from_bytes, longest=300),
    "atr_info": Target(run=atr_info.AtrInfo.from_bytes, longest=256),
    "capabilities": Target(run=lengths.CardCapabilities.from_bytes, longest=64),
    "directory": Target(run=directory.parse_directory, longest=512),
    "traffic": Target(run=lambda data: ReplayConnection.from_text(text_of(data))),
    # Its files.
    "card_access": Target(run=security_infos.SecurityInfos.from_bytes),
    "card_security": Target(run=CardSecurity.from_bytes),
    "com": Target(run=com.Com.from_bytes, longest=256),
    "sod": Target(run=sod.Sod.from_bytes),
    "dg1": Target(run=dg1.parse_dg1, longest=256),
    "dg2": Target(run=biometrics.parse_dg2),
    "dg3": Target(run=biometrics.parse_dg3),
    "dg4": Target(run=biometrics.parse_dg4),
    "dg5": Target(run=lambda data: pictures.parse_displayed_images(data, File.DG5)),
    "dg8": Target(run=lambda data: pictures.parse_features(data, File.DG8)),
    "dg11": Target(run=details.Dg11.parse),
    "dg12": Target(run=details.Dg12.parse),
    "dg13": Target(run=dg13.Dg13.parse),
    "dg14": Target(run=security_infos.SecurityInfos.from_dg14),
    "dg15": Target(run=dg15.parse_dg15),
    "dg16": Target(run=dg16.parse_dg16),
    # Signed things and lists.
    "cms": Target(run=cms.SignedData.from_bytes),
    "certificate": Target(run=certificates.Certificate.from_bytes),
    "crl": Target(run=crl.Crl.from_bytes),
    "master_list": Target(run=master_list.MasterList.from_bytes),
    "deviation_list": Target(run=deviation_list.DeviationList.from_bytes),
    "trust_archive": Target(run=archive.Archive.from_bytes),
    "evidence_file": Target(run=EvidenceFile.from_bytes),
    # Codes.
    "recognise": Target(run=recognise, longest=9 * KIB),
    "base45": Target(run=base45.decode),
    "cbor": Target(run=lambda data: cbor.decode(data, where="fuzz")),
    "cose": Target(run=cose.Sign1.from_bytes),
    "inflate": Target(run=inflate),
    "covid_certificate": Target(run=hc1.CovidCertificate.from_bytes),
    "covid_cose": Target(run=hc1.CovidCertificate.from_cose),
    "token": Target(run=token.Token.from_bytes),
    "card_qr": Target(run=card_qr.CardQr.from_bytes, longest=512),
    "insurance_card": Target(run=bhyt_card.BhytCard.from_bytes, longest=512),
    "vneid": Target(run=vneid.VneidCode.from_bytes, longest=512),
    **{name: Target(run=run, longest=8 * KIB) for name, run in DOORS.items()},
    # The kiosk's other doors.
    "scanner_text": Target(run=scans.scanned_text, longest=512),
    "scanner_stream": Target(run=framing),
    "gateway_answer": Target(run=gateway, refusals=(ValueError, RecursionError)),
    "cover_question": Target(run=cover_message.question_of, refusals=(cover_message.MalformedMessage,)),
    "cover_answer": Target(run=cover_message.answer_of, refusals=(cover_message.MalformedMessage, NoOnlineAnswer)),
    "hl7_answer": Target(run=hl7v2.parse_answer, refusals=(hl7v2.MalformedAnswer,)),
    "configuration": Target(run=configuration, refusals=(ConfigurationError,)),
    # Between clinics and their province, and what a machine is set up by.
    **{name: Target(run=run, longest=8 * KIB) for name, run in SYNC.items()},
    **{name: Target(run=run, longest=8 * KIB) for name, run in DOWN.items()},
}
"""By the name that ``script/fuzz`` takes."""


def call(target: Target, data: bytes) -> None:
    """Give ``data`` to the target; whatever it does not document escapes."""
    with contextlib.suppress(target.refusals):
        target.run(data)
