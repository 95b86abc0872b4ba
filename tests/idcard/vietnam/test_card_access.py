"""The constant is a whole EF.CardAccess that says what its description says."""

from idcard.encoding.tlv import parse, parse_one
from idcard.vietnam.card_access import CARD_ACCESS


def test_it_is_one_set_of_three_infos() -> None:
    infos = parse_one(CARD_ACCESS, 0x31).children()
    assert [info.tag for info in infos] == [0x30, 0x30, 0x30]


def test_its_pace_info_names_generic_mapping_over_brainpool_p256() -> None:
    oid, version, parameter = parse(parse_one(CARD_ACCESS, 0x31).children()[2].value)
    assert oid.value == bytes.fromhex("04007f00070202040202")
    assert (version.value, parameter.value) == (b"\x02", b"\x0d")
