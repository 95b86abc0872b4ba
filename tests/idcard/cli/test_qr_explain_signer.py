"""Whom ``qr explain`` names as the signer, and that what it says of the trust store is what the verdict says."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import idcard
from idcard.cli.qr_explain_signers import signer_of
from idcard.qr.idb import IcaoBarcode
from idcard.trust.signer_list import QrTrust

VECTORS = Path(__file__).parents[2] / "vectors/qr"
TEXTS = json.loads((VECTORS / "vds_more.json").read_text("utf-8"))["idb"]["strings"]
IDB = json.loads((VECTORS / "vds_idb.json").read_text("utf-8"))
MDOC = json.loads((VECTORS / "credentials.json").read_text("utf-8"))["pymdoccbor"]
KIND = "https://credentials.example/identity"
SEED = "explained"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def listed(payload: bytes, trust: QrTrust, at: datetime = NOW) -> bool | None:
    told = signer_of(idcard.recognise(payload), trust, at)
    assert told is not None
    return told.listed


@pytest.fixture
def sd_jwt(wallet: Any) -> Callable[..., bytes]:
    def made(**header: Any) -> bytes:
        held = wallet.jwk_of(wallet.key_of("holder"))
        return str(wallet.credential(SEED, held, KIND, NOW, **header)).encode()

    return made


def issuers(wallet: Any, format_name: str) -> list[bytes]:
    key = wallet.jwk_of(wallet.key_of(SEED)).export_public(as_dict=True)
    return [json.dumps({"format": 1, "issuer": wallet.ISSUER, "for": [format_name], "keys": [key]}).encode()]


def test_a_certificate_that_the_header_does_not_mean() -> None:
    found = [idcard.recognise(one.encode()) for one in TEXTS.values()]
    signed = [one for one in found if isinstance(one.document, IcaoBarcode) and one.document.reference]
    assert signed
    for one in signed:
        assert isinstance(one.document, IcaoBarcode)
        reference = one.document.reference
        assert reference
        told = signer_of(replace(one, document=replace(one.document, certificate=b"\x30\x00")), None, NOW)
        assert told is not None
        assert told.key_id == reference.hex()


def test_a_certificate_that_came_along_and_leads_to_an_anchor(wallet: Any, sd_jwt: Callable[..., bytes]) -> None:
    signer, root = wallet.der(wallet.signer(SEED)), wallet.der(wallet.root(SEED))
    text = sd_jwt(x5c=[base64.b64encode(signer).decode()])
    assert listed(text, QrTrust.of(anchors={"sd_jwt_vc": [root]})) is True
    assert listed(text, QrTrust.of(format_signers={"sd_jwt_vc": [signer]})) is True
    assert listed(text, QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(wallet.root("other"))]})) is False


def test_what_is_listed_for_another_format(wallet: Any, sd_jwt: Callable[..., bytes]) -> None:
    signer, root = wallet.der(wallet.signer(SEED)), wallet.der(wallet.root(SEED))
    text = sd_jwt(x5c=[base64.b64encode(signer).decode()])
    assert listed(text, QrTrust.of(signers=[signer], anchors={"iso_18013_5_mdoc": [root]})) is False
    assert listed(sd_jwt(), QrTrust.of(issuers=issuers(wallet, "sd_jwt_vc"))) is True
    assert listed(sd_jwt(), QrTrust.of(issuers=issuers(wallet, "smart_health_card"))) is False


def test_a_seal_s_signer_counts_for_seals_alone() -> None:
    seal = bytes.fromhex(IDB["vds_hex"]["residentPermit"])
    certificates = [base64.b64decode(text) for text in IDB["signer_certs_b64"].values()]
    assert listed(seal, QrTrust.of(format_signers={"icao_vds": certificates})) is True
    assert listed(seal, QrTrust.of(format_signers={"icao_idb": certificates})) is False


def test_a_mobile_document_names_its_signer_and_an_expired_anchor_is_none() -> None:
    payload, anchors = bytes.fromhex(MDOC["device_response"]), {"iso_18013_5_mdoc": [bytes.fromhex(MDOC["iaca"])]}
    told = signer_of(idcard.recognise(payload), QrTrust.of(anchors=anchors), NOW)
    assert told is not None
    assert told.issuer
    assert told.key_id
    assert (told.algorithm, told.listed) == ("ES256", True)
    assert listed(payload, QrTrust.of(anchors=anchors), datetime(2037, 1, 1, tzinfo=UTC)) is False
    assert listed(payload, QrTrust.of()) is False


def test_a_code_that_was_changed_is_nobody_s(wallet: Any, sd_jwt: Callable[..., bytes]) -> None:
    trust = QrTrust.of(issuers=issuers(wallet, "sd_jwt_vc"))
    head, claims, rest = sd_jwt().split(b".", 2)
    other = rest.replace(rest[:1], b"B" if rest[:1] == b"A" else b"A", 1)
    assert listed(b".".join((head, claims, other)), trust) is False
