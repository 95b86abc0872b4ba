"""How much work a chip may ask for with groups and keys of its own, before any signature is checked."""

from idcard.chip.chip_authentication import choices
from idcard.chip.pace_offers import offers
from idcard.crypto.group_tables import GROUP_ROWS
from idcard.encoding import tlv
from idcard.lds.security_infos import SecurityInfos
from idcard.testing import der

P, G, Q = (int(number, 16) for number in GROUP_ROWS[0][1:])
GROUP = der.sequence(der.oid("1.2.840.10046.2.1"), der.sequence(der.integer(P), der.integer(G), der.integer(Q)))
KEY = der.sequence(GROUP, tlv.build(0x03, b"\0" + der.integer(G)))
MANY = range(40, 50)


def infos(*entries: bytes) -> SecurityInfos:
    return SecurityInfos.from_bytes(tlv.build(0x31, b"".join(entries)))


def test_of_a_chips_own_domain_parameters_two_are_looked_at() -> None:
    ways = [der.sequence(der.oid("0.4.0.127.0.7.2.2.4.1.2"), der.integer(2), der.integer(number)) for number in MANY]
    groups = [der.sequence(der.oid("0.4.0.127.0.7.2.2.4.1"), GROUP, der.integer(number)) for number in MANY]
    assert [offer.info.parameter_id for offer in offers(infos(*ways, *groups))] == [40, 41]


def test_of_a_chips_keys_and_ciphers_eight_pairs_are_looked_at() -> None:
    keys = [der.sequence(der.oid("0.4.0.127.0.7.2.2.1.1"), KEY) for _ in MANY]
    cipher = der.sequence(der.oid("0.4.0.127.0.7.2.2.3.1.2"), der.integer(1))
    assert len(choices(infos(*keys, cipher))) == 8
