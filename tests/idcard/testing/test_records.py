import io
from dataclasses import replace
from datetime import date

import pytest
from PIL import Image

from idcard.encoding import tlv
from idcard.testing import EcdsaChipKey, Holder, RsaChipKey, records
from idcard.testing.keys import EcKey
from idcard.testing.portrait import MAX_BYTES, MIN_BYTES, Look, jpeg

DG13_OF_THE_INVENTED_CITIZEN = bytes.fromhex(
    "6d82017d30820179020101060628d3160100083182016a30110201010c0c30333630393039393939393130180201020c134e677579e1bb856e"
    "2056c4836e205468e1bbad300f0201030c0a31352f30312f3139393030080201040c034e616d300f0201050c0a5669e1bb8774204e616d3009"
    "0201060c044b696e68300b0201070c064b68c3b46e67302a0201080c2558c3a3204de1baab752c20487579e1bb876e204de1baab752c204e61"
    "6d20c490e1bb8b6e6830250201090c2053e1bb9120312c205068e1bb91204de1baab752c204e616d20c490e1bb8b6e68301702010a0c124ee1"
    "bb9174207275e1bb936920433a31636d300f02010b0c0a30312f30322f32303232300f02010c0c0a31352f30312f32303330302b02010d3026"
    "0c114e677579e1bb856e2056c4836e204368610c115472e1baa76e205468e1bb8b204de1bab9301502010e30100c0e4cc3aa205468e1bb8b20"
    "56e1bba3300e02010f0c0931363030303030303130150201100c1030313233343536373839414243444546"
)


def entropy(size: int) -> bytes:
    return bytes([5]) * size


def fields(dg13: bytes) -> dict[int, tuple[tlv.Tlv, ...]]:
    body = tlv.parse_one(tlv.parse_one(dg13, 0x6D).value, 0x30).children()
    entries = (entry.children() for entry in body[2].children())
    return {int.from_bytes(entry[0].value): entry[1:] for entry in entries}


def test_dg13_is_the_known_one_byte_for_byte(holder: Holder) -> None:
    assert records.dg13(holder) == DG13_OF_THE_INVENTED_CITIZEN


def test_dg13_leaves_out_what_nobody_has(holder: Holder) -> None:
    alone = replace(holder, father=None, mother=None, spouse=None, old_number=None, expiry=None, serial=None)
    found = fields(records.dg13(alone))
    assert list(found) == [*range(1, 13), 16]
    assert found[12][0].value.decode() == "Không thời hạn"
    assert len(found[16][0].value) == 16


def test_card_access_is_the_recorded_one() -> None:
    assert records.card_access() == records.VIETNAMESE_CARD_ACCESS


def test_com_lists_the_data_groups() -> None:
    assert records.com().hex() == "60175f0104303130375f36063034303030305c0561756d6e6f"


def test_dg1_is_95_bytes_with_the_zone_at_5(holder: Holder) -> None:
    dg1 = records.dg1(holder.mrz_text())
    assert len(dg1) == 95
    assert dg1[5:].decode() == holder.mrz_text()


def test_dg2_holds_one_face_of_the_size_that_it_says(holder: Holder) -> None:
    group = tlv.parse_one(tlv.parse_one(records.dg2(holder), 0x75).value, 0x7F61).children()
    assert group[0].value == b"\x01"
    record = tlv.require(group[1].children(), 0x5F2E, where="test").value
    assert record[:8] == b"FAC\x00010\x00"
    assert int.from_bytes(record[8:12]) == len(record)
    assert int.from_bytes(record[12:14]) == 1
    assert int.from_bytes(record[14:18]) == len(record) - 14
    image = record[14 + 20 + 12 :]
    assert image[:3] == b"\xff\xd8\xff"
    assert MIN_BYTES <= len(image) <= MAX_BYTES
    with Image.open(io.BytesIO(image)) as face:
        width, height = int.from_bytes(record[36:38]), int.from_bytes(record[38:40])
        assert face.size == (width, height)


def test_faces_differ_and_are_drawn_again_the_same(holder: Holder) -> None:
    other = replace(holder, personal_number="036090999992")
    assert records.dg2(holder) == records.dg2(holder)
    assert records.dg2(holder) != records.dg2(other)


@pytest.mark.parametrize("seed", ["a", "b", "c"])
@pytest.mark.parametrize("woman", [True, False])
@pytest.mark.parametrize("old", [True, False])
def test_every_face_has_the_size_of_a_real_one(seed: str, woman: bool, old: bool) -> None:
    assert MIN_BYTES <= len(jpeg(Look.of(seed, woman=woman, old=old))) <= MAX_BYTES


def test_the_old_have_grey_hair(holder: Holder) -> None:
    elder = replace(holder, birth=date(1950, 1, 1))
    assert records.dg2(elder) != records.dg2(holder)


def test_dg14_repeats_card_access_and_names_the_hash_of_ecdsa() -> None:
    agreement = EcKey(curve=records.VIETNAMESE_PACE.curve, secret=7)
    infos = [node.to_bytes() for node in tlv.parse_one(records.VIETNAMESE_CARD_ACCESS, 0x31).children()]
    dg14 = records.dg14(agreement.spki, EcdsaChipKey.generate(entropy))
    repeated = [node.to_bytes() for node in tlv.parse_one(tlv.parse_one(dg14, 0x6E).value, 0x31).children()]
    assert set(infos) < set(repeated)
    assert len(repeated) == 5
    assert any("678108010105" in info.hex() for info in repeated)


def test_dg14_says_nothing_about_rsa() -> None:
    agreement = EcKey(curve=records.VIETNAMESE_PACE.curve, secret=7)
    dg14 = records.dg14(agreement.spki, RsaChipKey.generate(bits=1024))
    assert "678108010105" not in dg14.hex()


def test_dg15_holds_the_whole_curve() -> None:
    proof = EcdsaChipKey.generate(entropy)
    dg15 = records.dg15(proof)
    assert tlv.parse_one(dg15, 0x6F).value == proof.spki
    assert records.VIETNAMESE_PACE.curve.p.to_bytes(32) in dg15
