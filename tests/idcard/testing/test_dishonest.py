"""Each liar lies in one way and opens like an honest card."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import cms, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard, dishonest
from idcard.testing.holder import mrz_check_digit

Terminals = Callable[[SimulatedCard], Any]
CHALLENGE = bytes(range(8))
LIARS: dict[str, Callable[[Issuer, Holder], SimulatedCard]] = {
    "altered DG1": dishonest.altered_dg1,
    "altered DG13": dishonest.altered_dg13,
    "foreign issuer": dishonest.foreign_issuer,
    "unknown issuer": lambda issuer, holder: dishonest.unknown_issuer(holder),
    "expired signer": dishonest.expired_signer,
    "cloned chip": dishonest.cloned_chip,
}


def signer_certificate(card: SimulatedCard) -> x509.Certificate:
    content = cms.ContentInfo.load(tlv.parse_one(card.files[File.SOD], 0x77).value)["content"]
    return content["certificates"][0].chosen


def proof_holds(card: SimulatedCard, terminals: Terminals, can: str) -> bool:
    """Whether the chip's signature holds under the key in its DG15."""
    terminal = terminals(card)
    assert terminal.pace(can=can) == 0x9000
    assert terminal.select_application().ok
    answer = terminal.send(0x88, 0, 0, CHALLENGE, 256).data
    point = tlv.parse_one(tlv.parse_one(card.files[File.DG15], 0x6F).value, 0x30).children()[1].value[1:]
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.BrainpoolP256R1(), point)
    signature = utils.encode_dss_signature(int.from_bytes(answer[:32]), int.from_bytes(answer[32:]))
    try:
        public.verify(signature, CHALLENGE, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS.keys())
def test_a_liar_opens_and_reads_like_an_honest_card(
    issuer: Issuer, holder: Holder, liar: Callable[[Issuer, Holder], SimulatedCard], terminal_for: Terminals
) -> None:
    card = liar(issuer, holder)
    for open_card in (lambda t: t.pace(can=holder.can), lambda t: t.bac(holder.mrz_information)):
        card.reset()
        terminal = terminal_for(card)
        assert open_card(terminal) == 0x9000
        assert terminal.select_application().ok
        assert terminal.read(File.DG1.sfi, 95) == card.files[File.DG1]


def test_an_altered_zone_still_has_good_check_digits(issuer: Issuer, holder: Holder) -> None:
    card, honest = dishonest.altered_dg1(issuer, holder), issuer.issue(holder)
    altered, true = card.files[File.DG1][5:].decode(), honest.files[File.DG1][5:].decode()
    assert altered != true
    assert altered[59] == mrz_check_digit(altered[5:30] + altered[30:37] + altered[38:45] + altered[48:59])


def test_a_foreign_issuer_bears_the_same_name(issuer: Issuer, holder: Holder) -> None:
    own, foreign = (
        signer_certificate(card) for card in (issuer.issue(holder), dishonest.foreign_issuer(issuer, holder))
    )
    assert own.issuer == foreign.issuer
    assert own.authority_key_identifier != foreign.authority_key_identifier


def test_an_unknown_issuer_bears_another_name(issuer: Issuer, holder: Holder) -> None:
    known, unknown = (signer_certificate(card) for card in (issuer.issue(holder), dishonest.unknown_issuer(holder)))
    assert known.issuer != unknown.issuer


def test_an_expired_signer_has_expired_by_the_given_moment(issuer: Issuer, holder: Holder) -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    for card in (dishonest.expired_signer(issuer, holder, at=at), dishonest.expired_signer(issuer, holder)):
        signer = signer_certificate(card)
        assert signer.not_valid_before < signer.not_valid_after < at
        assert signer.authority_key_identifier == x509.Certificate.load(issuer.csca_certificate).key_identifier


def test_only_a_clone_cannot_prove_its_key(issuer: Issuer, holder: Holder, terminal_for: Terminals) -> None:
    assert proof_holds(issuer.issue(holder), terminal_for, holder.can)
    assert not proof_holds(dishonest.cloned_chip(issuer, holder), terminal_for, holder.can)
