"""Whose certificate `qr explain` names: the one that the code's header means, and no other that lies beside it."""

import json
from dataclasses import replace
from pathlib import Path

import idcard
from idcard.cli.qr_explain_signers import signer_of
from idcard.qr.idb import IcaoBarcode

TEXTS = json.loads((Path(__file__).parents[2] / "vectors/qr/vds_more.json").read_text("utf-8"))["idb"]["strings"]


def test_a_certificate_that_the_header_does_not_mean() -> None:
    found = [idcard.recognise(one.encode()) for one in TEXTS.values()]
    signed = [one for one in found if isinstance(one.document, IcaoBarcode) and one.document.reference]
    assert signed
    for one in signed:
        assert isinstance(one.document, IcaoBarcode)
        reference = one.document.reference
        assert reference
        told = signer_of(replace(one, document=replace(one.document, certificate=b"\x30\x00")), None)
        assert told is not None
        assert told.key_id == reference.hex()
